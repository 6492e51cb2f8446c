/** Starts the embedded chain as a process of its own and ends it. */
import { spawn, type ChildProcess } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { Refused } from "../../twin/refusal.ts";
import type { Hex } from "../../twin/seal.ts";

export interface ChainProcessOptions {
  readonly dataDir: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Told when the process ends without having been asked to. */
  readonly onExit?: (reason: string) => void;
  /** The built entry; by default the one beside this file, when this file is itself built. */
  readonly entry?: string;
}
export interface ChainProcess {
  readonly rpcUrl: string;
  readonly port: number;
  readonly pid: number;
  readonly genesis: Hex;
  /** Asks it to end, and makes it after five seconds. */
  readonly stop: () => Promise<void>;
}

interface Ready {
  readonly port: number;
  readonly genesis: Hex;
}

const READY_MS = 30_000;
const STOP_MS = 5_000;

const failureOf = (said: string, code: number | null, signal: string | null, port: number): Error =>
  said.includes("EADDRINUSE")
    ? new Refused("PORT_IN_USE", `Port ${port} for the local chain is taken by another program. Give another with --rpc-port.`)
    : new Error(`the local chain ended at its start (${signal ?? code}): ${said.trim()}`, { cause: signal });

const readyOf = (child: ChildProcess, port: number): Promise<Ready> =>
  new Promise((resolve, reject) => {
    let out = "";
    let err = "";
    const timer = setTimeout(() => reject(new Error(`the local chain is not ready after ${READY_MS / 1_000} s: ${err}`)), READY_MS);
    child.stdout?.on("data", (piece: Buffer) => {
      out += piece.toString();
      const line = /^.*"ready":true.*$/m.exec(out);
      if (line === null || !out.includes("\n")) return;
      clearTimeout(timer);
      resolve(JSON.parse(line[0]) as Ready);
    });
    child.stderr?.on("data", (piece: Buffer) => {
      err = (err + piece.toString()).slice(-2_000);
    });
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      reject(failureOf(err, code, signal, port));
    });
    child.once("error", reject);
  });

/** Starts the node and resolves when it listens. It ends by itself when this process is gone. */
export const startChainProcess = async (options: ChainProcessOptions): Promise<ChainProcess> => {
  const entry = options.entry ?? fileURLToPath(new URL("./node.js", import.meta.url));
  const child = spawn(process.execPath, [entry, "--data-dir", options.dataDir, "--port", String(options.port)], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let asked = false;
  const end = async (): Promise<void> => {
    asked = true;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await gone;
    clearTimeout(timer);
  };
  try {
    const { port, genesis } = await readyOf(child, options.port);
    child.once("exit", (code, signal) => {
      if (!asked) options.onExit?.(`the local chain ended (${signal ?? code})`);
    });
    return { rpcUrl: `http://127.0.0.1:${port}`, port, pid: child.pid ?? 0, genesis, stop: end };
  } catch (error) {
    await end();
    throw error;
  }
};

export interface KeptChain {
  readonly rpcUrl: string;
  readonly port: number;
  readonly pid: () => number | null;
  readonly stop: () => Promise<void>;
}

const RESTART_MS = 1_000;
/** It is doubled each time it could not begin. */
const MOST_RESTART_MS = 60_000;
const FIRST_TRIES = 5;
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
/** A kill from outside says nothing about whether it can start; whatever else ends it does. */
const wasKilled = (error: unknown): boolean => error instanceof Error && error.cause === "SIGKILL";

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/**
 * Starts the node and starts it again, on the same port, whenever it ends unasked or cannot begin (a full disk). `onHealth` is told why it
 * is away, and null when it is back. Throws Refused PORT_IN_USE.
 */
export const keepChainProcess = async (
  options: Omit<ChainProcessOptions, "onExit"> & { readonly onHealth?: (away: string | null) => void },
): Promise<KeptChain> => {
  let stopped = false;
  let timer: NodeJS.Timeout | null = null;
  let starting: Promise<void> = Promise.resolve();
  let current: ChainProcess | null = null;
  let port = options.port;
  let pauseMs = RESTART_MS;

  const away = (reason: string): void => {
    current = null;
    if (stopped) return;
    options.onHealth?.(reason);
    timer = setTimeout(() => {
      starting = start().catch((error: unknown) => away(reasonOf(error)));
    }, pauseMs);
    pauseMs = Math.min(MOST_RESTART_MS, 2 * pauseMs);
  };
  const start = async (): Promise<void> => {
    current = await startChainProcess({ ...options, port, onExit: away });
    port = current.port;
    pauseMs = RESTART_MS;
    if (stopped) await current.stop();
    else options.onHealth?.(null);
  };

  const begin = async (): Promise<void> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await start();
      } catch (error) {
        if (error instanceof Refused) throw error;
        if (wasKilled(error) && tries < FIRST_TRIES) continue;
        // Whoever speaks to it is told an address now.
        if (port === 0) port = await freePort();
        return away(reasonOf(error));
      }
    }
  };
  await begin();
  return {
    rpcUrl: `http://127.0.0.1:${port}`,
    port,
    pid: () => current?.pid ?? null,
    stop: async () => {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await starting;
      await current?.stop();
    },
  };
};
