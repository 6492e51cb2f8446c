/** JSON-RPC 2.0 over HTTP, on the loopback unless told otherwise. Pages of any origin may read; only programs may send. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isRpcRequest, READ_METHODS, RPC_CODES, rpcFault, type RpcAnswer } from "../../twin/rpc.ts";
import { RpcError, type Method } from "./methods.ts";

const MOST_BYTES = 4 << 20;
const MOST_BATCH = 100;
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "POST, OPTIONS",
  "access-control-allow-headers": "content-type",
  "access-control-max-age": "86400",
};

const bodyOf = async (request: IncomingMessage): Promise<string | null> => {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MOST_BYTES) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
};

/** A name of this machine, so that a page cannot come in by a name of its own that it points here (DNS rebinding). */
const isOwnName = (host: string | undefined, own: readonly string[]): boolean =>
  ["127.0.0.1", "localhost", "[::1]", ...own].includes((host ?? "").toLowerCase().replace(/:\d+$/, ""));

const answerOne = async (methods: Readonly<Record<string, Method>>, request: unknown, foreign: boolean): Promise<RpcAnswer> => {
  if (!isRpcRequest(request)) return rpcFault(null, RPC_CODES.invalid, "not a JSON-RPC request");
  const { id, method, params = [] } = request;
  const known = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (known === undefined) return rpcFault(id, RPC_CODES.unknown, `the method ${method.slice(0, 64)} does not exist`);
  if (foreign && !READ_METHODS.has(method)) return rpcFault(id, RPC_CODES.server, "a page may only read here");
  try {
    return { jsonrpc: "2.0", id: id ?? null, result: await known(params) };
  } catch (error) {
    if (error instanceof RpcError) return rpcFault(id, error.code, error.message, error.data);
    return rpcFault(id, RPC_CODES.server, error instanceof Error ? error.message : String(error));
  }
};

const answerAll = async (methods: Readonly<Record<string, Method>>, text: string, foreign: boolean): Promise<RpcAnswer | RpcAnswer[]> => {
  let asked: unknown;
  try {
    asked = JSON.parse(text);
  } catch {
    return rpcFault(null, RPC_CODES.parse, "not JSON");
  }
  if (!Array.isArray(asked)) return answerOne(methods, asked, foreign);
  if (asked.length === 0 || asked.length > MOST_BATCH) return rpcFault(null, RPC_CODES.invalid, `a batch has 1 to ${MOST_BATCH} requests`);
  return Promise.all(asked.map((request) => answerOne(methods, request, foreign)));
};

export interface Place {
  /** 0 takes a free one. */
  readonly port: number;
  /** Address to listen on; by default this machine only. */
  readonly host?: string;
  /** Further host names under which it may be called, lower case. */
  readonly names?: readonly string[];
}

/** Listens. Rejects where the port is taken. */
export const serve = async (methods: Readonly<Record<string, Method>>, { port, host = "127.0.0.1", names = [] }: Place) => {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const end = (status: number, body = ""): void =>
      void response.writeHead(status, { ...CORS, "content-type": "application/json" }).end(body);
    if (!isOwnName(request.headers.host, names)) return end(403);
    if (request.method === "OPTIONS") return end(204);
    if (request.method !== "POST") return end(405);
    // A page could post plain text without asking first; JSON makes its browser ask.
    if (!(request.headers["content-type"] ?? "").startsWith("application/json")) return end(415);
    const text = await bodyOf(request);
    if (text === null) return end(413);
    end(200, JSON.stringify(await answerAll(methods, text, request.headers.origin !== undefined)));
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: (): Promise<void> =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 1_000).unref();
      }),
  };
};
