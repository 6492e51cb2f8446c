import { expect, test } from "@jest/globals";
import { startUpkeep } from "../../server/flows/upkeep.ts";
import { handClock } from "./hands.ts";

const MINUTE_MS = 60_000;

test("a store that catches up is not rolled up under its writes, but a little each hour, and wholly when it is done", async () => {
  const clock = handClock();
  let isCatchingUp = false;
  let due = 0;
  let calls = 0;
  const stop = startUpkeep({
    clock,
    rollup: async () => {
      calls += 1;
      const windows = Math.min(due, 20);
      due -= windows;
      return windows;
    },
    retain: async () => undefined,
    isCatchingUp: () => isCatchingUp,
    newestTs: clock.now,
    rawDays: 7,
    minuteDays: 90,
    onError: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
  due = 1;
  await clock.pass(2 * MINUTE_MS);
  expect(due).toBe(0);
  isCatchingUp = true;
  [due, calls] = [100, 0];
  await clock.pass(50 * MINUTE_MS);
  expect([due, calls]).toEqual([100, 0]);
  await clock.pass(20 * MINUTE_MS);
  expect([due, calls]).toEqual([80, 1]);
  isCatchingUp = false;
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
  const stop = startUpkeep({
    clock,
    rollup: async (beforeTs) => {
      endedByTs.add(beforeTs);
      rolledUpAtMs.add((clock.now() - deviceTs) % (5 * MINUTE_MS));
      return 0;
    },
    retain: async (rawBeforeTs) => {
      dropped.push(rawBeforeTs);
      droppedAtMs.push(clock.now() - deviceTs);
    },
    isCatchingUp: () => false,
    newestTs: () => deviceTs,
    rawDays: 30,
    minuteDays: 400,
    onError: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
  await clock.pass(90 * 86_400_000);
  expect(Math.max(...dropped)).toBe(deviceTs - 30 * 86_400_000);
  // Each hour, and never with a snapshot or a roll-up, whose rounds began when these did.
  expect(droppedAtMs).toHaveLength(90 * 24 - 1);
  expect(new Set(droppedAtMs.map((ms) => ms % (5 * MINUTE_MS)))).toEqual(new Set([2 * MINUTE_MS]));
  // Ten minutes of the clock together, and as soon as they are over.
  expect([...endedByTs].filter((ts) => ts % (10 * MINUTE_MS) !== 0)).toEqual([]);
  expect(endedByTs.size).toBe(90 * 24 * 6 + 1);
  expect([...rolledUpAtMs].toSorted((a, b) => a - b)).toEqual([0.5, 1.5, 2.5, 3.5, 4.5].map((minutes) => minutes * MINUTE_MS));
  stop();
});
