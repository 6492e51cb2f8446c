/** From the fold to the history of alarms on disk: what was cleared is gathered and kept once a second, all of it before a snapshot counts. */
import type { AlarmFilter, PastAlarms } from "../twin/alarms/history.ts";
import type { Alarm } from "../twin/twin.ts";
import type { Clock } from "./clock.ts";

export interface AlarmHistoryNeeds {
  readonly clock: Clock;
  readonly store: PastAlarms & {
    readonly keep: (alarms: readonly Alarm[]) => void;
    readonly mark: (pos: number) => void;
    readonly marked: () => number;
  };
  readonly onError: (what: string, error: unknown) => void;
}
const KEEP_MS = 1_000;

export const createAlarmHistory = ({ clock, store, onError }: AlarmHistoryNeeds) => {
  /** By id: what is told twice within a second is written once. */
  const waiting = new Map<string, Alarm>();
  const keep = (): void => {
    if (waiting.size === 0) return;
    store.keep([...waiting.values()]);
    waiting.clear();
  };
  const tryToKeep = (): void => {
    try {
      keep();
    } catch (error) {
      // It waits; a snapshot that would let the journal's entries be forgotten is not taken meanwhile.
      onError("past alarms were not kept", error);
    }
  };
  return {
    take(alarms: readonly Alarm[]): void {
      for (const alarm of alarms) if (alarm.clearedTs !== null) waiting.set(alarm.id, alarm);
    },
    /** Entries up to `pos` need not be folded again for it. Throws what the disk says. */
    settle(pos: number): void {
      keep();
      store.mark(pos);
    },
    /** Up to where it is complete. */
    settledPos: store.marked,
    past: {
      page: (filter: AlarmFilter, after: string | undefined, limit: number) => {
        tryToKeep();
        return store.page(filter, after, limit);
      },
      alarm: (id: string) => waiting.get(id) ?? store.alarm(id),
    } satisfies PastAlarms,
    start: (): (() => void) => {
      const stop = clock.every(KEEP_MS, tryToKeep);
      return () => {
        stop();
        tryToKeep();
      };
    },
  };
};
