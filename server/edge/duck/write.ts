/** One batch into the file, in one transaction with the journal position it brings the store to. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { MEASURE_NAMES, MEASURES, type MeasureName } from "../../twin/measures.ts";
import type { Points, Sifted } from "../../twin/sift.ts";
import { windowsOf, type Window } from "../../twin/tiers.ts";
import { append, type Column } from "./append.ts";
import { tableOf } from "./schema.ts";
import { NO_STEPS, remember, seriesOf, type Memory, type Series } from "./memory.ts";

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
      staged.push({ id: nextId, measure, site, name, part, model, newestTs: -1, newestSteps: NO_STEPS });
      return nextId++;
    });
  };
  const ids = { rig: idsOf("rig"), board: idsOf("board"), site_energy: idsOf("site_energy") };
  return { staged, ids };
};

interface Newest {
  readonly id: number;
  readonly ts: number;
  readonly steps: ArrayLike<number>;
}

/** The newest of each series among these, where it is not older than the newest known; and those that are not newer than it. `ids`: of the series. */
const sortOut = (memory: Memory, { measure, series, of, ts, steps }: Points, ids: Int32Array) => {
  const knownTs = Float64Array.from(ids, (id) => memory.series[id]?.newestTs ?? -1);
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
  const width = MEASURES[measure].fields.length;
  const newest: Newest[] = [];
  newestAt.forEach((at, place) => {
    if (at >= 0)
      newest.push({
        id: ids[place] ?? -1,
        ts: ts[at] ?? 0,
        steps: measure === "rig" ? steps.slice(at * width, (at + 1) * width) : NO_STEPS,
      });
  });
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
  const newest: Newest[] = [];
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
    for (const { id, ts, steps } of newest) {
      const series = memory.series[id];
      if (series !== undefined) Object.assign(series, { newestTs: ts, newestSteps: steps });
    }
    for (const [window, starts] of dirtied) for (const start of starts) memory.dirty[window].add(start);
    memory.upTo = reached;
  };
};
