/** Serves one fake machine on its own address: its ports, its slowness and its bad days. */
import { createServer as createWeb, type IncomingMessage, type Server as WebServer } from "node:http";
import { createServer as createHttp2, type Http2Server, type ServerHttp2Session } from "node:http2";
import { createServer, type Server, type Socket } from "node:net";
import { mix, unit } from "../plant/chance.ts";
import { underOrders, type Device, type Dialect, type RpcQuestion, type WebAnswer } from "./device.ts";

export interface Ports {
  readonly rpc: number;
  readonly framed: number;
  readonly web: number;
  /** Left out: it stays closed. */
  readonly grpc?: number;
}
export const USUAL_PORTS: Required<Ports> = { rpc: 4028, framed: 4433, web: 80, grpc: 50_051 };

export interface Manners {
  /** Mean time to answer, ms; one in a hundred takes twenty times as long. */
  readonly latencyMs: number;
  /** Shares of questions, 0 to 1: cut off in the middle, never answered, hung up on. */
  readonly cut: number;
  readonly silent: number;
  readonly reset: number;
}
export const GOOD_MANNERS: Manners = { latencyMs: 0, cut: 0, silent: 0, reset: 0 };

export interface Served {
  readonly device: Device;
  readonly dialect: Dialect;
  readonly close: () => Promise<void>;
}

type Fate = "whole" | "cut" | "silent" | "reset";

/** The same device meets the same luck in every run. */
const luckOf = (seed: number, { latencyMs, cut, silent, reset }: Manners): (() => { readonly waitMs: number; readonly fate: Fate }) => {
  let n = 0;
  return () => {
    const draw = mix(seed, ++n);
    const fate = unit(draw, 1);
    const slow = unit(draw, 2) < 0.01 ? 20 : 0.5 + unit(draw, 3);
    return {
      waitMs: latencyMs * slow,
      fate: fate < silent ? "silent" : fate < silent + reset ? "reset" : fate < silent + reset + cut ? "cut" : "whole",
    };
  };
};

const MOST_QUESTION = 65_536;

const parsedRpc = (text: string): RpcQuestion | null => {
  const clean = text.replace(/\0/g, "").trim();
  try {
    const json = JSON.parse(clean) as unknown;
    if (typeof json !== "object" || json === null || Array.isArray(json)) return null;
    const told = json as Record<string, unknown>;
    const parameter = told["parameter"];
    return {
      command: typeof told["command"] === "string" ? told["command"] : "",
      parameter: typeof parameter === "string" || typeof parameter === "number" ? String(parameter) : "",
      json: told,
    };
  } catch {
    return null;
  }
};

/** One answer in a frame of gRPC (a byte for "not compressed", four of length), and its status behind it. */
const framedGrpc = (fields: readonly number[]): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(fields.length, 1);
  return Buffer.concat([head, Buffer.from(fields)]);
};

const listening = (server: Server | WebServer | Http2Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });

const bodyOf = (request: IncomingMessage): Promise<unknown> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.once("error", () => resolve(null));
    request.once("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      try {
        resolve(text === "" ? null : (JSON.parse(text) as unknown));
      } catch {
        resolve(null);
      }
    });
  });

/** Opens the machine's ports. Rejects with what the system says, e.g. where a port below 1024 is not allowed. */
export const serve = async (device: Device, dialect: Dialect, ports: Ports, manners: Manners): Promise<Served> => {
  const luck = luckOf(device.plan.seed, manners);
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const servers: (Server | WebServer | Http2Server)[] = [];
  const shown = () => underOrders(device.shown(), device.orders, device.now());

  const tcp = (answerTo: (bytes: Buffer) => Buffer | null | "more"): Server =>
    createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      socket.on("error", () => undefined);
      let bytes = Buffer.alloc(0);
      socket.on("data", (chunk) => {
        bytes = Buffer.concat([bytes, chunk]);
        if (bytes.length > MOST_QUESTION) return socket.destroy();
        const answer = answerTo(bytes);
        if (answer === "more") return;
        bytes = Buffer.alloc(0);
        const { waitMs, fate } = luck();
        if (answer === null || fate === "reset") return socket.resetAndDestroy();
        if (fate === "silent") return;
        const told = fate === "cut" ? answer.subarray(0, answer.length >> 1) : answer;
        if (waitMs < 1) socket.end(told);
        else setTimeout(() => socket.end(told), waitMs);
      });
    });

  const { rpc, framed, web, grpc } = dialect;
  if (rpc !== undefined)
    servers.push(
      tcp((bytes) => {
        const question = parsedRpc(bytes.toString("utf8"));
        // a question in pieces is not JSON yet
        if (question === null) return "more";
        const m = shown();
        return m === null ? null : Buffer.from(rpc(question, device, m));
      }),
    );
  if (framed !== undefined)
    servers.push(
      tcp((bytes) => {
        if (bytes.length < 4 || bytes.length < 4 + bytes.readUInt32LE(0)) return "more";
        const question = parsedRpc(bytes.subarray(4, 4 + bytes.readUInt32LE(0)).toString("utf8"));
        const m = shown();
        if (question === null || m === null) return null;
        const body = Buffer.from(JSON.stringify(framed(question.json, device, m)));
        const head = Buffer.alloc(4);
        head.writeUInt32LE(body.length);
        return Buffer.concat([head, body]);
      }),
    );
  if (web !== undefined)
    servers.push(
      createWeb((request, response) => {
        const answer = async (): Promise<void> => {
          const body = await bodyOf(request);
          const m = shown();
          const { waitMs, fate } = luck();
          if (m === null || fate === "reset") return void request.socket.resetAndDestroy();
          if (fate === "silent") return;
          const path = (request.url ?? "/").replace(/\?.*$/, "");
          const told: WebAnswer = web({ method: request.method ?? "GET", path, headers: request.headers, body }, device, m);
          const text = typeof told.body === "string" ? told.body : told.body === undefined ? "" : JSON.stringify(told.body);
          const type = typeof told.body === "string" ? (told.body.startsWith("<") ? "text/html" : "text/plain") : "application/json";
          if (waitMs >= 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
          response.writeHead(told.status, {
            "content-type": type,
            "content-length": Buffer.byteLength(text),
            connection: "close",
            ...told.headers,
          });
          if (fate === "cut") {
            response.write(text.slice(0, text.length >> 1));
            return void response.destroy();
          }
          response.end(text);
        };
        void answer();
      }).on("connection", (socket: Socket) => {
        sockets.add(socket);
        socket.once("close", () => sockets.delete(socket));
      }),
    );
  if (grpc !== undefined && ports.grpc !== undefined) {
    const server = createHttp2();
    server.on("session", (session) => sessions.add(session.once("close", () => sessions.delete(session))));
    server.on("stream", (stream, headers) => {
      stream.on("error", () => undefined);
      const m = shown();
      if (m === null) return stream.close(2);
      const authorization = headers["authorization"];
      const answer = grpc(headers[":path"] ?? "", typeof authorization === "string" ? authorization : "", device, m);
      const status = answer === null ? 12 : (answer.status ?? 0);
      stream.respond({ ":status": 200, "content-type": "application/grpc", ...answer?.metadata }, { waitForTrailers: true });
      stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(status) }));
      if (status === 0) stream.write(framedGrpc(answer?.fields ?? []));
      stream.end();
    });
    servers.push(server);
  }
  const wanted = [rpc && ports.rpc, framed && ports.framed, web && ports.web, grpc && ports.grpc].filter((port) => port !== undefined);
  const close = async (): Promise<void> => {
    for (const session of sessions) session.destroy();
    for (const socket of sockets) socket.destroy();
    await Promise.all(
      servers.map((server) => new Promise<void>((resolve) => (server.listening ? server.close(() => resolve()) : resolve()))),
    );
  };
  try {
    for (const [i, server] of servers.entries()) await listening(server, wanted[i] ?? 0, device.host);
  } catch (error) {
    await close();
    throw error;
  }
  return { device, dialect, close };
};
