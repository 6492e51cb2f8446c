/** What people see of alarm rules and incidents, and what they do with them. */
import type { AlarmAct } from "../twin/alarms/acts.ts";
import { activeAlarms, type RuleSetting } from "../twin/alarms/book.ts";
import type { AlarmKind } from "../twin/alarms/kinds.ts";
import type { Incident } from "../twin/alarms/incident.ts";
import { RULES } from "../twin/alarms/rules.ts";
import type { AlarmActTold, AlarmRule, AlarmRules } from "../twin/alarms/shapes.ts";
import { SYSTEM_RULES } from "../twin/alarms/system.ts";
import type { Farm } from "../twin/farm.ts";
import { Refused } from "../twin/refusal.ts";
import { OWN } from "../twin/wire.ts";

export interface DeskNeeds {
  readonly farm: () => Farm;
  readonly write: (topic: string, payload: Uint8Array) => Promise<void>;
}
const ALL = [...RULES, ...SYSTEM_RULES];

const rulesAnswer = (farm: Farm): AlarmRules => {
  const active = activeAlarms(farm.alarms);
  const rules = ALL.map((rule): AlarmRule => {
    const set = farm.alarms.settings.get(rule.kind);
    const fault = farm.alarms.faults.get(rule.kind);
    return {
      kind: rule.kind,
      says: rule.says,
      enabled: set?.enabled ?? true,
      severity: set?.severity ?? rule.severity,
      holdMs: set?.holdMs ?? rule.holdMs,
      clearMs: set?.clearMs ?? rule.clearMs,
      isChanged: set !== undefined,
      thresholds: Object.fromEntries(
        Object.entries(rule.thresholds).map(([name, threshold]) => [
          name,
          { ...threshold, value: set?.thresholds?.[name] ?? threshold.standard },
        ]),
      ),
      active: active.filter(({ kind }) => kind === rule.kind).length,
      fault: fault === undefined ? null : { count: fault.count, lastTs: fault.lastTs, lastRig: fault.lastRig, message: fault.message },
    };
  });
  return { rules, maintenance: farm.alarms.maintenance, approvedPools: [...farm.alarms.approvedPools] };
};

/** Why a rule cannot be set so; null where it can. */
export const settingFault = (kind: AlarmKind, setting: RuleSetting | null): Refused | null => {
  const rule = ALL.find((each) => each.kind === kind);
  for (const [name, value] of Object.entries(setting?.thresholds ?? {})) {
    const threshold = rule?.thresholds[name];
    if (threshold === undefined)
      return new Refused("REQUEST_INVALID", `setting.thresholds.${name}: the rule ${kind} has no such threshold.`);
    if (value < threshold.least || value > threshold.most)
      return new Refused(
        "REQUEST_INVALID",
        `setting.thresholds.${name}: must be from ${threshold.least} to ${threshold.most}, is ${value}.`,
      );
  }
  return null;
};

/** Why an act cannot be taken; null where it can. */
const faultOf = (farm: Farm, act: AlarmActTold): Refused | null => {
  if ("alarm" in act) {
    const known = activeAlarms(farm.alarms).some(({ id }) => id === act.alarm) || farm.alarms.history.some(({ id }) => id === act.alarm);
    return known ? null : new Refused("NOT_FOUND", "There is no alarm of that id.");
  }
  if (act.what === "maintenance" && act.toTs <= act.fromTs) return new Refused("RANGE_INVALID", "The maintenance ends before it begins.");
  if (act.what === "maintenance-end" && !farm.alarms.maintenance.some(({ id }) => id === act.id))
    return new Refused("NOT_FOUND", "There is no maintenance of that id.");
  if (act.what === "relearn" && !farm.twins.has(act.rig)) return new Refused("RIG_UNKNOWN", `No rig "${act.rig}" has been seen.`);
  return act.what === "alarm-rule" ? settingFault(act.kind, act.setting) : null;
};

export const createAlarmDesk = ({ farm, write }: DeskNeeds) => ({
  alarmRules: (): AlarmRules => rulesAnswer(farm()),
  /** Writes the act down; gives the rules as they are then. Throws Refused NOT_FOUND, RIG_UNKNOWN, RANGE_INVALID, REQUEST_INVALID. */
  alarmAct: async (act: AlarmActTold): Promise<AlarmRules> => {
    const fault = faultOf(farm(), act);
    if (fault !== null) throw fault;
    await write(OWN.act, new TextEncoder().encode(JSON.stringify(act as AlarmAct)));
    return rulesAnswer(farm());
  },
  /** Open ones, newest first. */
  incidents: (): { total: number; incidents: Incident[] } => {
    const open = [...farm().alarms.incidents.values()].toSorted((a, b) => b.openedTs - a.openedTs);
    return { total: open.length, incidents: open };
  },
});
