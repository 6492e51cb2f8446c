/**
 * Alarm rules and their life cycle: one alarm per rig and kind, ACTIVE or CLEARED, acknowledged or not. A rule gives an opinion
 * about a twin; hold times are counted in journal time, so that a replay raises the same alarms at the same moments.
 */
import { targetThs } from "./fold.ts";
import type { Alarm, AlarmKind, Severity, Twin } from "./twin.ts";

export interface Limits {
  readonly boardC: number;
  readonly chipC: number;
}
/** Where the catalogue has no limits: Proto Fleet alarms above 90 °C, MiningOS at 80 °C on an S21's board. */
export const DEFAULT_LIMITS: Limits = { boardC: 80, chipC: 95 };

/** true: the condition holds. false: it certainly does not. null: nothing can be said (paused, tuning, no value), so nothing changes. */
export interface Opinion {
  readonly on: boolean | null;
  readonly message: string;
}
export interface Rule {
  readonly kind: AlarmKind;
  readonly severity: Severity;
  /** The condition must hold this long before it is raised, ms. */
  readonly holdMs: number;
  /** … and be gone this long before it is cleared, ms. */
  readonly clearMs: number;
  readonly check: (twin: Twin, limits: Limits, nowTs: number) => Opinion;
}

const SILENT: Opinion = { on: null, message: "" };
const QUIET: Opinion = { on: false, message: "" };
const LOW_RAISE = 0.75;
const LOW_CLEAR = 0.8;
const COOL_BY_C = 3;
const minutes = (ms: number): string => `${Math.max(1, Math.round(ms / 60_000))} min`;

export const RULES: readonly Rule[] = [
  {
    kind: "offline",
    severity: "major",
    holdMs: 60_000,
    clearMs: 0,
    check: (twin, _limits, nowTs) => {
      if (twin.state !== "offline") return QUIET;
      const silent = twin.lastSeenTs === null ? "it has never sent a reading" : `nothing heard for ${minutes(nowTs - twin.lastSeenTs)}`;
      return { on: true, message: twin.announced === "lost" ? `Offline: its connection broke, ${silent}.` : `Offline: ${silent}.` };
    },
  },
  {
    kind: "low-hashrate",
    severity: "major",
    holdMs: 120_000,
    clearMs: 60_000,
    check: (twin) => {
      const target = targetThs(twin);
      const { hashrateThs } = twin.latest;
      if (
        target === null ||
        hashrateThs === null ||
        twin.state === "offline" ||
        twin.state === "paused" ||
        twin.state === "tuning" ||
        twin.state === "new"
      )
        return SILENT;
      const part = hashrateThs / target;
      if (part >= LOW_CLEAR) return QUIET;
      if (part >= LOW_RAISE) return SILENT;
      const boards = twin.latest.boards.filter((board) => (board.hashrateThs ?? 0) === 0).map((board) => board.index + 1);
      const why =
        part < 0.01
          ? " It answers but does not hash."
          : boards.length > 0 && twin.latest.boards.length > 1
            ? ` Board ${boards.join(", ")} gives nothing.`
            : "";
      return {
        on: true,
        message: `${hashrateThs.toFixed(1)} TH/s, ${Math.round(part * 100)} % of ${Number(target.toFixed(1))} TH/s.${why}`,
      };
    },
  },
  {
    kind: "too-hot",
    severity: "critical",
    holdMs: 30_000,
    clearMs: 60_000,
    check: (twin, limits) => {
      const { boardC, chipC } = twin.latest;
      if (twin.state === "offline" || (boardC === null && chipC === null)) return SILENT;
      if (boardC !== null && boardC >= limits.boardC)
        return { on: true, message: `Board at ${boardC.toFixed(1)} °C, limit ${limits.boardC} °C.` };
      if (chipC !== null && chipC >= limits.chipC)
        return { on: true, message: `Chip at ${chipC.toFixed(1)} °C, limit ${limits.chipC} °C.` };
      return (boardC ?? 0) < limits.boardC - COOL_BY_C && (chipC ?? 0) < limits.chipC - COOL_BY_C ? QUIET : SILENT;
    },
  },
];

/** Per rig and kind: what is held, and the alarm while there is one. Plain JSON data. */
export interface Held {
  /** Since when the opinion has been the opposite of the alarm's state; null while they agree. */
  changingSinceTs: number | null;
  alarm: Alarm | null;
}
export interface AlarmBook {
  /** Keyed `{rig}/{kind}`; only rigs about which there is something to hold. */
  readonly held: Map<string, Held>;
  /** Cleared alarms, oldest first, bounded; all of them are in the journal. */
  history: Alarm[];
}
const MOST_HISTORY = 10_000;

export const noAlarms = (): AlarmBook => ({ held: new Map(), history: [] });

const remember = (book: AlarmBook, alarm: Alarm): void => {
  book.history.push(alarm);
  if (book.history.length > MOST_HISTORY) book.history.splice(0, book.history.length - MOST_HISTORY);
};

/** Asks every rule about one twin at `nowTs`; gives the alarms that were raised, changed or cleared. Changes `book`. */
export const judge = (book: AlarmBook, twin: Twin, limits: Limits, nowTs: number, rules: readonly Rule[] = RULES): Alarm[] => {
  const changed: Alarm[] = [];
  for (const rule of rules) {
    const { on, message } = rule.check(twin, limits, nowTs);
    const key = `${twin.rig}/${rule.kind}`;
    const held = book.held.get(key);
    const active = held?.alarm ?? null;
    if (on === null || on === (active !== null)) {
      // An opinion that agrees, or none at all, ends what was being held; an alarm stays.
      if (held !== undefined && held.changingSinceTs !== null) held.changingSinceTs = null;
      if (held !== undefined && active === null) book.held.delete(key);
      continue;
    }
    const sinceTs = held?.changingSinceTs ?? nowTs;
    if (nowTs - sinceTs < (on ? rule.holdMs : rule.clearMs)) {
      if (held === undefined) book.held.set(key, { changingSinceTs: sinceTs, alarm: null });
      else held.changingSinceTs = sinceTs;
      continue;
    }
    if (on) {
      const alarm: Alarm = {
        id: `${twin.site}/${twin.rig}/${rule.kind}/${nowTs}`,
        site: twin.site,
        rig: twin.rig,
        kind: rule.kind,
        severity: rule.severity,
        sinceTs,
        raisedTs: nowTs,
        clearedTs: null,
        acknowledgedTs: null,
        acknowledgedBy: null,
        message,
      };
      book.held.set(key, { changingSinceTs: null, alarm });
      changed.push(alarm);
    } else if (active !== null) {
      const cleared = { ...active, clearedTs: nowTs };
      book.held.delete(key);
      remember(book, cleared);
      changed.push(cleared);
    }
  }
  return changed;
};

/** Acknowledges by id; null where there is no such alarm or it is acknowledged. Changes `book`. */
export const acknowledgeAlarm = (book: AlarmBook, id: string, by: string, nowTs: number): Alarm | null => {
  const stamp = (alarm: Alarm): Alarm => ({ ...alarm, acknowledgedTs: nowTs, acknowledgedBy: by });
  for (const held of book.held.values())
    if (held.alarm?.id === id && held.alarm.acknowledgedTs === null) {
      held.alarm = stamp(held.alarm);
      return held.alarm;
    }
  const i = book.history.findLastIndex((alarm) => alarm.id === id && alarm.acknowledgedTs === null);
  const found = book.history[i];
  if (found === undefined) return null;
  const stamped = stamp(found);
  book.history[i] = stamped;
  return stamped;
};

export const activeAlarms = (book: AlarmBook): Alarm[] =>
  [...book.held.values()].flatMap((held) => (held.alarm === null ? [] : [held.alarm]));

/** The gravest active severity of a rig, null where all is well. */
export const gravestOf = (book: AlarmBook, rig: string): Severity | null => {
  let gravest: Severity | null = null;
  for (const rule of RULES) {
    const severity = book.held.get(`${rig}/${rule.kind}`)?.alarm?.severity;
    if (severity !== undefined && (gravest === null || RANK[severity] > RANK[gravest])) gravest = severity;
  }
  return gravest;
};
const RANK: Readonly<Record<Severity, number>> = { info: 0, minor: 1, major: 2, critical: 3 };
