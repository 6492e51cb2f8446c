/** What the writer remembers of the file so that a write need not ask: series ids, the newest row of each, dirty windows, marks. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { MEASURE_NAMES, MEASURES, type MeasureName } from "../../twin/measures.ts";
import { HOUR_MS, type Window } from "../../twin/tiers.ts";
import { CREATE, SCHEMA, tableOf } from "./schema.ts";
import { rowsOf } from "./engine.ts";
import { Refused } from "../../twin/refusal.ts";
import { NO_PART } from "../../twin/series.ts";

export interface Series {
  readonly id: number;
  readonly measure: MeasureName;
  readonly site: string;
  readonly name: string;
  readonly part: number;
  readonly model: string;
  /** Time of the newest row, -1 where there is none. */
  newestTs: number;
  /** Its values in steps, NaN where nothing was told; only of measure `rig`, for the latest-of-all answer. */
  newestSteps: ArrayLike<number>;
}
export interface Memory {
  /** By id: 0, 1, 2 … in the order in which they came. */
  readonly series: Series[];
  /** By measure, site and name; the parts of a name one behind the other, NO_PART first. Looked into for every series of every batch. */
  readonly places: Readonly<Record<MeasureName, Map<string, Map<string, Series[]>>>>;
  readonly dirty: Record<Window, Set<number>>;
  upTo: number;
  rawFromTs: number;
  minuteFromTs: number;
}
export const META = ["upTo", "rawFromTs", "minuteFromTs"] as const;

export const NO_STEPS: ArrayLike<number> = [];

export const seriesOf = ({ places }: Memory, measure: MeasureName, site: string, name: string, part: number): Series | undefined =>
  places[measure].get(site)?.get(name)?.[part - NO_PART];

const number = (value: unknown): number => Number(value);

/**
 * Newest row of every series of a measure. Looks at the last hour, the last day, then everything, and stops when each series is
 * found: a month of rows is read only for the sake of a series that has been silent for long.
 */
const readNewest = async (connection: DuckDBConnection, measure: MeasureName, series: readonly Series[]): Promise<void> => {
  const table = tableOf(measure, "raw");
  const wanted = series.filter((one) => one.measure === measure).length;
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
    for (const [id, ts, ...steps] of rows) {
      const one = series[number(id)];
      if (one === undefined) continue;
      one.newestTs = number(ts);
      if (measure === "rig") one.newestSteps = steps.map((step) => (step === null ? NaN : number(step)));
    }
    if (rows.length === wanted) break;
  }
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
    series: [],
    places: { rig: new Map(), board: new Map(), site_energy: new Map() },
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
      newestTs: -1,
      newestSteps: NO_STEPS,
    });
  }
  for (const [window, ts] of await rowsOf(connection, 'SELECT "window", ts::DOUBLE FROM dirty'))
    memory.dirty[window as Window].add(number(ts));
  for (const measure of MEASURE_NAMES) await readNewest(connection, measure, memory.series);
  return memory;
};

export const remember = (memory: Memory, series: Series): void => {
  const { measure, site, name, part, id } = series;
  const names = memory.places[measure];
  let parts = names.get(site);
  if (parts === undefined) names.set(site, (parts = new Map()));
  let known = parts.get(name);
  if (known === undefined) parts.set(name, (known = []));
  known[part - NO_PART] = series;
  memory.series[id] = series;
};
