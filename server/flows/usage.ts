/** Use, money and reliability of past days: read from the sealed five-minute rows, of today from the rows that are being counted. */
import { activeAlarms } from "../twin/alarms/book.ts";
import { DAY_MS } from "../twin/days.ts";
import { dayOf, type Digest } from "../twin/digest.ts";
import { filledCells } from "../twin/rig-day.ts";
import type { Farm } from "../twin/farm.ts";
import { failuresOf, reliabilityOf } from "../twin/orders/reliability.ts";
import type { Reliability } from "../twin/orders/shapes.ts";
import { Refused } from "../twin/refusal.ts";
import { keptVersion, type SealedRig } from "../twin/sealing.ts";
import type { EnergyAnswer, SiteSeriesQuery } from "../twin/series.ts";
import { accountOf, type Place } from "../twin/usage/account.ts";
import { curtailmentsIn } from "../twin/usage/curtailment.ts";
import { quoteAt, quotesOf, type NewQuotes, type Quote } from "../twin/usage/quotes.ts";
import { monthSpan, reportOf, type MonthReport, type ReportQuery } from "../twin/usage/report.ts";
import type { Usage, UsageQuery } from "../twin/usage/shapes.ts";
import { dayUseOf, type DayUse, type Filled } from "../twin/usage/use.ts";
import { isWaiting } from "../twin/wait.ts";
import { OWN } from "../twin/wire.ts";

export interface UsageNeeds {
  readonly site: string;
  readonly now: () => number;
  readonly farm: () => Farm;
  readonly days: { readonly version: (day: number, version: number) => readonly SealedRig[] };
  readonly energySeries: (query: SiteSeriesQuery) => Promise<EnergyAnswer>;
  /** Resolves when the entry is on disk and folded. */
  readonly write: (topic: string, payload: Uint8Array) => Promise<unknown>;
  /** Lets others run. */
  readonly breathe: () => Promise<void>;
}

const MOST_DAYS = 92;
/** Rows of a day that goes on change with every reading; whoever looks again within so long gets the same answer. */
const AGAIN_MS = 15_000;
/** Of a day long past only what comes late changes something; what its meters and rigs said is asked for again after so long. */
const PAST_AGAIN_MS = 600_000;
const SLOTS_A_DAY = 288;
/** From so many cleared alarms on, older ones may have been let go. */
const LEAST_FULL_HISTORY = 2_000;

interface Kept {
  readonly use: DayUse;
  madeTs: number;
  /** Of which versions of the day, how many readings beside those, and what the meters said. */
  readonly of: string;
}

/** Readings of a day that are in none of its sealed versions. */
const unsealedOf = (digest: Digest, day: number, kept: number): number => {
  let readings = 0;
  for (const rigDay of digest.values())
    if (rigDay.day === day && rigDay.version > kept) for (const [, , , n] of rigDay.spans.values()) readings += n;
  return readings;
};

export const createUsage = (needs: UsageNeeds) => {
  const { farm, site, now } = needs;
  const cache = new Map<number, Kept>();
  /** How much people had entered, and when last, as the days in `cache` were reckoned. */
  let entered = "";

  const partsOf = async (day: number): Promise<Map<string, Filled[]>> => {
    const parts = new Map<string, Filled[]>();
    const add = (rig: string, cells: Filled): void => void parts.set(rig, [...(parts.get(rig) ?? []), cells]);
    const kept = keptVersion(farm().ledger.days, day);
    for (let version = 1; version <= kept; version++) {
      for (const { rig, cells } of needs.days.version(day, version)) add(rig, cells);
      await needs.breathe();
    }
    for (const rigDay of farm().digest.values()) if (rigDay.day === day && rigDay.version > kept) add(rigDay.rig, filledCells(rigDay));
    return parts;
  };

  /** Prices may be entered anew for days that are long past. */
  const lookAtEntered = (): string => {
    let newestTs = 0;
    for (const { enteredTs } of farm().quotes.values()) newestTs = Math.max(newestTs, enteredTs);
    const present = `${farm().quotes.size}/${newestTs}`;
    if (present !== entered) cache.clear();
    entered = present;
    return entered;
  };

  const dayUse = async (day: number): Promise<DayUse | null> => {
    const quotes = farm().quotes;
    const before = lookAtEntered();
    const known = cache.get(day);
    const againMs = day < dayOf(now()) - 1 ? PAST_AGAIN_MS : AGAIN_MS;
    // Time may go back: a clock is set, and whoever looks at a replay goes to an earlier moment of it.
    if (known !== undefined && isWaiting(now(), known.madeTs + againMs, againMs)) return known.use;
    const kept = keptVersion(farm().ledger.days, day);
    // Before the rows are read: what comes meanwhile may be in them already, and is looked for again.
    const unsealed = unsealedOf(farm().digest, day, kept);
    const first = known === undefined ? await partsOf(day) : undefined;
    // The store is not asked of a day on which no rig told anything.
    if (first?.size === 0) return null;
    const range = { site, from: day * DAY_MS, to: (day + 1) * DAY_MS, points: SLOTS_A_DAY };
    const energy = await needs.energySeries(range);
    const told = [...farm().energy.meters.values()].find(({ currency }) => currency !== null)?.currency;
    const of = JSON.stringify([kept, unsealed, energy, told]);
    if (known?.of === of) {
      known.madeTs = now();
      return known.use;
    }
    const parts = first ?? (await partsOf(day));
    if (parts.size === 0) return null;
    const power = quotesOf(quotes, "power");
    // The meter says in what it is paid; without one, whoever entered the price does.
    const currency = told ?? quoteAt(power, range.to)?.currency ?? null;
    const use = dayUseOf(day, parts, energy, { power, carbon: quotesOf(quotes, "carbon") }, currency);
    // What was entered while this was reckoned may not be in it.
    if (lookAtEntered() !== before) return use;
    cache.delete(day);
    cache.set(day, { use, madeTs: now(), of });
    for (const old of cache.keys()) {
      if (cache.size <= MOST_DAYS) break;
      cache.delete(old);
    }
    return use;
  };

  const daysBetween = async (from: number, to: number): Promise<DayUse[]> => {
    const [first, last] = [Math.max(dayOf(from), farm().firstDay), Math.min(dayOf(to - 1), dayOf(now()))];
    if (last - first >= MOST_DAYS) throw new Refused("RANGE_INVALID", `query.from to query.to must be at most ${MOST_DAYS} days.`);
    const found: DayUse[] = [];
    for (let day = first; day <= last; day++) {
      const use = await dayUse(day);
      if (use !== null) found.push(use);
      await needs.breathe();
    }
    return found;
  };

  const placesNow = (): Map<string, Place> =>
    new Map([...farm().twins.values()].map(({ rig, identity, position }) => [rig, { model: identity.model, position }]));

  /** Whole UTC days. Throws Refused RANGE_INVALID, STORE_UNAVAILABLE. */
  const usage = async ({ from, to, by }: UsageQuery): Promise<Usage> => {
    const days = await daysBetween(from, to);
    const hashprice = quotesOf(farm().quotes, "hashprice");
    const account = accountOf(days, by, site, placesNow(), hashprice);
    return {
      site,
      by,
      fromTs: dayOf(from) * DAY_MS,
      toTs: (dayOf(to - 1) + 1) * DAY_MS,
      days: days.length,
      hashprice: quoteAt(hashprice, now()),
      ...account,
      lines: [...account.lines],
      curtailments: curtailmentsIn(days),
      asOfTs: farm().asOfTs,
    };
  };

  /** MTBF, MTTR, cost and repeat offenders of whole UTC days. Throws Refused RANGE_INVALID, STORE_UNAVAILABLE. */
  const reliability = async ({ from, to, by }: UsageQuery): Promise<Reliability> => {
    const days = await daysBetween(from, to);
    const [fromTs, toTs] = [dayOf(from) * DAY_MS, (dayOf(to - 1) + 1) * DAY_MS];
    const { ledger, work, alarms } = farm();
    const records = new Map(
      [...ledger.records].map(([rig, own]) => [rig, own.map(({ hash, body: { kind, performedTs } }) => ({ hash, kind, performedTs }))]),
    );
    const orders = [...work.orders.values()];
    const told = reliabilityOf({
      fromTs,
      toTs,
      by,
      site,
      days,
      orders,
      places: placesNow(),
      failures: failuresOf(orders, records),
      alarms: [...activeAlarms(alarms), ...alarms.history],
    });
    const oldest = alarms.history.length < LEAST_FULL_HISTORY ? undefined : alarms.history[0]?.raisedTs;
    return {
      by,
      fromTs,
      toTs,
      days: days.length,
      asOfTs: farm().asOfTs,
      alarmsFromTs: oldest !== undefined && oldest > fromTs ? oldest : null,
      total: told.total,
      lines: [...told.lines],
    };
  };

  /** One UTC month. Throws Refused STORE_UNAVAILABLE. */
  const report = async ({ month }: ReportQuery): Promise<MonthReport> => {
    const { from, to } = monthSpan(month);
    const { quotes, ledger, asOfTs, firstDay } = farm();
    const entered = (["power", "carbon"] as const).flatMap((of) => quotesOf(quotes, of));
    const days = from > now() ? [] : await daysBetween(from, to);
    return reportOf({ site, month, days, places: placesNow(), quotes: entered, states: ledger.days, asOfTs, firstDay });
  };

  return {
    usage,
    reliability,
    report,
    /** What was entered, oldest first of each kind. */
    quotes: (): Quote[] => [...farm().quotes.values()].toSorted((a, b) => (a.of < b.of ? -1 : a.of > b.of ? 1 : a.fromTs - b.fromTs)),
    /** Enters prices. Throws Refused REQUEST_INVALID, JOURNAL_UNAVAILABLE, DISK_FULL. */
    addQuotes: async (told: NewQuotes): Promise<Quote[]> => {
      if (told.of !== "carbon" && told.currency === null)
        throw new Refused("REQUEST_INVALID", "body.currency: a price needs its currency.");
      await needs.write(OWN.quote, new TextEncoder().encode(JSON.stringify(told)));
      return told.lines.flatMap(({ fromTs }) => farm().quotes.get(`${told.of}/${fromTs}`) ?? []);
    },
  };
};
