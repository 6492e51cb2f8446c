/**
 * A large recording streams through `npm run replay`, and the process that folds it is watched. The recording is five minutes of 1,000 rigs
 * again and again, each time with its own times and numbers, written plain to the disk first. `--gb 10` is what is promised.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createFile } from "../../server/edge/recordings/file.ts";
import { linkNative } from "../../server/edge/sha256.ts";
import { createRecording } from "../../server/twin/recording.ts";
import { messages } from "../../simulators/messages.ts";
import { parseScenario } from "../../simulators/scenario.ts";
import { figure, optionOf, type Emit } from "./report.ts";

const START = Date.UTC(2026, 10, 21, 9);
const CYCLE_MS = 5 * 60_000;
const READINGS = CYCLE_MS / 10_000;
const RIGS = 1_000;
const BYTES = optionOf("gb", 1) * 1e9;
const LIMIT_MB = 200;
const LOOK_MS = 250;
/** The process has begun to fold when this part of the file has been read; what it takes then is its start. */
const STARTED_PART = 0.02;

const scenario = parseScenario({ name: "calm", says: "Nothing is wrong.", faults: [] });
const span = { seed: 1, scenario, rigs: RIGS, site: "farm", fromTs: START, toTs: START + CYCLE_MS, intervalMs: 10_000 };

/** Writes the recording; gives how many rows it has. */
const written = async (path: string): Promise<number> => {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const cycle = [...messages(span)].map(({ payload, ...message }) => ({ ...message, text: decoder.decode(payload) }));
  const opening = { site: "farm", startTs: START, source: "a bench", ticks: false, farm: null, retained: [] };
  const recording = createRecording(opening, linkNative);
  const file = await createFile(path, { gzip: false, overwrite: true });
  for (const line of recording.opening()) await file.line(line);
  let endTs = START;
  for (let round = 0; file.bytes() < BYTES; round++) {
    const shiftMs = round * CYCLE_MS;
    for (const { ts, topic, text, retain } of cycle) {
      const moved = text
        .replace(/"ts":(\d+)/, (_, at: string) => `"ts":${Number(at) + shiftMs}`)
        .replace(/"seq":(\d+)/, (_, seq: string) => `"seq":${Number(seq) + round * READINGS}`);
      const message = { topic, payload: encoder.encode(moved), qos: 1 as const, retain, dup: false, client: "", properties: null };
      await file.line(recording.row(message, ts + shiftMs));
    }
    endTs = span.toTs + shiftMs;
  }
  await file.line(recording.end(endTs));
  await file.close();
  return recording.rows();
};

const residentMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN) / 1_024;
/** Bytes that the process has read so far. */
const readBy = (pid: number): number => Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1] ?? 0);

export const run = async (emit: Emit): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "rigtwin-bench-"));
  try {
    const path = join(folder, "large.mfrec");
    const rows = await written(path);
    const { size } = statSync(path);
    const startedMs = performance.now();
    const program = resolve(import.meta.dirname, "../../server/cli/replay.js");
    const child = spawn(process.execPath, [program, path, "--hashes"], { stdio: ["ignore", "inherit", "inherit"] });
    const seen: { readonly part: number; readonly mb: number }[] = [];
    const timer = setInterval(() => {
      if (child.exitCode === null && child.pid !== undefined) seen.push({ part: readBy(child.pid) / size, mb: residentMb(child.pid) });
    }, LOOK_MS);
    const code = await new Promise<number | null>((done) => child.once("close", done));
    clearInterval(timer);
    if (code !== 0) throw new Error(`the replay ended with ${code}`);
    const seconds = (performance.now() - startedMs) / 1_000;
    const startMb = seen.find(({ part }) => part >= STARTED_PART)?.mb ?? Number.NaN;
    const mostMb = Math.max(...seen.map(({ mb }) => mb));
    const tenths = Array.from({ length: 10 }, (_, i) => Math.round(seen.find(({ part }) => part >= (i + 1) / 10.5)?.mb ?? Number.NaN));
    emit(
      figure({
        bench: "memory",
        ours: mostMb - startMb,
        limit: LIMIT_MB,
        unit: "MB over the start",
        against: "what is promised",
        startMb,
        mostMb,
        eachTenthMb: tenths.join(" "),
        gigabytes: size / 1e9,
        rows,
        rowsASecond: rows / seconds,
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
