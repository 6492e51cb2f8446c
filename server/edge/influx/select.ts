/** InfluxQL text. Names come from closed lists, times are whole numbers, everything else is a bound parameter. */
import type { Field, MeasureName } from "../../twin/measures.ts";
import type { Span, Tier } from "../../twin/tiers.ts";
import { add, noFigures, type Figures } from "./figures.ts";
import { measurementOf } from "./lines.ts";
import type { Table } from "./ask.ts";

export const within = ({ from, to }: { from: number; to: number }): string =>
  `time >= ${Math.trunc(from)}ms AND time < ${Math.trunc(to)}ms`;

/** What follows the times after WHERE for the rows of one site, nothing for all of them; and its parameter. */
export const ofSite = (site: string | null): { readonly where: string; readonly bound: Readonly<Record<string, string>> } =>
  site === null ? { where: "", bound: {} } : { where: ' AND "site" = $site', bound: { site } };

/** SELECT of figures over a span; one row for each group. `group` is what follows GROUP BY. */
export const selectFigures = (measure: MeasureName, fields: readonly Field[], span: Span, where: string, group: string): string => {
  const raw = span.tier === "raw";
  const figures = fields.flatMap(({ name }) =>
    raw
      ? [`count("${name}")`, `min("${name}")`, `max("${name}")`, `sum("${name}")`]
      : [`sum("${name}_n")`, `min("${name}_min")`, `max("${name}_max")`, `sum("${name}_sum")`],
  );
  return `SELECT ${['sum("readings")', ...figures].join(", ")} FROM "${measurementOf(measure, span.tier)}" WHERE ${within(span)}${where} ${group}`;
};

/** SELECT of the rows themselves, in the same columns: InfluxDB reads many series of one minute faster than it sums them. */
export const selectRows = (
  measure: MeasureName,
  fields: readonly Field[],
  tier: Tier,
  range: { from: number; to: number },
  group: string,
  where = "",
): string => {
  const columns = fields.flatMap(({ name }) =>
    tier === "raw" ? [`"${name}"`] : [`"${name}_n"`, `"${name}_min"`, `"${name}_max"`, `"${name}_sum"`],
  );
  return `SELECT ${['"readings"', ...columns].join(", ")} FROM "${measurementOf(measure, tier)}" WHERE ${within(range)}${where} GROUP BY ${group}`;
};

const number = (cell: unknown): number | null => (typeof cell === "number" ? cell : null);

/** Adds the rows of a table to figures kept by bucket of `widthMs` (0: one bucket). `plain`: the columns are values, not figures. */
export const gather = (into: Map<number, Figures>, table: Table, fields: readonly Field[], widthMs: number, plain = false): void => {
  for (const [ts, readings, ...cells] of table.values) {
    if (number(readings) === null) continue;
    const bucket = widthMs === 0 ? 0 : Math.floor(Number(ts) / widthMs) * widthMs;
    let figures = into.get(bucket);
    if (figures === undefined) into.set(bucket, (figures = noFigures(fields)));
    figures.readings += Number(readings);
    fields.forEach((field, i) => {
      if (plain) {
        const value = number(cells[i]);
        add(figures.each[i], field, { n: value === null ? 0 : 1, min: value, max: value, sum: value });
      } else {
        const [n, min, max, sum] = cells.slice(4 * i, 4 * i + 4).map(number);
        add(figures.each[i], field, { n: n ?? null, min: min ?? null, max: max ?? null, sum: sum ?? null });
      }
    });
  }
};
