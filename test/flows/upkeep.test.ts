import { expect, test } from "@jest/globals";
import { startUpkeep, type UpkeepNeeds } from "../../server/flows/upkeep.ts";
import { handClock } from "./hands.ts";

const MINUTE_MS = 60_000;

/** A store that has nothing to do and lacks nothing, but for what a test says. */
const start = (clock: UpkeepNeeds["clock"], needs: Partial<UpkeepNeeds>): (() => void) =>
  startUpkeep({
    clock,
    rollup: async () => 0,
    retain: async () => undefined,
    letGo: async () => undefined,
    behindTs: () => null,
    newestTs: clock.now,
    rawDays: 30,
    minuteDays: 400,
    onError: (what, error) => {
      throw new Error(what, { cause: error });
    },
    ...needs,
  });

test("a store that catches up is not rolled up under its writes, but a little each hour, and wholly when it is done", async () => {
  const clock = handClock();
  let behindTs: number | null = null;
  let due = 0;
  let calls = 0;
  const stop = start(clock, {
    rollup: async () => {
      calls += 1;
      const windows = Math.min(due, 20);
      due -= windows;
      return windows;
    },
    behindTs: () => behindTs,
  });
  due = 1;
  await clock.pass(2 * MINUTE_MS);
  expect(due).toBe(0);
  behindTs = clock.now();
  [due, calls] = [100, 0];
  await clock.pass(50 * MINUTE_MS);
  expect([due, calls]).toEqual([100, 0]);
  await clock.pass(20 * MINUTE_MS);
  expect([due, calls]).toEqual([80, 1]);
  behindTs = null;
  await clock.pass(MINUTE_MS);
  expect(due).toBe(0);
  stop();
});

test("old rows are dropped each hour, by the time of the devices where this machine's clock is ahead of it", async () => {
  const clock = handClock();
  const deviceTs = clock.now();
  const dropped: number[] = [];
  const droppedAtMs: number[] = [];
  const rolledUpAtMs = new Set<number>();
  const endedByTs = new Set<number>();
  const stop = start(clock, {
    rollup: async (beforeTs) => {
      endedByTs.add(beforeTs);
      rolledUpAtMs.add((clock.now() - deviceTs) % (5 * MINUTE_MS));
      return 0;
    },
    retain: async (rawBeforeTs) => {
      dropped.push(rawBeforeTs);
      droppedAtMs.push(clock.now() - deviceTs);
    },
    newestTs: () => deviceTs,
  });
  await clock.pass(90 * 86_400_000);
  expect(Math.max(...dropped)).toBe(deviceTs - 30 * 86_400_000);
  // Each hour, and never with a snapshot or a roll-up, whose rounds began when these did.
  expect(droppedAtMs).toHaveLength(90 * 24 - 1);
  expect(new Set(droppedAtMs.map((ms) => ms % (5 * MINUTE_MS)))).toEqual(new Set([2 * MINUTE_MS]));
  // Ten minutes of the clock together, and as soon as they are over.
  expect([...endedByTs].filter((ts) => ts % (10 * MINUTE_MS) !== 0)).toEqual([]);
  expect(endedByTs.size).toBe(90 * 24 * 6 + 1);
  expect([...rolledUpAtMs].map((ms) => ms % MINUTE_MS)).toEqual(Array(rolledUpAtMs.size).fill(MINUTE_MS / 2));
  stop();
});

test("late rows are rolled up once in ten minutes, however many come, and a round of many ends", async () => {
  const clock = handClock();
  let due = 0;
  let letGo = 0;
  const calls: number[] = [];
  const stop = start(clock, {
    rollup: async () => {
      calls.push(clock.now());
      const windows = Math.min(due, 20);
      due -= windows;
      return windows;
    },
    letGo: async () => void (letGo += 1),
  });
  for (let minute = 0; minute < 60; minute++) {
    due += 5;
    await clock.pass(MINUTE_MS);
  }
  // Fifty windows a time, in three calls and one that finds nothing.
  expect(new Set(calls).size).toBeLessThanOrEqual(7);
  expect(due).toBeLessThanOrEqual(50);
  // In each of the other minutes.
  expect(letGo).toBe(59 - new Set(calls).size);
  stop();
});

test("a round of which no end comes is left, and gone on with a minute later", async () => {
  const clock = handClock();
  const calls: number[] = [];
  const stop = start(
    { ...clock, now: () => clock.now() + 1_000 * calls.length },
    {
      rollup: async () => {
        calls.push(clock.now());
        return 1;
      },
    },
  );
  await clock.pass(4 * MINUTE_MS);
  expect(calls).toHaveLength(60);
  expect(new Set(calls).size).toBe(3);
  stop();
});

test("while a store is filled from the journal, old rows are dropped as if it were the time of what is written", async () => {
  const clock = handClock();
  const behindTs = clock.now() - 60 * 86_400_000;
  const dropped: number[][] = [];
  const stop = start(clock, {
    retain: async (...before) => void dropped.push(before),
    behindTs: () => behindTs,
  });
  await clock.pass(3 * 3_600_000);
  expect(dropped).toEqual(Array(2).fill([behindTs - 30 * 86_400_000, behindTs - 400 * 86_400_000]));
  stop();
});
