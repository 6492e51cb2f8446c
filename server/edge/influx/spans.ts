/** Which rows answer a question: InfluxQL over the parts of a range. */
import type { Field, MeasureName } from "../../twin/measures.ts";
import { HOUR_MS, spansOf } from "../../twin/tiers.ts";
import type { Ask } from "./ask.ts";
import type { Figures } from "./figures.ts";
import type { Marks } from "./marks.ts";
import { gather, selectFigures } from "./select.ts";

/** Figures by bucket of each group, over the spans of a range; `groups` are tags, whose values joined by a slash are the group's key: "" for all in one. */
export const createFigures =
  (ask: Ask, marks: Marks) =>
  async (
    measure: MeasureName,
    fields: readonly Field[],
    query: { from: number; to: number },
    widthMs: number,
    where: string,
    bound: Readonly<Record<string, string>>,
    groups: readonly string[],
  ): Promise<Map<string, Map<number, Figures>>> => {
    const by = [...(widthMs === 0 ? [] : [`time(${widthMs}ms)`]), ...groups.map((tag) => `"${tag}"`)].join(", ");
    const statements = spansOf(query.from, query.to, widthMs === 0 ? HOUR_MS : widthMs, marks).map((span) =>
      selectFigures(measure, fields, span, ` AND ${where}`, by === "" ? "" : `GROUP BY ${by}${widthMs === 0 ? "" : " fill(none)"}`),
    );
    const found = new Map<string, Map<number, Figures>>();
    for (const tables of await ask(statements, bound))
      for (const table of tables) {
        const key = groups.map((tag) => table.tags[tag] ?? "").join("/");
        let own = found.get(key);
        if (own === undefined) found.set(key, (own = new Map()));
        gather(own, table, fields, widthMs);
      }
    return found;
  };
