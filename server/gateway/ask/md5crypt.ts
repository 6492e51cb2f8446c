/** The `$1$` password hash of FreeBSD (md5crypt), which MicroBT's API derives its token and key from. */
import { createHash } from "node:crypto";

const LETTERS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const md5 = (...parts: readonly Buffer[]): Buffer => createHash("md5").update(Buffer.concat(parts)).digest();
const repeated = (of: Buffer, length: number): Buffer =>
  Buffer.concat(Array.from({ length: Math.ceil(length / 16) }, () => of)).subarray(0, length);

/** Six bits a letter, the lowest first. */
const letters = (value: number, count: number): string =>
  Array.from({ length: count }, (_, i) => LETTERS[(value >> (6 * i)) & 63]).join("");

/** The 22 letters after the last `$`. `salt`: at most eight letters count. */
export const md5crypt = (password: string, salt: string): string => {
  const key = Buffer.from(password);
  const grain = Buffer.from(salt.slice(0, 8));
  const alternate = md5(key, grain, key);
  const bits: Buffer[] = [];
  for (let n = key.length; n > 0; n >>= 1) bits.push((n & 1) === 1 ? Buffer.alloc(1) : key.subarray(0, 1));
  let hash = md5(key, Buffer.from("$1$"), grain, repeated(alternate, key.length), ...bits);
  for (let round = 0; round < 1_000; round++) {
    const odd = round % 2 === 1;
    hash = md5(odd ? key : hash, ...(round % 3 === 0 ? [] : [grain]), ...(round % 7 === 0 ? [] : [key]), odd ? hash : key);
  }
  const at = (i: number): number => hash[i] ?? 0;
  const groups = [
    [0, 6, 12],
    [1, 7, 13],
    [2, 8, 14],
    [3, 9, 15],
    [4, 10, 5],
  ] as const;
  return groups.map(([a, b, c]) => letters((at(a) << 16) | (at(b) << 8) | at(c), 4)).join("") + letters(at(11), 2);
};
