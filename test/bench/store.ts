/**
 * The series stores on the same readings of twenty fields: our embedded store beside DuckDB's appender alone, our InfluxDB store
 * beside the same lines posted as they are, answers from the roll-ups beside the same question to the raw rows, bytes beside
 * the bytes of the numbers.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BIGINT, DOUBLE, DuckDBDataChunk, DuckDBInstance, INTEGER, type DuckDBConnection } from "@duckdb/node-api";
import { createDuckStore } from "../../server/edge/duck/store.ts";
import { rawLines } from "../../server/edge/influx/lines.ts";
import { createInfluxStore } from "../../server/edge/influx/store.ts";
import { noRows } from "../../server/twin/rows.ts";
import { NO_PART, RIG_FIELDS, type SeriesBatch, type SeriesStore } from "../../server/twin/series.ts";
import { sift } from "../../server/twin/sift.ts";
import { startInflux } from "../servers/influx.ts";
import { find } from "../servers/programs.mjs";
import { figure, median, type Emit } from "./report.ts";

const RIGS = 1_000;
const BATCHES = 100;
const ROUNDS = 3;
/** Of history for the questions. */
const HOURS = 4;
const STEP_MS = 10_000;
const T0 = Date.UTC(2026, 2, 2);

/** The same readings in each run: a seeded chance. */
const chanceFrom = (seed: number) => (): number => (seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32;

const batchAt = (n: number, chance: () => number): SeriesBatch => {
  const rows = noRows();
  for (let i = 0; i < RIGS; i++) {
    const hashrateThs = 95 + (i % 3) * 20 + chance() * 3;
    const powerW = 3_000 + (i % 100) + chance() * 40;
    const ts = T0 + n * STEP_MS + i * 9;
    const chipC = 65 + (i % 10) + chance() * 2;
    rows.rig.site.push("farm");
    rows.rig.name.push(`rig-${i}`);
    rows.rig.part.push(NO_PART);
    rows.rig.model.push("Antminer S19 Pro");
    rows.rig.ts.push(ts);
    rows.rig.values.push(
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
    );
  }
  return { rows, upTo: n + 1 };
};

/** Readings a second of one way to keep the batches. */
const rate = async (batches: readonly SeriesBatch[], keep: (batch: SeriesBatch) => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  for (const batch of batches) await keep(batch);
  return (batches.length * RIGS * 1_000) / (performance.now() - start);
};
const tookMs = async (work: () => Promise<unknown>): Promise<number> => {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return median(times);
};

/** One durable transaction a batch into a table of doubles, and nothing else: no keys, no position, no roll-up marks. */
const appendAlone = async (connection: DuckDBConnection, { rows: { rig } }: SeriesBatch): Promise<void> => {
  await connection.run("BEGIN");
  const appender = await connection.createAppender("alone");
  const chunk = DuckDBDataChunk.create([INTEGER, BIGINT, ...RIG_FIELDS.map(() => DOUBLE)], rig.ts.length);
  chunk.setColumnValues(
    0,
    rig.ts.map((_, i) => i),
  );
  chunk.setColumnValues(
    1,
    rig.ts.map((ts) => BigInt(ts)),
  );
  RIG_FIELDS.forEach((_, k) =>
    chunk.setColumnValues(
      k + 2,
      rig.ts.map((_ts, i) => rig.values[i * RIG_FIELDS.length + k] ?? null),
    ),
  );
  appender.appendDataChunk(chunk);
  appender.closeSync();
  await connection.run("COMMIT");
};

const postAlone = async (url: string, batch: SeriesBatch): Promise<void> => {
  const { points } = sift(batch, 0);
  const answer = await fetch(`${url}/write?db=alone&precision=ms`, {
    method: "POST",
    body: rawLines(points.rig)
      .map(({ text }) => text)
      .join("\n"),
  });
  if (answer.status !== 204) throw new Error(await answer.text());
};

const writes = async (folder: string, emit: Emit): Promise<void> => {
  const influxd = find("influxd");
  const influx = influxd === null ? null : await startInflux(influxd);
  const duck = createDuckStore({ file: join(folder, "ours.duckdb") });
  const instance = await DuckDBInstance.create(join(folder, "alone.duckdb"), {
    threads: "2",
    memory_limit: "256MB",
    checkpoint_threshold: "64MB",
  });
  const alone = await instance.connect();
  try {
    await alone.run(`CREATE TABLE alone (id INTEGER, ts BIGINT, ${RIG_FIELDS.map((name) => `"${name}" DOUBLE`).join(", ")})`);
    await duck.start();
    const ours: number[] = [];
    const limits: number[] = [];
    const influxOurs: number[] = [];
    const influxLimits: number[] = [];
    const store = influx === null ? null : createInfluxStore({ url: `${influx.url}/ours` });
    await store?.start();
    if (influx !== null)
      await fetch(`${influx.url}/query`, { method: "POST", body: new URLSearchParams({ q: 'CREATE DATABASE "alone"' }) });
    for (let round = 0; round < ROUNDS; round++) {
      const chance = chanceFrom(round + 1);
      const batches = Array.from({ length: BATCHES }, (_, n) => batchAt(round * BATCHES + n, chance));
      limits.push(await rate(batches, (batch) => appendAlone(alone, batch)));
      ours.push(await rate(batches, (batch) => duck.write(batch)));
      if (influx === null || store === null) continue;
      influxLimits.push(await rate(batches, (batch) => postAlone(influx.url, batch)));
      influxOurs.push(await rate(batches, (batch) => store.write(batch)));
    }
    const common = { unit: "readings/s", batch: RIGS, fields: RIG_FIELDS.length, rounds: ROUNDS };
    emit(
      figure({
        bench: "store",
        ours: median(ours),
        limit: median(limits),
        against: "DuckDB's appender alone, one transaction a batch",
        ...common,
      }),
    );
    if (influxOurs.length === 0) return;
    emit(
      figure({
        bench: "store-influx",
        ours: median(influxOurs),
        limit: median(influxLimits),
        against: "the same lines posted to InfluxDB as they are",
        ...common,
      }),
    );
    emit(
      figure({
        bench: "store-duck-influx",
        ours: median(ours),
        limit: median(influxOurs),
        against: "our InfluxDB store, same readings",
        ...common,
      }),
    );
    await store?.stop();
  } finally {
    await duck.stop();
    alone.closeSync();
    instance.closeSync();
    await influx?.stop();
  }
};

const questions = async (folder: string, emit: Emit): Promise<void> => {
  const file = join(folder, "asked.duckdb");
  const chance = chanceFrom(9);
  const batches = (HOURS * 3_600_000) / STEP_MS;
  const to = T0 + HOURS * 3_600_000;
  const store: SeriesStore = createDuckStore({ file });
  await store.start();
  for (let n = 0; n < batches; n++) await store.write(batchAt(n, chance));
  await store.stop();
  const ask = async (name: string, question: () => Promise<unknown>, limit: number): Promise<void> =>
    emit(
      figure({
        bench: name,
        ours: await tookMs(question),
        limit,
        unit: "ms",
        against: "the same question to raw rows in plain SQL",
        rigs: RIGS,
        hours: HOURS,
      }),
    );

  const instance = await DuckDBInstance.create(file, { threads: "2", memory_limit: "256MB" });
  const connection = await instance.connect();
  const sql = (text: string) => tookMs(() => connection.runAndReadAll(text));
  const perRig = `SELECT id, ts // 60000 AS bucket, avg("hashrateThs") AS h, avg("powerW") AS p, max("boardC") AS hottest, avg("boardC") AS b FROM rig GROUP BY id, bucket`;
  const limits = {
    site: await sql(`SELECT bucket, sum(h), sum(p), max(hottest), avg(b), count(*) FROM (${perRig}) GROUP BY bucket ORDER BY bucket`),
    rig: await sql(
      `SELECT ts // 60000 AS bucket, min("hashrateThs"), avg("hashrateThs"), max("hashrateThs") FROM rig WHERE id = 500 GROUP BY bucket ORDER BY bucket`,
    ),
    latest: await sql(`SELECT id, max(ts), ${RIG_FIELDS.map((name) => `arg_max("${name}", ts)`).join(", ")} FROM rig GROUP BY id`),
    top: await sql(`SELECT id, avg("hashrateThs") AS h FROM rig WHERE ts >= ${to - 3_600_000} GROUP BY id ORDER BY h DESC LIMIT 20`),
  };
  const used = await connection.runAndReadAll("SELECT (used_blocks * block_size)::DOUBLE FROM pragma_database_size()");
  const bytes = Number(used.getRows()[0]?.[0]) / (batches * RIGS);
  connection.closeSync();
  instance.closeSync();
  emit(
    figure({
      bench: "store-bytes",
      ours: bytes,
      limit: 8 * (RIG_FIELDS.length + 1) + 4,
      unit: "bytes a reading",
      against: "the numbers as 64-bit floats",
      rigs: RIGS,
      hours: HOURS,
    }),
  );

  await store.start();
  while ((await store.rollup(to)) > 0);
  await ask("ask-site-minutes", () => store.siteSeries({ site: "farm", from: T0, to, points: HOURS * 60 }), limits.site);
  await ask(
    "ask-rig",
    () => store.rigSeries({ site: "farm", rig: "rig-500", from: T0, to, points: HOURS * 60, fields: ["hashrateThs"] }),
    limits.rig,
  );
  await ask("ask-latest", () => store.latest("farm"), limits.latest);
  await ask(
    "ask-top",
    () => store.top({ site: "farm", from: to - 3_600_000, to, field: "hashrateThs", order: "highest", limit: 20 }),
    limits.top,
  );
  await store.stop();
};

export const run = async (emit: Emit): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "rigtwin-bench-"));
  try {
    await writes(folder, emit);
    await questions(folder, emit);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
