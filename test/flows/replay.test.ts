import { describe, expect, test } from "@jest/globals";
import { createFrames, type Frame } from "../../server/flows/frames.ts";
import { openReplay } from "../../server/flows/replay.ts";
import { createTelemetry } from "../../server/flows/telemetry.ts";
import { unpackRows } from "../../server/twin/delta.ts";
import { foldEntry, newFarm, nothingYet } from "../../server/twin/farm.ts";
import { farmHash } from "../../server/twin/snapshot.ts";
import { birth, energy, handClock, handJournal, T0, telemetry, tick } from "./hands.ts";
import { createTotals } from "../../server/flows/site-totals.ts";
import { NOTHING_KNOWN } from "../../server/twin/energy-settings.ts";

const MINUTE = 60_000;

/** A quarter of an hour of two rigs; r1 stops hashing after five minutes. */
const recorded = () => {
  const clock = handClock();
  const journal = handJournal(clock.now);
  for (const rig of ["r1", "r2"]) journal.put(birth(rig), T0);
  for (let s = 0; s < 900; s += 5) {
    const ts = T0 + s * 1_000;
    journal.put(tick, ts);
    journal.put(telemetry("r1", ts, s / 5, s < 300 ? {} : { hashrateThs: 0 }), ts + 10);
    journal.put(telemetry("r2", ts, s / 5), ts + 20);
    journal.put(energy(ts, s / 5, 6_500), ts + 30);
  }
  return { clock, journal };
};

const shown = createTotals(() => NOTHING_KNOWN);

const open = async (speed = 10, snapshots: ReturnType<Parameters<typeof openReplay>[0]["loadSnapshot"]>[] = []) => {
  const { clock, journal } = recorded();
  await clock.pass(20 * MINUTE);
  const frames: Frame[] = [];
  const replay = await openReplay(
    {
      room: "room-1",
      site: "farm",
      totals: shown,
      clock,
      read: journal.read,
      loadSnapshot: () => snapshots[0] ?? null,
      oldestTs: journal.oldestTs,
    },
    { from: T0 + 2 * MINUTE, to: T0 + 12 * MINUTE, speed },
    (frame) => frames.push(frame),
  );
  const foldedTo = (ts: number): string => {
    const farm = newFarm("farm");
    for (const entry of journal.entries) if (entry.receivedTs <= ts) foldEntry(farm, entry, nothingYet());
    return farmHash(farm);
  };
  return { clock, journal, frames, replay, foldedTo };
};

describe("a replay", () => {
  test("stands at the window's beginning as the farm stood then", async () => {
    const { replay, foldedTo } = await open();
    const { meta, columns } = replay.whole();
    expect(meta.clock).toMatchObject({ view: "replay", nowTs: T0 + 2 * MINUTE, playing: true, speed: 10 });
    expect(meta.roster.map(({ rig }) => rig)).toEqual(["r1", "r2"]);
    expect(Array.from(unpackRows(columns).numbers.hashrateThs)).toEqual([100, 100]);
    expect(farmHash(replay.farm())).toBe(foldedTo(T0 + 2 * MINUTE));
    replay.close();
  });

  test("plays at its speed through the same fold, numbers its frames, and stops at the end", async () => {
    const { clock, replay, frames, foldedTo } = await open(10);
    await clock.pass(30_000);
    expect(frames.at(-1)?.meta.clock.nowTs).toBe(T0 + 7 * MINUTE);
    expect(farmHash(replay.farm())).toBe(foldedTo(T0 + 7 * MINUTE));
    expect(replay.farm().twins.get("r1")?.state).toBe("hung");
    await clock.pass(60_000);
    expect(frames.at(-1)?.meta.clock).toMatchObject({ nowTs: T0 + 12 * MINUTE, playing: false });
    expect(farmHash(replay.farm())).toBe(foldedTo(T0 + 12 * MINUTE));
    expect(frames.map(({ meta }) => meta.n)).toEqual(frames.map((_, i) => i + 1));
    expect([...new Set(frames.flatMap(({ meta }) => meta.alarms).map(({ kind }) => kind))]).toEqual(["hung"]);
  });

  test("at any speed the same moment is the same farm", async () => {
    const slow = await open(1);
    const fast = await open(1_000);
    await slow.clock.pass(10 * MINUTE);
    await fast.clock.pass(1_000);
    expect(farmHash(fast.replay.farm())).toBe(farmHash(slow.replay.farm()));
  });

  test("pauses, jumps back and forth, and changes speed", async () => {
    const { clock, replay, foldedTo } = await open(10);
    await replay.control({ playing: false });
    await clock.pass(10_000);
    expect(replay.whole().meta.clock.nowTs).toBe(T0 + 2 * MINUTE);
    for (const minute of [11, 3]) {
      expect(await replay.control({ at: T0 + minute * MINUTE })).toBe(true);
      expect(farmHash(replay.farm())).toBe(foldedTo(T0 + minute * MINUTE));
    }
    await replay.control({ playing: true, speed: 60 });
    await clock.pass(1_000);
    expect(replay.whole().meta.clock.nowTs).toBe(T0 + 4 * MINUTE);
  });

  test("starts from the nearest snapshot where there is one", async () => {
    const { clock, journal } = recorded();
    await clock.pass(20 * MINUTE);
    const saved: { pos: number; ts: number; lines: string[]; cells: unknown[] }[] = [];
    const live = createTelemetry({
      site: "farm",
      version: "test",
      clock,
      write: () => Promise.resolve(),
      read: journal.read,
      subscribe: journal.subscribe,
      loadSnapshot: () => null,
      saveSnapshot: (pos, ts, texts, cells) =>
        Promise.resolve(void saved.push({ pos, ts, lines: [...texts].join("").trimEnd().split("\n"), cells: [cells] })),
      snapshotMs: MINUTE,
      onError: (what) => {
        throw new Error(what);
      },
    });
    await live.start();
    await live.stop();
    expect(saved).toHaveLength(1);
    const readFrom: number[] = [];
    const replay = await openReplay(
      {
        room: "room-1",
        site: "farm",
        totals: shown,
        clock,
        read: (pos) => {
          readFrom.push(pos);
          return journal.read(pos);
        },
        loadSnapshot: (ts) => saved.find((snapshot) => snapshot.ts <= ts) ?? null,
        oldestTs: journal.oldestTs,
      },
      { from: T0 + 15 * MINUTE, to: T0 + 16 * MINUTE, speed: 1 },
      () => undefined,
    ).catch((error: unknown) => error as Error);
    expect(replay).not.toBeInstanceOf(Error);
    expect(readFrom[0]).toBe((saved[0]?.pos ?? 0) + 1);
  });

  test.each([
    [{ from: T0 + 5, to: T0, speed: 1 }, "RANGE_INVALID"],
    [{ from: 0, to: 1, speed: 1 }, "RANGE_INVALID"],
    [{ from: T0, to: T0 + 5, speed: 0 }, "REQUEST_INVALID"],
    [{ from: T0, to: T0 + 5, speed: 1e9 }, "REQUEST_INVALID"],
    [{ from: Number.NaN, to: T0 + 5, speed: 1 }, "REQUEST_INVALID"],
  ])("%j is refused as %s", async (wish, code) => {
    const { clock, journal } = recorded();
    const needs = {
      room: "room-1",
      site: "farm",
      totals: shown,
      clock,
      read: journal.read,
      loadSnapshot: () => null,
      oldestTs: journal.oldestTs,
    };
    await expect(openReplay(needs, wish, () => undefined)).rejects.toMatchObject({ code });
  });

  test("a closed one says nothing more", async () => {
    const { clock, replay, frames } = await open(1);
    replay.close();
    await clock.pass(10_000);
    expect(frames).toEqual([]);
  });
});

describe("frames", () => {
  test("carry what changed since the last, the whole carries everything", () => {
    const { journal } = recorded();
    const farm = newFarm("farm");
    const frames = createFrames(
      () => farm,
      shown,
      () => ({ view: "live", nowTs: farm.asOfTs, playing: true, speed: 1, from: null, to: null }),
    );
    const carry = (from: number, to: number): void => {
      const out = nothingYet();
      for (const entry of journal.entries.slice(from, to)) foldEntry(farm, entry, out);
      frames.take(out);
    };
    carry(0, 4);
    const first = frames.next();
    expect(first.meta).toMatchObject({ n: 1, roster: [{ rig: "r1" }, { rig: "r2" }] });
    expect(unpackRows(first.columns).count).toBe(2);
    const empty = frames.next();
    expect(empty.meta).toMatchObject({ n: 2, roster: [], alarms: [], orders: [] });
    expect(unpackRows(empty.columns).count).toBe(0);
    carry(4, 5);
    expect(Array.from(unpackRows(frames.next().columns).index)).toEqual([1]);
    expect(frames.whole().meta).toMatchObject({ n: 3, roster: [{ rig: "r1" }, { rig: "r2" }] });
    expect(unpackRows(frames.whole().columns).count).toBe(2);
  });
});
