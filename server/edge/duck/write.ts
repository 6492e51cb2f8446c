/** One batch into the file, in one transaction with the journal position it brings the store to. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { MEASURE_NAMES, MEASURES, type MeasureName } from "../../twin/measures.ts";
import type { Points, Sifted } from "../../twin/sift.ts";
import { windowsOf, type Window } from "../../twin/tiers.ts";
import { append, type Column } from "./append.ts";
import { tableOf } from "./schema.ts";
import { newestTsOf, noteNewest, remember, seriesOf, type Memory, type Series } from "./memory.ts";

const appendRows = (connection: DuckDBConnection, { measure, of, ts, steps }: Points, ids: Int32Array): Promise<void> => {
  const { fields } = MEASURES[measure];
  return append(connection, tableOf(measure, "raw"), of.length, [
    { type: "INTEGER", values: of.map((place) => ids[place] ?? -1) },
    { type: "BIGINT", values: ts },
    ...fields.map((field, offset): Column => ({ type: field.wide ? "BIGINT" : "INTEGER", values: steps, stride: fields.length, offset })),
  ]);
};

/** Rows that may be there already: taken out first, so that the second write of a key replaces the first. */
const removeRows = async (
  connection: DuckDBConnection,
  measure: MeasureName,
  ids: readonly number[],
  ts: readonly number[],
): Promise<void> => {
  if (ids.length === 0) return;
  await connection.run("DELETE FROM temp.late");
  await append(
    connection,
    "late",
    ids.length,
    [
      { type: "INTEGER", values: Int32Array.from(ids) },
      { type: "BIGINT", values: Float64Array.from(ts) },
    ],
    "temp",
  );
  let [from, to] = [Infinity, -Infinity];
  for (const at of ts) [from, to] = [Math.min(from, at), Math.max(to, at)];
  await connection.run(
    `DELETE FROM ${tableOf(measure, "raw")} WHERE ts >= $from AND ts <= $to AND (id, ts) IN (SELECT id, ts FROM temp.late)`,
    { from: BigInt(from), to: BigInt(to) },
  );
};

/** Ids of a batch's series, -1 of those without a point; new ones are staged, and remembered only once they are on disk. */
const stageSeries = (
  memory: Memory,
  points: Sifted["points"],
): { readonly staged: readonly Series[]; readonly ids: Readonly<Record<MeasureName, Int32Array>> } => {
  const staged: Series[] = [];
  let nextId = memory.series.length;
  const idsOf = (measure: MeasureName): Int32Array => {
    const { series, of } = points[measure];
    const used = new Uint8Array(series.length);
    for (const place of of) used[place] = 1;
    return Int32Array.from(series, ({ site, name, part, model }, place) => {
      const known = seriesOf(memory, measure, site, name, part)?.id;
      if (known !== undefined || used[place] === 0) return known ?? -1;
      staged.push({ id: nextId, measure, site, name, part, model });
      return nextId++;
    });
  };
  const ids = { rig: idsOf("rig"), board: idsOf("board"), site_energy: idsOf("site_energy") };
  return { staged, ids };
};

/** Of each series, which of these points is its newest where it is not older than the newest known (-1: none); and those that are not newer than that. `ids`: of the series. */
const sortOut = (memory: Memory, { series, of, ts }: Points, ids: Int32Array) => {
  const knownTs = Float64Array.from(ids, (id) => newestTsOf(memory, id));
  const newestTs = knownTs.slice();
  const newestAt = new Int32Array(series.length).fill(-1);
  const late = { ids: [] as number[], ts: [] as number[] };
  for (let at = 0; at < of.length; at++) {
    const place = of[at] ?? 0;
    const time = ts[at] ?? 0;
    if (time <= (knownTs[place] ?? -1)) {
      late.ids.push(ids[place] ?? -1);
      late.ts.push(time);
    }
    if (time < (newestTs[place] ?? -1)) continue;
    newestTs[place] = time;
    newestAt[place] = at;
  }
  return { late, newestAt };
};

/** Notes the newest of these points, once they are on disk. */
const noteAll = (memory: Memory, { measure, ts, steps }: Points, ids: Int32Array, newestAt: Int32Array): void => {
  const width = MEASURES[measure].fields.length;
  newestAt.forEach((at, place) => {
    if (at >= 0) noteNewest(memory, ids[place] ?? -1, ts[at] ?? 0, steps, at * width);
  });
};

export const setPosition = async (connection: DuckDBConnection, upTo: number): Promise<void> => {
  await connection.run("UPDATE meta SET value = $upTo WHERE key = 'upTo'", { upTo: BigInt(upTo) });
};

/** Writes within the caller's transaction; call the function it gives after COMMIT. */
export const writeBatch = async (connection: DuckDBConnection, memory: Memory, { points }: Sifted, upTo: number): Promise<() => void> => {
  const { staged, ids } = stageSeries(memory, points);
  await append(connection, "series", staged.length, [
    { type: "INTEGER", values: Int32Array.from(staged, ({ id }) => id) },
    ...(["measure", "site", "name"] as const).map((key): Column => ({ type: "VARCHAR", values: staged.map((series) => series[key]) })),
    { type: "INTEGER", values: Int32Array.from(staged, ({ part }) => part) },
    { type: "VARCHAR", values: staged.map(({ model }) => model) },
  ]);
  const newestAt: Partial<Record<MeasureName, Int32Array>> = {};
  for (const measure of MEASURE_NAMES) {
    const sorted = sortOut(memory, points[measure], ids[measure]);
    await removeRows(connection, measure, sorted.late.ids, sorted.late.ts);
    await appendRows(connection, points[measure], ids[measure]);
    newestAt[measure] = sorted.newestAt;
  }
  const dirtied = (["1m", "1h"] as const).map((window): [Window, number[]] => {
    const starts = new Set<number>();
    for (const measure of MEASURE_NAMES) for (const start of windowsOf(points[measure].ts, window)) starts.add(start);
    return [window, [...starts].filter((start) => !memory.dirty[window].has(start))];
  });
  for (const [window, starts] of dirtied)
    await append(connection, "dirty", starts.length, [
      { type: "VARCHAR", values: starts.map(() => window) },
      { type: "BIGINT", values: Float64Array.from(starts) },
    ]);
  // The position may only grow: a batch sent again after a newer one changes rows to what they are.
  const reached = Math.max(upTo, memory.upTo);
  if (reached !== memory.upTo) await setPosition(connection, reached);

  return () => {
    for (const series of staged) remember(memory, series);
    for (const measure of MEASURE_NAMES) noteAll(memory, points[measure], ids[measure], newestAt[measure] ?? new Int32Array(0));
    for (const [window, starts] of dirtied) for (const start of starts) memory.dirty[window].add(start);
    memory.upTo = reached;
  };
};
