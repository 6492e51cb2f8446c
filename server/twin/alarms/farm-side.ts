/** Where the fold and the alarms meet: what a reading, a tick or a refusal means for the rules. Changes the farm in place, as the fold does. */
import { beforeChange } from "../hold.ts";
import { nearly } from "../nearly.ts";
import { energyNow, type EnergyState } from "../energy.ts";
import { targetThs } from "../fold.ts";
import { MOST_WAKES } from "../curtail/shapes.ts";
import type { Model } from "../models.ts";
import type { Reading } from "../reading.ts";
import type { Code } from "../refusal.ts";
import type { Alarm, Twin } from "../twin.ts";
import { judge, type AlarmBook } from "./book.ts";
import type { Incident } from "./incident.ts";
import { forgetResiduals } from "./drift.ts";
import { rollUp } from "./incidents.ts";
import { isOfReadings, isSettledAt, limitsOf, newCase, ruleSetOf, type RuleSet } from "./rules.ts";
import { PLAIN } from "./rules-power.ts";
import { LEAST_OFF_MS } from "./rules-work.ts";
import { judgeSystem, type PartHealth } from "./system.ts";
import { isPlainlyWell } from "./well.ts";
import { lookAtReading, newWatch, type Watch } from "./watch.ts";

/** What of the farm the alarms see. */
export interface AlarmSide {
  readonly site: string;
  readonly twins: ReadonlyMap<string, Twin>;
  readonly watches: Map<string, Watch>;
  readonly unclear: Set<string>;
  readonly gateways: Map<string, { state: string; heardTs: number }>;
  readonly health: ReadonlyMap<string, PartHealth>;
  readonly alarms: AlarmBook;
  readonly energy: EnergyState;
  readonly curtail: { readonly event: { readonly members: ReadonlyMap<string, { wakes: number; detail: string }> } | null };
  readonly deviceTs: number;
  readonly resumedTs: number;
}
interface Told {
  readonly alarms: Alarm[];
  readonly incidents: Incident[];
  readonly touched: Set<string>;
}

/** Rules with a site's settings, made anew when a setting changed. */
const setsOf = nearly((_book: AlarmBook): { of: string; rules: RuleSet } => ({ of: "", rules: ruleSetOf(new Map()) }));
const rulesOf = (book: AlarmBook): RuleSet => {
  const known = setsOf(book);
  const of = book.settings.size === 0 ? "" : book.settingsText;
  if (known.of !== of) Object.assign(known, { of, rules: ruleSetOf(book.settings) });
  return known.rules;
};

/** Watches by the number of the twin: finding one of ten thousand by name costs as much as several rules. */
const nearOf = nearly((_watches: AlarmSide["watches"]): Watch[] => []);
/** Whoever asks for one may change it. */
const watchOf = ({ watches }: Pick<AlarmSide, "watches">, { rig, index, lastSeenTs, firstSeenTs }: Twin): Watch => {
  const near = nearOf(watches);
  let watch = near[index];
  if (watch === undefined) {
    watch = watches.get(rig);
    if (watch === undefined) watches.set(rig, (watch = newWatch(lastSeenTs ?? firstSeenTs)));
    near[index] = watch;
  }
  beforeChange(watches, watch);
  return watch;
};

const NO_LIMITS = limitsOf(null);
const limitsByModel = nearly((model: Model) => limitsOf(model));
const limitsFor = (model: Model | null): ReturnType<typeof limitsOf> => (model === null ? NO_LIMITS : limitsByModel(model));

/** What it should give under a power limit that somebody set: less in proportion. */
const targetOf = (twin: Twin): number | null => {
  const target = targetThs(twin);
  const { nameplate, latest } = twin;
  if (target === null || nameplate === null || latest.powerLimitW === null || latest.powerLimitW >= 0.95 * nameplate.powerW) return target;
  return Math.min(target, (nameplate.hashrateThs * latest.powerLimitW) / nameplate.powerW);
};

const NONE_IGNORES: ReadonlyMap<string, string> = new Map();
/** Rigs of a curtailment that woke by themselves as often as is put up with. */
const ignoringIn = ({ event }: AlarmSide["curtail"]): ReadonlyMap<string, string> =>
  event === null
    ? NONE_IGNORES
    : new Map([...event.members].flatMap(([rig, { wakes, detail }]) => (wakes >= MOST_WAKES ? [[rig, detail] as const] : [])));

const tell = (out: Told, changed: readonly Alarm[]): void => {
  for (const alarm of changed) {
    out.alarms.push(alarm);
    out.touched.add(alarm.rig);
  }
};

/** Filled in again for each rig: at a thousand readings a second a new object each is felt. */
const one = newCase();
const changes: Alarm[] = [];

/** After an accepted reading that is newer than the last; `gateway` is whose signature it came under, where it did. */
export const alarmsAtReading = (
  side: AlarmSide,
  twin: Twin,
  reading: Reading,
  model: Model | null,
  gateway: string | null,
  out: Told,
): void => {
  const watch = watchOf(side, twin);
  if (gateway !== null) watch.gateway = gateway;
  const target = targetOf(twin);
  const { resumedTs, alarms: book } = side;
  const nowTs = reading.receivedTs;
  one.twin = twin;
  one.watch = watch;
  one.model = model;
  one.limits = limitsFor(model);
  one.targetThs = target;
  one.isSettled = isSettledAt(twin, watch, model, nowTs);
  one.nowTs = nowTs;
  one.resumedTs = resumedTs;
  one.held = book.held.get(twin.rig);
  one.approved = book.approvedPools;
  lookAtReading(watch, twin, reading, one);
  one.isSettled &&= isSettledAt(twin, watch, model, nowTs);
  if (Math.abs(watch.lagMs) >= LEAST_OFF_MS) side.unclear.add(twin.rig);
  else if (side.unclear.size > 0) side.unclear.delete(twin.rig);
  const { held } = one;
  const rules = rulesOf(book);
  if (held === undefined || !isOfReadings(held)) {
    if (isPlainlyWell(one, rules.well)) return;
  } else if (PLAIN.some((kind) => (held[kind]?.alarm ?? null) !== null)) forgetResiduals(watch.drift, watch.figures, nowTs);
  judge(book, rules.reading, one, changes);
  if (changes.length > 0) tell(out, changes.splice(0));
};

/** With each tick: who is silent, how the system is, and what belongs together. `quiet` are the twins that are not plainly here (isPlainlyHere). */
export const alarmsAtTick = (side: AlarmSide, quiet: readonly Twin[], nowTs: number, out: Told): void => {
  const { alarms: book, resumedTs, twins, watches } = side;
  const rules = rulesOf(book).tick;
  const changed: Alarm[] = [];
  Object.assign(one, { model: null, limits: NO_LIMITS, targetThs: null, isSettled: false, nowTs, resumedTs, approved: book.approvedPools });
  const asked = new Set(quiet);
  for (const names of [side.unclear, book.held.keys()])
    for (const rig of names) {
      const twin = twins.get(rig);
      if (twin !== undefined) asked.add(twin);
    }
  for (const twin of asked) {
    one.twin = twin;
    one.watch = watchOf(side, twin);
    one.held = book.held.get(twin.rig);
    judge(book, rules, one, changed);
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
      ignoring: ignoringIn(side.curtail),
      standing: (kind) => [...book.held].flatMap(([rig, mine]) => (mine[kind] === undefined ? [] : [rig])),
    }),
  );
  const rolled = rollUp(book, twins, watches, nowTs);
  // An alarm that was raised and put into its incident is told once.
  tell(out, [...new Map([...changed, ...rolled.alarms].map((alarm) => [alarm.id, alarm])).values()]);
  out.incidents.push(...rolled.incidents.values());
};

/** Anything came from that rig. */
export const noteMessage = (side: AlarmSide, twin: Twin, ts: number): void => {
  watchOf(side, twin).heardTs = ts;
};

/** A message was refused; where it was for its clock, the rig is alive all the same. */
export const noteRefused = (side: AlarmSide, topic: string, code: Code, detail: string, ts: number): void => {
  if (code !== "CLOCK_IN_FUTURE" && code !== "CLOCK_IMPLAUSIBLE") return;
  const twin = side.twins.get(topic.split("/")[3] ?? "");
  if (twin === undefined) return;
  const watch = watchOf(side, twin);
  watch.heardTs = ts;
  watch.clockTs = ts;
  watch.clockSays = detail;
  side.unclear.add(twin.rig);
};

/** A name that is no rig told its state: a gateway. */
export const noteGateway = (side: AlarmSide, name: string, state: string, ts: number): void => {
  side.gateways.set(name, { state, heardTs: ts });
};
