import { describe, expect, test } from "@jest/globals";
import { inflateSync } from "node:zlib";
import { pdfOfReport } from "../../../server/edge/http/report-pdf.ts";
import { DAY_MS } from "../../../server/twin/days.ts";
import { SLOT_MS, SLOTS } from "../../../server/twin/rig-day.ts";
import type { EnergyAnswer } from "../../../server/twin/series.ts";
import { csvOfReport, monthReport, monthSpan, reportOf, reportQuery, type MonthReport } from "../../../server/twin/usage/report.ts";
import { dayUseOf, type Filled } from "../../../server/twin/usage/use.ts";

const FIRST = Date.UTC(2026, 10, 1);
const DAY = FIRST / DAY_MS;
const cell = (slot: number, ths: number, w: number, paused = 0, signed = 1): number[] => [
  slot,
  1,
  1,
  ths * 1_000,
  1,
  w,
  0,
  0,
  0,
  paused,
  signed,
];
const slots = (make: (slot: number) => number[] | null): Filled =>
  Array.from({ length: SLOTS }, (_, slot) => make(slot)).flatMap((one) => (one === null ? [] : [one]));
/** The meter is away in the last two hours; the battery charges all day. */
const meter = (day: number): EnergyAnswer => {
  const column = (value: number): (number | null)[] => Array.from({ length: SLOTS }, (_, slot) => (slot < 264 ? value : null));
  return {
    ts: Array.from({ length: SLOTS }, (_, i) => day * DAY_MS + i * SLOT_MS),
    bucketMs: SLOT_MS,
    sourcesW: { grid: column(6_000), solar: column(3_000), battery: column(-1_000) },
    meteredW: column(8_000),
    gco2ePerKwh: column(300),
    pricePerKwh: column(0.1),
  };
};
/** Two rigs pause for an hour; one says nothing in the first hour and is signed by nobody. */
const dayUse = (day: number) =>
  dayUseOf(
    day,
    new Map([
      ["a", [slots((slot) => (slot >= 100 && slot < 112 ? cell(slot, 0, 60, 1) : cell(slot, 200, 3_500)))]],
      ["b", [slots((slot) => (slot < 12 ? null : slot >= 100 && slot < 112 ? cell(slot, 0, 60, 1, 0) : cell(slot, 200, 3_500, 0, 0)))]],
    ]),
    meter(day),
    { power: [], carbon: [] },
    "EUR",
  );
const report = (asOfTs = FIRST + 40 * DAY_MS, days = [DAY, DAY + 1], firstDay = 0): MonthReport =>
  reportOf({
    site: "north",
    month: "2026-11",
    days: days.map(dayUse),
    places: new Map(["a", "b"].map((rig) => [rig, { model: "S21", position: { container: "C1", rack: "R1", slot: rig } }])),
    quotes: [{ of: "power", fromTs: FIRST, value: 0.1, currency: "EUR", source: "contract", by: "badge-1", enteredTs: FIRST }],
    states: new Map([[DAY, { kept: [{} as never], anchors: [] }]]),
    asOfTs,
    firstDay,
  });

describe("a month's report", () => {
  test("adds up by source, tells what was avoided, what is missing and who signed", () => {
    const { days, total, missingDays, isOver, racks, curtailments, currency } = report();
    expect([days.length, missingDays, isOver, currency]).toEqual([2, 28, true, "EUR"]);
    expect(total.sourcesKwh).toEqual({ grid: expect.closeTo(264, 6), solar: expect.closeTo(132, 6), battery: expect.closeTo(-44, 6) });
    expect(total.meteredKwh).toBeCloseTo(2 * 8 * 22, 6);
    expect(total.unmeteredH).toBeCloseTo(4, 6);
    expect([days[0]?.silentH, days[0]?.silentRigH]).toEqual([0, expect.closeTo(1, 6)]);
    expect(total.signedPct).toBeCloseTo((100 * 288) / (288 + 276), 6);
    expect(days.map(({ isSealed, isAnchored }) => [isSealed, isAnchored])).toEqual([
      [true, false],
      [false, false],
    ]);
    expect(curtailments).toHaveLength(2);
    expect(total.avoidedKwh).toBeCloseTo(2 * 2 * 3.44, 6);
    expect(days[0]?.avoidedKwh).toBeCloseTo(total.avoidedKwh / 2, 6);
    expect(total.saved).toBeCloseTo(0.1 * total.avoidedKwh, 6);
    expect(racks).toMatchObject([{ name: "C1 / R1", rigs: 2, costPerThH: null }]);
    expect(racks[0]?.wallKwh).toBeCloseTo(total.wallKwh, 6);
    expect(monthReport.safeParse(report()).error?.issues ?? []).toEqual([]);
  });
  test("of a month that goes on, only what is over can be missing", () => {
    const { days, missingDays, isOver, toTs } = report(FIRST + DAY_MS / 2, [DAY]);
    expect([missingDays, isOver, toTs]).toEqual([0, false, FIRST + DAY_MS / 2]);
    expect([days[0]?.unmeteredH, days[0]?.silentRigH]).toEqual([0, expect.closeTo(1, 6)]);
    expect(report(FIRST - 1, []).missingDays).toBe(0);
  });
  test("what lies before the farm's first reading is not missing", () => {
    const late = slots((slot) => (slot < 60 ? null : cell(slot, 200, 3_500)));
    const use = dayUseOf(DAY + 1, new Map([["a", [late]]]), null, { power: [], carbon: [] }, "EUR");
    const { missingDays, total } = reportOf({
      site: "north",
      month: "2026-11",
      days: [use],
      places: new Map(),
      quotes: [],
      states: new Map(),
      asOfTs: FIRST + 2 * DAY_MS,
      firstDay: DAY + 1,
    });
    expect([missingDays, total.silentH, total.silentRigH, total.unmeteredH]).toEqual([0, 0, 0, 19]);
  });
  test("a month is twelve names, and December ends with the year", () => {
    expect(monthSpan("2026-12")).toEqual({ from: Date.UTC(2026, 11, 1), to: Date.UTC(2027, 0, 1) });
    for (const month of ["2026-13", "2026-1", "26-11", "2026-11-01"]) expect(reportQuery.safeParse({ month }).success).toBe(false);
  });
  test("as CSV: a line a day, the total last, as many cells everywhere", () => {
    const rows = csvOfReport(report())
      .trimEnd()
      .split("\r\n")
      .map((line) => line.split(","));
    expect(new Set(rows.map((row) => row.length)).size).toBe(1);
    expect(rows.map(([first]) => first)).toEqual(["day", "2026-11-01", "2026-11-02", "2026-11"]);
    expect(rows[0]).toContain("solarKwh");
    expect(Number(rows[3]?.[1])).toBeCloseTo(report().total.wallKwh, 5);
  });
});

/** The words of a PDF of pdfkit's: hexadecimal strings in compressed streams. */
const wordsOf = (pdf: Uint8Array): string => {
  const raw = Buffer.from(pdf).toString("latin1");
  let words = "";
  for (const [, stream = ""] of raw.matchAll(/stream\n([\s\S]*?)\nendstream/g)) {
    let text: string;
    try {
      text = inflateSync(Buffer.from(stream, "latin1")).toString("latin1");
    } catch {
      continue;
    }
    for (const [, shown = ""] of text.matchAll(/\[([^\]]*)\] TJ/g))
      words += `${[...shown.matchAll(/<([0-9a-f]+)>/g)].map(([, hex = ""]) => Buffer.from(hex, "hex").toString("latin1")).join("")}\n`;
  }
  return words;
};

describe("as a PDF", () => {
  test("it is one, with the figures, their sources and no promise; the same report gives the same words", async () => {
    const pdf = await pdfOfReport(report());
    expect(Buffer.from(pdf.subarray(0, 5)).toString()).toBe("%PDF-");
    const words = wordsOf(pdf);
    for (const wanted of [
      "north, 2026-11",
      "Energy by source",
      "solar",
      "2026-11-02",
      "C1 / R1",
      "S21",
      "Curtailment",
      "contract",
      "will be earned",
      "signed by a gateway",
    ])
      expect(words).toContain(wanted);
    expect(wordsOf(await pdfOfReport(report()))).toBe(words);
  });
  test("many racks go on over the page's end with the head again; strange letters do not stop it", async () => {
    const one = report();
    const [rack] = one.racks;
    if (rack === undefined) throw new Error("no rack");
    const racks = Array.from({ length: 60 }, (_, i) => ({ ...rack, name: `Ж${i} / R` }));
    const pdf = await pdfOfReport({ ...one, racks });
    expect(
      Buffer.from(pdf)
        .toString("latin1")
        .match(/\/Type \/Page\n/g)?.length,
    ).toBeGreaterThan(1);
    expect(wordsOf(pdf)).toContain("?39 / R");
    expect(wordsOf(pdf)).not.toContain("?40 / R");
  });
});
