/** A stretch of a farm's history in a store, for questions: every rig each ten seconds, twenty fields. */
import { DuckDBInstance } from "@duckdb/node-api";
import { createDuckStore } from "../../server/edge/duck/store.ts";
import { createInfluxStore } from "../../server/edge/influx/store.ts";
import { MEASURES } from "../../server/twin/measures.ts";
import { addPoint, noRows } from "../../server/twin/rows.ts";
import { NO_PART, type SeriesBatch, type SeriesStore } from "../../server/twin/series.ts";
import { HOUR_MS, MINUTE_MS } from "../../server/twin/tiers.ts";
import { startInflux } from "../servers/influx.ts";
import { find } from "../servers/programs.mjs";
import { figure, type Figure } from "./report.ts";

const STEP_MS = 10_000;
export const T0 = Date.UTC(2026, 2, 2);
const ASKED = 20;

/** The same readings in each run: a seeded chance. */
export const chanceFrom = (seed: number) => (): number => (seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32;

export const batchAt = (n: number, rigs: number, chance: () => number): SeriesBatch => {
  const rows = noRows();
  for (let i = 0; i < rigs; i++) {
    const hashrateThs = 95 + (i % 3) * 20 + chance() * 3;
    const powerW = 3_000 + (i % 100) + chance() * 40;
    const ts = T0 + n * STEP_MS + i * 9;
    const chipC = 65 + (i % 10) + chance() * 2;
    const at = addPoint(rows.rig, "farm", `rig-${i}`, NO_PART, "Antminer S19 Pro", ts);
    const values = [
      hashrateThs,
      hashrateThs,
      110,
      powerW,
      24 + chance(),
      46 + chance(),
      chipC - 12,
      chipC,
      50,
      5_400 + Math.floor(chance() * 150),
      60,
      545,
      13.2,
      powerW / hashrateThs,
      n * 7 + i,
      i % 50,
      i % 20,
      i % 90,
      90_000 + n * 10,
      100,
    ];
    rows.rig.values.set(values, at);
  }
  return { rows, upTo: n + 1 };
};

/** The same story in SQL, in whole steps: sixty million readings in minutes. `i` is the rig, `n` the reading, u(i, n, k) a chance by both. */
const STORY: Readonly<Record<string, string>> = {
  hashrateThs: "95 + (i % 3) * 20 + u(i, n, 1) * 3",
  averageThs: "95 + (i % 3) * 20 + u(i, n, 1) * 3",
  expectedThs: "110",
  powerW: "3000 + (i % 100) + u(i, n, 2) * 40",
  intakeC: "24 + u(i, n, 3)",
  outletC: "46 + u(i, n, 4)",
  boardC: "53 + (i % 10) + u(i, n, 5) * 2",
  chipC: "65 + (i % 10) + u(i, n, 5) * 2",
  psuC: "50",
  fanRpm: "5400 + floor(u(i, n, 6) * 150)",
  fanPct: "60",
  frequencyMhz: "545",
  voltageV: "13.2",
  efficiencyJTh: "(3000 + (i % 100) + u(i, n, 2) * 40) / (95 + (i % 3) * 20 + u(i, n, 1) * 3)",
  accepted: "n * 7 + i",
  rejected: "i % 50",
  stale: "i % 20",
  hwErrors: "i % 90",
  uptimeS: "90000 + n * 10",
  skewMs: "100",
};

export interface Filled {
  readonly store: SeriesStore;
  /** End of the history, ms UTC. */
  readonly to: number;
  readonly hours: number;
  readonly stop: () => Promise<void>;
}

const usedBytes = async (file: string): Promise<number> => {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  await connection.run("CHECKPOINT");
  const used = await connection.runAndReadAll("SELECT (used_blocks * block_size)::DOUBLE FROM pragma_database_size()");
  connection.closeSync();
  instance.closeSync();
  return Number(used.getRows()[0]?.[0]);
};

/** Rigs by the store itself, readings by SQL into its table hour by hour, minutes and hours by the store's own roll-up. */
export const filledDuck = async (
  file: string,
  rigs: number,
  hours: number,
): Promise<Filled & { readonly readings: number; readonly rawBytes: number; readonly allBytes: number; readonly rollupS: number }> => {
  const store = createDuckStore({ file });
  const to = T0 + hours * HOUR_MS;
  await store.start();
  await store.write(batchAt(0, rigs, chanceFrom(9)));
  await store.stop();
  const instance = await DuckDBInstance.create(file, { threads: "2", memory_limit: "1GB", preserve_insertion_order: "true" });
  const connection = await instance.connect();
  await connection.run("CREATE TEMP MACRO u(i, n, k) AS (hash(i, n, k) % 1000003) / 1000003.0");
  const steps = HOUR_MS / STEP_MS;
  const columns = MEASURES.rig.fields.map(({ name, scale, wide }) => `round((${STORY[name]}) * ${scale})::${wide ? "BIGINT" : "INTEGER"}`);
  for (let hour = 0; hour < hours; hour++)
    await connection.run(
      `INSERT INTO rig SELECT i::INTEGER, ${T0} + n * ${STEP_MS} + i * 9, ${columns.join(", ")}
       FROM range(${hour * steps}, ${(hour + 1) * steps}) a(n), range(${rigs}) b(i) WHERE n > 0 ORDER BY n, i`,
    );
  for (const [window, width] of [
    ["1m", MINUTE_MS],
    ["1h", HOUR_MS],
  ] as const)
    await connection.run(
      `INSERT INTO dirty SELECT '${window}', ts FROM range(${T0}, ${to}, ${width}) r(ts) WHERE ts NOT IN (SELECT ts FROM dirty WHERE "window" = '${window}')`,
    );
  connection.closeSync();
  instance.closeSync();
  const readings = rigs * hours * steps;
  const rawBytes = (await usedBytes(file)) / readings;
  await store.start();
  const startMs = performance.now();
  // As the server does it, ten minutes together (server/flows/upkeep.ts).
  for (let endTs = T0; endTs <= to; endTs += 10 * MINUTE_MS) await store.rollup(endTs);
  while ((await store.rollup(to + HOUR_MS)) > 0);
  const rollupS = (performance.now() - startMs) / 1_000;
  await store.stop();
  const allBytes = (await usedBytes(file)) / readings;
  await store.start();
  return { store, to, hours, stop: store.stop, readings, rawBytes, allBytes, rollupS };
};

/** The same through our InfluxDB store; null where there is no influxd. */
export const filledInflux = async (rigs: number, hours: number): Promise<Filled | null> => {
  const influxd = find("influxd");
  if (influxd === null || hours <= 0) return null;
  const influx = await startInflux(influxd);
  const store = createInfluxStore({ url: `${influx.url}/history` });
  await store.start();
  const chance = chanceFrom(9);
  const to = T0 + hours * HOUR_MS;
  for (let n = 0; n < (hours * HOUR_MS) / STEP_MS; n++) await store.write(batchAt(n, rigs, chance));
  while ((await store.rollup(to + HOUR_MS)) > 0);
  const stop = async (): Promise<void> => {
    await store.stop();
    await influx.stop();
  };
  return { store, to, hours, stop };
};

/** Of so many tries, ms; the first, which fills caches, is not counted. */
export const timesOf = async (question: () => Promise<unknown>, tries = ASKED): Promise<{ p50: number; p95: number }> => {
  await question();
  const times: number[] = [];
  for (let i = 0; i < tries; i++) {
    const start = performance.now();
    await question();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const at = (part: number): number => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
};

/** CPU seconds since then beside the wall's, and the most memory that this process ever had. */
export const usedSince = (bench: string, before: NodeJS.CpuUsage): Figure => {
  const { user, system } = process.cpuUsage(before);
  return figure({
    bench: `${bench}-cpu`,
    ours: (user + system) / 1e6,
    limit: process.uptime(),
    unit: "s",
    against: "seconds that went by",
    peakMb: process.resourceUsage().maxRSS / 1_024,
  });
};
