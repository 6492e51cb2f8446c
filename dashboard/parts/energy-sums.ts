/** What a range of the energy series adds up to. Pure. */
import { intensityOf } from "../../server/twin/energy.ts";
import { ENERGY_SOURCES, type EnergyReading, type EnergySource } from "../../server/twin/reading.ts";
import type { EnergyAnswer, SiteSeriesAnswer } from "../../server/twin/series.ts";

const HOUR_MS = 3_600_000;

const sourcesAt = ({ sourcesW }: EnergyAnswer, i: number): EnergyReading["sourcesW"] =>
  Object.fromEntries(
    ENERGY_SOURCES.flatMap((source) => {
      const w = sourcesW[source]?.[i] ?? null;
      return w === null ? [] : [[source, w]];
    }),
  );

/** gCO2e/kWh of the mix in each bucket: the series keep the grid's own. */
export const mixIntensity = (energy: EnergyAnswer): (number | null)[] =>
  energy.ts.map((_, i) => {
    const [sources, grid] = [sourcesAt(energy, i), energy.gco2ePerKwh[i] ?? null];
    // where nobody tells a source, all is counted as bought
    return Object.values(sources).some((w) => w > 0) ? intensityOf(sources, grid) : grid;
  });

/** Part of the inflow that is bought, 0 to 1; 1 where no source is told. */
const boughtAt = (energy: EnergyAnswer, i: number): number => {
  const sources = sourcesAt(energy, i);
  const inflow = Object.values(sources).reduce((sum, w) => sum + Math.max(0, w), 0);
  return inflow > 0 ? Math.max(0, sources.grid ?? 0) / inflow : 1;
};

export interface Sums {
  readonly bySource: readonly { readonly source: EnergySource; readonly kwh: number; readonly nowW: number | null }[];
  /** At the wall: metered, or as the rigs report where no meter spoke. */
  readonly kwh: number;
  readonly isMetered: boolean;
  readonly cost: number | null;
  readonly kgco2e: number | null;
  /** Where both the meter and the rigs spoke. */
  readonly meteredKwh: number;
  readonly reportedKwh: number;
}

/** Integrates bucket means over their width; what nobody told is not counted. Cost is of what the grid gave. */
export const sumsOf = (energy: EnergyAnswer, site: SiteSeriesAnswer | null): Sums => {
  const kwhOf = (w: number | null | undefined): number => ((w ?? 0) * energy.bucketMs) / HOUR_MS / 1_000;
  const total = (column: readonly (number | null)[]): number => column.reduce<number>((sum, w) => sum + kwhOf(w), 0);
  const reported = new Map(site?.ts.map((ts, i) => [ts, site.powerW[i] ?? null]));
  const wall = energy.ts.map((ts, i) => energy.meteredW[i] ?? reported.get(ts) ?? null);
  const weighed = (per: readonly (number | null)[], share: (i: number) => number): number | null => {
    const known = per.flatMap((each, i) => (each === null ? [] : [each * kwhOf(wall[i]) * share(i)]));
    return known.length === 0 ? null : known.reduce((a, b) => a + b, 0);
  };
  const both = energy.ts.flatMap((ts, i) => {
    const [m, r] = [energy.meteredW[i] ?? null, reported.get(ts) ?? null];
    return m === null || r === null ? [] : [{ m, r }];
  });
  const grams = weighed(mixIntensity(energy), () => 1);
  return {
    bySource: ENERGY_SOURCES.flatMap((source) => {
      const column = energy.sourcesW[source] ?? [];
      return column.some((w) => w !== null && w !== 0)
        ? [{ source, kwh: total(column), nowW: column.findLast((w) => w !== null) ?? null }]
        : [];
    }),
    kwh: total(wall),
    isMetered: energy.meteredW.some((w) => w !== null),
    cost: weighed(energy.pricePerKwh, (i) => boughtAt(energy, i)),
    kgco2e: grams === null ? null : grams / 1_000,
    meteredKwh: total(both.map(({ m }) => m)),
    reportedKwh: total(both.map(({ r }) => r)),
  };
};
