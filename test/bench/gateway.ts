/**
 * The gateway against fake machines on loopback addresses: how long a /22 with 200 machines takes, beside a bare knock at every door of
 * it; and 1,000 machines every ten seconds, beside what is asked for, with the share of one core that takes.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { knock } from "../../server/gateway/ask/tcp.ts";
import { addressesIn } from "../../server/gateway/ranges.ts";
import { freePort, startMosquitto } from "../servers/mosquitto.ts";
import { find } from "../servers/programs.mjs";
import { figure, type Emit } from "./report.ts";

const CONCURRENCY = 256;
const INTERVAL_S = 10;
const READ_S = 30;
/** What a /22 may take. */
const MOST_S = 60;

const program = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const startDevices = (args: readonly string[]): Promise<ChildProcess> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program("simulators/devices/main.js"), ...args], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (data: Buffer) => {
      text += data.toString();
      if (text.includes("ready")) resolve(child);
    });
    child.once("exit", (code) => reject(new Error(`the devices ended with code ${code}`)));
  });

interface Result {
  readonly miners: number;
  readonly foundS: number;
  readonly roundsPerS: number;
  readonly failed: number;
  readonly cpuShare: number;
  readonly waiting: number;
  readonly peakMb: number;
}
const runGateway = (expected: number, seconds: number, flags: readonly string[]): Promise<Result> =>
  new Promise((resolve, reject) => {
    const worker = fileURLToPath(new URL("gateway-worker.js", import.meta.url));
    const child = spawn(process.execPath, [worker, String(expected), String(seconds), ...flags], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (data: Buffer) => {
      text += data.toString();
    });
    child.once("exit", (code) =>
      code === 0 ? resolve(JSON.parse(text) as Result) : reject(new Error(`the gateway ended with code ${code}`)),
    );
  });

const knockAll = async (hosts: readonly string[], ports: readonly number[]): Promise<number> => {
  const started = performance.now();
  const work = hosts.values();
  const worker = async (): Promise<void> => {
    for (const host of work) await Promise.all(ports.map((port) => knock(host, port, 1_000)));
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return (performance.now() - started) / 1_000;
};

export const run = async (emit: Emit): Promise<void> => {
  const mosquitto = find("mosquitto");
  if (mosquitto === null) throw new Error("the gateway bench needs mosquitto (Debian: apt-get install mosquitto)");
  const broker = await startMosquitto(mosquitto, ["persistence false"]);
  const ports = { rpc: await freePort(), framed: await freePort(), web: await freePort() };
  const portFlags = [`--rpc-port=${ports.rpc}`, `--framed-port=${ports.framed}`, `--web-port=${ports.web}`];
  const folder = mkdtempSync(join(tmpdir(), "rigtwin-bench-gateway-"));
  const flags = [`--mqtt=${broker.url}`, "--name=bench", `--interval=${INTERVAL_S}`, ...portFlags];
  const measure = async (rigs: number, first: string, range: string, seconds: number, name: string): Promise<Result> => {
    const devices = await startDevices([`--rigs=${rigs}`, `--first=${first}`, "--scenario=calm-day", "--latency=20", ...portFlags]);
    try {
      return await runGateway(rigs, seconds, [...flags, `--range=${range}`, `--data-dir=${join(folder, name)}`]);
    } finally {
      devices.removeAllListeners("exit");
      devices.kill();
    }
  };
  try {
    const range = "127.30.0.0/22";
    const found = await measure(200, "127.30.0.1", range, 0, "find");
    const bareS = await knockAll(addressesIn(range), Object.values(ports));
    emit(
      figure({
        bench: "gateway-find",
        ours: MOST_S,
        limit: found.foundS,
        unit: "s",
        against: "what it took until all 200 in a /22 were found and read",
        found: found.miners,
        bareKnockS: bareS,
      }),
    );
    const read = await measure(1_000, "127.31.0.1", "127.31.0.0/21", READ_S, "read");
    emit(
      figure({
        bench: "gateway-read",
        ours: read.roundsPerS,
        limit: 1_000 / INTERVAL_S,
        unit: "machines/s",
        against: "1,000 machines every 10 s",
        found: read.miners,
        foundS: read.foundS,
        failed: read.failed,
        cpuShareOfACore: read.cpuShare,
        waitingBatches: read.waiting,
        peakMb: read.peakMb,
      }),
    );
  } finally {
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};
