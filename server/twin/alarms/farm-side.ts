/** Where the fold and the alarms meet: what a reading, a tick or a refusal means for the rules. Changes the farm in place, as the fold does. */
import { energyNow, type EnergyState } from "../energy.ts";
import { targetThs } from "../fold.ts";
import type { Model } from "../models.ts";
import type { Reading } from "../reading.ts";
import type { Code } from "../refusal.ts";
import type { Alarm, Twin } from "../twin.ts";
import type { AlarmBook } from "./book.ts";
import type { Incident } from "./incident.ts";
import { forgetResiduals } from "./drift.ts";
import { rollUp } from "./incidents.ts";
import { ask, isSettledAt, limitsOf, ruleSetOf, type Around, type RuleSet } from "./rules.ts";
import { PLAIN } from "./rules-power.ts";
import { judgeSystem, type PartHealth } from "./system.ts";
import { lookAtReading, newWatch, type Watch } from "./watch.ts";

/** What of the farm the alarms see. */
export interface AlarmSide {
  readonly site: string;
  readonly twins: ReadonlyMap<string, Twin>;
  readonly watches: Map<string, Watch>;
  readonly gateways: Map<string, { state: string; heardTs: number }>;
  readonly health: ReadonlyMap<string, PartHealth>;
  readonly alarms: AlarmBook;
  readonly energy: EnergyState;
  readonly deviceTs: number;
  readonly resumedTs: number;
}
interface Told {
  readonly alarms: Alarm[];
  readonly incidents: Incident[];
  readonly touched: Set<string>;
}

/** Rules with a site's settings, kept as long as the settings stay as they are. */
const sets = new WeakMap<object, { readonly of: string; readonly rules: RuleSet }>();
const rulesOf = (book: AlarmBook): RuleSet => {
  const known = sets.get(book);
  const of = book.settings.size === 0 ? "" : JSON.stringify([...book.settings]);
  if (known?.of === of) return known.rules;
  const rules = ruleSetOf(book.settings);
  sets.set(book, { of, rules });
  return rules;
};

const watchOf = (side: AlarmSide, rig: string, ts: number): Watch => {
  let watch = side.watches.get(rig);
  if (watch === undefined) {
    watch = newWatch(ts);
    side.watches.set(rig, watch);
  }
  return watch;
};

const limitsByModel = new WeakMap<Model, ReturnType<typeof limitsOf>>();
const limitsFor = (model: Model | null): ReturnType<typeof limitsOf> => {
  if (model === null) return limitsOf(null);
  let limits = limitsByModel.get(model);
  if (limits === undefined) limitsByModel.set(model, (limits = limitsOf(model)));
  return limits;
};

/** What it should give under a power limit that somebody set: less in proportion. */
const targetOf = (twin: Twin): number | null => {
  const target = targetThs(twin);
  const { nameplate, latest } = twin;
  if (target === null || nameplate === null || latest.powerLimitW === null || latest.powerLimitW >= 0.95 * nameplate.powerW) return target;
  return Math.min(target, (nameplate.hashrateThs * latest.powerLimitW) / nameplate.powerW);
};

const tell = (out: Told, changed: readonly Alarm[]): void => {
  for (const alarm of changed) {
    out.alarms.push(alarm);
    out.touched.add(alarm.rig);
  }
};

/** After an accepted reading that is newer than the last; `gateway` is whose signature it came under, where it did. */
export const alarmsAtReading = (
  side: AlarmSide,
  twin: Twin,
  reading: Reading,
  model: Model | null,
  gateway: string | null,
  out: Told,
): void => {
  const watch = watchOf(side, twin.rig, reading.receivedTs);
  if (gateway !== null) watch.gateway = gateway;
  const target = targetOf(twin);
  const { resumedTs, alarms: book } = side;
  const nowTs = reading.receivedTs;
  const wasSettled = isSettledAt(twin, watch, model, nowTs);
  lookAtReading(watch, twin, reading, { model, targetThs: target, isSettled: wasSettled, resumedTs });
  const around: Around = {
    watch,
    model,
    limits: limitsFor(model),
    targetThs: target,
    isSettled: wasSettled && isSettledAt(twin, watch, model, nowTs),
    nowTs,
    resumedTs,
  };
  const held = book.held.get(twin.rig);
  if (held !== undefined && PLAIN.some((kind) => (held[kind]?.alarm ?? null) !== null)) forgetResiduals(watch.drift, nowTs);
  const changed: Alarm[] = [];
  ask(book, rulesOf(book).reading, twin, around, changed);
  if (changed.length > 0) tell(out, changed);
};

/** With each tick: who is silent, how the system is, and what belongs together. */
export const alarmsAtTick = (side: AlarmSide, nowTs: number, out: Told): void => {
  const { alarms: book, resumedTs, twins, watches } = side;
  const rules = rulesOf(book).tick;
  const changed: Alarm[] = [];
  for (const twin of twins.values()) {
    const watch = watchOf(side, twin.rig, twin.lastSeenTs ?? twin.firstSeenTs);
    ask(book, rules, twin, { watch, model: null, limits: limitsFor(null), targetThs: null, isSettled: false, nowTs, resumedTs }, changed);
  }
  const meteredW = energyNow(side.energy, nowTs)?.meteredW ?? null;
  changed.push(
    ...judgeSystem(book, {
      site: side.site,
      nowTs,
      resumedTs,
      twins,
      gateways: side.gateways,
      parts: side.health,
      deviceTs: Math.max(side.deviceTs, 0),
      meteredW,
    }),
  );
  const rolled = rollUp(book, twins, watches, nowTs);
  // An alarm that was raised and put into its incident is told once.
  tell(out, [...new Map([...changed, ...rolled.alarms].map((alarm) => [alarm.id, alarm])).values()]);
  out.incidents.push(...rolled.incidents.values());
};

/** Anything came from that rig. */
export const noteMessage = (side: AlarmSide, rig: string, ts: number): void => {
  watchOf(side, rig, ts).heardTs = ts;
};

/** A message was refused; where it was for its clock, the rig is alive all the same. */
export const noteRefused = (side: AlarmSide, topic: string, code: Code, detail: string, ts: number): void => {
  if (code !== "CLOCK_IN_FUTURE" && code !== "CLOCK_IMPLAUSIBLE") return;
  const rig = topic.split("/")[3] ?? "";
  if (!side.twins.has(rig)) return;
  const watch = watchOf(side, rig, ts);
  watch.heardTs = ts;
  watch.clockTs = ts;
  watch.clockSays = detail;
};

/** A name that is no rig told its state: a gateway. */
export const noteGateway = (side: AlarmSide, name: string, state: string, ts: number): void => {
  side.gateways.set(name, { state, heardTs: ts });
};
