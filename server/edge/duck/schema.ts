/** Tables of the embedded series store. Values are whole steps of a field's decimals (measures.ts), so that sums are exact. */
import { MEASURE_NAMES, MEASURES, type Field, type Measure, type MeasureName } from "../../twin/measures.ts";
import type { Tier, Window } from "../../twin/tiers.ts";

/** Raised when a table changes shape. */
export const SCHEMA = 2;

/** `tableOf("rig", "1m")` is `rig_1m`; raw rows are in `rig`. Names come from closed lists only. */
export const tableOf = (measure: MeasureName, tier: Tier): string => (tier === "raw" ? measure : `${measure}_${tier}`);

const rawColumn = (field: Field): string => `"${field.name}" ${field.wide ? "BIGINT" : "INTEGER"}`;
const tierColumns = (field: Field): string =>
  `"${field.name}_n" INTEGER, "${field.name}_min" ${field.wide ? "BIGINT" : "INTEGER"}, "${field.name}_max" ${field.wide ? "BIGINT" : "INTEGER"}, "${field.name}_sum" BIGINT`;

const tablesOf = (measure: Measure): readonly string[] => [
  `CREATE TABLE IF NOT EXISTS ${tableOf(measure.name, "raw")} (id INTEGER, ts BIGINT, ${measure.fields.map(rawColumn).join(", ")})`,
  ...(["1m", "1h"] as const).map(
    (window) =>
      `CREATE TABLE IF NOT EXISTS ${tableOf(measure.name, window)} (id INTEGER, ts BIGINT, readings INTEGER, ${measure.fields.map(tierColumns).join(", ")})`,
  ),
];

export const CREATE: readonly string[] = [
  // Text is kept once per series; rows carry the id.
  "CREATE TABLE IF NOT EXISTS series (id INTEGER, measure VARCHAR, site VARCHAR, name VARCHAR, part INTEGER, model VARCHAR)",
  "CREATE TABLE IF NOT EXISTS meta (key VARCHAR, value BIGINT)",
  'CREATE TABLE IF NOT EXISTS dirty ("window" VARCHAR, ts BIGINT)',
  ...MEASURE_NAMES.flatMap((name) => tablesOf(MEASURES[name])),
  "CREATE TEMP TABLE IF NOT EXISTS late (id INTEGER, ts BIGINT)",
];

/** What makes the tables of a file of schema 1 those of this one: what a meter tells of power and price is wide since then. */
export const FROM_SCHEMA_1: readonly string[] = ["powerW", "pricePerKwh"].flatMap((field) => [
  `ALTER TABLE site_energy ALTER "${field}" TYPE BIGINT`,
  ...(["1m", "1h"] as const).flatMap((window) =>
    ["min", "max"].map((figure) => `ALTER TABLE ${tableOf("site_energy", window)} ALTER "${field}_${figure}" TYPE BIGINT`),
  ),
]);

const NUMBERS = (fields: readonly Field[], tier: Tier): string =>
  fields
    .map(({ name }) =>
      tier === "raw"
        ? `("${name}" IS NOT NULL)::INTEGER AS "${name}_n", "${name}" AS "${name}_min", "${name}" AS "${name}_max", "${name}"::BIGINT AS "${name}_sum"`
        : `"${name}_n", "${name}_min", "${name}_max", "${name}_sum"`,
    )
    .join(", ");

/** SELECT of one tier's rows in the columns of a tier table; the caller adds WHERE. */
export const selectTier = (measure: MeasureName, fields: readonly Field[], tier: Tier): string =>
  `SELECT id, ts, ${tier === "raw" ? "1 AS readings" : "readings"}${fields.length > 0 ? `, ${NUMBERS(fields, tier)}` : ""} FROM ${tableOf(measure, tier)}`;

/** Figures of a window out of the tier below. Of raw rows they are counted and summed as they stand, in half the time of doing it over selectTier's columns. */
const figuresOf = ({ name }: Field, tier: Tier): string =>
  tier === "raw"
    ? `count("${name}")::INTEGER, min("${name}"), max("${name}"), sum("${name}")::BIGINT`
    : `sum("${name}_n")::INTEGER, min("${name}_min"), max("${name}_max"), sum("${name}_sum")::BIGINT`;

/**
 * INSERT that computes the windows in [$from, $to) of the series [$first, $end) from the tier below. By series and not by time: a question about
 * one of them then reads a few neighbours, and not a row in every thousand, for each of which DuckDB unpacks two thousand.
 */
export const computeWindows = (measure: MeasureName, window: Window, widthMs: number): string => {
  const below: Tier = window === "1m" ? "raw" : "1m";
  const readings = below === "raw" ? "count(*)" : "sum(readings)";
  const figures = MEASURES[measure].fields.map((field) => figuresOf(field, below));
  return `INSERT INTO ${tableOf(measure, window)}
    SELECT id, ts // ${widthMs} * ${widthMs} AS start, ${readings}::INTEGER, ${figures.join(", ")}
    FROM ${tableOf(measure, below)} WHERE ts >= $from AND ts < $to AND id >= $first AND id < $end
    GROUP BY id, start ORDER BY id, start`;
};
