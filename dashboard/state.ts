/** What the screen knows: a snapshot, then deltas, as typed columns by rig index. Views subscribe to a topic and read. */
import {
  LIVE_NUMBERS,
  NEVER_SEEN,
  unpackRows,
  type FrameMeta,
  type Gist,
  type LiveColumns,
  type LiveNumber,
  type RosterRow,
  type SnapshotMeta,
  type ViewClock,
} from "../server/twin/delta.ts";
import { RIG_STATES, SEVERITIES, type Alarm, type RigState, type Severity, type SiteTotals } from "../server/twin/twin.ts";
import type { OrderLine } from "../server/twin/orders/lines.ts";
import type { People } from "../server/twin/here.ts";
import type { RunningClock } from "./clock.ts";

/** locked: the server wants a password. outside: who is logged in may not see the farm itself, only twins. stale: connected, and nothing came for a while. */
export type Connection = "connecting" | "live" | "stale" | "offline" | "locked" | "outside";
export const TOPICS = ["rows", "roster", "totals", "alarms", "orders", "connection", "clock", "refused", "people"] as const;
export type Topic = (typeof TOPICS)[number];

/** Columns by rig index; a missing number is NaN. */
export interface Farm {
  readonly numbers: Record<LiveNumber, Float32Array>;
  /** ms UTC, NaN where never. */
  lastSeenTs: Float64Array;
  state: Uint8Array;
  alarm: Uint8Array;
  /** Number of the application that last changed the row; never the same for two different contents. */
  rev: Uint32Array;
  /** Another array whenever a row is another. */
  roster: (RosterRow | undefined)[];
  byName: Map<string, number>;
}

export interface Store {
  readonly farm: Farm;
  readonly totals: () => SiteTotals | null;
  /** The site's figures also while the rest is still to come. */
  readonly gist: () => SiteTotals | null;
  readonly alarms: () => readonly Alarm[];
  /** Work orders, newest first: all under way, and the newest closed ones. */
  readonly orders: () => readonly OrderLine[];
  readonly connection: () => Connection;
  readonly clock: () => RunningClock | null;
  readonly lastFrameAtMs: () => number | null;
  readonly version: (topic: Topic) => number;
  readonly subscribe: (topic: Topic, listener: () => void) => () => void;
  /** Changes nothing once there was a snapshot. */
  readonly applyGist: (gist: Gist, atMs: number) => void;
  readonly applySnapshot: (meta: SnapshotMeta, rows: ArrayBuffer, atMs: number) => void;
  readonly applyFrame: (meta: FrameMeta, rows: ArrayBuffer, atMs: number) => boolean;
  readonly setConnection: (connection: Connection) => void;
  /** Who is here; null while that is not known. */
  readonly people: () => People | null;
  readonly setPeople: (people: People) => void;
  /** What the server last refused of the feed's wishes, in its words; the watch goes on as it was. */
  readonly refused: () => { readonly detail: string } | null;
  readonly setRefused: (problem: { readonly detail: string } | null) => void;
}

const emptyFarm = (): Farm => ({
  numbers: Object.fromEntries(LIVE_NUMBERS.map((name) => [name, new Float32Array(0)])) as Record<LiveNumber, Float32Array>,
  lastSeenTs: new Float64Array(0),
  state: new Uint8Array(0),
  alarm: new Uint8Array(0),
  rev: new Uint32Array(0),
  roster: [],
  byName: new Map(),
});

const grow = (farm: Farm, size: number): void => {
  if (size <= farm.rev.length) return;
  const room = Math.max(64, Math.ceil(size * 1.25));
  const longer = <T extends Float32Array | Float64Array | Uint8Array | Uint32Array>(old: T, fresh: T): T => (fresh.set(old), fresh);
  for (const name of LIVE_NUMBERS) farm.numbers[name] = longer(farm.numbers[name], new Float32Array(room).fill(Number.NaN));
  farm.lastSeenTs = longer(farm.lastSeenTs, new Float64Array(room).fill(Number.NaN));
  farm.state = longer(farm.state, new Uint8Array(room));
  farm.alarm = longer(farm.alarm, new Uint8Array(room));
  farm.rev = longer(farm.rev, new Uint32Array(room));
};

const takeRows = (farm: Farm, rows: LiveColumns, stamp: number): void => {
  for (let i = 0; i < rows.count; i += 1) {
    const at = rows.index[i] ?? 0;
    grow(farm, at + 1);
    for (const name of LIVE_NUMBERS) farm.numbers[name][at] = rows.numbers[name][i] ?? Number.NaN;
    const seen = rows.lastSeen[i] ?? NEVER_SEEN;
    farm.lastSeenTs[at] = seen === NEVER_SEEN ? Number.NaN : rows.baseTs - seen;
    farm.state[at] = rows.state[i] ?? 0;
    farm.alarm[at] = rows.alarm[i] ?? 0;
    farm.rev[at] = stamp;
  }
};

const takeRoster = (farm: Farm, roster: readonly RosterRow[], stamp: number): void => {
  if (roster.length === 0) return;
  farm.roster = [...farm.roster];
  for (const row of roster) {
    grow(farm, row.index + 1);
    farm.roster[row.index] = row;
    farm.byName.set(row.rig, row.index);
    farm.rev[row.index] = stamp;
  }
};

/** Cleared alarms kept in the browser for the "recent" lists. */
const ALARMS_KEPT = 2_000;
const merged = (before: ReadonlyMap<string, Alarm>, changes: readonly Alarm[]): Map<string, Alarm> => {
  const all = new Map(before);
  for (const alarm of changes) all.set(alarm.id, alarm);
  for (const [id, alarm] of all) {
    if (all.size <= ALARMS_KEPT) break;
    if (alarm.clearedTs !== null) all.delete(id);
  }
  return all;
};
const newestFirst = (alarms: ReadonlyMap<string, Alarm>): readonly Alarm[] => [...alarms.values()].sort((a, b) => b.raisedTs - a.raisedTs);

/** Makes an empty store. It owns no clock: whoever applies says when (performance.now() ms). */
export const makeStore = (): Store => {
  const farm = emptyFarm();
  const listeners = new Map<Topic, Set<() => void>>(TOPICS.map((topic) => [topic, new Set()]));
  const versions = new Map<Topic, number>(TOPICS.map((topic) => [topic, 0]));
  let n = -1;
  let stamp = 0;
  let totals: SiteTotals | null = null;
  let gist: SiteTotals | null = null;
  let alarmsById = new Map<string, Alarm>();
  let alarms: readonly Alarm[] = [];
  let orders: readonly OrderLine[] = [];
  let connection: Connection = "connecting";
  let clock: RunningClock | null = null;
  let lastFrameAtMs: number | null = null;
  let people: People | null = null;
  let refused: { readonly detail: string } | null = null;

  const tell = (...topics: Topic[]): void => {
    for (const topic of topics) versions.set(topic, (versions.get(topic) ?? 0) + 1);
    for (const topic of topics) for (const listener of listeners.get(topic) ?? []) listener();
  };
  const sameClock = (a: ViewClock | undefined, b: ViewClock): boolean =>
    a !== undefined && a.view === b.view && a.playing === b.playing && a.speed === b.speed && a.from === b.from && a.to === b.to;
  const took = (meta: FrameMeta | SnapshotMeta, atMs: number): Topic[] => {
    n = meta.n;
    totals = meta.totals;
    lastFrameAtMs = atMs;
    const turned = !sameClock(clock?.clock, meta.clock) || !meta.clock.playing;
    clock = { clock: meta.clock, setAtMs: atMs };
    const changed: Topic[] = ["totals"];
    if (turned) changed.push("clock");
    if (connection !== "live") {
      connection = "live";
      changed.push("connection");
    }
    return changed;
  };

  return {
    farm,
    totals: () => totals,
    gist: () => totals ?? gist,
    alarms: () => alarms,
    orders: () => orders,
    connection: () => connection,
    clock: () => clock,
    lastFrameAtMs: () => lastFrameAtMs,
    version: (topic) => versions.get(topic) ?? 0,
    subscribe: (topic, listener) => {
      listeners.get(topic)?.add(listener);
      return () => void listeners.get(topic)?.delete(listener);
    },
    applyGist: (told, atMs) => {
      if (totals !== null) return;
      gist = told.totals;
      clock = { clock: told.clock, setAtMs: atMs };
      tell("totals", "clock");
    },
    applySnapshot: (meta, rows, atMs) => {
      Object.assign(farm, emptyFarm());
      stamp += 1;
      takeRoster(farm, meta.roster, stamp);
      takeRows(farm, unpackRows(rows), stamp);
      alarmsById = merged(new Map(), meta.alarms);
      alarms = newestFirst(alarmsById);
      orders = meta.orders.toSorted((a, b) => b.number - a.number);
      tell(...took(meta, atMs), "rows", "roster", "alarms", "orders");
    },
    applyFrame: (meta, rows, atMs) => {
      if (meta.n !== n + 1) return false;
      stamp += 1;
      takeRoster(farm, meta.roster, stamp);
      takeRows(farm, unpackRows(rows), stamp);
      const changed = took(meta, atMs);
      if (meta.roster.length > 0) changed.push("roster");
      if (meta.alarms.length > 0) {
        alarmsById = merged(alarmsById, meta.alarms);
        alarms = newestFirst(alarmsById);
        changed.push("alarms");
      }
      if (meta.orders.length > 0) {
        const news = new Map(meta.orders.map((order) => [order.id, order]));
        orders = [...meta.orders, ...orders.filter(({ id }) => !news.has(id))].toSorted((a, b) => b.number - a.number);
        changed.push("orders");
      }
      tell(...changed, "rows");
      return true;
    },
    setConnection: (next) => {
      if (next === connection) return;
      connection = next;
      // Nobody knows who is at the other end of a dead line.
      if (next !== "live" && next !== "stale") people = null;
      tell("connection", "people");
    },
    people: () => people,
    setPeople: (next) => {
      people = next;
      tell("people");
    },
    refused: () => refused,
    setRefused: (problem) => {
      refused = problem;
      tell("refused");
    },
  };
};

/** One rig's figures as they stand, for drawing. */
export interface RigNow {
  readonly index: number;
  readonly roster: RosterRow;
  readonly numbers: Readonly<Record<LiveNumber, number | null>>;
  readonly lastSeenTs: number | null;
  readonly state: RigState;
  readonly alarm: Severity | null;
}
const orNull = (value: number | undefined): number | null => (value === undefined || Number.isNaN(value) ? null : value);

/** Reads one row out of the columns, null where there is none. */
export const rigAt = (farm: Farm, index: number): RigNow | null => {
  const roster = farm.roster[index];
  if (roster === undefined) return null;
  const alarm = farm.alarm[index] ?? 0;
  return {
    index,
    roster,
    numbers: Object.fromEntries(LIVE_NUMBERS.map((name) => [name, orNull(farm.numbers[name][index])])) as Record<LiveNumber, number | null>,
    lastSeenTs: orNull(farm.lastSeenTs[index]),
    state: RIG_STATES[farm.state[index] ?? 0] ?? "new",
    alarm: alarm === 0 ? null : (SEVERITIES[alarm - 1] ?? null),
  };
};
