/** Which rows answer a question: SQL over the parts of a range, and over the series of a site. */
import type { Field, MeasureName } from "../../twin/measures.ts";
import type { Span } from "../../twin/tiers.ts";
import type { Binding } from "./engine.ts";
import type { Memory } from "./memory.ts";
import { selectTier } from "./schema.ts";

export interface Part {
  readonly sql: string;
  readonly binding: Binding;
}

/** Rows of all spans in the columns of a tier table, as a subquery; `tag` keeps the names of bound times apart. */
export const rowsIn = (measure: MeasureName, fields: readonly Field[], spans: readonly Span[], which: string, tag = ""): Part => ({
  sql: spans
    .map((span, i) => `${selectTier(measure, fields, span.tier)} WHERE ts >= $from${tag}${i} AND ts < $to${tag}${i} AND ${which}`)
    .join(" UNION ALL "),
  binding: Object.fromEntries(
    spans.flatMap((span, i) => [
      [`from${tag}${i}`, BigInt(span.from)],
      [`to${tag}${i}`, BigInt(span.to)],
    ]),
  ),
});

/** The series of a site; null where there are none. A file mostly keeps one site: then no row needs to be asked. */
export const siteOnly = (memory: Memory, measure: MeasureName, site: string): { which: string; binding: Binding } | null => {
  const sites = new Set<string>();
  for (const series of memory.series) if (series.measure === measure) sites.add(series.site);
  if (!sites.has(site)) return null;
  return sites.size === 1
    ? { which: "true", binding: {} }
    : { which: `id IN (SELECT id FROM series WHERE measure = '${measure}' AND site = $site)`, binding: { site } };
};
