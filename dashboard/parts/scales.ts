/**
 * The floor map's colours. Lightness alone carries the order, so they read the same for every kind of colour vision and in print;
 * what is as it should be sinks into the background, what is not stands out from it, in the dark scheme and in the light one.
 */
import { RIG_STATES, SEVERITIES } from "../../server/twin/twin.ts";
import { asShown, MISSING, fixed } from "../format.ts";
import type { Farm } from "../state.ts";

export const MAP_MODES = ["state", "hashratePct", "boardC", "chipC", "intakeC", "powerW", "efficiencyJTh", "age", "alarm"] as const;
export type MapMode = (typeof MAP_MODES)[number];
/** Modes that tell what something is, not how much. */
export type NamedMode = "state" | "alarm";
export const isNamed = (mode: MapMode): mode is NamedMode => mode === "state" || mode === "alarm";
export const isMapMode = (name: string | null): name is MapMode => (MAP_MODES as readonly string[]).includes(name ?? "");

interface Measure {
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  readonly digits: number;
  /** The end that wants attention. */
  readonly alarming: "low" | "high";
  readonly read: (farm: Farm, index: number, now: number) => number;
}
const column =
  (name: keyof Farm["numbers"]) =>
  (farm: Farm, index: number): number =>
    farm.numbers[name][index] ?? Number.NaN;

export const MEASURES: Readonly<Record<Exclude<MapMode, NamedMode>, Measure>> = {
  hashratePct: {
    unit: "% of nameplate",
    low: 0,
    high: 120,
    digits: 0,
    alarming: "low",
    read: (farm, i) => (100 * (farm.numbers.hashrateThs[i] ?? Number.NaN)) / (farm.roster[i]?.nameplateThs ?? Number.NaN),
  },
  boardC: { unit: "°C", low: 50, high: 90, digits: 0, alarming: "high", read: column("boardC") },
  chipC: { unit: "°C", low: 65, high: 105, digits: 0, alarming: "high", read: column("chipC") },
  intakeC: { unit: "°C", low: 20, high: 40, digits: 0, alarming: "high", read: column("intakeC") },
  powerW: { unit: "W", low: 0, high: 4_000, digits: 0, alarming: "high", read: column("powerW") },
  efficiencyJTh: {
    unit: "J/TH",
    low: 15,
    high: 35,
    digits: 1,
    alarming: "high",
    read: (farm, i) => {
      const ths = farm.numbers.hashrateThs[i] ?? Number.NaN;
      return ths > 0 ? (farm.numbers.powerW[i] ?? Number.NaN) / ths : Number.NaN;
    },
  },
  age: {
    unit: "s",
    low: 0,
    high: 300,
    digits: 0,
    alarming: "high",
    read: (farm, i, now) => Math.max(0, (now - (farm.lastSeenTs[i] ?? Number.NaN)) / 1_000),
  },
};

type Rgb = readonly [number, number, number];
/** From calm to alarming. */
const STOPS: Readonly<Record<"dark" | "light", readonly Rgb[]>> = {
  dark: [
    [22, 62, 64],
    [38, 92, 92],
    [104, 112, 116],
    [182, 112, 92],
    [236, 146, 84],
    [252, 214, 132],
    [255, 250, 214],
  ],
  light: [
    [214, 231, 226],
    [172, 205, 200],
    [166, 172, 178],
    [196, 128, 108],
    [178, 82, 44],
    [122, 34, 34],
    [58, 10, 40],
  ],
};
const STEPS = 128;
const between = (stops: readonly Rgb[], at: number): Rgb => {
  const place = Math.min(0.99999, Math.max(0, at)) * (stops.length - 1);
  const low = stops[Math.floor(place)] ?? [0, 0, 0];
  const high = stops[Math.floor(place) + 1] ?? low;
  const t = place - Math.floor(place);
  return [0, 1, 2].map((k) => Math.round((low[k] ?? 0) * (1 - t) + (high[k] ?? 0) * t)) as unknown as Rgb;
};
const css = ([r, g, b]: Rgb): string => `rgb(${r} ${g} ${b})`;
/** Relative luminance, near enough (WCAG 2.2). */
const luminance = ([r, g, b]: Rgb): number => 0.2126 * (r / 255) ** 2.2 + 0.7152 * (g / 255) ** 2.2 + 0.0722 * (b / 255) ** 2.2;
/** Where black and white read equally well, at 4.6 to 1. */
const MIDDLE = 0.179;

/** 128 colours from calm to alarming, each with the ink that reads on it. */
export interface Ramp {
  readonly fill: readonly string[];
  readonly ink: readonly string[];
  readonly rgb: readonly Rgb[];
}
export const rampOf = (scheme: "dark" | "light"): Ramp => {
  const rgb = Array.from({ length: STEPS }, (_, k) => between(STOPS[scheme], k / (STEPS - 1)));
  return { rgb, fill: rgb.map(css), ink: rgb.map((colour) => (luminance(colour) > MIDDLE ? "#000000" : "#ffffff")) };
};

/** Place of a value on the ramp, -1 where there is none. */
export const stepOf = ({ low, high, alarming }: Measure, value: number): number => {
  if (!Number.isFinite(value)) return -1;
  const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return Math.round((alarming === "high" ? share : 1 - share) * (STEPS - 1));
};

/** A rig's value in a mode, with its unit. */
export const shownIn = (mode: MapMode, farm: Farm, index: number, now: number): { readonly text: string; readonly unit: string } => {
  if (mode === "alarm") return { text: SEVERITIES[(farm.alarm[index] ?? 0) - 1] ?? "", unit: "" };
  if (mode === "state") return { text: RIG_STATES[farm.state[index] ?? 0] ?? "", unit: "" };
  const measure = MEASURES[mode];
  const value = measure.read(farm, index, now);
  const { unit, of } = asShown(measure.unit);
  return { text: Number.isFinite(value) ? fixed(of(value), measure.digits) : MISSING, unit };
};
