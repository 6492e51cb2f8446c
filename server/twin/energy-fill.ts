/**
 * What stands in, in what is shown and reckoned, where no meter tells: the plan's shares, the carbon feed, what was entered, the settings.
 * It is put in when it is read and never stored: what a meter said and what somebody assumed must stay apart.
 */
import { DAY_MS } from "./days.ts";
import { reportedJ, type Digest } from "./digest.ts";
import { SLOT_MS } from "./rig-day.ts";
import { intensityOf } from "./energy.ts";
import type { EnergyKnown } from "./energy-settings.ts";
import { intensityAt, mixIntensity, plannedMix } from "./energy-truth.ts";
import { ENERGY_SOURCES, type EnergySource } from "./reading.ts";
import type { EnergyAnswer, SiteSeriesAnswer } from "./series.ts";
import type { BareTotals, SiteTotals, ToldBy } from "./twin.ts";
import { quoteAt, quotesOf, type QuoteBook } from "./usage/quotes.ts";

const J_PER_KWH = 3_600_000;

/** What the day has taken so far, kWh, currency, kgCO2e, since midnight UTC. */
export interface Today {
  readonly kwh: number;
  readonly cost: number | null;
  readonly kgco2e: number | null;
}

/** Price and grid's carbon at a time: what was entered for it outranks the settings, a feed outranks what was entered. */
export const tariffAt = (known: EnergyKnown, quotes: QuoteBook) => {
  const [power, carbon] = [quotesOf(quotes, "power"), quotesOf(quotes, "carbon")];
  return {
    price: (ts: number): { readonly value: number | null; readonly by: ToldBy["price"]; readonly currency: string | null } => {
      const entered = quoteAt(power, ts);
      const value = entered?.value ?? known.settings.pricePerKwh;
      return { value, by: entered !== null ? "entered" : value !== null ? "setting" : null, currency: entered?.currency ?? null };
    },
    grid: (ts: number): { readonly value: number | null; readonly by: ToldBy["carbon"] } => {
      const fed = intensityAt(known.feed, ts);
      if (fed !== null) return { value: fed, by: "feed" };
      const entered = quoteAt(carbon, ts)?.value ?? null;
      const value = entered ?? known.settings.gridGco2ePerKwh;
      return { value, by: entered !== null ? "entered" : value !== null ? "setting" : null };
    },
  };
};

const hasInflow = (sourcesW: EnergyAnswer["sourcesW"], i: number): boolean =>
  ENERGY_SOURCES.some((source) => (sourcesW[source]?.[i] ?? 0) !== 0);

/**
 * The energy series with what stands in where a bucket has no word of a meter: the plan's shares of the metered power, or of what the rigs
 * report (`site`, same buckets) without a meter; price and the grid's carbon. `meteredW` is never filled.
 */
export const filledSeries = (energy: EnergyAnswer, site: SiteSeriesAnswer | null, known: EnergyKnown, quotes: QuoteBook): EnergyAnswer => {
  const tariff = tariffAt(known, quotes);
  const reported = new Map(site?.ts.map((ts, i) => [ts, site.powerW[i] ?? null]));
  const sourcesW: Partial<Record<EnergySource, (number | null)[]>> = {};
  for (const source of ENERGY_SOURCES) {
    const told = energy.sourcesW[source];
    if (told !== undefined) sourcesW[source] = [...told];
  }
  energy.ts.forEach((ts, i) => {
    const wallW = energy.meteredW[i] ?? reported.get(ts) ?? null;
    if (wallW === null || hasInflow(energy.sourcesW, i)) return;
    for (const [source, share] of Object.entries(plannedMix(known.settings.plan, ts + energy.bucketMs / 2) ?? {})) {
      const column = (sourcesW[source as EnergySource] ??= energy.ts.map(() => null));
      column[i] = wallW * share;
    }
  });
  return {
    ...energy,
    sourcesW,
    pricePerKwh: energy.pricePerKwh.map((told, i) => told ?? tariff.price(energy.ts[i] ?? 0).value),
    gco2ePerKwh: energy.gco2ePerKwh.map((told, i) => told ?? tariff.grid(energy.ts[i] ?? 0).value),
  };
};

/**
 * What the rigs say they have taken since midnight UTC, with cost and carbon by what stands in. `meteredKwh` above 0: the meter's word for
 * the energy, shared over the day as the rigs report.
 */
export const todayOf = (digest: Digest, day: number, meteredKwh: number, known: EnergyKnown, quotes: QuoteBook): Today | null => {
  const slotsJ = reportedJ(digest, day);
  const reportedKwh = slotsJ.reduce((sum, joules) => sum + joules, 0) / J_PER_KWH;
  if (reportedKwh === 0) return null;
  const scale = meteredKwh > 0 ? meteredKwh / reportedKwh : 1;
  const tariff = tariffAt(known, quotes);
  let [cost, kgco2e]: [number | null, number | null] = [0, 0];
  slotsJ.forEach((joules, slot) => {
    if (joules === 0) return;
    const ts = day * DAY_MS + slot * SLOT_MS;
    const kwh = (scale * joules) / J_PER_KWH;
    const mix = plannedMix(known.settings.plan, ts);
    const [price, grams] = [tariff.price(ts).value, mixIntensity(mix ?? { grid: 1 }, tariff.grid(ts).value)];
    cost = cost === null || price === null ? null : cost + kwh * (mix === null ? 1 : (mix.grid ?? 0)) * price;
    kgco2e = kgco2e === null || grams === null ? null : kgco2e + (kwh * grams) / 1_000;
  });
  return { kwh: scale * reportedKwh, cost, kgco2e };
};

/** The site's figures of now with what stands in, and who told each. `gridGco2ePerKwh`: the newest a meter told. */
export const filledTotals = (
  totals: BareTotals,
  gridGco2ePerKwh: number | null,
  known: EnergyKnown,
  quotes: QuoteBook,
  today: Today | null,
): SiteTotals => {
  const tariff = tariffAt(known, quotes);
  const isMixed = Object.values(totals.sourcesW).some((watts) => watts > 0);
  const plan = isMixed ? null : plannedMix(known.settings.plan, totals.asOfTs);
  const wallW = totals.meteredW ?? totals.reportedW;
  const sourcesW =
    plan === null ? totals.sourcesW : Object.fromEntries(Object.entries(plan).map(([source, share]) => [source, wallW * share]));
  const [grid, price] = [tariff.grid(totals.asOfTs), tariff.price(totals.asOfTs)];
  const mix = isMixed || plan !== null ? sourcesW : { grid: wallW };
  const gco2ePerKwh = totals.gco2ePerKwh ?? intensityOf(mix, gridGco2ePerKwh ?? grid.value);
  const isCounted = totals.todayKwh > 0;
  return {
    ...totals,
    sourcesW,
    gco2ePerKwh,
    pricePerKwh: totals.pricePerKwh ?? price.value,
    currency: totals.currency ?? price.currency,
    todayKwh: isCounted ? totals.todayKwh : (today?.kwh ?? 0),
    todayCost: totals.todayCost ?? today?.cost ?? null,
    todayKgco2e: totals.todayKgco2e ?? today?.kgco2e ?? null,
    told: {
      mix: isMixed ? "meter" : plan !== null ? "plan" : null,
      carbon: gco2ePerKwh === null ? null : totals.gco2ePerKwh !== null || gridGco2ePerKwh !== null ? "meter" : grid.by,
      price: totals.pricePerKwh !== null ? "meter" : price.by,
      today: isCounted ? "meter" : today !== null ? "rigs" : null,
    },
  };
};
