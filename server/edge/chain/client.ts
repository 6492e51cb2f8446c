/** The chain as the flows see it: registers machines, records hashes, anchors days, and tells how deep a transaction lies. */
import type { ChainIdentity } from "../../twin/ledger.ts";
import type { Finality } from "../../twin/relay.ts";
import { isRpcRequest, READ_METHODS, RPC_CODES, rpcFault, type RpcAnswer } from "../../twin/rpc.ts";
import type { Hex } from "../../twin/seal.ts";
import { createBook } from "./book.ts";
import { connect, type ChainOptions, type ChainState, type Connection } from "./connection.ts";
import { createDays } from "./days.ts";
import { createRights } from "./rights.ts";

export type { ChainOptions, ChainState } from "./connection.ts";
export type { DayAnchor, DayCorrection } from "./days.ts";

const READ_MS = 15_000;

const finality = async ({ client }: Connection, txHash: Hex, depth: number): Promise<Finality> => {
  const [receipt, head] = await Promise.all([
    client.getTransactionReceipt({ hash: txHash }).catch((error: unknown) => {
      if (error instanceof Error && error.name === "TransactionReceiptNotFoundError") return null;
      throw error;
    }),
    client.getBlockNumber({ cacheTime: 0 }),
  ]);
  if (receipt === null || receipt.status !== "success") return { state: "missing" };
  return { state: Number(head - receipt.blockNumber) >= depth ? "final" : "waiting", blockNumber: Number(receipt.blockNumber) };
};

/** Hands a stranger's JSON-RPC request on, if it only reads. Never throws. */
const readRpc = async (rpcUrl: string, body: unknown): Promise<RpcAnswer> => {
  if (!isRpcRequest(body)) return rpcFault(null, RPC_CODES.invalid, "not a JSON-RPC request");
  const { id = null, method, params = [] } = body;
  if (!READ_METHODS.has(method)) return rpcFault(id, RPC_CODES.unknown, `the method ${method.slice(0, 64)} is not allowed here`);
  try {
    const answer = await fetch(rpcUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id, method, params }),
      signal: AbortSignal.timeout(READ_MS),
    });
    return (await answer.json()) as RpcAnswer;
  } catch {
    return rpcFault(id, RPC_CODES.server, "the chain does not answer");
  }
};

/** Wraps every function of `functions`, so that each throws nothing but Refused. */
const guardAll = <T extends Record<string, (...args: never[]) => Promise<unknown>>>(guarded: Connection["guarded"], functions: T): T =>
  Object.fromEntries(
    Object.entries(functions).map(([name, work]) => [name, (...args: never[]) => guarded(() => work(...args))]),
  ) as unknown as T;

export type Chain = ReturnType<typeof createChain>;

/** Makes the edge; nothing is asked of the chain before the first call. Every call throws Refused: CHAIN_UNAVAILABLE or CHAIN_REFUSED. */
export const createChain = (options: ChainOptions) => {
  const connection = connect(options);
  const { guarded, identity, settle, state } = connection;
  return {
    ...guardAll(guarded, createBook(connection)),
    ...guardAll(guarded, createDays(connection)),
    ...guardAll(guarded, createRights(connection)),
    identity: (): Promise<ChainIdentity> => guarded(identity),
    settle: (): Promise<void> => guarded(settle),
    /** What is known now, without asking; null before the chain was first reached. */
    state,
    /** Asks anew; the last known with away = true where the chain does not answer. null where it never did. */
    info: async (): Promise<ChainState | null> => {
      await guarded(identity).catch(() => undefined);
      return state();
    },
    /** Whether `depth` blocks lie on the transaction's block. The local chain has no forks: a block there is final when it is written. */
    finality: (txHash: Hex, depth: number): Promise<Finality> => guarded(() => finality(connection, txHash, options.local ? 0 : depth)),
    readRpc: (body: unknown): Promise<RpcAnswer> => readRpc(options.rpcUrl, body),
  };
};
