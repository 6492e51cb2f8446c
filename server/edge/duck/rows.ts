/** Many rows at a time: what rigs did slot by slot, and rows as they are kept for an export. */
import { randomUUID } from "node:crypto";
import { createReadStream, readdirSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { checkRange } from "../../twin/buckets.ts";
import { slotMsOf } from "../../twin/activity.ts";
import { exportColumns } from "../../twin/export.ts";
import { fieldsOf, meanOf, valueOf, type Field } from "../../twin/measures.ts";
import { NO_PART, type ExportPage, type RowsQuery, type Slots, type SlotsQuery } from "../../twin/series.ts";
import { checkKept, spansOf, WINDOW_MS } from "../../twin/tiers.ts";
import { createQueue, unavailable, type Binding, type Engine } from "./engine.ts";
import { seriesOf, type Memory } from "./memory.ts";
import { rowsIn, siteOnly, type Part } from "./spans.ts";

/** Of slots read at once. */
const SLICE_MS = 86_400_000;

const EXPORT = ".export-";
/** Of an export, rows times columns that are grouped and sorted at once, and that its writer holds: each takes some ten bytes, several times over. */
const MOST_VALUES = 2_000_000;
/** DuckDB's own size of a Parquet file's row groups. */
const MOST_GROUP_ROWS = 122_880;

/** Removes what exports left behind that ended with their process; at once, so that none can begin meanwhile. */
export const removeExports = (file: string): void => {
  const folder = dirname(file);
  for (const name of readdirSync(folder).filter((one) => one.startsWith(`${basename(file)}${EXPORT}`)))
    try {
      rmSync(join(folder, name));
    } catch {
      // It only takes room: no reason not to open the store.
    }
};

const column = (values: readonly unknown[] | undefined): number[] => (values ?? []).map(Number);

export const createRowReader = (engine: Engine, memory: Memory, file: string) => {
  /** Exports are written one after the other: beside each other two have not the memory that each of them needs. */
  const exporting = createQueue();

  /** The series of these rigs, as a condition; null where there are none. */
  const rigsOf = (site: string, rigs: readonly string[] | null): { which: string; binding: Binding } | null => {
    if (rigs === null) return siteOnly(memory, "rig", site);
    const ids = rigs.map((rig) => seriesOf(memory, "rig", site, rig, NO_PART)?.id).filter((id) => id !== undefined);
    return ids.length === 0 ? null : { which: `id IN (${ids.join(", ")})`, binding: {} };
  };

  /** Rows of an export: raw ones, or the figures of windows, whatever of them is computed already; columns in whole steps. */
  const exported = ({ site, rigs, tier, from, to }: RowsQuery, fields: readonly Field[]): Part => {
    checkRange(from, to);
    checkKept({ tier, from }, memory);
    const which = rigsOf(site, rigs) ?? { which: "false", binding: {} };
    if (tier === "raw")
      return {
        sql: `SELECT id, ts, ${fields.map(({ name }) => `"${name}"`).join(", ")} FROM rig WHERE ts >= $from AND ts < $to AND ${which.which}`,
        binding: { from: BigInt(from), to: BigInt(to), ...which.binding },
      };
    const { sql, binding } = rowsIn("rig", fields, spansOf(from, to, WINDOW_MS[tier], memory), which.which);
    const figures = fields.map(
      ({ name }) =>
        `sum("${name}_n")::INTEGER AS "${name}_n", min("${name}_min") AS "${name}_min", sum("${name}_sum")::BIGINT AS "${name}_sum", max("${name}_max") AS "${name}_max"`,
    );
    return {
      sql: `SELECT id, ts // ${WINDOW_MS[tier]} * ${WINDOW_MS[tier]} AS start, sum(readings)::INTEGER AS readings, ${figures.join(", ")} FROM (${sql}) GROUP BY id, start`,
      binding: { ...binding, ...which.binding },
    };
  };

  const count = async (query: RowsQuery): Promise<number> => {
    checkRange(query.from, query.to);
    checkKept(query, memory);
    const which = rigsOf(query.site, query.rigs);
    if (which === null) return 0;
    const width = query.tier === "raw" ? 1 : WINDOW_MS[query.tier];
    const { sql, binding } = rowsIn("rig", [], spansOf(query.from, query.to, width, memory), which.which);
    return Number((await engine.read(`SELECT count(*)::DOUBLE FROM (${sql})`, { ...binding, ...which.binding }))[0]?.[0] ?? 0);
  };

  /**
   * The query in parts one behind the other in time, none of them of more than MOST_VALUES where it is longer than a window; at least one. Halved where
   * there are too many, and not cut evenly: of a month most may be in its last hours.
   */
  const slicesOf = async (query: RowsQuery, columns: number, signal: AbortSignal): Promise<readonly RowsQuery[]> => {
    signal.throwIfAborted();
    const { from, to, tier } = query;
    const width = tier === "raw" ? 1 : WINDOW_MS[tier];
    const windows = Math.ceil((to - from) / width);
    if (windows <= 1 || (await count(query)) * columns <= MOST_VALUES) return [query];
    const middle = from + Math.floor(windows / 2) * width;
    return [
      ...(await slicesOf({ ...query, to: middle }, columns, signal)),
      ...(await slicesOf({ ...query, from: middle }, columns, signal)),
    ];
  };

  return {
    async *slots(query: SlotsQuery): AsyncIterable<Slots> {
      checkRange(query.from, query.to);
      const slotMs = slotMsOf(query.from, memory);
      const which = rigsOf(query.site, query.rig === null ? null : [query.rig]);
      if (which === null) return;
      for (let from = query.from; from < query.to;) {
        const to = Math.min(query.to, (Math.floor(from / SLICE_MS) + 1) * SLICE_MS);
        const part = rowsIn("rig", fieldsOf("rig", ["hashrateThs", "powerW"]), spansOf(from, to, slotMs, memory), which.which);
        const [ids, start, readings, hashrateN, hashrate, powerN, power] = await engine.columns(
          `SELECT id, (ts // ${slotMs} * ${slotMs})::DOUBLE AS start, sum(readings)::INTEGER,
             coalesce(sum("hashrateThs_n"), 0)::INTEGER, coalesce(sum("hashrateThs_sum"), 0)::DOUBLE,
             coalesce(sum("powerW_n"), 0)::INTEGER, coalesce(sum("powerW_sum"), 0)::DOUBLE
           FROM (${part.sql}) GROUP BY id, start ORDER BY start, id`,
          { ...part.binding, ...which.binding },
        );
        const [hash, watts] = fieldsOf("rig", ["hashrateThs", "powerW"]) as [Field, Field];
        yield {
          slotMs,
          rig: column(ids).map((id) => memory.series[id]?.name ?? ""),
          start: column(start),
          readings: column(readings),
          hashrateN: column(hashrateN),
          hashrateSumThs: column(hashrate).map((steps) => valueOf(hash, steps)),
          powerN: column(powerN),
          powerSumW: column(power).map((steps) => valueOf(watts, steps)),
        };
        from = to;
      }
    },

    count,

    rows: async (query: RowsQuery): Promise<ExportPage> => {
      const fields = fieldsOf("rig", query.fields);
      const part = exported(query, fields);
      const isRaw = query.tier === "raw";
      const figures = isRaw
        ? fields.map(({ name }) => `"${name}"::DOUBLE`)
        : [
            "readings",
            ...fields.flatMap(({ name }) => [`"${name}_n"`, `"${name}_min"::DOUBLE`, `"${name}_sum"::DOUBLE`, `"${name}_max"::DOUBLE`]),
          ];
      const rows = await engine.read(
        `SELECT ${isRaw ? "ts" : "start"}::DOUBLE, series.name, ${figures.join(", ")} FROM (${part.sql}) JOIN series USING (id) ORDER BY 1, 2`,
        part.binding,
      );
      const valueAt = (field: Field, steps: unknown): number | null =>
        steps === null || steps === undefined ? null : valueOf(field, Number(steps));
      return {
        ts: rows.map(([ts]) => Number(ts)),
        rig: rows.map(([, rig]) => String(rig)),
        values: rows.flatMap((row) =>
          isRaw
            ? fields.map((field, i) => valueAt(field, row[2 + i]))
            : [
                Number(row[2]),
                ...fields.flatMap((field, i) => {
                  const [n, min, sum, max] = row.slice(3 + 4 * i, 7 + 4 * i);
                  return [Number(n ?? 0), valueAt(field, min), meanOf(field, Number(sum ?? 0), Number(n ?? 0)), valueAt(field, max)];
                }),
              ],
        ),
      };
    },

    /** Written beside the database by a connection of its own, then read in pieces; gone when the last is read or nobody reads on. */
    async *parquet(query: RowsQuery, signal: AbortSignal): AsyncIterable<Uint8Array> {
      const fields = fieldsOf("rig", query.fields);
      const isRaw = query.tier === "raw";
      const unit = (column: string, field: Field, decimals = field.decimals): string =>
        field.decimals === 0 && decimals === 0 ? `"${column}"` : `round("${column}" / ${field.scale}, ${decimals})`;
      const names = exportColumns(query.tier, query.fields);
      const columns = isRaw
        ? fields.map((field) => unit(field.name, field))
        : [
            '"readings"',
            ...fields.flatMap((field) => [
              `"${field.name}_n"`,
              unit(`${field.name}_min`, field),
              `round("${field.name}_sum" / ${field.scale} / nullif("${field.name}_n", 0), ${field.decimals + 2})`,
              unit(`${field.name}_max`, field),
            ]),
          ];
      const groupRows = Math.min(MOST_GROUP_ROWS, Math.ceil(MOST_VALUES / columns.length));
      const select = (part: Part): string =>
        `SELECT ${isRaw ? "ts" : "start"} AS ts, series.name AS rig, ${columns.map((sql, i) => `${sql} AS "${names[i]}"`).join(", ")}
         FROM (${part.sql}) part JOIN series ON series.id = part.id ORDER BY 1, 2`;
      const place = `${file}${EXPORT}${randomUUID()}`;
      const write = async (): Promise<void> => {
        const { connection, close } = await engine.extra();
        const stop = (): void => connection.interrupt();
        signal.addEventListener("abort", stop);
        const run = async (sql: string, binding: Binding = {}): Promise<void> => {
          signal.throwIfAborted();
          await connection.run(sql, { ...binding });
        };
        const copy = (what: string): string =>
          `COPY ${what} TO '${place.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${groupRows})`;
        try {
          const slices = await slicesOf(query, columns.length, signal);
          // Sorted at once they would have to fit into what DuckDB may hold.
          for (const [at, slice] of slices.entries()) {
            const part = exported(slice, fields);
            if (slices.length === 1) await run(copy(`(${select(part)})`), part.binding);
            else await run(`${at === 0 ? "CREATE TEMP TABLE staged AS" : "INSERT INTO staged"} ${select(part)}`, part.binding);
          }
          if (slices.length > 1) await run(copy("staged"));
        } catch (cause) {
          throw signal.aborted ? signal.reason : unavailable("write an export", cause);
        } finally {
          signal.removeEventListener("abort", stop);
          close();
        }
      };
      try {
        await exporting(write);
        for await (const piece of createReadStream(place, { highWaterMark: 65_536 })) yield piece as Uint8Array;
      } finally {
        await rm(place, { force: true });
      }
    },
  };
};
