/** What is asked of past alarms, and the same answer from a list: a replay has but the newest, the present has all of them on disk. */
import type { Alarm } from "../twin.ts";

export interface AlarmFilter {
  readonly rig?: string | undefined;
  readonly kind?: string | undefined;
  readonly severity?: string | undefined;
  /** Words in rig, kind or message, case does not matter. */
  readonly search?: string | undefined;
  /** Raised at or after, and before, ms UTC. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}
export interface AlarmPage {
  /** That pass the filter, on all pages. */
  readonly total: number;
  readonly alarms: readonly Alarm[];
}
/** Cleared alarms. `after`: the id of the last one of the page before. */
export interface PastAlarms {
  readonly page: (filter: AlarmFilter, after: string | undefined, limit: number) => AlarmPage;
  readonly alarm: (id: string) => Alarm | null;
}

/** Where an alarm stands in the order, by its id: it ends with the moment it was raised. */
export const cursorOf = (id: string): { readonly raisedTs: number; readonly id: string } => ({
  raisedTs: Number(/(\d+)$/.exec(id)?.[1] ?? 0),
  id,
});
/** Newest first; of one moment, by id. */
export const newestFirst = (a: Pick<Alarm, "raisedTs" | "id">, b: Pick<Alarm, "raisedTs" | "id">): number =>
  b.raisedTs - a.raisedTs || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);

export const searchTextOf = ({ rig, kind, message }: Alarm): string =>
  `${rig} ${kind.replaceAll("-", " ")} ${kind} ${message}`.toLowerCase();

/** Whether an alarm passes. */
export const passes = (alarm: Alarm, { rig, kind, severity, search, from, to }: AlarmFilter): boolean =>
  (rig === undefined || alarm.rig === rig) &&
  (kind === undefined || alarm.kind === kind) &&
  (severity === undefined || alarm.severity === severity) &&
  (from === undefined || alarm.raisedTs >= from) &&
  (to === undefined || alarm.raisedTs < to) &&
  (search === undefined || searchTextOf(alarm).includes(search.toLowerCase()));

/** Those that come after the alarm of that id, newest first. */
export const pageOf = (alarms: readonly Alarm[], filter: AlarmFilter, after: string | undefined, limit: number): AlarmPage => {
  const found = alarms.filter((alarm) => passes(alarm, filter));
  const left = after === undefined ? found : found.filter((alarm) => newestFirst(cursorOf(after), alarm) < 0);
  return { total: found.length, alarms: left.toSorted(newestFirst).slice(0, limit) };
};

/** The past as a list has it. */
export const pastIn = (history: () => readonly Alarm[]): PastAlarms => ({
  page: (filter, after, limit) => pageOf(history(), filter, after, limit),
  alarm: (id) => history().findLast((alarm) => alarm.id === id) ?? null,
});
