import { createServer, request } from "node:http";
import { afterAll, afterEach, describe, expect, test } from "@jest/globals";
import { EVENTS, ROUTES } from "../../server/twin/wire.ts";
import { PASSWORD, post, startHttp, stopAll as stopHttp } from "./http/farm.ts";
import { connect, settled, startFeed, stopAll, until, watchLive, type Watcher } from "./socket/feed.ts";

afterEach(async () => {
  await stopAll();
  await stopHttp();
});
afterAll(stopHttp);

const expectRefusedLine = async ({ socket }: Watcher): Promise<void> => {
  let error: Error | null = null;
  socket.once("connect_error", (cause) => (error = cause));
  await until("the refusal of the line", () => error !== null);
  expect(socket.connected).toBe(false);
};

describe("who may watch", () => {
  test("a page of another site may not, nor one whose name was bent to this machine", async () => {
    const http = await startHttp();
    const feed = await startFeed({ server: http.edge.server, gate: http.edge.gate });
    await expectRefusedLine(connect(feed.port, { extraHeaders: { origin: "http://evil.example" } }));
    await expectRefusedLine(connect(feed.port, { extraHeaders: { origin: `http://127.0.0.1:${feed.port + 1}` } }));
    await expectRefusedLine(connect(feed.port, { extraHeaders: { host: "evil.example" } }));
    await expectRefusedLine(connect(feed.port, { extraHeaders: { host: "evil.example", origin: "http://evil.example" } }));
    expect(feed.feed.viewers()).toBe(0);
    await watchLive(feed, { extraHeaders: { origin: `http://127.0.0.1:${feed.port}` } });
  });

  test("from elsewhere only with a session; when it ends, so does the line", async () => {
    const http = await startHttp({ isLocal: () => false });
    const feed = await startFeed({ server: http.edge.server, gate: http.edge.gate, lookMs: 50 });
    await expectRefusedLine(connect(feed.port));
    await expectRefusedLine(connect(feed.port, { extraHeaders: { cookie: "rigtwin_session=made-up" } }));
    const login = await post(http.port, ROUTES.login, { password: PASSWORD });
    const cookie = String(login.headers["set-cookie"]).split(";")[0]!;
    const viewer = await watchLive(feed, { extraHeaders: { cookie } });
    feed.publish();
    await until("a frame", () => viewer.story().includes("frame 1"));
    await post(http.port, ROUTES.login, undefined, { method: "DELETE", headers: { cookie } });
    await until("the goodbye", () => !viewer.socket.connected);
    expect(viewer.story().at(-1)).toBe("refused LOGIN_REQUIRED");
    expect(feed.feed.viewers()).toBe(0);
    feed.publish();
  });

  test("a proxy on this machine speaks for somebody else", async () => {
    const http = await startHttp();
    const feed = await startFeed({ server: http.edge.server, gate: http.edge.gate });
    await expectRefusedLine(connect(feed.port, { extraHeaders: { "x-forwarded-for": "203.0.113.9" } }));
    await watchLive(feed);
  });

  test("no more than the server takes", async () => {
    const feed = await startFeed({ mostViewers: 1 });
    await watchLive(feed);
    await expectRefusedLine(connect(feed.port));
    expect(feed.feed.viewers()).toBe(1);
  });

  test("WebSocket only: a polling request is turned away", async () => {
    const feed = await startFeed();
    const status = await new Promise((resolve, reject) =>
      request(`http://127.0.0.1:${feed.port}/socket.io/?EIO=4&transport=polling`, (response) => resolve(response.resume().statusCode))
        .once("error", reject)
        .end(),
    );
    expect(status).toBe(400);
  });
});

describe("what viewers send", () => {
  test.each([
    [
      EVENTS.watch,
      [undefined, null, "live", 7, [], {}, { view: "past" }, { view: "replay" }, { view: "replay", from: "1", to: 2, speed: 1 }],
    ],
    [
      EVENTS.watch,
      [
        { view: "replay", from: 1, to: 2, speed: 0 },
        { view: "replay", from: 1, to: 2, speed: -1 },
        { view: "replay", from: 1.5, to: 2, speed: 1 },
        { view: "replay", from: 1, to: 1e300, speed: 1 },
      ],
    ],
    [EVENTS.ack, [undefined, null, 1, "1", [1], {}, { n: "1" }, { n: 0.5 }, { n: null }]],
    [
      EVENTS.control,
      [
        undefined,
        null,
        true,
        [],
        {},
        { playing: 1 },
        { speed: "fast" },
        { speed: 0 },
        { at: "now" },
        { at: -1 },
        { at: 1.5 },
        { playing: true },
      ],
    ],
  ])("a wrong %s is refused and disturbs nothing", async (event, payloads) => {
    const feed = await startFeed();
    const viewer = await watchLive(feed);
    for (const payload of payloads) viewer.socket.emit(event, payload);
    await until("the refusals", () => viewer.story().length === 1 + payloads.length);
    expect(new Set(viewer.story().slice(1))).toEqual(new Set(["refused REQUEST_INVALID"]));
    feed.publish();
    await until("the next frame", () => viewer.story().at(-1) === "frame 1");
    expect(feed.faults).toEqual([]);
    expect(feed.replays).toEqual([]);
  });

  test("a window that ends before it begins has a code of its own", async () => {
    const feed = await startFeed();
    const viewer = connect(feed.port);
    viewer.socket.emit(EVENTS.watch, { view: "replay", from: 9, to: 9, speed: 1 });
    await until("the refusal", () => viewer.story().length === 1);
    expect(viewer.story()).toEqual(["refused RANGE_INVALID"]);
  });

  test("an unknown event, an acknowledgement asked for, a binary payload: no answer, no harm", async () => {
    const feed = await startFeed();
    const viewer = await watchLive(feed);
    viewer.socket.emit("rm", { everything: true });
    viewer.socket.emit(EVENTS.resync, () => undefined);
    viewer.socket.emit(EVENTS.ack, Buffer.from([1, 2, 3]));
    await until("the refusal of the binary", () => viewer.story().includes("refused REQUEST_INVALID"));
    await settled(viewer);
    feed.publish();
    await until("a frame or the whole with it", () => viewer.story().length >= 3);
    expect(feed.faults).toEqual([]);
  });

  test("too large a message or a broken packet: that line is closed, the others go on", async () => {
    const feed = await startFeed();
    const quiet = await watchLive(feed);
    const raw = (watcher: Watcher): { send: (text: string) => void } =>
      (watcher.socket.io.engine.transport as unknown as { ws: { send: (text: string) => void } }).ws;
    for (const offend of [
      (bad: Watcher) => void bad.socket.emit(EVENTS.watch, { view: "x".repeat(20_000) }),
      (bad: Watcher) => raw(bad).send("42nonsense"),
      (bad: Watcher) => raw(bad).send("4999"),
      (bad: Watcher) => ['451-["ack",{"_placeholder":true,"num":0}]', '42["ack",{"n":0}]'].forEach((text) => raw(bad).send(text)),
      (bad: Watcher) => raw(bad).send('451-["ack"]\n'.repeat(2_000)),
    ]) {
      const bad = await watchLive(feed);
      offend(bad);
      await until("the end of the line", () => !bad.socket.connected);
    }
    await until("one viewer left", () => feed.feed.viewers() === 1);
    feed.publish();
    await until("its frame", () => quiet.story().includes("frame 1"));
    expect(feed.faults).toEqual([]);
  });

  test("a flood closes the flooder's line only", async () => {
    const feed = await startFeed();
    const quiet = await watchLive(feed);
    const loud = await watchLive(feed);
    for (let i = 0; i < 500; i++) loud.socket.emit(EVENTS.ack, { n: "x" });
    await until("the end of the line", () => !loud.socket.connected);
    expect(loud.story().filter((line) => line === "refused REQUEST_INVALID").length).toBeLessThan(150);
    feed.publish();
    await until("the other's frame", () => quiet.story().includes("frame 1"));
  });
});

describe("starting and stopping", () => {
  test("stop says goodbye to everyone and frees the port", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const feed = await startFeed({ server });
    const viewer = await watchLive(feed);
    feed.feed.stop();
    await until("the goodbye", () => !viewer.socket.connected);
    await new Promise<void>((resolve) => server.close(() => resolve()));
    expect(feed.feed.viewers()).toBe(0);
    feed.publish();
  });
});
