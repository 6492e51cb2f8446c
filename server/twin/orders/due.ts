/**
 * What plans ask for now. By hours: the rig ran so many hours since work of that kind was last sealed for it, or since it was first seen.
 * By drift: its alarm "drifting" stands and was raised after that work. A rig whose order of that plan is under way is not named again.
 */
import type { Farm } from "../farm.ts";
import type { Alarm, Twin } from "../twin.ts";
import { isLive, type WorkBook } from "./fold.ts";
import type { Due, Plan } from "./shapes.ts";
import type { ServiceBook } from "./service.ts";

const HOUR_MS = 3_600_000;

export interface DueNeeds {
  readonly work: WorkBook;
  readonly service: ServiceBook;
  readonly twins: ReadonlyMap<string, Pick<Twin, "rig" | "modelId" | "identity" | "firstSeenTs">>;
  /** The rig's standing alarm "drifting". */
  readonly drifting: (rig: string) => Pick<Alarm, "id" | "raisedTs" | "message"> | undefined;
}

const isFor = ({ model }: Plan, { modelId, identity }: Pick<Twin, "modelId" | "identity">): boolean =>
  model === null || model === modelId || model === identity.model;

/** The most overdue first: by hours what is longest over, then drift by age. */
export const dueOf = ({ work, service, twins, drifting }: DueNeeds): Due[] => {
  const busy = new Set<string>();
  for (const order of work.orders.values())
    if (order.plan !== null && isLive(order)) for (const rig of order.rigs) busy.add(`${order.plan}/${rig}`);
  const found: Due[] = [];
  for (const plan of work.plans.values())
    for (const twin of twins.values()) {
      if (!isFor(plan, twin) || busy.has(`${plan.id}/${twin.rig}`)) continue;
      const served = service.served.get(`${twin.rig}/${plan.kind}`);
      const each = { plan: plan.id, rig: twin.rig, sinceTs: served?.ts ?? twin.firstSeenTs, isFirst: served === undefined };
      if (plan.trigger.by === "hours") {
        const ranH = ((service.ranMs.get(twin.rig) ?? 0) - (served?.ranMs ?? 0)) / HOUR_MS;
        if (ranH >= plan.trigger.runningH)
          found.push({ ...each, ranH, overPct: (100 * (ranH - plan.trigger.runningH)) / plan.trigger.runningH, alarm: null, says: "" });
      } else {
        const alarm = drifting(twin.rig);
        if (alarm !== undefined && alarm.raisedTs > (served?.ts ?? 0))
          found.push({ ...each, ranH: null, overPct: 0, alarm: alarm.id, says: alarm.message, sinceTs: alarm.raisedTs });
      }
    }
  return found.toSorted((a, b) => b.overPct - a.overPct || a.sinceTs - b.sinceTs || (a.rig < b.rig ? -1 : 1));
};

/** What is due on a farm now. */
export const dueNow = ({ work, service, twins, alarms }: Pick<Farm, "work" | "service" | "twins" | "alarms">): Due[] =>
  dueOf({
    work,
    service,
    twins,
    drifting: (rig) => alarms.held.get(rig)?.drifting?.alarm ?? undefined,
  });
