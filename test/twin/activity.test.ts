import { describe, expect, test } from "@jest/globals";
import { activityOf, dayLines, performanceLines, SLOT_MS, stoppedLines, uptimeLines, type Known } from "../../server/twin/activity.ts";
import type { Slots } from "../../server/twin/series.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const T0 = Date.UTC(2026, 2, 2);
const RATED: Known = { model: "a", nameplateThs: 100, nameplateW: 3_000 };

/** What a rig told in a slot, null where it did not. */
interface Told {
  readonly ths: number | null;
  readonly w: number | null;
}
const HASHING: Told = { ths: 100, w: 3_000 };
const DOWN: Told = { ths: 0, w: 100 };

/** The slots of [from, to) of some rigs; `told` undefined: the rig was silent. */
const slots = async function* (from: number, to: number, rigs: Record<string, (ts: number) => Told | undefined>): AsyncIterable<Slots> {
  const lines = [];
  for (let start = Math.floor(from / SLOT_MS) * SLOT_MS; start < to; start += SLOT_MS)
    for (const [rig, of] of Object.entries(rigs)) {
      const told = of(start);
      if (told !== undefined) lines.push({ rig, start, ...told });
    }
  yield {
    slotMs: SLOT_MS,
    rig: lines.map(({ rig }) => rig),
    start: lines.map(({ start }) => start),
    readings: lines.map(() => 1),
    hashrateN: lines.map(({ ths }) => (ths === null ? 0 : 1)),
    hashrateSumThs: lines.map(({ ths }) => ths ?? 0),
    powerN: lines.map(({ w }) => (w === null ? 0 : 1)),
    powerSumW: lines.map(({ w }) => w ?? 0),
  };
};
const activity = (from: number, to: number, rigs: Record<string, (ts: number) => Told | undefined>) =>
  activityOf({ from, to }, slots(from, to, rigs), () => RATED, { leastMs: 0, limit: 100 });

describe("what was not told", () => {
  test("power or hashrate that a rig leaves out is in no mean", async () => {
    const all = await activity(T0, T0 + HOUR, {
      r1: () => HASHING,
      r2: () => ({ ths: 100, w: null }),
      r3: () => ({ ths: null, w: 3_600 }),
    });
    expect(performanceLines(all, "model")).toMatchObject([
      { rigs: 3, meanThs: 100, meanW: 3_300, loadPct: 100, actualJTh: 30, nameplateJTh: 30, overNameplatePct: 0 },
    ]);
    expect(performanceLines(all, "rig").slice(1)).toMatchObject([
      { name: "r2", meanThs: 100, meanW: null, actualJTh: null },
      { name: "r3", meanThs: null, meanW: 3_600, loadPct: null, actualJTh: null },
    ]);
    // r3 may hash: nobody knows.
    expect(stoppedLines(all)).toEqual([]);
    expect(uptimeLines(all)[2]).toMatchObject({ rig: "r3", reportedMs: 0, uptimePct: null, runs: 0 });
  });

  test("a slot without the hashrate neither ends a run nor counts as down", async () => {
    const isOdd = (ts: number): boolean => (ts / SLOT_MS) % 2 === 1;
    const all = await activity(T0, T0 + DAY, { r1: (ts) => (isOdd(ts) ? { ths: null, w: 3_000 } : HASHING) });
    expect(uptimeLines(all)).toMatchObject([{ uptimePct: 100, runs: 1, breakdowns: 0, silences: 0, hashingMs: DAY / 2 }]);
    expect(all.runs).toEqual([{ rig: "r1", fromTs: T0, toTs: T0 + DAY - SLOT_MS }]);
  });

  test("a slot in which it told that it stood still does", async () => {
    const all = await activity(T0, T0 + HOUR, { r1: (ts) => (ts === T0 + 3 * SLOT_MS ? DOWN : HASHING) });
    expect(uptimeLines(all)).toMatchObject([{ runs: 2, breakdowns: 1, silences: 0, longestRunMs: 3 * SLOT_MS }]);
  });
});

describe("silence", () => {
  test("a last slot that has only begun is none", async () => {
    const to = T0 + HOUR + 5_000;
    expect(uptimeLines(await activity(T0, to, { r1: (ts) => (ts < T0 + HOUR ? HASHING : undefined) }))).toMatchObject([{ silences: 0 }]);
  });

  test("a whole slot is, within the range and at its end", async () => {
    const gap = (ts: number): Told | undefined => (ts === T0 + 2 * SLOT_MS || ts >= T0 + 5 * SLOT_MS ? undefined : HASHING);
    expect(uptimeLines(await activity(T0, T0 + HOUR, { r1: gap }))).toMatchObject([{ runs: 2, silences: 2, breakdowns: 0 }]);
  });
});

describe("days", () => {
  test("the mean run of a day is of what lies on it: a run over midnight is one on each", async () => {
    const isNoon = (ts: number): boolean => (ts - T0) % DAY === DAY / 2;
    const all = await activity(T0, T0 + 3 * DAY, { always: () => HASHING, noon: (ts) => (isNoon(ts) ? DOWN : HASHING) });
    const mean = (2 * DAY - SLOT_MS) / 3;
    expect(dayLines(all)).toMatchObject([
      { dayTs: T0, runs: 3, meanRunMs: mean },
      { dayTs: T0 + DAY, runs: 1, meanRunMs: mean },
      { dayTs: T0 + 2 * DAY, runs: 1, meanRunMs: mean },
    ]);
  });

  test("rig-days are the part of each day that was asked for", async () => {
    const from = T0 + DAY / 2;
    const isDown = (ts: number): boolean => ts === from + HOUR || ts === from + 20 * HOUR;
    const all = await activity(from, from + DAY, { r1: (ts) => (isDown(ts) ? DOWN : HASHING) });
    expect(performanceLines(all, "rig")).toMatchObject([
      { rigDays: 1, breakdowns: 2, breakdownsPerRigDay: 2, hashingMsPerRigDay: DAY - 2 * SLOT_MS },
    ]);
  });
});
