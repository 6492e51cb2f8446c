/** The local chain for a test: as a process that can be killed, or within the test with a clock that can be set. */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ClassicLevel } from "classic-level";
import { startEngine } from "../../server/edge/chain/engine.ts";
import { createMethods } from "../../server/edge/chain/methods.ts";
import { startChainProcess, type ChainProcess } from "../../server/edge/chain/process.ts";
import { serve } from "../../server/edge/chain/serve.ts";
import { openStore } from "../../server/edge/chain/store.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const BUILT = join(ROOT, "build/server/edge/chain/node.js");
const SOURCES = ["server/edge/chain", "server/edge/journal", "server/flows", "server/twin"].map((name) => join(ROOT, name));

/** A folder of the test's own, and its removal. */
export const ownFolder = (name: string): { readonly folder: string; readonly remove: () => void } => {
  const folder = mkdtempSync(join(tmpdir(), `rigtwin-${name}-`));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
};

/** Builds the server where its sources are newer than what was built, so that the processes started are those under test. */
export const built = (): string => {
  const newest = Math.max(...SOURCES.flatMap((folder) => readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs)));
  if (!existsSync(BUILT) || statSync(BUILT).mtimeMs < newest)
    spawnSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", ROOT, "--incremental", "false"], { cwd: ROOT });
  return BUILT;
};

const running = new Set<ChainProcess>();

/** Starts the node in a process of its own. */
export const startNode = async (dataDir: string, port = 0): Promise<ChainProcess> => {
  const node = await startChainProcess({ dataDir, port, entry: built() });
  running.add(node);
  return node;
};

/** Ends whatever a failed test left running. */
export const stopNodes = async (): Promise<void> => {
  for (const node of running) await node.stop();
};

/** kill -9, and waits until the process is gone. */
export const kill9 = async (pid: number): Promise<void> => {
  process.kill(pid, "SIGKILL");
  await until(() => !isAlive(pid), "the process is gone");
};

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Asks again until it holds; throws after 20 s. */
export const until = async (holds: () => boolean | Promise<boolean>, what: string, limitMs = 20_000): Promise<void> => {
  const deadline = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
};

/** What a store keeps of a block beside the block itself, by the first letter of its key; states are found by their hash. */
const BY_NUMBER = /^[bl]/;

/** Takes the newest blocks out of a closed chain's folder, as a reorganisation does: what they held never happened. */
const takeOut = async (folder: string, blocks: number): Promise<void> => {
  const level = new ClassicLevel<Buffer, Buffer>(folder, { keyEncoding: "buffer", valueEncoding: "buffer" });
  const head = Number(String(await level.get(Buffer.from("mhead"))));
  const gone: Buffer[] = [];
  for await (const [key, value] of level.iterator()) {
    const kind = String.fromCharCode(key[0] ?? 0);
    const number =
      BY_NUMBER.test(kind) && key.length === 9
        ? Number(key.readBigUInt64BE(1))
        : kind === "h"
          ? Number(String(value))
          : kind === "t"
            ? (JSON.parse(String(value)) as { blockNumber: number }).blockNumber
            : -1;
    if (number > head - blocks) gone.push(key);
  }
  await level.batch([
    ...gone.map((key) => ({ type: "del" as const, key })),
    { type: "put", key: Buffer.from("mhead"), value: Buffer.from(String(head - blocks)) },
  ]);
  await level.close();
};

/** The same node within this process; `setClock` sets the time of its next blocks, seconds since 1970. */
export const nodeWithin = async (folder: string) => {
  let nowS = Math.floor(Date.now() / 1_000);
  const start = async (port: number) => {
    const store = await openStore(folder);
    const engine = await startEngine(
      store,
      () => randomBytes(32),
      () => nowS,
    );
    const { methods, stop } = createMethods(engine, store, "test");
    const http = await serve(methods, { port });
    return {
      port: http.port,
      genesis: engine.genesis,
      stop: async (): Promise<void> => {
        await stop();
        await http.stop();
        await store.close();
      },
    };
  };
  let running = await start(0);
  return {
    rpcUrl: `http://127.0.0.1:${running.port}`,
    genesis: running.genesis,
    setClock: (seconds: number): void => void (nowS = seconds),
    /** Takes back the newest blocks. */
    rewind: async (blocks: number): Promise<void> => {
      await running.stop();
      await takeOut(folder, blocks);
      running = await start(running.port);
    },
    stop: (): Promise<void> => running.stop(),
  };
};

/** What a proxy does with a request: hands it on, loses it, loses the answer, or answers itself. */
export type Meddling = "pass" | "lose" | "lose-answer" | { readonly code: number; readonly message: string };

/** A JSON-RPC proxy that can be told to misbehave; `meddle` is asked with each request's methods. */
export const proxyTo = async (rpcUrl: string) => {
  let meddle: (methods: readonly string[]) => Meddling = () => "pass";
  const seen: string[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    const body = Buffer.concat(pieces).toString();
    const asked = JSON.parse(body) as { id: number; method: string } | { id: number; method: string }[];
    const methods = (Array.isArray(asked) ? asked : [asked]).map(({ method }) => method);
    seen.push(...methods);
    const how = meddle(methods);
    if (how === "lose") return void response.destroy();
    if (typeof how === "object") {
      const answers = (Array.isArray(asked) ? asked : [asked]).map(({ id }) => ({ jsonrpc: "2.0", id, error: how }));
      return void response.setHeader("content-type", "application/json").end(JSON.stringify(Array.isArray(asked) ? answers : answers[0]));
    }
    const answer = await fetch(rpcUrl, { method: "POST", headers: { "content-type": "application/json" }, body });
    if (how === "lose-answer") return void response.destroy();
    response.setHeader("content-type", "application/json").end(await answer.text());
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    rpcUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** How often each method was asked for. */
    count: (method: string): number => seen.filter((one) => one === method).length,
    meddle: (how: (methods: readonly string[]) => Meddling): void => void (meddle = how),
    stop: (): Promise<void> =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
};
