/** Kills a process that writes into a series store, at any moment, and looks at what it left. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { expect } from "@jest/globals";
import type { SeriesStore } from "../../server/twin/series.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const WRITER = join(ROOT, "test/servers/series-writer.mjs");
/** As in series-writer.mjs. */
const T0 = Date.UTC(2026, 2, 2);
const RIGS = 40;

/** Builds the server for the writer, beside node_modules so that its imports are found; gives the folder. */
export const builtFor = (kind: string): string => {
  const folder = join(ROOT, "build", `kill-${kind}`);
  const made = spawnSync(
    process.execPath,
    [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", ROOT, "--incremental", "false", "--outDir", folder],
    { cwd: ROOT, encoding: "utf8" },
  );
  if (made.error !== undefined) throw made.error;
  return folder;
};

/** Starts the writer, kills it after `kept` more batches and some; gives the last batch it was told is kept. */
export const writeAndKill = async (built: string, kind: "duck" | "influx", place: string, first: number, kept: number): Promise<number> => {
  const child = spawn(process.execPath, [WRITER, built, kind, place, String(first)], { stdio: ["ignore", "pipe", "inherit"] });
  let last = first - 1;
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    last = Number(lines.at(-1) ?? last);
    if (last >= first + kept) child.kill("SIGKILL");
  });
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  expect([code, signal]).toEqual([null, "SIGKILL"]);
  return last;
};

/** How many readings of each batch are there, from batch 1 to `to`: RIGS for a whole one. */
export const readingsOf = async (store: SeriesStore, to: number): Promise<number[]> => {
  const { ts, rigs } = await store.siteSeries({ site: "alpha", from: T0 + 1_000, to: T0 + (to + 1) * 1_000, points: to });
  expect(ts).toHaveLength(to);
  return [...rigs];
};

/** All batches up to `to`, whole and once. */
export const wholeTo = async (store: SeriesStore, to: number): Promise<void> => {
  expect(new Set(await readingsOf(store, to))).toEqual(new Set([RIGS]));
  // A batch kept twice would weigh twice in the mean.
  const top = await store.top({ site: "alpha", from: T0, to: T0 + (to + 1) * 1_000, field: "hashrateThs", order: "highest", limit: 1 });
  expect(top[0]?.mean).toBeCloseTo((1 + to) / 2, 5);
};
