/** Hashes one after the other as base64, as the evidence for strangers has them. */
import type { Hash } from "./merkle.ts";

const HASH_BYTES = 32;

/** Hashes one after the other as base64. */
export const packHashes = (hashes: readonly Hash[]): string => {
  let text = "";
  for (const hash of hashes) for (const byte of hash) text += String.fromCharCode(byte);
  return btoa(text);
};

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const NO_LETTER = 64;
const VALUE_OF = new Uint8Array(256).fill(NO_LETTER);
for (let i = 0; i < LETTERS.length; i++) VALUE_OF[LETTERS.charCodeAt(i)] = i;
const valueAt = (text: string, at: number): number => {
  const code = text.charCodeAt(at);
  return code < 256 ? (VALUE_OF[code] as number) : NO_LETTER;
};

/** Gives null where the text is not whole hashes in base64 (RFC 4648 §4). By hand: `atob` costs more than all the hashing of a day. */
export const unpackHashes = (text: string): Hash[] | null => {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const size = (text.length / 4) * 3 - padding;
  if (text.length % 4 !== 0 || size % HASH_BYTES !== 0) return null;
  const bytes = new Uint8Array(size);
  let seen = 0;
  let from = 0;
  let at = 0;
  for (; at + 3 <= size; from += 4, at += 3) {
    const a = valueAt(text, from);
    const b = valueAt(text, from + 1);
    const c = valueAt(text, from + 2);
    const d = valueAt(text, from + 3);
    seen |= a | b | c | d;
    bytes[at] = (a << 2) | (b >> 4);
    bytes[at + 1] = (b << 4) | (c >> 2);
    bytes[at + 2] = (c << 6) | d;
  }
  if (at < size) {
    const a = valueAt(text, from);
    const b = valueAt(text, from + 1);
    const c = at + 1 < size ? valueAt(text, from + 2) : 0;
    seen |= a | b | c;
    bytes[at] = (a << 2) | (b >> 4);
    if (at + 1 < size) bytes[at + 1] = (b << 4) | (c >> 2);
  }
  if (seen >= NO_LETTER) return null;
  const hashes: Hash[] = [];
  for (let at = 0; at < size; at += HASH_BYTES) hashes.push(bytes.subarray(at, at + HASH_BYTES));
  return hashes;
};
