/**
 * The built server under a whole farm's load: 10,000 simulated rigs, a reading each every 10 s, over its embedded broker. Prints its
 * CPU, its resident memory and whether that rises. Linux only: it is read from /proc, so that the server need not be changed for it.
 * `--minutes N` (5), `--rigs N` (10,000), `--interval N` seconds (10).
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { startRigtwin } from "../servers/rigtwin.ts";
import { cpuS, memoryMb } from "./proc.ts";
import { figure, median, optionOf, type Emit } from "./report.ts";

const SAMPLE_MS = 5_000;
const WARM_UP_MS = 60_000;
const LIMIT_CPU_PCT = 25;
const LIMIT_MB = 500;

interface Sample {
  readonly atS: number;
  readonly cpuS: number;
  readonly mb: number;
}
interface Ingest {
  readonly ingest: { readonly headPos: number; readonly storedPos: number; readonly accepted: number; readonly refused: number };
}

const sampleOf = (pid: number, startMs: number): Sample => ({
  atS: (Date.now() - startMs) / 1_000,
  cpuS: cpuS(pid),
  mb: memoryMb(pid, "VmRSS"),
});

/** Least squares: MB an hour. */
const slopeOf = (samples: readonly Sample[]): number => {
  const n = samples.length;
  const meanS = samples.reduce((sum, { atS }) => sum + atS, 0) / n;
  const meanMb = samples.reduce((sum, { mb }) => sum + mb, 0) / n;
  const above = samples.reduce((sum, { atS, mb }) => sum + (atS - meanS) * (mb - meanMb), 0);
  const below = samples.reduce((sum, { atS }) => sum + (atS - meanS) ** 2, 0);
  return (above / below) * 3_600;
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const run = async (emit: Emit): Promise<void> => {
  const minutes = optionOf("minutes", 5);
  const rigs = optionOf("rigs", 10_000);
  const interval = optionOf("interval", 10);
  const server = await startRigtwin({ rigs: 0 });
  const program = fileURLToPath(new URL("../../simulators/main.js", import.meta.url));
  const flags = { url: server.mqttUrl, site: "farm", rigs, interval: `${interval}s`, scenario: "calm-day" };
  const farm = spawn(process.execPath, [program, ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)])], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  try {
    await pause(WARM_UP_MS);
    const startMs = Date.now();
    const before = await server.get<Ingest>("/api/v1/status");
    const samples = [sampleOf(server.pid(), startMs)];
    while (Date.now() < startMs + minutes * 60_000) {
      await pause(SAMPLE_MS);
      if (farm.exitCode !== null) throw new Error(`the simulator ended with code ${farm.exitCode}`);
      samples.push(sampleOf(server.pid(), startMs));
    }
    const after = await server.get<Ingest>("/api/v1/status");
    const [first, last] = [samples[0], samples.at(-1)];
    if (first === undefined || last === undefined) throw new Error("nothing was measured");
    const seconds = last.atS - first.atS;
    const common = {
      rigs,
      minutes,
      readingsPerS: (after.ingest.accepted - before.ingest.accepted) / seconds,
      refused: after.ingest.refused,
      storeBehind: after.ingest.headPos - after.ingest.storedPos,
    };
    const cpuPct = (100 * (last.cpuS - first.cpuS)) / seconds;
    emit(figure({ bench: "steady-cpu", ours: cpuPct, limit: LIMIT_CPU_PCT, unit: "% of a core", against: "the goal", ...common }));
    emit(
      figure({
        bench: "steady-memory",
        ours: median(samples.map(({ mb }) => mb)),
        limit: LIMIT_MB,
        unit: "MB resident",
        against: "the goal",
        most: Math.max(...samples.map(({ mb }) => mb)),
        first: first.mb,
        last: last.mb,
        slopeMbPerH: slopeOf(samples),
        // The part in which the five-minute rows of a further hour are begun is over by then.
        slopeSecondHalfMbPerH: slopeOf(samples.slice(samples.length >> 1)),
        ...common,
      }),
    );
  } finally {
    farm.kill("SIGKILL");
    await server.remove();
  }
};
