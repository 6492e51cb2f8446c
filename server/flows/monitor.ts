/**
 * Checks now and then what was anchored, as a stranger would: a random twin, a random day, every step of the verifier against the
 * chain. What does not fit is told into the journal, where it raises an alarm, and stays until that very day is verified again.
 */
import type { Bundle, ProvenDay } from "../twin/bundle.ts";
import type { PartHealth } from "../twin/alarms/system.ts";
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
  /** The days that did not fit when it was last told, as `token/day`: a restart forgives nothing. */
  readonly known: () => readonly string[];
  /** Hears of every change in what does not fit. */
  readonly tell: (health: PartHealth) => Promise<void>;
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
/** Days named in an alarm's text. */
const MOST_NAMED = 5;

const whereOf = (tokenId: number, day: number): string => `token ${tokenId} on ${dateOf(day)}`;
const placeOf = (key: string): [tokenId: number, day: number] => {
  const [tokenId = 0, day = 0] = key.split("/").map(Number);
  return [tokenId, day];
};

export const createMonitor = (needs: MonitorNeeds) => {
  const mismatches = new Map<string, string>();
  let checked = 0;
  let lastTs: number | null = null;
  let stopEvery: (() => void) | null = null;
  let running: Promise<void> = Promise.resolve();
  let told: string | null = null;
  let turn = 0;

  /** Takes up what was known before a restart. */
  const recall = (): void => {
    if (told !== null) return;
    const known = needs.known();
    for (const key of known) mismatches.set(key, `${whereOf(...placeOf(key))}: it did not fit when it was last looked at.`);
    told = known.toSorted().join(" ");
  };
  const tell = async (): Promise<void> => {
    const about = [...mismatches.keys()].toSorted();
    if (about.join(" ") === told) return;
    const more = mismatches.size - MOST_NAMED;
    const detail = `${[...mismatches.values()].slice(0, MOST_NAMED).join(" ")}${more > 0 ? ` And ${more} more.` : ""}`;
    await needs.tell({ ok: about.length === 0, detail, about });
    told = about.join(" ");
  };

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
    note(`${tokenId}/${day}`, whereOf(tokenId, day), await verifyDay(proven, await needs.head(tokenId), reader));
  };

  /** One round. Never throws. */
  const step = async (): Promise<void> => {
    const reader = needs.reader();
    const days = needs.days();
    const newest = days.at(-1);
    if (reader === null || newest === undefined) return;
    recall();
    const known = [...mismatches.keys()].map(placeOf);
    // Each in its turn, however many there are.
    const again = Array.from({ length: Math.min(AT_ONCE, known.length) }, () => known[turn++ % known.length] ?? []);
    const fresh = Array.from({ length: AT_ONCE }, (_, i) => [pick(needs.tokens()), i === 0 ? newest : pick(days)] as const);
    for (const [tokenId, day] of [...again, ...fresh]) {
      if (tokenId === undefined || day === undefined) continue;
      try {
        await look(tokenId, day, reader);
      } catch (error) {
        // A twin that was not yet there on that day has nothing to check.
        if ((error as { code?: unknown }).code !== "NOT_FOUND") needs.onError("a past day could not be looked at", error);
      }
    }
    await tell().catch((error: unknown) => needs.onError("what the monitor found was not written down", error));
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
