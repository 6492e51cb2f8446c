/** Push messages against a push service of our own on this machine, decrypted as a browser does it (RFC 8291). */
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify, type ECDH } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { readAllowed, type Allowed } from "../../../server/edge/notify/guard.ts";
import { openPushStore } from "../../../server/edge/notify/push-store.ts";
import { createSender } from "../../../server/edge/notify/send.ts";
import { encrypted, MOST_PAYLOAD } from "../../../server/edge/notify/web-push.ts";
import type { Notice } from "../../../server/twin/notify/book.ts";
import { newPushDevice } from "../../../server/twin/notify/push.ts";
import { channel } from "../../../server/twin/notify/shapes.ts";

const NOW = 1_764_000_000_000;
const of64 = (text: string): Buffer => Buffer.from(text, "base64url");
const expanded = (secret: Uint8Array, salt: Uint8Array, info: Uint8Array, bytes: number): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, salt, info, bytes));

/** What a browser makes of a body: RFC 8188 and RFC 8291, from the other side. */
const decrypted = (body: Buffer, keys: ECDH, auth: Buffer): string => {
  const [salt, idBytes] = [body.subarray(0, 16), body[20] ?? 0];
  const sender = body.subarray(21, 21 + idBytes);
  const info = Buffer.concat([Buffer.from("WebPush: info\0"), keys.getPublicKey(), sender]);
  const secret = expanded(keys.computeSecret(sender), auth, info, 32);
  const sealed = body.subarray(21 + idBytes);
  const decipher = createDecipheriv(
    "aes-128-gcm",
    expanded(secret, salt, Buffer.from("Content-Encoding: aes128gcm\0"), 16),
    expanded(secret, salt, Buffer.from("Content-Encoding: nonce\0"), 12),
  );
  decipher.setAuthTag(sealed.subarray(-16));
  const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  expect(plain.at(-1)).toBe(2);
  return plain.subarray(0, -1).toString();
};

const servers: Server[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise<void>((done) => server.close(() => done()));
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

interface Got {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}
/** A push service that gives each path the status it is told to. */
const pushService = async (statusOf: (path: string) => number): Promise<{ url: string; got: Got[] }> => {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => void pieces.push(piece));
    request.on("end", () => {
      got.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(pieces) });
      response.writeHead(statusOf(request.url ?? "")).end();
    });
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, got };
};
const browser = (endpoint: string) => {
  const keys = createECDH("prime256v1");
  keys.generateKeys();
  const auth = randomBytes(16);
  return {
    keys,
    auth,
    device: newPushDevice.parse({ endpoint, p256dh: keys.getPublicKey("base64url"), auth: auth.toString("base64url") }),
  };
};
const folderOf = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "rigtwin-push-"));
  folders.push(folder);
  return folder;
};
const notice: Notice = {
  id: "browsers/farm/incident/rack/A-1/silence/1/opened",
  channel: "browsers",
  event: "opened",
  severity: "critical",
  title: "Critical: Rack A-1, 12 of 24 rigs <b>& more",
  lines: ["Site farm", "x".repeat(6_000)],
  about: [{ incident: "farm/incident/rack/A-1/silence/1", isEnd: false }],
  queuedTs: NOW,
  state: "trying",
  stateTs: NOW,
  tries: 1,
  unknown: 0,
  nextTs: NOW,
  detail: "",
};
const CHANNEL = channel.parse({ id: "browsers", label: "Browsers", kind: "push" });
const senderOf = (push: ReturnType<typeof openPushStore>, allowed = "127.0.0.0/8") =>
  createSender({
    site: "farm",
    publicUrl: null,
    allowed: readAllowed(allowed) as Allowed,
    secrets: () => ({}),
    push,
    now: () => NOW,
    timeoutMs: 2_000,
  });

test("the example of RFC 8291 comes out byte for byte", () => {
  const keys = createECDH("prime256v1");
  keys.setPrivateKey(of64("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"));
  const body = encrypted(
    "When I grow up, I want to be a watermelon",
    {
      p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
      auth: "BTBZMqHH6r4Tts7J_aSIgg",
    },
    { keys, salt: of64("DGv6ra1nlYgDCS1FRnbzlw") },
  );
  expect(body.toString("base64url")).toBe(
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
  );
});

test("a browser reads what was sent to it, nobody else does, and its service can tell who sent it", async () => {
  const { url, got } = await pushService(() => 201);
  const push = openPushStore(folderOf());
  const [first, second] = [browser(`${url}/send/one`), browser(`${url}/send/two`)];
  await push.add(first.device, "badge-17", NOW);
  await push.add(second.device, "badge-21", NOW);
  expect(await senderOf(push)(CHANNEL, notice)).toEqual({ outcome: "sent", detail: "HTTP 201 2 of 2 browsers" });
  const sent = got.find(({ path }) => path === "/send/one") as Got;
  const told = JSON.parse(decrypted(sent.body, first.keys, first.auth)) as { title: string; body: string; path: string; tag: string };
  expect(told).toMatchObject({ title: notice.title, path: "/alarms", tag: "farm/incident/rack/A-1/silence/1", severity: "critical" });
  expect(told.body).toHaveLength(1_200);
  expect(() => decrypted(sent.body, second.keys, second.auth)).toThrow();
  expect(sent.body.includes("Rack A-1")).toBe(false);
  expect(sent.headers).toMatchObject({ "content-encoding": "aes128gcm", urgency: "high", ttl: "14400" });
  const [, token = "", key = ""] = /^vapid t=([^,]+), k=(\S+)$/.exec(sent.headers.authorization ?? "") ?? [];
  expect(key).toBe(push.keys().publicKey);
  const [head = "", claims = "", signature = ""] = token.split(".");
  const point = of64(key);
  const publicKey = createPublicKey({
    format: "jwk",
    key: { kty: "EC", crv: "P-256", x: point.subarray(1, 33).toString("base64url"), y: point.subarray(33).toString("base64url") },
  });
  expect(verify("sha256", Buffer.from(`${head}.${claims}`), { key: publicKey, dsaEncoding: "ieee-p1363" }, of64(signature))).toBe(true);
  expect(JSON.parse(of64(claims).toString())).toEqual({ aud: url, exp: NOW / 1_000 + 12 * 3_600, sub: "mailto:rigtwin@farm.invalid" });
});

test("a browser that is gone is forgotten, the others are told; with none left it says so", async () => {
  const { url, got } = await pushService((path) => (path.endsWith("gone") ? 410 : path.endsWith("busy") ? 429 : 201));
  const folder = folderOf();
  const push = openPushStore(folder);
  const send = senderOf(push);
  await push.add(browser(`${url}/gone`).device, "badge-17", NOW);
  await push.add(browser(`${url}/here`).device, "badge-17", NOW);
  expect(await send(CHANNEL, notice)).toEqual({ outcome: "sent", detail: "HTTP 201 1 of 2 browsers, 1 gone" });
  expect(push.devices()).toHaveLength(1);
  await push.drop(push.devices()[0]?.id ?? "");
  expect(await send(CHANNEL, notice)).toMatchObject({ outcome: "failed", detail: "HTTP 404 No browser has asked to be told." });
  await push.add(browser(`${url}/busy`).device, "badge-17", NOW);
  expect(await send(CHANNEL, notice)).toMatchObject({ outcome: "failed", detail: "HTTP 429" });
  expect(got).toHaveLength(3);
});

test("what an endpoint names is judged like every other address", async () => {
  const { url, got } = await pushService(() => 201);
  const push = openPushStore(folderOf());
  await push.add(browser(`${url}/here`).device, "badge-17", NOW);
  expect(await senderOf(push, "")(CHANNEL, notice)).toMatchObject({ outcome: "failed", detail: expect.stringContaining("NOTIFY_ALLOW") });
  expect(got).toEqual([]);
});

test("keys are made once and stay over a restart; the file is its owner's alone; a broken one is not written over", async () => {
  const folder = folderOf();
  const push = openPushStore(folder);
  const { device } = browser("https://push.example.org/a");
  await push.add(device, "badge-17", NOW);
  await push.add(device, "badge-21", NOW + 1);
  const again = openPushStore(folder);
  expect(again.keys()).toEqual(push.keys());
  expect(again.devices()).toMatchObject([{ by: "badge-21", endpoint: "https://push.example.org/a" }]);
  const file = join(folder, "push.json");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  writeFileSync(file, readFileSync(file).subarray(0, 40));
  expect(() => openPushStore(folder)).toThrow("push.json in the data folder cannot be read");
});

test("the key that a browser was told is the server's after a kill, too", () => {
  const folder = folderOf();
  const told = openPushStore(folder).keys();
  expect(openPushStore(folder).keys()).toEqual(told);
});

test("what is no subscription is refused, and a text that does not fit is no message", () => {
  const { device } = browser("https://push.example.org/a");
  for (const wrong of [{ p256dh: "AAAA" }, { auth: "no base64!" }, { endpoint: "ftp://x" }, { endpoint: "javascript:1" }])
    expect(newPushDevice.safeParse({ ...device, ...wrong }).success).toBe(false);
  expect(encrypted("x".repeat(MOST_PAYLOAD), device)).toHaveLength(4_096);
  expect(() => encrypted("x".repeat(MOST_PAYLOAD + 1), device)).toThrow("at most");
});
