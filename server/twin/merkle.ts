/**
 * Merkle trees of RFC 9162 §2.1 (the same as RFC 6962 §2.1) over SHA-256. A proof binds the leaf to its index and to the size
 * of the tree, so it also shows how many leaves there are, and that none was left out in between.
 * All trees here are given as the list of their leaf hashes (`leafHash` of the data), in order.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { hashAfter, hashPair, hashText } from "./small-hash.ts";

export type Hash = Uint8Array;

/** The root of the tree without leaves: the hash of nothing. */
export const emptyRoot = (): Hash => sha256(new Uint8Array());

const HASH_BYTES = 32;
const LEAF = 0;
const NODE = 1;

/** HASH(0x00 || data). */
export const leafHash = (data: Uint8Array): Hash => hashAfter(LEAF, data);

/** The same of a text's UTF-8. */
export const leafHashOfText = (text: string): Hash => hashText(text, LEAF);

/** HASH(0x01 || left || right); the first byte keeps a node from passing for a leaf. */
export const nodeHash = (left: Hash, right: Hash): Hash => hashAfter(NODE, left, right);

const same = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};
const half = (n: number): number => Math.floor(n / 2);
const isOdd = (n: number): boolean => n % 2 === 1;
const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;

/** The largest power of two smaller than `n` (n > 1). */
const split = (n: number): number => {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
};

/** MTH(D[from:to]) of §2.1.1. */
const rootBetween = (leaves: readonly Hash[], from: number, to: number): Hash => {
  const n = to - from;
  if (n === 0) return emptyRoot();
  if (n === 1) return leaves[from] as Hash;
  const k = split(n);
  return nodeHash(rootBetween(leaves, from, from + k), rootBetween(leaves, from + k, to));
};

/** The root over leaf hashes. */
export const rootOf = (leaves: readonly Hash[]): Hash => rootBetween(leaves, 0, leaves.length);

/** PATH(index, D) of §2.1.3.1: the siblings from the leaf up. Throws RangeError where there is no such leaf. */
export const inclusionProof = (leaves: readonly Hash[], index: number): Hash[] => {
  if (!isCount(index) || index >= leaves.length) throw new RangeError(`no leaf ${index} among ${leaves.length}`);
  const proof: Hash[] = [];
  let from = 0;
  let to = leaves.length;
  while (to - from > 1) {
    const middle = from + split(to - from);
    if (index < middle) {
      proof.push(rootBetween(leaves, middle, to));
      to = middle;
    } else {
      proof.push(rootBetween(leaves, from, middle));
      from = middle;
    }
  }
  return proof.toReversed();
};

export interface Inclusion {
  readonly leaf: Hash;
  readonly index: number;
  readonly size: number;
  readonly proof: readonly Hash[];
  readonly root: Hash;
}

/** §2.1.3.2: whether `leaf` is number `index` (0-based) of exactly `size` leaves under `root`. Never throws. */
export const verifyInclusion = ({ leaf, index, size, proof, root }: Inclusion): boolean => {
  if (leaf.length !== HASH_BYTES || !isCount(index) || !isCount(size) || index >= size) return false;
  let fn = index;
  let sn = size - 1;
  const r = new Uint8Array(HASH_BYTES);
  r.set(leaf);
  for (const p of proof) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      hashPair(r, NODE, p, r);
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      hashPair(r, NODE, r, p);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && same(r, root);
};

const subProof = (leaves: readonly Hash[], m: number, from: number, to: number, whole: boolean): Hash[] => {
  const n = to - from;
  if (m === n) return whole ? [] : [rootBetween(leaves, from, to)];
  const k = split(n);
  return m <= k
    ? [...subProof(leaves, m, from, from + k, whole), rootBetween(leaves, from + k, to)]
    : [...subProof(leaves, m - k, from + k, to, false), rootBetween(leaves, from, from + k)];
};

/** PROOF(oldSize, D) of §2.1.4.1: that the first `oldSize` leaves are still the same. Throws RangeError for an impossible size. */
export const consistencyProof = (leaves: readonly Hash[], oldSize: number): Hash[] => {
  if (!isCount(oldSize) || oldSize > leaves.length) throw new RangeError(`no tree of ${oldSize} within ${leaves.length}`);
  return oldSize === 0 ? [] : subProof(leaves, oldSize, 0, leaves.length, true);
};

export interface Consistency {
  readonly oldSize: number;
  readonly newSize: number;
  readonly oldRoot: Hash;
  readonly newRoot: Hash;
  readonly proof: readonly Hash[];
}

/**
 * §2.1.4.2: whether the tree of `newSize` only adds to the tree of `oldSize`. From the empty tree (§2.1.4: 0 < m) nothing can be proved:
 * any tree adds to it, so that a proof would vouch for no root. Never throws.
 */
export const verifyConsistency = ({ oldSize, newSize, oldRoot, newRoot, proof }: Consistency): boolean => {
  if (!isCount(oldSize) || !isCount(newSize) || oldSize > newSize) return false;
  if (oldSize === newSize) return proof.length === 0 && same(oldRoot, newRoot);
  if (oldSize === 0) return false;
  let fn = oldSize - 1;
  let sn = newSize - 1;
  while (isOdd(fn)) {
    fn = half(fn);
    sn = half(sn);
  }
  // Where oldSize is a power of two its root is itself the first node of the path.
  const path = fn === 0 ? [oldRoot, ...proof] : proof;
  const [first, ...rest] = path;
  if (first === undefined) return false;
  let fr = first;
  let sr = first;
  for (const c of rest) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      fr = nodeHash(c, fr);
      sr = nodeHash(c, sr);
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      sr = nodeHash(sr, c);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && same(fr, oldRoot) && same(sr, newRoot);
};
