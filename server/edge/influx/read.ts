/** The other queries: one rig, one board, the energy mix, the newest rows, the ranking. */
import { bucketsOf, checkRange, emptyColumn, type Buckets } from "../../twin/buckets.ts";
import { fieldsOf, meanOf, MEASURES, valueOf, type Field, type MeasureName } from "../../twin/measures.ts";
import { ENERGY_SOURCES, type EnergySource } from "../../twin/reading.ts";
import { Refused } from "../../twin/refusal.ts";
import { leastBucketMs } from "../../twin/tiers.ts";
import type {
  BoardSeriesQuery,
  EnergyAnswer,
  LatestRow,
  RigField,
  RigSeriesQuery,
  SeriesAnswer,
  SiteSeriesQuery,
  TopQuery,
  TopRow,
} from "../../twin/series.ts";
import type { Ask } from "./ask.ts";
import type { Marks } from "./marks.ts";
import { createFigures } from "./spans.ts";

export const createReader = (ask: Ask, marks: Marks) => {
  const buckets = (query: SiteSeriesQuery): Buckets => bucketsOf(query.from, query.to, query.points, leastBucketMs(query.from, marks));

  const figures = createFigures(ask, marks);

  const oneSeries = async (
    measure: MeasureName,
    names: readonly string[],
    query: SiteSeriesQuery,
    where: string,
    bound: Readonly<Record<string, string>>,
  ): Promise<SeriesAnswer> => {
    const fields = fieldsOf(measure, names);
    const axis = buckets(query);
    const own = (await figures(measure, fields, query, axis.bucketMs, where, bound, "")).get("");
    const columns = fields.map((field, i) => {
      const all = axis.ts.map((start) => own?.get(start)?.each[i]);
      const pick = (value: (figure: { n: number; min: number; max: number; sum: number }) => number | null) =>
        all.map((figure) => (figure === undefined || figure.n === 0 ? null : value(figure)));
      return [
        field.name,
        {
          min: pick(({ min }) => valueOf(field, min)),
          mean: pick(({ sum, n }) => meanOf(field, sum, n)),
          max: pick(({ max }) => valueOf(field, max)),
        },
      ] as const;
    });
    return { ...axis, fields: Object.fromEntries(columns) };
  };

  return {
    latest: async (site: string): Promise<readonly LatestRow[]> => {
      const fields = MEASURES.rig.fields;
      const [tables = []] = await ask(
        [
          `SELECT ${['"readings"', ...fields.map(({ name }) => `"${name}"`)].join(", ")} FROM "rig" WHERE "site" = $site GROUP BY "rig" ORDER BY time DESC LIMIT 1`,
        ],
        { site },
      );
      const rows = tables.flatMap(({ tags, values }): LatestRow[] => {
        const [ts, , ...cells] = values[0] ?? [];
        const said = fields.map(({ name }, i) => [name, typeof cells[i] === "number" ? cells[i] : null]);
        return typeof ts === "number"
          ? [{ rig: tags["rig"] ?? "", ts, values: Object.fromEntries(said) as Record<RigField, number | null> }]
          : [];
      });
      return rows.sort((a, b) => (a.rig < b.rig ? -1 : 1));
    },

    rigSeries: (query: RigSeriesQuery): Promise<SeriesAnswer> =>
      oneSeries("rig", query.fields, query, '"site" = $site AND "rig" = $rig', { site: query.site, rig: query.rig }),

    boardSeries: (query: BoardSeriesQuery): Promise<SeriesAnswer> =>
      oneSeries("board", query.fields, query, '"site" = $site AND "rig" = $rig AND "board" = $board', {
        site: query.site,
        rig: query.rig,
        board: String(query.board),
      }),

    energySeries: async (query: SiteSeriesQuery): Promise<EnergyAnswer> => {
      const axis = buckets(query);
      const fields = fieldsOf("site_energy", ["powerW", "gco2ePerKwh", "pricePerKwh"]);
      const bySource = await figures("site_energy", fields, query, axis.bucketMs, '"site" = $site', { site: query.site }, "source");
      const watts = (source: string): (number | null)[] | null => {
        const own = bySource.get(source);
        const field = fields[0];
        if (own === undefined || field === undefined) return null;
        return axis.ts.map((start) => meanOf(field, own.get(start)?.each[0]?.sum ?? 0, own.get(start)?.each[0]?.n ?? 0));
      };
      /** Whichever source says it. */
      const overall = (i: number): (number | null)[] =>
        axis.ts.map((start) => {
          const all = [...bySource.values()].map((own) => own.get(start)?.each[i]);
          const field = fields[i];
          return field === undefined
            ? null
            : meanOf(
                field,
                all.reduce((a, one) => a + (one?.sum ?? 0), 0),
                all.reduce((a, one) => a + (one?.n ?? 0), 0),
              );
        });
      const sourcesW: Partial<Record<EnergySource, readonly (number | null)[]>> = {};
      for (const source of ENERGY_SOURCES) {
        const column = watts(source);
        if (column !== null) sourcesW[source] = column;
      }
      return { ...axis, sourcesW, meteredW: watts("meter") ?? emptyColumn(axis), gco2ePerKwh: overall(1), pricePerKwh: overall(2) };
    },

    top: async (query: TopQuery): Promise<readonly TopRow[]> => {
      checkRange(query.from, query.to);
      if (!Number.isInteger(query.limit) || query.limit < 1 || query.limit > 100_000)
        throw new Refused("REQUEST_INVALID", `limit (${query.limit}) is 1 to 100 000.`);
      const fields = fieldsOf("rig", [query.field]);
      const field = fields[0] as Field;
      const rows = [...(await figures("rig", fields, query, 0, '"site" = $site', { site: query.site }, "rig"))].flatMap(([rig, own]) => {
        const figure = own.get(0)?.each[0];
        return figure === undefined || figure.n === 0
          ? []
          : [{ rig, exact: figure.sum / figure.n, mean: meanOf(field, figure.sum, figure.n) ?? 0 }];
      });
      const sign = query.order === "highest" ? -1 : 1;
      return rows
        .sort((a, b) => sign * (a.exact - b.exact) || (a.rig < b.rig ? -1 : 1))
        .slice(0, query.limit)
        .map(({ rig, mean }) => ({ rig, mean }));
    },
  };
};
