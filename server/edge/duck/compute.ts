/** Keeps the one-minute and one-hour rows up to date, and drops what is too old. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { MEASURE_NAMES } from "../../twin/measures.ts";
import { dueWindows, HOUR_MS, WINDOW_MS, windowsOf, type Window } from "../../twin/tiers.ts";
import { transaction, type Engine } from "./engine.ts";
import { forgetNewest, type Memory } from "./memory.ts";
import { computeWindows, tableOf } from "./schema.ts";

interface Range {
  readonly from: number;
  readonly to: number;
}
const bound = ({ from, to }: Range) => ({ from: BigInt(from), to: BigInt(to) });

/** Minutes in one call: a long late stretch is computed in steps, so that writes get their turn. */
const MOST: Readonly<Record<Window, number>> = { "1m": 60, "1h": 24 };

/** Rows that one transaction makes at most: until it is done they are in memory, with half a kilobyte each and more. */
const MOST_ROWS = 32_768;
const FEWEST_SERIES = 1_024;

/**
 * Some series after the other. Its windows stay dirty until all of them are done, so that rows answer for them that are whole, and after a kill
 * all are computed again.
 */
const compute = async (engine: Engine, connection: DuckDBConnection, window: Window, range: Range, series: number): Promise<void> => {
  const together = Math.max(FEWEST_SERIES, Math.floor((MOST_ROWS * WINDOW_MS[window]) / (range.to - range.from)));
  for (const measure of MEASURE_NAMES) {
    const remove = `DELETE FROM ${tableOf(measure, window)} WHERE ts >= $from AND ts < $to AND id >= $first AND id < $end`;
    const insert = computeWindows(measure, window, WINDOW_MS[window]);
    for (let first = 0; first < series; first += together) {
      await transaction(connection, async () => {
        const which = { ...bound(range), first, end: first + together };
        await connection.run(remove, which);
        await connection.run(insert, which);
        return () => undefined;
      });
      // What one transaction leaves behind is as much again as the next one needs.
      await engine.giveBack();
    }
  }
};

const cleaned = (memory: Memory, window: Window, { from, to }: Range): number => {
  const before = memory.dirty[window].size;
  for (let start = from; start < to; start += WINDOW_MS[window]) memory.dirty[window].delete(start);
  return before - memory.dirty[window].size;
};

/** Minutes first; an hour is computed from its minutes once all of them are clean. Gives how many windows were computed. */
export const rollup = async (engine: Engine, memory: Memory, endedByTs: number): Promise<number> => {
  let windows = 0;
  for (const window of ["1m", "1h"] as const) {
    windows += await engine.write(async (connection) => {
      const unready = window === "1h" ? windowsOf(memory.dirty["1m"], "1h") : new Set<number>();
      const ready = new Set([...memory.dirty[window]].filter((start) => !unready.has(start)));
      let done = 0;
      // What questions have left behind goes first.
      await engine.giveBack();
      for (const range of dueWindows(ready, window, endedByTs, MOST[window])) {
        await compute(engine, connection, window, range, memory.series.length);
        done += await transaction(connection, async () => {
          await connection.run('DELETE FROM dirty WHERE "window" = $window AND ts >= $from AND ts < $to', { window, ...bound(range) });
          return () => cleaned(memory, window, range);
        });
      }
      return done;
    });
  }
  return windows;
};

const hourOf = (ts: number): number => Math.floor(ts / HOUR_MS) * HOUR_MS;

/** Drops whole hours, none that is still to be rolled up. */
export const retain = (engine: Engine, memory: Memory, rawBeforeTs: number, minuteBeforeTs: number): Promise<void> =>
  engine.transaction(async (connection) => {
    const oldestDirty = (["1m", "1h"] as const).reduce(
      (oldest, window) => [...memory.dirty[window]].reduce((a, b) => Math.min(a, b), oldest),
      Infinity,
    );
    const rawFromTs = Math.max(memory.rawFromTs, hourOf(Math.min(rawBeforeTs, oldestDirty)));
    const minuteFromTs = Math.max(memory.minuteFromTs, Math.min(hourOf(minuteBeforeTs), rawFromTs));
    for (const measure of MEASURE_NAMES) {
      await connection.run(`DELETE FROM ${tableOf(measure, "raw")} WHERE ts < $before`, { before: BigInt(rawFromTs) });
      await connection.run(`DELETE FROM ${tableOf(measure, "1m")} WHERE ts < $before`, { before: BigInt(minuteFromTs) });
    }
    await connection.run("UPDATE meta SET value = $ts WHERE key = 'rawFromTs'", { ts: BigInt(rawFromTs) });
    await connection.run("UPDATE meta SET value = $ts WHERE key = 'minuteFromTs'", { ts: BigInt(minuteFromTs) });
    return () => {
      memory.rawFromTs = rawFromTs;
      memory.minuteFromTs = minuteFromTs;
      forgetNewest(memory, rawFromTs);
    };
  });
