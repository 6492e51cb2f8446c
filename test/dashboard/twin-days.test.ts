import { describe, expect, test } from "@jest/globals";
import { calendarOf, hashes, stagesOf, sumOf } from "../../dashboard/twin-days.ts";
import type { DayLine } from "../../server/twin/bundle.ts";

const DAY_MS = 86_400_000;
const line = (day: number, more: Partial<DayLine> = {}): DayLine => ({
  day,
  date: new Date(day * DAY_MS).toISOString().slice(0, 10),
  state: "anchored",
  tier: "self-reported",
  n: 2_880,
  expected: 2_880,
  gaps: 0,
  totals: {
    deliveredThH: 4_800,
    energyKwh: 84,
    nameplateThH: 4_800,
    efficiencyJTh: 17.5,
    uptimePct: 100,
    uptimeExcusedPct: 100,
    slots: 288,
    upSlots: 288,
    excusedSlots: 0,
  },
  root: `0x${"ab".repeat(32)}`,
  number: 0,
  txHash: null,
  blockNumber: null,
  anchoredTs: null,
  ...more,
});

describe("a twin's days", () => {
  test("sums weigh by what was measured, not by days", () => {
    const half = {
      ...line(1).totals,
      deliveredThH: 1_200,
      energyKwh: 21,
      upSlots: 72,
      excusedSlots: 144,
      uptimePct: 25,
      uptimeExcusedPct: 50,
    };
    const sum = sumOf([line(0), line(1, { totals: half, root: null, gaps: 2 })]);
    expect(sum).toMatchObject({
      deliveredThH: 6_000,
      energyKwh: 105,
      efficiencyJTh: 17.5,
      uptimePct: 62.5,
      anchored: 1,
      withGaps: 1,
      tier: "self-reported",
    });
    expect(sum.uptimeExcusedPct).toBeCloseTo((100 * 360) / 432);
  });
  test("one unknown nameplate makes the whole unknown, and tiers that differ are not the better one", () => {
    const sum = sumOf([line(0, { tier: "gateway-signed" }), line(1, { totals: { ...line(1).totals, nameplateThH: null } })]);
    expect([sum.nameplateThH, sum.tier]).toEqual([null, "mixed"]);
    expect(sumOf([])).toMatchObject({ uptimePct: null, efficiencyJTh: null, tier: null });
  });
  test("the calendar has the days that are missing", () => {
    expect(calendarOf([line(20_000), line(20_003)]).map(({ date, line: one }) => [date, one !== null])).toEqual([
      ["2024-10-04", true],
      ["2024-10-05", false],
      ["2024-10-06", false],
      ["2024-10-07", true],
    ]);
    expect(calendarOf([])).toEqual([]);
  });
  test("hashes in the unit that fits", () => {
    expect(
      [hashes(4_800), hashes(133_980), hashes(12.34), hashes(null)].map(({ text, unit }) => `${text.replaceAll("\u202f", " ")} ${unit}`),
    ).toEqual(["4 800 TH·h", "134.0 PH·h", "12.3 TH·h", "– TH·h"]);
  });
});

describe("a life", () => {
  const work = (kind: Parameters<typeof stagesOf>[0][number]["kind"], performedTs: number) => ({ kind, performedTs });
  test.each([
    ["in service since it was installed", [work("registration", 1), work("installation", 2)], "service", 2],
    ["never installed: in service since it was seen", [work("registration", 1)], "service", 9],
    ["away", [work("installation", 2), work("repair-sent", 5)], "repair", 5],
    ["back again", [work("installation", 2), work("repair-sent", 5), work("repair-returned", 7)], "service", 7],
    ["retired, whatever came before", [work("repair-sent", 5), work("retired", 8)], "retired", 8],
  ] as const)("%s", (_, works, name, sinceTs) => {
    const now = stagesOf(works, 9).filter(({ isNow }) => isNow);
    expect(now).toEqual([{ name, sinceTs, isNow: true }]);
  });
});
