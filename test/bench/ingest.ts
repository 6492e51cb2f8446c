/**
 * Messages a second while they are published: a bare mqtt.js subscriber that counts and acknowledges, our journal in between (PUBACK
 * after the fsync), and the whole path to the committed embedded store. One real Mosquitto, one publisher, the same messages, in turn;
 * the time ends when the last message is counted, or stored. `--messages N` (100,000), `--warm N` (30,000; come before them and are not measured), `--rounds N` (5).
 * Where Go and the libraries are that Telegraf takes for this (Debian: golang-go golang-github-eclipse-paho.mqtt.golang-dev
 * golang-github-influxdata-line-protocol-dev), also consumer.go of them into a real InfluxDB, for messages per second of CPU. Linux
 * only: InfluxDB's CPU is read from /proc.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startInflux } from "../servers/influx.ts";
import { startMosquitto } from "../servers/mosquitto.ts";
import { find } from "../servers/programs.mjs";
import { cpuS } from "./proc.ts";
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

const runProgram = (name: string, args: readonly string[]): Running => {
  const child = spawn(name, args, { stdio: ["pipe", "pipe", "inherit"] });
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
const runNode = (name: string, args: readonly string[]): Running => runProgram(process.execPath, [program(name), ...args]);

/** One run: `worker` takes what a publisher sends, all of it at once. */
const measured = async (worker: Running, port: number): Promise<{ result: Result; publisherCpuS: number }> => {
  const publisher = runNode("ingest-publisher.js", [String(port), String(WARM + COUNT), String(RIGS)]);
  await Promise.all([worker.ready, publisher.ready]);
  publisher.go();
  const result = JSON.parse(await worker.result) as Result;
  return { result, publisherCpuS: (JSON.parse(await publisher.result) as { cpuS: number }).cpuS };
};

/** Where Debian puts the sources of Go's libraries. */
const GO_PATH = "/usr/share/gocode";
const FROM_DEBIAN = { GO111MODULE: "off", GOPATH: GO_PATH, GOFLAGS: "", GOPROXY: "off" };

/** consumer.go made into a program in a folder, or null where Go or its libraries are not. */
const builtConsumer = (folder: string): string | null => {
  const file = join(folder, "consumer");
  // tsc copies nothing but what it compiles.
  const source = program("../../../test/bench/consumer.go");
  const { status } = spawnSync("go", ["build", "-o", file, source], { env: { ...process.env, ...FROM_DEBIAN }, stdio: "ignore" });
  return status === 0 ? file : null;
};

/** What consumer.go takes, round by round; null where it cannot be made. */
const consumerRounds = async (port: number): Promise<{ results: Result[]; influxCpuMicros: number } | null> => {
  const folder = mkdtempSync(join(tmpdir(), "rigtwin-bench-"));
  try {
    const consumer = builtConsumer(folder);
    const influxd = find("influxd");
    if (consumer === null || influxd === null) return null;
    const results: Result[] = [];
    const influxCpuMicros: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const influx = await startInflux(influxd);
      try {
        await fetch(`${influx.url}/query?q=CREATE+DATABASE+telegraf`, { method: "POST" });
        const before = cpuS(influx.pid());
        const args = [
          `tcp://127.0.0.1:${port}`,
          `bench-consumer-${round}`,
          String(WARM + COUNT),
          String(WARM),
          `${influx.url}/write?db=telegraf&precision=ns`,
        ];
        results.push((await measured(runProgram(consumer, args), port)).result);
        influxCpuMicros.push(((cpuS(influx.pid()) - before) * 1e6) / (WARM + COUNT));
      } finally {
        await influx.stop();
      }
    }
    return { results, influxCpuMicros: median(influxCpuMicros) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

export const run = async (emit: Emit): Promise<void> => {
  const mosquitto = find("mosquitto");
  if (mosquitto === null) throw new Error("the ingest bench needs mosquitto (Debian: apt-get install mosquitto)");
  const broker = await startMosquitto(mosquitto, ["persistence false", "max_queued_bytes 0"]);
  const publisherCpuS: number[] = [];
  const results: Record<string, Result[]> = { bare: [], journal: [], whole: [] };
  let consumer: Awaited<ReturnType<typeof consumerRounds>> = null;
  try {
    for (let round = 0; round < ROUNDS; round++)
      for (const mode of MODES) {
        const clientId = `bench-${mode}-${round}`;
        const folder = mkdtempSync(join(tmpdir(), "rigtwin-bench-"));
        const worker = runNode("ingest-worker.js", [mode, broker.url, clientId, String(WARM + COUNT), String(WARM), folder]);
        const taken = await measured(worker, broker.port);
        results[mode]?.push(taken.result);
        publisherCpuS.push(taken.publisherCpuS);
        rmSync(folder, { recursive: true, force: true });
      }
    consumer = await consumerRounds(broker.port);
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
  if (consumer === null)
    return console.error("ingest-per-cpu was not measured: it needs influxd, Go and the two libraries (see ingest.ts)");
  const consumerCpuS = median(consumer.results.map((result) => result.cpuS));
  emit(
    figure({
      bench: "ingest-per-cpu",
      ours: COUNT / middle("whole", "cpuS"),
      limit: COUNT / consumerCpuS,
      unit: "msg per CPU second",
      against: "Telegraf's own libraries into InfluxDB, without InfluxDB's CPU",
      messages: COUNT,
      rounds: ROUNDS,
      cpuMicrosEach: (middle("whole", "cpuS") * 1e6) / COUNT,
      consumerCpuMicrosEach: (consumerCpuS * 1e6) / COUNT,
      influxCpuMicrosEach: consumer.influxCpuMicros,
      consumerPerS: median(consumer.results.map((result) => result.perS)),
      consumerPeakMb: median(consumer.results.map((result) => result.peakMb)),
      reaches: "ours: journal before PUBACK, fold and embedded store",
    }),
  );
};
