/** Blocks, transactions and receipts as JSON-RPC shows them (Ethereum execution API). */
import type { Block } from "@ethereumjs/block";
import type { TypedTransaction } from "@ethereumjs/tx";
import { bigIntToHex, bytesToHex, createContractAddress } from "@ethereumjs/util";
import type { RunTxResult } from "@ethereumjs/vm";
import type { Hex } from "../../twin/seal.ts";

export const quantity = (value: bigint | number): Hex => bigIntToHex(BigInt(value));

export interface RpcBlock {
  readonly number: Hex;
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly stateRoot: Hex;
  readonly logsBloom: Hex;
  readonly timestamp: Hex;
  readonly gasLimit: Hex;
  readonly transactions: readonly Hex[];
  readonly [name: string]: unknown;
}
export interface RpcTransaction {
  readonly hash: Hex;
  readonly [name: string]: unknown;
}
export interface RpcLog {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly blockNumber: Hex;
  readonly [name: string]: unknown;
}
export interface RpcReceipt {
  readonly transactionHash: Hex;
  readonly status: Hex;
  readonly logs: readonly RpcLog[];
  readonly [name: string]: unknown;
}

export const blockShape = (block: Block): RpcBlock => {
  const { header } = block;
  return {
    number: quantity(header.number),
    hash: bytesToHex(block.hash()),
    parentHash: bytesToHex(header.parentHash),
    nonce: bytesToHex(header.nonce),
    sha3Uncles: bytesToHex(header.uncleHash),
    logsBloom: bytesToHex(header.logsBloom),
    transactionsRoot: bytesToHex(header.transactionsTrie),
    stateRoot: bytesToHex(header.stateRoot),
    receiptsRoot: bytesToHex(header.receiptTrie),
    miner: header.coinbase.toString(),
    difficulty: "0x0",
    totalDifficulty: "0x0",
    extraData: bytesToHex(header.extraData),
    mixHash: bytesToHex(header.mixHash),
    size: quantity(block.serialize().length),
    gasLimit: quantity(header.gasLimit),
    gasUsed: quantity(header.gasUsed),
    timestamp: quantity(header.timestamp),
    baseFeePerGas: quantity(header.baseFeePerGas ?? 0n),
    withdrawalsRoot: header.withdrawalsRoot === undefined ? null : bytesToHex(header.withdrawalsRoot),
    blobGasUsed: quantity(header.blobGasUsed ?? 0n),
    excessBlobGas: quantity(header.excessBlobGas ?? 0n),
    parentBeaconBlockRoot: header.parentBeaconBlockRoot === undefined ? null : bytesToHex(header.parentBeaconBlockRoot),
    withdrawals: [],
    uncles: [],
    transactions: block.transactions.map((tx) => bytesToHex(tx.hash())),
  };
};

export const transactionShape = (tx: TypedTransaction, block: RpcBlock, index: number): RpcTransaction => {
  const { gasLimit, data, ...rest } = tx.toJSON();
  return {
    gasPrice: quantity(0),
    ...rest,
    hash: bytesToHex(tx.hash()),
    from: tx.getSenderAddress().toString(),
    to: tx.to?.toString() ?? null,
    type: quantity(tx.type),
    gas: gasLimit,
    input: data,
    ...(tx.type === 0 ? {} : { yParity: rest.v }),
    blockHash: block.hash,
    blockNumber: block.number,
    transactionIndex: quantity(index),
  };
};

/** `firstLog` is how many logs the block has before this transaction's. */
export const receiptShape = (tx: TypedTransaction, result: RunTxResult, block: RpcBlock, index: number, firstLog: number): RpcReceipt => {
  const place = {
    blockHash: block.hash,
    blockNumber: block.number,
    transactionHash: bytesToHex(tx.hash()),
    transactionIndex: quantity(index),
  };
  const { receipt } = result;
  const from = tx.getSenderAddress();
  return {
    ...place,
    type: quantity(tx.type),
    from: from.toString(),
    to: tx.to?.toString() ?? null,
    contractAddress: tx.to === undefined ? createContractAddress(from, tx.nonce).toString() : null,
    status: quantity("status" in receipt ? receipt.status : 0),
    gasUsed: quantity(result.totalGasSpent),
    cumulativeGasUsed: quantity(receipt.cumulativeBlockGasUsed),
    effectiveGasPrice: quantity(result.totalGasSpent === 0n ? 0n : result.amountSpent / result.totalGasSpent),
    logsBloom: bytesToHex(receipt.bitvector),
    logs: receipt.logs.map(([address, topics, data], i) => ({
      ...place,
      address: bytesToHex(address),
      topics: topics.map((topic) => bytesToHex(topic)),
      data: bytesToHex(data),
      logIndex: quantity(firstLog + i),
      blockTimestamp: block.timestamp,
      removed: false,
    })),
  };
};
