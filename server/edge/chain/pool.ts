/**
 * Transactions that wait for the next block. The answer to a sender waits too: a hash is given only when its block is on disk, so
 * there is nothing to lose here.
 */
import type { TypedTransaction } from "@ethereumjs/tx";
import { bytesToHex } from "@ethereumjs/util";
import type { Hex } from "../../twin/seal.ts";

/** One that is refused before or while it is mined; the text is the node's answer. */
export class TransactionRefused extends Error {}

interface Waiting {
  readonly tx: TypedTransaction;
  readonly sender: string;
  readonly sinceMs: number;
  readonly resolve: (hash: Hex) => void;
  readonly reject: (error: Error) => void;
}

export interface PoolNeeds {
  readonly mine: (
    txs: readonly TypedTransaction[],
  ) => Promise<{ included: readonly TypedTransaction[]; rejected: readonly { tx: TypedTransaction; reason: string }[] }>;
  /** The sender's next nonce by the newest block. */
  readonly nonceOf: (sender: Hex) => Promise<bigint>;
  readonly now: () => number;
  /** Time in which transactions are gathered for a block, ms. */
  readonly gatherMs: number;
  /** How long one may wait for the nonce before it, ms. */
  readonly gapMs: number;
}

const MOST_WAITING = 1_000;

export const createPool = (needs: PoolNeeds) => {
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | null = null;
  let mining: Promise<void> | null = null;

  const settle = (txs: readonly TypedTransaction[], how: (item: Waiting) => void): void => {
    const gone = new Set(txs);
    for (const item of waiting) if (gone.has(item.tx)) how(item);
    waiting = waiting.filter((item) => !gone.has(item.tx));
  };

  /** Those whose turn it is: each sender's from its next nonce on, without a gap, senders in order of arrival. */
  const ready = async (): Promise<TypedTransaction[]> => {
    const out: TypedTransaction[] = [];
    for (const sender of new Set(waiting.map((item) => item.sender))) {
      let nonce = await needs.nonceOf(sender as Hex);
      for (const { tx } of waiting.filter((item) => item.sender === sender).toSorted((a, b) => Number(a.tx.nonce - b.tx.nonce))) {
        if (tx.nonce < nonce) settle([tx], (item) => item.reject(new TransactionRefused("nonce too low")));
        if (tx.nonce !== nonce) continue;
        out.push(tx);
        nonce += 1n;
      }
    }
    return out;
  };

  const round = async (): Promise<void> => {
    const txs = await ready();
    try {
      if (txs.length > 0) {
        const { included, rejected } = await needs.mine(txs);
        for (const { tx, reason } of rejected) settle([tx], (item) => item.reject(new TransactionRefused(reason)));
        settle(included, (item) => item.resolve(bytesToHex(item.tx.hash())));
      }
    } catch (error) {
      settle(txs, (item) =>
        item.reject(new TransactionRefused(`the block could not be written: ${error instanceof Error ? error.message : String(error)}`)),
      );
    }
    const tooLong = waiting.filter((item) => !txs.includes(item.tx) && needs.now() - item.sinceMs > needs.gapMs).map((item) => item.tx);
    settle(tooLong, (item) => item.reject(new TransactionRefused("nonce too high: the one before it did not come")));
  };

  const schedule = (): void => {
    if (timer !== null || mining !== null || waiting.length === 0) return;
    timer = setTimeout(() => {
      timer = null;
      mining = round().finally(() => {
        mining = null;
        schedule();
      });
    }, needs.gatherMs);
  };

  return {
    /** Resolves with the hash when the transaction's block is on disk. Rejects TransactionRefused. */
    add: (tx: TypedTransaction): Promise<Hex> =>
      new Promise((resolve, reject) => {
        if (waiting.length >= MOST_WAITING) return reject(new TransactionRefused("too many transactions are waiting"));
        const sender = tx.getSenderAddress().toString();
        const rival = waiting.find((item) => item.sender === sender && item.tx.nonce === tx.nonce);
        if (rival !== undefined && bytesToHex(rival.tx.hash()) !== bytesToHex(tx.hash()))
          return reject(new TransactionRefused("another transaction with this nonce is waiting"));
        waiting.push({ tx, sender, sinceMs: needs.now(), resolve, reject });
        schedule();
      }),
    /** Nonces beyond the newest block's that are waiting without a gap. */
    pendingNonce: (sender: string, next: bigint): bigint => {
      let nonce = next;
      while (waiting.some((item) => item.sender === sender && item.tx.nonce === nonce)) nonce += 1n;
      return nonce;
    },
    /** Refuses what waits and resolves when the block in the making is done. */
    stop: async (): Promise<void> => {
      if (timer !== null) clearTimeout(timer);
      await mining;
      settle(
        waiting.map((item) => item.tx),
        (item) => item.reject(new TransactionRefused("the node stops")),
      );
    },
  };
};
