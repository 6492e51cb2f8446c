/**
 * The path of a replaced machine: told → journal (then it is answered) → a record in both service books → the contract's `substitute`.
 * What is still to be done is read from the folded ledger and from the contract, so that every step may be repeated without harm.
 */
import { recordsOf, type ChainIdentity, type Ledger } from "../twin/ledger.ts";
import type { Act } from "../twin/record.ts";
import { Refused } from "../twin/refusal.ts";
import { usableSerial, type RecordFields } from "../twin/seal.ts";
import { substituteFault, substitutionOf, type NewSubstitute, type SubstitutionLine } from "../twin/substitution.ts";
import type { Twin } from "../twin/twin.ts";
import { OWN } from "../twin/wire.ts";

export interface SubstitutesNeeds {
  readonly site: string;
  readonly now: () => number;
  readonly ledger: () => Ledger;
  readonly twins: () => ReadonlyMap<string, Twin>;
  /** Resolves when the entry is on disk and folded. */
  readonly write: (topic: string, payload: Uint8Array) => Promise<unknown>;
  readonly chain: {
    /** The token that took a token's place, 0 for none. */
    readonly substitutedBy: (tokenId: number) => Promise<number>;
    readonly substitute: (oldTokenId: number, newTokenId: number) => Promise<void>;
  };
  readonly onError: (what: string, error: unknown) => void;
}

/** After which the contract is asked again whether it still has everything: a block may have been replaced. */
const AGAIN_MS = 60_000;
const CLOCK_AHEAD_MS = 300_000;

export const createSubstitutes = (needs: SubstitutesNeeds) => {
  const { chain, ledger, now } = needs;
  let done: { readonly wish: string; readonly atTs: number } | null = null;

  const twinOf = (rig: string): Twin => {
    const twin = needs.twins().get(rig);
    if (twin === undefined) throw new Refused("RIG_UNKNOWN", `there is no rig ${rig}`);
    return twin;
  };
  const nameOf = (rig: string): string => {
    const serial = usableSerial(needs.twins().get(rig)?.identity.serial ?? null);
    return serial === null ? rig : `${rig} (serial ${serial})`;
  };

  /** Records that are missing in the two service books. */
  const missingRecords = (): RecordFields[] =>
    [...ledger().substitutes].flatMap(([rig, { rig: substitute, performedTs, by }]) => {
      const both = [
        { rig, kind: "retired", summary: `${nameOf(substitute)} took its place.` },
        { rig: substitute, kind: "installation", summary: `It took the place of ${nameOf(rig)}.` },
      ] as const;
      return both
        .filter(({ rig: of, kind }) => !recordsOf(ledger(), of).some(({ body }) => body.kind === kind && body.performedTs === performedTs))
        .map((fields) => ({
          ...fields,
          site: needs.site,
          serial: usableSerial(needs.twins().get(fields.rig)?.identity.serial ?? null),
          performedTs,
          sealedTs: now(),
          technician: by,
          parts: [],
        }));
    });

  const bring = async (oldTokenId: number, newTokenId: number): Promise<void> => {
    if ((await chain.substitutedBy(oldTokenId)) !== 0) return;
    try {
      await chain.substitute(oldTokenId, newTokenId);
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== "CHAIN_REFUSED") throw error;
      needs.onError(`the contract does not let token ${newTokenId} take the place of token ${oldTokenId}`, error);
    }
  };

  return {
    missingRecords,
    /**
     * Resolves when it is on disk; records and chain follow. Throws Refused: RIG_UNKNOWN, REQUEST_INVALID, JOURNAL_UNAVAILABLE, DISK_FULL.
     */
    async add(rig: string, { substitute, performedTs, technician }: NewSubstitute): Promise<SubstitutionLine> {
      twinOf(rig);
      twinOf(substitute);
      if (performedTs > now() + CLOCK_AHEAD_MS) throw new Refused("REQUEST_INVALID", "performedTs is in the future");
      const known = ledger().substitutes.get(rig);
      if (known?.rig !== substitute) {
        const fault = substituteFault(ledger(), rig, substitute);
        if (fault !== null) throw new Refused("REQUEST_INVALID", fault);
        const act: Act = { what: "substitute", rig, substitute, performedTs, by: technician };
        await needs.write(OWN.act, new TextEncoder().encode(JSON.stringify(act)));
      }
      return substitutionOf(ledger(), rig);
    },
    /**
     * Brings to the contract what is missing there. `leaving`: machines whose retirement is about to be sent, of which the contract is asked
     * whatever it said before: a block may have been taken back. Gives those whose substitute has no token yet. Throws Refused
     * CHAIN_UNAVAILABLE; then it is to be called again.
     */
    async relay(leaving: ReadonlySet<string>): Promise<ReadonlySet<string>> {
      const wanted: { rig: string; before: number; after: number }[] = [];
      const waiting = new Set<string>();
      for (const [rig, { rig: substitute }] of ledger().substitutes) {
        const [before, after] = [ledger().tokens.get(rig), ledger().tokens.get(substitute)];
        if (before === undefined || after === undefined) waiting.add(rig);
        else if (before.tokenId !== after.tokenId) wanted.push({ rig, before: before.tokenId, after: after.tokenId });
      }
      const wish = JSON.stringify([ledger().chain satisfies ChainIdentity | null, wanted]);
      const isKnown = done?.wish === wish && now() - done.atTs < AGAIN_MS;
      for (const { rig, before, after } of wanted) if (!isKnown || leaving.has(rig)) await bring(before, after);
      if (!isKnown) done = { wish, atTs: now() };
      return waiting;
    },
  };
};
export type Substitutes = ReturnType<typeof createSubstitutes>;
