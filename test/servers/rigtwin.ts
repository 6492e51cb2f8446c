/** The whole server as people run it, built, on free ports of the loopback and in a folder of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { until } from "./until.ts";

export interface RigtwinOptions {
  /** Folder to use; by default a new one, which `remove` deletes. */
  readonly dataDir?: string;
  readonly site?: string;
  /** Simulated rigs; none by default. */
  readonly rigs?: number;
  /** Between two readings of a simulated rig. */
  readonly intervalS?: number;
  readonly backfillH?: number;
  readonly scenario?: string;
  /** An outside broker, store. */
  readonly mqttUrl?: string;
  readonly influxUrl?: string;
  /** Private addresses that notifications may go to. */
  readonly notifyAllow?: string;
  /** 0, the default, takes a free one; it stays the same over restarts. */
  readonly port?: number;
  readonly mqttPort?: number;
  /** Port of the local chain; a free one by default. */
  readonly rpcPort?: number;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  /** Parsed where the answer is JSON, else null. */
  readonly json: unknown;
  readonly text: string;
}

export interface Rigtwin {
  readonly url: string;
  readonly mqttUrl: string;
  readonly dataDir: string;
  readonly pid: () => number;
  /** Everything it printed since its last start. */
  readonly output: () => string;
  /** GET of a path, or POST where a body is given. */
  readonly api: (path: string, body?: unknown) => Promise<Answer>;
  /** The JSON of a path that must answer 200. */
  readonly get: <T>(path: string) => Promise<T>;
  /** SIGINT; throws where it does not end with code 0. */
  readonly stop: () => Promise<void>;
  /** kill -9, and waits until it is gone. Does nothing where it is gone already. */
  readonly kill9: () => Promise<void>;
  /** Starts it again on the same ports and data. */
  readonly restart: () => Promise<void>;
  /** kill -9 where it still runs, and deletes its folder. */
  readonly remove: () => Promise<void>;
}

const ROOT = resolve(import.meta.dirname, "../..").replace(/\/build$/, "");
const PROGRAM = join(ROOT, "build/server/main.js");
const READY_MS = 60_000;
const STOP_MS = 25_000;

const argumentsOf = (options: RigtwinOptions, dataDir: string, port: number, mqttPort: number): string[] => {
  const flags = {
    port,
    "mqtt-port": mqttPort,
    "rpc-port": options.rpcPort ?? 0,
    "data-dir": dataDir,
    rigs: options.rigs ?? 0,
    interval: options.intervalS ?? 1,
    backfill: options.backfillH ?? 0,
    site: options.site,
    scenario: options.scenario,
    "mqtt-url": options.mqttUrl,
    "influx-url": options.influxUrl,
    "notify-allow": options.notifyAllow,
  };
  return Object.entries(flags).flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}`, String(value)]));
};

const isGone = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;
const gone = (child: ChildProcess): Promise<void> =>
  isGone(child) ? Promise.resolve() : new Promise((done) => child.once("exit", () => done()));

/** Runs the server until it ends by itself; gives its exit code and what it printed. For starts that are to fail. */
export const runRigtwin = async (
  options: RigtwinOptions & { readonly dataDir: string },
): Promise<{ code: number | null; output: string }> => {
  const child = spawn(process.execPath, [PROGRAM, ...argumentsOf(options, options.dataDir, options.port ?? 0, options.mqttPort ?? 0)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece: Buffer) => void (output += piece.toString()));
  const timer = setTimeout(() => child.kill("SIGKILL"), READY_MS);
  await new Promise((done) => child.once("close", done));
  clearTimeout(timer);
  return { code: child.exitCode, output };
};

/** Starts the server and resolves when it has printed its addresses. */
export const startRigtwin = async (options: RigtwinOptions = {}): Promise<Rigtwin> => {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not built: npm test builds it, as does node server/prepare.mjs --server-only`);
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "rigtwin-whole-"));
  let child: ChildProcess;
  let output = "";
  let port = options.port ?? 0;
  let mqttPort = options.mqttPort ?? 0;
  let url = "";
  let mqttUrl = "";

  const start = async (): Promise<void> => {
    output = "";
    const started = spawn(process.execPath, [PROGRAM, ...argumentsOf(options, dataDir, port, mqttPort)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) stream.on("data", (piece: Buffer) => void (output += piece.toString()));
    await until(() => isGone(started) || output.includes("Stop with Ctrl-C"), `the server is ready\n${output}`, READY_MS);
    if (!output.includes("Stop with Ctrl-C")) throw new Error(`the server ended at its start with code ${started.exitCode}:\n${output}`);
    url = /Dashboard\s+(\S+)/.exec(output)?.[1] ?? "";
    mqttUrl = /MQTT\s+(\S+)/.exec(output)?.[1] ?? "";
    port = Number(new URL(url).port);
    if (options.mqttUrl === undefined) mqttPort = Number(new URL(mqttUrl).port);
  };

  const api = async (path: string, body?: unknown): Promise<Answer> => {
    const asked = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(`${url}${path}`, { ...asked, signal: AbortSignal.timeout(20_000) });
    const text = await answer.text();
    const type = answer.headers.get("content-type") ?? "";
    return { status: answer.status, type, text, json: /json/.test(type) ? (JSON.parse(text) as unknown) : null };
  };

  const kill9 = async (): Promise<void> => {
    if (!isGone(child)) child.kill("SIGKILL");
    await gone(child);
  };

  await start();
  return {
    get url() {
      return url;
    },
    get mqttUrl() {
      return mqttUrl;
    },
    dataDir,
    pid: () => child.pid ?? 0,
    output: () => output,
    api,
    async get<T>(path: string) {
      const answer = await api(path);
      if (answer.status !== 200) throw new Error(`${path} answers ${answer.status}: ${answer.text.slice(0, 500)}`);
      return answer.json as T;
    },
    async stop() {
      child.kill("SIGINT");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await gone(child);
      clearTimeout(timer);
      if (child.exitCode !== 0) throw new Error(`the server ended with ${child.signalCode ?? `code ${child.exitCode}`}:\n${output}`);
    },
    kill9,
    restart: start,
    async remove() {
      await kill9();
      // Its children go when they notice that it is gone, and may write until then.
      await until(() => {
        try {
          rmSync(dataDir, { recursive: true, force: true });
        } catch {
          return false;
        }
        return !existsSync(dataDir);
      }, `${dataDir} is deleted`);
    },
  };
};
