/**
 * What rigs did over a range, from their slots: when they hashed, how long at a stretch, how often they broke down, and what they
 * drew for it. A slot hashes where its mean hashrate is at least a tenth of the nameplate (of anything, where none is known); one in
 * which the hashrate was not told is no slot of either kind.
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
  /** Of the day, as far as it lies in the range. */
  readonly spanMs: number;
  reportedMs: number;
  hashingMs: number;
  /** That began on this day. */
  runs: number;
  /** Runs that hashed on this day, whenever they began. */
  stretches: number;
}
export interface RigActivity {
  readonly rig: string;
  readonly known: Known;
  readings: number;
  /** Of slots in which it told its hashrate, as far as they lie in the range. */
  reportedMs: number;
  hashingMs: number;
  runs: number;
  longestRunMs: number;
  /** Runs that ended in a slot in which it told that it did not hash. */
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
  /** End of the last slot in which it hashed. */
  openToTs: number;
  /** The day for which the open run was counted last. */
  openDay: number;
  /** End of the last slot in which it spoke. */
  heardToTs: number;
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
  openDay: -1,
  heardToTs: 0,
});

const isHashing = (sumThs: number, n: number, { nameplateThs }: Known): boolean =>
  sumThs > 0 && sumThs / n >= (nameplateThs ?? 0) * LEAST_LOAD;

const endRun = (all: Activity, rig: RigActivity, wish: RunWish): void => {
  if (rig.openFromTs === null) return;
  const run = { rig: rig.rig, fromTs: rig.openFromTs, toTs: rig.openToTs };
  rig.openFromTs = null;
  rig.openDay = -1;
  const ms = run.toTs - run.fromTs;
  rig.longestRunMs = Math.max(rig.longestRunMs, ms);
  if (ms < wish.leastMs) return;
  all.runs.push(run);
  // Cut now and then, so that a flapping farm does not fill the memory.
  if (all.runs.length > 2 * wish.limit + 1_000) all.runs = all.runs.toSorted(longestFirst).slice(0, wish.limit);
};

const dayPartOf = (rig: RigActivity, { from, to }: Activity, day: number): DayPart => {
  let part = rig.days.get(day);
  if (part === undefined) {
    const spanMs = Math.min(to, (day + 1) * DAY_MS) - Math.max(from, day * DAY_MS);
    rig.days.set(day, (part = { spanMs, reportedMs: 0, hashingMs: 0, runs: 0, stretches: 0 }));
  }
  return part;
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
    const day = dayPartOf(rig, all, number);
    rig.readings += slots.readings[i] ?? 0;
    rig.hashrateN += n;
    rig.hashrateSumThs += sumThs;
    rig.powerN += slots.powerN[i] ?? 0;
    rig.powerSumW += slots.powerSumW[i] ?? 0;
    if (rig.openFromTs !== null && rig.heardToTs < fromTs) {
      rig.silences += 1;
      endRun(all, rig, wish);
    }
    rig.heardToTs = toTs;
    if (n === 0) continue;
    rig.reportedMs += toTs - fromTs;
    day.reportedMs += toTs - fromTs;
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
    if (rig.openDay !== number) day.stretches += 1;
    rig.openDay = number;
    rig.openToTs = toTs;
  }
};

/** Reads the slots of [from, to), none of which is in the future, to their end. `wish` says which runs to keep; none without it. */
export const activityOf = async (
  range: { readonly from: number; readonly to: number },
  slots: AsyncIterable<Slots>,
  knownOf: (rig: string) => Known,
  wish: RunWish = NO_RUNS,
): Promise<Activity> => {
  const all: Activity = { from: range.from, to: range.to, slotMs: SLOT_MS, rigs: new Map(), runs: [] };
  for await (const part of slots) addSlots(all, part, knownOf, wish);
  for (const rig of all.rigs.values()) {
    // The last slot may only just have begun: a rig that speaks each minute has had no turn in it.
    if (rig.openFromTs !== null && rig.heardToTs + all.slotMs <= all.to) rig.silences += 1;
    endRun(all, rig, wish);
  }
  all.runs = all.runs.toSorted(longestFirst).slice(0, wish.limit);
  return all;
};

const byName = <T extends { readonly rig: string }>(rows: Iterable<T>): T[] => [...rows].sort((a, b) => (a.rig < b.rig ? -1 : 1));
const ratio = (a: number, b: number, decimals: number): number | null => (b > 0 ? rounded(a / b, decimals) : null);
const pct = (a: number, b: number): number | null => (b > 0 ? rounded((100 * a) / b, 2) : null);

const roundedOr = (value: number | null, decimals: number): number | null => (value === null ? null : rounded(value, decimals));

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

/** Rigs that told their hashrate and hashed in no slot. */
export const stoppedLines = (activity: Activity) =>
  uptimeLines(activity)
    .filter(({ reportedMs, hashingMs }) => reportedMs > 0 && hashingMs === 0)
    .map(({ rig, model, reportedMs }) => ({ rig, model, reportedMs }));

const sumOf = (rigs: readonly RigActivity[], of: (rig: RigActivity) => number): number => rigs.reduce((total, rig) => total + of(rig), 0);
const meanThsOf = (rig: RigActivity): number => rig.hashrateSumThs / rig.hashrateN;
const meanWOf = (rig: RigActivity): number => rig.powerSumW / rig.powerN;
const isRated = ({ known }: RigActivity): boolean => known.nameplateThs !== null && known.nameplateW !== null;
/** J/TH of some rigs together, null where it is not known of all. */
const nameplateJThOf = (rigs: readonly RigActivity[]): number | null =>
  rigs.length > 0 && rigs.every(isRated)
    ? sumOf(rigs, ({ known }) => known.nameplateW ?? 0) / sumOf(rigs, ({ known }) => known.nameplateThs ?? 0)
    : null;

/** Load, J/TH against the nameplate, runs and breakdowns of each model or rig, by name. What a rig did not tell is left out of a mean. */
export const performanceLines = ({ rigs }: Activity, by: "model" | "rig") => {
  const groups = new Map<string, RigActivity[]>();
  for (const rig of byName(rigs.values())) {
    const key = by === "model" ? rig.known.model : rig.rig;
    groups.set(key, [...(groups.get(key) ?? []), rig]);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, group]) => {
      const sum = (of: (rig: RigActivity) => number): number => sumOf(group, of);
      const hashing = group.filter(({ hashrateN }) => hashrateN > 0);
      const drawing = group.filter(({ powerN }) => powerN > 0);
      const both = hashing.filter(({ powerN }) => powerN > 0);
      const rigDays = sum(({ days }) => [...days.values()].reduce((total, { spanMs }) => total + spanMs, 0)) / DAY_MS;
      const [bothThs, bothW] = [sumOf(both, meanThsOf), sumOf(both, meanWOf)];
      const actual = bothThs > 0 && bothW > 0 ? bothW / bothThs : null;
      const nominal = nameplateJThOf(both);
      return {
        name,
        rigs: group.length,
        meanThs: ratio(sumOf(hashing, meanThsOf), hashing.length, 3),
        meanW: ratio(sumOf(drawing, meanWOf), drawing.length, 1),
        loadPct: group.every(isRated)
          ? pct(
              sumOf(hashing, meanThsOf),
              sumOf(hashing, ({ known }) => known.nameplateThs ?? 0),
            )
          : null,
        actualJTh: roundedOr(actual, 3),
        nameplateJTh: roundedOr(nameplateJThOf(group), 3),
        overNameplatePct: actual === null || nominal === null ? null : rounded(100 * (actual / nominal - 1), 2),
        rigDays: rounded(rigDays, 4),
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

/** Each UTC day of each model: how many rigs spoke, how long they hashed, how many runs began; the mean run is of what lies on that day. */
export const dayLines = ({ rigs }: Activity) => {
  const lines = new Map<string, { day: number; model: string; rigs: number } & Omit<DayPart, "spanMs">>();
  for (const rig of byName(rigs.values()))
    for (const [day, part] of rig.days) {
      const key = `${day}\n${rig.known.model}`;
      let line = lines.get(key);
      if (line === undefined)
        lines.set(key, (line = { day, model: rig.known.model, rigs: 0, reportedMs: 0, hashingMs: 0, runs: 0, stretches: 0 }));
      line.rigs += 1;
      line.reportedMs += part.reportedMs;
      line.hashingMs += part.hashingMs;
      line.runs += part.runs;
      line.stretches += part.stretches;
    }
  return [...lines.values()]
    .sort((a, b) => a.day - b.day || (a.model < b.model ? -1 : 1))
    .map(({ day, stretches, ...line }) => ({
      dayTs: day * DAY_MS,
      ...line,
      activePct: pct(line.hashingMs, line.reportedMs),
      hashingMsPerRig: ratio(line.hashingMs, line.rigs, 0),
      meanRunMs: ratio(line.hashingMs, stretches, 0),
    }));
};
