/** Whether what a server draws up to be signed is what its technician asked for: looked at before any key is used. */
import type { RecordDraft, RecordWish } from "./api.ts";
import { canonicalText } from "./canonical.ts";
import type { RecordBody } from "./record.ts";
import { hashOf, type Hex } from "./seal.ts";
import { recordTypedData } from "./signature.ts";

/** Gives a sentence where the draft is of something else, null where it may be signed. Never throws. */
export const draftFault = (rig: string, wish: RecordWish, signer: Hex, draft: RecordDraft): string | null => {
  try {
    const body = JSON.parse(draft.bytes) as RecordBody;
    const { kind, performedTs, technician, summary, parts } = wish;
    const wanted = { rig, kind, performedTs, technician, summary, parts, signer };
    const other = Object.entries(wanted).find(
      ([name, value]) => canonicalText(body[name as keyof RecordBody] ?? null) !== canonicalText(value),
    );
    if (other !== undefined) return `The server would seal another ${other[0]} than was asked for; nothing was signed.`;
    const { chainId, verifyingContract } = draft.typedData.domain;
    const shown = recordTypedData(body, draft.hash as Hex, { chainId: Number(chainId), contract: verifyingContract as Hex });
    return canonicalText(body) === draft.bytes &&
      hashOf(draft.bytes) === draft.hash &&
      canonicalText(shown) === canonicalText(draft.typedData)
      ? null
      : "What the server asks to be signed is not this record; nothing was signed.";
  } catch {
    return "What the server asks to be signed cannot be read; nothing was signed.";
  }
};
