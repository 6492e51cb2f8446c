/** Where the power comes from. Whole watts, so that the sources add up to the meter to the watt. */
import type { EnergySource } from "../../server/twin/reading.ts";
import { drift, mix } from "./chance.ts";
import { exp } from "./exact.ts";
import { dayShare, type Weather } from "./weather.ts";

export interface EnergyState {
  readonly atTs: number;
  readonly meteredW: number;
  /** Cooling and overhead within `meteredW`. */
  readonly overheadW: number;
  readonly sourcesW: Readonly<Record<EnergySource, number>>;
  /** The battery's state of charge, 0 to 1. */
  readonly charge: number;
  readonly gridGco2ePerKwh: number;
  readonly pricePerKwh: number;
}

/** Sizes of the plants as shares of the farm's nominal power; the battery gives its share for four hours. */
const SIZE = { solar: 0.7, wind: 0.4, hydro: 0.18, gas: 0.15, battery: 0.2 };
const BATTERY_HOURS = 4;
const CHARGE_LOSS = 0.94;
const HOUR_MS = 3_600_000;

const between = (hour: number, from: number, to: number): boolean => hour >= from && hour < to;
const bump = (hour: number, at: number, width: number): number => exp(-((hour - at) / width) * ((hour - at) / width));

/** Overhead as a share of the rigs' power: 3 % in the cold, 8 % in the heat. */
export const overheadShare = (ambientC: number): number => 0.03 + 0.05 * Math.min(1, Math.max(0, (ambientC - 2) / 36));

/** Price in currency units per kWh and grams of CO2 equivalent per kWh of the grid at `ts`. */
export const gridAt = (seed: number, weather: Weather, ts: number): { pricePerKwh: number; gridGco2ePerKwh: number } => {
  const hour = dayShare(ts) * 24;
  const wander = drift(mix(seed, 11), ts, 6 * HOUR_MS) - 0.5;
  const price =
    0.058 + 0.022 * bump(hour, 8, 2) + 0.055 * bump(hour, 19, 2.2) - 0.024 * weather.sun - 0.0012 * weather.windMs + 0.016 * wander;
  const carbon =
    330 +
    40 * bump(hour, 8, 2.5) +
    95 * bump(hour, 19, 3) -
    150 * weather.sun * (1 - 0.6 * weather.cloud) -
    6 * weather.windMs +
    40 * wander;
  return { pricePerKwh: Math.round(Math.max(0.008, price) * 10_000) / 10_000, gridGco2ePerKwh: Math.round(Math.max(60, carbon)) };
};

/** What the battery holds before its first step, by the hour, so that a start at any time looks like an ordinary day. */
export const chargeAt = (ts: number): number => {
  const hour = dayShare(ts) * 24;
  if (hour < 1) return 0.2;
  if (hour < 5) return 0.2 + 0.16 * (hour - 1);
  if (hour < 17) return 0.85;
  return hour < 21 ? 0.85 - 0.16 * (hour - 17) : 0.2;
};

/** What the battery is asked to do at `hour`: above 0 it gives, below it takes; a share of its size. */
const batteryPlan = (hour: number, surplusW: number, sizeW: number): number => {
  if (surplusW > 0) return -Math.min(1, surplusW / sizeW);
  if (between(hour, 17, 21)) return 0.85;
  return between(hour, 1, 5) ? -0.7 : 0;
};

/**
 * The mix at `toTs` for `rigsW` of true load: own plants first, then battery, then the grid; what the sun gives too much is not taken.
 * The sources sum to `meteredW` exactly; a charging battery is negative; the grid never is.
 */
export const stepEnergy = (
  seed: number,
  nominalW: number,
  weather: Weather,
  rigsW: number,
  charge: number,
  elapsedMs: number,
  toTs: number,
): EnergyState => {
  const hour = dayShare(toTs) * 24;
  const meteredW = Math.round(rigsW * (1 + overheadShare(weather.ambientC)));
  const hydro = Math.min(meteredW, Math.round(nominalW * SIZE.hydro * (0.85 + 0.3 * drift(mix(seed, 12), toTs, 30 * HOUR_MS))));
  const windShare = Math.min(1, Math.max(0, (weather.windMs - 2.5) / 8.5));
  const wind = Math.min(meteredW - hydro, Math.round(nominalW * SIZE.wind * windShare * windShare));
  const sun = Math.round(nominalW * SIZE.solar * weather.sun * (1 - 0.75 * weather.cloud));
  const sizeW = nominalW * SIZE.battery;
  const hours = elapsedMs / HOUR_MS;
  const capacityWh = sizeW * BATTERY_HOURS;
  const open = meteredW - hydro - wind;
  let battery = sizeW * batteryPlan(hour, sun - open, sizeW);
  if (battery < 0) battery = Math.max(battery, charge >= 1 ? 0 : -((1 - charge) * capacityWh) / Math.max(hours, 1e-3));
  else battery = Math.min(battery, charge <= 0.05 ? 0 : ((charge - 0.05) * capacityWh) / Math.max(hours, 1e-3), Math.max(0, open - sun));
  battery = Math.round(battery);
  const solar = Math.min(sun, Math.max(0, open - Math.min(0, battery)));
  const left = open - solar - battery;
  const gas = Math.min(Math.max(0, left), between(hour, 17, 21.5) ? Math.round(nominalW * SIZE.gas) : 0);
  const stored = battery < 0 ? -battery * CHARGE_LOSS : -battery;
  return {
    atTs: toTs,
    meteredW,
    overheadW: meteredW - Math.round(rigsW),
    sourcesW: { grid: left - gas, solar, wind, hydro, gas, battery },
    charge: Math.min(1, Math.max(0, charge + (stored * hours) / capacityWh)),
    ...gridAt(seed, weather, toTs),
  };
};
