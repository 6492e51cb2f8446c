/**
 * What rigs did over a range, from their slots: when they hashed, how long at a stretch, how often they broke down, and what they
 * drew for it. A slot hashes where its mean hashrate is at least a tenth of the nameplate (of anything, where none is known).
 */
import { DAY_MS } from "./days.ts";
import { rounded } from "./measures.ts";
import { Refused } from "./refusal.ts";
import type { Slots } from "./series.ts";
import { HOUR_MS, leastBucketMs, type TierState } from "./tiers.ts";

/** TSBS's IoT queries use ten minutes as well. */
export const SLOT_MS = 600_000;
/** Longest range of these questions. */
export const MOST_ACTIVITY_MS = 31 * DAY_MS;
const LEAST_LOAD = 0.1;

/** The width of the slots of a range: ten minutes where minutes are kept. */
export const slotMsOf = (from: number, state: TierState): number => (leastBucketMs(from, state) > SLOT_MS ? HOUR_MS : SLOT_MS);

/** Throws Refused RANGE_INVALID where the range is longer than 31 days. */
export const checkActivityRange = ({ from, to }: { readonly from: number; readonly to: number }): void => {
  if (to - from > MOST_ACTIVITY_MS)
    throw new Refused("RANGE_INVALID", `from to to is at most ${MOST_ACTIVITY_MS / DAY_MS} days for questions about what rigs did.`);
};

/** What is known of a rig besides its series. */
export interface Known {
  readonly model: string;
  readonly nameplateThs: number | null;
  readonly nameplateW: number | null;
}
export interface Run {
  readonly rig: string;
  readonly fromTs: number;
  /** The range's end, where it still hashed then. */
  readonly toTs: number;
}
interface DayPart {
  reportedMs: number;
  hashingMs: number;
  /** That began on this day. */
  runs: number;
}
export interface RigActivity {
  readonly rig: string;
  readonly known: Known;
  readings: number;
  /** Of slots in which it spoke, as far as they lie in the range. */
  reportedMs: number;
  hashingMs: number;
  runs: number;
  longestRunMs: number;
  /** Runs that ended in a slot in which it spoke and did not hash. */
  breakdowns: number;
  /** Runs that ended in silence. */
  silences: number;
  hashrateN: number;
  hashrateSumThs: number;
  powerN: number;
  powerSumW: number;
  /** By days since 1970 UTC. */
  readonly days: Map<number, DayPart>;
  openFromTs: number | null;
  openToTs: number;
}
export interface Activity {
  readonly from: number;
  readonly to: number;
  slotMs: number;
  readonly rigs: Map<string, RigActivity>;
  /** The longest, not shorter than asked for. */
  runs: Run[];
}
export interface RunWish {
  readonly leastMs: number;
  readonly limit: number;
}

const NO_RUNS: RunWish = { leastMs: Infinity, limit: 0 };
const longestFirst = (a: Run, b: Run): number =>
  b.toTs - b.fromTs - (a.toTs - a.fromTs) || a.fromTs - b.fromTs || (a.rig < b.rig ? -1 : a.rig > b.rig ? 1 : 0);

const newRig = (rig: string, known: Known): RigActivity => ({
  rig,
  known,
  readings: 0,
  reportedMs: 0,
  hashingMs: 0,
  runs: 0,
  longestRunMs: 0,
  breakdowns: 0,
  silences: 0,
  hashrateN: 0,
  hashrateSumThs: 0,
  powerN: 0,
  powerSumW: 0,
  days: new Map(),
  openFromTs: null,
  openToTs: 0,
});

const isHashing = (sumThs: number, n: number, { nameplateThs }: Known): boolean =>
  n > 0 && sumThs > 0 && sumThs / n >= (nameplateThs ?? 0) * LEAST_LOAD;

const endRun = (all: Activity, rig: RigActivity, wish: RunWish): void => {
  if (rig.openFromTs === null) return;
  const run = { rig: rig.rig, fromTs: rig.openFromTs, toTs: rig.openToTs };
  rig.openFromTs = null;
  const ms = run.toTs - run.fromTs;
  rig.longestRunMs = Math.max(rig.longestRunMs, ms);
  if (ms < wish.leastMs) return;
  all.runs.push(run);
  // Cut now and then, so that a flapping farm does not fill the memory.
  if (all.runs.length > 2 * wish.limit + 1_000) all.runs = all.runs.toSorted(longestFirst).slice(0, wish.limit);
};

const addSlots = (all: Activity, slots: Slots, knownOf: (rig: string) => Known, wish: RunWish): void => {
  all.slotMs = slots.slotMs;
  for (let i = 0; i < slots.rig.length; i++) {
    const name = slots.rig[i] ?? "";
    let rig = all.rigs.get(name);
    if (rig === undefined) all.rigs.set(name, (rig = newRig(name, knownOf(name))));
    const [start = 0, sumThs = 0, n = 0] = [slots.start[i], slots.hashrateSumThs[i], slots.hashrateN[i]];
    const fromTs = Math.max(start, all.from);
    const toTs = Math.min(start + slots.slotMs, all.to);
    const number = Math.floor(fromTs / DAY_MS);
    let day = rig.days.get(number);
    if (day === undefined) rig.days.set(number, (day = { reportedMs: 0, hashingMs: 0, runs: 0 }));
    rig.readings += slots.readings[i] ?? 0;
    rig.hashrateN += n;
    rig.hashrateSumThs += sumThs;
    rig.powerN += slots.powerN[i] ?? 0;
    rig.powerSumW += slots.powerSumW[i] ?? 0;
    rig.reportedMs += toTs - fromTs;
    day.reportedMs += toTs - fromTs;
    if (rig.openFromTs !== null && rig.openToTs < fromTs) {
      rig.silences += 1;
      endRun(all, rig, wish);
    }
    if (!isHashing(sumThs, n, rig.known)) {
      if (rig.openFromTs !== null) rig.breakdowns += 1;
      endRun(all, rig, wish);
      continue;
    }
    rig.hashingMs += toTs - fromTs;
    day.hashingMs += toTs - fromTs;
    if (rig.openFromTs === null) {
      rig.openFromTs = fromTs;
      rig.runs += 1;
      day.runs += 1;
    }
    rig.openToTs = toTs;
  }
};

/** Reads the slots of [from, to) to their end. `wish` says which runs to keep; none without it. */
export const activityOf = async (
  range: { readonly from: number; readonly to: number },
  slots: AsyncIterable<Slots>,
  knownOf: (rig: string) => Known,
  wish: RunWish = NO_RUNS,
): Promise<Activity> => {
  const all: Activity = { from: range.from, to: range.to, slotMs: SLOT_MS, rigs: new Map(), runs: [] };
  for await (const part of slots) addSlots(all, part, knownOf, wish);
  for (const rig of all.rigs.values()) {
    if (rig.openFromTs !== null && rig.openToTs < all.to) rig.silences += 1;
    endRun(all, rig, wish);
  }
  all.runs = all.runs.toSorted(longestFirst).slice(0, wish.limit);
  return all;
};

const byName = <T extends { readonly rig: string }>(rows: Iterable<T>): T[] => [...rows].sort((a, b) => (a.rig < b.rig ? -1 : 1));
const ratio = (a: number, b: number, decimals: number): number | null => (b > 0 ? rounded(a / b, decimals) : null);
const pct = (a: number, b: number): number | null => (b > 0 ? rounded((100 * a) / b, 2) : null);

/** One line for each rig that spoke, by name. */
export const uptimeLines = ({ rigs }: Activity) =>
  byName(rigs.values()).map((rig) => ({
    rig: rig.rig,
    model: rig.known.model,
    reportedMs: rig.reportedMs,
    hashingMs: rig.hashingMs,
    uptimePct: pct(rig.hashingMs, rig.reportedMs),
    runs: rig.runs,
    longestRunMs: rig.longestRunMs,
    meanRunMs: ratio(rig.hashingMs, rig.runs, 0),
    breakdowns: rig.breakdowns,
    silences: rig.silences,
  }));

/** Rigs that spoke and hashed in no slot. */
export const stoppedLines = (activity: Activity) =>
  uptimeLines(activity)
    .filter(({ hashingMs }) => hashingMs === 0)
    .map(({ rig, model, reportedMs }) => ({ rig, model, reportedMs }));

/** Load, J/TH against the nameplate, runs and breakdowns of each model or rig, by name. */
export const performanceLines = ({ rigs }: Activity, by: "model" | "rig") => {
  const groups = new Map<string, RigActivity[]>();
  for (const rig of byName(rigs.values())) {
    const key = by === "model" ? rig.known.model : rig.rig;
    groups.set(key, [...(groups.get(key) ?? []), rig]);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, group]) => {
      const sum = (of: (rig: RigActivity) => number): number => group.reduce((total, rig) => total + of(rig), 0);
      const meanThs = sum((rig) => (rig.hashrateN > 0 ? rig.hashrateSumThs / rig.hashrateN : 0));
      const meanW = sum((rig) => (rig.powerN > 0 ? rig.powerSumW / rig.powerN : 0));
      const nameplateThs = sum(({ known }) => known.nameplateThs ?? 0);
      const nameplateW = sum(({ known }) => known.nameplateW ?? 0);
      const isKnown = group.every(({ known }) => known.nameplateThs !== null && known.nameplateW !== null);
      const rigDays = sum(({ days }) => days.size);
      const [actual, nominal] = [meanThs > 0 && meanW > 0 ? meanW / meanThs : null, isKnown ? nameplateW / nameplateThs : null];
      return {
        name,
        rigs: group.length,
        meanThs: rounded(meanThs / group.length, 3),
        meanW: rounded(meanW / group.length, 1),
        loadPct: isKnown ? pct(meanThs, nameplateThs) : null,
        actualJTh: actual === null ? null : rounded(actual, 3),
        nameplateJTh: nominal === null ? null : rounded(nominal, 3),
        overNameplatePct: actual === null || nominal === null ? null : rounded(100 * (actual / nominal - 1), 2),
        rigDays,
        hashingMsPerRigDay: ratio(
          sum(({ hashingMs }) => hashingMs),
          rigDays,
          0,
        ),
        meanRunMs: ratio(
          sum(({ hashingMs }) => hashingMs),
          sum(({ runs }) => runs),
          0,
        ),
        breakdowns: sum(({ breakdowns }) => breakdowns),
        silences: sum(({ silences }) => silences),
        breakdownsPerRigDay: ratio(
          sum(({ breakdowns }) => breakdowns),
          rigDays,
          4,
        ),
      };
    });
};

/** Each UTC day of each model: how many rigs spoke, how long they hashed, in how many runs that began on that day. */
export const dayLines = ({ rigs }: Activity) => {
  const lines = new Map<string, { day: number; model: string; rigs: number; reportedMs: number; hashingMs: number; runs: number }>();
  for (const rig of byName(rigs.values()))
    for (const [day, part] of rig.days) {
      const key = `${day}\n${rig.known.model}`;
      let line = lines.get(key);
      if (line === undefined) lines.set(key, (line = { day, model: rig.known.model, rigs: 0, reportedMs: 0, hashingMs: 0, runs: 0 }));
      line.rigs += 1;
      line.reportedMs += part.reportedMs;
      line.hashingMs += part.hashingMs;
      line.runs += part.runs;
    }
  return [...lines.values()]
    .sort((a, b) => a.day - b.day || (a.model < b.model ? -1 : 1))
    .map(({ day, ...line }) => ({
      dayTs: day * DAY_MS,
      ...line,
      activePct: pct(line.hashingMs, line.reportedMs),
      hashingMsPerRig: ratio(line.hashingMs, line.rigs, 0),
      meanRunMs: ratio(line.hashingMs, line.runs, 0),
    }));
};
