import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  consistencyProof,
  emptyRoot,
  inclusionProof,
  leafHash,
  nodeHash,
  rootOf,
  verifyConsistency,
  verifyInclusion,
  type Hash,
} from "../../server/twin/merkle.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

// The eight leaves and the roots after each, as the reference logs of RFC 6962 publish them.
const LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"].map((data) =>
  leafHash(bytes(data)),
);
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const leavesOf = (size: number): Hash[] => Array.from({ length: size }, (_, i) => leafHash(new TextEncoder().encode(`row ${i}`)));
const flipped = (hash: Hash, bit: number): Hash => hash.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

describe("RFC 9162 trees", () => {
  test("published roots", () => {
    for (const [size, root] of ROOTS.entries()) expect(hex(rootOf(LEAVES.slice(0, size)))).toBe(root);
    expect(hex(emptyRoot())).toBe(ROOTS[0]);
    expect(hex(leafHash(new TextEncoder().encode("L123456")))).toBe("395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
    const text = (value: string): Uint8Array => new TextEncoder().encode(value);
    expect(hex(nodeHash(text("N123"), text("N456")))).toBe("aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb");
  });

  // §2.1.5 draws the tree of seven leaves and lists these proofs by the names of the nodes.
  test("the worked example of §2.1.5", () => {
    const [a, b, c, d, e, f, j] = LEAVES.slice(0, 7) as [Hash, Hash, Hash, Hash, Hash, Hash, Hash];
    const [g, h, i] = [nodeHash(a, b), nodeHash(c, d), nodeHash(e, f)];
    const [k, l] = [nodeHash(g, h), nodeHash(i, j)];
    const seven = [a, b, c, d, e, f, j];
    expect(inclusionProof(seven, 0)).toEqual([b, h, l]);
    expect(inclusionProof(seven, 3)).toEqual([c, g, l]);
    expect(inclusionProof(seven, 4)).toEqual([f, j, k]);
    expect(inclusionProof(seven, 6)).toEqual([i, k]);
    expect(consistencyProof(seven, 3)).toEqual([c, d, g, l]);
    expect(consistencyProof(seven, 4)).toEqual([l]);
    expect(consistencyProof(seven, 6)).toEqual([i, j, k]);
  });

  test("every leaf of every small tree is proved at its own place only", () => {
    for (let size = 1; size <= 33; size++) {
      const leaves = leavesOf(size);
      const root = rootOf(leaves);
      for (let index = 0; index < size; index++) {
        const right = { leaf: leaves[index] as Hash, index, size, proof: inclusionProof(leaves, index), root };
        expect(verifyInclusion(right)).toBe(true);
        for (let other = 0; other < size; other++) if (other !== index) expect(verifyInclusion({ ...right, index: other })).toBe(false);
      }
    }
  });

  test("every older tree is proved to be the beginning of the newer", () => {
    for (let newSize = 0; newSize <= 20; newSize++) {
      const leaves = leavesOf(newSize);
      for (let oldSize = 0; oldSize <= newSize; oldSize++) {
        const right = {
          oldSize,
          newSize,
          oldRoot: rootOf(leaves.slice(0, oldSize)),
          newRoot: rootOf(leaves),
          proof: consistencyProof(leaves, oldSize),
        };
        expect(verifyConsistency(right)).toBe(oldSize > 0 || newSize === 0);
        expect(verifyConsistency({ ...right, proof: [...right.proof, emptyRoot()] })).toBe(false);
        if (right.proof.length > 0) expect(verifyConsistency({ ...right, proof: right.proof.slice(1) })).toBe(false);
        if (oldSize > 0) expect(verifyConsistency({ ...right, oldRoot: flipped(right.oldRoot, oldSize) })).toBe(false);
        if (oldSize > 0) expect(verifyConsistency({ ...right, newRoot: flipped(right.newRoot, newSize) })).toBe(false);
      }
    }
  });

  const placed = fc
    .integer({ min: 1, max: 300 })
    .chain((size) => fc.record({ size: fc.constant(size), index: fc.integer({ min: 0, max: size - 1 }) }));

  test("any changed bit, other size, shorter or longer proof fails", () => {
    fc.assert(
      fc.property(placed, fc.nat(255), fc.nat(), ({ size, index }, bit, pick) => {
        const leaves = leavesOf(size);
        const right = { leaf: leaves[index] as Hash, index, size, proof: inclusionProof(leaves, index), root: rootOf(leaves) };
        expect(verifyInclusion(right)).toBe(true);
        expect(verifyInclusion({ ...right, leaf: flipped(right.leaf, bit) })).toBe(false);
        expect(verifyInclusion({ ...right, root: flipped(right.root, bit) })).toBe(false);
        expect(verifyInclusion({ ...right, proof: [...right.proof, right.root] })).toBe(false);
        expect(verifyInclusion({ ...right, index: size })).toBe(false);
        if (right.proof.length > 0) {
          const at = pick % right.proof.length;
          expect(verifyInclusion({ ...right, proof: right.proof.with(at, flipped(right.proof[at] as Hash, bit)) })).toBe(false);
          expect(verifyInclusion({ ...right, proof: right.proof.slice(0, -1) })).toBe(false);
          expect(verifyInclusion({ ...right, proof: right.proof.slice(1) })).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("the last leaf shows how many there are: another size needs another proof", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), fc.integer({ min: 1, max: 40 }), (size, more) => {
        const leaves = leavesOf(size);
        const right = {
          leaf: leaves[size - 1] as Hash,
          index: size - 1,
          size,
          proof: inclusionProof(leaves, size - 1),
          root: rootOf(leaves),
        };
        const grown = leavesOf(size + more);
        expect(verifyInclusion({ ...right, root: rootOf(grown), size: size + more })).toBe(false);
        expect(verifyInclusion({ ...right, size: size - 1 })).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test("a node does not pass for a leaf, an impossible place is refused, nonsense never throws", () => {
    const [a, b] = LEAVES.slice(1, 3) as [Hash, Hash];
    expect(hex(leafHash(Buffer.concat([a, b])))).not.toBe(hex(nodeHash(a, b)));
    expect(() => inclusionProof([a, b], 2)).toThrow(RangeError);
    expect(() => inclusionProof([], 0)).toThrow(RangeError);
    expect(() => consistencyProof([a, b], 3)).toThrow(RangeError);
    for (const index of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(verifyInclusion({ leaf: a, index, size: 2, proof: [b], root: nodeHash(a, b) })).toBe(false);
      expect(verifyConsistency({ oldSize: index, newSize: 2, oldRoot: a, newRoot: b, proof: [] })).toBe(false);
    }
    expect(verifyInclusion({ leaf: a, index: 0, size: 2 ** 40, proof: [], root: a })).toBe(false);
  });
});
