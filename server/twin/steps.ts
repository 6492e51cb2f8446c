/** The steps of a stranger's check: what each looked at, how it came out, and what they come to together. */
import type { Hex } from "./seal.ts";

/** stated: somebody's word, which nothing in the evidence proves or contradicts; it is named as such and is no part of what is verified. */
export type Result = "passed" | "failed" | "not-checked" | "stated";
export interface Step {
  /** What was looked at: "bundle", "records", "machine", "chain", or a day as `2026-11-20`. */
  readonly subject: string;
  readonly check: string;
  readonly result: Result;
  /** One plain sentence. */
  readonly says: string;
}
export interface Verification {
  readonly verdict: "verified" | "failed" | "incomplete";
  readonly steps: readonly Step[];
}

/** What a contract has of a day; `writtenTs`: of its block, ms UTC, where the reader tells it. */
export interface AnchorThere {
  readonly root: string;
  readonly manifestHash: string;
  readonly treeSize: number;
  readonly readings: number;
  readonly writtenTs?: number;
}
export interface CorrectionThere extends Omit<AnchorThere, "treeSize"> {
  readonly reasonHash: string;
}

/** How the verifier asks a chain; each may throw, and what depends on it is then not checked. `null`: the contract has no such thing. */
export interface ChainReader {
  readonly chainId: () => Promise<number>;
  readonly hasContract: () => Promise<boolean>;
  readonly anchorOf: (day: number) => Promise<AnchorThere | null>;
  readonly correctionsOf: (day: number) => Promise<readonly CorrectionThere[]>;
  /** Machines that served at the end of the day. */
  readonly activeOn: (day: number) => Promise<number>;
  /** `kind` is a place in RECORD_KINDS. */
  readonly maintenanceOf: (hash: Hex) => Promise<{ readonly tokenId: number; readonly kind: number; readonly blockNumber: number } | null>;
  /** Whether the contract had the account for a technician at the end of a block. */
  readonly wasTechnician: (account: Hex, blockNumber: number) => Promise<boolean>;
  readonly rigOf: (tokenId: number) => Promise<{ readonly serialHash: string; readonly maintenanceCount: number } | null>;
  /** The gateway's Ed25519 key at a time (ms UTC), 64 hex digits; null where the contract lists none. */
  readonly gatewayKeyAt: (gateway: string, ts: number) => Promise<string | null>;
}

export interface Notes {
  readonly steps: Step[];
  readonly say: (check: string, ok: boolean, passed: string, failed: string) => boolean;
  readonly skip: (check: string, why: string) => void;
  readonly state: (check: string, says: string) => void;
}
export const notesOn = (subject: string, steps: Step[]): Notes => ({
  steps,
  say(check, ok, passed, failed) {
    steps.push({ subject, check, result: ok ? "passed" : "failed", says: ok ? passed : failed });
    return ok;
  },
  skip(check, why) {
    steps.push({ subject, check, result: "not-checked", says: why });
  },
  state(check, says) {
    steps.push({ subject, check, result: "stated", says });
  },
});

/** Runs what asks the chain; where it cannot be asked, `check` is not checked. */
export const asked = async (notes: Notes, check: string, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    notes.skip(check, `The chain could not be asked: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`);
  }
};

/** Verified only where steps passed and none did not; what was merely stated is not counted. */
export const verdictOf = (steps: readonly Step[]): Verification["verdict"] =>
  steps.some(({ result }) => result === "failed")
    ? "failed"
    : steps.some(({ result }) => result === "passed") && steps.every(({ result }) => result === "passed" || result === "stated")
      ? "verified"
      : "incomplete";
