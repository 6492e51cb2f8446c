import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { DAY_MS } from "../../../server/twin/days.ts";
import { CELL, SLOT_MS, SLOTS } from "../../../server/twin/rig-day.ts";
import type { EnergyAnswer } from "../../../server/twin/series.ts";
import { accountOf } from "../../../server/twin/usage/account.ts";
import { csvOfUsage } from "../../../server/twin/usage/csv.ts";
import { curtailmentsIn } from "../../../server/twin/usage/curtailment.ts";
import { foldQuotes, meanQuote, quoteAt, quotesOf, type Quote, type QuoteBook } from "../../../server/twin/usage/quotes.ts";
import type { Usage } from "../../../server/twin/usage/shapes.ts";
import { dayUseOf, type DayUse, type Filled } from "../../../server/twin/usage/use.ts";

const DAY = 20_000;
const T0 = DAY * DAY_MS;
/** n, hash n and sum (GH/s), power n and sum (W), three temperatures, paused, signed. */
const cell = (slot: number, ths: number, w: number, paused = 0): number[] => [slot, 1, 1, ths * 1_000, 1, w, 0, 0, 0, paused, 0];
const whole = (ths: number, w: number): Filled => Array.from({ length: SLOTS }, (_, slot) => cell(slot, ths, w));
const NONE: { readonly power: readonly Quote[]; readonly carbon: readonly Quote[] } = { power: [], carbon: [] };
const meter = (w: number, sourcesW: Record<string, number> = { grid: w }, day = DAY): EnergyAnswer => {
  const column = (value: number): number[] => Array.from({ length: SLOTS }, () => value);
  return {
    ts: Array.from({ length: SLOTS }, (_, i) => day * DAY_MS + i * SLOT_MS),
    bucketMs: SLOT_MS,
    sourcesW: Object.fromEntries(Object.entries(sourcesW).map(([source, watts]) => [source, column(watts)])),
    meteredW: column(w),
    gco2ePerKwh: column(400),
    pricePerKwh: column(0.1),
  };
};
const use = (rigs: Record<string, Filled[]>, energy: EnergyAnswer | null = null, day = DAY, entered = NONE): DayUse =>
  dayUseOf(day, new Map(Object.entries(rigs)), energy, entered, "USD");
const hashprice = (value: number, currency = "USD", fromTs = 0): Quote => ({
  of: "hashprice",
  fromTs,
  value,
  currency,
  source: "s",
  by: "b",
  enteredTs: 0,
});

test("a cell has as many integers as the digest's", () => {
  expect(cell(0, 1, 1)).toHaveLength(CELL + 1);
});

describe("a day's use", () => {
  test("24 h of 100 TH/s at 3 kW are 2,400 TH·h and 72 kWh; what is paid is the meter's, shared by what the rigs report", () => {
    const day = use({ a: [whole(100, 3_000)], b: [whole(50, 1_000)] }, meter(4_400));
    const [a, b] = day.rigs;
    expect(a?.thH).toBeCloseTo(2_400, 6);
    expect(a?.reportedKwh).toBeCloseTo(72, 6);
    expect(a?.wallKwh).toBeCloseTo(79.2, 6);
    expect((a?.wallKwh ?? 0) + (b?.wallKwh ?? 0)).toBeCloseTo(4.4 * 24, 6);
    expect(a?.cost).toBeCloseTo(7.92, 6);
    expect(a?.kgco2e).toBeCloseTo(31.68, 6);
    expect([a?.runH, a?.pausedH]).toEqual([expect.closeTo(24, 6), 0]);
  });
  test("where minutes are gone an hour of the meter is that of all its five minutes", () => {
    const fine = meter(4_400);
    const hours = <T>(column: readonly T[] | undefined): T[] => (column ?? []).filter((_, i) => i % 12 === 0);
    const coarse: EnergyAnswer = {
      ts: hours(fine.ts),
      bucketMs: 12 * SLOT_MS,
      sourcesW: { grid: hours(fine.sourcesW.grid) },
      meteredW: hours(fine.meteredW),
      gco2ePerKwh: hours(fine.gco2ePerKwh),
      pricePerKwh: hours(fine.pricePerKwh),
    };
    const rigs = { a: [whole(100, 3_000)], b: [whole(50, 1_000)] };
    expect(use(rigs, coarse)).toEqual(use(rigs, fine));
  });
  test("own sun costs nothing and weighs nothing", () => {
    const [a] = use({ a: [whole(100, 3_000)] }, meter(3_000, { grid: 750, solar: 2_250 })).rigs;
    expect(a?.cost).toBeCloseTo(72 * 0.25 * 0.1, 6);
    expect(a?.kgco2e).toBeCloseTo(72 * 0.25 * 0.4, 6);
  });
  test("without a meter the rig's own report and the entered prices stand, from when they hold", () => {
    const half: Quote = { ...hashprice(0.2), of: "power", fromTs: T0 + DAY_MS / 2 };
    const [a] = use({ a: [whole(100, 3_000)] }, null, DAY, { power: [half], carbon: [] }).rigs;
    expect([a?.wallKwh, a?.pricedKwh, a?.cost, a?.carbonKwh]).toEqual([72, 36, 7.2, 0].map((value) => expect.closeTo(value, 6)));
  });
  test("what came late in another version counts once, with the rest", () => {
    const [a] = use({ a: [[cell(0, 100, 3_000)], [cell(1, 100, 3_000)]] }).rigs;
    expect(a?.thH).toBeCloseTo((2 * 100) / 12, 6);
  });
});

describe("curtailment", () => {
  const paused = (from: number, to: number): Filled =>
    Array.from({ length: SLOTS }, (_, slot) => (slot >= from && slot < to ? cell(slot, 0, 60, 1) : cell(slot, 100, 3_060)));
  test("is where several pause together; it tells what was not drawn and not hashed", () => {
    const [one, ...more] = curtailmentsIn([use({ a: [paused(12, 24)], b: [paused(12, 18)], c: [whole(100, 3_000)] }, meter(9_000))]);
    expect(more).toEqual([]);
    expect(one).toMatchObject({ fromTs: T0 + 12 * SLOT_MS, toTs: T0 + 18 * SLOT_MS, rigs: 2 });
    expect(one?.avoidedKwh).toBeCloseTo(3, 6);
    expect(one?.saved).toBeCloseTo(0.3, 6);
    expect(one?.savedKgco2e).toBeCloseTo(1.2, 6);
    expect(one?.forgoneThH).toBeCloseTo(100, 6);
  });
  test("a single paused rig is a repair; one over midnight is one; without a price nothing is said to be saved", () => {
    expect(curtailmentsIn([use({ a: [paused(12, 24)], b: [whole(1, 1)] })])).toEqual([]);
    const days = [use({ a: [paused(276, 288)], b: [paused(276, 288)] }), use({ a: [paused(0, 12)], b: [paused(0, 12)] }, null, DAY + 1)];
    const found = curtailmentsIn(days);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ fromTs: T0 + 276 * SLOT_MS, toTs: T0 + DAY_MS + 12 * SLOT_MS, saved: null });
  });
});

describe("the account", () => {
  const places = new Map([
    ["a", { model: "S19", position: { container: "C1", rack: "R1", slot: "1" } }],
    ["b", { model: "S21", position: { container: "C1", rack: "R2", slot: "1" } }],
  ]);
  const day = use({ a: [whole(100, 3_000)], b: [whole(200, 3_000)] }, meter(6_000));
  test("revenue is the day's PH/s at the entered hashprice; margin and break-even follow; the worst stands first", () => {
    const { total, lines, comparable } = accountOf([day], "rig", "farm", places, [hashprice(50)]);
    expect(total.revenue).toBeCloseTo(0.3 * 50, 6);
    expect(total.cost).toBeCloseTo(14.4, 6);
    expect(total.margin).toBeCloseTo(0.6, 6);
    expect(total.breakEvenPerKwh).toBeCloseTo(15 / 144, 9);
    expect(lines.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(comparable).toBe(true);
  });
  test("groups add up to the whole, whatever they are", () => {
    fc.assert(
      fc.property(fc.constantFrom("site", "container", "rack", "model", "rig" as const), (by) => {
        const { total, lines } = accountOf([day, { ...day, day: DAY + 1 }], by, "farm", places, [hashprice(50)]);
        for (const key of ["thH", "wallKwh", "cost", "revenue", "kgco2e"] as const)
          expect(lines.reduce((sum, line) => sum + (line[key] ?? 0), 0)).toBeCloseTo(total[key] ?? NaN, 6);
        expect(total.rigs).toBe(2);
      }),
    );
  });
  test("two currencies give no margin, an energy without a price no cost, a day without a hashprice no revenue", () => {
    const other = accountOf([day], "site", "farm", places, [hashprice(50, "EUR")]);
    expect([other.comparable, other.total.margin, other.total.breakEvenPerKwh]).toEqual([false, null, null]);
    const bare = accountOf([use({ a: [whole(100, 3_000)] })], "site", "farm", places, []).total;
    expect([bare.cost, bare.kgco2e, bare.revenue, bare.margin, bare.costPerThH]).toEqual([null, null, null, null, null]);
    const half = accountOf([day, { ...day, day: DAY + 1 }], "site", "farm", places, [hashprice(50, "USD", T0 + DAY_MS)]).total;
    expect(half.revenue).toBeNull();
  });
});

describe("entered prices", () => {
  test("the newest that holds, a later entry for the same moment replaces it, and a mean is weighted by time", () => {
    const book: QuoteBook = new Map();
    const enter = (fromTs: number, value: number): void =>
      foldQuotes(book, { of: "hashprice", currency: "USD", source: "s", by: "b", lines: [{ fromTs, value }] }, 1);
    enter(100, 5);
    enter(200, 8);
    enter(200, 9);
    const list = quotesOf(book, "hashprice");
    expect(list.map(({ value }) => value)).toEqual([5, 9]);
    expect([quoteAt(list, 99), quoteAt(list, 199)?.value, quoteAt(list, 200)?.value]).toEqual([null, 5, 9]);
    expect(meanQuote(list, 150, 250)?.value).toBe(7);
    expect(meanQuote(list, 50, 250)).toBeNull();
    expect(meanQuote([...list, hashprice(1, "EUR", 220)], 150, 250)).toBeNull();
  });
});

test("a spreadsheet gets no formula from a rig's name, and a blank where nothing is known", () => {
  const { total, lines } = accountOf([use({ '=cmd|"x"': [whole(100, 3_000)] })], "rig", "farm", new Map(), []);
  const csv = csvOfUsage({ total, lines, currency: null, hashpriceCurrency: null } as unknown as Usage);
  const [head, first, last] = csv.split("\r\n");
  expect(head).toMatch(/^name,rigs,thH,/);
  expect(first).toMatch(/^"'=cmd\|""x""",1,2400,72,72,,,/);
  expect(last).toMatch(/^total,1,2400,/);
});
