/** The sky over the site: a temperate one at 38° N, clocks in UTC, its noon at 12:00. */
import { drift, mix } from "./chance.ts";
import { cosTurns, sinTurns } from "./exact.ts";

export interface Weather {
  readonly ambientC: number;
  /** 0 = clear, 1 = overcast. */
  readonly cloud: number;
  readonly windMs: number;
  /** Sine of the sun's height, 0 at night. */
  readonly sun: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365.2425 * DAY_MS;
/** In turns, as all angles here. */
const LATITUDE = 38 / 360;
const TILT = 23.44 / 360;
/** Part of the year gone at the winter solstice and at the coldest and the windiest day. */
const SOLSTICE = 355 / 365;
const COLDEST = 20 / 365;

/** The part of the UTC day that has gone, 0 to 1. */
export const dayShare = (ts: number): number => (ts % DAY_MS) / DAY_MS;

/** The weather at `ts` (ms UTC); it depends on the seed and the time alone. */
export const weatherAt = (seed: number, ts: number): Weather => {
  const year = (ts % YEAR_MS) / YEAR_MS;
  const day = dayShare(ts);
  const declination = -TILT * cosTurns(year - SOLSTICE);
  const height = sinTurns(LATITUDE) * sinTurns(declination) + cosTurns(LATITUDE) * cosTurns(declination) * cosTurns(day - 0.5);
  const cloud = Math.min(1, Math.max(0, 1.5 * drift(mix(seed, 1), ts, 5 * HOUR_MS) - 0.3 + 0.15 * drift(mix(seed, 2), ts, 12 * 60_000)));
  const seasonal = 15 - 10 * cosTurns(year - COLDEST);
  // Warmest at four in the afternoon; clouds flatten the day.
  const daily = (6.5 - 3 * cloud) * cosTurns(day - 16 / 24);
  return {
    ambientC: seasonal + daily + 8 * (drift(mix(seed, 3), ts, 2.2 * DAY_MS) - 0.5),
    cloud,
    windMs: 14 * drift(mix(seed, 4), ts, 4 * HOUR_MS) * (0.9 + 0.2 * drift(mix(seed, 5), ts, 25 * 60_000)),
    sun: Math.max(0, height),
  };
};
