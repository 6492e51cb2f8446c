/** What people do with alarms and their rules; acts in the journal, `by` a pseudonym. */
import { beforeChange } from "../hold.ts";
import type { Alarm } from "../twin.ts";
import { acknowledgeAlarm, changeAlarm, setRule, type AlarmBook, type Maintenance, type RuleSetting } from "./book.ts";
import type { AlarmKind } from "./kinds.ts";
import { learnAnew } from "./drift.ts";
import type { Watch } from "./watch.ts";

export type AlarmAct =
  | { readonly what: "acknowledge"; readonly alarm: string; readonly by: string }
  /** Whose it is; null: nobody's again. */
  | { readonly what: "own"; readonly alarm: string; readonly owner: string | null; readonly by: string }
  | { readonly what: "comment"; readonly alarm: string; readonly text: string; readonly by: string }
  /** No notification about it until then; null: at once again. */
  | { readonly what: "snooze"; readonly alarm: string; readonly untilTs: number | null; readonly by: string }
  /** What a rule is set to; null: as it comes. */
  | { readonly what: "alarm-rule"; readonly kind: AlarmKind; readonly setting: RuleSetting | null; readonly by: string }
  | ({ readonly what: "maintenance" } & Maintenance)
  | { readonly what: "maintenance-end"; readonly id: string; readonly by: string }
  /** `host account` of a pool that is right for this site. */
  | { readonly what: "approve-pool"; readonly pool: string; readonly by: string }
  /** Which rigs hang on a power distribution unit. */
  | { readonly what: "pdu"; readonly pdu: string; readonly rigs: readonly string[]; readonly by: string }
  /** What is usual for a rig is learnt anew, after a repair or another firmware. */
  | { readonly what: "relearn"; readonly rig: string; readonly by: string };

const MOST_COMMENTS = 50;
const KEPT_WINDOWS_MS = 30 * 86_400_000;

/** Carries an act; gives the alarms that changed. Changes `book`. */
export const foldAlarmAct = (book: AlarmBook, watches: ReadonlyMap<string, Watch>, act: AlarmAct, nowTs: number): Alarm[] => {
  const only = (alarm: Alarm | null): Alarm[] => (alarm === null ? [] : [alarm]);
  switch (act.what) {
    case "acknowledge":
      return only(acknowledgeAlarm(book, act.alarm, act.by, nowTs));
    case "own":
      return only(changeAlarm(book, act.alarm, (alarm) => ({ ...alarm, owner: act.owner })));
    case "comment":
      return only(
        changeAlarm(book, act.alarm, (alarm) => ({
          ...alarm,
          comments: [...alarm.comments, { ts: nowTs, by: act.by, text: act.text }].slice(-MOST_COMMENTS),
        })),
      );
    case "snooze":
      return only(changeAlarm(book, act.alarm, (alarm) => ({ ...alarm, snoozedUntilTs: act.untilTs })));
    case "alarm-rule":
      setRule(book, act.kind, act.setting);
      return [];
    case "maintenance": {
      const { what: _, ...spell } = act;
      book.maintenance = [...book.maintenance.filter(({ id, toTs }) => id !== spell.id && toTs > nowTs - KEPT_WINDOWS_MS), spell];
      return [];
    }
    case "maintenance-end":
      book.maintenance = book.maintenance.map((spell) => (spell.id === act.id && spell.toTs > nowTs ? { ...spell, toTs: nowTs } : spell));
      return [];
    case "approve-pool":
      book.approvedPools.add(act.pool);
      return [];
    case "pdu":
      book.pdus.set(act.pdu, act.rigs);
      return [];
    case "relearn": {
      const watch = watches.get(act.rig);
      if (watch === undefined) return [];
      beforeChange(watches, watch);
      learnAnew(watch);
      return [];
    }
  }
};

const WHATS: ReadonlySet<string> = new Set([
  "acknowledge",
  "own",
  "comment",
  "snooze",
  "alarm-rule",
  "maintenance",
  "maintenance-end",
  "approve-pool",
  "pdu",
  "relearn",
]);
export const isAlarmAct = (act: { readonly what: string }): act is AlarmAct => WHATS.has(act.what);
