/** A twin's sealed days put together for its page: sums, the calendar with its gaps, the stages of its life. */
import type { DayLine } from "../server/twin/bundle.ts";
import type { TrustTier } from "../server/twin/reading.ts";
import type { RecordKind } from "../server/twin/record.ts";
import { DAY_MS } from "../server/twin/days.ts";
import { repairsOf } from "../server/twin/uptime.ts";
import { fixed, MISSING, type Shown } from "./format.ts";

export interface Sum {
  readonly deliveredThH: number;
  /** null where the nameplate of a day is not known. */
  readonly nameplateThH: number | null;
  readonly energyKwh: number;
  readonly efficiencyJTh: number | null;
  readonly uptimePct: number | null;
  readonly uptimeExcusedPct: number | null;
  readonly n: number;
  readonly expected: number;
  readonly anchored: number;
  readonly withGaps: number;
  /** What holds for every day; "mixed" where some days have a better one. */
  readonly tier: TrustTier | "mixed" | null;
}

const total = (lines: readonly DayLine[], of: (line: DayLine) => number): number => lines.reduce((sum, line) => sum + of(line), 0);
const share = (part: number, whole: number): number | null => (whole === 0 ? null : (100 * part) / whole);

export const sumOf = (lines: readonly DayLine[]): Sum => {
  const deliveredThH = total(lines, ({ totals }) => totals.deliveredThH);
  const energyKwh = total(lines, ({ totals }) => totals.energyKwh);
  const slots = total(lines, ({ totals }) => totals.slots);
  const upSlots = total(lines, ({ totals }) => totals.upSlots);
  const excused = total(lines, ({ totals }) => totals.excusedSlots);
  const [first] = lines;
  return {
    deliveredThH,
    nameplateThH: lines.some(({ totals }) => totals.nameplateThH === null) ? null : total(lines, ({ totals }) => totals.nameplateThH ?? 0),
    energyKwh,
    efficiencyJTh: deliveredThH === 0 || energyKwh === 0 ? null : (energyKwh * 1_000) / deliveredThH,
    uptimePct: share(upSlots, slots),
    uptimeExcusedPct: share(upSlots, slots - excused),
    n: total(lines, ({ n }) => n),
    expected: total(lines, ({ expected }) => expected),
    anchored: lines.filter(({ root }) => root !== null).length,
    withGaps: lines.filter(({ gaps }) => gaps > 0).length,
    tier: first === undefined ? null : lines.every(({ tier }) => tier === first.tier) ? first.tier : "mixed",
  };
};

export interface CalendarDay {
  readonly day: number;
  readonly date: string;
  readonly line: DayLine | null;
}
const dateOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** Every day from the first line to the last, also those of which nothing is sealed. `lines` rise. */
export const calendarOf = (lines: readonly DayLine[]): CalendarDay[] => {
  const first = lines[0]?.day ?? 0;
  const last = lines.at(-1)?.day ?? -1;
  const byDay = new Map(lines.map((line) => [line.day, line]));
  return Array.from({ length: last - first + 1 }, (_, i) => ({
    day: first + i,
    date: dateOf(first + i),
    line: byDay.get(first + i) ?? null,
  }));
};

export interface Stage {
  readonly name: "registration" | "installation" | "service" | "repair" | "retired";
  readonly sinceTs: number | null;
  readonly isNow: boolean;
}
interface Work {
  readonly kind: RecordKind;
  readonly performedTs: number;
}

/** The stages of a life as the records tell them, in order; the last is how it stands. */
export const stagesOf = (works: readonly Work[], firstSeenTs: number | null): Stage[] => {
  const first = (kind: RecordKind): number | null => works.find((work) => work.kind === kind)?.performedTs ?? null;
  const registered = first("registration");
  const installed = first("installation");
  const retired = works.findLast(({ kind }) => kind === "retired")?.performedTs ?? null;
  const repair = repairsOf(works).at(-1);
  const away = repair !== undefined && repair[1] === Infinity ? repair[0] : null;
  const back = repair !== undefined && repair[1] !== Infinity ? repair[1] : null;
  const before: Stage[] = [
    { name: "registration", sinceTs: registered, isNow: false },
    { name: "installation", sinceTs: installed, isNow: false },
  ];
  const service: Stage = { name: "service", sinceTs: installed ?? firstSeenTs, isNow: false };
  if (retired !== null) return [...before, service, { name: "retired", sinceTs: retired, isNow: true }];
  if (away !== null) return [...before, service, { name: "repair", sinceTs: away, isNow: true }];
  return [...before, { ...service, sinceTs: back ?? service.sinceTs, isNow: true }];
};

/** Takes TH·h. */
export const hashes = (thH: number | null | undefined): Shown => {
  if (thH === null || thH === undefined || !Number.isFinite(thH)) return { text: MISSING, unit: "TH·h" };
  return thH >= 100_000 ? { text: fixed(thH / 1_000, 1), unit: "PH·h" } : { text: fixed(thH, thH < 100 ? 1 : 0), unit: "TH·h" };
};
export const percentOf = (value: number | null | undefined, decimals = 1): string =>
  value === null || value === undefined ? MISSING : `${fixed(value, decimals)}\u202f%`;
