/** A site's meters over time: kept one by one, told as one. */
import { emptyColumn, type Buckets } from "./buckets.ts";
import { METER_STALE_MS } from "./energy.ts";
import { fieldOf, meanOf, rounded, type Field } from "./measures.ts";
import { ENERGY_SOURCES, type EnergySource } from "./reading.ts";
import type { EnergyAnswer } from "./series.ts";

/** The source under which a meter's total is kept. */
export const TOTAL = "meter";

/** The name of a series of `site_energy`. A meter's name has no slash (NAME_PATTERN in wire.ts). */
export const energyName = (meter: string, source: string): string => `${meter}/${source}`;

/** Rows of the time in which all meters of a site were kept as one have none: their meter is "". */
export const meterAndSource = (name: string): { readonly meter: string; readonly source: string } => {
  const at = name.lastIndexOf("/");
  return { meter: name.slice(0, Math.max(0, at)), source: name.slice(at + 1) };
};

/** Sums of whole steps of some rows. */
export interface EnergyFigure {
  readonly sum: number;
  readonly n: number;
}
/** The rows of one series and bucket; `at` is the place of the bucket. */
export interface EnergyRow {
  readonly name: string;
  readonly at: number;
  readonly powerW: EnergyFigure;
  readonly gco2ePerKwh: EnergyFigure;
  readonly pricePerKwh: EnergyFigure;
}

type Column = readonly (number | null)[];
const FIELDS = Object.fromEntries(
  (["powerW", "gco2ePerKwh", "pricePerKwh"] as const).map((name) => [name, fieldOf("site_energy", name)]),
) as Record<"powerW" | "gco2ePerKwh" | "pricePerKwh", Field>;

/**
 * Of each bucket, the one whose word of a meter holds in it: its own, or where the meter is silent the last one, as long as that is not
 * older than METER_STALE_MS; -1 where there is none. Meters of one site speak at different seconds.
 */
const holding = (total: Column, bucketMs: number): number[] => {
  let last = -1;
  return total.map((watts, i) => {
    if (watts !== null) last = i;
    return last >= 0 && (i - last) * bucketMs <= METER_STALE_MS ? last : -1;
  });
};

/** Mean of all rows of a bucket, whoever told them. */
const meansOf = (axis: Buckets, rows: readonly EnergyRow[], name: "gco2ePerKwh" | "pricePerKwh"): Column => {
  const sums = axis.ts.map(() => ({ sum: 0, n: 0 }));
  for (const { at, [name]: told } of rows) {
    const all = sums[at];
    if (all === undefined) continue;
    all.sum += told.sum;
    all.n += told.n;
  }
  return sums.map(({ sum, n }) => meanOf(FIELDS[name], sum, n));
};

/** How often each meter spoke in each bucket: every message of it has a row of its total. */
const timesSpoken = (axis: Buckets, rows: readonly EnergyRow[]): ReadonlyMap<string, readonly number[]> => {
  const spoken = new Map<string, number[]>();
  for (const { name, at, powerW } of rows) {
    const { meter, source } = meterAndSource(name);
    if (source !== TOTAL) continue;
    let times = spoken.get(meter);
    if (times === undefined) spoken.set(meter, (times = axis.ts.map(() => 0)));
    times[at] = powerW.n;
  }
  return spoken;
};

/**
 * The site's answer: each meter's mean in a bucket, summed over the meters, as energyNow (energy.ts) does for now. A bucket in which no
 * meter speaks is a gap. A source of which some messages of a bucket say nothing gave nothing then (reading.ts): else the sources of a day
 * would sum to more than the meter. Rows without a meter count only where none has a name: they are of the same meters.
 */
export const metersTogether = (axis: Buckets, rows: readonly EnergyRow[]): EnergyAnswer => {
  const meters = new Map<string, Map<string, (number | null)[]>>();
  const spoken = timesSpoken(axis, rows);
  for (const { name, at, powerW } of rows) {
    const { meter, source } = meterAndSource(name);
    let columns = meters.get(meter);
    if (columns === undefined) meters.set(meter, (columns = new Map()));
    let column = columns.get(source);
    if (column === undefined) columns.set(source, (column = emptyColumn(axis)));
    if (powerW.n > 0) column[at] = meanOf(FIELDS.powerW, powerW.sum, Math.max(powerW.n, spoken.get(meter)?.[at] ?? 0));
  }
  const nameless = meters.get("");
  meters.delete("");
  const named = [...meters.values()].map((columns) => ({
    columns,
    holds: holding(columns.get(TOTAL) ?? emptyColumn(axis), axis.bucketMs),
  }));
  const isTold = axis.ts.map((_, i) => named.some(({ holds }) => holds[i] === i));
  const summed = (source: string): Column =>
    axis.ts.map((_, i) => {
      if (isTold[i] !== true) return nameless?.get(source)?.[i] ?? null;
      const told = named.flatMap(({ columns, holds }) => columns.get(source)?.[holds[i] ?? -1] ?? []);
      return told.length === 0
        ? null
        : rounded(
            told.reduce((sum, watts) => sum + watts, 0),
            FIELDS.powerW.decimals + 2,
          );
    });
  const known = new Set([...(nameless?.keys() ?? []), ...named.flatMap(({ columns }) => [...columns.keys()])]);
  const sourcesW: Partial<Record<EnergySource, Column>> = {};
  for (const source of ENERGY_SOURCES) if (known.has(source)) sourcesW[source] = summed(source);
  return {
    ...axis,
    sourcesW,
    meteredW: summed(TOTAL),
    gco2ePerKwh: meansOf(axis, rows, "gco2ePerKwh"),
    pricePerKwh: meansOf(axis, rows, "pricePerKwh"),
  };
};
