/**
 * Chips that differ from what stands at the same place on the sister boards. A place has its own air and its own neighbours: the chip at the
 * outlet is hotter on every board, and is no outlier for it. What a whole board is off by is taken out first, so that one warm board does
 * not mark all of its chips; usual at a place is the median of all boards, so that one bad chip does not mark its sisters. Spread is the median of absolute deviations (× 1.4826), which a few bad chips do not widen. Pure.
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

/** What is usual at a place, of what each board tells there; of two that differ, what is nearer to its board. */
const usualOf = (there: readonly number[]): number =>
  there.length === 2 ? (there.toSorted((a, b) => Math.abs(a) - Math.abs(b))[0] ?? 0) : there.length === 0 ? 0 : median(there);

/** Each chip's value less its board's median. */
const levelled = (chips: readonly ChipReading[], read: (chip: ChipReading) => number | null): ReadonlyMap<number, number> => {
  const told = chips.flatMap((chip) => {
    const value = read(chip);
    return value === null ? [] : [{ index: chip.index, value }];
  });
  const typical = told.length === 0 ? 0 : median(told.map(({ value }) => value));
  return new Map(told.map(({ index, value }) => [index, value - typical]));
};

/** Judges a board's chips. Without sisters that know the place, the board's own median is what it is compared to. */
export const judged = (
  board: readonly ChipReading[],
  sisters: readonly (readonly ChipReading[])[],
  read: (chip: ChipReading) => number | null,
): Judged[] => {
  const own = board.flatMap((chip) => read(chip) ?? []);
  const typical = own.length === 0 ? 0 : median(own);
  const mine = levelled(board, read);
  const others = sisters.map((chips) => levelled(chips, read));
  const offs = board.map(({ index }) => {
    const level = mine.get(index);
    if (level === undefined) return null;
    const there = others.flatMap((other) => other.get(index) ?? []);
    return level - (there.length === 0 ? 0 : usualOf([level, ...there]));
  });
  const known = offs.filter((value) => value !== null);
  const spread = known.length === 0 ? 0 : MAD_TO_SIGMA * median(known.map((value) => Math.abs(value)));
  const least = Math.max(OUTLIER_SIGMA * spread, LEAST_PART * Math.abs(typical));
  return board.map(({ index, working }, i) => {
    const off = offs[i] ?? null;
    return { index, off, isOdd: working === false || (off !== null && least > 0 && Math.abs(off) > least) };
  });
};
