/** What a format found in a machine's answers, before anybody asked whether it can be true; and the asking. */
import { RANGES, verdictOf, type Range } from "../plausible.ts";
import { unique } from "../faults.ts";
import type { Model } from "../models.ts";
import type { BoardReading, ChipReading, DeviceError, FanReading, Identity, Measured, Mode, PoolReading, Quality } from "../reading.ts";
import type { Refusal } from "../refusal.ts";
import type { Answers } from "./answers.ts";
import { MOST } from "./native.ts";

/** null or absent: nothing was said. NaN: something was said that is no number. */
export type Raw = number | null | undefined;
type Drafted<Row, Numbers extends keyof Row> = { [Key in Numbers]?: Raw };

export type ChipDraft = Drafted<ChipReading, "tempC" | "hashrateGhs" | "frequencyMhz" | "voltageV" | "errors" | "row" | "column"> & {
  readonly index: number;
  readonly working?: boolean | null;
};
export type BoardDraft = Drafted<
  BoardReading,
  | "hashrateThs"
  | "expectedThs"
  | "boardC"
  | "chipC"
  | "inletC"
  | "outletC"
  | "chips"
  | "expectedChips"
  | "frequencyMhz"
  | "voltageV"
  | "hwErrors"
> & { readonly index: number; readonly serial?: string | null; readonly chipMap?: readonly ChipDraft[] };
export type PoolDraft = Drafted<PoolReading, "accepted" | "rejected" | "stale"> & {
  readonly url: string | null;
  readonly worker?: string | null;
  readonly active?: boolean | null;
  readonly alive?: boolean | null;
};
export type Draft = Drafted<
  Measured,
  | "hashrateThs"
  | "averageThs"
  | "expectedThs"
  | "powerW"
  | "powerLimitW"
  | "intakeC"
  | "outletC"
  | "boardC"
  | "chipC"
  | "psuC"
  | "voltageV"
  | "frequencyMhz"
  | "fanPct"
  | "accepted"
  | "rejected"
  | "stale"
  | "hwErrors"
  | "hwErrorPct"
  | "uptimeS"
> & {
  readonly mode: Mode;
  readonly fans?: readonly Raw[];
  readonly boards?: readonly BoardDraft[];
  readonly pools?: readonly PoolDraft[];
  readonly errors?: readonly DeviceError[];
  /** What the format itself knows about the trust in a field, by path. */
  readonly quality?: Readonly<Record<string, Quality>>;
};

export interface Read {
  readonly identity: Identity;
  readonly measured: Measured;
  readonly quality: Readonly<Record<string, Quality>>;
}

/** One dialect. `score` says how surely these answers are in it, 0 = not at all; the surest format reads them. */
export interface Format {
  readonly name: string;
  readonly score: (answers: Answers) => number;
  readonly parse: (answers: Answers) => Read | Refusal;
}

/** Where a firmware writes 0 for "no sensor", so that it is told apart from weather. */
export const zeroIsNone = (value: Raw): Raw => (value === 0 ? -273 : value);

/** The largest value that can be true; else one that cannot (so that its quality is told), else null. */
export const highest = (of: Range, values: readonly Raw[]): Raw => {
  const said = values.filter((value): value is number => typeof value === "number");
  const good = said.filter((value) => verdictOf(of, value) === "ok");
  if (good.length > 0) return Math.max(...good);
  return said.find((value) => verdictOf(of, value) === "sentinel") ?? said[0] ?? null;
};

/** How far above its nameplate no machine can be: beyond it the unit is wrong. */
const MOST_OVER_NAMEPLATE = 10;

/**
 * A rate whose field does not name its unit: `value` times the first of the scales, unless that is far from what the machine can do
 * and another scale is not. `aboutThs` is what it can do, null where unknown.
 */
export const fitted = (value: number | null, scales: readonly [number, ...number[]], aboutThs: number | null): number | null => {
  if (value === null || aboutThs === null || aboutThs <= 0) return value === null ? null : value * scales[0];
  const near = (scale: number, most: number): boolean => value * scale <= aboutThs * most && value * scale >= aboutThs / 20;
  if (value * scales[0] <= aboutThs * MOST_OVER_NAMEPLATE) return value * scales[0];
  return value * (scales.find((scale) => near(scale, 3)) ?? scales[0]);
};

const sumOrNull = (values: readonly (number | null)[]): number | null =>
  values.length === 0 || values.includes(null) ? null : values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
const meanOrNull = (values: readonly (number | null)[]): number | null => {
  const said = values.filter((value): value is number => value !== null && value > 0);
  return said.length === 0 ? null : said.reduce((sum, value) => sum + value, 0) / said.length;
};

/** The machine's own numbers where each is a number of its own; else the order in which it lists them. */
const numbered = <Row extends { readonly index: number }>(rows: readonly Row[], most: number): readonly Row[] => {
  const sound = rows.every(({ index }) => Number.isInteger(index) && index >= 0 && index < most);
  return sound && new Set(rows.map(({ index }) => index)).size === rows.length ? rows : rows.map((row, index) => ({ ...row, index }));
};

/** Two figures that differ by a thousand, or a million, and by little else: one of them is in another unit. */
const ofOtherUnits = (one: number, other: number): boolean => {
  if (one <= 0 || other <= 0) return false;
  const ratio = Math.max(one, other) / Math.min(one, other);
  return [1e3, 1e6, 1e9].some((thousands) => ratio > thousands / 1.4 && ratio < thousands * 1.4);
};

/** Sorts what can be true from what cannot: the latter becomes null and its path goes into `quality`. Fills sums and maxima. */
export const finish = (identity: Identity, draft: Draft, model: Model | null): Read => {
  const quality: Record<string, Quality> = { ...draft.quality };
  const clean = (value: Raw, of: Range, path: string): number | null => {
    if (value === undefined || value === null) return null;
    const verdict = verdictOf(of, value);
    if (verdict === "ok") return value;
    quality[path] = verdict;
    return null;
  };
  const count = (value: Raw, path: string): number | null =>
    clean(typeof value === "number" ? Math.round(value) : value, RANGES.count, path);
  const rateOf = (value: Raw, of: Range, path: string, share = 1): number | null => {
    const most = model === null ? Infinity : (model.nameplate.hashrateThs / share) * MOST_OVER_NAMEPLATE;
    const rate = clean(typeof value === "number" && value > most ? Number.NaN : value, of, path);
    // changing units leaves 37.603300000000004 of 37603.30
    return rate === null ? null : Math.round(rate * 1e9) / 1e9;
  };

  /** One board's chips share one path: a row of a hundred doubtful sensors is one doubt. */
  const chip =
    (path: string) =>
    (row: ChipDraft): ChipReading => ({
      index: row.index,
      tempC: clean(row.tempC, RANGES.partC, path),
      hashrateGhs: clean(row.hashrateGhs, RANGES.chipGhs, path),
      frequencyMhz: clean(row.frequencyMhz, RANGES.frequencyMhz, path),
      voltageV: clean(row.voltageV, RANGES.chipV, path),
      errors: count(row.errors, path),
      row: clean(row.row, RANGES.place, path),
      column: clean(row.column, RANGES.place, path),
      working: row.working ?? null,
    });
  const drafts = numbered((draft.boards ?? []).slice(0, MOST.boards), MOST.boards);
  // of a machine that nobody knows, whose boards speak another unit than it does itself, nobody knows which of them is right either
  const ofBoards = drafts.reduce((sum, { hashrateThs: rate }) => sum + (typeof rate === "number" && rate > 0 ? rate : 0), 0);
  const doubtful = model === null && typeof draft.hashrateThs === "number" && ofOtherUnits(ofBoards, draft.hashrateThs);
  const boards = drafts.map((row): BoardReading => {
    const at = `boards.${row.index}`;
    return {
      index: row.index,
      hashrateThs: rateOf(doubtful ? Number.NaN : row.hashrateThs, RANGES.boardThs, `${at}.hashrateThs`, drafts.length),
      expectedThs: rateOf(row.expectedThs, RANGES.boardThs, `${at}.expectedThs`, drafts.length),
      boardC: clean(row.boardC, RANGES.partC, `${at}.boardC`),
      chipC: clean(row.chipC, RANGES.partC, `${at}.chipC`),
      inletC: clean(row.inletC, RANGES.airC, `${at}.inletC`),
      outletC: clean(row.outletC, RANGES.airC, `${at}.outletC`),
      chips: clean(row.chips, RANGES.chips, `${at}.chips`),
      expectedChips: clean(row.expectedChips, RANGES.chips, `${at}.expectedChips`),
      frequencyMhz: clean(row.frequencyMhz, RANGES.frequencyMhz, `${at}.frequencyMhz`),
      voltageV: clean(row.voltageV, RANGES.boardV, `${at}.voltageV`),
      hwErrors: count(row.hwErrors, `${at}.hwErrors`),
      serial: row.serial ?? null,
      chipMap: numbered((row.chipMap ?? []).slice(0, MOST.chips), MOST.chips).map(chip(`${at}.chipMap`)),
    };
  });
  const fans = (draft.fans ?? []).slice(0, MOST.fans).map((rpm, index): FanReading => ({
    index,
    rpm: clean(typeof rpm === "number" ? Math.round(rpm) : rpm, RANGES.rpm, `fans.${index}.rpm`),
  }));
  const pools = (draft.pools ?? []).slice(0, MOST.pools).map((row, index): PoolReading => ({
    index,
    url: row.url ?? "",
    worker: row.worker ?? null,
    active: row.active ?? false,
    alive: row.alive ?? null,
    accepted: count(row.accepted, `pools.${index}.accepted`),
    rejected: count(row.rejected, `pools.${index}.rejected`),
    stale: count(row.stale, `pools.${index}.stale`),
  }));

  /** Of the rig where it says so, else the hottest of its boards; told as untrue where every board's is. */
  const hottest = (said: Raw, key: "boardC" | "chipC"): number | null => {
    if (said !== undefined && said !== null && verdictOf(RANGES.partC, said) === "ok") return said;
    const values = boards.map((board) => board[key]).filter((value): value is number => value !== null);
    if (values.length > 0) return Math.max(...values);
    const doubt = boards.map((board) => quality[`boards.${board.index}.${key}`]).find((found) => found !== undefined);
    if (said !== undefined && said !== null) return clean(said, RANGES.partC, key);
    if (doubt !== undefined) quality[key] = doubt;
    return null;
  };
  const orPools = (said: Raw, key: "accepted" | "rejected" | "stale"): number | null =>
    said === undefined || said === null ? sumOrNull(pools.map((pool) => pool[key])) : count(said, key);

  const hashrateThs =
    rateOf(doubtful ? Number.NaN : draft.hashrateThs, RANGES.rigThs, "hashrateThs") ??
    (draft.hashrateThs === undefined || draft.hashrateThs === null ? sumOrNull(boards.map((board) => board.hashrateThs)) : null);
  const powerW = clean(draft.powerW === 0 && (hashrateThs ?? 0) > 0.01 ? -1 : draft.powerW, RANGES.powerW, "powerW");
  const errors = unique(draft.errors ?? []);
  const stopped = draft.mode === "mining" && hashrateThs === 0 && errors.some((error) => error.severity === "critical");
  const measured: Measured = {
    mode: stopped ? "fault" : draft.mode,
    hashrateThs,
    averageThs: rateOf(draft.averageThs, RANGES.rigThs, "averageThs"),
    expectedThs: rateOf(draft.expectedThs, RANGES.rigThs, "expectedThs") ?? sumOrNull(boards.map((board) => board.expectedThs)),
    powerW,
    powerLimitW: clean(draft.powerLimitW, RANGES.powerW, "powerLimitW"),
    intakeC: clean(draft.intakeC, RANGES.airC, "intakeC"),
    outletC: clean(draft.outletC, RANGES.airC, "outletC"),
    boardC: hottest(draft.boardC, "boardC"),
    chipC: hottest(draft.chipC, "chipC"),
    psuC: clean(draft.psuC, RANGES.partC, "psuC"),
    voltageV: clean(draft.voltageV, RANGES.voltageV, "voltageV"),
    frequencyMhz: clean(draft.frequencyMhz, RANGES.frequencyMhz, "frequencyMhz") ?? meanOrNull(boards.map((board) => board.frequencyMhz)),
    fanPct: clean(draft.fanPct, RANGES.percent, "fanPct"),
    accepted: orPools(draft.accepted, "accepted"),
    rejected: orPools(draft.rejected, "rejected"),
    stale: orPools(draft.stale, "stale"),
    hwErrors:
      draft.hwErrors === undefined || draft.hwErrors === null
        ? sumOrNull(boards.map((board) => board.hwErrors))
        : count(draft.hwErrors, "hwErrors"),
    hwErrorPct: clean(draft.hwErrorPct, RANGES.percent, "hwErrorPct"),
    uptimeS: clean(draft.uptimeS, RANGES.uptimeS, "uptimeS"),
    fans,
    boards,
    pools,
    errors,
  };
  return { identity, measured, quality };
};
