/**
 * Messages a second that are drained from a broker's queue: a bare mqtt.js subscriber that counts and acknowledges, our journal
 * in between (PUBACK after the fsync), and the whole path to the embedded store. Same Mosquitto, same messages, in turn.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startMosquitto } from "../servers/mosquitto.ts";
import { find } from "../servers/programs.mjs";
import { figure, median, type Emit } from "./report.ts";

const COUNT = 30_000;
const RIGS = 1_000;
const ROUNDS = 3;
const MODES = ["bare", "journal", "whole"] as const;

interface Result {
  readonly perS: number;
  readonly cpuS: number;
  readonly peakMb: number;
}

const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const runNode = (name: string, args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program(name), ...args], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (data: Buffer) => {
      text += data.toString();
    });
    child.once("exit", (code) => (code === 0 ? resolve(text) : reject(new Error(`${name} ${args[0]} ended with code ${code}`))));
  });

export const run = async (emit: Emit): Promise<void> => {
  const mosquitto = find("mosquitto");
  if (mosquitto === null) throw new Error("the ingest bench needs mosquitto (Debian: apt-get install mosquitto)");
  const broker = await startMosquitto(mosquitto, ["persistence false", "max_queued_bytes 0"]);
  const results: Record<string, Result[]> = { bare: [], journal: [], whole: [] };
  try {
    for (let round = 0; round < ROUNDS; round++)
      for (const mode of MODES) {
        const clientId = `bench-${mode}-${round}`;
        const folder = mkdtempSync(join(tmpdir(), "rigtwin-bench-"));
        await runNode("ingest-worker.js", ["subscribe", broker.url, clientId]);
        await runNode("ingest-publisher.js", [broker.url, String(COUNT), String(RIGS)]);
        results[mode]?.push(JSON.parse(await runNode("ingest-worker.js", [mode, broker.url, clientId, String(COUNT), folder])) as Result);
        rmSync(folder, { recursive: true, force: true });
      }
  } finally {
    await broker.stop();
  }
  const middle = (mode: string, field: keyof Result): number => median((results[mode] ?? []).map((result) => result[field]));
  const against = "bare mqtt.js subscriber on the same broker";
  const common = { limit: middle("bare", "perS"), unit: "msg/s", against, messages: COUNT, rounds: ROUNDS };
  const costs = (mode: string) => ({ cpuS: middle(mode, "cpuS"), bareCpuS: middle("bare", "cpuS"), peakMb: middle(mode, "peakMb") });
  emit(
    figure({ bench: "ingest", ours: middle("journal", "perS"), ...common, ...costs("journal"), reaches: "journal on disk before PUBACK" }),
  );
  emit(
    figure({
      bench: "ingest-whole",
      ours: middle("whole", "perS"),
      ...common,
      ...costs("whole"),
      reaches: "journal, fold and embedded store",
    }),
  );
};
