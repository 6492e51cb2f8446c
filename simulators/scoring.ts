/** How well the alarm rules find what a scenario injects: the scenario's messages through the fold, its alarms against the truth. */
import { setRule, type RuleSetting } from "../server/twin/alarms/book.ts";
import { foldEntry, newFarm, nothingYet } from "../server/twin/farm.ts";
import { ALARM_KINDS, type Alarm, type AlarmKind } from "../server/twin/twin.ts";
import { OWN, TICK_MS } from "../server/twin/wire.ts";
import { messages, type MessageOptions } from "./messages.ts";
import type { Family } from "./plant/families.ts";
import { truthOf, type TruthRow } from "./scenario.ts";

/**
 * Which kinds of alarm are a right answer to a family. An empty list where silence is right: the rig does what it was told, or only a
 * sensor is wrong. Null where no rule of today looks for it, so that every case is missed.
 */
export const ANSWERS: Readonly<Record<Family, readonly AlarmKind[] | null>> = {
  offline: ["offline"],
  "board-loss": ["board-missing", "low-hashrate", "below-own"],
  "dead-chip-chain": ["chips-missing", "board-missing", "low-hashrate", "below-own"],
  "fan-failure": ["fan-stopped", "too-hot", "intake-hot", "throttled", "fault", "drifting"],
  "fan-wear": ["drifting", "fan-slow", "fan-stopped", "too-hot", "throttled"],
  dust: ["drifting", "throttled", "too-hot", "fault", "below-own", "low-hashrate", "inefficient"],
  "failing-board": ["drifting", "below-own", "low-hashrate", "inefficient", "throttled", "too-hot", "fault"],
  "heat-wave": ["intake-hot", "throttled", "too-hot", "low-hashrate", "below-own"],
  "psu-hiccup": ["restarts", "offline", "low-hashrate"],
  "bogus-sensors": ["sensor"],
  hung: ["hung", "low-hashrate"],
  "pool-dead": ["pool-dead", "pool-backup", "hung", "low-hashrate"],
  "hijacked-worker": ["wrong-pool"],
  curtailment: [],
  "no-restart": ["no-restart", "hung", "low-hashrate"],
  "network-partition": ["gateway-silent", "offline", "clock-skewed"],
  "clock-skew": ["clock-skewed"],
  liar: ["implausible", "meter-gap", "drifting"],
};

/** After a fault is over a rig boots and warms up; alarms of that time still belong to it. */
export const GRACE_MS = 5 * 60_000;
/** Faults that begin so shortly before the end cannot have been found yet; they are left out. */
export const TOO_LATE_MS = 5 * 60_000;

/** Families of which one alarm of the site says enough: the weather comes over everyone. */
const SITE_WIDE: ReadonlySet<Family> = new Set(["heat-wave"]);

export interface FamilyScore {
  readonly family: Family;
  /** Faults, one a rig; of what comes over the whole site, one. */
  readonly faults: number;
  readonly found: number;
  /** found ÷ faults; null where silence is right. */
  readonly recall: number | null;
  /** Alarms that belong to this family ÷ those and the false ones of the same kinds; null where there is neither. */
  readonly precision: number | null;
  /** From the fault's begin to the alarm, ms; null where none was found. */
  readonly medianMs: number | null;
  readonly worstMs: number | null;
  /** Happenings; a rack that goes dark at once is one, whatever the number of its rigs. */
  readonly causes: number;
  /** The most incidents that one happening was told in; 0 where none was found. */
  readonly mostIncidents: number;
  readonly kinds: readonly AlarmKind[];
}
export interface KindScore {
  readonly kind: AlarmKind;
  readonly raised: number;
  readonly wrong: number;
}
export interface Score {
  readonly families: readonly FamilyScore[];
  readonly kinds: readonly KindScore[];
  readonly falseAlarms: readonly Alarm[];
  /** Over all families: right alarms ÷ all alarms, faults found ÷ faults; null where there is nothing to divide by. */
  readonly precision: number | null;
  readonly recall: number | null;
}

const isNear = (alarm: Alarm, row: TruthRow): boolean =>
  (alarm.rig === row.rig || row.within.includes(alarm.rig)) && alarm.raisedTs >= row.fromTs && alarm.sinceTs < row.toTs + GRACE_MS;

/** The fault that an alarm answers: of those it may answer, the one that began last; null for a false alarm. */
const causeOf = (alarm: Alarm, truth: readonly TruthRow[]): TruthRow | null =>
  truth.reduce<TruthRow | null>((last, row) => {
    const may = isNear(alarm, row) && (ANSWERS[row.family] ?? []).includes(alarm.kind);
    return may && (last === null || row.fromTs > last.fromTs) ? row : last;
  }, null);

interface Judged {
  readonly alarm: Alarm;
  readonly cause: TruthRow | null;
}

const median = (sorted: readonly number[]): number | null => {
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
};
const part = (of: number, whole: number): number | null => (whole === 0 ? null : of / whole);

/** What has to be found of a family: each rig's fault, or where the site is hit, each happening. */
const findings = (family: Family, rows: readonly TruthRow[]): TruthRow[] =>
  SITE_WIDE.has(family) ? [...new Map(rows.map((row) => [row.cause, row])).values()] : [...rows];

const answered = (row: TruthRow, family: Family, { alarm, cause }: Judged): boolean =>
  cause === row || (cause !== null && cause.cause === row.cause && (SITE_WIDE.has(family) || alarm.rig !== cause.rig));

const scoreOf = (
  family: Family,
  rows: readonly TruthRow[],
  judged: readonly Judged[],
  incidentOf: (alarm: Alarm) => string,
): FamilyScore => {
  const right = judged.filter(({ cause }) => cause?.family === family);
  const faults = findings(family, rows);
  const times = faults
    .flatMap((row) => {
      const raised = right.filter((one) => answered(row, family, one)).map(({ alarm }) => alarm.raisedTs);
      return raised.length === 0 ? [] : [Math.min(...raised) - row.fromTs];
    })
    .toSorted((a, b) => a - b);
  const answers = ANSWERS[family];
  const silent = answers !== null && answers.length === 0;
  const wrong = judged.filter(
    ({ alarm, cause }) => cause === null && (silent ? rows.some((row) => isNear(alarm, row)) : (answers ?? []).includes(alarm.kind)),
  );
  const causes = new Set(rows.map(({ cause }) => cause));
  const incidents = [...causes].map(
    (name) => new Set(right.filter(({ cause }) => cause?.cause === name).map(({ alarm }) => incidentOf(alarm))).size,
  );
  return {
    family,
    faults: faults.length,
    found: times.length,
    recall: silent ? null : times.length / faults.length,
    precision: part(right.length, right.length + wrong.length),
    medianMs: median(times),
    worstMs: times.at(-1) ?? null,
    causes: causes.size,
    mostIncidents: Math.max(0, ...incidents),
    kinds: ALARM_KINDS.filter((kind) => right.some(({ alarm }) => alarm.kind === kind)),
  };
};

/**
 * Compares alarms with what was injected. An alarm that answers no fault of its rig, or of what its rig stands in, is false. `incidentOf`
 * names the incident that an alarm was told in; one that is in none counts by itself.
 */
export const scoreAlarms = (
  truth: readonly TruthRow[],
  alarms: readonly Alarm[],
  incidentOf: (alarm: Alarm) => string = ({ incident, id }) => incident ?? id,
): Score => {
  const judged = alarms.map((alarm): Judged => ({ alarm, cause: causeOf(alarm, truth) }));
  const falseAlarms = judged.filter(({ cause }) => cause === null).map(({ alarm }) => alarm);
  const names = new Set(truth.map(({ family }) => family));
  const families = [...names].map((family) => {
    const rows = truth.filter((row) => row.family === family);
    return scoreOf(family, rows, judged, incidentOf);
  });
  const looked = families.filter(({ recall }) => recall !== null);
  return {
    families,
    kinds: ALARM_KINDS.map((kind) => ({
      kind,
      raised: alarms.filter((alarm) => alarm.kind === kind).length,
      wrong: falseAlarms.filter((alarm) => alarm.kind === kind).length,
    })),
    falseAlarms,
    precision: part(alarms.length - falseAlarms.length, alarms.length),
    recall: part(
      looked.reduce((sum, { found }) => sum + found, 0),
      looked.reduce((sum, { faults }) => sum + faults, 0),
    ),
  };
};

/** In which a score falls short of `floor` (0 to 1): precision and recall of every family, one incident a cause, no false alarm where nothing is wrong. */
export const shortcomings = ({ families, falseAlarms }: Score, floor: number): string[] => [
  ...families.flatMap(({ family, recall, precision, mostIncidents }) => [
    ...(recall !== null && recall < floor ? [`${family}: recall ${recall.toFixed(3)}`] : []),
    ...(precision !== null && precision < floor ? [`${family}: precision ${precision.toFixed(3)}`] : []),
    ...(mostIncidents > 1 ? [`${family}: ${mostIncidents} incidents of one cause`] : []),
  ]),
  ...(families.length === 0 && falseAlarms.length > 0 ? [`${falseAlarms.length} alarms where nothing is wrong`] : []),
];

/** Entries folded into one Outcome: what it holds for the store is made once for all of them. */
const GO = 500;

export interface Found {
  /** Every alarm, in its last state. */
  readonly alarms: Alarm[];
  /** The incident that an alarm was told in at last: where that turned out to be part of another, the other. */
  readonly incidentOf: (alarm: Alarm) => string;
}

/** One farm that is folded, and what came of it. */
const startFold = (site: string, settings: Settings) => {
  const farm = newFarm(site);
  for (const [kind, setting] of settings) setRule(farm.alarms, kind, setting);
  const alarms = new Map<string, Alarm>();
  const mergedInto = new Map<string, string>();
  let out = nothingYet();
  let left = GO;
  const gather = (): void => {
    for (const alarm of out.alarms) alarms.set(alarm.id, alarm);
    for (const incident of out.incidents) if (incident.mergedInto !== null) mergedInto.set(incident.id, incident.mergedInto);
    out = nothingYet();
    left = GO;
  };
  const incidentOf = ({ incident, id }: Alarm): string => {
    let at = incident ?? id;
    for (let next = mergedInto.get(at); next !== undefined; next = mergedInto.get(at)) at = next;
    return at;
  };
  return {
    farm,
    fold: (topic: string, payload: Uint8Array, retain: boolean, receivedTs: number): void => {
      foldEntry(farm, { pos: farm.asOfPos + 1, receivedTs, topic, payload, qos: 1, retain, dup: false, client: "" }, out);
      if (--left === 0) gather();
    },
    found: (): Found => {
      gather();
      return { alarms: [...alarms.values()], incidentOf };
    },
  };
};

/** Rules that are set otherwise than they come. */
export type Settings = ReadonlyMap<AlarmKind, RuleSetting>;
const AS_THEY_COME: Settings = new Map();

/** What the rules find in a simulated span, once for each of `settings`; `told` hears how far it has come, ms UTC. */
export const findWith = (
  options: MessageOptions,
  settings: readonly Settings[],
  told: (ts: number, messages: number) => void = () => undefined,
): Found[] => {
  const folds = settings.map((each) => startFold(options.site, each));
  const empty = new TextEncoder().encode("{}");
  let n = 0;
  const fold = (topic: string, payload: Uint8Array, retain: boolean, receivedTs: number): void => {
    for (const one of folds) one.fold(topic, payload, retain, receivedTs);
    if (++n % GO === 0) told(receivedTs, n);
  };
  let nextTickTs = Math.ceil(options.fromTs / TICK_MS) * TICK_MS;
  const tickUpTo = (ts: number): void => {
    for (; nextTickTs <= ts; nextTickTs += TICK_MS) fold(OWN.tick, empty, false, nextTickTs);
  };
  for (const { ts, topic, payload, retain } of messages(options)) {
    tickUpTo(ts);
    fold(topic, payload, retain, ts);
  }
  tickUpTo(options.toTs);
  return folds.map(({ found }) => found());
};

/** What the rules find as they come. */
export const findIn = (options: MessageOptions, told?: (ts: number, messages: number) => void): Found =>
  findWith(options, [AS_THEY_COME], told)[0] as Found;

/** The faults of a simulated span that could have been found in it. */
export const truthIn = ({ scenario, site, seed, rigs, fromTs, toTs }: MessageOptions): TruthRow[] =>
  truthOf(scenario, { site, seed, rigs, startTs: fromTs, toTs }).filter((row) => row.fromTs >= fromTs && row.fromTs < toTs - TOO_LATE_MS);
