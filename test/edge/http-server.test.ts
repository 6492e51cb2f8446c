import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { pathOf, ROUTES } from "../../server/twin/wire.ts";
import { until } from "../servers/until.ts";
import { ask, farm, startHttp, stopAll, TOTALS } from "./http/farm.ts";

const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await stopAll();
});

/** Opens a line, says `words`, and resolves with all that was heard when the other end hangs up. */
const say = (port: number, words: string, more?: (socket: Socket) => void): Promise<string> =>
  new Promise((resolve, reject) => {
    let heard = "";
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(words);
      more?.(socket);
    });
    sockets.push(socket);
    socket.on("data", (part) => (heard += part.toString()));
    // Whoever is hung up on in mid-sentence may hear a reset.
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(heard));
    setTimeout(() => reject(new Error(`nobody hung up; heard: ${heard}`)), 10_000).unref();
  });

describe("listening", () => {
  test("a port that is taken is named, with the way out", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    await expect(startHttp({ port })).rejects.toMatchObject({
      code: "PORT_IN_USE",
      detail: expect.stringMatching(new RegExp(`${port}.*--port`)),
    });
    await new Promise((resolve) => other.close(resolve));
  });

  test("an address of another machine is a wrong setting", async () => {
    await expect(startHttp({ host: "203.0.113.7" })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      detail: expect.stringContaining("--host"),
    });
  });

  test("stops while a line is held open, and frees the port", async () => {
    const first = await startHttp();
    const held = say(first.port, `GET ${ROUTES.site} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    expect((await ask(first.port, ROUTES.site)).status).toBe(200);
    await first.edge.stop();
    expect(await held).toContain("200 OK");
    const second = await startHttp({ port: first.port });
    expect((await ask(second.port, ROUTES.site)).status).toBe(200);
    await first.edge.stop();
  });

  test("lets a request that is under way finish", async () => {
    let answer: () => void = () => undefined;
    const slow = await startHttp({ handlers: { ...farm(), site: () => new Promise((resolve) => (answer = () => resolve(TOTALS))) } });
    const asked = ask(slow.port, ROUTES.site);
    await new Promise<void>((resolve) => slow.edge.server.once("request", () => resolve()));
    const stopped = slow.edge.stop();
    answer();
    expect((await asked).status).toBe(200);
    await stopped;
  });
});

describe("what is turned away is told, for the status page", () => {
  test("a body that is too large, a range that is too long, a wrong token", async () => {
    const told: string[] = [];
    const { port } = await startHttp({ onTurnedAway: (why) => told.push(why) });
    const large = { method: "POST", body: JSON.stringify({ name: "x".repeat(200_000), password: "x" }) };
    expect((await ask(port, ROUTES.login, large)).code()).toBe("PAYLOAD_TOO_LARGE");
    expect((await ask(port, `${pathOf(ROUTES.series, { rig: "rig-0001" })}?from=0&to=${Date.now()}&points=100`)).code()).toBe(
      "RANGE_INVALID",
    );
    const wrong = { headers: { authorization: "Bearer rt_nobody" } };
    expect((await ask(port, ROUTES.site, wrong)).code()).toBe("LOGIN_FAILED");
    expect((await ask(port, ROUTES.site)).status).toBe(200);
    expect(told).toEqual(["PAYLOAD_TOO_LARGE", "RANGE_INVALID", "LOGIN_FAILED"]);
  });

  test("one connection more than may be open is told so, and the others go on", async () => {
    const told: string[] = [];
    const { port } = await startHttp({ maxConnections: 1, onTurnedAway: (why) => told.push(why) });
    const request = `GET ${ROUTES.site} HTTP/1.1\r\nHost: localhost\r\n`;
    let first: Socket | null = null;
    const held = say(port, `${request}\r\n`, (socket) => (first = socket));
    await until(() => (first?.bytesRead ?? 0) > 0, "the first is answered");
    const refused = await say(port, `${request}\r\n`);
    expect(refused).toMatch(/^HTTP\/1.1 429 /);
    expect(refused).toContain("TOO_MANY_REQUESTS");
    expect(told).toEqual(["connection"]);
    (first as Socket | null)?.write(`${request}Connection: close\r\n\r\n`);
    expect((await held).match(/HTTP\/1.1 200 OK/g)).toHaveLength(2);
    expect((await ask(port, ROUTES.site)).status).toBe(200);
  });
});

test("stopping does not wait for a handler that never answers", async () => {
  const stuck = await startHttp({ handlers: { ...farm(), site: () => new Promise(() => undefined) } });
  const asked = say(stuck.port, `GET ${ROUTES.site} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await new Promise<void>((resolve) => stuck.edge.server.once("request", () => resolve()));
  await stuck.edge.stop();
  expect(await asked).toBe("");
});

describe("whoever holds a line without need is hung up on", () => {
  const timeouts = { headersMs: 300, requestMs: 600, idleMs: 60_000, keepAliveMs: 300, checkMs: 50 };

  test("one header a tenth of a second, for ever", async () => {
    const http = await startHttp({ timeouts: { ...timeouts, requestMs: 60_000 } });
    let drip: NodeJS.Timeout | undefined;
    const heard = await say(http.port, `GET ${ROUTES.site} HTTP/1.1\r\nHost: localhost\r\n`, (socket) => {
      drip = setInterval(() => socket.write("X-More: 1\r\n"), 100);
    });
    clearInterval(drip);
    expect(heard).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("one byte of the body a tenth of a second", async () => {
    const http = await startHttp({ timeouts });
    let drip: NodeJS.Timeout | undefined;
    const heard = await say(
      http.port,
      `POST ${ROUTES.alarms} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 90000\r\n\r\n`,
      (socket) => {
        drip = setInterval(() => socket.write(" "), 100);
      },
    );
    clearInterval(drip);
    expect(heard).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("nothing at all, and nothing more after an answer", async () => {
    const http = await startHttp({ timeouts });
    expect(await say(http.port, "")).toMatch(/^HTTP\/1\.1 408 /);
    expect(await say(http.port, `GET ${ROUTES.health} HTTP/1.1\r\nHost: localhost\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("others are served meanwhile", async () => {
    const http = await startHttp({ timeouts: { ...timeouts, headersMs: 5_000, requestMs: 5_000 } });
    const held = Array.from({ length: 100 }, () => say(http.port, "GET / HTTP/1.1\r\n").catch(() => undefined));
    for (let i = 0; i < 5; i++) expect((await ask(http.port, ROUTES.site)).status).toBe(200);
    for (const socket of sockets.splice(0)) socket.destroy();
    await Promise.all(held);
  });

  test("more header than anyone needs, and what is no HTTP", async () => {
    const http = await startHttp();
    expect(await say(http.port, `GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await say(http.port, "\u0016\u0003\u0001 hello\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await say(http.port, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await say(http.port, "GET / HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 403 /);
  });
});
