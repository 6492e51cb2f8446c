/**
 * What each rig delivered, used and cost on one UTC day, from the same five-minute rows that are sealed and anchored. The site's meter is
 * shared among the rigs by what they report, five minutes at a time, so that the sum is what was paid for.
 */
import { DAY_MS } from "../days.ts";
import { addCells, rowsOfCells } from "../digest.ts";
import { CELL, emptyCells, SLOT_MS, SLOT_S, SLOTS } from "../rig-day.ts";
import { intensityOf } from "../energy.ts";
import type { EnergyAnswer } from "../series.ts";
import { quoteAt, type Quote } from "./quotes.ts";

/** 1 TH·h = 3.6 million GH, and 1 kWh = 3.6 million J. */
const PER_HOUR = 3_600_000;

/** A rig's filled five-minute cells of a day, each `[slot, …CELL integers]`. */
export type Filled = readonly (readonly number[])[];
export interface RigUse {
  readonly rig: string;
  readonly thH: number;
  /** As the rig reports it. */
  readonly reportedKwh: number;
  /** Its share of what the meter says; as reported where there is no meter. */
  readonly wallKwh: number;
  /** Of the bought part, in the day's currency; `pricedKwh` of its wall kWh had a price. */
  readonly cost: number;
  readonly pricedKwh: number;
  readonly kgco2e: number;
  readonly carbonKwh: number;
  /** Hours in which it hashed; in which it said it was paused. */
  readonly runH: number;
  readonly pausedH: number;
}
/** Columns of SLOTS values of one day's site. */
export interface SiteSlots {
  readonly meteredW: readonly (number | null)[];
  readonly reportedW: readonly number[];
  /** Of each kWh at the wall: the grid's part × its price. */
  readonly costPerKwh: readonly (number | null)[];
  /** Of a kWh that would have been bought. */
  readonly pricePerKwh: readonly (number | null)[];
  readonly gco2ePerKwh: readonly (number | null)[];
  readonly pausedRigs: readonly number[];
  /** What paused rigs would have drawn and delivered beside what they did. */
  readonly avoidedW: readonly number[];
  readonly forgoneThs: readonly number[];
  /** Of the meter, by source; null where it did not speak. */
  readonly sourcesW: Readonly<Record<string, readonly (number | null)[]>>;
  /** Rigs that told something. */
  readonly spokeRigs: readonly number[];
}
export interface DayUse {
  readonly day: number;
  readonly currency: string | null;
  readonly rigs: readonly RigUse[];
  readonly site: SiteSlots;
  /** Counted, and of these signed by a gateway. */
  readonly readings: number;
  readonly signed: number;
}

const numbers = (): number[] => Array.from({ length: SLOTS }, () => 0);
const present = (value: number | null | undefined): value is number => value !== null && value !== undefined;

/** Cells of several versions of the same rig and day as one. */
export const mergedCells = (parts: readonly Filled[]): Int32Array => {
  const all = emptyCells();
  for (const part of parts) {
    const one = emptyCells();
    for (const [slot = 0, ...cell] of part) if (slot < SLOTS) one.set(cell, slot * CELL);
    addCells(all, one);
  }
  return all;
};

/** The meter over the day in SLOTS columns, null where nothing came. A bucket of an hour, where minutes are gone, is that of all its slots. */
const aligned = (day: number, energy: EnergyAnswer | null, column: readonly (number | null)[] | undefined): (number | null)[] => {
  const slots: (number | null)[] = Array.from({ length: SLOTS }, () => null);
  if (energy === null || column === undefined) return slots;
  energy.ts.forEach((at, i) => {
    const first = Math.floor((at - day * DAY_MS) / SLOT_MS);
    const end = Math.max(first + 1, first + energy.bucketMs / SLOT_MS);
    for (let slot = Math.max(0, first); slot < Math.min(SLOTS, end); slot++) slots[slot] = column[i] ?? null;
  });
  return slots;
};

interface Prices {
  readonly power: readonly Quote[];
  readonly carbon: readonly Quote[];
}
/** Price and carbon of each five minutes: as the meter tells, else as it was entered. */
const tariffOf = (day: number, energy: EnergyAnswer | null, entered: Prices) => {
  const column = (name: "meteredW" | "pricePerKwh" | "gco2ePerKwh"): (number | null)[] => aligned(day, energy, energy?.[name]);
  const sources = Object.entries(energy?.sourcesW ?? {}).map(([source, watts]) => [source, aligned(day, energy, watts)] as const);
  const [meteredW, price, carbon] = [column("meteredW"), column("pricePerKwh"), column("gco2ePerKwh")];
  const costPerKwh: (number | null)[] = [];
  const pricePerKwh: (number | null)[] = [];
  const gco2ePerKwh: (number | null)[] = [];
  for (let slot = 0; slot < SLOTS; slot++) {
    const ts = day * DAY_MS + slot * SLOT_MS;
    const inflow = Object.fromEntries(sources.map(([source, watts]) => [source, Math.max(0, watts[slot] ?? 0)]));
    const all = Object.values(inflow).reduce((sum, watts) => sum + watts, 0);
    const bought = all > 0 ? (inflow["grid"] ?? 0) / all : 1;
    const each = price[slot] ?? quoteAt(entered.power, ts)?.value ?? null;
    const grid = carbon[slot] ?? quoteAt(entered.carbon, ts)?.value ?? null;
    pricePerKwh.push(each);
    costPerKwh.push(each === null ? null : each * bought);
    gco2ePerKwh.push(all > 0 ? intensityOf(inflow, grid) : grid);
  }
  return { meteredW, costPerKwh, pricePerKwh, gco2ePerKwh, sourcesW: Object.fromEntries(sources) };
};

/** What a rig does when it is not paused, from its own hashing minutes of the day; null where it had none. */
const usualOf = (rows: ReturnType<typeof rowsOfCells>): { readonly w: number; readonly ths: number } | null => {
  const at = rows.filter((row) => row.paused === 0 && (row.hashrateGhs ?? 0) > 0 && row.powerW !== null);
  if (at.length === 0) return null;
  const mean = (of: (row: (typeof rows)[number]) => number): number => at.reduce((sum, row) => sum + of(row), 0) / at.length;
  return { w: mean((row) => row.powerW ?? 0), ths: mean((row) => (row.hashrateGhs ?? 0) / 1_000) };
};

/**
 * The day's use of every rig. `parts` are each rig's cells by version; `usual` what a rig did before, for one that was paused all day.
 * The energy answer has buckets of five minutes or more.
 */
export const dayUseOf = (
  day: number,
  parts: ReadonlyMap<string, readonly Filled[]>,
  energy: EnergyAnswer | null,
  entered: Prices,
  currency: string | null,
): DayUse => {
  const tariff = tariffOf(day, energy, entered);
  const all = [...parts].map(([rig, own]) => ({ rig, rows: rowsOfCells(day, mergedCells(own)) }));
  const reportedW = numbers();
  const pausedRigs = numbers();
  const avoidedW = numbers();
  const forgoneThs = numbers();
  const spokeRigs = numbers();
  let [readings, signed] = [0, 0];
  for (const { rows } of all) {
    const usual = usualOf(rows);
    rows.forEach((row, slot) => {
      if (row.n > 0) spokeRigs[slot] = (spokeRigs[slot] ?? 0) + 1;
      readings += row.n;
      signed += row.signed;
      reportedW[slot] = (reportedW[slot] ?? 0) + (row.powerW ?? 0);
      if (row.paused === 0) return;
      pausedRigs[slot] = (pausedRigs[slot] ?? 0) + 1;
      const part = row.paused / Math.max(1, row.n);
      avoidedW[slot] = (avoidedW[slot] ?? 0) + Math.max(0, (usual?.w ?? 0) - (row.powerW ?? 0)) * part;
      forgoneThs[slot] = (forgoneThs[slot] ?? 0) + Math.max(0, (usual?.ths ?? 0) - (row.hashrateGhs ?? 0) / 1_000) * part;
    });
  }
  const share = reportedW.map((watts, slot) => (present(tariff.meteredW[slot]) && watts > 0 ? tariff.meteredW[slot] / watts : 1));
  const rigs = all.map(({ rig, rows }): RigUse => {
    let [thH, reportedKwh, wallKwh, cost, pricedKwh, kgco2e, carbonKwh, runH, pausedH] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
    rows.forEach((row, slot) => {
      const kwh = row.energyJ / PER_HOUR;
      const wall = kwh * (share[slot] ?? 1);
      const [price, carbon] = [tariff.costPerKwh[slot], tariff.gco2ePerKwh[slot]];
      thH += row.deliveredGh / PER_HOUR;
      reportedKwh += kwh;
      wallKwh += wall;
      if (present(price)) [cost, pricedKwh] = [cost + wall * price, pricedKwh + wall];
      if (present(carbon)) [kgco2e, carbonKwh] = [kgco2e + (wall * carbon) / 1_000, carbonKwh + wall];
      if ((row.hashrateGhs ?? 0) > 0) runH += SLOT_S / 3_600;
      pausedH += (SLOT_S / 3_600) * (row.paused / Math.max(1, row.n));
    });
    return { rig, thH, reportedKwh, wallKwh, cost, pricedKwh, kgco2e, carbonKwh, runH, pausedH };
  });
  return { day, currency, rigs, site: { ...tariff, reportedW, pausedRigs, avoidedW, forgoneThs, spokeRigs }, readings, signed };
};
