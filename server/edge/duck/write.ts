/** One batch into the file, in one transaction with the journal position it brings the store to. */
import { BIGINT, DuckDBDataChunk, INTEGER, VARCHAR, type DuckDBConnection, type DuckDBType, type DuckDBValue } from "@duckdb/node-api";
import { MEASURE_NAMES, MEASURES, type MeasureName } from "../../twin/measures.ts";
import type { Point, Sifted } from "../../twin/sift.ts";
import { windowsOf, type Window } from "../../twin/tiers.ts";
import { tableOf } from "./schema.ts";
import { remember, seriesKey, type Memory, type Series } from "./memory.ts";

type Column = readonly [type: DuckDBType, values: readonly DuckDBValue[]];
const CHUNK = 2_048;

const append = async (connection: DuckDBConnection, table: string, columns: readonly Column[], catalog?: string): Promise<void> => {
  const rows = columns[0]?.[1].length ?? 0;
  if (rows === 0) return;
  const appender = await connection.createAppender(table, null, catalog ?? null);
  try {
    for (let from = 0; from < rows; from += CHUNK) {
      const chunk = DuckDBDataChunk.create(
        columns.map(([type]) => type),
        Math.min(CHUNK, rows - from),
      );
      columns.forEach(([, values], i) => chunk.setColumnValues(i, values.slice(from, from + CHUNK)));
      appender.appendDataChunk(chunk);
    }
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
};

interface Row {
  readonly id: number;
  readonly point: Point;
}

const appendRows = (connection: DuckDBConnection, measure: MeasureName, rows: readonly Row[]): Promise<void> =>
  append(connection, tableOf(measure, "raw"), [
    [INTEGER, rows.map(({ id }) => id)],
    [BIGINT, rows.map(({ point }) => BigInt(point.ts))],
    ...MEASURES[measure].fields.map((field, i): Column => {
      const steps = rows.map(({ point }) => point.steps[i] ?? null);
      return field.wide ? [BIGINT, steps.map((step) => (step === null ? null : BigInt(step)))] : [INTEGER, steps];
    }),
  ]);

/** Rows that may be there already: taken out first, so that the second write of a key replaces the first. */
const removeRows = async (connection: DuckDBConnection, measure: MeasureName, rows: readonly Row[]): Promise<void> => {
  if (rows.length === 0) return;
  await connection.run("DELETE FROM temp.late");
  await append(
    connection,
    "late",
    [
      [INTEGER, rows.map(({ id }) => id)],
      [BIGINT, rows.map(({ point }) => BigInt(point.ts))],
    ],
    "temp",
  );
  let [from, to] = [Infinity, -Infinity];
  for (const { point } of rows) [from, to] = [Math.min(from, point.ts), Math.max(to, point.ts)];
  await connection.run(
    `DELETE FROM ${tableOf(measure, "raw")} WHERE ts >= $from AND ts <= $to AND (id, ts) IN (SELECT id, ts FROM temp.late)`,
    { from: BigInt(from), to: BigInt(to) },
  );
};

/** Ids for the batch's series; new ones are staged, and remembered only once they are on disk. */
const stageSeries = (
  memory: Memory,
  points: Sifted["points"],
): { readonly staged: readonly Series[]; readonly idOf: (measure: MeasureName, point: Point) => number } => {
  const staged = new Map<string, Series>();
  let nextId = memory.byId.size;
  for (const measure of MEASURE_NAMES)
    for (const { site, name, part, model } of points[measure]) {
      const key = seriesKey(measure, site, name, part);
      if (!memory.series.has(key) && !staged.has(key)) staged.set(key, { id: nextId++, measure, site, name, part, model });
    }
  return {
    staged: [...staged.values()],
    idOf: (measure, { site, name, part }) => {
      const key = seriesKey(measure, site, name, part);
      return (memory.series.get(key) ?? staged.get(key))?.id ?? -1;
    },
  };
};

/** Writes within the caller's transaction; call the function it gives after COMMIT. */
export const writeBatch = async (connection: DuckDBConnection, memory: Memory, { points }: Sifted, upTo: number): Promise<() => void> => {
  const { staged, idOf } = stageSeries(memory, points);
  await append(connection, "series", [
    [INTEGER, staged.map(({ id }) => id)],
    ...(["measure", "site", "name"] as const).map((key): Column => [VARCHAR, staged.map((series) => series[key])]),
    [INTEGER, staged.map(({ part }) => part)],
    [VARCHAR, staged.map(({ model }) => model)],
  ]);
  const newest = new Map<number, Point>();
  for (const measure of MEASURE_NAMES) {
    const rows = points[measure].map((point) => ({ id: idOf(measure, point), point }));
    await removeRows(
      connection,
      measure,
      rows.filter(({ id, point }) => point.ts <= (memory.newest.get(id)?.ts ?? -1)),
    );
    await appendRows(connection, measure, rows);
    for (const { id, point } of rows) if (point.ts >= (newest.get(id)?.ts ?? memory.newest.get(id)?.ts ?? -1)) newest.set(id, point);
  }
  const times = MEASURE_NAMES.flatMap((measure) => points[measure].map(({ ts }) => ts));
  const dirtied = (["1m", "1h"] as const).map((window): [Window, number[]] => [
    window,
    [...windowsOf(times, window)].filter((start) => !memory.dirty[window].has(start)),
  ]);
  for (const [window, starts] of dirtied)
    await append(connection, "dirty", [
      [VARCHAR, starts.map(() => window)],
      [BIGINT, starts.map(BigInt)],
    ]);
  // The position may only grow: a batch sent again after a newer one changes rows to what they are.
  const reached = Math.max(upTo, memory.upTo);
  if (reached !== memory.upTo) await connection.run("UPDATE meta SET value = $upTo WHERE key = 'upTo'", { upTo: BigInt(reached) });

  return () => {
    for (const series of staged) remember(memory, series);
    for (const [id, point] of newest)
      memory.newest.set(id, { ts: point.ts, steps: memory.byId.get(id)?.measure === "rig" ? point.steps : [] });
    for (const [window, starts] of dirtied) for (const start of starts) memory.dirty[window].add(start);
    memory.upTo = reached;
  };
};
