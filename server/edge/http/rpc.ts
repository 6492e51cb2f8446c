/** A window onto the chain for browsers: JSON-RPC, only methods that read, none that keeps the node busy for long. */
import { z } from "zod";
import { Refused } from "../../twin/refusal.ts";
import type { RpcAnswer, RpcCall, RpcError } from "./handlers.ts";

export const MOST_CALLS = 20;
export const MOST_BLOCKS = 10_000;
const MOST_GAS = 30_000_000n;

const call = z.object({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.string().max(100), z.int(), z.null()]).default(null),
  method: z.string().max(64),
  params: z.array(z.unknown()).max(8).default([]),
});
export const rpcRequest = z.union([call, z.array(call).min(1).max(MOST_CALLS)]);
const rpcError = z.object({ code: z.int(), message: z.string(), data: z.unknown().optional() });
const answer = z.object({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.string(), z.int(), z.null()]),
  result: z.unknown().optional(),
  error: rpcError.optional(),
});
export const rpcAnswer = z.union([answer, z.array(answer)]);

/** EIP-1474 error codes. */
const METHOD_NOT_FOUND = -32601;
const INVALID_PARAMS = -32602;
const INTERNAL = -32603;
const RESOURCE_UNAVAILABLE = -32002;
const LIMIT_EXCEEDED = -32005;

type Check = (params: readonly unknown[], head: () => Promise<bigint>) => RpcError | null | Promise<RpcError | null>;

const invalid = (message: string): RpcError => ({ code: INVALID_PARAMS, message });
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const quantity = (value: unknown): bigint | null => (typeof value === "string" && /^0x[0-9a-f]{1,16}$/i.test(value) ? BigInt(value) : null);

const free: Check = () => null;

const callChecked: Check = ([transaction, , ...more]) => {
  if (!isObject(transaction)) return invalid("The first parameter must be a call object.");
  if (more.length > 0) return invalid("State overrides are not taken here.");
  if (transaction["gas"] === undefined) return null;
  const gas = quantity(transaction["gas"]);
  return gas !== null && gas <= MOST_GAS ? null : invalid(`gas must be at most ${MOST_GAS}.`);
};

const blockOf = async (value: unknown, head: () => Promise<bigint>): Promise<bigint | null> => {
  if (value === "earliest") return 0n;
  if (value === undefined || value === null || (typeof value === "string" && ["latest", "safe", "finalized", "pending"].includes(value)))
    return head();
  return quantity(value);
};

const logsChecked: Check = async ([filter], head) => {
  if (!isObject(filter)) return invalid("The first parameter must be a filter object.");
  if (filter["blockHash"] !== undefined) return null;
  const from = await blockOf(filter["fromBlock"], head);
  const to = await blockOf(filter["toBlock"], head);
  if (from === null || to === null) return invalid("fromBlock and toBlock must be block numbers in hex or block tags.");
  return to - from < BigInt(MOST_BLOCKS)
    ? null
    : { code: LIMIT_EXCEEDED, message: `A range of at most ${MOST_BLOCKS} blocks is answered.` };
};

/** The methods that are passed on; every other is refused. */
export const RPC_METHODS: Readonly<Record<string, Check>> = Object.assign(Object.create(null) as Record<string, Check>, {
  eth_call: callChecked,
  eth_chainId: free,
  eth_blockNumber: free,
  eth_getBlockByNumber: free,
  eth_getBlockByHash: free,
  eth_getLogs: logsChecked,
  eth_getCode: free,
  eth_getTransactionReceipt: free,
  eth_getTransactionByHash: free,
  net_version: free,
});

type Pass = (call: RpcCall) => Promise<RpcAnswer>;

const one = async (asked: RpcCall, pass: Pass, onFault: (error: unknown) => void): Promise<RpcAnswer> => {
  const { id } = asked;
  const failed = (error: RpcError): RpcAnswer => ({ jsonrpc: "2.0", id, error });
  const check = RPC_METHODS[asked.method];
  if (check === undefined) return failed({ code: METHOD_NOT_FOUND, message: `The method ${asked.method} is not answered here.` });
  const head = async (): Promise<bigint> => {
    const answered = await pass({ jsonrpc: "2.0", id: 0, method: "eth_blockNumber", params: [] });
    const number = "result" in answered ? quantity(answered.result) : null;
    if (number === null) throw new Refused("CHAIN_UNAVAILABLE", "The chain does not tell its newest block.");
    return number;
  };
  try {
    const refused = await check(asked.params, head);
    return refused === null ? { ...(await pass(asked)), id } : failed(refused);
  } catch (error) {
    if (error instanceof Refused) return failed({ code: RESOURCE_UNAVAILABLE, message: error.detail, data: { code: error.code } });
    onFault(error);
    return failed({ code: INTERNAL, message: "Something went wrong in the server." });
  }
};

/** Answers a call or a batch, one after the other. Never throws: faults are JSON-RPC errors. */
export const answerRpc = async (
  asked: z.output<typeof rpcRequest>,
  pass: Pass,
  onFault: (error: unknown) => void,
): Promise<RpcAnswer | RpcAnswer[]> => {
  if (!Array.isArray(asked)) return one(asked, pass, onFault);
  const answers: RpcAnswer[] = [];
  for (const next of asked) answers.push(await one(next, pass, onFault));
  return answers;
};
