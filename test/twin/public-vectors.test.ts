/** Vectors that nobody here made, with the ways in which their own suites bend them; test/vectors/public-proofs.json names the sources. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { canonicalBytes } from "../../server/twin/canonical.ts";
import { verifyPure } from "../../server/twin/gateway.ts";
import {
  consistencyProof,
  emptyRoot,
  inclusionProof,
  leafHash,
  rootOf,
  verifyConsistency,
  verifyInclusion,
  type Consistency,
  type Hash,
  type Inclusion,
} from "../../server/twin/merkle.ts";

interface Vectors {
  readonly merkle: {
    readonly leaves: string[];
    readonly roots: string[];
    readonly inclusion: { readonly index: number; readonly size: number; readonly proof: string[] }[];
    readonly consistency: { readonly oldSize: number; readonly newSize: number; readonly proof: string[] }[];
  };
  readonly ed25519: {
    readonly publicKey: string;
    readonly valid: [message: string, signature: string][];
    readonly specialMessage: string;
    readonly specialR: string[];
    readonly specialS: string[];
  };
  readonly jcs: { readonly name: string; readonly input: string; readonly output: string }[];
}
const { merkle, ed25519, jcs } = JSON.parse(readFileSync(join(import.meta.dirname, "../vectors/public-proofs.json"), "utf8")) as Vectors;
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (hash: Uint8Array): string => Buffer.from(hash).toString("hex");
const LEAVES = merkle.leaves.map((leaf) => leafHash(bytes(leaf)));
const rootAt = (size: number): Hash => bytes(merkle.roots[size - 1] ?? "");
const SOME = bytes("abacaba000000000000000000000000000000000000000000060061e00123456");
const SHORT = new TextEncoder().encode("WrongLeaf");
const NOTHING = new Uint8Array(0);
const flipped = (hash: Hash | undefined, mask: number): Hash => Uint8Array.from(hash ?? [], (byte, i) => (i === 0 ? byte ^ mask : byte));

describe("the reference tree of RFC 6962", () => {
  test("roots and proofs are those that are published", () => {
    for (const [i, root] of merkle.roots.entries()) expect(hex(rootOf(LEAVES.slice(0, i + 1)))).toBe(root);
    for (const { index, size, proof } of merkle.inclusion) expect(inclusionProof(LEAVES.slice(0, size), index).map(hex)).toEqual(proof);
    for (const { oldSize, newSize, proof } of merkle.consistency)
      expect(consistencyProof(LEAVES.slice(0, newSize), oldSize).map(hex)).toEqual(proof);
  });

  test.each(merkle.inclusion)("leaf $index of $size is there, and not in any bent way", ({ index, size, proof: given }) => {
    const proof = given.map(bytes);
    const root = rootAt(size);
    const sound: Inclusion = { leaf: LEAVES[index] as Hash, index, size, proof, root };
    expect(verifyInclusion(sound)).toBe(true);
    const bent: Partial<Inclusion>[] = [
      { index: index - 1 },
      { index: index + 1 },
      { index: index ^ 2 },
      { size: size * 2 },
      { size: Math.floor(size / 2) },
      { leaf: SHORT },
      { leaf: NOTHING },
      { root: emptyRoot() },
      { root: SOME },
      { root: NOTHING },
      { proof: [...proof, NOTHING] },
      { proof: [...proof, root] },
      { proof: [NOTHING, ...proof] },
      { proof: [root, ...proof] },
      ...proof.map((_, i) => ({ proof: proof.map((hash, at) => (at === i ? flipped(hash, 8) : hash)) })),
      ...(proof.length > 0 ? [{ proof: proof.slice(0, -1) }] : []),
      ...(proof.length > 1 ? [{ proof: [proof[0] as Hash, SOME, ...proof.slice(1)] }] : []),
    ];
    for (const other of bent) expect([other, verifyInclusion({ ...sound, ...other })]).toEqual([other, false]);
  });

  test.each(merkle.consistency)(
    "the tree of $oldSize is within that of $newSize, and not in any bent way",
    ({ oldSize, newSize, proof: given }) => {
      const proof = given.map(bytes);
      const [oldRoot, newRoot] = [rootAt(oldSize), rootAt(newSize)];
      const sound: Consistency = { oldSize, newSize, oldRoot, newRoot, proof };
      expect(verifyConsistency(sound)).toBe(true);
      const bent: Partial<Consistency>[] = [
        { oldSize: oldSize - 1 },
        { oldSize: oldSize + 1 },
        { oldSize: oldSize ^ 2 },
        { newSize: newSize * 2 },
        { newSize: Math.floor(newSize / 2) },
        { oldRoot: SHORT },
        { newRoot: SHORT },
        { proof: [...proof, NOTHING] },
        { proof: [...proof, oldRoot] },
        { proof: [...proof, newRoot] },
        { proof: [NOTHING, ...proof] },
        { proof: [oldRoot, ...proof] },
        { proof: [newRoot, ...proof] },
        ...proof.map((_, i) => ({ proof: proof.map((hash, at) => (at === i ? flipped(hash, 16) : hash)) })),
        ...(oldSize === newSize ? [] : [{ oldRoot: newRoot, newRoot: oldRoot }, { proof: [] }, { proof: proof.slice(0, -1) }]),
      ];
      for (const other of bent) expect([other, verifyConsistency({ ...sound, ...other })]).toEqual([other, false]);
    },
  );

  test("of the empty tree only itself is a continuation", () => {
    const [one, other] = [new TextEncoder().encode("don't care 1"), new TextEncoder().encode("don't care 2")];
    const told: [oldSize: number, newSize: number, oldRoot: Hash, newRoot: Hash, proof: Hash[], holds: boolean][] = [
      [0, 0, one, one, [], true],
      [0, 0, one, other, [], false],
      [0, 0, one, one, [emptyRoot()], false],
      [0, 1, emptyRoot(), other, [], false],
      [0, 1, one, other, [], false],
      [0, 1, emptyRoot(), emptyRoot(), [emptyRoot()], false],
      [1, 1, one, one, [], true],
      [1, 0, one, other, [], false],
    ];
    for (const [oldSize, newSize, oldRoot, newRoot, proof, holds] of told)
      expect(verifyConsistency({ oldSize, newSize, oldRoot, newRoot, proof })).toBe(holds);
  });
});

describe("Ed25519", () => {
  const key = bytes(ed25519.publicKey);
  const ORDER = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
  const numberOf = (little: Uint8Array): bigint => BigInt(`0x${hex(little.toReversed())}`);
  const littleOf = (value: bigint): Uint8Array => bytes(value.toString(16).padStart(64, "0")).toReversed();

  test.each(ed25519.valid)("message %j is signed, and in one form only", (message, signature) => {
    const [text, sig] = [bytes(message), bytes(signature)];
    expect(verifyPure(sig, text, key)).toBe(true);
    const s = numberOf(sig.slice(32));
    const again = [1n, 2n, 4n, 8n].map((times) => s + times * ORDER).filter((value) => value < 2n ** 256n);
    for (const other of again) expect(verifyPure(Uint8Array.from([...sig.slice(0, 32), ...littleOf(other)]), text, key)).toBe(false);
    for (const length of [0, 1, 31, 32, 63]) expect(verifyPure(sig.slice(0, length), text, key)).toBe(false);
    expect(verifyPure(Uint8Array.from([...sig, 0]), text, key)).toBe(false);
    expect(verifyPure(sig, Uint8Array.from([...text, 0]), key)).toBe(false);
    expect(verifyPure(sig, text, flipped(key, 1))).toBe(false);
    for (let i = 0; i < 64; i += 7)
      expect(
        verifyPure(
          Uint8Array.from(sig, (byte, at) => (at === i ? byte ^ 1 : byte)),
          text,
          key,
        ),
      ).toBe(false);
  });
  test("special values of r and s are nobody's signature", () => {
    for (const r of ed25519.specialR)
      for (const s of ed25519.specialS) expect([r, s, verifyPure(bytes(r + s), bytes(ed25519.specialMessage), key)]).toEqual([r, s, false]);
  });
});

test.each(jcs)("RFC 8785: $name", ({ input, output }) => {
  expect(Buffer.from(canonicalBytes(JSON.parse(input))).toString("utf8")).toBe(output);
});
