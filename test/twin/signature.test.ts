import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { privateKeyToAccount } from "viem/accounts";
import type { TypedDataDefinition } from "viem";
import { sealRecord, verifyRecord, type RecordFields } from "../../server/twin/seal.ts";
import { recordTypedData, signatureState } from "../../server/twin/signature.ts";
import { addressOfKey, signDigest, typedDataDigest } from "../../server/twin/typed-data.ts";

const KEY = `0x${"11".repeat(32)}` as const;
const OTHER = `0x${"22".repeat(32)}` as const;
const where = { chainId: 31_337, contract: `0x${"ab".repeat(20)}` } as const;
const fields: RecordFields = {
  site: "north",
  rig: "c1-r2-07",
  serial: "JYZZ1234",
  kind: "cleaning",
  performedTs: 1_790_000_000_000,
  sealedTs: 1_790_000_100_000,
  technician: "badge-17",
  summary: "Filter gereinigt ✓",
  parts: [],
};
const signed = () => {
  const { hash, body } = sealRecord({ ...fields, signer: addressOfKey(KEY) }, null);
  return { hash, body, signature: { ...where, signature: signDigest(typedDataDigest(recordTypedData(body, hash, where)), KEY) } };
};

describe("a technician's signature", () => {
  test("what a wallet signs is the named signer's", async () => {
    const { hash, body, signature } = signed();
    const wallet = await privateKeyToAccount(KEY).signTypedData(recordTypedData(body, hash, where) as unknown as TypedDataDefinition);
    expect(wallet).toBe(signature.signature);
    expect(signatureState(body, hash, signature)).toBe("signed");
  });

  test("a record without signer keeps its bytes, and is unsigned", () => {
    const { hash, bytes, body } = sealRecord(fields, null);
    expect(bytes).not.toContain("signer");
    expect(hash).toBe("0xd5e6ff643782ae307361a46c7f84344b404efec4c69b4c1c0856773c50ed568f");
    expect(verifyRecord(bytes, hash).ok).toBe(true);
    expect(signatureState(body, hash, null)).toBe("unsigned");
    expect(signatureState(body, hash, signed().signature)).toBe("wrong");
  });

  test("taking the signature off, or the signer out, shows", () => {
    const { hash, body } = signed();
    expect(signatureState(body, hash, null)).toBe("unproven");
    const { signer: _signer, ...bare } = body;
    expect(sealRecord(bare, null).hash).not.toBe(hash);
  });

  test.each(["0xABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCD", "0x12", "", null, 7])("a signer that is no address is refused: %p", (signer) => {
    expect(() => sealRecord({ ...fields, signer: signer as `0x${string}` }, null)).toThrow("PAYLOAD_INVALID");
  });

  test("another key, chain, contract or any other member makes it wrong", () => {
    const { hash, body, signature } = signed();
    const byOther = signDigest(typedDataDigest(recordTypedData(body, hash, where)), OTHER);
    const wrong = [
      signatureState(body, hash, { ...signature, signature: byOther }),
      signatureState(body, hash, { ...signature, chainId: 1 }),
      signatureState(body, hash, { ...signature, contract: `0x${"ac".repeat(20)}` }),
      signatureState(body, `0x${"0".repeat(64)}`, signature),
      signatureState({ ...body, performedTs: Number.NaN }, hash, signature),
    ];
    const changes = { site: "south", rig: "x", serial: null, number: 2, kind: "retired", performedTs: 1, technician: "b", summary: "s" };
    for (const [name, value] of Object.entries(changes)) wrong.push(signatureState({ ...body, [name]: value }, hash, signature));
    expect(new Set(wrong)).toEqual(new Set(["wrong"]));
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(signatureState(body, hash, { ...signature, signature: text as `0x${string}` })).toBe("wrong");
      }),
    );
  });
});
