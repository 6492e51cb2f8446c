/** What the record's path and the chain say to each other. */
import type { RecordKind } from "./record.ts";
import type { Hex } from "./seal.ts";

/** Most machines or records in one transaction; the contract's own limit. */
export const MOST_BATCH = 100;

/** A machine that is to get a token, and the record that says so. */
export interface Registration {
  readonly serialHash: Hex;
  readonly recordHash: Hex;
  readonly model: { readonly name: string; readonly nominalThs: number; readonly nominalW: number };
  readonly commissionedTs: number;
}
export interface Registered {
  readonly serialHash: Hex;
  readonly tokenId: number;
  readonly txHash: Hex;
  readonly blockNumber: number;
  /** The hash of the record that came onto the chain with it; null where the machine had its token before. */
  readonly recordHash: Hex | null;
}
export interface ChainRecord {
  readonly tokenId: number;
  readonly recordHash: Hex;
  readonly kind: RecordKind;
  readonly performedTs: number;
}
/** Where a record came onto the chain, or why it did not. */
export type RecordedOnChain =
  | { readonly recordHash: Hex; readonly txHash: Hex; readonly blockNumber: number; readonly reason: null }
  | { readonly recordHash: Hex; readonly txHash: null; readonly blockNumber: null; readonly reason: string };
/** `missing`: the chain does not know the transaction, or not any more. */
export type Finality = { readonly state: "missing" } | { readonly state: "waiting" | "final"; readonly blockNumber: number };
