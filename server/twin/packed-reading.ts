/**
 * A reading of our own dialect as numbers, so that one thread can parse for another: handed over in one piece of memory it costs a
 * fraction of what parsing costs. What does not fit (qualities, errors, chips one by one) is not packed, and parsed by who gets the bytes.
 */
import { BOARD, boardsAt, NO_TEXT, packed, PackedMeasured, POOL, poolsAt, textAt, type PackedNumbers } from "./packed-measured.ts";
import type { Quality, Reading } from "./reading.ts";

export const NO_QUALITY: Readonly<Record<string, Quality>> = Object.freeze({});

/** Gives the number of a text. */
export type NumberOfText = (text: string) => number;

const endOf = (numbers: PackedNumbers): number => {
  const at = poolsAt(numbers);
  return at + 1 + POOL.width * (numbers[at] as number);
};

/** Where texts stand. */
function* textPlaces(numbers: PackedNumbers): Generator<number> {
  const boards = boardsAt(numbers);
  for (let at = boards + 1; at < poolsAt(numbers); at += BOARD.width) yield at + BOARD.serial;
  for (let at = poolsAt(numbers) + 1; at < endOf(numbers); at += POOL.width) yield* [at + POOL.url, at + POOL.worker];
}

/** The numbers that begin at a place of longer ones, whose texts stand in a table that is shared. */
export const unpack = (values: Float64Array, from: number, table: readonly string[]): { measured: PackedMeasured; end: number } => {
  const rest = values.subarray(from);
  const numbers: number[] = [];
  for (let at = 0, end = endOf(rest); at < end; at++) numbers.push(rest[at] as number);
  const texts: string[] = [];
  for (const at of textPlaces(numbers)) {
    const text = textAt(numbers, table, at);
    if (text !== null) numbers[at] = texts.push(text) - 1;
  }
  return { measured: new PackedMeasured(numbers.slice(), texts), end: from + numbers.length };
};

/** Adds the numbers to `to`, their texts by the numbers that `numberOf` gives them. Errors and chips are not among them. */
export const pack = ({ numbers, texts }: PackedMeasured, numberOf: (text: string) => number, to: number[]): void => {
  const from = to.length;
  for (const number of numbers) to.push(number);
  for (const at of textPlaces(numbers)) {
    const text = textAt(numbers, texts, at);
    if (text !== null) to[from + at] = numberOf(text);
  }
};

const isPlain = ({ format, tier, identity, seq, boot, quality }: Reading): boolean => {
  if (format !== "native" || tier !== "self-reported" || identity !== null || seq === null || boot === null) return false;
  for (const _ in quality) return false;
  return true;
};

/** Adds the reading's numbers to `to`; gives false, and adds nothing, where it does not fit. */
export const packReading = (reading: Reading, numberOf: NumberOfText, to: number[]): boolean => {
  if (!isPlain(reading)) return false;
  const measured = packed(reading.measured);
  if (measured.errors.length > 0 || measured.chipMaps.length > 0) return false;
  const { rig, deviceTs, seq, boot } = reading;
  to.push(numberOf(rig), deviceTs, seq ?? NaN, boot === null ? NO_TEXT : numberOf(boot));
  pack(measured, numberOf, to);
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

/** The next reading, as parse.ts would have made it for that site and time of receipt (ms UTC). */
export const unpackReading = (from: Numbers, site: string, receivedTs: number): Reading => {
  const { texts } = from;
  const rig = texts[nextOf(from)] ?? "";
  const deviceTs = nextOf(from);
  const told = nextOf(from);
  const seq = Number.isNaN(told) ? null : told;
  const boot = texts[nextOf(from)] ?? null;
  const { measured, end } = unpack(from.values, from.at, texts);
  from.at = end;
  const [tier, format] = ["self-reported", "native"] as const;
  return { site, rig, deviceTs, receivedTs, seq, boot, tier, format, measured, quality: NO_QUALITY, identity: null };
};
