/** Keeps `rig_1m`, `rig_1h` (board_…, site_energy_…) and `site` up to date. Read and written back here: no version has to be able to. */
import { energyName } from "../../twin/energy-series.ts";
import { MEASURE_NAMES, MEASURES, type Field, type MeasureName } from "../../twin/measures.ts";
import { NO_PART, type SeriesName } from "../../twin/series.ts";
import { dueWindows, HOUR_MS, MINUTE_MS, WINDOW_MS, windowsOf, type Window } from "../../twin/tiers.ts";
import type { Ask } from "./ask.ts";
import type { Figures } from "./figures.ts";
import { dirtyLine, measurementOf, tierLine, type Line } from "./lines.ts";
import type { Marks } from "./marks.ts";
import { replacedIn, type Models, type Stale } from "./models.ts";
import { ownRefusal, type Post } from "./post.ts";
import { noteRefused, noteTaken } from "./refusals.ts";
import { gather, ofSite, selectRows } from "./select.ts";
import { DAY_MS, DAY_WIDTHS, HOUR_WIDTHS, siteLines } from "./site.ts";

interface Range {
  readonly from: number;
  readonly to: number;
}
export interface Keeper {
  readonly ask: Ask;
  readonly post: Post;
  /** Writes marks of this keeper. */
  readonly mark: (said: Readonly<Record<string, number>>) => Promise<void>;
  readonly marks: Marks;
  readonly models: Models;
  /** Deletes them, where the database can. */
  readonly takeOut: (stale: readonly Stale[]) => Promise<void>;
  readonly keeper: string;
  readonly site: string | null;
  /** Runs a step between writes. */
  readonly alone: <T>(step: () => Promise<T>) => Promise<T>;
}

/** Windows in one call, so that writes get their turn. */
const MOST: Readonly<Record<Window, number>> = { "1m": 20, "1h": 2 };
/** Fields read at once: bounds the answer to some megabytes for thousands of rigs. */
const FIELDS_AT_ONCE = 5;
const GROUPS: Readonly<Record<MeasureName, string>> = {
  rig: '"site", "rig", "model"',
  board: '"site", "rig", "model", "board"',
  site_energy: '"site", "meter", "source"',
};

const parts = (fields: readonly Field[]): readonly (readonly Field[])[] =>
  Array.from({ length: Math.ceil(fields.length / FIELDS_AT_ONCE) }, (_, i) => fields.slice(i * FIELDS_AT_ONCE, (i + 1) * FIELDS_AT_ONCE));

const tierLines = async (
  { ask, site }: Pick<Keeper, "ask" | "site">,
  window: Window,
  measure: MeasureName,
  fields: readonly Field[],
  range: Range,
): Promise<{ readonly lines: readonly Line[]; readonly names: readonly SeriesName[] }> => {
  const finer = window === "1m" ? "raw" : "1m";
  const { where, bound } = ofSite(site);
  const [tables = []] = await ask([selectRows(measure, fields, finer, range, GROUPS[measure], where)], bound);
  const names: SeriesName[] = [];
  const lines = tables.flatMap((table) => {
    const { site: of = "", rig, meter = "", source = "", model = "unknown", board } = table.tags;
    const rows = new Map<number, Figures>();
    gather(rows, table, fields, WINDOW_MS[window], finer === "raw");
    const key = { site: of, name: rig ?? energyName(meter, source), part: board === undefined ? NO_PART : Number(board), model };
    if (rows.size > 0) names.push(key);
    return [...rows].map(([start, row]) => tierLine(measure, window, key, start, fields, row));
  });
  return { lines, names };
};

const compute = async (kept: Keeper, window: Window, start: number): Promise<void> => {
  const { ask, post, keeper, marks, site } = kept;
  const range = { from: start, to: start + WINDOW_MS[window] };
  for (const measure of MEASURE_NAMES)
    for (const [i, fields] of parts(MEASURES[measure].fields).entries()) {
      const { lines, names } = await tierLines(kept, window, measure, fields, range);
      // Before they are written, so that a window which is not clean is the worst that a kill leaves.
      if (i === 0) await kept.takeOut(await replacedIn(kept, measure, window, start, names, !marks.found[window].has(start)));
      await post(lines);
    }
  if (window === "1m") await post(await siteLines(ask, site, "raw", range, [MINUTE_MS]));
  else {
    await post(await siteLines(ask, site, "1m", range, HOUR_WIDTHS));
    for (let day = Math.floor(range.from / DAY_MS) * DAY_MS; day < range.to; day += DAY_MS)
      await post(await siteLines(ask, site, "1h", { from: day, to: day + DAY_MS }, DAY_WIDTHS));
  }
  // Last: after a kill before this the windows are computed again.
  await post([dirtyLine(keeper, window, start, false)]);
  marks.dirty[window].delete(start);
  marks.found[window].delete(start);
};

/** As `compute`; a window whose rows InfluxDB refuses stays dirty. */
const attempt = async (kept: Keeper, window: Window, start: number): Promise<void> => {
  const { refused } = kept.marks;
  try {
    await compute(kept, window, start);
    noteTaken(refused, window, start);
  } catch (cause) {
    const reason = ownRefusal(cause);
    if (reason === null) throw cause;
    noteRefused(refused, window, start, reason);
  }
};

/** Minutes first; an hour is computed from its minutes once all of them are clean. Gives how many were tried. */
export const rollup = async (kept: Keeper, endedByTs: number): Promise<number> => {
  let windows = 0;
  for (const window of ["1m", "1h"] as const) {
    const held = kept.marks.refused.of[window];
    const unready = window === "1h" ? windowsOf(kept.marks.dirty["1m"], "1h") : new Set<number>();
    const ready = new Set([...kept.marks.dirty[window]].filter((start) => !unready.has(start) && held.get(start) !== true));
    for (const { from, to } of dueWindows(ready, window, endedByTs, MOST[window]))
      for (let start = from; start < to; start += WINDOW_MS[window])
        windows += await kept.alone(async () => {
          const clean = window === "1m" || !windowsOf(kept.marks.dirty["1m"], "1h").has(start);
          if (!clean || !kept.marks.dirty[window].has(start)) return 0;
          await attempt(kept, window, start);
          return 1;
        });
  }
  return windows;
};

const hourOf = (ts: number): number => Math.floor(ts / HOUR_MS) * HOUR_MS;

/** Drops whole hours, none that is still to be rolled up. Gives why nothing could be dropped, where the database cannot delete. */
export const retain = async (
  { ask, mark, marks, keeper, site }: Keeper,
  rawBeforeTs: number,
  minuteBeforeTs: number,
): Promise<string | null> => {
  const oldestDirty = (["1m", "1h"] as const).reduce(
    (oldest, window) => [...marks.dirty[window]].reduce((a, b) => Math.min(a, b), oldest),
    Infinity,
  );
  const rawFromTs = Math.max(marks.rawFromTs, hourOf(Math.min(rawBeforeTs, oldestDirty)));
  const minuteFromTs = Math.max(marks.minuteFromTs, Math.min(hourOf(minuteBeforeTs), rawFromTs));
  // Said first: what is deleted from here on can no longer be computed again.
  await mark({ upTo: marks.upTo, rawFromTs, minuteFromTs });
  marks.rawFromTs = rawFromTs;
  marks.minuteFromTs = minuteFromTs;
  const { where, bound } = ofSite(site);
  try {
    for (const measure of MEASURE_NAMES)
      await ask(
        [
          `DELETE FROM "${measurementOf(measure, "raw")}" WHERE time < ${rawFromTs}ms${where}`,
          `DELETE FROM "${measurementOf(measure, "1m")}" WHERE time < ${minuteFromTs}ms${where}`,
        ],
        bound,
      );
    await ask([`DELETE FROM "rigtwin_dirty" WHERE time < ${rawFromTs}ms AND "keeper" = $keeper`], { keeper });
    return null;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
};
