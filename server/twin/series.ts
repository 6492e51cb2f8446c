/** What the series store keeps, in the words of its measurements. */
import { DAY_MS } from "./days.ts";
import type { EnergySource } from "./reading.ts";
import type { Tier } from "./tiers.ts";

/** Numeric fields of measurement `rig` (tags site, rig, model), all 64-bit float, in this order. */
export const RIG_FIELDS = [
  "hashrateThs",
  "averageThs",
  "expectedThs",
  "powerW",
  "intakeC",
  "outletC",
  "boardC",
  "chipC",
  "psuC",
  "fanRpm",
  "fanPct",
  "frequencyMhz",
  "voltageV",
  "efficiencyJTh",
  "accepted",
  "rejected",
  "stale",
  "hwErrors",
  "uptimeS",
  "skewMs",
] as const;
export type RigField = (typeof RIG_FIELDS)[number];

/** Numeric fields of measurement `board` (tags site, rig, model, board). */
export const BOARD_FIELDS = ["hashrateThs", "boardC", "chipC", "chips", "frequencyMhz", "voltageV", "hwErrors"] as const;
export type BoardField = (typeof BOARD_FIELDS)[number];

/** Numeric fields of measurement `site_energy` (tags site, meter, source); source "meter" carries the meter's total. */
export const ENERGY_FIELDS = ["powerW", "gco2ePerKwh", "pricePerKwh", "ambientC"] as const;

/** Which series points belong to: one rig, one board of a rig, or one source of a meter. */
export interface SeriesName {
  readonly site: string;
  /** The rig, or the meter and its source (energy-series.ts). */
  readonly name: string;
  /** The board, or NO_PART. */
  readonly part: number;
  /** Catalogue id or the machine's own name; "" where the measurement has no such tag. */
  readonly model: string;
}
export const NO_PART = -1;

/**
 * Points of one measurement, in columns that grow: ten thousand rigs give tens of thousands of points in a batch, and an object for
 * each would be most of the work. Place i of every column is point i, up to `count`; what lies behind it is room. Key: series and
 * ts; a second write of the same key replaces the first.
 */
export interface Rows {
  /** Fields of a point. */
  readonly width: number;
  /** Each once. */
  readonly series: SeriesName[];
  /** Where of a name's series the last one stands: by site, then by name. */
  readonly places: Map<string, Map<string, number>>;
  /** Of each series, where the one of the same name that came before it stands; -1 where there is none. */
  readonly before: number[];
  count: number;
  /** Of each point, its place in `series`. */
  of: Int32Array;
  /** Device time, ms UTC. */
  ts: Float64Array;
  /** `width` a point, in the order of the measurement's fields; NaN where nothing was told. */
  values: Float64Array;
}

export interface RowSet {
  readonly rig: Rows;
  readonly board: Rows;
  readonly site_energy: Rows;
}

/** What one write takes: everything folded up to and with journal position `upTo`. */
export interface SeriesBatch {
  readonly rows: RowSet;
  readonly upTo: number;
  /** The position that the store is known to have got to. */
  readonly after?: number;
}

/** A point which the store refused for good; the rest of its batch is kept. */
export interface RejectedPoint {
  readonly point: string;
  readonly reason: string;
}

/** Bucketed answer: columns of equal length. An empty bucket is null (a gap is drawn as a gap). */
export interface SeriesAnswer {
  /** Start of each bucket, ms UTC. */
  readonly ts: readonly number[];
  readonly bucketMs: number;
  readonly fields: Readonly<
    Record<
      string,
      { readonly min: readonly (number | null)[]; readonly mean: readonly (number | null)[]; readonly max: readonly (number | null)[] }
    >
  >;
}

export interface RigSeriesQuery {
  readonly site: string;
  readonly rig: string;
  /** ms UTC, inclusive. */
  readonly from: number;
  /** ms UTC, exclusive. */
  readonly to: number;
  readonly fields: readonly RigField[];
  /** At most this many buckets. */
  readonly points: number;
}
export interface BoardSeriesQuery extends Omit<RigSeriesQuery, "fields"> {
  readonly board: number;
  readonly fields: readonly BoardField[];
}
export interface SiteSeriesQuery {
  readonly site: string;
  readonly from: number;
  readonly to: number;
  readonly points: number;
}
/** Site totals over time: sum over rigs of each rig's mean in the bucket; the hottest; the number of rigs that spoke. */
export interface SiteSeriesAnswer {
  readonly ts: readonly number[];
  readonly bucketMs: number;
  readonly hashrateThs: readonly (number | null)[];
  readonly powerW: readonly (number | null)[];
  readonly boardMaxC: readonly (number | null)[];
  readonly boardMeanC: readonly (number | null)[];
  readonly rigs: readonly number[];
}
/** W of each source in each bucket and of the meter: the mean of each meter, summed. */
export interface EnergyAnswer {
  readonly ts: readonly number[];
  readonly bucketMs: number;
  readonly sourcesW: Readonly<Partial<Record<EnergySource, readonly (number | null)[]>>>;
  readonly meteredW: readonly (number | null)[];
  /** Of the grid's part, as the meter told it; the mix's follows by intensityOf (energy.ts). */
  readonly gco2ePerKwh: readonly (number | null)[];
  readonly pricePerKwh: readonly (number | null)[];
}
export interface LatestRow {
  readonly rig: string;
  readonly ts: number;
  readonly values: Readonly<Record<RigField, number | null>>;
}
export interface TopQuery {
  readonly site: string;
  readonly from: number;
  readonly to: number;
  readonly field: RigField;
  readonly order: "highest" | "lowest";
  readonly limit: number;
}
export interface TopRow {
  readonly rig: string;
  readonly mean: number;
}

/**
 * What rigs did, in slots of ten minutes (an hour where only hours are kept): one line for each rig and slot in which it spoke, in
 * columns. Sums are of whole steps, so that they are the same whatever the order of arrival.
 */
export interface Slots {
  readonly slotMs: number;
  readonly rig: readonly string[];
  /** Start of the slot, ms UTC, a multiple of slotMs. */
  readonly start: readonly number[];
  readonly readings: readonly number[];
  readonly hashrateN: readonly number[];
  readonly hashrateSumThs: readonly number[];
  readonly powerN: readonly number[];
  readonly powerSumW: readonly number[];
}
export interface SlotsQuery {
  readonly site: string;
  /** null: all of the site. */
  readonly rig: string | null;
  readonly from: number;
  readonly to: number;
}

/** Rows as they are kept, for an export. */
export interface RowsQuery {
  readonly site: string;
  /** null: all of the site. */
  readonly rigs: readonly string[] | null;
  readonly tier: Tier;
  /** ms UTC, inclusive; of coarser tiers a multiple of the window's width, as `to`. */
  readonly from: number;
  readonly to: number;
  readonly fields: readonly RigField[];
}
/** By time, then by rig; `values` lie one row behind the other, as many a row as exportColumns names; null where nothing was told. */
export interface ExportPage {
  readonly ts: readonly number[];
  readonly rig: readonly string[];
  readonly values: readonly (number | null)[];
}

export interface StoreHealth {
  readonly status: "ok" | "away" | "failing";
  /** "DuckDB" or "InfluxDB". */
  readonly kind: string;
  /** One sentence for the status page. */
  readonly detail: string;
}

/**
 * The port of the series stores (server/edge/duck, server/edge/influx; one contract suite for both).
 * Every call rejects with Refused: STORE_UNAVAILABLE (try again), RANGE_INVALID or REQUEST_INVALID (the query is wrong).
 * Values are kept to the decimals in measures.ts; means are given to two decimals more.
 */
export interface SeriesStore {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Keeps the batch; done means durable, and the rows are the caller's again. The same batch again changes nothing. Gives the points that can never be kept. STORE_UNAVAILABLE where the store has not got to `after`: its data are others than they were. */
  write(batch: SeriesBatch): Promise<readonly RejectedPoint[]>;
  /** The journal position up to which everything is kept; 0 for an empty store. At least, never more than, what is there. */
  cursor(): Promise<number>;
  /** Takes the position back: what is kept beyond it is of entries that the journal no longer has. */
  rewind(upTo: number): Promise<void>;
  /** The newest row of each rig, by name. */
  latest(site: string): Promise<readonly LatestRow[]>;
  rigSeries(query: RigSeriesQuery): Promise<SeriesAnswer>;
  boardSeries(query: BoardSeriesQuery): Promise<SeriesAnswer>;
  siteSeries(query: SiteSeriesQuery): Promise<SiteSeriesAnswer>;
  energySeries(query: SiteSeriesQuery): Promise<EnergyAnswer>;
  /** Rigs by the mean of a field over the range; rigs without a value are left out; equal means by name. */
  top(query: TopQuery): Promise<readonly TopRow[]>;
  /** Parts by time; a rig's slot is in one of them only. */
  slots(query: SlotsQuery): AsyncIterable<Slots>;
  /** How many rows `rows` would give, at least: cheap, so that the caller can choose how much to ask for. */
  count(query: RowsQuery): Promise<number>;
  /** All rows of the range at once: the caller asks for short ranges. RANGE_INVALID where raw or one-minute rows are gone. */
  rows(query: RowsQuery): Promise<ExportPage>;
  /** The same rows as one Parquet file, in pieces; FORMAT_UNSUPPORTED where the store cannot. `signal` ends the query. */
  parquet(query: RowsQuery, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /**
   * Brings one-minute and one-hour rows up to date for windows that ended before `nowTs` and were written to since; gives how
   * many windows were computed, 0 when nothing is due. Answers are the same before and after: it only makes them cheap.
   */
  rollup(nowTs: number): Promise<number>;
  /** Gives back memory that is kept in case of another question. As a roll-up does; for the time between two. */
  letGo(): Promise<void>;
  /** Drops raw rows before `rawBeforeTs` and one-minute rows before `minuteBeforeTs`, whole hours, after rolling them up. */
  retain(rawBeforeTs: number, minuteBeforeTs: number): Promise<void>;
  health(): Promise<StoreHealth>;
}

/** The width of a bucket so that `to - from` fits into `points` of them, rounded up to a width that people read easily. */
export const bucketMsFor = (from: number, to: number, points: number): number => {
  const least = Math.max(1, Math.ceil((to - from) / Math.max(1, points)));
  return NICE_MS.find((width) => width >= least) ?? Math.ceil(least / DAY_MS) * DAY_MS;
};
const NICE_MS = [
  1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 28_800, 43_200, 86_400,
].map((seconds) => seconds * 1_000);
