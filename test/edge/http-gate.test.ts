import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, test } from "@jest/globals";
import { hostRefusal, isFromHere, isLoopback, nameIn, originRefusal } from "../../server/edge/http/caller.ts";
import { createAttempts } from "../../server/edge/http/attempts.ts";
import { SESSION_MS } from "../../server/flows/people.ts";
import { RIGHTS } from "../../server/twin/rights.ts";
import { TABLE } from "../../server/edge/http/routes.ts";
import { pathOf, ROUTES } from "../../server/twin/wire.ts";
import { ALARM, ask, PASSWORD, post, startHttp, stopAll, type Heard, type Started } from "./http/farm.ts";

afterEach(stopAll);

const caller = (headers: Record<string, string>, remoteAddress = "127.0.0.1") => ({ headers, socket: { remoteAddress } });
const ACT = { alarm: ALARM.id, by: "badge-17" };
const SOMEWHERE = {
  rig: "rig-0001",
  tokenId: 7,
  day: "2025-11-11",
  id: "none",
  person: 999,
  device: "none",
  channel: "none",
  order: "WO-1",
  hash: "0".repeat(64),
};
const bearer = async (http: Started): Promise<{ readonly authorization: string }> => ({
  authorization: `Bearer ${(await http.house.somebody("operator")).token}`,
});
const cookieOf = (heard: Heard): string => String(heard.headers["set-cookie"]).split(";")[0]!;

describe("who is of this machine", () => {
  test.each([
    ["127.0.0.1", true],
    ["127.255.3.4", true],
    ["::1", true],
    ["::ffff:127.0.0.1", true],
    ["::FFFF:127.8.0.1", true],
    ["10.0.0.1", false],
    ["192.0.2.2", false],
    ["::ffff:192.0.2.2", false],
    ["fe80::1", false],
    ["::", false],
    ["0.0.0.0", false],
    ["127.0.0.1.example.com", false],
    ["1270.0.0.1", false],
    ["", false],
  ])("%j: %j", (address, local) => {
    expect(isLoopback(address)).toBe(local);
    expect(isFromHere(caller({}, address))).toBe(local);
  });

  test.each(["x-forwarded-for", "forwarded", "via", "x-real-ip", "x-forwarded-proto", "cf-connecting-ip"])(
    "not whoever comes with %s",
    (header) => {
      expect(isFromHere(caller({ [header]: "127.0.0.1" }))).toBe(false);
      expect(isFromHere(caller({ [header]: "" }))).toBe(false);
    },
  );

  test("a caller whose socket is gone is nobody", () => {
    expect(isFromHere({ headers: {}, socket: {} })).toBe(false);
  });
});

describe("Host", () => {
  test.each([
    ["localhost", "localhost"],
    ["LOCALHOST:8080", "localhost"],
    ["localhost.", "localhost"],
    ["127.0.0.1:8080", "127.0.0.1"],
    ["[::1]:8080", "::1"],
    ["farm-pc_2.local", "farm-pc_2.local"],
    ["a b", null],
    ["user@localhost", null],
    ["localhost/evil.example", null],
    ["localhost:80:80", null],
    ["", null],
    [undefined, null],
  ])("%j is %j", (header, name) => {
    expect(nameIn(header)).toBe(name);
  });

  test.each([
    ["localhost:1", true],
    ["127.0.0.1:1", true],
    ["[::1]:1", true],
    ["192.0.2.2:1", true],
    ["farm.example", true],
    ["FARM.example:443", true],
    ["evil.example", false],
    ["localhost.evil.example", false],
    ["127.0.0.1.evil.example", false],
    ["0x7f000001", false],
    ["", false],
  ])("%j passes: %j", (host, passes) => {
    expect(hostRefusal(caller({ host }), new Set(["farm.example"])) === null).toBe(passes);
  });

  test.each(["/", ROUTES.site, ROUTES.health, ROUTES.metrics, "/socket.io/"])(
    "a name that was bent to this machine gets nothing at %s",
    async (path) => {
      const http = await startHttp();
      const heard = await ask(http.port, path, { host: "evil.example" });
      expect([heard.status, heard.code()]).toEqual([403, "FORBIDDEN"]);
    },
  );

  test("a configured name is served", async () => {
    const http = await startHttp({ allowedHosts: [" Farm.Example "] });
    expect((await ask(http.port, ROUTES.site, { host: `farm.example:${http.port}` })).status).toBe(200);
  });
});

describe("Origin", () => {
  test.each([
    ["http://127.0.0.1:8080", "127.0.0.1:8080", true],
    ["http://farm.example", "farm.example", true],
    ["https://farm.example", "farm.example:443", true],
    ["http://farm.example", "farm.example:80", true],
    ["http://FARM.example", "farm.EXAMPLE", true],
    ["http://127.0.0.1:8081", "127.0.0.1:8080", false],
    ["http://localhost:8080", "127.0.0.1:8080", false],
    ["https://farm.example", "farm.example:80", false],
    ["http://evil.example", "127.0.0.1:8080", false],
    ["null", "127.0.0.1:8080", false],
    ["", "127.0.0.1:8080", false],
    ["file://", "127.0.0.1:8080", false],
    ["chrome-extension://farm.example", "farm.example", false],
    ["http://evil.example", "", false],
  ])("%j to %j passes: %j", (origin, host, passes) => {
    expect(originRefusal(caller({ origin, host })) === null).toBe(passes);
  });

  test("a page of another site cannot change anything, and does not reach the handler", async () => {
    const http = await startHttp();
    const own = `http://127.0.0.1:${http.port}`;
    for (const origin of ["http://evil.example", "null", `http://127.0.0.1:${http.port + 1}`]) {
      const heard = await post(http.port, ROUTES.alarms, ACT, { headers: { origin } });
      expect([heard.status, heard.code()]).toEqual([403, "ORIGIN_REFUSED"]);
      expect((await post(http.port, ROUTES.login, { password: PASSWORD }, { headers: { origin } })).code()).toBe("ORIGIN_REFUSED");
    }
    expect((await post(http.port, ROUTES.alarms, ACT, { headers: { origin: own } })).status).toBe(200);
    expect((await post(http.port, ROUTES.alarms, ACT)).status).toBe(200);
    const reading = await ask(http.port, ROUTES.site, { headers: { origin: "http://evil.example" } });
    expect(reading.headers["access-control-allow-origin"]).toBeUndefined();
    expect(reading.headers["cross-origin-resource-policy"]).toBe("same-origin");
  });
});

describe("from elsewhere", () => {
  test("every route is closed but those that are open to anyone", async () => {
    const http = await startHttp({ isLocal: () => false });
    for (const route of TABLE) {
      const heard = await ask(http.port, pathOf(route.path, SOMEWHERE), {
        method: route.method.toUpperCase(),
        ...(route.body === null ? {} : { body: "{}" }),
      });
      if (RIGHTS[route.id]?.includes("public")) expect([route.id, heard.status]).not.toEqual([route.id, 403]);
      else {
        expect([route.id, heard.status, heard.code()]).toEqual([route.id, 401, "LOGIN_REQUIRED"]);
        expect(heard.headers["www-authenticate"]).toMatch(/^Bearer /);
      }
    }
    expect(http.calls).toEqual({ rpc: [], records: [], queries: [] });
  });

  test("what a stranger is told of a twin has no network names, no pools and no workers", async () => {
    const http = await startHttp({ isLocal: () => false });
    const heard = await ask(http.port, pathOf(ROUTES.twin, { tokenId: 7 }));
    expect(heard.status).toBe(200);
    expect(heard.text).toContain("SN1");
    for (const secret of ["10.9.8.7", "miner-host", "02:00:00:00:00:07", "stratum", "account.worker"])
      expect(heard.text).not.toContain(secret);
    const admitted = await ask(http.port, pathOf(ROUTES.rig, { rig: "rig-0001" }), { headers: await bearer(http) });
    for (const known of ["10.9.8.7", "miner-host", "02:00:00:00:00:07", "account.worker"]) expect(admitted.text).toContain(known);
  });

  test("the password opens a session, which a page cannot read, and logging out ends it", async () => {
    const http = await startHttp({ isLocal: () => false });
    const login = await post(http.port, ROUTES.login, { password: PASSWORD });
    expect([login.status, login.text]).toEqual([204, ""]);
    const [attributes] = login.headers["set-cookie"] as unknown as string[];
    expect(attributes).toMatch(/^rigtwin_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
    const cookie = cookieOf(login);
    const headers = { cookie: `other=1; ${cookie}; more=2` };
    expect((await ask(http.port, ROUTES.site, { headers })).status).toBe(200);
    expect((await ask(http.port, ROUTES.site, { headers: { cookie: `${cookie}x` } })).status).toBe(401);
    const logout = await ask(http.port, ROUTES.login, { method: "DELETE", headers });
    expect([logout.status, String(logout.headers["set-cookie"])]).toEqual([
      204,
      "rigtwin_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0",
    ]);
    expect((await ask(http.port, ROUTES.site, { headers })).status).toBe(401);
  });

  test("behind TLS the cookie is Secure", async () => {
    const http = await startHttp({ secureCookie: true });
    expect(String((await post(http.port, ROUTES.login, { password: PASSWORD })).headers["set-cookie"])).toMatch(/; Secure$/);
  });

  test("a session lasts twelve hours", async () => {
    let nowMs = 0;
    const http = await startHttp({ isLocal: () => false, now: () => nowMs });
    const headers = { cookie: cookieOf(await post(http.port, ROUTES.login, { password: PASSWORD })) };
    nowMs = SESSION_MS - 1;
    expect((await ask(http.port, ROUTES.site, { headers })).status).toBe(200);
    nowMs = SESSION_MS;
    expect((await ask(http.port, ROUTES.site, { headers })).status).toBe(401);
  });

  test("a program sends a token with each request, and may what its scopes and its person both may", async () => {
    const http = await startHttp({ isLocal: () => false });
    const from = { address: "", agent: "" };
    const metrics = http.house.people.addToken(1, "prometheus", ["metrics"], 1, from).secret;
    const headers = { authorization: `Bearer ${metrics}` };
    expect((await ask(http.port, ROUTES.metrics, { headers })).status).toBe(200);
    expect((await ask(http.port, ROUTES.site, { headers })).code()).toBe("FORBIDDEN");
    const reading = http.house.people.addToken(1, "reader", ["read"], 1, from).secret;
    expect((await ask(http.port, ROUTES.site, { headers: { authorization: `Bearer ${reading}` } })).status).toBe(200);
    expect((await post(http.port, ROUTES.alarms, ACT, { headers: { authorization: `Bearer ${reading}` } })).code()).toBe("FORBIDDEN");
    expect((await ask(http.port, ROUTES.metrics, { headers: { authorization: "Bearer wrong" } })).code()).toBe("LOGIN_FAILED");
    expect((await ask(http.port, ROUTES.metrics, { headers: { authorization: `Basic ${metrics}` } })).code()).toBe("LOGIN_REQUIRED");
  });

  test("guessing is slowed down, over both ways in, and then even the right word waits", async () => {
    let nowMs = 1_000_000;
    const http = await startHttp({ isLocal: () => false, now: () => nowMs });
    for (let i = 0; i < 3; i++) expect((await post(http.port, ROUTES.login, { password: `guess ${i}` })).code()).toBe("LOGIN_FAILED");
    for (let i = 0; i < 2; i++)
      expect((await ask(http.port, ROUTES.site, { headers: { authorization: `Bearer ${i}` } })).code()).toBe("LOGIN_FAILED");
    const blocked = await post(http.port, ROUTES.login, { password: PASSWORD });
    expect([blocked.status, blocked.code()]).toEqual([429, "TOO_MANY_REQUESTS"]);
    expect(blocked.headers["retry-after"]).toBeDefined();
    expect((await ask(http.port, ROUTES.site, { headers: await bearer(http) })).status).toBe(429);
    nowMs += 60_001;
    expect((await post(http.port, ROUTES.login, { password: PASSWORD })).status).toBe(204);
  });

  test.each([[{}], [{ password: "" }], [{ password: 5 }], [{ password: "x".repeat(201) }], [{ password: PASSWORD, more: 1 }]])(
    "a login of %j is no login",
    async (body) => {
      const http = await startHttp({ isLocal: () => false });
      expect((await post(http.port, ROUTES.login, body)).code()).toBe("REQUEST_INVALID");
    },
  );

  test("a proxy on this machine brings callers from elsewhere", async () => {
    const http = await startHttp();
    expect((await ask(http.port, ROUTES.site)).status).toBe(200);
    expect((await ask(http.port, ROUTES.site, { headers: { "x-forwarded-for": "127.0.0.1" } })).status).toBe(401);
  });

  test("the files of the dashboard are open, so that its login page can load", async () => {
    const http = await startHttp({ isLocal: () => false });
    expect((await ask(http.port, "/")).headers["content-type"]).toMatch(/^text\/html/);
  });

  const outside = Object.values(networkInterfaces())
    .flat()
    .find((one) => one !== undefined && one.family === "IPv4" && !one.internal)?.address;
  (outside === undefined ? test.skip : test)("over a real address of this machine that is not loopback", async () => {
    const http = await startHttp({ host: "0.0.0.0" });
    const address = outside!;
    const host = `${address}:${http.port}`;
    expect((await ask(http.port, ROUTES.site, { address, host })).code()).toBe("LOGIN_REQUIRED");
    const headers = { cookie: cookieOf(await post(http.port, ROUTES.login, { password: PASSWORD }, { address, host })) };
    expect((await ask(http.port, ROUTES.site, { address, host, headers })).status).toBe(200);
    expect((await ask(http.port, ROUTES.site)).status).toBe(200);
  });
});

describe("attempts", () => {
  test("one address does not shut out another; an IPv6 network counts as one", () => {
    const attempts = createAttempts({ each: 2, all: 5, windowMs: 1_000 }, () => 0);
    for (const address of ["2001:db8::1", "2001:db8:0:0:ffff::2"]) attempts.wrong(address);
    expect([attempts.waitS("2001:db8::3"), attempts.waitS("2001:db8:0:1::3"), attempts.waitS("192.0.2.1"), attempts.waitS("::1")]).toEqual([
      1, 0, 0, 0,
    ]);
    for (const address of ["192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"]) attempts.wrong(address);
    // Five in all: now nobody may guess for a while.
    expect(attempts.waitS("198.51.100.1")).toBe(1);
  });

  test("guesses that are under way count, so that a hundred at once are no hundred guesses", () => {
    const attempts = createAttempts({ each: 2, all: 5, windowMs: 1_000 }, () => 0);
    const ends = [attempts.begin("192.0.2.1"), attempts.begin("192.0.2.1")];
    expect(attempts.waitS("192.0.2.1")).toBe(1);
    expect(attempts.waitS("192.0.2.2")).toBe(0);
    for (const end of ends) end();
    expect(attempts.waitS("192.0.2.1")).toBe(0);
  });
});
