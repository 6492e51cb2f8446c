/**
 * What the local chain keeps: trie nodes and code, blocks with their receipts, and where to find them. One block is one batch,
 * synced to the disk before anybody is told of it; a process that is killed leaves the block whole or absent.
 */
import { ClassicLevel } from "classic-level";
import type { DB } from "@ethereumjs/util";
import type { Hex } from "../../twin/seal.ts";
import type { RpcBlock, RpcReceipt, RpcTransaction } from "./shapes.ts";

export interface StoredBlock {
  readonly block: RpcBlock;
  readonly transactions: readonly RpcTransaction[];
  readonly receipts: readonly RpcReceipt[];
}
export interface TxPlace {
  readonly blockNumber: number;
  readonly index: number;
}

const text = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const numberKey = (kind: string, number: number): Buffer => {
  const key = Buffer.alloc(9);
  key.write(kind, 0, "latin1");
  key.writeBigUInt64BE(BigInt(number), 1);
  return key;
};
const hashKey = (kind: string, hash: string): Buffer =>
  Buffer.concat([Buffer.from(kind, "latin1"), Buffer.from(hash.replace(/^0x/, ""), "hex")]);
const HEAD = Buffer.from("mhead");

export type Store = Awaited<ReturnType<typeof openStore>>;

/**
 * Opens or makes the folder. Throws where another process has it. `onBroken` is told, once, of a write that the disk did not take: from then on no
 * other is, until the folder is opened anew. LevelDB would go on behind the piece that it left in its log, and when that is read again nothing
 * behind the piece counts: block after block would be acknowledged, and gone with the next start.
 */
export const openStore = async (folder: string, onBroken: (error: unknown) => void = () => undefined) => {
  const level = new ClassicLevel<Buffer, Buffer>(folder, { keyEncoding: "buffer", valueEncoding: "buffer" });
  await level.open();
  let broken: Error | null = null;
  /** Made by a block that is not yet on disk. Keys are hashes of values, so that too early a read does no harm. */
  const unwritten = new Map<string, Uint8Array>();

  const state: DB<string, Uint8Array> = {
    get: async (key) => unwritten.get(key) ?? (await level.get(hashKey("s", key))),
    put: async (key, value) => void unwritten.set(key, value),
    // Old states stay readable: nothing is ever taken out.
    del: async () => undefined,
    batch: async (operations) => {
      for (const operation of operations) if (operation.type === "put") unwritten.set(operation.key, operation.value);
    },
    shallowCopy: () => state,
    open: async () => undefined,
  };

  const read = async <T>(key: Buffer): Promise<T | null> => {
    const found = await level.get(key);
    return found === undefined ? null : (JSON.parse(found.toString()) as T);
  };

  return {
    state,
    head: () => read<number>(HEAD),
    blockAt: (number: number) => read<StoredBlock>(numberKey("b", number)),
    numberOf: (hash: Hex) => read<number>(hashKey("h", hash)),
    placeOf: (txHash: Hex) => read<TxPlace>(hashKey("t", txHash)),
    /** Numbers of blocks from..to with logs, in order, each with its bloom filter. */
    async *blooms(from: number, to: number): AsyncGenerator<{ number: number; bloom: Uint8Array }> {
      for await (const [key, bloom] of level.iterator({ gte: numberKey("l", from), lte: numberKey("l", to) }))
        yield { number: Number(key.readBigUInt64BE(1)), bloom };
    },
    /** Writes a block and the state it made, and resolves when both are on disk. */
    async write(stored: StoredBlock): Promise<void> {
      const { block, receipts } = stored;
      const number = Number(block.number);
      const puts: [Buffer, Buffer][] = [...unwritten].map(([key, value]) => [hashKey("s", key), Buffer.from(value)]);
      puts.push([numberKey("b", number), text(stored)], [hashKey("h", block.hash), text(number)], [HEAD, text(number)]);
      for (const [index, receipt] of receipts.entries())
        puts.push([hashKey("t", receipt.transactionHash), text({ blockNumber: number, index } satisfies TxPlace)]);
      if (receipts.some((receipt) => receipt.logs.length > 0))
        puts.push([numberKey("l", number), Buffer.from(block.logsBloom.slice(2), "hex")]);
      if (broken !== null) throw broken;
      try {
        await level.batch(
          puts.map(([key, value]) => ({ type: "put", key, value })),
          { sync: true },
        );
      } catch (error) {
        broken = new Error("an earlier block could not be written; the chain's folder has to be opened anew", { cause: error });
        onBroken(error);
        throw error;
      }
      unwritten.clear();
    },
    /** Forgets what a block made that could not be written. */
    discard: (): void => unwritten.clear(),
    close: () => level.close(),
  };
};
