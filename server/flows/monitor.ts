/**
 * Checks now and then what was anchored, as a stranger would: a random twin, a random day, every step of the verifier against the
 * chain. What does not fit stays on the status page until that very day is verified again.
 */
import type { Bundle, ProvenDay } from "../twin/bundle.ts";
import { dateOf } from "../twin/day.ts";
import type { ChainReader, Verification } from "../twin/verify.ts";
import { verifyDay } from "../twin/verify.ts";
import type { Clock } from "./clock.ts";

export interface MonitorNeeds {
  readonly clock: Clock;
  /** 0 inclusive to 1 exclusive. */
  readonly chance: () => number;
  readonly everyMs: number;
  /** Tokens that stand for a rig. */
  readonly tokens: () => readonly number[];
  /** Anchored days, rising. */
  readonly days: () => readonly number[];
  readonly day: (tokenId: number, day: number) => ProvenDay;
  readonly head: (tokenId: number) => Promise<Omit<Bundle, "days" | "context" | "madeTs">>;
  /** null while no contract is known. */
  readonly reader: () => ChainReader | null;
  readonly onError: (what: string, error: unknown) => void;
}
export interface MonitorStatus {
  readonly checked: number;
  /** Days that contradict the chain, each in a sentence; empty is good. */
  readonly mismatches: readonly string[];
  readonly lastTs: number | null;
}

/** Looks at once in a round; the newest day is always one of them. */
const AT_ONCE = 3;

export const createMonitor = (needs: MonitorNeeds) => {
  const mismatches = new Map<string, string>();
  let checked = 0;
  let lastTs: number | null = null;
  let stopEvery: (() => void) | null = null;
  let running: Promise<void> = Promise.resolve();

  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(needs.chance() * from.length)];

  const note = (key: string, where: string, { verdict, steps }: Verification): void => {
    const wrong = steps.find(({ result }) => result === "failed");
    // A chain that is away says nothing about the day.
    if (verdict === "incomplete") return;
    checked += 1;
    if (wrong === undefined) mismatches.delete(key);
    else {
      if (!mismatches.has(key)) needs.onError(`${where} contradicts the chain: ${wrong.says}`, null);
      mismatches.set(key, `${where}: ${wrong.says}`);
    }
  };

  const look = async (tokenId: number, day: number, reader: ChainReader): Promise<void> => {
    const proven = needs.day(tokenId, day);
    if (proven.tree === null) {
      mismatches.delete(`${tokenId}/${day}`);
      return;
    }
    note(`${tokenId}/${day}`, `token ${tokenId} on ${dateOf(day)}`, await verifyDay(proven, await needs.head(tokenId), reader));
  };

  /** One round. Never throws. */
  const step = async (): Promise<void> => {
    const reader = needs.reader();
    const days = needs.days();
    const newest = days.at(-1);
    if (reader === null || newest === undefined) return;
    const again = [...mismatches.keys()].map((key) => key.split("/").map(Number) as [number, number]);
    const fresh = Array.from({ length: AT_ONCE }, (_, i) => [pick(needs.tokens()), i === 0 ? newest : pick(days)] as const);
    for (const [tokenId, day] of [...again.slice(0, AT_ONCE), ...fresh]) {
      if (tokenId === undefined || day === undefined) continue;
      try {
        await look(tokenId, day, reader);
      } catch (error) {
        // A twin that was not yet there on that day has nothing to check.
        if ((error as { code?: unknown }).code !== "NOT_FOUND") needs.onError("a past day could not be looked at", error);
      }
    }
    lastTs = needs.clock.now();
  };

  return {
    step,
    status: (): MonitorStatus => ({ checked, mismatches: [...mismatches.values()], lastTs }),
    start: (): void => {
      stopEvery = needs.clock.every(needs.everyMs, () => (running = step()));
    },
    stop: async (): Promise<void> => {
      stopEvery?.();
      await running;
    },
  };
};
