/** The contract as the verifier asks it, through whatever node the reader trusts, all at one block. */
import { decodeFunctionResult, encodeFunctionData, type Abi, type Hex } from "viem";
import { rigTwinAbi, telemetryLogAbi } from "../../server/contracts/abi.generated.ts";
import { gatewayId } from "../../server/twin/gateway.ts";
import type { ChainReader } from "../../server/twin/verify.ts";
import { NodeFault, type ChainNode } from "./node.ts";

/** The block everything was read at. `isFinal`: the node calls it final; else it is merely the newest. */
export interface ReadAt {
  readonly number: number;
  readonly hash: string;
  readonly ts: number;
  readonly isFinal: boolean;
}
export interface ContractReader extends ChainReader {
  readonly at: () => Promise<ReadAt>;
  /** null where there is no such token. */
  readonly ownerOf: (tokenId: number) => Promise<string | null>;
  /** The last day that has an anchor, null before the first. */
  readonly lastDay: () => Promise<number | null>;
}

/** First bytes of the error ERC721NonexistentToken(uint256). */
const NO_SUCH_TOKEN = "0x7e273289";
const NOT_FINAL = "it stands in the chain's newest blocks, which are not final yet; check again in half an hour.";

type ViewIn<T extends Abi> = Extract<T[number], { readonly type: "function"; readonly stateMutability: "view" }>["name"];
type TwinView = ViewIn<typeof rigTwinAbi>;
type LogView = ViewIn<typeof telemetryLogAbi>;

interface RawBlock {
  readonly number?: unknown;
  readonly hash?: unknown;
  readonly timestamp?: unknown;
}
const blockOf = (raw: unknown, isFinal: boolean): ReadAt | null => {
  const { number, hash, timestamp } = (raw ?? {}) as RawBlock;
  if (typeof number !== "string" || typeof hash !== "string" || typeof timestamp !== "string") return null;
  return { number: Number(BigInt(number)), hash, ts: Number(BigInt(timestamp)) * 1_000, isFinal };
};

const remembered = <T>(work: () => Promise<T>): (() => Promise<T>) => {
  let promise: Promise<T> | null = null;
  return () => (promise ??= work());
};

/**
 * Reads `contract` through `node`. `ahead`: days that will be asked for; their answers are fetched together with the first. Rejects with
 * NodeFault where the node does not answer.
 */
export const contractAt = (node: ChainNode, contract: Hex, ahead: readonly number[]): ContractReader => {
  const at = remembered(async (): Promise<ReadAt> => {
    const final = await node.call("eth_getBlockByNumber", ["finalized", false]).catch((fault: unknown) => {
      if (fault instanceof NodeFault && !fault.isAway) return null;
      throw fault;
    });
    const block = blockOf(final, true) ?? blockOf(await node.call("eth_getBlockByNumber", ["latest", false]), false);
    if (block === null) throw new NodeFault("The node does not tell its newest block.");
    return block;
  });
  const tag = async (): Promise<Hex> => `0x${(await at()).number.toString(16)}`;
  const ask = async (to: string, data: Hex, block: string): Promise<Hex> => {
    const answer = await node.call("eth_call", [{ to, data }, block]);
    if (typeof answer !== "string" || !/^0x([0-9a-f]{2})+$/i.test(answer))
      throw new NodeFault("The contract does not answer as a RigTwin does.");
    return answer as Hex;
  };

  const read = async (abi: Abi, to: string, functionName: string, args: readonly unknown[], block: string): Promise<unknown> =>
    decodeFunctionResult({ abi, functionName, data: await ask(to, encodeFunctionData({ abi, functionName, args }), block) });
  const twin = (functionName: TwinView, args: readonly unknown[], block: string): Promise<unknown> =>
    read(rigTwinAbi, contract, functionName, args, block);
  const logAddress = remembered(async () => (await twin("telemetryLog", [], await tag())) as string);
  const log = async (functionName: LogView, args: readonly unknown[], block: string): Promise<unknown> =>
    read(telemetryLogAbi, await logAddress(), functionName, args, block);

  const anchorAt = async (day: number, block: string) => {
    const anchor = (await log("anchorOf", [BigInt(day)], block)) as {
      root: Hex;
      manifestHash: Hex;
      treeSize: bigint;
      readings: bigint;
      anchoredAt: bigint;
    };
    return anchor.anchoredAt === 0n
      ? null
      : {
          root: anchor.root,
          manifestHash: anchor.manifestHash,
          treeSize: Number(anchor.treeSize),
          readings: Number(anchor.readings),
          writtenTs: Number(anchor.anchoredAt) * 1_000,
        };
  };
  const correctionsAt = async (day: number, block: string) =>
    (
      (await log("correctionsOf", [BigInt(day)], block)) as readonly {
        root: Hex;
        manifestHash: Hex;
        reasonHash: Hex;
        readings: bigint;
        correctedAt: bigint;
      }[]
    ).map(({ root, manifestHash, reasonHash, readings, correctedAt }) => ({
      root,
      manifestHash,
      reasonHash,
      readings: Number(readings),
      writtenTs: Number(correctedAt) * 1_000,
    }));
  const dayAt = async (day: number) => {
    const { isFinal } = await at();
    const block = await tag();
    const [anchor, corrections, active] = await Promise.all([
      anchorAt(day, block),
      // Corrections are rare; the newest block shows whether there are any that the final one lacks.
      correctionsAt(day, isFinal ? "latest" : block),
      twin("activeOn", [day], block) as Promise<bigint>,
    ]);
    // What is not there at the final block may be in a newer one: that is neither a proof nor a contradiction.
    if (isFinal && anchor === null && (await anchorAt(day, "latest")) !== null)
      throw new NodeFault(`the day's anchor is there, but ${NOT_FINAL}`);
    if (isFinal && corrections.length > 0 && (await correctionsAt(day, block)).length < corrections.length)
      throw new NodeFault(`a correction of the day is there, but ${NOT_FINAL}`);
    return { anchor, corrections, active: Number(active) };
  };
  const days = new Map<number, ReturnType<typeof dayAt>>();
  const fetchDay = (day: number): ReturnType<typeof dayAt> => {
    let answer = days.get(day);
    if (answer === undefined) {
      answer = dayAt(day);
      // Whoever waits for it is told; a day fetched ahead has nobody yet.
      answer.catch(() => undefined);
      days.set(day, answer);
    }
    return answer;
  };
  const dayOf = async (day: number): ReturnType<typeof dayAt> => {
    if (days.size === 0) for (const each of ahead) void fetchDay(each);
    return fetchDay(day);
  };

  const orNoToken = async <T>(work: (block: string) => Promise<T>): Promise<T | null> => {
    const attempt = async (block: string): Promise<T | null> => {
      try {
        return await work(block);
      } catch (fault) {
        if (
          fault instanceof NodeFault &&
          (fault.data?.startsWith(NO_SUCH_TOKEN) === true || fault.message.includes("ERC721NonexistentToken"))
        )
          return null;
        throw fault;
      }
    };
    const found = await attempt(await tag());
    if (found === null && (await at()).isFinal && (await attempt("latest")) !== null)
      throw new NodeFault(`the token is there, but ${NOT_FINAL}`);
    return found;
  };

  return {
    at,
    chainId: async () => {
      const id = await node.call("eth_chainId", []);
      if (typeof id !== "string" || !/^0x[0-9a-f]+$/i.test(id)) throw new NodeFault("The node does not tell which chain it serves.");
      return Number(BigInt(id));
    },
    hasContract: async () => {
      const code = await node.call("eth_getCode", [contract, await tag()]);
      return typeof code === "string" && code.length > 2;
    },
    anchorOf: async (day) => (await dayOf(day)).anchor,
    correctionsOf: async (day) => (await dayOf(day)).corrections,
    activeOn: async (day) => (await dayOf(day)).active,
    maintenanceOf: async (hash) => {
      const [tokenId, block, , kind] = (await twin("maintenanceOf", [hash], await tag())) as readonly [bigint, bigint, bigint, number];
      return block === 0n ? null : { tokenId: Number(tokenId), kind, blockNumber: Number(block) };
    },
    rigOf: (tokenId) =>
      orNoToken(async (block) => {
        const { serialHash, maintenanceCount } = (await twin("rigOf", [BigInt(tokenId)], block)) as {
          serialHash: Hex;
          maintenanceCount: number;
        };
        return { serialHash, maintenanceCount };
      }),
    wasTechnician: async (account, blockNumber) => (await twin("wasTechnician", [account, blockNumber], await tag())) as boolean,
    gatewayKeyAt: async (gateway, ts) => {
      const key = (await twin("gatewayKeyAt", [gatewayId(gateway), Math.floor(ts / 1_000)], await tag())) as Hex;
      return BigInt(key) === 0n ? null : key.slice(2);
    },
    ownerOf: (tokenId) => orNoToken(async (block) => ((await twin("ownerOf", [BigInt(tokenId)], block)) as string).toLowerCase()),
    lastDay: async () => {
      const day = (await log("lastDay", [], await tag())) as number;
      return day === 0 ? null : day;
    },
  };
};
