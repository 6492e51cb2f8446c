/** Kinds of quantity on a chart's axis: which unit fits, and how many digits. */
import { asShown, fixed, MISSING } from "../format.ts";

export interface Scale {
  readonly unit: string;
  /** Shown value = measured × by + plus. */
  readonly by: number;
  readonly plus: number;
  readonly digits: number;
}
const THS = [
  [2_000_000, "EH/s", 1e-6, 3],
  [2_000, "PH/s", 1e-3, 2],
  [0, "TH/s", 1, 1],
] as const;
const W = [
  [2_000_000, "MW", 1e-6, 2],
  [10_000, "kW", 1e-3, 1],
  [0, "W", 1, 0],
] as const;
const scaleIn = (given: string): Omit<Scale, "digits"> => {
  const { unit, by, plus } = asShown(given);
  return { unit, by, plus };
};
const fitting = (steps: readonly (readonly [number, string, number, number])[], most: number): Scale => {
  const [, unit, by, digits] = steps.find(([least]) => most >= least) ?? steps[steps.length - 1] ?? [0, "", 1, 0];
  return { unit, by, plus: 0, digits };
};
const plain = (unit: string, digits: number) => (): Scale => ({ ...scaleIn(unit), digits });

const SCALES = {
  hashrate: (most: number) => fitting(THS, most),
  power: (most: number) => fitting(W, most),
  celsius: plain("°C", 1),
  rpm: plain("RPM", 0),
  carbon: plain("gCO2e/kWh", 0),
  percent: plain("%", 1),
} as const satisfies Readonly<Record<string, (most: number) => Scale>>;
export type Quantity = keyof typeof SCALES | { readonly unit: string; readonly digits: number };

/** The scale for values up to `most`. */
export const scaleOf = (quantity: Quantity, most: number): Scale =>
  typeof quantity === "string" ? SCALES[quantity](Math.abs(most)) : { ...scaleIn(quantity.unit), digits: quantity.digits };

/** A measured value on a scale, with the unit. */
export const onScale = (value: number | null | undefined, { by, plus, digits, unit }: Scale): string =>
  value === null || value === undefined || !Number.isFinite(value) ? MISSING : `${fixed(value * by + plus, digits)}\u202f${unit}`;
