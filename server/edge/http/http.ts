/** The HTTP edge: one express application made of the table of routes, and the server it listens on. */
import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from "express";
import { Refused, type Code, type Refusal } from "../../twin/refusal.ts";
import type { Principal } from "../../twin/rights.ts";
import { ROOM_HEADER } from "../../twin/wire.ts";
import { checked, checkRange, saidIn } from "./check.ts";
import { readDashboard, serveDashboard } from "./dashboard.ts";
import { createGate, type Gate, type GateOptions } from "./gate.ts";
import type { Handlers } from "./handlers.ts";
import { securityHeaders } from "./headers.ts";
import { createMetrics } from "./metrics.ts";
import { openapiOf } from "./openapi.ts";
import { refusedOf, sendProblem, tellRefusals } from "./problem.ts";
import { referenceOf } from "./reference.ts";
import type { Route } from "./route.ts";
import { TABLE } from "./routes.ts";
import { TIMEOUTS, type Timeouts } from "./timeouts.ts";
import { createTurnstile } from "./turnstile.ts";

/** A fault of our own; its `id` is all that the caller is told. */
export interface Fault {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly error: unknown;
}

export interface HttpOptions extends GateOptions {
  readonly handlers: Handlers;
  /** What answers in the room of a replay; null where there is no such room. */
  readonly inRoom?: (room: string) => Handlers | null;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly version: string;
  /** Certificate and key (PEM), where the server speaks TLS itself. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer } | null;
  /** Folder of the built dashboard. */
  readonly dashboard: string;
  readonly onFault: (fault: Fault) => void;
  /** Told why a request was refused; "connection": one more than may be open at once. */
  readonly onTurnedAway?: (why: Code | "connection") => void;
  /** Longest range of a series, ms. */
  readonly mostRangeMs?: number;
  readonly timeouts?: Partial<Timeouts>;
  /** Requests of those beyond are answered with TOO_MANY_REQUESTS as long as there is room to tell anybody. */
  readonly maxConnections?: number;
}

const BODY_BYTES = 100_000;
const HEADER_BYTES = 16_384;
const MOST_CONNECTIONS = 2_000;
/** Beyond the limit so many more are heard, to be told why they are sent away. */
const ROOM_TO_TELL = 200;
const MOST_RANGE_MS = 400 * 86_400_000;
const GRACE_MS = 2_000;

const refuse = (refused: Refusal | null): void => {
  if (refused !== null) throw new Refused(refused.code, refused.detail);
};

/** Histories read from the disk at once, and how many may wait for their turn. */
const HEAVY_AT_ONCE = 2;
const HEAVY_WAITING = 16;
/** Whoever logged in signs with that name, whatever the body says; only a caller without an account names itself. */
const signedBy = (principal: Principal | null, body: unknown): unknown =>
  principal !== null && principal.person !== null && typeof body === "object" && body !== null && "by" in body
    ? { ...body, by: principal.name }
    : body;

const readBody: RequestHandler = (request, response, next) => {
  if (request.is("application/json") !== "application/json")
    throw new Refused("REQUEST_INVALID", "The body must be JSON with Content-Type: application/json.");
  express.json({ limit: BODY_BYTES, inflate: false })(request, response, next);
};

/** A file as it is. What it says of its kind is not believed, but it must not be what a form of another site can send. */
const readFile = ({ media, bytes }: NonNullable<Route["upload"]>): RequestHandler => {
  const raw = express.raw({ type: [...media], limit: bytes, inflate: false });
  return (request, response, next) => {
    if (request.is([...media]) === false || request.is([...media]) === null)
      throw new Refused("REQUEST_INVALID", `The body must be a file with Content-Type: ${media.join(" or ")}.`);
    raw(request, response, next);
  };
};

/** Builds the application around `handlers`. Starts nothing. */
const applicationOf = (
  gate: Gate,
  options: HttpOptions,
  isBeyond: (socket: Socket) => boolean,
): { readonly app: Express; readonly fallback: (last: RequestHandler) => void } => {
  const { handlers } = options;
  const app = express();
  app.disable("x-powered-by").disable("etag").set("query parser", "simple").set("trust proxy", false);
  const onTurnedAway = options.onTurnedAway;
  app.use((request, response, next) => {
    if (!isBeyond(request.socket)) return next();
    onTurnedAway?.("connection");
    response.setHeader("Connection", "close");
    sendProblem(response, "TOO_MANY_REQUESTS", "Too many connections are open; try again a little later.");
  });
  if (onTurnedAway !== undefined)
    app.use((_request, response, next) => {
      tellRefusals(response, onTurnedAway);
      next();
    });
  const document = openapiOf(TABLE, options.version);
  const page = referenceOf(document);
  const metrics = createMetrics(handlers.metered);
  const turnstile = createTurnstile(HEAVY_AT_ONCE, HEAVY_WAITING);
  const mostRangeMs = options.mostRangeMs ?? MOST_RANGE_MS;
  const { beginMs } = { ...TIMEOUTS, ...options.timeouts };

  const told = (error: unknown, method: string, path: string): string => {
    const id = randomUUID();
    options.onFault({ id, method, path, error });
    return id;
  };

  /** A replay has its own farm, and is looked at only; who may come in is of the present. */
  const handlersOf = ({ group, present }: Route, request: Request): Handlers => {
    const room = request.get(ROOM_HEADER);
    if (room === undefined || group === "Access" || present === true) return handlers;
    const inRoom = options.inRoom?.(room) ?? null;
    if (inRoom === null) throw new Refused("NOT_FOUND", "That replay is closed.");
    if (request.method !== "GET" && request.method !== "HEAD")
      throw new Refused("REQUEST_INVALID", "A replay is looked at, never changed; go live first.");
    return inRoom;
  };

  const answer =
    (route: Route): RequestHandler =>
    async (request, response) => {
      const params = route.params === null ? null : checked(route.params, request.params, "path");
      const query = route.query === null ? null : checked(route.query, saidIn(request.query), "query");
      checkRange(query, mostRangeMs);
      const body = route.body === null ? null : checked(route.body, request.body, "body");
      const onFault = (error: unknown): void => void told(error, request.method, request.path);
      const gone = new AbortController();
      response.once("close", () => gone.abort());
      const principal = gate.principal(request);
      const around = { request, response, gate, principal, document, page, metrics: metrics.text, signal: gone.signal, beginMs, onFault };
      const leave = route.heavy === true ? await turnstile.enter() : null;
      // The answer may be under way long after this function has handed it over.
      if (leave !== null) response.once("close", leave);
      if (response.destroyed) return leave?.();
      const asked = { params, query, body: signedBy(principal, body) };
      let given: unknown;
      try {
        given = await route.run(handlersOf(route, request), asked, around);
      } catch (cause) {
        // Whoever hung up is told nothing, and it is no fault of ours.
        if (cause === gone.signal.reason) return;
        throw cause;
      }
      if (response.headersSent || response.destroyed) return;
      if (!response.hasHeader("Cache-Control")) response.setHeader("Cache-Control", "no-store");
      if (response.statusCode === 200) response.status(route.status);
      if (route.status === 204) response.end();
      else if (route.media === undefined) response.json(given);
      else (response.hasHeader("Content-Type") ? response : response.type([route.media].flat()[0] ?? "")).send(given);
    };

  const measured =
    (route: Route): RequestHandler =>
    (request, response, next) => {
      const began = performance.now();
      response.once("finish", () => metrics.answered(request.method, route.path, response.statusCode, (performance.now() - began) / 1_000));
      next();
    };

  app.use(securityHeaders());
  app.use((request, _response, next) => {
    refuse(gate.hostRefusal(request));
    if (request.method !== "GET" && request.method !== "HEAD") refuse(gate.originRefusal(request));
    next();
  });
  for (const route of TABLE) {
    const steps: RequestHandler[] = [measured(route)];
    steps.push((request, _response, next) => {
      refuse(gate.admits(request, route.id, route.method !== "get"));
      next();
    });
    if (route.body !== null) steps.push(readBody);
    if (route.upload !== undefined) steps.push(readFile(route.upload));
    app[route.method](route.path, ...steps, answer(route));
  }
  for (const path of new Set(TABLE.map((route) => route.path))) {
    const taken = TABLE.filter((route) => route.path === path).flatMap(({ method }) =>
      method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()],
    );
    // Not `app.all`, which makes a layer for each of some thirty methods.
    app.route(path).all((request, response) => {
      response.setHeader("Allow", taken.join(", "));
      sendProblem(
        response,
        "METHOD_NOT_ALLOWED",
        `${request.method} is not taken here; ${taken.join(", ")} ${taken.length === 1 ? "is" : "are"}.`,
      );
    });
  }
  app.use("/api", (request, response) => sendProblem(response, "NOT_FOUND", `There is no ${request.baseUrl}${request.path} in this API.`));

  const failed: ErrorRequestHandler = (error: unknown, request, response, next) => {
    if (response.headersSent) {
      told(error, request.method, request.path);
      return next(error);
    }
    const refused = refusedOf(error);
    if (refused !== null) return sendProblem(response, refused.code, refused.detail);
    sendProblem(
      response,
      "INTERNAL",
      `Something went wrong in the server; its log has the reason under ${told(error, request.method, request.path)}.`,
    );
  };
  return { app, fallback: (last) => void app.use(last).use(failed) };
};

const refusedToListen = (cause: NodeJS.ErrnoException, { host, port }: HttpOptions): Error => {
  switch (cause.code) {
    case "EADDRINUSE":
      return new Refused("PORT_IN_USE", `Port ${port} for the dashboard is taken by another program. Give another with --port.`, { cause });
    case "EACCES":
      return new Refused("CONFIG_INVALID", `Port ${port} may not be listened on by this user. Give one above 1023 with --port.`, { cause });
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new Refused("CONFIG_INVALID", `${host} is no address of this machine. Give another with --host.`, { cause });
    default:
      return cause;
  }
};

/** Builds the edge. `start` throws Refused PORT_IN_USE or CONFIG_INVALID; the live feed stands on `server`, behind the same `gate`. */
export const createHttp = (options: HttpOptions) => {
  const tls = options.tls ?? null;
  const gate = createGate({ secureCookie: tls !== null, ...options });
  const sockets = new Set<Socket>();
  const beyond = new WeakSet<Socket>();
  const { app, fallback } = applicationOf(gate, options, (socket) => beyond.has(socket));
  const { headersMs, requestMs, idleMs, keepAliveMs, checkMs } = { ...TIMEOUTS, ...options.timeouts };
  const how = {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: checkMs,
    maxHeaderSize: HEADER_BYTES,
    noDelay: true,
  };
  const server: Server = tls === null ? createServer(how, app) : createTlsServer({ ...tls, ...how }, app);
  server.timeout = idleMs;
  server.maxRequestsPerSocket = 10_000;
  const most = options.maxConnections ?? MOST_CONNECTIONS;
  server.maxConnections = most + ROOM_TO_TELL;
  server.on("drop", () => options.onTurnedAway?.("connection"));
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  // A request knows the socket that it was read from: with TLS that is not the one that was counted.
  server.on(tls === null ? "connection" : "secureConnection", (socket: Socket) => {
    if (sockets.size > most) beyond.add(socket);
  });
  let finished = false;

  return {
    app,
    server,
    gate,
    /** Reads the dashboard, then listens. Gives the port. */
    async start(): Promise<{ readonly host: string; readonly port: number }> {
      if (!finished) fallback(serveDashboard(await readDashboard(options.dashboard)));
      finished = true;
      await new Promise<void>((resolve, reject) => {
        const failed = (cause: Error): void => reject(refusedToListen(cause, options));
        server.once("error", failed);
        server.listen(options.port, options.host, () => {
          server.off("error", failed);
          resolve();
        });
      });
      const address = server.address();
      return { host: options.host, port: typeof address === "object" && address !== null ? address.port : options.port };
    },
    /** Takes no more requests, lets those under way finish for two seconds, then hangs up. */
    async stop(): Promise<void> {
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const late = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, GRACE_MS);
      await closed;
      clearTimeout(late);
    },
  };
};
