/** Machines and their service book on the chain. Every call may be repeated: what is there already is found, not sent. */

import { encodeFunctionData, parseAbiItem, parseEventLogs } from "viem";
import { RECORD_KINDS } from "../../twin/record.ts";
import { Refused } from "../../twin/refusal.ts";
import type { ChainRecord, RecordedOnChain, Registered, Registration } from "../../twin/relay.ts";
import type { Hex } from "../../twin/seal.ts";
import type { Connection } from "./connection.ts";
import { asRefused } from "./faults.ts";

const RECORDS_OWN_FAULT = /^(ERC721NonexistentToken|EmptyHash)\(/;
const seconds = (ts: number): number => Math.max(0, Math.floor(ts / 1_000));

/** The contract keeps model names; a device that tells a novel as its model does not write it there. */
const modelOf = ({ name, nominalThs, nominalW }: Registration["model"]) => ({
  name: [...name].slice(0, 64).join(""),
  nominalGhs: BigInt(Math.max(0, Math.round(nominalThs * 1_000))),
  nominalWatts: Math.max(0, Math.round(nominalW)),
});

const TRANSFER = parseAbiItem("event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)");

// Alone: of a whole ABI viem hashes every event for each receipt.
const REGISTERED = [
  parseAbiItem("event RigRegistered(uint256 indexed tokenId, bytes32 indexed serialHash, uint32 modelId, bytes32 recordHash)"),
];

export const createBook = ({ client, keys, twinOf, send, settle, spans }: Connection) => {
  const tokenOfSerial = async (serialHash: Hex): Promise<number | null> => {
    const tokenId = Number(await client.readContract({ ...(await twinOf()), functionName: "tokenOfSerial", args: [serialHash] }));
    return tokenId === 0 ? null : tokenId;
  };

  const maintenanceOf = async (recordHash: Hex): Promise<{ tokenId: number; blockNumber: number } | null> => {
    const contract = await twinOf();
    const [tokenId, blockNumber] = await client.readContract({ ...contract, functionName: "maintenanceOf", args: [recordHash] });
    return blockNumber === 0n ? null : { tokenId: Number(tokenId), blockNumber: Number(blockNumber) };
  };

  /** Where a token was registered, found by its event. */
  const registeredAt = async (serialHash: Hex, tokenId: number): Promise<Registered> => {
    const contract = await twinOf();
    for await (const span of spans()) {
      const args = { tokenId: BigInt(tokenId) };
      const [log] = await client.getContractEvents({ ...contract, eventName: "RigRegistered", args, ...span });
      if (log === undefined) continue;
      return { serialHash, tokenId, txHash: log.transactionHash, blockNumber: Number(log.blockNumber), recordHash: null };
    }
    throw new Refused("CHAIN_UNAVAILABLE", `the registration of token ${tokenId} is not found`);
  };

  const recordedAt = async (recordHash: Hex, blockNumber: number): Promise<RecordedOnChain> => {
    const at = { fromBlock: BigInt(blockNumber), toBlock: BigInt(blockNumber) };
    const [log] = await client.getContractEvents({ ...(await twinOf()), eventName: "MaintenanceRecorded", args: { recordHash }, ...at });
    if (log === undefined) throw new Refused("CHAIN_UNAVAILABLE", `block ${blockNumber} does not show record ${recordHash}`);
    return { recordHash, txHash: log.transactionHash, blockNumber, reason: null };
  };

  const mint = async (batch: readonly Registration[]): Promise<Registered[]> => {
    const { address, abi } = await twinOf();
    const { admin } = await keys();
    const models = new Map(batch.map(({ model }) => [JSON.stringify(model), model]));
    const places = [...models.keys()];
    const rigs = batch.map(({ serialHash, recordHash, commissionedTs, model }) => ({
      serialHash,
      recordHash,
      commissionedAt: seconds(commissionedTs),
      model: places.indexOf(JSON.stringify(model)),
    }));
    const args = [admin.address, [...models.values()].map(modelOf), rigs] as const;
    const receipt = await send(address, encodeFunctionData({ abi, functionName: "register", args }));
    const recordOf = new Map(batch.map(({ serialHash, recordHash }) => [serialHash, recordHash]));
    return parseEventLogs({ abi: REGISTERED, logs: receipt.logs }).map(({ args: { serialHash, tokenId } }) => ({
      serialHash,
      tokenId: Number(tokenId),
      txHash: receipt.transactionHash,
      blockNumber: Number(receipt.blockNumber),
      recordHash: recordOf.get(serialHash) ?? null,
    }));
  };

  const write = async (batch: readonly ChainRecord[]): Promise<RecordedOnChain[]> => {
    const [first] = batch;
    if (first === undefined) return [];
    const { address, abi } = await twinOf();
    const records = batch.map(({ tokenId, recordHash, kind, performedTs }) => ({
      tokenId: BigInt(tokenId),
      recordHash,
      kind: RECORD_KINDS.indexOf(kind),
      performedAt: seconds(performedTs),
    }));
    try {
      const { transactionHash, blockNumber } = await send(
        address,
        encodeFunctionData({ abi, functionName: "recordMaintenances", args: [records] }),
      );
      return batch.map(({ recordHash }) => ({ recordHash, txHash: transactionHash, blockNumber: Number(blockNumber), reason: null }));
    } catch (error) {
      const refused = asRefused(error);
      // An empty account or a missing role is the farm's fault, not the record's: it is put right and tried again.
      if (!RECORDS_OWN_FAULT.test(refused.detail)) throw refused;
      if (batch.length === 1) return [{ recordHash: first.recordHash, txHash: null, blockNumber: null, reason: refused.detail }];
      // One bad record must not keep the others back.
      const half = Math.ceil(batch.length / 2);
      return [...(await write(batch.slice(0, half))), ...(await write(batch.slice(half)))];
    }
  };

  const found = (record: ChainRecord, there: { tokenId: number; blockNumber: number }): Promise<RecordedOnChain> => {
    const { recordHash, tokenId } = record;
    if (there.tokenId === tokenId) return recordedAt(recordHash, there.blockNumber);
    return Promise.resolve({ recordHash, txHash: null, blockNumber: null, reason: `recorded for token ${there.tokenId} already` });
  };

  return {
    tokenOfSerial,
    maintenanceOf,
    /** Gives each machine its token, at most MOST_BATCH of them; a machine that has one keeps it. */
    register: async (batch: readonly Registration[]): Promise<Registered[]> => {
      await settle();
      const once = [...new Map(batch.map((one) => [one.serialHash, one])).values()];
      const tokens = await Promise.all(once.map(({ serialHash }) => tokenOfSerial(serialHash)));
      const old = await Promise.all(once.flatMap(({ serialHash }, i) => (tokens[i] ? [registeredAt(serialHash, tokens[i])] : [])));
      const fresh = once.filter((_, i) => tokens[i] === null);
      return fresh.length === 0 ? old : [...old, ...(await mint(fresh))];
    },
    /** Records hashes, at most MOST_BATCH of them. */
    recordMaintenance: async (batch: readonly ChainRecord[]): Promise<RecordedOnChain[]> => {
      await settle();
      const there = await Promise.all(batch.map(({ recordHash }) => maintenanceOf(recordHash)));
      const old = await Promise.all(batch.flatMap((record, i) => (there[i] ? [found(record, there[i])] : [])));
      return [...old, ...(await write(batch.filter((_, i) => there[i] === null)))];
    },
    /** Numbers of the tokens that `wallet` holds now, by the transfers to it. */
    heldBy: async (wallet: Hex): Promise<number[]> => {
      const contract = await twinOf();
      const came = new Set<bigint>();
      for await (const span of spans()) {
        const logs = await client.getLogs({ address: contract.address, event: TRANSFER, args: { to: wallet }, ...span });
        for (const { args } of logs) if (args.tokenId !== undefined) came.add(args.tokenId);
      }
      const held: number[] = [];
      for (const tokenId of came) {
        const owner = await client.readContract({ ...contract, functionName: "ownerOf", args: [tokenId] });
        if (owner.toLowerCase() === wallet.toLowerCase()) held.push(Number(tokenId));
      }
      return held.toSorted((a, b) => a - b);
    },
    /** The token's page and owner; null where there is no such token. */
    page: async (tokenId: number): Promise<{ tokenUri: string; owner: Hex } | null> => {
      const contract = await twinOf();
      const args = [BigInt(tokenId)] as const;
      try {
        const [tokenUri, owner] = await Promise.all([
          client.readContract({ ...contract, functionName: "tokenURI", args }),
          client.readContract({ ...contract, functionName: "ownerOf", args }),
        ]);
        return { tokenUri, owner };
      } catch (error) {
        if (asRefused(error).detail.startsWith("ERC721NonexistentToken")) return null;
        throw error;
      }
    },
  };
};
