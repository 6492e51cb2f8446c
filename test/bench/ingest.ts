/**
 * Messages a second while they are published: a bare mqtt.js subscriber that counts and acknowledges, our journal in between (PUBACK
 * after the fsync), and the whole path to the committed embedded store. One real Mosquitto, one publisher, the same messages, in turn;
 * the time ends when the last message is counted, or stored. `--messages N` (100,000), `--warm N` (30,000; come before them and are not measured), `--rounds N` (5).
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startMosquitto } from "../servers/mosquitto.ts";
import { find } from "../servers/programs.mjs";
import { figure, median, optionOf, type Emit } from "./report.ts";

const COUNT = optionOf("messages", 100_000);
const WARM = optionOf("warm", 30_000);
const RIGS = 1_000;
const ROUNDS = optionOf("rounds", 5);
const MODES = ["bare", "journal", "whole"] as const;

interface Result {
  readonly perS: number;
  readonly cpuS: number;
  readonly peakMb: number;
}

const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

interface Running {
  /** Resolves when it has said so. */
  readonly ready: Promise<void>;
  readonly go: () => void;
  /** The last line it printed; throws where it failed. */
  readonly result: Promise<string>;
}

const runNode = (name: string, args: readonly string[]): Running => {
  const child = spawn(process.execPath, [program(name), ...args], { stdio: ["pipe", "pipe", "inherit"] });
  let text = "";
  let isReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  child.stdout.on("data", (data: Buffer) => {
    text += data.toString();
    if (text.includes("ready")) isReady();
  });
  const result = new Promise<string>((resolve, reject) =>
    child.once("close", (code) => {
      if (code === 0) resolve(text.trim().split("\n").at(-1) ?? "");
      else reject(new Error(`${name} ${args[0]} ended with code ${code}`));
      isReady();
    }),
  );
  return { ready, go: () => child.stdin.end("go\n"), result };
};

export const run = async (emit: Emit): Promise<void> => {
  const mosquitto = find("mosquitto");
  if (mosquitto === null) throw new Error("the ingest bench needs mosquitto (Debian: apt-get install mosquitto)");
  const broker = await startMosquitto(mosquitto, ["persistence false", "max_queued_bytes 0"]);
  const publisherCpuS: number[] = [];
  const results: Record<string, Result[]> = { bare: [], journal: [], whole: [] };
  try {
    for (let round = 0; round < ROUNDS; round++)
      for (const mode of MODES) {
        const clientId = `bench-${mode}-${round}`;
        const folder = mkdtempSync(join(tmpdir(), "rigtwin-bench-"));
        const worker = runNode("ingest-worker.js", [mode, broker.url, clientId, String(WARM + COUNT), String(WARM), folder]);
        const publisher = runNode("ingest-publisher.js", [String(broker.port), String(WARM + COUNT), String(RIGS)]);
        await Promise.all([worker.ready, publisher.ready]);
        publisher.go();
        results[mode]?.push(JSON.parse(await worker.result) as Result);
        publisherCpuS.push((JSON.parse(await publisher.result) as { cpuS: number }).cpuS);
        rmSync(folder, { recursive: true, force: true });
      }
  } finally {
    await broker.stop();
  }
  const middle = (mode: string, field: keyof Result): number => median((results[mode] ?? []).map((result) => result[field]));
  const against = "bare mqtt.js subscriber on the same broker";
  const common = { limit: middle("bare", "perS"), unit: "msg/s", against, messages: COUNT, warm: WARM, rounds: ROUNDS };
  const costs = (mode: string) => ({
    // Of the same round, so that what else the machine did then weighs on both.
    pairedRatio: median((results[mode] ?? []).map(({ perS }, round) => perS / (results["bare"]?.[round]?.perS ?? NaN))),
    cpuS: middle(mode, "cpuS"),
    bareCpuS: middle("bare", "cpuS"),
    cpuMicrosEach: (middle(mode, "cpuS") * 1e6) / COUNT,
    publisherCpuS: median(publisherCpuS),
    peakMb: middle(mode, "peakMb"),
    barePeakMb: middle("bare", "peakMb"),
  });
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
