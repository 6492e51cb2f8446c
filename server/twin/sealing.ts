/**
 * How a day is closed, folded from the journal's own entries. A `seal` freezes what was counted so far as a version of the day; what
 * comes late is counted into the next version. `kept` says that the frozen version is on disk beside the journal; only then the fold
 * lets go of it. Since the seal is an entry, the same journal gives the same versions.
 */
import { DAY_MS } from "./days.ts";
import { filledCells, type RigDay, type Span } from "./rig-day.ts";
import type { Hex } from "./seal.ts";

/** What the server writes under OWN.anchor. */
export type DayNews =
  | { readonly what: "seal"; readonly day: number; readonly version: number }
  | ({ readonly what: "kept"; readonly day: number } & KeptVersion)
  | ({ readonly what: "anchored"; readonly day: number } & AnchoredDay);

export interface KeptVersion {
  readonly version: number;
  readonly rigs: number;
  readonly readings: number;
  /** SHA-256 over the version's lines (keptHash). */
  readonly hash: Hex;
}
/** A day's tree on the chain. */
export interface AnchoredDay {
  /** 0: the anchor itself; from 1 on its corrections. */
  readonly number: number;
  /** The newest version of the day whose rows are in it. */
  readonly version: number;
  readonly chainId: number;
  readonly contract: Hex;
  readonly root: Hex;
  readonly manifestHash: Hex;
  readonly treeSize: number;
  readonly readings: number;
  readonly txHash: Hex | null;
  readonly blockNumber: number | null;
  readonly anchoredTs: number;
}
export interface DayState {
  /** Versions frozen. */
  sealed: number;
  readonly kept: KeptVersion[];
  /** On the chain of now; index = number. */
  anchors: AnchoredDay[];
}
/** By day since 1970 UTC, rising. */
export type Days = Map<number, DayState>;

/** What is sealed of a rig besides its rows. */
export interface RigFacts {
  readonly rig: string;
  readonly firstSeenTs: number;
  readonly nameplateGhs: number | null;
}

/** A rig's part of a sealed version. `cells`: the slots in which something was counted, each with its integers. */
export interface SealedRig extends RigFacts {
  readonly spans: readonly Span[];
  readonly cells: readonly (readonly number[])[];
}

/** The version into which a reading of that day is counted now. */
export const openVersion = (days: Days, day: number): number => (days.get(day)?.sealed ?? 0) + 1;
/** The newest version on disk, 0 where there is none. */
export const keptVersion = (days: Days, day: number): number => days.get(day)?.kept.at(-1)?.version ?? 0;

/** The first day that is not yet on disk; `firstDay` is the journal's first. */
export const firstUnkept = (days: Days, firstDay: number): number => {
  let day = firstDay;
  while (keptVersion(days, day) > 0) day += 1;
  return day;
};

const stateOf = (days: Days, day: number): DayState => {
  let state = days.get(day);
  if (state === undefined) {
    state = { sealed: 0, kept: [], anchors: [] };
    days.set(day, state);
  }
  return state;
};

/** Folds one piece of news into `days`; repeated or out of turn it changes nothing. Gives whether it changed something. */
export const foldDay = (days: Days, news: DayNews): boolean => {
  const state = stateOf(days, news.day);
  switch (news.what) {
    case "seal":
      if (news.version !== state.sealed + 1) return false;
      state.sealed = news.version;
      return true;
    case "kept": {
      const { version, rigs, readings, hash } = news;
      if (version !== state.kept.length + 1 || version > state.sealed) return false;
      state.kept.push({ version, rigs, readings, hash });
      return true;
    }
    case "anchored": {
      const { what: _what, day: _day, ...anchored } = news;
      if (anchored.number !== state.anchors.length) return false;
      state.anchors.push(anchored);
      return true;
    }
  }
};

/** Whose rows a version has: with the first, every rig seen before the day was over; later, those of which something came late. */
export const factsOf = (
  twins: Iterable<{ readonly rig: string; readonly firstSeenTs: number; readonly nameplate: { readonly hashrateThs: number } | null }>,
  has: (rig: string) => boolean,
  day: number,
  version: number,
): RigFacts[] =>
  [...twins]
    .filter(({ rig, firstSeenTs }) => has(rig) || (version === 1 && firstSeenTs < (day + 1) * DAY_MS))
    .map(({ rig, firstSeenTs, nameplate }) => ({
      rig,
      firstSeenTs,
      nameplateGhs: nameplate === null ? null : Math.round(nameplate.hashrateThs * 1_000),
    }))
    .toSorted((a, b) => (a.rig < b.rig ? -1 : 1));

/** A rig's line of a version, out of what was counted; `rigDay` is undefined for one that was silent. */
export const sealedRigOf = (facts: RigFacts, rigDay: RigDay | undefined): SealedRig => ({
  ...facts,
  spans: [...(rigDay?.spans.values() ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  cells: rigDay === undefined ? [] : filledCells(rigDay),
});
