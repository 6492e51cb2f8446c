/** The local chain's machine: makes a block out of transactions, and runs calls on any block's state without keeping what they change. */
import { createBlock, type Block } from "@ethereumjs/block";
import { createCustomCommon, Hardfork, Mainnet, type Common } from "@ethereumjs/common";
import { MerklePatriciaTrie } from "@ethereumjs/mpt";
import { Caches, MerkleStateManager } from "@ethereumjs/statemanager";
import type { TypedTransaction } from "@ethereumjs/tx";
import { createAddressFromString, createZeroAddress, hexToBytes, ValueEncoding, type Account } from "@ethereumjs/util";
import { buildBlock, createVM, type RunTxResult, type VM } from "@ethereumjs/vm";
import type { Hex } from "../../twin/seal.ts";
import { quantity, blockShape, receiptShape, transactionShape, type RpcBlock } from "./shapes.ts";
import type { Store, StoredBlock } from "./store.ts";

/** The development chain id that wallets and tools know (EIP-155 registry: none claims it). */
export const LOCAL_CHAIN_ID = 31_337;
const BLOCK_GAS = 30_000_000n;
const NODE_CACHE = 20_000;

export const localCommon = (): Common =>
  createCustomCommon({ chainId: LOCAL_CHAIN_ID, name: "rigtwin-local" }, Mainnet, { hardfork: Hardfork.Cancun });

export interface CallRequest {
  readonly from: string | null;
  readonly to: string | null;
  readonly data: Uint8Array;
  readonly value: bigint;
  readonly gas: bigint | null;
}
export interface CallResult {
  readonly ok: boolean;
  /** What was returned, or the revert's data. */
  readonly data: Uint8Array;
  /** Before refunds, without the intrinsic part. */
  readonly gasUsed: bigint;
  readonly error: string | null;
}
export type Rejected = { readonly tx: TypedTransaction; readonly reason: string };

export type Engine = Awaited<ReturnType<typeof startEngine>>;

/** Starts on the store's newest block, or makes block 0 with `salt` (32 bytes) in it, which makes every chain's genesis its own. */
export const startEngine = async (store: Store, salt: () => Uint8Array, nowS: () => number) => {
  const common = localCommon();
  const vmOn = async (): Promise<VM> => {
    const trie = new MerklePatriciaTrie({
      db: store.state,
      useKeyHashing: true,
      common,
      cacheSize: NODE_CACHE,
      valueEncoding: ValueEncoding.Bytes,
    });
    const blockchain = {
      getBlock: async (number: number) => {
        const found = await store.blockAt(number);
        return { hash: () => (found === null ? new Uint8Array(32) : hexToBytes(found.block.hash)) };
      },
      putBlock: async () => undefined,
      shallowCopy() {
        return blockchain;
      },
    };
    return createVM({ common, stateManager: new MerkleStateManager({ common, trie, caches: new Caches() }), blockchain });
  };
  const [writer, reader] = [await vmOn(), await vmOn()];

  const headNumber = await store.head();
  if (headNumber === null) {
    const genesis = createBlock(
      {
        header: {
          number: 0,
          gasLimit: BLOCK_GAS,
          timestamp: nowS(),
          extraData: salt(),
          baseFeePerGas: 0n,
          stateRoot: await writer.stateManager.getStateRoot(),
        },
      },
      { common },
    );
    await store.write({ block: blockShape(genesis), transactions: [], receipts: [] });
  }
  const first = await store.blockAt(0);
  const newest = await store.blockAt((await store.head()) ?? 0);
  if (first === null || newest === null) throw new Error("the chain's folder has no whole block");
  let head: RpcBlock = newest.block;
  await writer.stateManager.setStateRoot(hexToBytes(head.stateRoot));

  const contextOf = (block: RpcBlock): Block =>
    createBlock({ header: { number: block.number, timestamp: block.timestamp, gasLimit: BLOCK_GAS, baseFeePerGas: 0n } }, { common });

  /** Takes a block's state in the reader, one at a time, and leaves it as it was. */
  let turn: Promise<unknown> = Promise.resolve();
  const onState = <T>(block: RpcBlock, work: (vm: VM) => Promise<T>): Promise<T> => {
    const mine = turn.then(async () => {
      const root = hexToBytes(block.stateRoot);
      if (!Buffer.from(await reader.stateManager.getStateRoot()).equals(root)) await reader.stateManager.setStateRoot(root);
      await reader.evm.journal.checkpoint();
      try {
        return await work(reader);
      } finally {
        await reader.evm.journal.revert();
        await reader.evm.journal.cleanup();
        reader.stateManager.originalStorageCache.clear();
      }
    });
    turn = mine.catch(() => undefined);
    return mine;
  };

  /** The block that would come next: on a chain without transactions the newest block may be days old. */
  const nextAfter = (block: RpcBlock): RpcBlock => ({
    ...block,
    number: quantity(BigInt(block.number) + 1n),
    timestamp: quantity(Math.max(nowS(), Number(block.timestamp))),
  });

  /** Runs a message on a block's state without charging for it; `next` as if it were in the block after, now. */
  const call = (request: CallRequest, block: RpcBlock, next: boolean, gasLimit: bigint): Promise<CallResult> =>
    onState(block, async (vm) => {
      const { execResult } = await vm.evm.runCall({
        caller: request.from === null ? createZeroAddress() : createAddressFromString(request.from),
        ...(request.to === null ? {} : { to: createAddressFromString(request.to) }),
        data: request.data,
        value: request.value,
        gasLimit,
        block: contextOf(next ? nextAfter(block) : block),
        skipBalance: true,
      });
      const error = execResult.exceptionError?.error ?? null;
      return { ok: error === null, data: execResult.returnValue, gasUsed: execResult.executionGasUsed, error };
    });

  const shapesOf = (block: Block, results: readonly RunTxResult[]): StoredBlock => {
    const shape = blockShape(block);
    let logs = 0;
    const receipts = results.map((result, i) => {
      const receipt = receiptShape(block.transactions[i] as TypedTransaction, result, shape, i, logs);
      logs += receipt.logs.length;
      return receipt;
    });
    return { block: shape, transactions: block.transactions.map((tx, i) => transactionShape(tx, shape, i)), receipts };
  };

  /**
   * Makes one block of as many of `txs` as fit, in order, and resolves when it is on disk. Gives what came in and what may never
   * come in; the rest waits for the next block. Throws where the disk refuses; then nothing has happened.
   */
  const mine = async (txs: readonly TypedTransaction[]): Promise<{ included: TypedTransaction[]; rejected: Rejected[] }> => {
    const before = hexToBytes(head.stateRoot);
    const timestamp = Math.max(nowS(), Number(head.timestamp));
    const builder = await buildBlock(writer, {
      parentBlock: contextOf(head),
      headerData: {
        parentHash: head.hash,
        number: BigInt(head.number) + 1n,
        gasLimit: BLOCK_GAS,
        timestamp,
        baseFeePerGas: 0n,
        excessBlobGas: 0n,
      },
      blockOpts: { putBlockIntoBlockchain: false, common },
    });
    const included: TypedTransaction[] = [];
    const results: RunTxResult[] = [];
    const rejected: Rejected[] = [];
    try {
      for (const tx of txs) {
        if (tx.gasLimit > BLOCK_GAS - builder.gasUsed) break;
        try {
          results.push(await builder.addTransaction(tx));
          included.push(tx);
        } catch (error) {
          rejected.push({ tx, reason: error instanceof Error ? error.message : String(error) });
        }
      }
      if (included.length === 0) {
        await builder.revert();
        return { included, rejected };
      }
      const stored = shapesOf((await builder.build()).block, results);
      await store.write(stored);
      head = stored.block;
      return { included, rejected };
    } catch (error) {
      store.discard();
      await writer.stateManager.setStateRoot(before, true);
      throw error;
    }
  };

  return {
    common,
    genesis: first.block.hash,
    blockGas: BLOCK_GAS,
    head: (): RpcBlock => head,
    mine,
    call,
    account: (address: Hex, block: RpcBlock): Promise<Account | undefined> =>
      onState(block, (vm) => vm.stateManager.getAccount(createAddressFromString(address))),
    code: (address: Hex, block: RpcBlock): Promise<Uint8Array> =>
      onState(block, (vm) => vm.stateManager.getCode(createAddressFromString(address))),
    storage: (address: Hex, slot: Uint8Array, block: RpcBlock): Promise<Uint8Array> =>
      onState(block, (vm) => vm.stateManager.getStorage(createAddressFromString(address), slot)),
  };
};
