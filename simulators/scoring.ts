/** How well the alarm rules find what a scenario injects: the scenario's messages through the fold, its alarms against the truth. */
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
  "board-loss": ["low-hashrate"],
  "dead-chip-chain": ["low-hashrate"],
  "fan-failure": ["too-hot", "low-hashrate"],
  "fan-wear": ["too-hot"],
  "heat-wave": ["too-hot", "low-hashrate"],
  "psu-hiccup": ["offline", "low-hashrate"],
  "bogus-sensors": [],
  hung: ["low-hashrate"],
  "pool-dead": ["low-hashrate"],
  "hijacked-worker": null,
  curtailment: [],
  "no-restart": ["low-hashrate"],
  "network-partition": ["offline"],
  "clock-skew": null,
  liar: null,
};

/** After a fault is over a rig boots and warms up; alarms of that time still belong to it. */
export const GRACE_MS = 5 * 60_000;
/** Faults that begin so shortly before the end cannot have been found yet; they are left out. */
export const TOO_LATE_MS = 5 * 60_000;

export interface FamilyScore {
  readonly family: Family;
  /** Faults, one a rig. */
  readonly faults: number;
  readonly found: number;
  /** found ÷ faults; null where silence is right. */
  readonly recall: number | null;
  /** Alarms that belong to this family ÷ those and the false ones of the same kinds; null where there is neither. */
  readonly precision: number | null;
  /** From the fault's begin to the alarm, ms; null where none was found. */
  readonly medianMs: number | null;
  readonly worstMs: number | null;
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
}

const isNear = (alarm: Alarm, row: TruthRow): boolean =>
  alarm.rig === row.rig && alarm.raisedTs >= row.fromTs && alarm.sinceTs < row.toTs + GRACE_MS;

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

const scoreOf = (family: Family, rows: readonly TruthRow[], judged: readonly Judged[]): FamilyScore => {
  const right = judged.filter(({ cause }) => cause?.family === family);
  const times = rows
    .flatMap((row) => {
      const raised = right.filter(({ cause }) => cause === row).map(({ alarm }) => alarm.raisedTs);
      return raised.length === 0 ? [] : [Math.min(...raised) - row.fromTs];
    })
    .toSorted((a, b) => a - b);
  const answers = ANSWERS[family];
  const silent = answers !== null && answers.length === 0;
  const wrong = judged.filter(
    ({ alarm, cause }) => cause === null && (silent ? rows.some((row) => isNear(alarm, row)) : (answers ?? []).includes(alarm.kind)),
  );
  return {
    family,
    faults: rows.length,
    found: times.length,
    recall: silent ? null : times.length / rows.length,
    precision: right.length + wrong.length === 0 ? null : right.length / (right.length + wrong.length),
    medianMs: median(times),
    worstMs: times.at(-1) ?? null,
    kinds: ALARM_KINDS.filter((kind) => right.some(({ alarm }) => alarm.kind === kind)),
  };
};

/** Compares alarms with what was injected. An alarm that answers no fault of its rig is false. */
export const scoreAlarms = (truth: readonly TruthRow[], alarms: readonly Alarm[]): Score => {
  const judged = alarms.map((alarm): Judged => ({ alarm, cause: causeOf(alarm, truth) }));
  const falseAlarms = judged.filter(({ cause }) => cause === null).map(({ alarm }) => alarm);
  const families = new Set(truth.map(({ family }) => family));
  return {
    families: [...families].map((family) => {
      const rows = truth.filter((row) => row.family === family);
      return scoreOf(family, rows, judged);
    }),
    kinds: ALARM_KINDS.map((kind) => ({
      kind,
      raised: alarms.filter((alarm) => alarm.kind === kind).length,
      wrong: falseAlarms.filter((alarm) => alarm.kind === kind).length,
    })),
    falseAlarms,
  };
};

/** Every alarm, in its last state, of a simulated span. */
export const alarmsOf = (options: MessageOptions): Alarm[] => {
  const farm = newFarm(options.site);
  const alarms = new Map<string, Alarm>();
  const empty = new TextEncoder().encode("{}");
  const fold = (topic: string, payload: Uint8Array, retain: boolean, receivedTs: number): void => {
    const out = nothingYet();
    foldEntry(farm, { pos: farm.asOfPos + 1, receivedTs, topic, payload, qos: 1, retain, dup: false, client: "" }, out);
    for (const alarm of out.alarms) alarms.set(alarm.id, alarm);
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
  return [...alarms.values()];
};

/** The faults of a simulated span that could have been found in it. */
export const truthIn = ({ scenario, site, seed, rigs, fromTs, toTs }: MessageOptions): TruthRow[] =>
  truthOf(scenario, { site, seed, rigs, startTs: fromTs, toTs }).filter((row) => row.fromTs >= fromTs && row.fromTs < toTs - TOO_LATE_MS);
