/**
 * Every shape of question on both stores, beside the time the same store takes to add up one raw column of the same range: p50 and p95.
 * `--rigs N` (1,000), `--hours N` of history (24), `--influx-hours N` (1).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createQuestions } from "../../server/flows/questions.ts";
import { newFarm } from "../../server/twin/farm.ts";
import type { SeriesStore } from "../../server/twin/series.ts";
import { filledDuck, filledInflux, timesOf, usedSince, type Filled } from "./history.ts";
import { figure, optionOf, type Emit } from "./report.ts";

const HOUR_MS = 3_600_000;
const TRIES = 7;

const drained = async (pieces: AsyncIterable<unknown>): Promise<void> => {
  for await (const piece of pieces) void piece;
};

const shapesOf = (store: SeriesStore, to: number, hours: number): readonly (readonly [string, () => Promise<unknown>])[] => {
  const farm = { ...newFarm("farm"), asOfTs: to };
  const questions = createQuestions({ site: "farm", farm: () => farm, store });
  const all = { from: to - hours * HOUR_MS, to };
  const hour = { from: to - HOUR_MS, to };
  const site = "farm";
  const rig = "rig-500";
  const { signal } = new AbortController();
  return [
    ["latest", () => questions.latest({ limit: 100_000 })],
    ["low-hashrate", () => questions.latest({ hashrateBelowPct: 80, limit: 100_000 })],
    ["hot", () => questions.latest({ tempAbovePct: 90, limit: 100_000 })],
    ["rig", () => store.rigSeries({ site, rig, ...all, points: 300, fields: ["hashrateThs", "boardC"] })],
    ["rig-drawn", () => store.rigSeries({ site, rig, ...all, points: 2_400, fields: ["hashrateThs"] })],
    ["site", () => store.siteSeries({ site, ...all, points: 1_440 })],
    ["top", () => questions.top({ ...hour, field: "hashrateThs", order: "highest", limit: 20 })],
    ["stopped", () => questions.stopped({ from: to - 600_000, to }, signal)],
    ["uptime", () => questions.uptime({ ...all, leastMs: 0, limit: 100 }, signal)],
    ["uptime-one", () => store.rigSeries({ site, rig, ...all, points: 144, fields: ["hashrateThs"] })],
    ["performance", () => questions.performance({ ...all, by: "model" }, signal)],
    ["activity", () => questions.activity(all, signal)],
    [
      "export-10-minutes",
      () =>
        drained(
          questions.exported(
            { from: to - HOUR_MS, to: to - HOUR_MS + 600_000, format: "csv", tier: "raw", fields: ["hashrateThs", "powerW"] },
            signal,
          ).pieces,
        ),
    ],
  ];
};

const ask = async (kind: string, { store, to, hours }: Filled, rigs: number, emit: Emit): Promise<void> => {
  // Of all raw values of the last hour: what any answer from raw rows has to read at least.
  const limit = await timesOf(
    () => store.top({ site: "farm", from: to - Math.min(hours, 1) * HOUR_MS + 1, to: to - 1, field: "chipC", order: "highest", limit: 1 }),
    TRIES,
  );
  for (const [name, question] of shapesOf(store, to, hours)) {
    const took = await timesOf(question, TRIES);
    emit(
      figure({
        bench: `${kind}-${name}`,
        ours: took.p50,
        limit: limit.p50,
        unit: "ms",
        against: "one field of all rigs over an hour with odd ends",
        p95: took.p95,
        rigs,
        hours,
      }),
    );
  }
};

export const run = async (emit: Emit): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "rigtwin-bench-"));
  const rigs = optionOf("rigs", 1_000);
  const cpu = process.cpuUsage();
  try {
    const duck = await filledDuck(join(folder, "asked.duckdb"), rigs, optionOf("hours", 24));
    await ask("duck", duck, rigs, emit);
    await duck.stop();
    const influx = await filledInflux(rigs, optionOf("influx-hours", 1));
    if (influx !== null) {
      await ask("influx", influx, rigs, emit);
      await influx.stop();
    }
    emit(usedSince("queries", cpu));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
