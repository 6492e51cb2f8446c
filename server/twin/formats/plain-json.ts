/**
 * JSON's tokens straight from bytes, of the plain kind: ASCII without a backslash, numbers of at most fifteen digits without an exponent.
 * Each function reads at `from.at`, moves it on, and throws UNUSUAL where something else stands.
 */

export interface From {
  bytes: Uint8Array;
  at: number;
}
/** Thrown where a payload is not plain; made once, for nothing is wrong and nobody reads where it was. */
export const UNUSUAL = new Error("not plain");

// Bytes stand as numbers below, for a constant of a module is looked up each time and these are compared for every byte of every message:
// 34 is ", 44 a comma, 45 a minus, 46 a point, 48 to 57 digits, 58 a colon, 91 and 93 brackets, 92 a backslash, 110 n, 123 and 125 braces.

const encoder = new TextEncoder();
const decoder = new TextDecoder();
export const [TRUE, FALSE, NULL] = ["true", "false", "null"].map((word) => encoder.encode(word)) as [Uint8Array, Uint8Array, Uint8Array];

/** The next byte that is not white space (RFC 8259, section 2), 0 at the end; `from` stands at it. */
export const peek = (from: From): number => {
  const { bytes } = from;
  let byte = bytes[from.at] ?? 0;
  while (byte === 32 || byte === 10 || byte === 13 || byte === 9) byte = bytes[++from.at] ?? 0;
  return byte;
};
/** Takes the byte that must come next, white space before it passed over. */
export const take = (from: From, wanted: number): void => {
  if (peek(from) !== wanted) throw UNUSUAL;
  from.at += 1;
};
/** Whether these bytes stand there. */
export const isAt = (bytes: Uint8Array, at: number, word: Uint8Array): boolean => {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false;
  return true;
};
/** Takes a word where it stands; false where it does not. */
export const takeWord = (from: From, word: Uint8Array): boolean => {
  if (!isAt(from.bytes, from.at, word)) return false;
  from.at += word.length;
  return true;
};

/** So many digits are a whole number below 2^53: it, and it divided by a power of ten that is exact, are what JSON.parse makes of them (Clinger 1990). */
const MOST_DIGITS = 15;
const POWERS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/** The number that stands here, the same one that JSON.parse makes of it; NaN, and `from` stays where it is, where none does. */
export const numberHere = (from: From): number => {
  const { bytes } = from;
  const isNegative = bytes[from.at] === 45;
  const start = isNegative ? from.at + 1 : from.at;
  let at = start;
  let value = 0;
  let byte = bytes[at] ?? 0;
  while (byte >= 48 && byte <= 57) {
    value = 10 * value + (byte - 48);
    byte = bytes[++at] ?? 0;
  }
  const whole = at - start;
  let fraction = 0;
  if (byte === 46) {
    byte = bytes[++at] ?? 0;
    const point = at;
    while (byte >= 48 && byte <= 57) {
      value = 10 * value + (byte - 48);
      byte = bytes[++at] ?? 0;
    }
    fraction = at - point;
    if (fraction === 0) return NaN;
  }
  // An exponent, or whatever else follows, is met by who looks for what comes next.
  if (whole === 0 || whole + fraction > MOST_DIGITS || (whole > 1 && bytes[start] === 48)) return NaN;
  from.at = at;
  const size = fraction === 0 ? value : value / (POWERS[fraction] ?? NaN);
  return isNegative ? -size : size;
};
/** The number that comes next, white space before it passed over. */
export const numberAt = (from: From): number => {
  peek(from);
  const value = numberHere(from);
  if (Number.isNaN(value)) throw UNUSUAL;
  return value;
};

/** Texts that were read before: a rig says the same few each time, and they are then the same strings. By a hash of their bytes. */
const texts = new Map<number, string>();
const MOST_TEXTS = 100_000;
/** Longer ones are seldom, and would let a stranger fill the memory. */
const LONGEST_KEPT = 64;

/** The string that comes next, of at most so many characters. */
export const textAt = (from: From, most: number): string => {
  if (peek(from) !== 34) throw UNUSUAL;
  const { bytes } = from;
  const start = from.at + 1;
  let end = start;
  let hash = 0;
  for (let byte = bytes[end] ?? 0; byte !== 34; byte = bytes[++end] ?? 0) {
    if (byte < 32 || byte > 126 || byte === 92) throw UNUSUAL;
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  if (end - start > most) throw UNUSUAL;
  from.at = end + 1;
  const known = texts.get(hash);
  if (known !== undefined && known.length === end - start) {
    let i = 0;
    while (i < known.length && known.charCodeAt(i) === bytes[start + i]) i++;
    if (i === known.length) return known;
  }
  const text = decoder.decode(bytes.subarray(start, end));
  if (texts.size >= MOST_TEXTS) texts.clear();
  if (text.length <= LONGEST_KEPT) texts.set(hash, text);
  return text;
};

/** True where another member follows; false behind the last one. */
export const goesOn = (from: From, close: number): boolean => {
  const byte = peek(from);
  if (byte !== 44 && byte !== close) throw UNUSUAL;
  from.at += 1;
  return byte === 44;
};
/** Steps into an object or a list; false where there is nothing in it. */
export const enters = (from: From, open: number, close: number): boolean => {
  take(from, open);
  if (peek(from) !== close) return true;
  from.at += 1;
  return false;
};
