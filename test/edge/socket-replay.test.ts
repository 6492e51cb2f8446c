import { afterEach, describe, expect, test } from "@jest/globals";
import { Refused } from "../../server/twin/refusal.ts";
import { EVENTS } from "../../server/twin/wire.ts";
import type { FakeReplay, Feed, Watcher } from "./socket/feed.ts";
import { connect, frameOf, settled, startFeed, stopAll, until, watchLive, wholeOf } from "./socket/feed.ts";

afterEach(stopAll);

const WISH = { view: "replay", from: 1_000, to: 9_000, speed: 60 };

const watchReplay = async (feed: Feed, watcher: Watcher, wish: object = WISH): Promise<FakeReplay> => {
  const before = feed.replays.length;
  const told = watcher.told.length;
  watcher.socket.emit(EVENTS.watch, wish);
  await until("the replay's whole", () =>
    watcher.told.slice(told).some((one) => one.event === "snapshot" && one.meta.clock.view === "replay"),
  );
  return feed.replays[before]!;
};
const play = (replay: FakeReplay): void => replay.emit(frameOf(++replay.n, replay.clock));

describe("a replay", () => {
  test("is one viewer's own: its frames go to nobody else, and the live ones not to it", async () => {
    const feed = await startFeed();
    const live = await watchLive(feed);
    const viewer = await watchLive(feed);
    const replay = await watchReplay(feed, viewer);
    expect(replay.wish).toEqual({ view: "replay", from: 1_000, to: 9_000, speed: 60 });
    feed.publish();
    play(replay);
    await until("the replay's frame", () => viewer.story().includes("frame 1"));
    await until("the live frame", () => live.story().includes("frame 1"));
    await settled(viewer);
    expect(viewer.told.map((one) => (one.event === "refused" ? "" : `${one.event} ${one.meta.clock.view}`))).toEqual([
      "snapshot live",
      "snapshot replay",
      "frame replay",
    ]);
    expect(live.story()).toEqual(["snapshot 0", "frame 1"]);
  });

  test("keeps the window too, and gives the whole when the viewer has caught up", async () => {
    const feed = await startFeed();
    const viewer = connect(feed.port, { acks: false });
    const replay = await watchReplay(feed, viewer);
    for (let i = 0; i < 6; i++) play(replay);
    await settled(viewer);
    expect(viewer.story()).toEqual(["snapshot 0", "frame 1"]);
    viewer.ack(1);
    await until("the whole", () => viewer.story().length === 3);
    play(replay);
    await until("the next frame", () => viewer.story().length === 4);
    expect(viewer.story()).toEqual(["snapshot 0", "frame 1", "snapshot 6", "frame 7"]);
  });

  test("is steered, and shows the whole where it stands then", async () => {
    const feed = await startFeed();
    const viewer = connect(feed.port);
    const replay = await watchReplay(feed, viewer);
    viewer.socket.emit(EVENTS.control, { playing: false, speed: 2.5, at: 5_000 });
    await until("the control", () => replay.controls.length === 1);
    expect(replay.controls).toEqual([{ playing: false, speed: 2.5, at: 5_000 }]);
    await until("the whole after it", () => viewer.story().length === 2);
    expect(viewer.story()).toEqual(["snapshot 0", "snapshot 0"]);
  });

  test("a slider that is dragged jumps to where it is let go, not everywhere between", async () => {
    const jumps: number[] = [];
    let go: () => void = () => undefined;
    const feed = await startFeed({
      openReplay: async () => ({
        whole: () => wholeOf(0),
        control: ({ at }) => {
          jumps.push(at ?? 0);
          return jumps.length > 1 ? Promise.resolve() : new Promise<void>((resolve) => (go = resolve));
        },
        close: () => undefined,
      }),
    });
    const viewer = connect(feed.port);
    viewer.socket.emit(EVENTS.watch, WISH);
    await until("the whole", () => viewer.story().length === 1);
    for (const at of [2_000, 3_000, 4_000, 5_000]) viewer.socket.emit(EVENTS.control, { at });
    await settled(viewer);
    expect(jumps).toEqual([2_000]);
    go();
    await until("the last jump", () => jumps.length === 2);
    await until("the whole there", () => viewer.story().length === 2);
    expect(jumps).toEqual([2_000, 5_000]);
  });

  test("a control that is refused is told, and the replay goes on", async () => {
    const feed = await startFeed();
    const viewer = connect(feed.port);
    const replay = await watchReplay(feed, viewer);
    (replay as { control: unknown }).control = () => Promise.reject(new Refused("RANGE_INVALID", "at must lie within the window."));
    viewer.socket.emit(EVENTS.control, { at: 1 });
    await until("the refusal", () => viewer.story().includes("refused RANGE_INVALID"));
    play(replay);
    await until("a frame", () => viewer.story().includes("frame 1"));
    expect(replay.closed).toBe(false);
  });

  test("is closed by going live, by another replay, and by hanging up", async () => {
    const feed = await startFeed();
    const viewer = connect(feed.port);
    const first = await watchReplay(feed, viewer);
    const second = await watchReplay(feed, viewer, { ...WISH, speed: 1 });
    expect([first.closed, second.closed, feed.feed.replays()]).toEqual([true, false, 1]);
    play(first);
    viewer.socket.emit(EVENTS.watch, { view: "live" });
    await until("the live whole", () => viewer.told.some((one) => one.event === "snapshot" && one.meta.clock.view === "live"));
    expect([second.closed, feed.feed.replays()]).toEqual([true, 0]);
    expect(viewer.story()).not.toContain("frame 1");
    const third = await watchReplay(feed, viewer);
    viewer.socket.disconnect();
    await until("the end of the third", () => third.closed);
    expect(feed.feed.replays()).toBe(0);
  });

  test("that opens after its viewer has gone, or wants something else, is closed at once", async () => {
    const opened: { closed: boolean; readonly speed: number }[] = [];
    const gates: (() => void)[] = [];
    const feed = await startFeed({
      openReplay: async ({ speed }) => {
        await new Promise<void>((resolve) => gates.push(resolve));
        const replay = { closed: false, speed };
        opened.push(replay);
        return { whole: () => wholeOf(0), control: () => Promise.resolve(), close: () => void (replay.closed = true) };
      },
    });
    const gone = connect(feed.port);
    gone.socket.emit(EVENTS.watch, WISH);
    await until("its opening", () => gates.length === 1);
    gone.socket.disconnect();
    await until("its leaving", () => feed.feed.viewers() === 0);
    gates[0]!();
    await until("the end of it", () => opened[0]?.closed);

    const fickle = connect(feed.port);
    for (const speed of [1, 2, 3]) fickle.socket.emit(EVENTS.watch, { ...WISH, speed });
    await settled(fickle);
    gates[1]!();
    await until("the second opening", () => gates.length === 3);
    gates[2]!();
    await until("the whole", () => fickle.story().length === 1);
    expect(opened.slice(1)).toEqual([
      { closed: true, speed: 1 },
      { closed: false, speed: 3 },
    ]);

    fickle.socket.emit(EVENTS.watch, WISH);
    await until("the third opening", () => gates.length === 4);
    fickle.socket.emit(EVENTS.watch, { view: "live" });
    await until("the live whole", () => fickle.story().length === 2);
    gates[3]!();
    await until("the end of the unwanted", () => opened[3]?.closed);
    await until("the slot", () => feed.feed.replays() === 0);
  });

  test("that cannot be opened is refused, and the watch goes on as it was", async () => {
    const feed = await startFeed({
      openReplay: () => Promise.reject(new Refused("RANGE_INVALID", "Nothing was recorded in that window.")),
    });
    const viewer = await watchLive(feed);
    viewer.socket.emit(EVENTS.watch, WISH);
    await until("the refusal", () => viewer.story().includes("refused RANGE_INVALID"));
    feed.publish();
    await until("the live frame", () => viewer.story().includes("frame 1"));
    expect(feed.feed.replays()).toBe(0);
  });

  test("whose opening fails by a fault of ours tells nothing of it", async () => {
    const feed = await startFeed({ openReplay: () => Promise.reject(new Error("secret")) });
    const viewer = connect(feed.port);
    viewer.socket.emit(EVENTS.watch, WISH);
    await until("the refusal", () => viewer.story().includes("refused INTERNAL"));
    expect(JSON.stringify(viewer.told)).not.toContain("secret");
    expect(feed.faults).toHaveLength(1);
  });

  test("four at a time, then no more until one is closed", async () => {
    const feed = await startFeed();
    const viewers = Array.from({ length: 4 }, () => connect(feed.port));
    for (const viewer of viewers) await watchReplay(feed, viewer);
    const fifth = await watchLive(feed);
    fifth.socket.emit(EVENTS.watch, WISH);
    await until("the refusal", () => fifth.story().includes("refused TOO_MANY_REQUESTS"));
    feed.publish();
    await until("its live frame", () => fifth.story().includes("frame 1"));
    await watchReplay(feed, viewers[0]!, { ...WISH, speed: 1 });
    viewers[1]!.socket.disconnect();
    await until("a free place", () => feed.feed.replays() === 3);
    await watchReplay(feed, fifth);
    expect(feed.feed.replays()).toBe(4);
  });
});
