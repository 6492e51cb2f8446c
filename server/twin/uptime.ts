/** What a rig did on a day, for people: computed from the sealed rows alone, so that whoever has the rows can compute it again. */
import { firstSlot, type DayLeaf } from "./day.ts";
import { DAY_MS } from "./days.ts";
import type { DigestRow } from "./digest.ts";
import { SLOT_MS } from "./rig-day.ts";
import type { RecordBody } from "./record.ts";

/** 1 TH·h = 3.6 million GH, and 1 kWh = 3.6 million J. */
const PER_HOUR = 3_600_000;

export interface DayTotals {
  readonly deliveredThH: number;
  readonly energyKwh: number;
  /** Of the hours served; null where no nameplate is known. */
  readonly nameplateThH: number | null;
  /** J/TH, null where nothing was delivered or no energy was told. */
  readonly efficiencyJTh: number | null;
  /** Share of the slots served in which it hashed, %. null where it did not serve at all. */
  readonly uptimePct: number | null;
  /** The same without slots that are excused: paused on the farm's order, or away for repair by its records. */
  readonly uptimeExcusedPct: number | null;
  readonly slots: number;
  readonly upSlots: number;
  readonly excusedSlots: number;
}

type Work = Pick<RecordBody, "kind" | "performedTs">;

/** When the rig was away for repair, ms UTC, half-open; an open end is Infinity. */
export const repairsOf = (records: readonly Work[]): [from: number, to: number][] => {
  const repairs: [number, number][] = [];
  for (const { kind, performedTs } of records.toSorted((a, b) => a.performedTs - b.performedTs)) {
    const last = repairs.at(-1);
    const away = last !== undefined && last[1] === Infinity;
    if (kind === "repair-sent" && !away) repairs.push([performedTs, Infinity]);
    if (kind === "repair-returned" && away) last[1] = performedTs;
  }
  return repairs;
};

const percent = (part: number, of: number): number | null => (of === 0 ? null : (part / of) * 100);

/** The day's totals. `records` are the rig's, oldest first; who excuses is the farm itself, by what it reported and recorded. */
export const dayTotals = (
  leaf: Pick<DayLeaf, "day" | "fromTs" | "nameplateGhs" | "deliveredGh" | "energyJ">,
  rows: readonly DigestRow[],
  records: readonly Work[],
): DayTotals => {
  const repairs = repairsOf(records);
  const served = rows.slice(firstSlot(leaf.day, leaf.fromTs));
  const isUp = (row: DigestRow): boolean => (row.hashrateGhs ?? 0) > 0;
  const isExcused = (row: DigestRow): boolean =>
    !isUp(row) && (row.paused > 0 || repairs.some(([from, to]) => row.ts >= from && row.ts + SLOT_MS <= to));
  const upSlots = served.filter(isUp).length;
  const excusedSlots = served.filter(isExcused).length;
  const hours = ((leaf.day + 1) * DAY_MS - leaf.fromTs) / 3_600_000;
  return {
    deliveredThH: leaf.deliveredGh / PER_HOUR,
    energyKwh: leaf.energyJ / PER_HOUR,
    nameplateThH: leaf.nameplateGhs === null ? null : (leaf.nameplateGhs / 1_000) * hours,
    efficiencyJTh: leaf.deliveredGh === 0 || leaf.energyJ === 0 ? null : leaf.energyJ / (leaf.deliveredGh / 1_000),
    uptimePct: percent(upSlots, served.length),
    uptimeExcusedPct: percent(upSlots, served.length - excusedSlots),
    slots: served.length,
    upSlots,
    excusedSlots,
  };
};
