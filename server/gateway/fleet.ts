/** The machines of one gateway: each asked in its turn, again and again, as patiently as it deserves. */
import type { Driver, Answers } from "./drivers/driver.ts";
import { UNREAD, type Found } from "./identify.ts";
import type { Listed } from "./ranges.ts";
import { rigNameOf } from "./naming.ts";

export interface Miner {
  readonly host: string;
  readonly listed: Listed | null;
  rig: string;
  /** Of its network card, as told at any time. */
  mac: string | null;
  found: Found;
  /** Of its readings in this run of the gateway. */
  seq: number;
  /** Rounds in a row that gave nothing. */
  failures: number;
  /** What is asked rarely, sent with every reading so that each says whose it is. */
  rare: Answers;
  wholeTs: number;
  timer: NodeJS.Timeout | null;
}

export interface FleetNeeds {
  readonly intervalMs: number;
  /** Machines asked at the same time. */
  readonly concurrency: number;
  readonly now: () => number;
  /** 0 ≤ chance < 1. */
  readonly chance: () => number;
  readonly identify: (host: string, first: Driver | null) => Promise<Found | typeof UNREAD | null>;
  readonly onReading: (miner: Miner, answers: Answers) => void;
  /** It is there: for the first time, again, or as somebody else. */
  readonly onPresent: (miner: Miner) => void;
  /** It stopped answering. */
  readonly onLost: (miner: Miner) => void;
}

/** Who it is, its parts and settings are asked again so often. */
const WHOLE_MS = 300_000;
/** A machine is lost after so many rounds without an answer. */
export const LOST_AFTER = 3;
const MOST_PAUSE_MS = 300_000;
/** Answers above this are sent when they are asked, not with every reading. */
const MOST_RARE_BYTES = 20_000;
/** A share of the interval by which rounds are moved about, so that a thousand machines are not asked in the same second for ever. */
const JITTER = 0.05;

const sizeOf = (answer: unknown): number => (typeof answer === "string" ? answer.length : (JSON.stringify(answer)?.length ?? 0));

/** The pause before the next round: the interval, doubled with each further failure once a machine is lost, up to five minutes. */
export const pauseAfter = (failures: number, intervalMs: number, chance: number): number => {
  const pause = failures < LOST_AFTER ? intervalMs : Math.min(MOST_PAUSE_MS, intervalMs * 2 ** Math.min(10, failures - LOST_AFTER + 1));
  return Math.round(Math.max(pause, intervalMs) * (1 + JITTER * (2 * chance - 1)));
};

export const createFleet = (needs: FleetNeeds) => {
  const miners = new Map<string, Miner>();
  const byRig = new Map<string, Miner>();
  const waiting: (() => void)[] = [];
  let busy = 0;
  let stopped = false;
  let rounds = 0;
  let failed = 0;

  const slot = async (): Promise<void> => {
    if (busy < needs.concurrency) busy += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const free = (): void => {
    const next = waiting.shift();
    if (next === undefined) busy -= 1;
    else next();
  };

  /** Another machine at an address is another rig, unless the list gives the address a name. */
  const adopt = (miner: Miner, found: Found): void => {
    const told = found.read.identity.mac;
    // an answer that was lost is no reason for another name; another network card is
    const isSame = miner.rig !== "" && (told === null || miner.mac === null || told === miner.mac);
    const rig = miner.listed?.rig ?? (isSame ? miner.rig : rigNameOf(found.read.identity, miner.host));
    miner.mac = told ?? miner.mac;
    miner.found = found;
    miner.wholeTs = needs.now();
    miner.rare = {};
    if (rig === miner.rig && byRig.get(rig) === miner) return;
    if (byRig.get(miner.rig) === miner) byRig.delete(miner.rig);
    miner.rig = rig;
    byRig.set(rig, miner);
  };

  const keepRare = (miner: Miner, whole: Answers, roundNames: ReadonlySet<string>): void => {
    miner.rare = Object.fromEntries(
      Object.entries(whole).filter(([name, answer]) => !roundNames.has(name) && sizeOf(answer) <= MOST_RARE_BYTES),
    );
  };
  /** Names of the questions of a round, learned from the first one. */
  const roundNames = new Map<string, Set<string>>();

  const ask = async (miner: Miner): Promise<void> => {
    const isWhole = needs.now() - miner.wholeTs >= WHOLE_MS;
    const wasLost = miner.failures >= LOST_AFTER;
    if (wasLost) {
      // it may come back with another firmware, or be another machine
      const found = await needs.identify(miner.host, miner.found.driver);
      if (found === null || found === UNREAD) throw new Error("nobody there");
      adopt(miner, found);
      miner.failures = 0;
      needs.onPresent(miner);
      needs.onReading(miner, found.answers);
      return;
    }
    const answers = await miner.found.session.read(isWhole ? "whole" : "round");
    miner.failures = 0;
    const { format } = miner.found.driver;
    if (isWhole) {
      miner.wholeTs = needs.now();
      const names = roundNames.get(format);
      if (names !== undefined) keepRare(miner, answers, names);
    } else {
      roundNames.set(format, new Set(Object.keys(answers)));
      if (Object.keys(miner.rare).length === 0) keepRare(miner, miner.found.answers, new Set(Object.keys(answers)));
    }
    needs.onReading(miner, { ...miner.rare, ...answers });
  };

  const round = async (miner: Miner): Promise<void> => {
    miner.timer = null;
    await slot();
    const startTs = needs.now();
    try {
      if (stopped || miners.get(miner.host) !== miner) return;
      rounds += 1;
      await ask(miner);
    } catch {
      failed += 1;
      miner.failures += 1;
      if (miner.failures === LOST_AFTER) needs.onLost(miner);
    } finally {
      free();
      // from start to start, so that slow machines are read as often as quick ones
      const pause = pauseAfter(miner.failures, needs.intervalMs, needs.chance()) - (needs.now() - startTs);
      if (!stopped && miners.get(miner.host) === miner) later(miner, Math.max(pause, needs.intervalMs / 10));
    }
  };
  const later = (miner: Miner, ms: number): void => {
    if (miner.timer !== null) clearTimeout(miner.timer);
    miner.timer = setTimeout(() => void round(miner), ms);
  };

  return {
    knows: (host: string): boolean => miners.has(host),
    miner: (rig: string): Miner | null => byRig.get(rig) ?? null,
    all: (): Iterable<Miner> => miners.values(),
    /** Takes a machine that was found; its first round comes at a moment of the interval that is its own. */
    add(found: Found, listed: Listed | null): void {
      if (stopped || miners.has(found.host)) return;
      const miner: Miner = {
        host: found.host,
        listed,
        rig: "",
        mac: null,
        found,
        seq: 0,
        failures: 0,
        rare: {},
        wholeTs: 0,
        timer: null,
      };
      miners.set(found.host, miner);
      adopt(miner, found);
      needs.onPresent(miner);
      needs.onReading(miner, found.answers);
      later(miner, needs.intervalMs * needs.chance());
    },
    /** Asks it soon, so that what an order changed is seen. */
    soon(rig: string, ms: number): void {
      const miner = byRig.get(rig);
      if (miner?.timer !== undefined && miner.timer !== null) later(miner, ms);
    },
    status: () => ({
      miners: miners.size,
      lost: [...miners.values()].filter(({ failures }) => failures >= LOST_AFTER).length,
      rounds,
      failed,
      busy,
    }),
    stop(): void {
      stopped = true;
      for (const miner of miners.values()) if (miner.timer !== null) clearTimeout(miner.timer);
      for (const go of waiting.splice(0)) go();
    },
  };
};
export type Fleet = ReturnType<typeof createFleet>;
