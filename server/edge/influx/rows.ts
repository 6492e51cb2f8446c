/** Many rows at a time: what rigs did slot by slot, and rows as they are kept for an export. */
import { checkRange } from "../../twin/buckets.ts";
import { slotMsOf } from "../../twin/activity.ts";
import { fieldsOf, meanOf, valueOf, type Field } from "../../twin/measures.ts";
import { Refused } from "../../twin/refusal.ts";
import type { ExportPage, RowsQuery, Slots, SlotsQuery } from "../../twin/series.ts";
import { checkKept, spansOf, WINDOW_MS } from "../../twin/tiers.ts";
import type { Ask } from "./ask.ts";
import type { Figures } from "./figures.ts";
import { measurementOf } from "./lines.ts";
import type { Marks } from "./marks.ts";
import { createFigures } from "./spans.ts";
import { within } from "./select.ts";

/** Of slots read at once. */
const SLICE_MS = 6 * 3_600_000;

interface Row {
  readonly ts: number;
  readonly rig: string;
  readonly values: readonly (number | null)[];
}

/** The rigs of a site as a condition with bound names. */
const rigsOf = (site: string, rigs: readonly string[] | null) => ({
  where: `"site" = $site${rigs === null ? "" : ` AND (${rigs.map((_, i) => `"rig" = $r${i}`).join(" OR ")})`}`,
  bound: { site, ...Object.fromEntries((rigs ?? []).map((rig, i) => [`r${i}`, rig])) },
});

const pageOf = (rows: Row[]): ExportPage => {
  const sorted = rows.sort((a, b) => a.ts - b.ts || (a.rig < b.rig ? -1 : 1));
  return { ts: sorted.map(({ ts }) => ts), rig: sorted.map(({ rig }) => rig), values: sorted.flatMap(({ values }) => values) };
};

export const createRowReader = (ask: Ask, marks: Marks) => {
  const figures = createFigures(ask, marks);

  const rawRows = async (query: RowsQuery, fields: readonly Field[]): Promise<Row[]> => {
    const { where, bound } = rigsOf(query.site, query.rigs);
    const columns = ['"readings"', ...fields.map(({ name }) => `"${name}"`)].join(", ");
    const [tables = []] = await ask([`SELECT ${columns} FROM "rig" WHERE ${within(query)} AND ${where} GROUP BY "rig"`], bound);
    return tables.flatMap(({ tags, values }) =>
      values.map(([ts, , ...cells]) => ({
        ts: Number(ts),
        rig: tags["rig"] ?? "",
        values: fields.map((_, i) => (typeof cells[i] === "number" ? cells[i] : null)),
      })),
    );
  };

  const windowRow = (ts: number, rig: string, fields: readonly Field[], { readings, each }: Figures): Row => ({
    ts,
    rig,
    values: [
      readings,
      ...fields.flatMap((field, i) => {
        const { n, min, max, sum } = each[i] ?? { n: 0, min: 0, max: 0, sum: 0 };
        return n === 0 ? [0, null, null, null] : [n, valueOf(field, min), meanOf(field, sum, n), valueOf(field, max)];
      }),
    ],
  });

  return {
    async *slots(query: SlotsQuery): AsyncIterable<Slots> {
      checkRange(query.from, query.to);
      const slotMs = slotMsOf(query.from, marks);
      const { where, bound } = rigsOf(query.site, query.rig === null ? null : [query.rig]);
      const fields = fieldsOf("rig", ["hashrateThs", "powerW"]);
      const [hash, watts] = fields as [Field, Field];
      for (let from = query.from; from < query.to;) {
        const to = Math.min(query.to, (Math.floor(from / SLICE_MS) + 1) * SLICE_MS);
        const found = await figures("rig", fields, { from, to }, slotMs, where, bound, ["rig"]);
        const lines = [...found]
          .flatMap(([rig, buckets]) => [...buckets].map(([start, own]) => ({ rig, start, own })))
          .sort((a, b) => a.start - b.start);
        const of = (i: number, value: (figure: { n: number; sum: number }) => number): number[] =>
          lines.map(({ own }) => value(own.each[i] ?? { n: 0, sum: 0 }));
        yield {
          slotMs,
          rig: lines.map(({ rig }) => rig),
          start: lines.map(({ start }) => start),
          readings: lines.map(({ own }) => own.readings),
          hashrateN: of(0, ({ n }) => n),
          hashrateSumThs: of(0, ({ sum }) => valueOf(hash, sum)),
          powerN: of(1, ({ n }) => n),
          powerSumW: of(1, ({ sum }) => valueOf(watts, sum)),
        };
        from = to;
      }
    },

    count: async (query: RowsQuery): Promise<number> => {
      checkRange(query.from, query.to);
      checkKept(query, marks);
      const { where, bound } = rigsOf(query.site, query.rigs);
      const spans = spansOf(query.from, query.to, query.tier === "raw" ? 1 : WINDOW_MS[query.tier], marks);
      const answers = await ask(
        spans.map((span) => `SELECT count("readings") FROM "${measurementOf("rig", span.tier)}" WHERE ${within(span)} AND ${where}`),
        bound,
      );
      return answers.reduce((sum, [table]) => sum + Number(table?.values[0]?.[1] ?? 0), 0);
    },

    rows: async (query: RowsQuery): Promise<ExportPage> => {
      checkRange(query.from, query.to);
      checkKept(query, marks);
      const fields = fieldsOf("rig", query.fields);
      if (query.tier === "raw") return pageOf(await rawRows(query, fields));
      const { where, bound } = rigsOf(query.site, query.rigs);
      const found = await figures("rig", fields, query, WINDOW_MS[query.tier], where, bound, ["rig"]);
      return pageOf([...found].flatMap(([rig, buckets]) => [...buckets].map(([start, own]) => windowRow(start, rig, fields, own))));
    },

    parquet: (): AsyncIterable<Uint8Array> => {
      throw new Refused("FORMAT_UNSUPPORTED", "InfluxDB gives no Parquet; ask for csv or ndjson, or use the embedded store.");
    },
  };
};
