/**
 * A rule with other settings, tried on the past: the nearest kept farm before it, then the journal through the same fold, with the rule set
 * so from the beginning. One trial at a time; a new one ends the one before. It reads and folds; there is nothing it could write to.
 */
import { DAY_MS } from "../twin/days.ts";
import { activeAlarms, setRule } from "../twin/alarms/book.ts";
import type { PastAlarms } from "../twin/alarms/history.ts";
import type { AlarmKind } from "../twin/alarms/kinds.ts";
import type { NewTrial, Trial, TrialAnswer } from "../twin/alarms/watch-shapes.ts";
import { foldEntry, nothingYet, type Farm } from "../twin/farm.ts";
import type { Verify } from "../twin/gateway.ts";
import type { Act } from "../twin/record.ts";
import { Refused } from "../twin/refusal.ts";
import type { Alarm, Entry } from "../twin/twin.ts";
import { OWN } from "../twin/wire.ts";
import { settingFault } from "./alarm-desk.ts";
import { restoreFarm, type TelemetryNeeds } from "./telemetry.ts";

export interface TrialNeeds {
  readonly site: string;
  readonly now: () => number;
  readonly farm: () => Farm;
  readonly pastAlarms: PastAlarms;
  readonly read: (fromPos: number) => AsyncIterable<readonly Entry[]>;
  readonly loadSnapshot: TelemetryNeeds["loadSnapshot"];
  readonly verify?: Verify;
  /** Where the journal begins, ms UTC; null while it is empty. */
  readonly oldestTs: () => number | null;
  readonly breathe: () => Promise<void>;
  readonly onError: (what: string, error: unknown) => void;
}
/** Entries folded in one go before readings that come meanwhile get their turn. */
const SLICE = 200;
const MOST_SHOWN = 50;

/** Settings of that rule that somebody made meanwhile do not count: it is tried as it was asked. */
const isSettingOf = (entry: Entry, kind: AlarmKind): boolean => {
  if (entry.topic !== OWN.act) return false;
  const act = JSON.parse(new TextDecoder().decode(entry.payload)) as Act;
  return act.what === "alarm-rule" && act.kind === kind;
};

const startOf = ({ site, loadSnapshot }: TrialNeeds, ts: number): Farm => {
  try {
    return restoreFarm(site, loadSnapshot(ts));
  } catch {
    return restoreFarm(site, null);
  }
};

export const createTrials = (needs: TrialNeeds) => {
  let trial: Trial | null = null;
  let turn = 0;

  const run = async (mine: number): Promise<void> => {
    const isEnded = (): boolean => mine !== turn;
    const told = (more: Partial<Trial>): void => {
      if (trial !== null && !isEnded()) trial = { ...trial, ...more };
    };
    if (trial === null) return;
    const { kind, setting, fromTs, toTs } = trial;
    const farm = startOf(needs, fromTs);
    setRule(farm.alarms, kind, setting);
    const would = new Map<string, Alarm>();
    let out = nothingYet();
    let n = 0;
    const gather = async (): Promise<void> => {
      for (const alarm of out.alarms) if (alarm.kind === kind && alarm.raisedTs >= fromTs) would.set(alarm.id, alarm);
      out = nothingYet();
      const all = [...would.values()];
      told({
        donePart: Math.min(1, Math.max(0, (farm.asOfTs - fromTs) / (toTs - fromTs))),
        raised: all.length,
        rigs: new Set(all.map(({ rig }) => rig)).size,
        alarms: all
          .slice(-MOST_SHOWN)
          .toReversed()
          .map(({ rig, raisedTs, clearedTs, message }) => ({ rig, raisedTs, clearedTs, message })),
      });
      await needs.breathe();
    };
    reading: for await (const entries of needs.read(farm.asOfPos + 1))
      for (const entry of entries) {
        if (isEnded()) return;
        if (entry.receivedTs > toTs) break reading;
        if (isSettingOf(entry, kind)) continue;
        foldEntry(farm, entry, out, needs.verify);
        if (++n % SLICE === 0) await gather();
      }
    await gather();
    told({ state: "done", donePart: 1 });
  };

  return {
    ruleTrial: (): TrialAnswer => ({ trial }),
    /** Begins a trial. Throws Refused REQUEST_INVALID, RANGE_INVALID. */
    tryRule({ kind, setting, days }: NewTrial): TrialAnswer {
      const fault = settingFault(kind, setting);
      if (fault !== null) throw fault;
      const oldest = needs.oldestTs();
      if (oldest === null) throw new Refused("RANGE_INVALID", "Nothing was recorded yet.");
      const toTs = needs.now();
      const fromTs = Math.max(oldest, toTs - days * DAY_MS);
      const active = activeAlarms(needs.farm().alarms).filter((each) => each.kind === kind && each.raisedTs >= fromTs).length;
      const was = active + needs.pastAlarms.page({ kind, from: fromTs }, undefined, 1).total;
      trial = { kind, setting, fromTs, toTs, state: "running", donePart: 0, raised: 0, was, rigs: 0, alarms: [], detail: "" };
      const mine = ++turn;
      run(mine).catch((error: unknown) => {
        needs.onError(`the rule "${kind}" could not be tried`, error);
        if (mine === turn && trial !== null)
          trial = { ...trial, state: "failed", detail: error instanceof Error ? error.message.slice(0, 300) : "" };
      });
      return { trial };
    },
    /** Ends it where it is. */
    endTrial(): TrialAnswer {
      turn += 1;
      if (trial?.state === "running") trial = { ...trial, state: "ended" };
      return { trial };
    },
  };
};
