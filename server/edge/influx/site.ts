/**
 * A site over time. Summing thousands of rigs' means is slow in InfluxQL, so that the sums of closed windows are kept as rows of
 * measurement `site` (tags site, width) for every width that a chart asks for; only buckets that are still open are summed anew.
 */
import { bucketsOf, emptyColumn } from "../../twin/buckets.ts";
import { fieldOf, type Field } from "../../twin/measures.ts";
import { HOUR_MS, leastBucketMs, MINUTE_MS, spansOf, type Tier } from "../../twin/tiers.ts";
import type { SiteSeriesAnswer, SiteSeriesQuery } from "../../twin/series.ts";
import type { Ask, Table } from "./ask.ts";
import { siteOf, type Figures, type SiteFigures } from "./figures.ts";
import { siteLine, type Line } from "./lines.ts";
import type { Marks } from "./marks.ts";
import { gather, ofSite, selectRows, within } from "./select.ts";

export const SITE_FIELDS: readonly Field[] = ["hashrateThs", "powerW", "boardC"]
  .map((name) => fieldOf("rig", name))
  .filter((field) => field !== null);
const COLUMNS = ["hashrateThs", "powerW", "boardMaxC", "boardMeanC", "rigs"] as const;

export const DAY_MS = 24 * HOUR_MS;
const SLICE_MS: Readonly<Record<Tier, number>> = { raw: HOUR_MS / 4, "1m": 2 * HOUR_MS, "1h": 96 * HOUR_MS };
const minutes = (...of: number[]): number[] => of.map((n) => n * MINUTE_MS);
/** Widths below an hour, and from two hours to a day (bucketMsFor in series.ts gives these). */
export const HOUR_WIDTHS: readonly number[] = minutes(2, 5, 10, 15, 20, 30, 60);
export const DAY_WIDTHS: readonly number[] = minutes(120, 180, 240, 360, 480, 720, 1_440);

/** Figures of each rig of each site by bucket, from tables grouped by site and rig. */
const byRig = (tables: readonly Table[], widthMs: number, plain: boolean, into = new Map<string, Map<string, Map<number, Figures>>>()) => {
  for (const table of tables) {
    const { site = "", rig = "" } = table.tags;
    let rigs = into.get(site);
    if (rigs === undefined) into.set(site, (rigs = new Map()));
    let buckets = rigs.get(rig);
    if (buckets === undefined) rigs.set(rig, (buckets = new Map()));
    gather(buckets, table, SITE_FIELDS, widthMs, plain);
  }
  return into;
};

const sums = (rigs: ReadonlyMap<string, ReadonlyMap<number, Figures>>): Map<number, SiteFigures> => {
  const byBucket = new Map<number, Figures[]>();
  for (const buckets of rigs.values())
    for (const [bucket, figures] of buckets) {
      const list = byBucket.get(bucket);
      if (list === undefined) byBucket.set(bucket, [figures]);
      else list.push(figures);
    }
  return new Map([...byBucket].map(([bucket, list]) => [bucket, siteOf(SITE_FIELDS, list)]));
};

/** Lines of measurement `site`, of one or of all that are there, for the buckets of these widths in a range of closed windows, from the rows of a tier. */
export const siteLines = async (
  ask: Ask,
  of: string | null,
  tier: "raw" | "1m" | "1h",
  range: { from: number; to: number },
  widths: readonly number[],
): Promise<Line[]> => {
  const { where, bound } = ofSite(of);
  const [tables = []] = await ask([selectRows("rig", SITE_FIELDS, tier, range, '"site", "rig"', where)], bound);
  const lines: Line[] = [];
  for (const width of widths)
    for (const [site, rigs] of byRig(tables, width, tier === "raw"))
      for (const [start, figures] of sums(rigs)) lines.push(siteLine(site, width, start, { ...figures }));
  return lines;
};

export const createSiteSeries = (ask: Ask, marks: Marks) => {
  const isKept = (start: number, width: number): boolean => {
    if (width === MINUTE_MS) return !marks.dirty["1m"].has(start);
    for (let hour = Math.floor(start / HOUR_MS) * HOUR_MS; hour < start + width; hour += HOUR_MS)
      if (marks.dirty["1h"].has(hour)) return false;
    return true;
  };

  /** Summed anew, rig by rig, in slices: thousands of rigs' raw rows of some hours would be too much at once. */
  const summed = async (
    site: string,
    ranges: readonly { from: number; to: number }[],
    bucketMs: number,
  ): Promise<Map<number, SiteFigures>> => {
    const rigs = new Map<string, Map<string, Map<number, Figures>>>();
    for (const { from, to } of ranges)
      for (const span of spansOf(from, to, bucketMs, marks))
        for (let at = span.from; at < span.to; at += SLICE_MS[span.tier]) {
          const slice = { from: at, to: Math.min(span.to, at + SLICE_MS[span.tier]) };
          const [tables = []] = await ask([selectRows("rig", SITE_FIELDS, span.tier, slice, '"site", "rig"', ' AND "site" = $site')], {
            site,
          });
          byRig(tables, bucketMs, span.tier === "raw", rigs);
        }
    return sums(rigs.get(site) ?? new Map());
  };

  /** Buckets longer than a day: means of the days' sums, the most rigs of a day. */
  const ofDays = (days: ReadonlyMap<number, SiteFigures>, bucketMs: number): Map<number, SiteFigures> => {
    const groups = new Map<number, SiteFigures[]>();
    for (const [start, figures] of days) {
      const bucket = Math.floor(start / bucketMs) * bucketMs;
      groups.set(bucket, [...(groups.get(bucket) ?? []), figures]);
    }
    const mean = (values: readonly (number | null)[]): number | null => {
      const said = values.filter((value) => value !== null);
      return said.length === 0 ? null : said.reduce((a, b) => a + b, 0) / said.length;
    };
    const most = (values: readonly (number | null)[]): number | null =>
      values.reduce((a, b) => (b !== null && (a === null || b > a) ? b : a), null);
    return new Map(
      [...groups].map(([start, list]) => {
        const of = (name: keyof SiteFigures) => list.map((figures) => figures[name]);
        return [
          start,
          {
            hashrateThs: mean(of("hashrateThs")),
            powerW: mean(of("powerW")),
            boardMaxC: most(of("boardMaxC")),
            boardMeanC: mean(of("boardMeanC")),
            rigs: most(of("rigs")) ?? 0,
          },
        ];
      }),
    );
  };

  const figures = async (query: SiteSeriesQuery, starts: readonly number[], bucketMs: number): Promise<Map<number, SiteFigures>> => {
    const whole = (start: number): boolean =>
      start >= query.from && start + bucketMs <= query.to && bucketMs >= MINUTE_MS && isKept(start, bucketMs);
    const kept = new Set(starts.filter(whole));
    const open: { from: number; to: number }[] = [];
    for (const start of starts) {
      if (kept.has(start)) continue;
      const range = { from: Math.max(start, query.from), to: Math.min(start + bucketMs, query.to) };
      const last = open.at(-1);
      if (last !== undefined && last.to === range.from) last.to = range.to;
      else open.push(range);
    }
    const found = open.length === 0 ? new Map<number, SiteFigures>() : await summed(query.site, open, bucketMs);
    if (kept.size === 0) return found;
    const [tables = []] = await ask(
      [
        `SELECT ${COLUMNS.map((name) => `"${name}"`).join(", ")} FROM "site" WHERE ${within({ from: starts[0] ?? 0, to: (starts.at(-1) ?? 0) + bucketMs })} AND "site" = $site AND "width" = '${bucketMs}'`,
      ],
      { site: query.site },
    );
    for (const [ts, hashrateThs = null, powerW = null, boardMaxC = null, boardMeanC = null, rigs = 0] of tables[0]?.values ?? [])
      if (kept.has(Number(ts))) found.set(Number(ts), { hashrateThs, powerW, boardMaxC, boardMeanC, rigs: Number(rigs) } as SiteFigures);
    return found;
  };

  return async (query: SiteSeriesQuery): Promise<SiteSeriesAnswer> => {
    const axis = bucketsOf(query.from, query.to, query.points, leastBucketMs(query.from, marks));
    const fineMs = Math.min(axis.bucketMs, DAY_MS);
    const starts =
      fineMs === axis.bucketMs ? axis.ts : bucketsOf(query.from, query.to, Math.ceil((query.to - query.from) / DAY_MS) + 1, DAY_MS).ts;
    const fine = await figures(query, starts, fineMs);
    const found = fineMs === axis.bucketMs ? fine : ofDays(fine, axis.bucketMs);
    const column = (name: (typeof COLUMNS)[number]): (number | null)[] => {
      const out = emptyColumn(axis);
      axis.ts.forEach((start, i) => (out[i] = found.get(start)?.[name] ?? null));
      return out;
    };
    return {
      ...axis,
      hashrateThs: column("hashrateThs"),
      powerW: column("powerW"),
      boardMaxC: column("boardMaxC"),
      boardMeanC: column("boardMeanC"),
      rigs: column("rigs").map((n) => n ?? 0),
    };
  };
};
