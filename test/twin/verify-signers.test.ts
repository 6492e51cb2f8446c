/** A signed record is a technician's only where the signature is the named key's and the contract had it for a technician's then. */
import { expect, test } from "@jest/globals";
import type { Bundle } from "../../server/twin/bundle.ts";
import type { RecordBody, RecordSignature } from "../../server/twin/record.ts";
import { sealRecord } from "../../server/twin/seal.ts";
import { recordTypedData } from "../../server/twin/signature.ts";
import { notesOn, type ChainReader, type Step } from "../../server/twin/steps.ts";
import { addressOfKey, signDigest, typedDataDigest } from "../../server/twin/typed-data.ts";
import { checkSigners } from "../../server/twin/verify-signers.ts";

const KEY = `0x${"42".repeat(32)}` as const;
const CHAIN = { chainId: 31_337, contract: `0x${"1a".repeat(20)}` as const };
const fields = {
  site: "farm",
  rig: "a",
  serial: "SN",
  kind: "cleaning",
  performedTs: 5,
  sealedTs: 6,
  technician: "badge-17",
  summary: "Dust.",
  parts: [],
} as const;
const sealed = sealRecord({ ...fields, signer: addressOfKey(KEY) }, null);
const signatureFor = (where = CHAIN, key: `0x${string}` = KEY): RecordSignature => ({
  ...where,
  signature: signDigest(typedDataDigest(recordTypedData(sealed.body, sealed.hash, where)), key),
});
const chain = (over: Partial<ChainReader> = {}): ChainReader =>
  ({
    maintenanceOf: async () => ({ tokenId: 1, kind: 3, blockNumber: 12 }),
    wasTechnician: async (account: string, block: number) => account === addressOfKey(KEY) && block === 12,
    ...over,
  }) as unknown as ChainReader;
const check = async (signature: RecordSignature | null, reader: ChainReader | null = chain(), record = sealed): Promise<Step[]> => {
  const steps: Step[] = [];
  const bundle = { chain: CHAIN, records: [{ hash: record.hash, bytes: record.bytes, signature }] } as unknown as Bundle;
  await checkSigners(notesOn("records", steps), bundle, [record.body as RecordBody], reader);
  return steps;
};
const results = (steps: readonly Step[]): string[] => steps.map(({ check: what, result }) => `${what} ${result}`);

test("the named key's signature, a technician's by the contract at the record's block, passes and says so", async () => {
  const steps = await check(signatureFor());
  expect(results(steps)).toEqual(["signer passed"]);
  expect(steps[0]?.says).toContain(`${addressOfKey(KEY)}, a technician by the contract at block 12`);
});
test("an unsigned record is told as unsigned, never as passed", async () => {
  const steps = await check(null, chain(), sealRecord(fields, null));
  expect(results(steps)).toEqual(["unsigned stated"]);
});
test("another key's signature, a changed one, and none where a signer is named fail", async () => {
  const other = signatureFor(CHAIN, `0x${"43".repeat(32)}`);
  const good = signatureFor();
  const changed = { ...good, signature: good.signature.replace(/.{4}$/, "001b") as `0x${string}` };
  for (const signature of [other, changed, { ...good, signature: "0x" as const }, null])
    expect(results(await check(signature))).toEqual(["signer failed"]);
  // Said to be for this contract, made for another one.
  expect(results(await check({ ...signatureFor({ ...CHAIN, chainId: 1 }), chainId: CHAIN.chainId }))).toEqual(["signer failed"]);
});
test("a signer who was no technician then fails", async () => {
  expect(results(await check(signatureFor(), chain({ wasTechnician: async () => false })))).toEqual(["signer failed"]);
});
test("without a chain, before the record is on it, or for another contract nothing passes", async () => {
  expect(results(await check(signatureFor(), null))).toEqual(["signer not-checked"]);
  expect(results(await check(signatureFor(), chain({ maintenanceOf: async () => null })))).toEqual(["signer not-checked"]);
  const away = async (): Promise<never> => {
    throw new Error("away");
  };
  expect(results(await check(signatureFor(), chain({ wasTechnician: away })))).toEqual(["signer not-checked"]);
  expect(results(await check(signatureFor({ ...CHAIN, chainId: 1 })))).toEqual(["signed elsewhere stated"]);
});
