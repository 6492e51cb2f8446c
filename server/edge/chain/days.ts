/** The log of days on the chain: anchors, corrections, and which machines served on which day. */
import { encodeFunctionData } from "viem";
import type { Hex } from "../../twin/seal.ts";
import type { Connection } from "./connection.ts";

export interface DayAnchor {
  readonly root: Hex;
  readonly manifestHash: Hex;
  readonly treeSize: number;
  readonly readings: number;
  readonly anchoredTs: number;
}
export interface DayCorrection {
  readonly root: Hex;
  readonly manifestHash: Hex;
  readonly reasonHash: Hex;
  readonly readings: number;
  readonly correctedTs: number;
}
/** Where something was written. */
export interface Written {
  readonly txHash: Hex;
  readonly blockNumber: number;
}

/** Calls of one kind at once; the HTTP transport puts them into few requests. */
const AT_ONCE = 200;
const DAY_S = 86_400;
const LAST_DAY = 2 ** 32 - 1;

export const createDays = ({ client, twinOf, logOf, send, spans }: Connection) => {
  /** Those of the tokens whose times (s since 1970) fit. */
  const tokensWhere = async (
    tokens: readonly number[],
    fits: (rig: { readonly registeredAt: number; readonly endedAt: number }) => boolean,
  ): Promise<number[]> => {
    const contract = await twinOf();
    const found: number[] = [];
    for (let from = 0; from < tokens.length; from += AT_ONCE) {
      const some = tokens.slice(from, from + AT_ONCE);
      const rigs = await Promise.all(
        some.map((tokenId) => client.readContract({ ...contract, functionName: "rigOf", args: [BigInt(tokenId)] })),
      );
      found.push(...some.filter((_, i) => rigs[i] !== undefined && fits(rigs[i])));
    }
    return found;
  };
  const activeOn = async (day: number): Promise<number> =>
    Number(await client.readContract({ ...(await twinOf()), functionName: "activeOn", args: [day] }));

  const write = async (address: Hex, data: Hex): Promise<Written> => {
    const { transactionHash, blockNumber } = await send(address, data);
    return { txHash: transactionHash, blockNumber: Number(blockNumber) };
  };

  return {
    /** Machines that served at the end of a UTC day; an anchor of that day must have as many leaves. */
    activeOn,
    /** Token numbers of the machines that served at the end of a UTC day, rising. */
    activeTokens: async (day: number): Promise<number[]> => {
      const supplied = client.readContract({ ...(await twinOf()), functionName: "totalSupply" });
      const [active, now, supply] = await Promise.all([activeOn(day), activeOn(LAST_DAY), supplied]);
      // Tokens are numbered in the order of registration: while none has ended, the active ones are the first.
      if (now === Number(supply)) return Array.from({ length: active }, (_, i) => i + 1);
      const endS = (day + 1) * DAY_S;
      const all = Array.from({ length: Number(supply) }, (_, i) => i + 1);
      return tokensWhere(all, ({ registeredAt, endedAt }) => registeredAt < endS && (endedAt === 0 || endedAt >= endS));
    },
    /** Those of the tokens that came onto this chain only after a UTC day. */
    registeredAfter: (tokens: readonly number[], day: number): Promise<number[]> =>
      tokensWhere(tokens, ({ registeredAt }) => registeredAt >= (day + 1) * DAY_S),
    /** The last anchored day (days since 1970), null before the first. */
    lastAnchoredDay: async (): Promise<number | null> =>
      (await client.readContract({ ...(await logOf()), functionName: "lastDay" })) || null,
    anchorOf: async (day: number): Promise<DayAnchor | null> => {
      const contract = await logOf();
      const { root, manifestHash, treeSize, readings, anchoredAt } = await client.readContract({
        ...contract,
        functionName: "anchorOf",
        args: [BigInt(day)],
      });
      if (anchoredAt === 0n) return null;
      return { root, manifestHash, treeSize: Number(treeSize), readings: Number(readings), anchoredTs: Number(anchoredAt) * 1_000 };
    },
    /** What was said later about an anchored day, oldest first. */
    correctionsOf: async (day: number): Promise<DayCorrection[]> => {
      const all = await client.readContract({ ...(await logOf()), functionName: "correctionsOf", args: [BigInt(day)] });
      return all.map(({ root, manifestHash, reasonHash, readings, correctedAt }) => ({
        root,
        manifestHash,
        reasonHash,
        readings: Number(readings),
        correctedTs: Number(correctedAt) * 1_000,
      }));
    },
    /** The transaction of a day's anchor (number 0) or of one of its corrections, by its event; null where it is not found. */
    dayTx: async (day: number, number: number): Promise<Written | null> => {
      const contract = await logOf();
      const eventName = number === 0 ? "TelemetryAnchored" : "TelemetryCorrected";
      let left = Math.max(0, number - 1);
      for await (const span of spans()) {
        const logs = await client.getContractEvents({ ...contract, eventName, args: { day }, ...span });
        const found = logs[left];
        if (found !== undefined) return { txHash: found.transactionHash, blockNumber: Number(found.blockNumber) };
        left -= logs.length;
      }
      return null;
    },
    /** Anchors a day that is over, the one after the last. Refused where the day or the number of leaves does not fit. */
    anchor: async (day: number, root: Hex, manifestHash: Hex, treeSize: number, readings: number): Promise<Written> => {
      const { address, abi } = await logOf();
      const args = [day, root, manifestHash, BigInt(treeSize), BigInt(readings)] as const;
      return write(address, encodeFunctionData({ abi, functionName: "anchor", args }));
    },
    /** Adds a correction to an anchored day. */
    correct: async (day: number, root: Hex, manifestHash: Hex, readings: number, reasonHash: Hex): Promise<Written> => {
      const { address, abi } = await logOf();
      const args = [day, root, manifestHash, BigInt(readings), reasonHash] as const;
      return write(address, encodeFunctionData({ abi, functionName: "correct", args }));
    },
  };
};
