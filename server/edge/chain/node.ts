/**
 * The embedded local chain, a process of its own: `node build/server/edge/chain/node.js --data-dir DIR --port N`
 * (`--host` and `--names` where it serves other machines, in a container).
 * Prints one line of JSON when it listens, ends on SIGTERM or SIGINT, and by itself when the process that started it is gone or the disk did
 * not take a block.
 */
import { randomBytes } from "node:crypto";
import { fstatSync, mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { LOCAL_CHAIN_ID, startEngine } from "./engine.ts";
import { createMethods } from "./methods.ts";
import { serve } from "./serve.ts";
import { openStore } from "./store.ts";

const LOCK_WAIT_MS = 10_000;

/** A node that was left by its parent may need a moment to let go of the folder. */
const open = async (folder: string, onBroken: (error: unknown) => void): ReturnType<typeof openStore> => {
  const untilMs = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      return await openStore(folder, onBroken);
    } catch (error) {
      const locked = ((error as { cause?: { code?: string } }).cause?.code ?? "") === "LEVEL_LOCKED";
      if (!locked || Date.now() > untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const onParentGone = (stop: () => void): void => {
  // A parent that was killed while this program was being loaded has let go already: nothing will tell it again.
  if (process.connected === false) return stop();
  if (process.channel !== undefined) {
    process.once("disconnect", stop);
    return;
  }
  const stdin = fstatSync(0);
  if (!stdin.isFIFO() && !stdin.isSocket()) return;
  process.stdin.once("end", stop).once("error", stop).resume();
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      "data-dir": { type: "string" },
      port: { type: "string", default: "0" },
      host: { type: "string", default: "127.0.0.1" },
      names: { type: "string", default: "" },
    },
  });
  const folder = values["data-dir"];
  const port = Number(values.port);
  if (folder === undefined || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error("usage: node.js --data-dir DIR --port N [--host ADDRESS] [--names NAME,…]");
  mkdirSync(folder, { recursive: true, mode: 0o700 });

  let stopping = false;
  let close = async (): Promise<void> => undefined;
  const end = (code: number): void => {
    if (stopping) return;
    stopping = true;
    close().then(
      () => process.exit(code),
      () => process.exit(1),
    );
  };
  const stop = (): void => end(0);
  process.once("SIGTERM", stop);
  // Ctrl-C goes to everything in the terminal's group; with a parent, it is the parent who says when the chain is no longer needed.
  process.on("SIGINT", process.channel === undefined ? stop : () => undefined);
  onParentGone(stop);

  // Whoever keeps it starts it again, and it begins with what is whole on disk.
  const store = await open(folder, (error) => {
    process.stderr.write(`a block could not be written: ${messageOf(error)}\n`);
    end(1);
  });
  const engine = await startEngine(
    store,
    () => randomBytes(32),
    () => Math.floor(Date.now() / 1_000),
  );
  const { methods, stop: stopPool } = createMethods(engine, store, "rigtwin-local/1");
  const http = await serve(methods, {
    port,
    host: values.host,
    names: values.names
      .toLowerCase()
      .split(",")
      .filter((name) => name !== ""),
  });
  close = async () => {
    await stopPool();
    await http.stop();
    await store.close();
  };
  const { genesis, head } = engine;
  process.stdout.write(
    `${JSON.stringify({ ready: true, port: http.port, chainId: LOCAL_CHAIN_ID, genesis, blockNumber: Number(head().number) })}\n`,
  );
};

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
});
