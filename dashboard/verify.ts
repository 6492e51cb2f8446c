/**
 * Checks a rig's service book in the reader's own browser: the work is server/twin/verify.ts, the same as on the public page and in the
 * terminal, and besides it what is shown against what was hashed. A chunk of its own; it asks the network by `call` alone.
 */
import type { ChainInfo } from "../server/twin/api.ts";
import { canonicalText } from "../server/twin/canonical.ts";
import type { Identity } from "../server/twin/reading.ts";
import type { TwinRecord } from "../server/twin/record.ts";
import { verdictOf, verifyBook, type Step, type Verification } from "../server/twin/verify.ts";
import { contractAt } from "./proof/contract.ts";
import { NodeFault, type ChainNode } from "./proof/node.ts";

export interface VerifyNeeds {
  readonly site: string;
  readonly rig: string;
  readonly identity: Identity;
  readonly tokenId: number | null;
  readonly records: readonly TwinRecord[];
  readonly chain: ChainInfo | null;
  readonly call: (method: string, parameters: readonly unknown[]) => Promise<unknown>;
}

/** A machine without a token, or a farm whose chain was never reached: there is no contract to ask. */
const NOWHERE = { chainId: 1, contract: `0x${"0".repeat(40)}`, genesis: `0x${"0".repeat(64)}`, local: true } as const;

const canonicalOr = (value: unknown): string => {
  try {
    return canonicalText(value);
  } catch {
    return "";
  }
};

const shownSteps = (records: readonly TwinRecord[]): Step[] => {
  const other = records.flatMap(({ bytes, body }, i) => (canonicalOr(body) === bytes ? [] : [i + 1]));
  return [
    {
      subject: "records",
      check: "shown",
      result: other.length === 0 ? "passed" : "failed",
      says:
        other.length === 0
          ? "What is shown is what was hashed."
          : `What is shown of record ${other.join(", ")} differs from what was hashed.`,
    },
  ];
};

const nodeOf = (call: VerifyNeeds["call"]): ChainNode => ({
  name: "node",
  call: (method, parameters) =>
    call(method, parameters).catch((error: unknown) => {
      const { message, code } = error as { readonly message?: string; readonly code?: string };
      throw new NodeFault(message ?? String(error), { isAway: code !== "RPC_ERROR" });
    }),
});

/** Runs every check. Never throws; a node that cannot be asked leaves steps that were not done. */
export const verify = async ({ site, rig, identity, tokenId, records, chain, call }: VerifyNeeds): Promise<Verification> => {
  const { chainId, contract, genesis, local } = chain ?? NOWHERE;
  const of = {
    site,
    rig,
    tokenId: tokenId ?? 1,
    chain: { chainId, contract, genesis, local },
    identity: { ...identity, boardSerials: [...identity.boardSerials] },
    records: records.map(({ hash, bytes, signature }) => ({ hash, bytes, signature })),
  };
  const reader = chain === null || tokenId === null ? null : contractAt(nodeOf(call), chain.contract as `0x${string}`, []);
  const { steps } = await verifyBook(of, reader);
  const all = [...steps, ...shownSteps(records)];
  return { verdict: verdictOf(all), steps: all };
};
