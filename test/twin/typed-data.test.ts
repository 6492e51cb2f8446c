import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { bytesToHex } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { hashTypedData, type TypedDataDefinition } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { addressOfKey, encodeType, signDigest, signerOf, typedDataDigest, type TypedData } from "../../server/twin/typed-data.ts";

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, "../vectors/eip-712.json"), "utf8")) as {
  readonly accepted: readonly { name: string; typedData: TypedData; digest: string; encodedType: string }[];
  readonly refused: readonly { name: string; typedData: TypedData }[];
};
const digestOf = (data: TypedData): string => `0x${bytesToHex(typedDataDigest(data))}`;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const KEY = `0x${"4c".repeat(32)}` as const;
const mail = vectors.accepted[0]?.typedData as TypedData;

describe("the digest", () => {
  test.each(vectors.accepted)("$name", ({ typedData, digest, encodedType }) => {
    expect(digestOf(typedData)).toBe(digest);
    expect(encodeType(typedData.types, typedData.primaryType)).toBe(encodedType);
  });

  test.each(vectors.refused)("refuses $name", ({ typedData }) => {
    expect(() => typedDataDigest(typedData)).toThrow("PAYLOAD_INVALID");
  });

  const atoms: Record<string, fc.Arbitrary<unknown>> = {
    string: fc.string({ unit: "grapheme" }),
    bool: fc.boolean(),
    bytes: fc.uint8Array({ maxLength: 70 }).map((bytes) => `0x${bytesToHex(bytes)}`),
    address: fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => `0x${bytesToHex(bytes)}`),
    bytes7: fc.uint8Array({ minLength: 7, maxLength: 7 }).map((bytes) => `0x${bytesToHex(bytes)}`),
    bytes32: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => `0x${bytesToHex(bytes)}`),
    uint8: fc.integer({ min: 0, max: 255 }),
    uint256: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
    int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  };
  const member = fc.constantFrom(...Object.keys(atoms)).chain((type) =>
    fc.oneof(
      (atoms[type] as fc.Arbitrary<unknown>).map((value) => ({ type, value })),
      fc.array(atoms[type] as fc.Arbitrary<unknown>, { maxLength: 3 }).map((value) => ({ type: `${type}[]`, value: value as unknown })),
      fc
        .array(fc.array(atoms[type] as fc.Arbitrary<unknown>, { minLength: 2, maxLength: 2 }), { maxLength: 2 })
        .map((value) => ({ type: `${type}[2][]`, value: value as unknown })),
    ),
  );
  const struct = (name: string) =>
    fc.array(member, { minLength: 1, maxLength: 5 }).map((members) => ({
      type: members.map(({ type }, i) => ({ name: `${name}${i}`, type })),
      value: Object.fromEntries(members.map(({ value }, i) => [`${name}${i}`, value])),
    }));

  test("is that of another implementation, whatever the types and values", () => {
    fc.assert(
      fc.property(struct("a"), fc.array(struct("b"), { minLength: 1, maxLength: 1 }), fc.nat(), (outer, [inner], chainId) => {
        const types = {
          Zeta: [...outer.type, { name: "inner", type: "Alpha[]" }, { name: "one", type: "Alpha" }],
          Alpha: inner?.type ?? [],
        };
        const data = {
          types,
          primaryType: "Zeta",
          domain: { name: "x", chainId },
          message: { ...outer.value, inner: [inner?.value, inner?.value], one: inner?.value },
        };
        expect(digestOf(data)).toBe(hashTypedData(data as unknown as TypedDataDefinition));
      }),
      { numRuns: 300 },
    );
  });
});

describe("the signer", () => {
  test("of what another implementation signed", async () => {
    const account = privateKeyToAccount(KEY);
    expect(signerOf(typedDataDigest(mail), await account.signTypedData(mail as unknown as TypedDataDefinition))).toBe(
      account.address.toLowerCase(),
    );
    expect(signDigest(typedDataDigest(mail), KEY)).toBe(await account.signTypedData(mail as unknown as TypedDataDefinition));
    expect(addressOfKey(KEY)).toBe(account.address.toLowerCase());
  });

  test("is another or nobody after any change to digest or signature", () => {
    const digest = typedDataDigest(mail);
    const signature = signDigest(digest, KEY);
    const bytes = Buffer.from(signature.slice(2), "hex");
    fc.assert(
      fc.property(fc.nat(64), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(bytes);
        changed[at] = (bytes[at] ?? 0) ^ flip;
        // v as 0 or 1 is the same signature written in another way.
        fc.pre(!(at === 64 && (changed[64] ?? 0) === (bytes[64] ?? 0) - 27));
        expect(signerOf(digest, `0x${changed.toString("hex")}`)).not.toBe(addressOfKey(KEY));
      }),
    );
    for (let at = 0; at < 32; at++)
      expect(
        signerOf(
          digest.map((byte, i) => (i === at ? byte ^ 1 : byte)),
          signature,
        ),
      ).not.toBe(addressOfKey(KEY));
  });

  test("the same signature has one form: the upper half of s, a wrong length, v beyond 28 are nobody's", () => {
    const digest = typedDataDigest(mail);
    const signature = signDigest(digest, KEY);
    const s = BigInt(`0x${signature.slice(66, 130)}`);
    const other = `${signature.slice(0, 66)}${(ORDER - s).toString(16).padStart(64, "0")}${signature.endsWith("1b") ? "1c" : "1b"}`;
    for (const wrong of [other, "", "0x", signature.slice(0, -2), `${signature}00`, `${signature.slice(0, -2)}1d`, `0x${"00".repeat(65)}`])
      expect(signerOf(digest, wrong)).toBeNull();
  });
});
