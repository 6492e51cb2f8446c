/** How the series stores keep each field: one table, so that every store gives the same numbers. */
import { Refused } from "./refusal.ts";
import { BOARD_FIELDS, ENERGY_FIELDS, RIG_FIELDS } from "./series.ts";

export interface Field {
  readonly name: string;
  /** Decimals kept; finer is noise of the sensors. */
  readonly decimals: number;
  /** 10 to the power of `decimals`. */
  readonly scale: number;
  /** A counter, a time, or what a large site's meter tells: up to MOST_WIDE steps of its decimals; others up to 2^31. */
  readonly wide: boolean;
}
export type MeasureName = "rig" | "board" | "site_energy";
export interface Measure {
  readonly name: MeasureName;
  readonly fields: readonly Field[];
}

const DECIMALS: Readonly<Record<string, number>> = {
  hashrateThs: 3,
  averageThs: 3,
  expectedThs: 3,
  powerW: 1,
  intakeC: 1,
  outletC: 1,
  boardC: 1,
  chipC: 1,
  psuC: 1,
  ambientC: 1,
  fanPct: 1,
  frequencyMhz: 1,
  voltageV: 3,
  efficiencyJTh: 2,
  gco2ePerKwh: 1,
  pricePerKwh: 5,
};
const WIDE: Readonly<Record<MeasureName, ReadonlySet<string>>> = {
  rig: new Set(["accepted", "rejected", "stale", "hwErrors", "uptimeS", "skewMs"]),
  board: new Set(["hwErrors"]),
  // A site's feed is up to a gigawatt, and a kWh may cost five digits of a small currency.
  site_energy: new Set(["powerW", "pricePerKwh"]),
};

const measure = (name: MeasureName, fields: readonly string[]): Measure => ({
  name,
  fields: fields.map((field) => {
    const decimals = DECIMALS[field] ?? 0;
    return { name: field, decimals, scale: Number(`1e${decimals}`), wide: WIDE[name].has(field) };
  }),
});

export const MEASURES: Readonly<Record<MeasureName, Measure>> = {
  rig: measure("rig", RIG_FIELDS),
  board: measure("board", BOARD_FIELDS),
  site_energy: measure("site_energy", ENERGY_FIELDS),
};
export const MEASURE_NAMES: readonly MeasureName[] = ["rig", "board", "site_energy"];

/** Largest step count of a wide field: sums over a day of readings stay exact in 53 bits. */
const MOST_WIDE = 900_000_000_000;
const MOST = 2_147_483_647;

/** A value in whole steps of its field's decimals; null where it cannot be kept (not finite, or out of range). */
export const stepsOf = (field: Field, value: number): number | null => {
  const steps = Math.round(value * field.scale);
  return Math.abs(steps) <= (field.wide ? MOST_WIDE : MOST) ? steps + 0 : null;
};

/** The steps of a value that was kept; exact for a sum of many, too. */
export const stepsIn = (field: Field, value: number): number => Math.round(value * field.scale);

/** The value of a number of steps. */
export const valueOf = (field: Field, steps: number): number => steps / field.scale;

/** The mean of `n` values whose steps sum to `sum`, to two decimals more than the field has; null of none. */
export const meanOf = (field: Field, sum: number, n: number): number | null =>
  n > 0 ? rounded(valueOf(field, sum) / n, field.decimals + 2) : null;

/** To so many decimals; `+ 0` makes -0 plain. */
export const rounded = (value: number, decimals: number): number => Number(value.toFixed(decimals)) + 0;

/** The field of a measure by name. */
export const fieldOf = (name: MeasureName, field: string): Field | null =>
  MEASURES[name].fields.find((known) => known.name === field) ?? null;

/** The fields of these names. Throws Refused REQUEST_INVALID where one is not of the measure. */
export const fieldsOf = (measure: MeasureName, names: readonly string[]): readonly Field[] =>
  names.map((name) => {
    const field = fieldOf(measure, name);
    if (field === null) throw new Refused("REQUEST_INVALID", `${JSON.stringify(name)} is not a field of ${measure}.`);
    return field;
  });
