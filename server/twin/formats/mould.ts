/**
 * Messages of one sender differ in their numbers and texts and in little else. A mould is what stays: the bytes between them. A message
 * that fits is read by comparing those and reading each value where it must stand, without looking for names. One that does not fit is
 * read as the first was. (The idea is that of speculative parsing: Li et al., "Mison", VLDB 2017.)
 */
import { numberHere, textAt, type From } from "./plain-json.ts";

/** What a number may be; the sentinels are those that lie within. */
export interface Numeric {
  readonly lo: number;
  readonly hi: number;
  readonly integer: boolean;
  readonly sentinels: readonly number[];
}

/** A number or a text in a message. */
export interface Mark {
  /** Where it begins and ends in the message. */
  readonly at: number;
  readonly end: number;
  /** Its place among the values; that of a value of the head is below 0. */
  readonly to: number;
  /** Longest text, -1 for a number. */
  readonly most: number;
  readonly field: Numeric;
}

/** What a message says: `numbers` of its `m` as packed-measured.ts lays them out, and the texts in them; numbers of its head by their places. */
export interface Values {
  numbers: number[];
  texts: readonly string[];
  readonly head: Float64Array;
  headText: string;
}

interface Mould {
  /** The text of `fixed`, by which it is found. */
  readonly key: string;
  /** What stands between the values, one after the other. */
  readonly fixed: Uint8Array;
  /** Of each value: where in `fixed` it comes, its place among the values, its longest text or -1, and what it may be. */
  readonly ends: Int32Array;
  readonly to: Int32Array;
  readonly most: Int32Array;
  readonly fields: readonly Numeric[];
  readonly numbers: readonly number[];
}

/** As `verdictOf` says "ok". */
export const within = ({ lo, hi, integer, sentinels }: Numeric, value: number): boolean =>
  value >= lo && value <= hi && (!integer || Number.isInteger(value)) && (sentinels.length === 0 || !sentinels.includes(value));

/**
 * The newest of those that were made; thousands of rigs with one firmware have one. Who speaks remembers the number of a mould and not the
 * mould: whatever is sent, there are no more than these, and one that was replaced by another does not fit.
 */
const moulds: Mould[] = [];
const places = new Map<string, number>();
const MOST_MOULDS = 1_000;
/** Longer messages are seldom, and their moulds would be most of the memory: about 12 KB each at most. */
const LONGEST_BYTES = 4_096;
let oldest = 0;
const decoder = new TextDecoder();

/** The number of a mould that no message fits. */
export const NO_MOULD = -1;

/** The number of the mould of a message that was read: `marks` in their order, `numbers` of its `m`. */
export const mouldOf = (bytes: Uint8Array, marks: readonly Mark[], numbers: readonly number[]): number => {
  if (bytes.length > LONGEST_BYTES) return NO_MOULD;
  const fixed = new Uint8Array(bytes.length);
  const ends = new Int32Array(marks.length);
  let size = 0;
  let at = 0;
  marks.forEach((mark, place) => {
    fixed.set(bytes.subarray(at, mark.at), size);
    size += mark.at - at;
    ends[place] = size;
    at = mark.end;
  });
  fixed.set(bytes.subarray(at), size);
  size += bytes.length - at;
  const key = `${ends.join()} ${decoder.decode(fixed.subarray(0, size))}`;
  const known = places.get(key);
  if (known !== undefined) return known;
  const place = oldest;
  oldest = (oldest + 1) % MOST_MOULDS;
  places.delete(moulds[place]?.key ?? "");
  places.set(key, place);
  moulds[place] = {
    key,
    fixed: fixed.slice(0, size),
    ends,
    to: Int32Array.from(marks, ({ to }) => to),
    most: Int32Array.from(marks, ({ most }) => most),
    fields: marks.map(({ field }) => field),
    numbers: numbers.slice(),
  };
  return place;
};

/** Whether this text stands there in its quotes. */
const isText = (bytes: Uint8Array, at: number, text: string): boolean => {
  const { length } = text;
  if (bytes[at + 1 + length] !== 34) return false;
  for (let i = 0; i < length; i++) if (bytes[at + 1 + i] !== text.charCodeAt(i)) return false;
  return true;
};

/**
 * Reads a message into `told` by the mould of that number; false where it does not fit, and `told` is then of no use. `before`: texts that
 * its sender told last, which most of the time are the same. Throws UNUSUAL where a text is not plain.
 */
export const fill = (
  mould: number,
  from: From,
  told: Values,
  before: { readonly texts: readonly string[]; readonly headText: string },
): boolean => {
  const like = moulds[mould];
  if (like === undefined) return false;
  const { fixed, ends, to, most, fields } = like;
  const { bytes } = from;
  const { head } = told;
  const numbers = like.numbers.slice();
  /** Those of before as far as they are the same; a list of its own from the first that is not. */
  let texts: string[] | null = null;
  let count = 0;
  let at = 0;
  let next = 0;
  for (let place = 0; place < ends.length; place++) {
    const end = ends[place] as number;
    while (next < end) if (bytes[at++] !== fixed[next++]) return false;
    const longest = most[place] as number;
    const target = to[place] as number;
    from.at = at;
    if (longest < 0) {
      const value = numberHere(from);
      // NaN is within nothing.
      if (!within(fields[place] as Numeric, value)) return false;
      if (target < 0) head[target + head.length] = value;
      else numbers[target] = value;
    } else {
      if (bytes[at] !== 34) return false;
      let text = target < 0 ? before.headText : (before.texts[count] ?? "");
      if (text.length <= longest && isText(bytes, at, text)) from.at += text.length + 2;
      else text = textAt(from, longest);
      if (target < 0) told.headText = text;
      else {
        // Its number stands in the mould: texts are counted in the order in which they come.
        if (texts === null && text !== before.texts[count]) texts = before.texts.slice(0, count);
        texts?.push(text);
        count += 1;
      }
    }
    at = from.at;
  }
  if (bytes.length - at !== fixed.length - next) return false;
  while (next < fixed.length) if (bytes[at++] !== fixed[next++]) return false;
  told.numbers = numbers;
  told.texts = texts ?? (before.texts.length === count ? before.texts : before.texts.slice(0, count));
  return true;
};
