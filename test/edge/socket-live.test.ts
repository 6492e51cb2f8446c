import { afterEach, describe, expect, test } from "@jest/globals";
import { EVENTS, FRAME_MS } from "../../server/twin/wire.ts";
import { connect, settled, startFeed, stopAll, until, watchLive, wholeOf } from "./socket/feed.ts";

afterEach(stopAll);

describe("the live view", () => {
  test("a viewer gets the whole, then every frame in its order, with the columns as they were packed", async () => {
    const feed = await startFeed();
    feed.n = 41;
    const viewer = await watchLive(feed);
    for (let i = 0; i < 5; i++) {
      const n = feed.publish();
      await until(`frame ${n}`, () => viewer.story().includes(`frame ${n}`));
      await settled(viewer);
    }
    expect(viewer.story()).toEqual(["snapshot 41", "frame 42", "frame 43", "frame 44", "frame 45", "frame 46"]);
    expect(viewer.told.map((one) => (one.event === "refused" ? [] : one.rows))).toEqual([[0, 1, 2], [42], [43], [44], [45], [46]]);
  });

  test("the site's figures come before the first whole, once, and are added up once for all who come together", async () => {
    let asked = 0;
    const { clock, totals } = wholeOf(0).meta;
    const feed = await startFeed({ gist: () => ((asked += 1), { clock, totals, zone: "Europe/Oslo" }) });
    const viewers = Array.from({ length: 10 }, () => connect(feed.port));
    const heard = viewers.map(({ socket, story }) => {
      const gists: { readonly gist: unknown; readonly before: number }[] = [];
      socket.on(EVENTS.gist, (gist) => gists.push({ gist, before: story().length }));
      return gists;
    });
    await until("all connected", () => viewers.every(({ socket }) => socket.connected));
    for (const { socket } of viewers) socket.emit(EVENTS.watch, { view: "live" });
    await until("all have the whole", () => viewers.every(({ story }) => story().length === 1));
    for (const { socket } of viewers) socket.emit(EVENTS.watch, { view: "live" });
    await until("all have it again", () => viewers.every(({ story }) => story().length === 2));
    expect(heard).toEqual(viewers.map(() => [{ gist: { clock, totals, zone: "Europe/Oslo" }, before: 0 }]));
    expect(asked).toBeLessThan(10);
  });

  test("figures that cannot be told keep nobody from the whole", async () => {
    const feed = await startFeed({
      gist: () => {
        throw new Error("no figures");
      },
    });
    const viewer = await watchLive(feed);
    expect(viewer.story()).toEqual(["snapshot 0"]);
    expect(feed.faults).toHaveLength(1);
  });

  test("whoever has not said what to watch, gets nothing", async () => {
    const feed = await startFeed();
    const silent = connect(feed.port);
    const viewer = await watchLive(feed);
    feed.publish();
    await until("the viewer's frame", () => viewer.story().length === 2);
    await settled(silent);
    expect(silent.story()).toEqual([]);
    expect(feed.feed.viewers()).toBe(2);
  });

  test("viewers who come together share one whole", async () => {
    const feed = await startFeed();
    const viewers = Array.from({ length: 30 }, () => connect(feed.port));
    await until("all connected", () => viewers.every(({ socket }) => socket.connected));
    for (const { socket } of viewers) socket.emit(EVENTS.watch, { view: "live" });
    await until("all have the whole", () => viewers.every(({ story }) => story().length === 1));
    expect(feed.wholes).toBeLessThan(15);
  });
});

describe("a viewer who does not keep up", () => {
  test("has at most two numbers under way; when it has acknowledged them it gets the whole, not what it missed", async () => {
    const feed = await startFeed();
    const slow = await watchLive(feed, { acks: false });
    for (let i = 0; i < 10; i++) feed.publish();
    await settled(slow);
    expect(slow.story()).toEqual(["snapshot 0", "frame 1"]);
    slow.ack(0);
    feed.publish();
    // Long enough for a whole to come, if one were coming.
    await new Promise((resolve) => setTimeout(resolve, 2 * FRAME_MS));
    await settled(slow);
    // It missed frames 2 to 11, so frame 12 would be of no use to it.
    expect(slow.story()).toEqual(["snapshot 0", "frame 1"]);
    slow.ack(1);
    await until("the whole", () => slow.story().length === 3);
    feed.publish();
    await until("the frame after it", () => slow.story().length === 4);
    expect(slow.story()).toEqual(["snapshot 0", "frame 1", "snapshot 11", "frame 12"]);
  });

  test("in time by a hair misses nothing", async () => {
    const feed = await startFeed();
    const viewer = await watchLive(feed, { acks: false });
    feed.publish();
    await until("frame 1", () => viewer.story().length === 2);
    viewer.ack(0);
    viewer.ack(1);
    await settled(viewer);
    feed.publish();
    feed.publish();
    await until("both frames", () => viewer.story().length === 4);
    expect(viewer.story()).toEqual(["snapshot 0", "frame 1", "frame 2", "frame 3"]);
  });

  test("slows nobody else", async () => {
    const feed = await startFeed();
    const slow = await watchLive(feed, { acks: false });
    const quick = await watchLive(feed);
    for (let i = 0; i < 20; i++) {
      const n = feed.publish();
      await until(`frame ${n}`, () => quick.story().includes(`frame ${n}`));
      await settled(quick);
    }
    expect(quick.story()).toEqual(["snapshot 0", ...Array.from({ length: 20 }, (_, i) => `frame ${i + 1}`)]);
    expect(slow.story()).toEqual(["snapshot 0", "frame 1"]);
  });

  test("acknowledging what was never sent changes nothing", async () => {
    const feed = await startFeed();
    const viewer = await watchLive(feed, { acks: false });
    feed.publish();
    for (const n of [-1, 2, 999, Number.MAX_SAFE_INTEGER]) viewer.ack(n);
    await settled(viewer);
    feed.publish();
    await settled(viewer);
    expect(viewer.story()).toEqual(["snapshot 0", "frame 1"]);
  });

  test("who asks for the whole gets it, and the frames after it", async () => {
    const feed = await startFeed();
    const viewer = await watchLive(feed, { acks: false });
    feed.publish();
    feed.publish();
    feed.publish();
    viewer.socket.emit(EVENTS.resync);
    await until("the whole", () => viewer.story().length === 3);
    feed.publish();
    await until("the next frame", () => viewer.story().length === 4);
    expect(viewer.story()).toEqual(["snapshot 0", "frame 1", "snapshot 3", "frame 4"]);
  });

  test("and asks for the whole all the time, gets no more of them than there are frames", async () => {
    const feed = await startFeed();
    const viewer = await watchLive(feed);
    const began = Date.now();
    for (let i = 0; i < 15; i++) {
      viewer.socket.emit(EVENTS.resync);
      await settled(viewer);
    }
    expect(feed.wholes).toBeLessThanOrEqual(2 + (Date.now() - began) / FRAME_MS);
    await until("the whole after all", () => viewer.story().length >= 2);
  });

  test("and does not read at all, holds bounded memory until its line is cut; the others go on", async () => {
    const { columns } = wholeOf(0, 600_000);
    let wholes = 0;
    const feed = await startFeed({
      whole: () => ({ ...wholeOf(feed.n), ...(wholes++ === 0 ? {} : { columns }) }),
      lookMs: 50,
      stuckMs: 2_500,
    });
    const quick = await watchLive(feed);
    const deaf = connect(feed.port, { acks: false });
    await until("connected", () => deaf.socket.connected);
    const line = (deaf.socket.io.engine.transport as unknown as { ws: { _socket: { pause: () => void; destroy: () => void } } }).ws._socket;
    line.pause();
    deaf.socket.emit(EVENTS.watch, { view: "live" });
    const before = process.memoryUsage().arrayBuffers;
    const deadline = Date.now() + 10_000;
    while (feed.feed.viewers() === 2 && Date.now() < deadline) {
      const n = feed.publish();
      deaf.socket.emit(EVENTS.resync);
      await until(`frame ${n}`, () => quick.story().includes(`frame ${n}`));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(feed.feed.viewers()).toBe(1);
    // One whole of 20 MB may wait for it, however often it asks.
    expect(wholes).toBe(2);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000);
    line.destroy();
    const n = feed.publish();
    await until("a frame after that", () => quick.story().includes(`frame ${n}`));
  });
});
