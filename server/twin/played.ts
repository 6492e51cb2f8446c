/** What came of a recording that was folded, as plain data that people can read, and the differences between two of them. */
import type { EnergyState } from "./energy.ts";
import type { Farm, RefusedEntry } from "./farm.ts";
import { farmHash } from "./snapshot.ts";
import type { Alarm, AlarmKind, Severity, Twin } from "./twin.ts";

export interface PlayedAlarm {
  readonly rig: string;
  readonly kind: AlarmKind;
  readonly severity: Severity;
  /** ISO 8601, UTC. */
  readonly since: string;
  readonly raised: string;
  readonly cleared: string | null;
  readonly message: string;
}
export interface PlayedRefusal {
  readonly at: string;
  readonly topic: string;
  readonly code: string;
  readonly detail: string;
}
/** Whole of a day (UTC), rounded to a millionth. */
export interface PlayedDay {
  readonly day: string;
  readonly kwh: number;
  readonly cost: number | null;
  readonly kgco2e: number | null;
}
export interface Played {
  readonly site: string;
  readonly from: string;
  readonly to: string;
  readonly accepted: number;
  readonly duplicates: number;
  readonly late: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly alarms: readonly PlayedAlarm[];
  readonly twins: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** The first of them. */
  readonly refusals: readonly PlayedRefusal[];
  readonly energy: readonly PlayedDay[];
  /** Only where it is asked for: it changes with every field that a twin gains. */
  readonly farmHash?: string;
}

export const MOST_REFUSALS = 1_000;

const iso = (ts: number): string => new Date(ts).toISOString();
const isoOrNull = (ts: number | null): string | null => (ts === null ? null : iso(ts));
const millionth = (value: number): number => Math.round(value * 1_000_000) / 1_000_000;

/** What a day's meters say so far. */
export const dayOfEnergy = ({ day, kwh, cost, kgco2e, priced, carbon }: EnergyState): PlayedDay => ({
  day: iso(day * 86_400_000).slice(0, 10),
  kwh: millionth(kwh),
  cost: priced ? millionth(cost) : null,
  kgco2e: carbon ? millionth(kgco2e) : null,
});

const playedTwin = (twin: Twin): Record<string, unknown> => ({
  state: twin.state,
  since: iso(twin.stateSinceTs),
  announced: twin.announced,
  model: twin.modelId,
  format: twin.format,
  tier: twin.tier,
  position: twin.position === null ? null : `${twin.position.container}/${twin.position.rack}/${twin.position.slot}`,
  mode: twin.latest.mode,
  hashrateThs: twin.latest.hashrateThs,
  powerW: twin.latest.powerW,
  boardC: twin.latest.boardC,
  chipC: twin.latest.chipC,
  boardsThs: twin.latest.boards.map((board) => board.hashrateThs),
  quality: twin.quality,
  lastSeen: isoOrNull(twin.lastSeenTs),
  skewMs: twin.skewMs,
  lastSeq: twin.lastSeq,
  counts: twin.counts,
});

/** Everything that happened, from what was collected on the way and the farm at the end. */
export const playedOf = (
  farm: Farm,
  fromTs: number,
  alarms: Iterable<Alarm>,
  refusals: readonly RefusedEntry[],
  days: Iterable<PlayedDay>,
  exact: boolean,
): Played => ({
  site: farm.site,
  from: iso(fromTs),
  to: iso(farm.asOfTs),
  accepted: farm.accepted,
  duplicates: farm.duplicates,
  late: farm.late,
  refused: Object.fromEntries([...farm.refusedByCode].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  alarms: [...alarms]
    .toSorted((a, b) => a.raisedTs - b.raisedTs || (a.id < b.id ? -1 : 1))
    .map(({ rig, kind, severity, sinceTs, raisedTs, clearedTs, message }) => ({
      rig,
      kind,
      severity,
      since: iso(sinceTs),
      raised: iso(raisedTs),
      cleared: isoOrNull(clearedTs),
      message,
    })),
  twins: Object.fromEntries(
    [...farm.twins.values()].toSorted((a, b) => (a.rig < b.rig ? -1 : 1)).map((twin) => [twin.rig, playedTwin(twin)]),
  ),
  refusals: refusals.map(({ receivedTs, topic, code, detail }) => ({ at: iso(receivedTs), topic, code, detail })),
  energy: [...days],
  ...(exact ? { farmHash: farmHash(farm) } : {}),
});

const shown = (value: unknown): string => (value === undefined ? "nothing" : (JSON.stringify(value) ?? "nothing"));
const later = (is: unknown, ought: unknown): string => {
  const ms = typeof is === "string" && typeof ought === "string" ? Date.parse(is) - Date.parse(ought) : Number.NaN;
  return Number.isNaN(ms) ? "" : ` (${Math.abs(ms) / 1_000} s ${ms > 0 ? "later" : "earlier"})`;
};

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

/** Field by field; one line for each that differs. */
const fieldsApart = (name: string, is: Fields, ought: Fields): string[] =>
  [...new Set([...Object.keys(ought), ...Object.keys(is)])].flatMap((field) => {
    const [a, b] = [is[field], ought[field]];
    if (isFields(a) && isFields(b)) return fieldsApart(`${name} ${field}`, a, b);
    return shown(a) === shown(b) ? [] : [`${name}: ${field} is ${shown(a)}, expected ${shown(b)}${later(a, b)}`];
  });

/** Keyed lists against each other: what is missing, what is too much, what differs. */
const listsApart = (
  what: string,
  is: ReadonlyMap<string, Fields>,
  ought: ReadonlyMap<string, Fields>,
  told: (value: Fields) => string,
): string[] => [
  ...[...ought].flatMap(([key, value]) => {
    const found = is.get(key);
    return found === undefined ? [`${what} ${key}: missing, expected ${told(value)}`] : fieldsApart(`${what} ${key}`, found, value);
  }),
  ...[...is].flatMap(([key, value]) => (ought.has(key) ? [] : [`${what} ${key}: not expected, ${told(value)}`])),
];

/** Numbered where the same name comes again, so that the second alarm of a rig is compared with the second. */
const keyed = (list: unknown, name: (value: Fields) => string): Map<string, Fields> => {
  const times = new Map<string, number>();
  const keys = new Map<string, Fields>();
  for (const value of Array.isArray(list) ? (list as unknown[]) : []) {
    if (!isFields(value)) continue;
    const key = name(value);
    const n = (times.get(key) ?? 0) + 1;
    times.set(key, n);
    keys.set(n === 1 ? key : `${key} #${n}`, value);
  }
  return keys;
};

const alarmsIn = (played: Fields) => keyed(played.alarms, ({ rig, kind }) => `${String(rig)} ${String(kind)}`);
const refusalsIn = (played: Fields) => keyed(played.refusals, ({ topic, code }) => `${String(code)} ${String(topic)}`);
const daysIn = (played: Fields) => keyed(played.energy, ({ day }) => String(day));
const twinsIn = (played: Fields): Map<string, Fields> =>
  new Map(
    Object.entries(isFields(played.twins) ? played.twins : {}).flatMap(([rig, twin]) => (isFields(twin) ? [[rig, twin] as const] : [])),
  );

/** In which a recording's outcome differs from the expected one, a line for each; none where they agree. */
export const playedApart = (played: Played, expected: unknown): string[] => {
  if (!isFields(expected)) return ["the expectation is not an object"];
  const is = JSON.parse(JSON.stringify(played)) as Fields;
  const rest = ({ alarms: _alarms, twins: _twins, refusals: _refusals, energy: _energy, farmHash: _hash, ...others }: Fields): Fields =>
    others;
  const hash = expected.farmHash;
  return [
    ...fieldsApart("the whole", rest(is), rest(expected)),
    ...listsApart("alarm", alarmsIn(is), alarmsIn(expected), ({ raised, message }) => `raised ${String(raised)}: ${String(message)}`),
    ...listsApart("twin", twinsIn(is), twinsIn(expected), ({ state }) => `state ${String(state)}`),
    ...listsApart("refusal", refusalsIn(is), refusalsIn(expected), ({ at }) => `at ${String(at)}`),
    ...listsApart("energy of", daysIn(is), daysIn(expected), ({ kwh }) => `${String(kwh)} kWh`),
    ...(hash !== undefined && hash !== is.farmHash ? [`the whole: farmHash is ${shown(is.farmHash)}, expected ${shown(hash)}`] : []),
  ];
};
