/** Who signed the records: whose key it was, and whether the contract had that key for a technician's when the record came onto the chain. */
import type { Bundle } from "./bundle.ts";
import type { RecordBody, RecordSignature } from "./record.ts";
import type { Hex } from "./seal.ts";
import { signatureState } from "./signature.ts";
import { asked, type ChainReader, type Notes } from "./steps.ts";

const numbers = (list: readonly number[]): string =>
  list.length === 1 ? `Record ${list[0]} is` : `Records ${list.slice(0, 12).join(", ")}${list.length > 12 ? " and others" : ""} are`;

/** Adds the steps about signatures. `works`: the bodies of all the bundle's records, in their order. */
export const checkSigners = async (
  notes: Notes,
  bundle: Bundle,
  works: readonly RecordBody[],
  chain: ChainReader | null,
): Promise<void> => {
  const unsigned: number[] = [];
  const elsewhere: number[] = [];
  const signed: { readonly number: number; readonly hash: Hex; readonly signer: Hex }[] = [];
  for (const [i, body] of works.entries()) {
    const record = bundle.records[i];
    if (record === undefined) continue;
    const signature = (record.signature ?? null) as RecordSignature | null;
    const state = signatureState(body, record.hash as Hex, signature);
    if (state === "unsigned") unsigned.push(i + 1);
    else if (state === "unproven") notes.say("signer", false, "", `Record ${i + 1} names a signer and has no signature.`);
    else if (state === "wrong") notes.say("signer", false, "", `The signature of record ${i + 1} is not that of the signer it names.`);
    else if (signature?.chainId !== bundle.chain.chainId || signature.contract.toLowerCase() !== bundle.chain.contract)
      elsewhere.push(i + 1);
    else signed.push({ number: i + 1, hash: record.hash as Hex, signer: body.signer as Hex });
  }
  if (unsigned.length > 0) notes.state("unsigned", `${numbers(unsigned)} unsigned: that is the farm's own word.`);
  if (elsewhere.length > 0)
    notes.state("signed elsewhere", `${numbers(elsewhere)} signed for another contract, which was not asked about the signer.`);
  if (signed.length === 0) return;
  if (chain === null) return notes.skip("signer", "No chain was asked whether the signers were technicians.");
  await asked(notes, "signer", async () => {
    for (const { number, hash, signer } of signed) {
      const there = await chain.maintenanceOf(hash);
      if (there === null)
        notes.skip("signer", `Record ${number} is not on the chain yet, so nobody can say whether its signer was a technician.`);
      else
        notes.say(
          "signer",
          await chain.wasTechnician(signer, there.blockNumber),
          `Record ${number} is signed by ${signer}, a technician by the contract at block ${there.blockNumber}.`,
          `Record ${number} is signed by ${signer}, who was no technician by the contract at block ${there.blockNumber}.`,
        );
    }
  });
};
