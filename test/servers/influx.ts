/** A real influxd for a test: its own configuration and data in a temporary folder, on free ports of the loopback. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./mosquitto.ts";

export interface Influx {
  /** `http://127.0.0.1:PORT`; a store's address adds the database as path. */
  readonly url: string;
  readonly pid: () => number;
  /** kill -9, and waits until it is gone. */
  readonly kill9: () => Promise<void>;
  /** Starts it again on the same port and data. */
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
}
export interface InfluxOptions {
  /** Makes an administrator and asks for the password. */
  readonly auth?: { readonly username: string; readonly password: string };
}

const configOf = (folder: string, http: number, rpc: number, auth: boolean): string => `
reporting-enabled = false
bind-address = "127.0.0.1:${rpc}"
[meta]
  dir = "${folder}/meta"
  logging-enabled = false
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[subscriber]
  enabled = false
[http]
  enabled = true
  bind-address = "127.0.0.1:${http}"
  auth-enabled = ${auth}
  log-enabled = false
[logging]
  level = "warn"
`;

const gone = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : new Promise((resolve) => child.once("exit", () => resolve()));

/** Starts it. `program` is its path. */
export const startInflux = async (program: string, options: InfluxOptions = {}): Promise<Influx> => {
  const folder = mkdtempSync(join(tmpdir(), "rigtwin-influx-"));
  const [http, rpc] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${http}`;
  const config = join(folder, "influxdb.conf");
  const log = join(folder, "log");
  let child: ChildProcess;

  const start = async (auth: boolean): Promise<void> => {
    writeFileSync(config, configOf(folder, http, rpc, auth));
    child = spawn("/bin/sh", ["-c", 'exec "$0" run -config "$1" >"$2" 2>&1', program, config, log], { stdio: "ignore" });
    const deadline = Date.now() + 30_000;
    while (
      !(await fetch(`${url}/ping`).then(
        (answer) => answer.status === 204,
        () => false,
      ))
    ) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`influxd does not answer on ${url}: ${readFileSync(log, "utf8").slice(-2_000)}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };
  const end = async (signal: "SIGKILL" | "SIGTERM"): Promise<void> => {
    child.kill(signal);
    await gone(child);
  };

  await start(false);
  if (options.auth !== undefined) {
    const q = `CREATE USER "${options.auth.username}" WITH PASSWORD '${options.auth.password}' WITH ALL PRIVILEGES`;
    await fetch(`${url}/query`, { method: "POST", body: new URLSearchParams({ q }) });
    await end("SIGTERM");
    await start(true);
  }
  return {
    url,
    pid: () => child.pid ?? 0,
    kill9: () => end("SIGKILL"),
    restart: () => start(options.auth !== undefined),
    async stop() {
      await end("SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
