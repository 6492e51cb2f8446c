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

export interface Mould {
  /** What stands between the values, one after the other, and where in it each of them comes. */
  readonly fixed: Uint8Array;
  readonly ends: Int32Array;
  readonly marks: readonly Mark[];
  readonly numbers: readonly number[];
}

/** As `verdictOf` says "ok". */
export const within = ({ lo, hi, integer, sentinels }: Numeric, value: number): boolean =>
  value >= lo && value <= hi && (!integer || Number.isInteger(value)) && (sentinels.length === 0 || !sentinels.includes(value));

/** Those that were made, by their bytes: thousands of rigs with one firmware have one. */
const known = new Map<string, Mould>();
const MOST_MOULDS = 1_000;
const decoder = new TextDecoder();

/** The mould of a message that was read: `marks` in their order, `numbers` of its `m`. */
export const mouldOf = (bytes: Uint8Array, marks: readonly Mark[], numbers: readonly number[]): Mould => {
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
  let mould = known.get(key);
  if (mould === undefined) {
    mould = { fixed: fixed.slice(0, size), ends, marks, numbers: numbers.slice() };
    if (known.size >= MOST_MOULDS) known.clear();
    known.set(key, mould);
  }
  return mould;
};

/** Whether this text stands there in its quotes. */
const isText = (bytes: Uint8Array, at: number, text: string): boolean => {
  const { length } = text;
  if (bytes[at + 1 + length] !== 34) return false;
  for (let i = 0; i < length; i++) if (bytes[at + 1 + i] !== text.charCodeAt(i)) return false;
  return true;
};

/**
 * Reads a message by a mould into `told`; false where it does not fit, and `told` is then of no use. `before`: texts that its sender told
 * last, which most of the time are the same. Throws UNUSUAL where a text is not plain.
 */
export const fill = (
  { fixed, ends, marks, numbers: like }: Mould,
  from: From,
  told: Values,
  before: { readonly texts: readonly string[]; readonly headText: string },
): boolean => {
  const { bytes } = from;
  const { head } = told;
  const numbers = like.slice();
  /** Those of before as far as they are the same; a list of its own from the first that is not. */
  let texts: string[] | null = null;
  let count = 0;
  let at = 0;
  let next = 0;
  for (let place = 0; place < marks.length; place++) {
    const end = ends[place] as number;
    while (next < end) if (bytes[at++] !== fixed[next++]) return false;
    const { most, to, field } = marks[place] as Mark;
    from.at = at;
    if (most < 0) {
      const value = numberHere(from);
      // NaN is within nothing.
      if (!within(field, value)) return false;
      if (to < 0) head[to + head.length] = value;
      else numbers[to] = value;
    } else {
      if (bytes[at] !== 34) return false;
      let text = to < 0 ? before.headText : (before.texts[count] ?? "");
      if (text.length <= most && isText(bytes, at, text)) from.at += text.length + 2;
      else text = textAt(from, most);
      if (to < 0) told.headText = text;
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
