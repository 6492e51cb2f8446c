/** The simulated farm, a process of its own that talks to the broker like any gateway. */
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

export interface SimulatorOptions {
  /** Path of the built program. */
  readonly program: string;
  readonly site: string;
  readonly rigs: number;
  readonly seed: number;
  readonly scenario: string;
  readonly intervalS: number;
  readonly onExit: (code: number | null) => void;
}

const argumentsOf = (options: SimulatorOptions): string[] => [
  "--site",
  options.site,
  "--rigs",
  String(options.rigs),
  "--seed",
  String(options.seed),
  "--scenario",
  options.scenario,
  "--sign",
];

/** A line of the simulator's past. */
interface Line {
  readonly ts: number;
  readonly topic: string;
  readonly retain: boolean;
  readonly payload: string;
}

/** Builds the farm. `past` gives messages of before now, in time order; `start` runs it against a broker. */
export const createSimulator = (options: SimulatorOptions) => {
  let child: ChildProcess | null = null;
  let stopping = false;
  return {
    /** The public keys of its gateways, by their names. */
    async keys(): Promise<Readonly<Record<string, string>>> {
      const writer = spawn(process.execPath, [options.program, ...argumentsOf(options), "--gateway-keys"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const parts: Buffer[] = [];
      for await (const part of writer.stdout) parts.push(part as Buffer);
      return JSON.parse(Buffer.concat(parts).toString()) as Record<string, string>;
    },
    async *past(hours: number, intervalS: number, toTs: number) {
      const writer = spawn(
        process.execPath,
        [
          options.program,
          ...argumentsOf(options),
          "--interval",
          `${intervalS}s`,
          "--backfill",
          `${hours}h`,
          "--until",
          String(toTs),
          "--stdout",
        ],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      const ended = new Promise<number | null>((resolve) => writer.once("exit", resolve));
      for await (const text of createInterface({ input: writer.stdout, crlfDelay: Infinity })) {
        const { ts, topic, retain, payload } = JSON.parse(text) as Line;
        yield { ts, topic, retain, payload: Buffer.from(payload) };
      }
      const code = await ended;
      if (code !== 0) throw new Error(`the simulator ended with code ${code} while telling the past`);
    },
    /** `url` may carry a user and password; they do not go onto the command line, which everybody on the machine can read. */
    start(url: string): void {
      const address = new URL(url);
      const { username, password } = address;
      address.username = "";
      address.password = "";
      // The IPC channel closes when this process dies in whatever way, and the farm goes with it.
      child = spawn(
        process.execPath,
        [
          options.program,
          ...argumentsOf(options),
          "--interval",
          `${options.intervalS}s`,
          "--url",
          address.href,
          ...(username === "" ? [] : ["--username", decodeURIComponent(username)]),
        ],
        { stdio: ["ignore", "ignore", "inherit", "ipc"], env: { ...process.env, MQTT_PASSWORD: decodeURIComponent(password) } },
      );
      child.once("exit", (code) => {
        if (!stopping) options.onExit(code);
      });
    },
    async stop(): Promise<void> {
      stopping = true;
      const running = child;
      if (running === null || running.exitCode !== null) return;
      const ended = new Promise((resolve) => running.once("exit", resolve));
      running.kill("SIGTERM");
      const timer = setTimeout(() => running.kill("SIGKILL"), 3_000);
      await ended;
      clearTimeout(timer);
    },
  };
};
