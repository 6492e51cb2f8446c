/** The other queries: one rig, one board, the energy mix, the newest rows, the ranking. */
import { bucketsOf, checkRange, type Buckets } from "../../twin/buckets.ts";
import { metersTogether } from "../../twin/energy-series.ts";
import { fieldsOf, meanOf, MEASURES, valueOf, type Field, type MeasureName } from "../../twin/measures.ts";
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
    const own = (await figures(measure, fields, query, axis.bucketMs, where, bound, [])).get("");
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
      const found = await figures("site_energy", fields, query, axis.bucketMs, '"site" = $site', { site: query.site }, ["meter", "source"]);
      const none = { sum: 0, n: 0 };
      return metersTogether(
        axis,
        [...found].flatMap(([name, own]) =>
          axis.ts.flatMap((start, at) => {
            const [powerW = none, gco2ePerKwh = none, pricePerKwh = none] = own.get(start)?.each ?? [];
            return own.has(start) ? [{ name, at, powerW, gco2ePerKwh, pricePerKwh }] : [];
          }),
        ),
      );
    },

    top: async (query: TopQuery): Promise<readonly TopRow[]> => {
      checkRange(query.from, query.to);
      if (!Number.isInteger(query.limit) || query.limit < 1 || query.limit > 100_000)
        throw new Refused("REQUEST_INVALID", `limit (${query.limit}) is 1 to 100 000.`);
      const fields = fieldsOf("rig", [query.field]);
      const field = fields[0] as Field;
      const rows = [...(await figures("rig", fields, query, 0, '"site" = $site', { site: query.site }, ["rig"]))].flatMap(([rig, own]) => {
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
