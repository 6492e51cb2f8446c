import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import Database from "libsql";
import { Secret, TOTP } from "otpauth";
import { privateKeyToAccount } from "viem/accounts";
import { createSiweMessage } from "viem/siwe";
import { firstBroken } from "../../server/twin/audit.ts";
import { openHouse, PASSWORD, type House } from "../edge/http/people.ts";

const FROM = { address: "192.0.2.7", agent: "test" };
const ADMIN = { person: 1, key: null, name: "admin", role: "admin", scopes: null } as const;
const HOUR_MS = 3_600_000;
let nowMs = 1_762_862_400_000;
let house: House;
const open = async (): Promise<House> => (house = await openHouse(() => nowMs));
afterEach(() => house.close());

describe("an authenticator app", () => {
  const codeAt = (secret: string, ts: number): string => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: ts });

  test("once confirmed each login wants its code, and a code opens once", async () => {
    const { people } = await open();
    const { secret, uri } = people.startTotp(1);
    expect(uri).toMatch(/^otpauth:\/\/totp\/Rigtwin:admin\?/);
    expect(await people.login("admin", PASSWORD, null, FROM)).not.toBeNull();
    expect(() => people.confirmTotp(1, "000000", FROM)).toThrow(/not the code/);
    people.confirmTotp(1, codeAt(secret, nowMs), FROM);
    expect(await people.login("admin", PASSWORD, null, FROM)).toBeNull();
    expect(await people.login("admin", PASSWORD, codeAt(secret, nowMs), FROM)).toBeNull();
    nowMs += 30_000;
    expect(await people.login("admin", "wrong", codeAt(secret, nowMs), FROM)).toBeNull();
    expect(await people.login("admin", PASSWORD, codeAt(secret, nowMs), FROM)).not.toBeNull();
    expect(await people.login("admin", PASSWORD, codeAt(secret, nowMs), FROM)).toBeNull();
  });
});

describe("recovery codes", () => {
  const codeAt = (secret: string, ts: number): string => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: ts });
  const withApp = async () => {
    const { people } = await open();
    const { secret } = people.startTotp(1);
    return { people, secret, recovery: people.confirmTotp(1, codeAt(secret, nowMs), FROM) };
  };

  test("each opens once in place of the app's code, never without the password", async () => {
    const { people, recovery } = await withApp();
    expect(new Set(recovery).size).toBe(10);
    for (const code of recovery) expect(code).toMatch(/^[a-z2-7]{5}-[a-z2-7]{5}$/);
    const [first = "", second = ""] = recovery;
    expect(await people.login("admin", "wrong", first, FROM)).toBeNull();
    expect(await people.login("admin", PASSWORD, "aaaaa-aaaaa", FROM)).toBeNull();
    expect(await people.login("admin", PASSWORD, first, FROM)).not.toBeNull();
    expect(await people.login("admin", PASSWORD, first, FROM)).toBeNull();
    expect(await people.login("admin", PASSWORD, second, FROM)).not.toBeNull();
    expect(people.recoveryLeft(1)).toBe(8);
  });

  test("they are of this app only: another set-up, and taking it away, end them", async () => {
    const { people, secret, recovery } = await withApp();
    const again = people.startTotp(1);
    expect(again.secret).not.toBe(secret);
    const fresh = people.confirmTotp(1, codeAt(again.secret, nowMs), FROM);
    expect(await people.login("admin", PASSWORD, recovery[0] ?? "", FROM)).toBeNull();
    expect(await people.login("admin", PASSWORD, fresh[0] ?? "", FROM)).not.toBeNull();
    await people.endTotp(1, PASSWORD, FROM);
    expect(people.recoveryLeft(1)).toBe(0);
  });

  test("an admin who takes a lost app away takes the codes with it", async () => {
    const { people } = await withApp();
    await people.change(ADMIN, 1, { resetTotp: true }, FROM);
    expect([people.recoveryLeft(1), await people.login("admin", PASSWORD, null, FROM)]).toEqual([0, expect.any(String)]);
  });
});

test("changing one's password ends all sessions and leaves the others' alone", async () => {
  const { people, somebody } = await open();
  const [one, two] = [await somebody("operator"), await somebody("operator")];
  const second = (await people.login(people.person(one.id).name, PASSWORD, null, FROM)) ?? "";
  await expect(people.changePassword(one.id, "not the old one", "quite another one", FROM)).rejects.toThrow(/wrong/);
  await people.changePassword(one.id, PASSWORD, "quite another one", FROM);
  expect([people.bySession(one.session), people.bySession(second), people.bySession(two.session)?.role]).toEqual([null, null, "operator"]);
});

test("a device is last seen when it came or left, and costs a write a minute at most", async () => {
  const { devices, store } = await open();
  devices.add("admin", "gateway-c1", [], FROM);
  const seen = () => [devices.list()[0]?.seenTs, store.device("gateway-c1")?.seenTs];
  expect(seen()).toEqual([null, null]);
  devices.see("gateway-c1");
  const came = nowMs;
  nowMs += 10_000;
  devices.see("gateway-c1");
  expect(seen()).toEqual([nowMs, came]);
  nowMs += 60_001;
  devices.see("gateway-c1");
  expect(seen()).toEqual([nowMs, nowMs]);
  devices.rotate("admin", "gateway-c1", FROM);
  expect(store.device("gateway-c1")?.seenTs).toBe(nowMs);
});

test("a device is let in and out where a full disk does not keep when it was seen", async () => {
  const { devices, store, faults } = await open();
  devices.add("admin", "gateway-c1", [], FROM);
  store.seeDevice = () => {
    throw new Error("database or disk is full");
  };
  devices.see("gateway-c1");
  expect([devices.list()[0]?.seenTs, store.device("gateway-c1")?.seenTs]).toEqual([nowMs, null]);
  expect(faults).toEqual(["when a device was seen is not on disk"]);
});

describe("a wallet", () => {
  const account = privateKeyToAccount(`0x${"11".repeat(32)}`);
  const domain = "127.0.0.1:8080";
  const signed = async (nonce: string, over: Record<string, unknown> = {}) => {
    const message = createSiweMessage({
      address: account.address,
      chainId: 31337,
      domain,
      nonce,
      uri: `http://${domain}/`,
      version: "1",
      issuedAt: new Date(nowMs),
      ...over,
    });
    return { message, signature: await account.signMessage({ message }) };
  };

  test("its signature opens a session of an investor, once for each nonce", async () => {
    const { people } = await open();
    const { message, signature } = await signed(people.nonce());
    const secret = await people.walletLogin(message, signature, domain, FROM);
    expect(people.bySession(secret ?? "")).toMatchObject({
      role: "investor",
      name: `wallet-${account.address.slice(2, 12).toLowerCase()}`,
    });
    expect(await people.walletLogin(message, signature, domain, FROM)).toBeNull();
  });

  test.each<[string, (nonce: string) => Promise<{ message: string; signature: `0x${string}` }>]>([
    ["for another site", (nonce) => signed(nonce, { domain: "evil.example", uri: "http://evil.example/" })],
    ["for another address of this site", (nonce) => signed(nonce, { uri: "http://evil.example/" })],
    ["with a nonce of its own", () => signed("a1b2c3d4e5f6g7h8")],
    ["that has run out", (nonce) => signed(nonce, { expirationTime: new Date(nowMs - 1) })],
    ["that is not valid yet", (nonce) => signed(nonce, { notBefore: new Date(nowMs + HOUR_MS) })],
    [
      "by another key",
      async (nonce) => ({
        ...(await signed(nonce)),
        signature: await privateKeyToAccount(`0x${"22".repeat(32)}`).signMessage({ message: "x" }),
      }),
    ],
    ["that is no signature", async (nonce) => ({ ...(await signed(nonce)), signature: "0x00" })],
    ["over no such message", async (nonce) => ({ ...(await signed(nonce)), message: `Nonce: ${nonce}` })],
  ])("a message %s opens nothing", async (_what, make) => {
    const { people } = await open();
    const { message, signature } = await make(people.nonce());
    expect(await people.walletLogin(message, signature, domain, FROM)).toBeNull();
  });

  test("one that was shut out stays out", async () => {
    const { people } = await open();
    const first = await signed(people.nonce());
    const who = people.bySession((await people.walletLogin(first.message, first.signature, domain, FROM)) ?? "");
    await people.change(ADMIN, who?.person ?? 0, { disabled: true }, FROM);
    const { message, signature } = await signed(people.nonce());
    expect(await people.walletLogin(message, signature, domain, FROM)).toBeNull();
  });
});

describe("what ends a session or a token", () => {
  test("its time, its owner, a change of the person, and being shut out", async () => {
    const { people, somebody } = await open();
    const operator = await somebody("operator");
    expect([people.bySession(operator.session)?.role, people.byToken(operator.token)?.role]).toEqual(["operator", "operator"]);
    const [session] = people.sessions(operator.id);
    people.endSession(operator.id, session?.id ?? "", FROM);
    expect(people.bySession(operator.session)).toBeNull();
    const fresh = (await people.login(people.person(operator.id).name, PASSWORD, null, FROM)) ?? "";
    await people.change(ADMIN, operator.id, { role: "technician" }, FROM);
    expect([people.bySession(fresh), people.byToken(operator.token)?.role]).toEqual([null, "technician"]);
    await people.change(ADMIN, operator.id, { disabled: true }, FROM);
    expect(people.byToken(operator.token)).toBeNull();
    expect(await people.login(people.person(operator.id).name, PASSWORD, null, FROM)).toBeNull();
    const other = await somebody("engineer");
    nowMs += 12 * HOUR_MS;
    expect([people.bySession(other.session), people.byToken(other.token)?.role]).toEqual([null, "engineer"]);
    nowMs += 12 * HOUR_MS;
    expect(people.byToken(other.token)).toBeNull();
  });

  test("nobody ends another's", async () => {
    const { people, somebody } = await open();
    const [one, two] = [await somebody("operator"), await somebody("operator")];
    expect(() => people.endSession(one.id, people.sessions(two.id)[0]?.id ?? "", FROM)).toThrow(/no such session/);
    expect(() => people.endToken(one.id, people.tokens(two.id)[0]?.id ?? "", FROM)).toThrow(/no such token/);
  });

  test("the last admin cannot be taken away", async () => {
    const { people } = await open();
    await expect(people.change(ADMIN, 1, { role: "operator" }, FROM)).rejects.toThrow(/only admin/);
    await expect(people.change(ADMIN, 1, { disabled: true }, FROM)).rejects.toThrow(/only admin/);
  });
});

test("PASSWORD given at a later start takes the place of the old one and ends the sessions", async () => {
  const { people } = await open();
  const session = (await people.login("admin", PASSWORD, null, FROM)) ?? "";
  expect(await people.first("a new one altogether", true)).toBe(false);
  expect(people.bySession(session)).toBeNull();
  expect(await people.login("admin", PASSWORD, null, FROM)).toBeNull();
  expect(await people.login("admin", "a new one altogether", null, FROM)).not.toBeNull();
});

test("whose sessions cannot be ended keeps the password that opened them", async () => {
  const { people, folder } = await open();
  const session = (await people.login("admin", PASSWORD, null, FROM)) ?? "";
  // Where a server is killed, or its disk refuses, between the two.
  const db = new Database(join(folder, "people.db"));
  db.exec("CREATE TRIGGER refused BEFORE DELETE ON session BEGIN SELECT RAISE(ABORT, 'refused'); END");
  db.close();
  await expect(people.changePassword(1, PASSWORD, "a new one altogether", FROM)).rejects.toThrow(/refused/);
  await expect(people.first("a new one altogether", true)).rejects.toThrow(/refused/);
  expect(people.bySession(session)).not.toBeNull();
  expect(await people.login("admin", PASSWORD, null, FROM)).not.toBeNull();
});

test("the audit has each act, no secret, and shows any line that was changed, moved or taken out", async () => {
  const { people, audit, somebody, store } = await open();
  const { id, session, token } = await somebody("operator");
  await people.login("admin", "guess", null, FROM);
  people.endToken(id, people.tokens(id)[0]?.id ?? "", FROM);
  const lines = [...audit.all()].flat().map(({ bytes }) => bytes);
  expect(lines.map((line) => (JSON.parse(line) as { what: string }).what)).toEqual([
    "person-added",
    "person-added",
    "login",
    "token-added",
    "login-failed",
    "token-ended",
  ]);
  for (const secret of [PASSWORD, session, token, "guess"]) expect(lines.join("")).not.toContain(secret);
  expect(firstBroken(lines)).toBeNull();
  expect(firstBroken([...lines.slice(0, 2), ...lines.slice(3)])).toBe(3);
  expect(firstBroken([lines[1] ?? "", lines[0] ?? "", ...lines.slice(2)])).toBe(1);
  expect(firstBroken(lines.map((line, i) => (i === 1 ? line.replace("operator", "admin") : line)))).toBe(3);
  expect(JSON.stringify(store.people())).not.toContain(PASSWORD);
});
