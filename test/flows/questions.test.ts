import { expect, test } from "@jest/globals";
import { createQuestions } from "../../server/flows/questions.ts";
import { SLOT_MS } from "../../server/twin/activity.ts";
import { newFarm } from "../../server/twin/farm.ts";
import type { SlotsQuery } from "../../server/twin/series.ts";

const DAY_TS = Date.UTC(2026, 2, 2);
const DAY_MS = 86_400_000;

/** A rig that has hashed all day, asked at noon. */
const atNoon = () => {
  const farm = newFarm("farm");
  farm.asOfTs = DAY_TS + DAY_MS / 2;
  const asked: SlotsQuery[] = [];
  const nothing = (): Promise<never> => Promise.reject(new Error("is not asked"));
  async function* slots(query: SlotsQuery) {
    asked.push(query);
    const start = Array.from({ length: 72 }, (_, i) => DAY_TS + i * SLOT_MS).filter((ts) => ts >= query.from && ts < query.to);
    const each = <T>(value: T): T[] => start.map(() => value);
    yield {
      slotMs: SLOT_MS,
      start,
      rig: each("r1"),
      readings: each(1),
      hashrateN: each(1),
      hashrateSumThs: each(100),
      powerN: each(1),
      powerSumW: each(3_000),
    };
  }
  const store = { latest: nothing, top: nothing, slots, count: nothing, rows: nothing, parquet: () => slots as never, rigSeries: nothing };
  return { questions: createQuestions({ site: "farm", farm: () => farm, store }), asked };
};
const WAITING = new AbortController().signal;
const TODAY = { from: DAY_TS, to: DAY_TS + DAY_MS };

test("what of a range is still to come is neither silence nor a part of a rig's day", async () => {
  const { questions, asked } = atNoon();
  const { rigs } = await questions.uptime({ ...TODAY, leastMs: 0, limit: 1 }, WAITING);
  expect(rigs).toMatchObject([{ silences: 0, runs: 1, uptimePct: 100 }]);
  expect((await questions.performance({ ...TODAY, by: "rig" }, WAITING)).lines).toMatchObject([
    { rigDays: 0.5, hashingMsPerRigDay: DAY_MS },
  ]);
  expect(asked.map(({ to }) => to)).toEqual([DAY_TS + DAY_MS / 2, DAY_TS + DAY_MS / 2]);
});

test("a range of which less than a slot has passed is no sign that a rig has stopped, and one to come holds nothing", async () => {
  const { questions } = atNoon();
  await expect(questions.stopped({ from: DAY_TS + DAY_MS / 2 - 60_000, to: DAY_TS + DAY_MS }, WAITING)).rejects.toMatchObject({
    code: "RANGE_INVALID",
  });
  expect((await questions.uptime({ from: DAY_TS + DAY_MS - 1, to: DAY_TS + DAY_MS, leastMs: 0, limit: 1 }, WAITING)).rigs).toEqual([]);
});
