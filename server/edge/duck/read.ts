/** The queries. Identifiers come from closed lists (measures.ts), everything else is bound. */
import { bucketsOf, checkRange, emptyColumn, type Buckets } from "../../twin/buckets.ts";
import { metersTogether } from "../../twin/energy-series.ts";
import { fieldsOf, meanOf, MEASURES, rounded, valueOf, type Field, type MeasureName } from "../../twin/measures.ts";
import { Refused } from "../../twin/refusal.ts";
import { HOUR_MS, leastBucketMs, spansOf, WINDOW_MS, type Span } from "../../twin/tiers.ts";
import {
  NO_PART,
  type BoardSeriesQuery,
  type EnergyAnswer,
  type LatestRow,
  type RigField,
  type RigSeriesQuery,
  type SeriesAnswer,
  type SiteSeriesAnswer,
  type SiteSeriesQuery,
  type TopQuery,
  type TopRow,
} from "../../twin/series.ts";
import type { Binding, Engine, Rows } from "./engine.ts";
import { newestStepsOf, newestTsOf, seriesOf, type Memory } from "./memory.ts";
import { rowsIn, siteOnly } from "./spans.ts";

const number = (value: unknown): number | null => (value === null || value === undefined ? null : Number(value));

const valueOr = (field: Field, steps: number | null | undefined): number | null =>
  typeof steps === "number" && !Number.isNaN(steps) ? valueOf(field, steps) : null;

/** Mean of each field and the hottest board by rig and bucket. Rows of windows as wide as the bucket are that already. */
const meansByRig = (
  fields: readonly Field[],
  spans: readonly Span[],
  bucketMs: number,
  bucket: string,
  which: string,
): { sql: string; binding: Binding } => {
  const isBucket = ({ tier }: Span): boolean => tier !== "raw" && WINDOW_MS[tier] === bucketMs;
  const ready = rowsIn("rig", fields, spans.filter(isBucket), which, "r");
  const rest = rowsIn(
    "rig",
    fields,
    spans.filter((span) => !isBucket(span)),
    which,
  );
  const means = (of: (column: string) => string): string =>
    fields.map(({ name }) => `${of(`"${name}_sum"`)} / ${of(`"${name}_n"`)} AS "${name}"`).join(", ");
  return {
    sql: [
      ...(ready.sql === ""
        ? []
        : [`SELECT ${bucket} AS bucket, ${means((column) => column)}, "boardC_max" AS hottest FROM (${ready.sql})`]),
      ...(rest.sql === ""
        ? []
        : [
            `SELECT bucket, ${means((column) => `sum(${column})`)}, max("boardC_max") AS hottest FROM (SELECT *, ${bucket} AS bucket FROM (${rest.sql})) GROUP BY id, bucket`,
          ]),
    ].join(" UNION ALL "),
    binding: { ...ready.binding, ...rest.binding },
  };
};

/** Min, sum, n, max of each field, as numbers. */
const FIGURES = (fields: readonly Field[]): string =>
  fields
    .map(({ name }) => `, min("${name}_min")::DOUBLE, sum("${name}_sum")::DOUBLE, sum("${name}_n")::DOUBLE, max("${name}_max")::DOUBLE`)
    .join("");

export const createReader = (engine: Engine, memory: Memory) => {
  const buckets = (query: SiteSeriesQuery): Buckets => bucketsOf(query.from, query.to, query.points, leastBucketMs(query.from, memory));
  const idOf = (measure: MeasureName, site: string, name: string, part = NO_PART): number | null =>
    seriesOf(memory, measure, site, name, part)?.id ?? null;
  const spans = (query: { from: number; to: number }, bucketMs: number): readonly Span[] => spansOf(query.from, query.to, bucketMs, memory);
  const bucketSql = (axis: Buckets): string => `((ts - ${axis.ts[0] ?? 0}) // ${axis.bucketMs})::INTEGER`;
  const ofSite = (measure: MeasureName, site: string) => siteOnly(memory, measure, site);

  const oneSeries = async (
    measure: MeasureName,
    id: number | null,
    fields: readonly Field[],
    query: SiteSeriesQuery,
  ): Promise<SeriesAnswer> => {
    const axis = buckets(query);
    const columns = fields.map((field) => ({ field, min: emptyColumn(axis), mean: emptyColumn(axis), max: emptyColumn(axis) }));
    if (id !== null) {
      const { sql, binding } = rowsIn(measure, fields, spans(query, axis.bucketMs), "id = $id");
      const rows = await engine.read(`SELECT ${bucketSql(axis)} AS bucket${FIGURES(fields)} FROM (${sql}) GROUP BY bucket`, {
        ...binding,
        id,
      });
      for (const row of rows)
        columns.forEach(({ field, min, mean, max }, i) => {
          const [least, sum, n, most] = row.slice(1 + 4 * i, 5 + 4 * i).map(number);
          const at = Number(row[0]);
          min[at] = valueOr(field, least);
          mean[at] = meanOf(field, sum ?? 0, n ?? 0);
          max[at] = valueOr(field, most);
        });
    }
    return { ...axis, fields: Object.fromEntries(columns.map(({ field, min, mean, max }) => [field.name, { min, mean, max }])) };
  };

  return {
    latest: (site: string): readonly LatestRow[] => {
      const rows: LatestRow[] = [];
      for (const { id, measure, site: of, name } of memory.series) {
        const ts = newestTsOf(memory, id);
        if (measure !== "rig" || of !== site || ts < 0) continue;
        const steps = newestStepsOf(memory, id);
        const values = MEASURES.rig.fields.map((field, i) => [field.name, valueOr(field, steps[i])]);
        rows.push({ rig: name, ts, values: Object.fromEntries(values) as Record<RigField, number | null> });
      }
      return rows.sort((a, b) => (a.rig < b.rig ? -1 : 1));
    },

    rigSeries: async (query: RigSeriesQuery): Promise<SeriesAnswer> =>
      oneSeries("rig", idOf("rig", query.site, query.rig), fieldsOf("rig", query.fields), query),

    boardSeries: async (query: BoardSeriesQuery): Promise<SeriesAnswer> =>
      oneSeries("board", idOf("board", query.site, query.rig, query.board), fieldsOf("board", query.fields), query),

    siteSeries: async (query: SiteSeriesQuery): Promise<SiteSeriesAnswer> => {
      const axis = buckets(query);
      const fields = fieldsOf("rig", ["hashrateThs", "powerW", "boardC"]);
      const [hashrateThs, powerW, boardMaxC, boardMeanC] = [emptyColumn(axis), emptyColumn(axis), emptyColumn(axis), emptyColumn(axis)];
      const rigs = axis.ts.map(() => 0);
      const site = ofSite("rig", query.site);
      if (site !== null) {
        const means = meansByRig(fields, spans(query, axis.bucketMs), axis.bucketMs, bucketSql(axis), site.which);
        // Means are summed as whole 2^-20 steps: the same sum to the last digit, whatever the order of the rows.
        const sums = fields.map(({ name }) => `sum(round("${name}" * 1048576)) / 1048576`).join(", ");
        const rows: Rows = await engine.read(
          `SELECT bucket, ${sums}, max(hottest)::DOUBLE, count("boardC")::DOUBLE, count(*)::INTEGER FROM (${means.sql}) GROUP BY bucket`,
          { ...means.binding, ...site.binding },
        );
        const [hash, power, board] = fields as [Field, Field, Field];
        const total = (field: Field, sum: number | null): number | null =>
          sum === null ? null : rounded(valueOf(field, sum), field.decimals + 2);
        for (const row of rows) {
          const [at, hashSum, powerSum, boardSum, hottest, boardN, count] = row.map(number);
          if (typeof at !== "number") continue;
          hashrateThs[at] = total(hash, hashSum ?? null);
          powerW[at] = total(power, powerSum ?? null);
          boardMaxC[at] = valueOr(board, hottest);
          boardMeanC[at] = meanOf(board, boardSum ?? 0, boardN ?? 0);
          rigs[at] = count ?? 0;
        }
      }
      return { ...axis, hashrateThs, powerW, boardMaxC, boardMeanC, rigs };
    },

    energySeries: async (query: SiteSeriesQuery): Promise<EnergyAnswer> => {
      const axis = buckets(query);
      const fields = fieldsOf("site_energy", ["powerW", "gco2ePerKwh", "pricePerKwh"]);
      const site = ofSite("site_energy", query.site);
      if (site === null) return metersTogether(axis, []);
      const { sql, binding } = rowsIn("site_energy", fields, spans(query, axis.bucketMs), site.which);
      const rows = await engine.read(`SELECT id, ${bucketSql(axis)} AS bucket${FIGURES(fields)} FROM (${sql}) GROUP BY id, bucket`, {
        ...binding,
        ...site.binding,
      });
      return metersTogether(
        axis,
        rows.map((row) => {
          const figure = (i: number) => ({ sum: Number(row[3 + 4 * i] ?? 0), n: Number(row[4 + 4 * i] ?? 0) });
          const name = memory.series[Number(row[0])]?.name ?? "";
          return { name, at: Number(row[1]), powerW: figure(0), gco2ePerKwh: figure(1), pricePerKwh: figure(2) };
        }),
      );
    },

    top: async (query: TopQuery): Promise<readonly TopRow[]> => {
      checkRange(query.from, query.to);
      if (!Number.isInteger(query.limit) || query.limit < 1 || query.limit > 100_000)
        throw new Refused("REQUEST_INVALID", `limit (${query.limit}) is 1 to 100 000.`);
      const fields = fieldsOf("rig", [query.field]);
      const site = ofSite("rig", query.site);
      const field = fields[0];
      if (site === null || field === undefined) return [];
      const { sql, binding } = rowsIn("rig", fields, spans(query, HOUR_MS), site.which);
      const rows = await engine.read(
        `SELECT name, total, n FROM (SELECT id, sum("${field.name}_sum")::DOUBLE AS total, sum("${field.name}_n")::DOUBLE AS n FROM (${sql}) GROUP BY id) JOIN series USING (id)
         WHERE n > 0 ORDER BY total / n ${query.order === "highest" ? "DESC" : "ASC"}, name LIMIT $limit`,
        { ...binding, ...site.binding, limit: query.limit },
      );
      return rows.map(([name, total, n]) => ({ rig: String(name), mean: meanOf(field, Number(total), Number(n)) ?? 0 }));
    },
  };
};
