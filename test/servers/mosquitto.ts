/** A real Mosquitto for a test: its own configuration and data in a temporary folder, on a free port of the loopback. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./until.ts";

export interface Mosquitto {
  readonly url: string;
  readonly port: number;
  readonly pid: () => number;
  /** kill -9, and waits until it is gone. */
  readonly kill9: () => Promise<void>;
  /** Starts it again on the same port and data. */
  readonly restart: () => Promise<void>;
  /** Has it write its state down (SIGUSR1, mosquitto(8)) until this subscription is in it: a kill then costs messages, not the session. */
  readonly remembers: (clientId: string, filter: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** A port that nobody listens on now. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });

/** Resolves when something listens on the port; throws when the process ends first or after 20 s. */
const listening = async (port: number, child: ChildProcess): Promise<void> => {
  const deadline = Date.now() + 20_000;
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`mosquitto does not listen on port ${port} (exit code ${child.exitCode})`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const gone = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : new Promise((resolve) => child.once("exit", () => resolve()));

/** Starts it. `program` is its path, `lines` are added to its configuration. */
export const startMosquitto = async (program: string, lines: readonly string[] = []): Promise<Mosquitto> => {
  const folder = mkdtempSync(join(tmpdir(), "rigtwin-mosquitto-"));
  const port = await freePort();
  const config = join(folder, "mosquitto.conf");
  writeFileSync(
    config,
    [
      `listener ${port} 127.0.0.1`,
      "allow_anonymous true",
      "persistence true",
      `persistence_location ${folder}/`,
      "autosave_interval 1",
      "max_queued_messages 0",
      "max_inflight_messages 0",
      // Debian's runs as the user mosquitto when started by root, who may not write into our folder.
      ...(process.getuid?.() === 0 ? ["user root"] : []),
      ...lines,
      "",
    ].join("\n"),
  );
  const database = join(folder, "mosquitto.db");
  let child: ChildProcess;
  const start = async (): Promise<void> => {
    child = spawn(program, ["-c", config], { stdio: "ignore" });
    await listening(port, child);
  };
  await start();
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    pid: () => child.pid ?? 0,
    async kill9() {
      child.kill("SIGKILL");
      await gone(child);
    },
    restart: start,
    remembers: (clientId, filter) =>
      until(async () => {
        child.kill("SIGUSR1");
        await new Promise((resolve) => setTimeout(resolve, 100));
        return existsSync(database) && readFileSync(database).includes(`${clientId}${filter}`);
      }, `mosquitto has written down that ${clientId} subscribed to ${filter}`),
    async stop() {
      child.kill("SIGTERM");
      await gone(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
