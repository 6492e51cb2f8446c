/**
 * MTBF, MTTR, cost of maintenance and repeat offenders of a stretch of days. What counts as what:
 * - A failure of a rig is a corrective work order that was not cancelled, or a sealed record that a part was replaced or the machine sent
 *   for repair and that no order made. It begins when the alarm behind it did, else when the order was opened or the work was done. What
 *   begins while an earlier failure of the same rig is not mended yet is the same failure. "Back from repair" ends one, and is none.
 * - It is mended when its order's work was performed; where the machine was sent away, when it came back.
 * - MTBF: running hours in these days ÷ failures that began in them. MTTR: mean time from begin to mended of failures mended in them.
 * - Cost: of orders closed as done in these days, in equal parts for each of their rigs.
 * - A repeat offender failed twice in these days (rig), or three times on two rigs or more, half again as often per running hour as the site
 *   (container, rack, model).
 */
import type { RecordBody, RecordKind } from "../record.ts";
import type { Alarm } from "../twin.ts";
import { groupOf, type Place } from "../usage/account.ts";
import type { Group } from "../usage/groups.ts";
import type { DayUse } from "../usage/use.ts";
import type { Order, Reliability } from "./shapes.ts";

const HOUR_MS = 3_600_000;
const MENDS: ReadonlySet<RecordKind> = new Set<RecordKind>(["part-replaced", "repair-sent"]);
const REPEAT_RIG = 2;
const REPEAT_GROUP = { failures: 3, rigs: 2, rate: 1.5 };

export interface Failure {
  readonly rig: string;
  readonly fromTs: number;
  /** null: not mended yet. */
  readonly mendedTs: number | null;
  /** Of that, time in which its order waited for parts. */
  readonly waitedMs: number;
  readonly order: string | null;
}

type Sealed = Pick<RecordBody, "kind" | "performedTs">;
interface Told extends Failure {
  readonly away: boolean;
}

/** Of each rig: what its orders and its records tell. `records` are a rig's sealed records that no order made, and those that one did. */
export const failuresOf = (
  orders: Iterable<Order>,
  records: ReadonlyMap<string, readonly (Sealed & { readonly hash: string })[]>,
): Failure[] => {
  const told = new Map<string, Told[]>();
  const add = (one: Told): void => void told.set(one.rig, [...(told.get(one.rig) ?? []), one]);
  const made = new Set<string>();
  for (const order of orders) {
    for (const { hash } of order.records) made.add(hash);
    if (!order.corrective || order.state === "cancelled" || order.kind === "repair-returned") continue;
    const mendedTs = order.state === "done" ? (order.closing?.performedTs ?? null) : null;
    const fromTs = Math.min(order.faultTs ?? order.openedTs, mendedTs ?? Infinity);
    for (const rig of order.rigs)
      add({ rig, fromTs, mendedTs, waitedMs: order.waitedMs, order: order.id, away: order.kind === "repair-sent" && mendedTs !== null });
  }
  for (const [rig, own] of records)
    for (const { kind, performedTs, hash } of own)
      if (MENDS.has(kind) && !made.has(hash))
        add({ rig, fromTs: performedTs, mendedTs: performedTs, waitedMs: 0, order: null, away: kind === "repair-sent" });
  return [...told].flatMap(([rig, own]) => {
    const back = (records.get(rig) ?? []).filter(({ kind }) => kind === "repair-returned").map(({ performedTs }) => performedTs);
    const found: Failure[] = [];
    for (const { away, ...one } of own.toSorted((a, b) => a.fromTs - b.fromTs)) {
      const mendedTs = away ? (back.filter((ts) => ts >= one.fromTs).toSorted((a, b) => a - b)[0] ?? null) : one.mendedTs;
      const before = found.at(-1);
      if (before !== undefined && (before.mendedTs === null || one.fromTs < before.mendedTs)) {
        const last = before.mendedTs === null || mendedTs === null ? null : Math.max(before.mendedTs, mendedTs);
        found[found.length - 1] = { ...before, mendedTs: last, waitedMs: before.waitedMs + one.waitedMs };
      } else found.push({ ...one, mendedTs });
    }
    return found;
  });
};

type ReliabilityLine = Reliability["total"];
interface Sums {
  readonly rigs: Set<string>;
  readonly failed: Set<string>;
  runH: number;
  thH: number;
  failures: number;
  mended: number;
  repairMs: number;
  waitedMs: number;
  readonly costs: Map<string, number>;
  alarms: number;
}
const noSums = (): Sums => ({
  rigs: new Set(),
  failed: new Set(),
  runH: 0,
  thH: 0,
  failures: 0,
  mended: 0,
  repairMs: 0,
  waitedMs: 0,
  costs: new Map(),
  alarms: 0,
});
const over = (a: number, b: number): number | null => (b > 0 ? a / b : null);

const isRepeat = (by: Group, sums: Sums, whole: Sums): boolean =>
  by === "rig"
    ? sums.failures >= REPEAT_RIG
    : by !== "site" &&
      sums.failures >= REPEAT_GROUP.failures &&
      sums.failed.size >= REPEAT_GROUP.rigs &&
      sums.failures * whole.runH >= REPEAT_GROUP.rate * whole.failures * sums.runH;

const lineOf = (name: string, by: Group, sums: Sums, whole: Sums): ReliabilityLine => ({
  name,
  rigs: sums.rigs.size,
  runH: sums.runH,
  thH: sums.thH,
  failures: sums.failures,
  mended: sums.mended,
  mtbfH: over(sums.runH, sums.failures),
  mttrH: over(sums.repairMs / HOUR_MS, sums.mended),
  waitedH: over(sums.waitedMs / HOUR_MS, sums.mended),
  costs: [...sums.costs].map(([currency, amount]) => ({ currency, amount, perThH: over(amount, sums.thH) })),
  alarms: sums.alarms,
  isRepeat: isRepeat(by, sums, whole),
});

export interface ReliabilityNeeds {
  readonly fromTs: number;
  readonly toTs: number;
  readonly by: Group;
  readonly site: string;
  readonly days: readonly DayUse[];
  readonly places: ReadonlyMap<string, Place>;
  readonly orders: readonly Order[];
  readonly failures: readonly Failure[];
  readonly alarms: readonly Pick<Alarm, "rig" | "scope" | "severity" | "raisedTs">[];
}

/** The whole, and a line for each group: most failures first, then the shorter MTBF. Half-open, ms UTC. */
export const reliabilityOf = (needs: ReliabilityNeeds): { readonly total: ReliabilityLine; readonly lines: readonly ReliabilityLine[] } => {
  const { fromTs, toTs, by, site, places } = needs;
  const whole = noSums();
  const groups = new Map<string, Sums>();
  const each = (rig: string, add: (sums: Sums) => void): void => {
    const name = groupOf(by, site, rig, places.get(rig));
    let sums = groups.get(name);
    if (sums === undefined) groups.set(name, (sums = noSums()));
    for (const into of [sums, whole]) {
      into.rigs.add(rig);
      add(into);
    }
  };
  const within = (ts: number | null | undefined): boolean => ts !== null && ts !== undefined && ts >= fromTs && ts < toTs;
  for (const { rigs } of needs.days)
    for (const { rig, runH, thH } of rigs)
      each(rig, (sums) => {
        sums.runH += runH;
        sums.thH += thH;
      });
  for (const failure of needs.failures) {
    if (within(failure.fromTs))
      each(failure.rig, (sums) => {
        sums.failures += 1;
        sums.failed.add(failure.rig);
      });
    const { mendedTs } = failure;
    if (mendedTs !== null && within(mendedTs))
      each(failure.rig, (sums) => {
        sums.mended += 1;
        sums.repairMs += mendedTs - failure.fromTs;
        sums.waitedMs += failure.waitedMs;
      });
  }
  for (const order of needs.orders)
    if (order.state === "done" && within(order.closing?.ts))
      for (const { amount, currency } of order.costs)
        for (const rig of order.rigs)
          each(rig, ({ costs }) => void costs.set(currency, (costs.get(currency) ?? 0) + amount / order.rigs.length));
  for (const { rig, scope, severity, raisedTs } of needs.alarms)
    if (scope === "rig" && (severity === "major" || severity === "critical") && within(raisedTs))
      each(rig, (sums) => {
        sums.alarms += 1;
      });
  const lines = [...groups].map(([name, sums]) => lineOf(name, by, sums, whole));
  return {
    total: lineOf(site, "site", whole, whole),
    lines: lines.toSorted(
      (a, b) =>
        b.failures - a.failures || (a.mtbfH ?? Infinity) - (b.mtbfH ?? Infinity) || b.alarms - a.alarms || (a.name < b.name ? -1 : 1),
    ),
  };
};
