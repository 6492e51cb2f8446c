/** JSON-RPC 2.0 as Ethereum nodes speak it, and which of its methods change nothing. */

/** What a page of another origin, or a stranger through the server, may ask. */
export const READ_METHODS: ReadonlySet<string> = new Set([
  "eth_blockNumber",
  "eth_call",
  "eth_chainId",
  "eth_estimateGas",
  "eth_feeHistory",
  "eth_gasPrice",
  "eth_getBalance",
  "eth_getBlockByHash",
  "eth_getBlockByNumber",
  "eth_getCode",
  "eth_getLogs",
  "eth_getStorageAt",
  "eth_getTransactionByHash",
  "eth_getTransactionCount",
  "eth_getTransactionReceipt",
  "eth_maxPriorityFeePerGas",
  "eth_syncing",
  "net_version",
  "web3_clientVersion",
]);

/** Codes of the JSON-RPC specification, and 3, which Ethereum nodes use for a revert (its data in `data`). */
export const RPC_CODES = { parse: -32_700, invalid: -32_600, unknown: -32_601, parameters: -32_602, server: -32_000, reverted: 3 } as const;

export interface RpcRequest {
  readonly jsonrpc?: string;
  readonly id?: number | string | null;
  readonly method: string;
  readonly params?: readonly unknown[];
}
export interface RpcFault {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}
export type RpcAnswer =
  | { readonly jsonrpc: "2.0"; readonly id: number | string | null; readonly result: unknown }
  | { readonly jsonrpc: "2.0"; readonly id: number | string | null; readonly error: RpcFault };

/** Whether `value` has the form of one request. */
export const isRpcRequest = (value: unknown): value is RpcRequest => {
  if (typeof value !== "object" || value === null || !("method" in value) || typeof value.method !== "string") return false;
  return !("params" in value) || value.params === undefined || Array.isArray(value.params);
};

export const rpcFault = (id: RpcRequest["id"], code: number, message: string, data?: unknown): RpcAnswer => ({
  jsonrpc: "2.0",
  id: id ?? null,
  error: { code, message, ...(data === undefined ? {} : { data }) },
});
