/** What the writer remembers of the file so that a write need not ask: series ids, the newest row of each, dirty windows, marks. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { MEASURE_NAMES, MEASURES, type MeasureName } from "../../twin/measures.ts";
import { HOUR_MS, type Window } from "../../twin/tiers.ts";
import { CREATE, FROM_SCHEMA_1, SCHEMA, tableOf } from "./schema.ts";
import { rowsOf, transaction } from "./engine.ts";
import { Refused } from "../../twin/refusal.ts";
import { NO_PART } from "../../twin/series.ts";

export interface Series {
  readonly id: number;
  readonly measure: MeasureName;
  readonly site: string;
  readonly name: string;
  readonly part: number;
  readonly model: string;
}
/** The newest row of each series, in columns: each second a thousand are replaced, and an object for each would become old before it is. */
export interface Newest {
  /** By id, -1 where there is none. */
  ts: Float64Array;
  /** By id: which of `steps` are its; -1 for a series of another measure than `rig`, whose values nobody asks for. */
  slot: Int32Array;
  slots: number;
  /** WIDTH a slot: values in steps, NaN where nothing was told. */
  steps: Float64Array;
}
const WIDTH = MEASURES.rig.fields.length;
export interface Memory {
  /** By id: 0, 1, 2 … in the order in which they came. */
  readonly series: Series[];
  /** By measure, site and name; the parts of a name one behind the other, NO_PART first. Looked into for every series of every batch. */
  readonly places: Readonly<Record<MeasureName, Map<string, Map<string, (Series | undefined)[]>>>>;
  readonly newest: Newest;
  readonly dirty: Record<Window, Set<number>>;
  upTo: number;
  rawFromTs: number;
  minuteFromTs: number;
}
export const META = ["upTo", "rawFromTs", "minuteFromTs"] as const;

const grown = <Column extends Float64Array | Int32Array>(column: Column, room: number, empty: number): Column => {
  const larger = new (column.constructor as new (room: number) => Column)(room).fill(empty) as Column;
  larger.set(column);
  return larger;
};

const roomFor = (newest: Newest, { id, measure }: Series): void => {
  if (id >= newest.ts.length) {
    const room = Math.max(64, 2 * id);
    newest.ts = grown(newest.ts, room, -1);
    newest.slot = grown(newest.slot, room, -1);
  }
  if (measure !== "rig" || newest.slot[id] !== -1) return;
  newest.slot[id] = newest.slots++;
  if (newest.slots * WIDTH > newest.steps.length) newest.steps = grown(newest.steps, Math.max(64, 2 * newest.slots) * WIDTH, NaN);
};

/** Time of the newest row, -1 where there is none. */
export const newestTsOf = ({ newest }: Memory, id: number): number => newest.ts[id] ?? -1;
/** Its values in steps; of measure `rig` only. */
export const newestStepsOf = ({ newest: { slot, steps } }: Memory, id: number): Float64Array => {
  const at = (slot[id] ?? -1) * WIDTH;
  return at < 0 ? steps.subarray(0, 0) : steps.subarray(at, at + WIDTH);
};
/** Notes a newest row of a known series; its values are the WIDTH of `steps` from `at` on. */
export const noteNewest = ({ newest }: Memory, id: number, ts: number, steps: ArrayLike<number>, at: number): void => {
  newest.ts[id] = ts;
  const slot = newest.slot[id] ?? -1;
  if (slot < 0) return;
  for (let i = 0; i < WIDTH; i++) newest.steps[slot * WIDTH + i] = steps[at + i] ?? NaN;
};
/** Forgets the newest rows that are older than `ts`. */
export const forgetNewest = ({ newest }: Memory, ts: number): void => {
  for (let id = 0; id < newest.ts.length; id++) if ((newest.ts[id] ?? -1) < ts) newest.ts[id] = -1;
};

export const seriesOf = ({ places }: Memory, measure: MeasureName, site: string, name: string, part: number): Series | undefined =>
  places[measure].get(site)?.get(name)?.[part - NO_PART];

const number = (value: unknown): number => Number(value);

/**
 * Newest row of every series of a measure. Looks at the last hour, the last day, then everything, and stops when each series is
 * found: a month of rows is read only for the sake of a series that has been silent for long.
 */
const readNewest = async (connection: DuckDBConnection, measure: MeasureName, memory: Memory): Promise<void> => {
  const table = tableOf(measure, "raw");
  const wanted = memory.series.filter((one) => one.measure === measure).length;
  const newestTs = (await rowsOf(connection, `SELECT max(ts)::DOUBLE FROM ${table}`))[0]?.[0] ?? null;
  if (newestTs === null) return;
  const columns = measure === "rig" ? MEASURES.rig.fields.map(({ name }) => `r."${name}"::DOUBLE`) : [];
  for (const reachMs of [HOUR_MS, 24 * HOUR_MS, number(newestTs) + 1]) {
    const rows = await rowsOf(
      connection,
      `SELECT r.id, r.ts::DOUBLE${columns.map((column) => `, ${column}`).join("")} FROM ${table} r
       JOIN (SELECT id, max(ts) AS ts FROM ${table} WHERE ts >= $from GROUP BY id) n ON r.id = n.id AND r.ts = n.ts WHERE r.ts >= $from`,
      { from: BigInt(number(newestTs) - reachMs + 1) },
    );
    for (const [id, ts, ...steps] of rows)
      if (memory.series[number(id)] !== undefined)
        noteNewest(
          memory,
          number(id),
          number(ts),
          steps.map((step) => (step === null ? NaN : number(step))),
          0,
        );
    if (rows.length === wanted) break;
  }
};

/** Makes the tables where they are missing; the temporary ones are missing in every connection. */
export const makeTables = async (connection: DuckDBConnection): Promise<void> => {
  for (const sql of CREATE) await connection.run(sql);
};

/** Whether the file is still the one of which this is remembered: somebody may have put another in its place while it was closed. */
export const isKnown = async (connection: DuckDBConnection, { upTo, series }: Memory): Promise<boolean> => {
  const [found] = await rowsOf(
    connection,
    "SELECT (SELECT value::DOUBLE FROM meta WHERE key = 'upTo'), (SELECT count(*)::INTEGER FROM series)",
  );
  return found?.[0] === upTo && found[1] === series.length;
};

/** Makes a file of schema 1 one of this schema, whole or not at all. */
const widen = (connection: DuckDBConnection): Promise<void> =>
  transaction(connection, async () => {
    for (const sql of FROM_SCHEMA_1) await connection.run(sql);
    await connection.run("UPDATE meta SET value = $schema WHERE key = 'schema'", { schema: SCHEMA });
    return () => undefined;
  });

/** Reads what is remembered. */
export const loadMemory = async (connection: DuckDBConnection): Promise<Memory> => {
  const marks = new Map(
    (await rowsOf(connection, "SELECT key, value::DOUBLE FROM meta")).map(([key, value]) => [String(key), number(value)]),
  );
  if (!marks.has("schema")) {
    await connection.run("INSERT INTO meta VALUES ('schema', $schema), ('upTo', 0), ('rawFromTs', 0), ('minuteFromTs', 0)", {
      schema: SCHEMA,
    });
  } else if (marks.get("schema") === 1) {
    await widen(connection);
  } else if (marks.get("schema") !== SCHEMA) {
    throw new Refused(
      "STORE_UNAVAILABLE",
      `The series file has schema ${marks.get("schema")}, this program ${SCHEMA}: move it away, and it is built again from the journal.`,
    );
  }
  const memory: Memory = {
    series: [],
    places: { rig: new Map(), board: new Map(), site_energy: new Map() },
    newest: { ts: new Float64Array(0), slot: new Int32Array(0), slots: 0, steps: new Float64Array(0) },
    dirty: { "1m": new Set(), "1h": new Set() },
    upTo: marks.get("upTo") ?? 0,
    rawFromTs: marks.get("rawFromTs") ?? 0,
    minuteFromTs: marks.get("minuteFromTs") ?? 0,
  };
  for (const [id, measure, site, name, part, model] of await rowsOf(
    connection,
    "SELECT id, measure, site, name, part, model FROM series",
  )) {
    remember(memory, {
      id: number(id),
      measure: measure as MeasureName,
      site: String(site),
      name: String(name),
      part: number(part),
      model: String(model),
    });
  }
  for (const [window, ts] of await rowsOf(connection, 'SELECT "window", ts::DOUBLE FROM dirty'))
    memory.dirty[window as Window].add(number(ts));
  for (const measure of MEASURE_NAMES) await readNewest(connection, measure, memory);
  return memory;
};

export const remember = (memory: Memory, series: Series): void => {
  const { measure, site, name, part, id } = series;
  const names = memory.places[measure];
  let parts = names.get(site);
  if (parts === undefined) names.set(site, (parts = new Map()));
  const known = parts.get(name) ?? [];
  const place = part - NO_PART;
  // As long as it has to be: one that grows by itself keeps room for seventeen.
  const length = Math.max(known.length, place + 1);
  parts.set(
    name,
    Array.from({ length }, (_, i) => (i === place ? series : known[i])),
  );
  memory.series[id] = series;
  roomFor(memory.newest, series);
};
