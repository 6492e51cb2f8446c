/** One batch into the file, in one transaction with the journal position it brings the store to. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { MEASURE_NAMES, MEASURES, type MeasureName } from "../../twin/measures.ts";
import type { Points, Sifted } from "../../twin/sift.ts";
import { windowsOf, type Window } from "../../twin/tiers.ts";
import { append, type Column } from "./append.ts";
import { tableOf } from "./schema.ts";
import { remember, seriesKey, type Memory, type Newest, type Series } from "./memory.ts";

const appendRows = (connection: DuckDBConnection, { measure, ts, steps }: Points, ids: Int32Array): Promise<void> => {
  const { fields } = MEASURES[measure];
  return append(connection, tableOf(measure, "raw"), ids.length, [
    { type: "INTEGER", values: ids },
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
      { type: "INTEGER", values: ids },
      { type: "BIGINT", values: ts },
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

/** Ids of a batch's series; new ones are staged, and remembered only once they are on disk. */
const stageSeries = (
  memory: Memory,
  points: Sifted["points"],
): { readonly staged: readonly Series[]; readonly ids: Readonly<Record<MeasureName, Int32Array>> } => {
  const staged: Series[] = [];
  let nextId = memory.byId.size;
  const idsOf = (measure: MeasureName): Int32Array => {
    const { series, of } = points[measure];
    const used = new Set(of);
    const ids = series.map(({ site, name, part, model }, place) => {
      const known = memory.series.get(seriesKey(measure, site, name, part))?.id;
      if (known !== undefined || !used.has(place)) return known ?? -1;
      staged.push({ id: nextId, measure, site, name, part, model });
      return nextId++;
    });
    return Int32Array.from(of, (place) => ids[place] ?? -1);
  };
  const ids = { rig: idsOf("rig"), board: idsOf("board"), site_energy: idsOf("site_energy") };
  return { staged, ids };
};

const NO_STEPS: readonly number[] = [];

/** The newest of each series among these, where it is not older than the newest known; and those that are not newer than it. */
const sortOut = (memory: Memory, { measure, ts, steps }: Points, ids: Int32Array) => {
  const newestAt = new Map<number, number>();
  const late = { ids: [] as number[], ts: [] as number[] };
  ids.forEach((id, at) => {
    const time = ts[at] ?? 0;
    const knownTs = memory.newest.get(id)?.ts ?? -1;
    if (time <= knownTs) {
      late.ids.push(id);
      late.ts.push(time);
    }
    const before = newestAt.get(id);
    if (time >= (before === undefined ? knownTs : (ts[before] ?? 0))) newestAt.set(id, at);
  });
  const width = MEASURES[measure].fields.length;
  const newest = [...newestAt].map(([id, at]): [number, Newest] => [
    id,
    { ts: ts[at] ?? 0, steps: measure === "rig" ? steps.slice(at * width, (at + 1) * width) : NO_STEPS },
  ]);
  return { late, newest };
};

/** Writes within the caller's transaction; call the function it gives after COMMIT. */
export const writeBatch = async (connection: DuckDBConnection, memory: Memory, { points }: Sifted, upTo: number): Promise<() => void> => {
  const { staged, ids } = stageSeries(memory, points);
  await append(connection, "series", staged.length, [
    { type: "INTEGER", values: staged.map(({ id }) => id) },
    ...(["measure", "site", "name"] as const).map((key): Column => ({ type: "VARCHAR", values: staged.map((series) => series[key]) })),
    { type: "INTEGER", values: staged.map(({ part }) => part) },
    { type: "VARCHAR", values: staged.map(({ model }) => model) },
  ]);
  const newest: [number, Newest][] = [];
  for (const measure of MEASURE_NAMES) {
    const sorted = sortOut(memory, points[measure], ids[measure]);
    await removeRows(connection, measure, sorted.late.ids, sorted.late.ts);
    await appendRows(connection, points[measure], ids[measure]);
    newest.push(...sorted.newest);
  }
  const dirtied = (["1m", "1h"] as const).map((window): [Window, number[]] => {
    const starts = new Set<number>();
    for (const measure of MEASURE_NAMES) for (const start of windowsOf(points[measure].ts, window)) starts.add(start);
    return [window, [...starts].filter((start) => !memory.dirty[window].has(start))];
  });
  for (const [window, starts] of dirtied)
    await append(connection, "dirty", starts.length, [
      { type: "VARCHAR", values: starts.map(() => window) },
      { type: "BIGINT", values: starts },
    ]);
  // The position may only grow: a batch sent again after a newer one changes rows to what they are.
  const reached = Math.max(upTo, memory.upTo);
  if (reached !== memory.upTo) await connection.run("UPDATE meta SET value = $upTo WHERE key = 'upTo'", { upTo: BigInt(reached) });

  return () => {
    for (const series of staged) remember(memory, series);
    for (const [id, row] of newest) memory.newest.set(id, row);
    for (const [window, starts] of dirtied) for (const start of starts) memory.dirty[window].add(start);
    memory.upTo = reached;
  };
};
