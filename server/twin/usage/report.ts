/**
 * One UTC month of a site: what it delivered, used, cost and saved, day by day, with what is missing and where each figure is from. It tells
 * what was measured; it says nothing about what will be earned.
 */
import { z } from "zod";
import { csvOf } from "../csv.ts";
import { DAY_MS } from "../days.ts";
import { SLOT_MS, SLOTS } from "../rig-day.ts";
import type { DayState } from "../sealing.ts";
import { accountOf, type Place } from "./account.ts";
import type { Group } from "./groups.ts";
import { curtailmentsIn, type Curtailment } from "./curtailment.ts";
import type { Quote } from "./quotes.ts";
import { curtailmentLine, usageLine } from "./shapes.ts";
import type { DayUse } from "./use.ts";

const SLOT_H = SLOT_MS / 3_600_000;
const number = z.number().nullable();
const ms = z.int().describe("ms since 1970 UTC");

export const reportQuery = z.object({ month: z.string().regex(/^20\d\d-(0[1-9]|1[0-2])$/, "must be a month such as 2026-11") });
export type ReportQuery = z.output<typeof reportQuery>;

const reportDay = z.object({
  day: z.iso.date(),
  wallKwh: z.number(),
  meteredKwh: z.number(),
  reportedKwh: z.number(),
  sourcesKwh: z.record(z.string(), z.number()).describe("of the meter; what a battery takes counts negative"),
  cost: number,
  kgco2e: number,
  thH: z.number(),
  efficiencyJTh: number,
  avoidedKwh: z.number(),
  unmeteredH: z.number().describe("hours without the meter"),
  silentH: z.number().describe("hours in which no rig told anything"),
  silentRigH: z.number().describe("rig-hours without a reading, of rigs that spoke on that day"),
  signedPct: number.describe("readings that a gateway had signed"),
  isSealed: z.boolean(),
  isAnchored: z.boolean(),
});
export type ReportDay = z.infer<typeof reportDay>;
const reportTotal = reportDay.omit({ day: true, isSealed: true, isAnchored: true }).extend({ saved: number, savedKgco2e: number });
const groups = z.array(usageLine);
export const monthReport = z.object({
  site: z.string(),
  month: z.string(),
  fromTs: ms,
  toTs: ms.describe("end of the month, or the newest entry where the month is not over"),
  isOver: z.boolean(),
  currency: z.string().nullable(),
  days: z.array(reportDay),
  missingDays: z.int().describe("days of the month without any reading"),
  total: reportTotal,
  racks: groups,
  models: groups,
  curtailments: z.array(curtailmentLine),
  /** Where the prices are from, as they were entered. */
  entered: z.array(z.object({ of: z.string(), source: z.string(), by: z.string(), fromTs: ms, value: z.number() })),
  asOfTs: ms,
});
export type MonthReport = z.infer<typeof monthReport>;

/** First and last moment of a month, ms UTC, half-open. */
export const monthSpan = (month: string): { readonly from: number; readonly to: number } => {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return { from: Date.UTC(year, number - 1, 1), to: Date.UTC(year, number, 1) };
};

const sumOf = (values: readonly (number | null)[]): number => values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
const kwhOf = (watts: readonly (number | null)[]): number => (sumOf(watts) / 1_000) * SLOT_H;
const per = (a: number, b: number): number | null => (b > 0 ? a / b : null);

export interface ReportNeeds {
  readonly site: string;
  readonly month: string;
  readonly days: readonly DayUse[];
  readonly places: ReadonlyMap<string, Place>;
  readonly quotes: readonly Quote[];
  /** What became of a day, by days since 1970 UTC. */
  readonly states: ReadonlyMap<number, Pick<DayState, "kept" | "anchors">>;
  readonly asOfTs: number;
  /** The UTC day of the journal's first entry; what lies before it is not missing. */
  readonly firstDay: number;
}

const dayLine = (use: DayUse, needs: ReportNeeds): ReportDay => {
  const { site, rigs, day } = use;
  const { total } = accountOf([use], "site", needs.site, needs.places, []);
  const state = needs.states.get(day);
  // Of today only what is over, of the first day only from when on somebody spoke.
  const first =
    day === needs.firstDay
      ? Math.max(
          0,
          site.spokeRigs.findIndex((rigsThen) => rigsThen > 0),
        )
      : 0;
  const over = Math.max(0, Math.min(SLOTS, Math.floor((needs.asOfTs - day * DAY_MS) / SLOT_MS)));
  const slots = Array.from({ length: Math.max(0, over - first) }, (_, i) => first + i);
  const hours = (wants: (slot: number) => boolean): number => slots.filter(wants).length * SLOT_H;
  return {
    day: new Date(day * DAY_MS).toISOString().slice(0, 10),
    wallKwh: total.wallKwh,
    meteredKwh: kwhOf(site.meteredW),
    reportedKwh: total.reportedKwh,
    sourcesKwh: Object.fromEntries(Object.entries(site.sourcesW).map(([source, watts]) => [source, kwhOf(watts)])),
    cost: total.cost,
    kgco2e: total.kgco2e,
    thH: total.thH,
    efficiencyJTh: total.efficiencyJTh,
    avoidedKwh: kwhOf(site.avoidedW.map((watts, slot) => ((site.pausedRigs[slot] ?? 0) > 1 ? watts : 0))),
    unmeteredH: hours((slot) => site.meteredW[slot] === null || site.meteredW[slot] === undefined),
    silentH: hours((slot) => (site.spokeRigs[slot] ?? 0) === 0),
    silentRigH: sumOf(slots.map((slot) => rigs.length - (site.spokeRigs[slot] ?? 0))) * SLOT_H,
    signedPct: per(100 * use.signed, use.readings),
    isSealed: (state?.kept.length ?? 0) > 0,
    isAnchored: (state?.anchors.length ?? 0) > 0,
  };
};

const knownSum = (events: readonly Curtailment[], of: (event: Curtailment) => number | null): number | null =>
  events.some((event) => of(event) === null) ? null : sumOf(events.map(of));

/** Computes the report. `days` are those of the month in which something came. */
export const reportOf = (needs: ReportNeeds): MonthReport => {
  const { site, month, days, places, asOfTs } = needs;
  const span = monthSpan(month);
  const toTs = Math.max(span.from, Math.min(span.to, asOfTs));
  const group = (by: Group) => [...accountOf(days, by, site, places, []).lines];
  const { total, currency } = accountOf(days, "site", site, places, []);
  const lines = days.map((use) => dayLine(use, needs));
  const all = (of: (line: ReportDay) => number): number => sumOf(lines.map(of));
  const sources = [...new Set(lines.flatMap(({ sourcesKwh }) => Object.keys(sourcesKwh)))];
  const curtailments = curtailmentsIn(days);
  const readings = sumOf(days.map((use) => use.readings));
  return {
    site,
    month,
    fromTs: span.from,
    toTs,
    isOver: asOfTs >= span.to,
    currency,
    days: lines,
    missingDays: Math.max(0, Math.ceil((toTs - Math.max(span.from, needs.firstDay * DAY_MS)) / DAY_MS) - lines.length),
    total: {
      wallKwh: total.wallKwh,
      meteredKwh: all((line) => line.meteredKwh),
      reportedKwh: total.reportedKwh,
      sourcesKwh: Object.fromEntries(sources.map((source) => [source, all((line) => line.sourcesKwh[source] ?? 0)])),
      cost: total.cost,
      kgco2e: total.kgco2e,
      thH: total.thH,
      efficiencyJTh: total.efficiencyJTh,
      avoidedKwh: sumOf(curtailments.map((event) => event.avoidedKwh)),
      saved: knownSum(curtailments, (event) => event.saved),
      savedKgco2e: knownSum(curtailments, (event) => event.savedKgco2e),
      unmeteredH: all((line) => line.unmeteredH),
      silentH: all((line) => line.silentH),
      silentRigH: all((line) => line.silentRigH),
      signedPct: per(100 * sumOf(days.map((use) => use.signed)), readings),
    },
    racks: group("rack"),
    models: group("model"),
    curtailments,
    entered: needs.quotes
      .filter((quote) => quote.of !== "hashprice" && quote.fromTs < span.to)
      .map(({ of, source, by, fromTs, value }) => ({ of, source, by, fromTs, value })),
    asOfTs,
  };
};

type Line = Omit<ReportDay, "day" | "isSealed" | "isAnchored">;
const COLUMNS: readonly (readonly [name: string, read: (line: Line) => number | null])[] = [
  ["wallKwh", (line) => line.wallKwh],
  ["meteredKwh", (line) => line.meteredKwh],
  ["reportedKwh", (line) => line.reportedKwh],
  ["cost", (line) => line.cost],
  ["kgco2e", (line) => line.kgco2e],
  ["thH", (line) => line.thH],
  ["efficiencyJTh", (line) => line.efficiencyJTh],
  ["costPerThH", ({ cost, thH }) => (cost === null ? null : per(cost, thH))],
  ["gco2ePerThH", ({ kgco2e, thH }) => (kgco2e === null ? null : per(1_000 * kgco2e, thH))],
  ["avoidedKwh", (line) => line.avoidedKwh],
  ["unmeteredH", (line) => line.unmeteredH],
  ["silentH", (line) => line.silentH],
  ["silentRigH", (line) => line.silentRigH],
  ["signedPct", (line) => line.signedPct],
];

/** A line a day and the total last; empty: not known. */
export const csvOfReport = ({ days, total, currency, month }: MonthReport): string => {
  const sources = Object.keys(total.sourcesKwh);
  const row = (name: string, line: Line, sealed: string, anchored: string): (string | number | null)[] => [
    name,
    ...COLUMNS.map(([, read]) => read(line)),
    ...sources.map((source) => line.sourcesKwh[source] ?? 0),
    currency,
    sealed,
    anchored,
  ];
  return csvOf(
    ["day", ...COLUMNS.map(([name]) => name), ...sources.map((source) => `${source}Kwh`), "currency", "sealed", "anchored"],
    [...days.map((line) => row(line.day, line, line.isSealed ? "yes" : "no", line.isAnchored ? "yes" : "no")), row(month, total, "", "")],
  );
};
