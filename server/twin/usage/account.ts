/**
 * The account of a stretch of days: use, cost, carbon, estimated revenue at the entered hashprice, by rig, model, rack, container or site.
 * Revenue is an estimate: each day's delivered TH·h at that day's mean of the hashprice that was entered, before pool fees and luck.
 */
import { DAY_MS } from "../days.ts";
import type { Position } from "../reading.ts";
import type { Group } from "./groups.ts";
import { meanQuote, type Quote } from "./quotes.ts";
import type { DayUse, RigUse } from "./use.ts";

export interface AccountLine {
  readonly name: string;
  readonly rigs: number;
  readonly thH: number;
  readonly reportedKwh: number;
  readonly wallKwh: number;
  /** null where part of its energy has no price. */
  readonly cost: number | null;
  readonly kgco2e: number | null;
  /** Per TH·h; null where nothing was delivered or the sum is unknown. */
  readonly costPerThH: number | null;
  readonly gco2ePerThH: number | null;
  readonly efficiencyJTh: number | null;
  readonly revenue: number | null;
  readonly margin: number | null;
  /** The price of a kWh at which revenue and power cost are the same. */
  readonly breakEvenPerKwh: number | null;
  readonly runH: number;
  readonly pausedH: number;
}
export interface Place {
  readonly model: string | null;
  readonly position: Position | null;
}

const UNPLACED = "–";
/** Name of the group that a rig belongs to. */
export const groupOf = (by: Group, site: string, rig: string, place: Place | undefined): string => {
  switch (by) {
    case "site":
      return site;
    case "rig":
      return rig;
    case "model":
      return place?.model ?? UNPLACED;
    case "container":
      return place?.position?.container ?? UNPLACED;
    case "rack":
      return place?.position === null || place?.position === undefined ? UNPLACED : `${place.position.container} / ${place.position.rack}`;
  }
};

/** Part of the energy that may be without a price or carbon before the sum is called unknown. */
const MOST_UNKNOWN = 0.01;
const known = (sum: number, of: number, all: number): number | null => (all > 0 && of < all * (1 - MOST_UNKNOWN) ? null : sum);
const over = (a: number | null, b: number): number | null => (a === null || b <= 0 ? null : a / b);

interface Sums {
  rigs: Set<string>;
  use: Omit<RigUse, "rig">;
  revenue: number;
  /** TH·h of days that have a hashprice. */
  valuedThH: number;
}
const ZERO: Omit<RigUse, "rig"> = {
  thH: 0,
  reportedKwh: 0,
  wallKwh: 0,
  cost: 0,
  pricedKwh: 0,
  kgco2e: 0,
  carbonKwh: 0,
  runH: 0,
  pausedH: 0,
};

const lineOf = (name: string, { rigs, use, revenue, valuedThH }: Sums, comparable: boolean): AccountLine => {
  const cost = known(use.cost, use.pricedKwh, use.wallKwh);
  const kgco2e = known(use.kgco2e, use.carbonKwh, use.wallKwh);
  const valued = known(revenue, valuedThH, use.thH);
  const income = valuedThH === 0 ? null : valued;
  return {
    name,
    rigs: rigs.size,
    thH: use.thH,
    reportedKwh: use.reportedKwh,
    wallKwh: use.wallKwh,
    cost: use.pricedKwh === 0 ? null : cost,
    kgco2e: use.carbonKwh === 0 ? null : kgco2e,
    costPerThH: over(use.pricedKwh === 0 ? null : cost, use.thH),
    gco2ePerThH: over(use.carbonKwh === 0 || kgco2e === null ? null : kgco2e * 1_000, use.thH),
    efficiencyJTh: use.thH > 0 && use.wallKwh > 0 ? (use.wallKwh * 1_000) / use.thH : null,
    revenue: income,
    margin: !comparable || income === null || cost === null || use.pricedKwh === 0 ? null : income - cost,
    breakEvenPerKwh: !comparable ? null : over(income, use.wallKwh),
    runH: use.runH,
    pausedH: use.pausedH,
  };
};

export interface Account {
  readonly total: AccountLine;
  /** Worst margin per TH·h first where it is known, else most cost per TH·h first. */
  readonly lines: readonly AccountLine[];
  readonly currency: string | null;
  readonly hashpriceCurrency: string | null;
  /** False where hashprice and power are in different currencies: no margin is told. */
  readonly comparable: boolean;
}

const badness = (line: AccountLine): number =>
  line.thH <= 0 ? Infinity : line.margin === null ? (line.costPerThH ?? line.wallKwh / line.thH) : -line.margin / line.thH;

/** Sums the days by group. `hashprice` is oldest first. */
export const accountOf = (
  days: readonly DayUse[],
  by: Group,
  site: string,
  places: ReadonlyMap<string, Place>,
  hashprice: readonly Quote[],
): Account => {
  const groups = new Map<string, Sums>();
  const whole: Sums = { rigs: new Set(), use: { ...ZERO }, revenue: 0, valuedThH: 0 };
  let currency: string | null = null;
  let hashpriceCurrency: string | null = null;
  for (const { day, rigs, currency: paidIn } of days) {
    currency = paidIn ?? currency;
    const price = meanQuote(hashprice, day * DAY_MS, (day + 1) * DAY_MS);
    hashpriceCurrency = price?.currency ?? hashpriceCurrency;
    for (const { rig, ...use } of rigs) {
      const name = groupOf(by, site, rig, places.get(rig));
      let sums = groups.get(name);
      if (sums === undefined) {
        sums = { rigs: new Set(), use: { ...ZERO }, revenue: 0, valuedThH: 0 };
        groups.set(name, sums);
      }
      for (const into of [sums, whole]) {
        into.rigs.add(rig);
        into.use = Object.fromEntries(
          (Object.keys(ZERO) as (keyof typeof ZERO)[]).map((key) => [key, into.use[key] + use[key]]),
        ) as unknown as Sums["use"];
        // Currency per PH/s and day; a day of one TH/s is 24 TH·h.
        if (price !== null) into.revenue += (use.thH / 24_000) * price.value;
        if (price !== null) into.valuedThH += use.thH;
      }
    }
  }
  const comparable = currency === null || hashpriceCurrency === null || currency === hashpriceCurrency;
  const lines = [...groups].map(([name, sums]) => lineOf(name, sums, comparable)).toSorted((a, b) => badness(b) - badness(a));
  return { total: lineOf(site, whole, comparable), lines, currency, hashpriceCurrency, comparable };
};
