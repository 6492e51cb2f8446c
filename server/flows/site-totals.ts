/** The site's figures and its energy over time as they are shown: what the journal says, and what stands in where no meter tells. */
import { DAY_MS } from "../twin/days.ts";
import { filledSeries, filledTotals, todayOf, type Today } from "../twin/energy-fill.ts";
import type { EnergyKnown } from "../twin/energy-settings.ts";
import type { Farm } from "../twin/farm.ts";
import { totalsOf } from "../twin/live.ts";
import type { EnergyAnswer, SeriesStore, SiteSeriesQuery } from "../twin/series.ts";
import type { SiteTotals } from "../twin/twin.ts";
import type { QuoteBook } from "../twin/usage/quotes.ts";

/** The day's sum over all rigs is looked at again when so much time of the farm has passed. */
const AGAIN_MS = 30_000;

/** Gives the totals of a farm, live or in a replay. */
export const createTotals = (known: () => EnergyKnown): ((farm: Farm) => SiteTotals) => {
  const sums = new WeakMap<Farm, { readonly ts: number; readonly today: Today | null }>();
  const todayIn = (farm: Farm, meteredKwh: number): Today | null => {
    const before = sums.get(farm);
    if (before !== undefined && farm.asOfTs >= before.ts && farm.asOfTs - before.ts < AGAIN_MS) return before.today;
    // What the meter says is shared over its own day, of which the journal's time may be ahead.
    const day = meteredKwh > 0 ? farm.energy.day : Math.floor(farm.asOfTs / DAY_MS);
    const today = todayOf(farm.digest, day, meteredKwh, known(), farm.quotes);
    sums.set(farm, { ts: farm.asOfTs, today });
    return today;
  };
  return (farm) => {
    const grid = [...farm.energy.meters.values()]
      .toSorted((a, b) => b.deviceTs - a.deviceTs)
      .find(({ gridGco2ePerKwh }) => gridGco2ePerKwh !== null);
    const bare = totalsOf(farm);
    const isTold = bare.todayKwh > 0 && bare.todayCost !== null && bare.todayKgco2e !== null;
    return filledTotals(bare, grid?.gridGco2ePerKwh ?? null, known(), farm.quotes, isTold ? null : todayIn(farm, bare.todayKwh));
  };
};

/** Gives the energy series with what stands in; asks what the rigs report only where a plan would share it out. */
export const createEnergySeries =
  (store: Pick<SeriesStore, "energySeries" | "siteSeries">, known: () => EnergyKnown, quotes: () => QuoteBook) =>
  async (query: SiteSeriesQuery): Promise<EnergyAnswer> => {
    const isPlanned = known().settings.plan.length > 0;
    const [energy, site] = await Promise.all([store.energySeries(query), isPlanned ? store.siteSeries(query) : null]);
    return filledSeries(energy, site, known(), quotes());
  };
