/**
 * The series stores on the same readings of twenty fields: our embedded store beside DuckDB's appender alone, our InfluxDB store
 * beside the same lines posted as they are; bytes and answers of a stretch of history beside the goals. `--rigs N` (1,000), `--hours N`
 * of history (24; a week is 168, 0 leaves it out), `--influx-hours N` (1, for its writes are slow), `--no-writes`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BIGINT, DOUBLE, DuckDBDataChunk, DuckDBInstance, INTEGER, type DuckDBConnection } from "@duckdb/node-api";
import { InfluxDB } from "influx";
import { createDuckStore } from "../../server/edge/duck/store.ts";
import { rawLines } from "../../server/edge/influx/lines.ts";
import { createInfluxStore } from "../../server/edge/influx/store.ts";
import { RIG_FIELDS, type SeriesBatch } from "../../server/twin/series.ts";
import { sift } from "../../server/twin/sift.ts";
import { rowsIn } from "../rows.ts";
import { startInflux } from "../servers/influx.ts";
import { find } from "../servers/programs.mjs";
import { batchAt, chanceFrom, filledDuck, filledInflux, timesOf, usedSince } from "./history.ts";
import { figure, median, optionOf, type Emit } from "./report.ts";

const RIGS = 1_000;
const BATCHES = 100;
const ROUNDS = 3;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const GOAL_BYTES = 35;

/** Readings a second of one way to keep the batches. */
const rate = async (batches: readonly SeriesBatch[], keep: (batch: SeriesBatch) => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  for (const batch of batches) await keep(batch);
  return (batches.length * RIGS * 1_000) / (performance.now() - start);
};
/** One durable transaction a batch into a table of doubles, and nothing else: no keys, no position, no roll-up marks. */
const appendAlone = async (connection: DuckDBConnection, { rows: { rig } }: SeriesBatch): Promise<void> => {
  const rows = Array.from({ length: rig.count }, (_, i) => i);
  await connection.run("BEGIN");
  const appender = await connection.createAppender("alone");
  const chunk = DuckDBDataChunk.create([INTEGER, BIGINT, ...RIG_FIELDS.map(() => DOUBLE)], rig.count);
  chunk.setColumnValues(0, rows);
  chunk.setColumnValues(
    1,
    rows.map((i) => BigInt(rig.ts[i] ?? 0)),
  );
  RIG_FIELDS.forEach((_, k) =>
    chunk.setColumnValues(
      k + 2,
      rows.map((i) => rig.values[i * RIG_FIELDS.length + k] ?? null),
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

/** The same readings through the `influx` package's own writer. */
const writeByPackage = (influx: InfluxDB, { rows: { rig } }: SeriesBatch): Promise<void> =>
  influx.writePoints(
    rowsIn(rig).map(({ site, name, model, ts, values }) => ({
      measurement: "rig",
      tags: { site, rig: name, model },
      fields: Object.fromEntries(RIG_FIELDS.map((field, k) => [field, values[k]])),
      timestamp: ts,
    })),
    { precision: "ms", database: "package" },
  );

const cpuOf = (start: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
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
    const packageRates: number[] = [];
    const cpuMs = { ours: 0, package: 0 };
    const byPackage = new InfluxDB({ host: "127.0.0.1", port: Number(new URL(influx?.url ?? "http://127.0.0.1:1").port) });
    const store = influx === null ? null : createInfluxStore({ url: `${influx.url}/ours` });
    await store?.start();
    if (influx !== null)
      for (const name of ["alone", "package"])
        await fetch(`${influx.url}/query`, { method: "POST", body: new URLSearchParams({ q: `CREATE DATABASE "${name}"` }) });
    for (let round = 0; round < ROUNDS; round++) {
      const chance = chanceFrom(round + 1);
      const batches = Array.from({ length: BATCHES }, (_, n) => batchAt(round * BATCHES + n, RIGS, chance));
      limits.push(await rate(batches, (batch) => appendAlone(alone, batch)));
      ours.push(await rate(batches, (batch) => duck.write(batch)));
      if (influx === null || store === null) continue;
      influxLimits.push(await rate(batches, (batch) => postAlone(influx.url, batch)));
      const cpu = process.cpuUsage();
      influxOurs.push(await rate(batches, (batch) => store.write(batch)));
      cpuMs.ours += cpuOf(cpu);
      const cpuPackage = process.cpuUsage();
      packageRates.push(await rate(batches, (batch) => writeByPackage(byPackage, batch)));
      cpuMs.package += cpuOf(cpuPackage);
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
        bench: "store-influx-writer",
        ours: median(influxOurs),
        limit: median(packageRates),
        against: "the influx package's writePoints, same readings",
        oursCpuMs: cpuMs.ours / ROUNDS,
        packageCpuMs: cpuMs.package / ROUNDS,
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

/** A week of the farm in the embedded store: bytes of a reading, and the four questions that a dashboard lives on. */
const week = async (folder: string, emit: Emit): Promise<void> => {
  const hours = optionOf("hours", 24);
  const rigs = optionOf("rigs", RIGS);
  const cpu = process.cpuUsage();
  const place = await filledDuck(join(folder, "week.duckdb"), rigs, hours);
  const { to } = place;
  const bytes = { bench: "store-bytes", unit: "bytes a reading", against: "the goal", rigs, hours, readings: place.readings };
  emit(figure({ ...bytes, ours: place.rawBytes, limit: GOAL_BYTES, asFloats: 8 * (RIG_FIELDS.length + 1) + 4 }));
  emit(figure({ ...bytes, bench: "store-bytes-rolled", ours: place.allBytes, limit: GOAL_BYTES, rollupS: place.rollupS }));
  const day = { from: to - DAY_MS, to };
  const off = 1_234_567;
  const { store } = place;
  const questions: readonly (readonly [name: string, goalMs: number, question: () => Promise<unknown>])[] = [
    ["store-latest", 50, () => store.latest("farm")],
    [
      "store-rig-day",
      50,
      () => store.rigSeries({ site: "farm", rig: "rig-500", ...day, points: 300, fields: ["hashrateThs", "powerW", "boardC", "chipC"] }),
    ],
    ["store-site-day", 500, () => store.siteSeries({ site: "farm", ...day, points: 1_440 })],
    ["store-site-odd", 500, () => store.siteSeries({ site: "farm", from: day.from - off, to: to - off, points: 1_441 })],
    ["store-top", 100, () => store.top({ site: "farm", from: to - HOUR_MS, to, field: "hashrateThs", order: "highest", limit: 20 })],
    [
      "store-top-odd",
      100,
      () => store.top({ site: "farm", from: to - HOUR_MS - off, to: to - off, field: "hashrateThs", order: "highest", limit: 20 }),
    ],
  ];
  const aside = await filledInflux(rigs, optionOf("influx-hours", 1));
  const shift = aside === null ? 0 : aside.to - to;
  for (const [name, goalMs, question] of questions) {
    const took = await timesOf(question);
    emit(figure({ bench: name, ours: took.p50, limit: goalMs, unit: "ms", against: "the goal", p95: took.p95, rigs, hours }));
  }
  await store.stop();
  if (aside !== null) {
    const { store: influx } = aside;
    const theirs: readonly (readonly [name: string, goalMs: number, question: () => Promise<unknown>])[] = [
      ["influx-latest", 50, () => influx.latest("farm")],
      [
        "influx-rig-day",
        50,
        () =>
          influx.rigSeries({
            site: "farm",
            rig: "rig-500",
            from: day.from + shift,
            to: to + shift,
            points: 300,
            fields: ["hashrateThs", "powerW", "boardC", "chipC"],
          }),
      ],
      ["influx-site-day", 500, () => influx.siteSeries({ site: "farm", from: day.from + shift, to: to + shift, points: 1_440 })],
      [
        "influx-top",
        100,
        () => influx.top({ site: "farm", from: to + shift - HOUR_MS, to: to + shift, field: "hashrateThs", order: "highest", limit: 20 }),
      ],
    ];
    for (const [name, goalMs, question] of theirs) {
      const took = await timesOf(question);
      emit(
        figure({
          bench: name,
          ours: took.p50,
          limit: goalMs,
          unit: "ms",
          against: "the embedded store's goal",
          p95: took.p95,
          rigs,
          hours: aside.hours,
        }),
      );
    }
    await aside.stop();
  }
  emit(usedSince("store", cpu));
};

export const run = async (emit: Emit): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "rigtwin-bench-"));
  try {
    if (!process.argv.includes("--no-writes")) await writes(folder, emit);
    if (optionOf("hours", 24) > 0) await week(folder, emit);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
