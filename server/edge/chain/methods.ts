/** The local chain's JSON-RPC methods by name (Ethereum execution API), as far as viem, wallets and a verifier in a browser need them. */
import { createTxFromRLP } from "@ethereumjs/tx";
import { Bloom } from "@ethereumjs/vm";
import { bytesToHex, hexToBytes, setLengthLeft } from "@ethereumjs/util";
import { RPC_CODES } from "../../twin/rpc.ts";
import type { Hex } from "../../twin/seal.ts";
import { LOCAL_CHAIN_ID, type CallRequest, type Engine } from "./engine.ts";
import { createPool, TransactionRefused } from "./pool.ts";
import { quantity, type RpcBlock, type RpcLog } from "./shapes.ts";
import type { Store, StoredBlock } from "./store.ts";

/** An error with a JSON-RPC code and, for a revert, its data. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: Hex | undefined;
  constructor(code: number, message: string, data?: Hex) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

export type Method = (parameters: readonly unknown[]) => Promise<unknown>;

const CALL_GAS = 100_000_000n;
const wrong = (what: string): RpcError => new RpcError(RPC_CODES.parameters, what);

const asHex = (value: unknown, what: string, bytes?: number): Hex => {
  if (typeof value !== "string" || !/^0x([0-9a-f]{2})*$/i.test(value)) throw wrong(`${what} is not hex data`);
  if (bytes !== undefined && value.length !== 2 + 2 * bytes) throw wrong(`${what} has not ${bytes} bytes`);
  return value.toLowerCase() as Hex;
};
const asQuantity = (value: unknown, what: string): bigint => {
  if (typeof value !== "string" || !/^0x[0-9a-f]{1,64}$/i.test(value)) throw wrong(`${what} is not a hex quantity`);
  return BigInt(value);
};
const asCall = (value: unknown): CallRequest => {
  if (typeof value !== "object" || value === null) throw wrong("the call is not an object");
  const call = value as Record<string, unknown>;
  const some = (member: unknown): boolean => member !== undefined && member !== null;
  return {
    from: some(call.from) ? asHex(call.from, "from", 20) : null,
    to: some(call.to) ? asHex(call.to, "to", 20) : null,
    data: hexToBytes(some(call.input ?? call.data) ? asHex(call.input ?? call.data, "data") : "0x"),
    value: some(call.value) ? asQuantity(call.value, "value") : 0n,
    gas: some(call.gas) ? asQuantity(call.gas, "gas") : null,
  };
};
/** A question about now is asked of the block that would come next, as a transaction sent now would be. */
const isNext = (at: unknown): boolean => at === undefined || at === null || at === "latest" || at === "pending";
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const zeroByte = (data: Uint8Array): bigint => BigInt(data.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0));

/** Gas that a transaction costs before its first instruction: EIP-2028, and EIP-3860 for what is to be deployed. */
const intrinsicGas = ({ to, data }: CallRequest): bigint => {
  const zeros = zeroByte(data);
  const deployment = to === null ? 32_000n + 2n * BigInt(Math.ceil(data.length / 32)) : 0n;
  return 21_000n + 4n * zeros + 16n * (BigInt(data.length) - zeros) + deployment;
};

type Topic = string | readonly string[] | null;
const matches = (log: RpcLog, addresses: readonly string[], topics: readonly Topic[]): boolean =>
  (addresses.length === 0 || addresses.includes(log.address)) &&
  topics.every(
    (wanted, i) =>
      wanted === null || (log.topics[i] !== undefined && (typeof wanted === "string" ? [wanted] : wanted).includes(log.topics[i])),
  );

export const createMethods = (engine: Engine, store: Store, clientVersion: string) => {
  const nonceOf = async (address: Hex, block: RpcBlock = engine.head()): Promise<bigint> =>
    (await engine.account(address, block))?.nonce ?? 0n;
  const pool = createPool({ mine: engine.mine, nonceOf, now: Date.now, gatherMs: 10, gapMs: 3_000 });

  /** A block by number, tag or hash (EIP-1898); there are no forks here, so the newest block is safe and final as well. */
  const find = async (at: unknown): Promise<StoredBlock | null> => {
    if (typeof at === "object" && at !== null) {
      const { blockHash, blockNumber } = at as { blockHash?: unknown; blockNumber?: unknown };
      return blockHash === undefined ? find(blockNumber) : byHash(blockHash);
    }
    if (at === undefined || at === null || at === "latest" || at === "pending" || at === "safe" || at === "finalized")
      return store.blockAt(Number(engine.head().number));
    return store.blockAt(at === "earliest" ? 0 : Number(least(asQuantity(at, "block"), BigInt(Number.MAX_SAFE_INTEGER))));
  };
  const byHash = async (hash: unknown): Promise<StoredBlock | null> => {
    const number = await store.numberOf(asHex(hash, "block hash", 32));
    return number === null ? null : store.blockAt(number);
  };
  const blockOf = async (at: unknown): Promise<RpcBlock> => {
    const found = await find(at);
    if (found === null) throw new RpcError(RPC_CODES.server, "there is no such block");
    return found.block;
  };
  const shown = (found: StoredBlock | null, full: unknown): unknown =>
    found === null ? null : full === true ? { ...found.block, transactions: found.transactions } : found.block;

  const reverted = (data: Uint8Array, error: string | null): RpcError =>
    error === "revert"
      ? new RpcError(RPC_CODES.reverted, "execution reverted", bytesToHex(data))
      : new RpcError(RPC_CODES.server, error ?? "the call failed");

  const estimate = async (request: CallRequest, at: unknown): Promise<bigint> => {
    const block = await blockOf(at);
    const next = isNext(at);
    const most = least(request.gas ?? engine.blockGas, engine.blockGas);
    const intrinsic = intrinsicGas(request);
    if (intrinsic > most) throw new RpcError(RPC_CODES.server, "intrinsic gas is above the limit");
    const whole = await engine.call(request, block, next, most - intrinsic);
    if (!whole.ok) throw reverted(whole.data, whole.error);
    // A call hands on 63/64 of its gas at most (EIP-150), so that what was used may not be enough to start with.
    for (let spent = whole.gasUsed; intrinsic + spent < most; spent += spent / 8n + 1_000n)
      if ((await engine.call(request, block, next, spent)).ok) return intrinsic + spent;
    return most;
  };

  const logs = async (filter: unknown): Promise<RpcLog[]> => {
    const { address, topics = [], fromBlock, toBlock, blockHash } = (filter ?? {}) as Record<string, unknown>;
    const addresses = (address === undefined || address === null ? [] : Array.isArray(address) ? address : [address]).map((one) =>
      asHex(one, "address", 20),
    );
    if (!Array.isArray(topics) || topics.length > 4) throw wrong("topics is not a list of at most four");
    const wanted: Topic[] = topics.map((topic) =>
      topic === null ? null : Array.isArray(topic) ? topic.map((one) => asHex(one, "topic", 32)) : asHex(topic, "topic", 32),
    );
    const one = blockHash === undefined ? null : await blockOf({ blockHash });
    const from = Number((one ?? (await blockOf(fromBlock ?? "latest"))).number);
    const last =
      toBlock !== undefined && typeof toBlock === "string" && toBlock.startsWith("0x")
        ? least(BigInt(toBlock), BigInt(engine.head().number))
        : null;
    const to = one !== null ? from : Number(last ?? (await blockOf(toBlock ?? "latest")).number);
    const out: RpcLog[] = [];
    for await (const { number, bloom } of store.blooms(from, to)) {
      const filterBits = new Bloom(bloom, engine.common);
      const possible = (of: readonly string[]): boolean => of.length === 0 || of.some((hex) => filterBits.check(hexToBytes(hex as Hex)));
      if (!possible(addresses) || !wanted.every((topic) => topic === null || possible(typeof topic === "string" ? [topic] : topic)))
        continue;
      for (const receipt of (await store.blockAt(number))?.receipts ?? [])
        out.push(...receipt.logs.filter((log) => matches(log, addresses, wanted)));
    }
    return out;
  };

  const send = async (raw: unknown): Promise<Hex> => {
    const bytes = hexToBytes(asHex(raw, "the transaction"));
    const parse = () => {
      try {
        return createTxFromRLP(bytes, { common: engine.common });
      } catch (error) {
        throw wrong(error instanceof Error ? error.message : String(error));
      }
    };
    const tx = parse();
    if (!tx.isSigned() || !tx.isValid())
      throw new RpcError(RPC_CODES.server, `invalid transaction: ${tx.getValidationErrors().join(", ") || "not signed"}`);
    if (tx.type === 3) throw new RpcError(RPC_CODES.server, "blobs are not kept here");
    if (tx.gasLimit > engine.blockGas) throw new RpcError(RPC_CODES.server, "exceeds block gas limit");
    const hash = bytesToHex(tx.hash());
    // The same bytes sent again are the same wish: the sender may not have heard the first answer.
    if ((await store.placeOf(hash)) !== null) return hash;
    if (tx.nonce < (await nonceOf(tx.getSenderAddress().toString()))) throw new RpcError(RPC_CODES.server, "nonce too low");
    return pool.add(tx).catch((error: unknown) => {
      throw error instanceof TransactionRefused ? new RpcError(RPC_CODES.server, error.message) : error;
    });
  };

  const placed = async (hash: unknown) => {
    const place = await store.placeOf(asHex(hash, "transaction hash", 32));
    const found = place === null ? null : await store.blockAt(place.blockNumber);
    return place === null || found === null
      ? null
      : { transaction: found.transactions[place.index] ?? null, receipt: found.receipts[place.index] ?? null };
  };

  const methods: Readonly<Record<string, Method>> = {
    eth_chainId: async () => quantity(LOCAL_CHAIN_ID),
    net_version: async () => String(LOCAL_CHAIN_ID),
    web3_clientVersion: async () => clientVersion,
    eth_syncing: async () => false,
    eth_accounts: async () => [],
    eth_blockNumber: async () => engine.head().number,
    eth_gasPrice: async () => quantity(0),
    eth_maxPriorityFeePerGas: async () => quantity(0),
    eth_feeHistory: async ([count, newest, percentiles]) => {
      const n = Number(least(asQuantity(count, "block count"), 1_024n));
      const last = Number((await blockOf(newest)).number);
      const blocks = Math.min(n, last + 1);
      const zeros = Array.from({ length: blocks }, () => quantity(0));
      const each = Array.isArray(percentiles) ? percentiles.map(() => quantity(0)) : [];
      return {
        oldestBlock: quantity(last + 1 - blocks),
        baseFeePerGas: [...zeros, quantity(0)],
        gasUsedRatio: zeros.map(() => 0),
        reward: zeros.map(() => each),
      };
    },
    eth_getBlockByNumber: async ([at, full]) => shown(await find(at), full),
    eth_getBlockByHash: async ([hash, full]) => shown(await byHash(hash), full),
    eth_getBalance: async ([address, at]) =>
      quantity((await engine.account(asHex(address, "address", 20), await blockOf(at)))?.balance ?? 0n),
    eth_getCode: async ([address, at]) => bytesToHex(await engine.code(asHex(address, "address", 20), await blockOf(at))),
    eth_getStorageAt: async ([address, slot, at]) => {
      const key = setLengthLeft(hexToBytes(`0x${asQuantity(slot, "slot").toString(16).padStart(64, "0")}`), 32);
      return bytesToHex(setLengthLeft(await engine.storage(asHex(address, "address", 20), key, await blockOf(at)), 32));
    },
    eth_getTransactionCount: async ([address, at]) => {
      const sender = asHex(address, "address", 20);
      const nonce = await nonceOf(sender, await blockOf(at));
      return quantity(at === "pending" ? pool.pendingNonce(sender, nonce) : nonce);
    },
    eth_call: async ([call, at]) => {
      const request = asCall(call);
      const { ok, data, error } = await engine.call(request, await blockOf(at), isNext(at), least(request.gas ?? CALL_GAS, CALL_GAS));
      if (!ok) throw reverted(data, error);
      return bytesToHex(data);
    },
    eth_estimateGas: async ([call, at]) => quantity(await estimate(asCall(call), at)),
    eth_sendRawTransaction: ([raw]) => send(raw),
    eth_getTransactionByHash: async ([hash]) => (await placed(hash))?.transaction ?? null,
    eth_getTransactionReceipt: async ([hash]) => (await placed(hash))?.receipt ?? null,
    eth_getLogs: ([filter]) => logs(filter),
  };
  return { methods, stop: pool.stop };
};
