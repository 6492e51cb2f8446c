/** What the writer remembers of the file so that a write need not ask: series ids, the newest row of each, dirty windows, marks. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { MEASURE_NAMES, MEASURES, type MeasureName } from "../../twin/measures.ts";
import { HOUR_MS, type Window } from "../../twin/tiers.ts";
import { CREATE, SCHEMA, tableOf } from "./schema.ts";
import { rowsOf } from "./engine.ts";
import { Refused } from "../../twin/refusal.ts";

export interface Series {
  readonly id: number;
  readonly measure: MeasureName;
  readonly site: string;
  readonly name: string;
  readonly part: number;
  readonly model: string;
}
export interface Newest {
  readonly ts: number;
  /** Only of measure `rig`, for the latest-of-all answer; NaN where nothing was told. */
  readonly steps: ArrayLike<number>;
}
export interface Memory {
  readonly series: Map<string, Series>;
  readonly byId: Map<number, Series>;
  readonly newest: Map<number, Newest>;
  readonly dirty: Record<Window, Set<number>>;
  upTo: number;
  rawFromTs: number;
  minuteFromTs: number;
}
export const META = ["upTo", "rawFromTs", "minuteFromTs"] as const;

export const seriesKey = (measure: MeasureName, site: string, name: string, part: number): string =>
  `${measure}\n${site}\n${name}\n${part}`;

const number = (value: unknown): number => Number(value);

/**
 * Newest row of every series of a measure. Looks at the last hour, the last day, then everything, and stops when each series is
 * found: a month of rows is read only for the sake of a series that has been silent for long.
 */
const readNewest = async (connection: DuckDBConnection, measure: MeasureName, ids: ReadonlySet<number>): Promise<Map<number, Newest>> => {
  const table = tableOf(measure, "raw");
  const found = new Map<number, Newest>();
  const newestTs = (await rowsOf(connection, `SELECT max(ts)::DOUBLE FROM ${table}`))[0]?.[0] ?? null;
  if (newestTs === null) return found;
  const columns = measure === "rig" ? MEASURES.rig.fields.map(({ name }) => `r."${name}"::DOUBLE`) : [];
  for (const reachMs of [HOUR_MS, 24 * HOUR_MS, number(newestTs) + 1]) {
    const rows = await rowsOf(
      connection,
      `SELECT r.id, r.ts::DOUBLE${columns.map((column) => `, ${column}`).join("")} FROM ${table} r
       JOIN (SELECT id, max(ts) AS ts FROM ${table} WHERE ts >= $from GROUP BY id) n ON r.id = n.id AND r.ts = n.ts WHERE r.ts >= $from`,
      { from: BigInt(number(newestTs) - reachMs + 1) },
    );
    for (const [id, ts, ...steps] of rows)
      found.set(number(id), { ts: number(ts), steps: steps.map((step) => (step === null ? NaN : number(step))) });
    if (found.size === ids.size) break;
  }
  return found;
};

/** Makes the tables where they are missing and reads what is remembered. */
export const loadMemory = async (connection: DuckDBConnection): Promise<Memory> => {
  for (const sql of CREATE) await connection.run(sql);
  const marks = new Map(
    (await rowsOf(connection, "SELECT key, value::DOUBLE FROM meta")).map(([key, value]) => [String(key), number(value)]),
  );
  if (!marks.has("schema")) {
    await connection.run("INSERT INTO meta VALUES ('schema', $schema), ('upTo', 0), ('rawFromTs', 0), ('minuteFromTs', 0)", {
      schema: SCHEMA,
    });
  } else if (marks.get("schema") !== SCHEMA) {
    throw new Refused(
      "STORE_UNAVAILABLE",
      `The series file has schema ${marks.get("schema")}, this program ${SCHEMA}: move it away, and it is built again from the journal.`,
    );
  }
  const memory: Memory = {
    series: new Map(),
    byId: new Map(),
    newest: new Map(),
    dirty: { "1m": new Set(), "1h": new Set() },
    upTo: marks.get("upTo") ?? 0,
    rawFromTs: marks.get("rawFromTs") ?? 0,
    minuteFromTs: marks.get("minuteFromTs") ?? 0,
  };
  for (const [id, measure, site, name, part, model] of await rowsOf(
    connection,
    "SELECT id, measure, site, name, part, model FROM series",
  )) {
    const series = {
      id: number(id),
      measure: measure as MeasureName,
      site: String(site),
      name: String(name),
      part: number(part),
      model: String(model),
    };
    remember(memory, series);
  }
  for (const [window, ts] of await rowsOf(connection, 'SELECT "window", ts::DOUBLE FROM dirty'))
    memory.dirty[window as Window].add(number(ts));
  for (const measure of MEASURE_NAMES) {
    const ids = new Set([...memory.byId.values()].filter((series) => series.measure === measure).map((series) => series.id));
    for (const [id, newest] of await readNewest(connection, measure, ids)) memory.newest.set(id, newest);
  }
  return memory;
};

export const remember = (memory: Memory, series: Series): void => {
  memory.series.set(seriesKey(series.measure, series.site, series.name, series.part), series);
  memory.byId.set(series.id, series);
};
