/**
 * Chips that differ from what stands at the same place on the sister boards. A place has its own air and its own neighbours: the chip at the
 * outlet is hotter on every board, and is no outlier for it. What a whole board is off by is taken out first, so that one warm board does
 * not mark all of its chips. Spread is the median of absolute deviations (× 1.4826), which a few bad chips do not widen. Pure.
 */
import type { ChipReading } from "../../server/twin/reading.ts";

/** Farther out than this many standard deviations. */
export const OUTLIER_SIGMA = 3;
const MAD_TO_SIGMA = 1.4826;
/** Of the board's typical value: what differs by less is not worth a word, however alike the others are. */
const LEAST_PART = 0.03;

export interface Judged {
  readonly index: number;
  /** Against the sisters' same place, the board's own offset taken out; null where there is nothing to compare. */
  readonly off: number | null;
  readonly isOdd: boolean;
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};

/** Judges a board's chips. Without sisters that know the place, the board's own median is what it is compared to. */
export const judged = (
  board: readonly ChipReading[],
  sisters: readonly (readonly ChipReading[])[],
  read: (chip: ChipReading) => number | null,
): Judged[] => {
  const own = board.flatMap((chip) => read(chip) ?? []);
  const typical = own.length === 0 ? 0 : median(own);
  const places = sisters.map((chips) => new Map(chips.map((chip) => [chip.index, read(chip)])));
  const raw = board.map((chip) => {
    const value = read(chip);
    const there = places.flatMap((place) => place.get(chip.index) ?? []);
    return value === null ? null : value - (there.length === 0 ? typical : median(there));
  });
  const known = raw.filter((value) => value !== null);
  const offset = known.length === 0 ? 0 : median(known);
  const spread = known.length === 0 ? 0 : MAD_TO_SIGMA * median(known.map((value) => Math.abs(value - offset)));
  const least = Math.max(OUTLIER_SIGMA * spread, LEAST_PART * Math.abs(typical));
  return board.map(({ index, working }, i) => {
    const value = raw[i] ?? null;
    const off = value === null ? null : value - offset;
    return { index, off, isOdd: working === false || (off !== null && least > 0 && Math.abs(off) > least) };
  });
};
