/**
 * The life of alarms: one per rig and kind, ACTIVE or CLEARED, acknowledged or not. Hold times are counted in journal time, so that a
 * replay raises the same alarms at the same moments, and while the server was away they stand still.
 */
import type { Position } from "../reading.ts";
import type { Alarm, Twin } from "../twin.ts";
import { KINDS, type AlarmKind, type AlarmScope, type Severity } from "./kinds.ts";
import type { Case, Opinion, Rule } from "./rule.ts";
import type { Incident } from "./incident.ts";

/** Per rig and kind: what is held, and the alarm while there is one. Plain JSON data. */
export interface Held {
  /** Since when the opinion has been the opposite of the alarm's state; null while they agree. */
  changingSinceTs: number | null;
  /** Of that time, what does not count: the server was away. ms */
  lostMs: number;
  alarm: Alarm | null;
}
/** What a site has set otherwise than the standard. */
export interface RuleSetting {
  readonly enabled?: boolean | undefined;
  readonly severity?: Severity | undefined;
  readonly holdMs?: number | undefined;
  readonly clearMs?: number | undefined;
  readonly thresholds?: Readonly<Record<string, number>> | undefined;
}
/** Alarms of its scope are not raised while it lasts. A null names all. */
export interface Maintenance {
  readonly id: string;
  readonly rig: string | null;
  readonly container: string | null;
  readonly rack: string | null;
  readonly fromTs: number;
  readonly toTs: number;
  readonly reason: string;
  readonly by: string;
}
/** A rule that threw. */
export interface RuleFault {
  readonly kind: AlarmKind;
  count: number;
  lastTs: number;
  lastRig: string;
  message: string;
}
export interface AlarmBook {
  /** By rig (or what else an alarm is about), then kind; only those about which there is something to hold. */
  readonly held: Map<string, Partial<Record<AlarmKind, Held>>>;
  /** Cleared alarms, oldest first, the newest MOST_HISTORY; older ones are in the journal only. */
  history: Alarm[];
  readonly settings: Map<AlarmKind, RuleSetting>;
  /** The same as text: another text, other rules. */
  settingsText: string;
  maintenance: Maintenance[];
  readonly faults: Map<AlarmKind, RuleFault>;
  /** Pools that the site has approved, `host account`. */
  readonly approvedPools: Set<string>;
  /** Rigs on each power distribution unit, where the site told. */
  readonly pdus: Map<string, readonly string[]>;
  /** Open ones, by id. */
  readonly incidents: Map<string, Incident>;
  /** Alarms raised since incidents were last rolled up. */
  fresh: string[];
}
const MOST_HISTORY = 2_000;

/** Sets a rule otherwise; null: as it comes. Changes `book`. */
export const setRule = (book: AlarmBook, kind: AlarmKind, setting: RuleSetting | null): void => {
  if (setting === null) book.settings.delete(kind);
  else book.settings.set(kind, setting);
  book.settingsText = JSON.stringify([...book.settings]);
};

export const noAlarms = (): AlarmBook => ({
  held: new Map(),
  history: [],
  settings: new Map(),
  settingsText: "",
  maintenance: [],
  faults: new Map(),
  approvedPools: new Set(),
  pdus: new Map(),
  incidents: new Map(),
  fresh: [],
});

export const remember = (book: AlarmBook, alarm: Alarm): void => {
  book.history.push(alarm);
  if (book.history.length > MOST_HISTORY * 1.1) book.history = book.history.slice(-MOST_HISTORY);
};

const covers = (spell: Maintenance, rig: string, position: Position | null, nowTs: number): boolean =>
  nowTs >= spell.fromTs &&
  nowTs < spell.toTs &&
  (spell.rig === null || spell.rig === rig) &&
  (spell.container === null || position?.container === spell.container) &&
  (spell.rack === null || position?.rack === spell.rack);

export const inMaintenance = (book: AlarmBook, { rig, position }: Pick<Twin, "rig" | "position">, nowTs: number): boolean =>
  book.maintenance.length > 0 && book.maintenance.some((spell) => covers(spell, rig, position, nowTs));

/** What an alarm is about. */
export interface About {
  readonly site: string;
  readonly rig: string;
  readonly scope: AlarmScope;
}

const heldOf = (book: AlarmBook, rig: string): Partial<Record<AlarmKind, Held>> => {
  let mine = book.held.get(rig);
  if (mine === undefined) {
    mine = {};
    book.held.set(rig, mine);
  }
  return mine;
};

const raise = (
  book: AlarmBook,
  { site, rig, scope }: About,
  kind: AlarmKind,
  severity: Severity,
  sinceTs: number,
  nowTs: number,
  message: string,
): Alarm => {
  const alarm: Alarm = {
    id: `${site}/${rig}/${kind}/${nowTs}`,
    site,
    rig,
    scope,
    kind,
    severity,
    sinceTs,
    raisedTs: nowTs,
    clearedTs: null,
    acknowledgedTs: null,
    acknowledgedBy: null,
    owner: null,
    comments: [],
    snoozedUntilTs: null,
    incident: null,
    message,
  };
  heldOf(book, rig)[kind] = { changingSinceTs: null, lostMs: 0, alarm };
  book.fresh.push(alarm.id);
  return alarm;
};

/**
 * Takes one opinion about one subject; gives the alarm that was raised or cleared, else null. `isFresh` false: nothing was known for a
 * while, so a hold begins anew. Changes `book`.
 */
export const settle = (
  book: AlarmBook,
  about: About,
  kind: AlarmKind,
  opinion: Opinion,
  set: { readonly holdMs: number; readonly clearMs: number; readonly severity: Severity },
  nowTs: number,
  isBroken = false,
): Alarm | null => {
  if (opinion === undefined) return null;
  const mine = book.held.get(about.rig);
  const held = mine?.[kind];
  const active = held?.alarm ?? null;
  const on = opinion === null ? null : opinion !== false;
  if (on === null || on === (active !== null)) {
    // An opinion that agrees, or none at all, ends what was being held; an alarm stays.
    if (held === undefined || mine === undefined) return null;
    if (active === null) {
      delete mine[kind];
      for (const _ in mine) return null;
      book.held.delete(about.rig);
    } else held.changingSinceTs = null;
    return null;
  }
  const isNew = held === undefined || held.changingSinceTs === null || isBroken;
  const sinceTs = isNew ? nowTs : (held.changingSinceTs ?? nowTs);
  const lostMs = isNew ? 0 : held.lostMs;
  if (nowTs - sinceTs - lostMs < (on ? set.holdMs : set.clearMs)) {
    if (!isNew) return null;
    if (held === undefined) heldOf(book, about.rig)[kind] = { changingSinceTs: sinceTs, lostMs: 0, alarm: null };
    else {
      held.changingSinceTs = sinceTs;
      held.lostMs = 0;
    }
    return null;
  }
  if (on) return raise(book, about, kind, set.severity, sinceTs, nowTs, opinion as string);
  if (active === null || mine === undefined) return null;
  const cleared: Alarm = { ...active, clearedTs: nowTs };
  delete mine[kind];
  if (Object.keys(mine).length === 0) book.held.delete(about.rig);
  remember(book, cleared);
  return cleared;
};

/** The server was away for `awayMs`: what is being held stands where it stood. Changes `book`. */
export const standStill = (book: AlarmBook, awayMs: number): void => {
  for (const mine of book.held.values()) for (const held of Object.values(mine)) if (held.changingSinceTs !== null) held.lostMs += awayMs;
};

/** A rule with what the site has set. */
export interface SetRule {
  readonly rule: Rule;
  readonly holdMs: number;
  readonly clearMs: number;
  readonly severity: Severity;
  readonly numbers: Readonly<Record<string, number>>;
}
export const withSettings = (rules: readonly Rule[], settings: AlarmBook["settings"]): SetRule[] =>
  rules.flatMap((rule) => {
    const set = settings.get(rule.kind) ?? {};
    if (set.enabled === false) return [];
    const numbers = Object.fromEntries(
      Object.entries(rule.thresholds).map(([name, { standard }]) => [name, set.thresholds?.[name] ?? standard]),
    );
    return [
      { rule, numbers, holdMs: set.holdMs ?? rule.holdMs, clearMs: set.clearMs ?? rule.clearMs, severity: set.severity ?? rule.severity },
    ];
  });

const note = (book: AlarmBook, kind: AlarmKind, rig: string, nowTs: number, error: unknown): void => {
  const known = book.faults.get(kind);
  const message = (error instanceof Error ? error.message : String(error)).slice(0, 300);
  if (known === undefined) book.faults.set(kind, { kind, count: 1, lastTs: nowTs, lastRig: rig, message });
  else Object.assign(known, { count: known.count + 1, lastTs: nowTs, lastRig: rig, message });
};

/** Asks rules about one rig; gives the alarms that were raised or cleared. A rule that throws is noted and has no opinion. Changes `book`. */
export const judge = (book: AlarmBook, rules: readonly SetRule[], of: Case, changed: Alarm[]): void => {
  const { twin, watch, nowTs } = of;
  const isQuiet = inMaintenance(book, twin, nowTs);
  let mine = book.held.get(twin.rig);
  for (let i = 0; i < rules.length; i++) {
    const set = rules[i] as SetRule;
    const { rule } = set;
    let opinion: Opinion;
    try {
      opinion = rule.check(of, set.numbers);
    } catch (error) {
      note(book, rule.kind, twin.rig, nowTs, error);
      continue;
    }
    // Nearly always: it does not hold and nothing is held.
    if (typeof opinion !== "string" && mine?.[rule.kind] === undefined) continue;
    if (isQuiet && typeof opinion === "string") opinion = null;
    const alarm = settle(
      book,
      { site: twin.site, rig: twin.rig, scope: "rig" },
      rule.kind,
      opinion,
      set,
      nowTs,
      rule.asked === "reading" && watch.isBroken,
    );
    mine = book.held.get(twin.rig);
    if (alarm !== null) changed.push(alarm);
  }
};

/** Replaces an alarm that is active or among the newest cleared; null where there is no such id. Changes `book`. */
export const changeAlarm = (book: AlarmBook, id: string, change: (alarm: Alarm) => Alarm | null): Alarm | null => {
  const [, rig = "", kind = ""] = /^[^/]*\/(.*)\/([^/]+)\/\d+$/.exec(id) ?? [];
  const held = book.held.get(rig)?.[kind as AlarmKind];
  if (held?.alarm?.id === id) {
    const next = change(held.alarm);
    if (next !== null) held.alarm = next;
    return next;
  }
  const i = book.history.findLastIndex((alarm) => alarm.id === id);
  const found = book.history[i];
  const next = found === undefined ? null : change(found);
  if (next !== null) book.history[i] = next;
  return next;
};

/** Acknowledges by id; null where there is no such alarm or it is acknowledged. Changes `book`. */
export const acknowledgeAlarm = (book: AlarmBook, id: string, by: string, nowTs: number): Alarm | null =>
  changeAlarm(book, id, (alarm) => (alarm.acknowledgedTs === null ? { ...alarm, acknowledgedTs: nowTs, acknowledgedBy: by } : null));

export const activeAlarms = (book: AlarmBook): Alarm[] => {
  const active: Alarm[] = [];
  for (const mine of book.held.values()) for (const held of Object.values(mine)) if (held.alarm !== null) active.push(held.alarm);
  return active;
};

const RANK: Readonly<Record<Severity, number>> = { info: 0, minor: 1, major: 2, critical: 3 };
export const graver = (a: Severity, b: Severity): Severity => (RANK[a] >= RANK[b] ? a : b);
/** The gravest active severity of a rig, null where all is well. */
export const gravestOf = (book: AlarmBook, rig: string): Severity | null => {
  const mine = book.held.get(rig);
  if (mine === undefined) return null;
  let gravest: Severity | null = null;
  for (const held of Object.values(mine)) {
    const severity = held.alarm?.severity;
    if (severity !== undefined) gravest = gravest === null ? severity : graver(gravest, severity);
  }
  return gravest;
};
export const scopeOf = (kind: AlarmKind): AlarmScope => KINDS[kind].scope;
