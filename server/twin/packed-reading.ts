/**
 * A reading of our own dialect as numbers, so that one thread can parse for another: handed over in one piece of memory it costs a
 * fraction of what parsing costs. Null is NaN, a text is its number in a table. What does not fit (qualities, errors, chips one by one)
 * is not packed, and parsed by who gets the bytes.
 */
import type { BoardReading, FanReading, Measured, Mode, PoolReading, Quality, Reading } from "./reading.ts";

export const MODES: readonly Mode[] = ["unknown", "mining", "tuning", "paused", "fault"];
const NOTHING: readonly never[] = Object.freeze([]);
export const NO_QUALITY: Readonly<Record<string, Quality>> = Object.freeze({});
/** Stands for a text that is null. */
export const NO_TEXT = -1;

/** Gives the number of a text. */
export type NumberOfText = (text: string) => number;

const isPlain = ({ format, tier, identity, seq, boot, measured, quality }: Reading): boolean => {
  if (format !== "native" || tier !== "self-reported" || identity !== null || seq === null || boot === null) return false;
  if (measured.errors.length > 0) return false;
  for (const _ in quality) return false;
  for (const board of measured.boards) if (board.chipMap.length > 0) return false;
  return true;
};

const flagOf = (value: boolean | null): number => (value === null ? NaN : value ? 1 : 0);

/** Adds the reading's numbers to `to`; gives false, and adds nothing, where it does not fit. */
export const packReading = (reading: Reading, numberOf: NumberOfText, to: number[]): boolean => {
  if (!isPlain(reading)) return false;
  const { measured: m } = reading;
  const text = (value: string | null): number => (value === null ? NO_TEXT : numberOf(value));
  to.push(numberOf(reading.rig), reading.deviceTs, reading.seq ?? NaN, text(reading.boot), MODES.indexOf(m.mode));
  to.push(
    m.hashrateThs ?? NaN,
    m.averageThs ?? NaN,
    m.expectedThs ?? NaN,
    m.powerW ?? NaN,
    m.powerLimitW ?? NaN,
    m.intakeC ?? NaN,
    m.outletC ?? NaN,
    m.boardC ?? NaN,
    m.chipC ?? NaN,
    m.psuC ?? NaN,
    m.voltageV ?? NaN,
    m.frequencyMhz ?? NaN,
    m.fanPct ?? NaN,
    m.accepted ?? NaN,
    m.rejected ?? NaN,
    m.stale ?? NaN,
    m.hwErrors ?? NaN,
    m.hwErrorPct ?? NaN,
    m.uptimeS ?? NaN,
  );
  to.push(m.fans.length);
  for (const { index, rpm } of m.fans) to.push(index, rpm ?? NaN);
  to.push(m.boards.length);
  for (const b of m.boards)
    to.push(
      b.index,
      b.hashrateThs ?? NaN,
      b.expectedThs ?? NaN,
      b.boardC ?? NaN,
      b.chipC ?? NaN,
      b.inletC ?? NaN,
      b.outletC ?? NaN,
      b.chips ?? NaN,
      b.expectedChips ?? NaN,
      b.frequencyMhz ?? NaN,
      b.voltageV ?? NaN,
      b.hwErrors ?? NaN,
      text(b.serial),
    );
  to.push(m.pools.length);
  for (const p of m.pools)
    to.push(
      p.index,
      numberOf(p.url),
      text(p.worker),
      flagOf(p.active),
      flagOf(p.alive),
      p.accepted ?? NaN,
      p.rejected ?? NaN,
      p.stale ?? NaN,
    );
  return true;
};

/** Reads numbers one after the other. */
export interface Numbers {
  readonly values: Float64Array;
  readonly texts: readonly string[];
  at: number;
}

/** The next number. */
export const nextOf = (from: Numbers): number => from.values[from.at++] as number;
const nullable = (from: Numbers): number | null => {
  const value = from.values[from.at++] as number;
  return Number.isNaN(value) ? null : value;
};
const textOf = (from: Numbers): string | null => from.texts[from.values[from.at++] as number] ?? null;
const truthOf = (from: Numbers): boolean | null => {
  const value = nullable(from);
  return value === null ? null : value === 1;
};

const listOf = <Row>(from: Numbers, read: (from: Numbers) => Row): readonly Row[] => {
  const length = nextOf(from);
  if (length === 0) return NOTHING;
  const rows: Row[] = [];
  for (let i = 0; i < length; i++) rows.push(read(from));
  // As long as it is: one that has grown keeps room for seventeen, in every reading that a farm remembers.
  return rows.slice();
};

// The fields stand in the order in which parse.ts makes them: a farm's snapshot lists them so.
const fanOf = (from: Numbers): FanReading => ({ index: nextOf(from), rpm: nullable(from) });
const boardOf = (from: Numbers): BoardReading => ({
  index: nextOf(from),
  hashrateThs: nullable(from),
  expectedThs: nullable(from),
  boardC: nullable(from),
  chipC: nullable(from),
  inletC: nullable(from),
  outletC: nullable(from),
  chips: nullable(from),
  expectedChips: nullable(from),
  frequencyMhz: nullable(from),
  voltageV: nullable(from),
  hwErrors: nullable(from),
  serial: textOf(from),
  chipMap: NOTHING,
});
const poolOf = (from: Numbers): PoolReading => ({
  index: nextOf(from),
  url: textOf(from) ?? "",
  worker: textOf(from),
  active: truthOf(from) ?? false,
  alive: truthOf(from),
  accepted: nullable(from),
  rejected: nullable(from),
  stale: nullable(from),
});

/** The next values, in the order of `Measured`: a mode by its place in MODES, then numbers, then fans, boards and pools, each list behind its length. */
export const measuredOf = (from: Numbers): Measured => ({
  mode: MODES[nextOf(from)] ?? "unknown",
  hashrateThs: nullable(from),
  averageThs: nullable(from),
  expectedThs: nullable(from),
  powerW: nullable(from),
  powerLimitW: nullable(from),
  intakeC: nullable(from),
  outletC: nullable(from),
  boardC: nullable(from),
  chipC: nullable(from),
  psuC: nullable(from),
  voltageV: nullable(from),
  frequencyMhz: nullable(from),
  fanPct: nullable(from),
  accepted: nullable(from),
  rejected: nullable(from),
  stale: nullable(from),
  hwErrors: nullable(from),
  hwErrorPct: nullable(from),
  uptimeS: nullable(from),
  fans: listOf(from, fanOf),
  boards: listOf(from, boardOf),
  pools: listOf(from, poolOf),
  errors: NOTHING,
});

/** The next reading, as parse.ts would have made it for that site and time of receipt (ms UTC). */
export const unpackReading = (from: Numbers, site: string, receivedTs: number): Reading => ({
  site,
  rig: textOf(from) ?? "",
  deviceTs: nextOf(from),
  receivedTs,
  seq: nullable(from),
  boot: textOf(from),
  tier: "self-reported",
  format: "native",
  measured: measuredOf(from),
  quality: NO_QUALITY,
  identity: null,
});
