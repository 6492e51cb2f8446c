/**
 * A check from beginning to end in the reader's browser: the evidence as it came, the reader's own node, and what the page shows. A chunk
 * of its own; the work itself is server/twin/verify.ts, the same that runs in the terminal.
 */
import type { Bundle } from "../../server/twin/bundle.ts";
import { verdictOf, verifyBundle, type Expected, type Step, type Verification } from "../../server/twin/verify.ts";
import { contractAt, type ContractReader, type ReadAt } from "./contract.ts";
import type { ChainNode } from "./node.ts";
import { shownSteps, tokenSteps, type Shown } from "./shown.ts";

export interface Wish {
  /** As it came out of JSON. */
  readonly evidence: unknown;
  readonly node: ChainNode;
  readonly expected: Expected;
  /** What a page shows beside it, null where nothing is shown. */
  readonly shown: Shown | null;
}
export interface Progress {
  readonly steps: readonly Step[];
  readonly done: number;
  readonly of: number;
}
/** Where the answers came from. */
export interface Asked {
  readonly node: string;
  readonly chainId: number | null;
  readonly contract: string | null;
  readonly block: ReadAt | null;
}
export interface Outcome extends Verification {
  readonly asked: Asked;
  /** The evidence itself says that its chain is run by the farm. */
  readonly isLocal: boolean;
}

/** Work between two breaths, so that the page can be drawn and a click on Cancel be heard. */
const BREATH_MS = 24;
const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

const contractIn = (evidence: unknown): `0x${string}` | null => {
  const contract = (evidence as Partial<Bundle> | null)?.chain?.contract;
  return typeof contract === "string" && /^0x[0-9a-f]{40}$/.test(contract) ? (contract as `0x${string}`) : null;
};
const daysIn = (evidence: unknown): number[] => {
  const days = (evidence as Partial<Bundle> | null)?.days;
  return Array.isArray(days) ? days.flatMap(({ day, tree }) => (Number.isSafeInteger(day) && tree !== null ? [day] : [])) : [];
};

const askedOf = async (node: ChainNode, contract: string | null, chain: ContractReader | null): Promise<Asked> => {
  const orNull = <T>(promise: Promise<T> | undefined): Promise<T | null> => Promise.resolve(promise ?? null).catch(() => null);
  const [chainId, block] = await Promise.all([orNull(chain?.chainId()), orNull(chain?.at())]);
  return { node: node.name, chainId, contract, block };
};

/** Runs the check. `tell` hears how far it is. Throws only where `signal` ends it. */
export const prove = async (wish: Wish, tell: (progress: Progress) => void, signal: AbortSignal): Promise<Outcome> => {
  const { evidence, node, expected, shown } = wish;
  const contract = contractIn(evidence);
  const chain = contract === null ? null : contractAt(node, contract, daysIn(evidence));
  let breathedMs = performance.now();
  await breathe();
  const verified = await verifyBundle(evidence, chain, expected, async (steps, done, of) => {
    signal.throwIfAborted();
    if (performance.now() - breathedMs < BREATH_MS && done < of) return;
    tell({ steps: [...steps], done, of });
    await breathe();
    signal.throwIfAborted();
    breathedMs = performance.now();
  });
  const isBundle = !verified.steps.some(({ check }) => check === "shape");
  const bundle = evidence as Bundle;
  const further = shown === null || !isBundle ? [] : [...(await tokenSteps(shown, bundle.tokenId, chain)), ...shownSteps(shown, bundle)];
  const asked = await askedOf(node, contract, chain);
  signal.throwIfAborted();
  const steps = [...verified.steps, ...further];
  return { verdict: verdictOf(steps), steps, asked, isLocal: isBundle && bundle.chain.local };
};
