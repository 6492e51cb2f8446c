/** The only network of the dashboard: one socket for what is live, fetch for what is asked. */
import { io } from "socket.io-client";
import type { FrameMeta, Gist, SnapshotMeta } from "../server/twin/delta.ts";
import type { Problem } from "../server/twin/api.ts";
import type { People } from "../server/twin/here.ts";
import { EVENTS, pathOf, ROOM_HEADER, ROUTES } from "../server/twin/wire.ts";

/** What stood in the way of an answer: the server's own problem, or no answer at all. */
export class Failed extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.name = "Failed";
    this.status = status;
    this.code = code;
  }
}

export type Query = Readonly<Record<string, string | number | undefined>>;
export interface Question {
  readonly route: string;
  readonly parameters?: Readonly<Record<string, string | number>>;
  readonly query?: Query;
}

/** The path of a question, which is also its key. */
export const addressOf = ({ route, parameters = {}, query = {} }: Question): string => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== "") search.set(name, String(value));
  const path = pathOf(route, parameters);
  return search.size === 0 ? path : `${path}?${search}`;
};

const fetched = async (address: string, init: RequestInit, plain = false): Promise<unknown> => {
  let response: Response;
  try {
    response = await fetch(address, {
      credentials: "same-origin",
      headers: { accept: "application/json", "content-type": "application/json" },
      ...init,
    });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Failed(0, "UNREACHABLE", "The server does not answer.");
  }
  const text = await response.text();
  if (plain && response.ok) return text;
  let body: unknown = null;
  try {
    body = text === "" ? null : JSON.parse(text);
  } catch {
    throw new Failed(response.status, "NOT_JSON", `The answer (HTTP ${response.status}) is not JSON.`);
  }
  if (response.ok) return body;
  const problem = (body ?? {}) as Partial<Problem>;
  throw new Failed(
    response.status,
    problem.code ?? `HTTP_${response.status}`,
    problem.detail ?? problem.title ?? `HTTP ${response.status}`,
  );
};

/** Asks, answers as JSON, or throws Failed. `rpc` may go to an address of the reader's own. */
export interface Ask {
  readonly get: <T>(question: Question, signal?: AbortSignal) => Promise<T>;
  readonly post: <T>(question: Question, body: unknown) => Promise<T>;
  readonly patch: <T>(question: Question, body: unknown) => Promise<T>;
  readonly remove: (question: Question) => Promise<unknown>;
  /** An answer that is no JSON, as it is. */
  readonly text: (question: Question) => Promise<string>;
  /** Sends a file as it is. */
  readonly send: <T>(question: Question, file: Blob) => Promise<T>;
  readonly rpc: (address: string, method: string, parameters: readonly unknown[]) => Promise<unknown>;
}

/** `locked`: is told whenever the server wants a password. `room`: of the replay that is shown, which has answers of its own; null live. */
export const openAsk = (locked: () => void, room: () => string | null): Ask => {
  const guarded = async <T>(address: string, init: RequestInit, plain = false): Promise<T> => {
    const shown = room();
    const headers = { accept: "application/json", "content-type": "application/json", ...(shown === null ? {} : { [ROOM_HEADER]: shown }) };
    try {
      return (await fetched(address, { headers, ...init }, plain)) as T;
    } catch (error) {
      if (error instanceof Failed && error.code === "LOGIN_REQUIRED") locked();
      throw error;
    }
  };
  let id = 0;
  return {
    get: (question, signal) => guarded(addressOf(question), signal ? { signal } : {}),
    post: (question, body) => guarded(addressOf(question), { method: "POST", body: JSON.stringify(body) }),
    patch: (question, body) => guarded(addressOf(question), { method: "PATCH", body: JSON.stringify(body) }),
    remove: (question) => guarded(addressOf(question), { method: "DELETE" }),
    text: (question) => guarded(addressOf(question), {}, true),
    send: (question, file) =>
      guarded(addressOf(question), { method: "POST", body: file, headers: { accept: "application/json", "content-type": file.type } }),
    rpc: async (address, method, parameters) => {
      const answer = (await fetched(address, {
        method: "POST",
        credentials: address.startsWith("/") ? "same-origin" : "omit",
        body: JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params: parameters }),
      })) as { result?: unknown; error?: { message?: string } } | null;
      if (answer?.error) throw new Failed(200, "RPC_ERROR", answer.error.message ?? "The chain's node refused the call.");
      return answer?.result;
    },
  };
};

export type Watch =
  | { readonly view: "live" }
  | { readonly view: "replay"; readonly from: number; readonly to: number; readonly speed: number };
export interface Control {
  readonly playing?: boolean;
  readonly speed?: number;
  readonly at?: number;
}
export interface FeedEars {
  readonly snapshot: (meta: SnapshotMeta, rows: ArrayBuffer) => void;
  readonly gist: (gist: Gist) => void;
  /** Gives false where a number was skipped. */
  readonly frame: (meta: FrameMeta, rows: ArrayBuffer) => boolean;
  readonly connected: (yes: boolean) => void;
  readonly refused: (problem: Problem) => void;
  readonly people: (people: People) => void;
  /** Whoever is logged in may not watch the farm; the feed knocks no more until it is told to. */
  readonly outside: () => void;
  /** Called once the frame has been drawn. */
  readonly drawn: (tell: () => void) => void;
}
export interface Feed {
  /** Tells the others which page is shown. */
  readonly here: (page: string) => void;
  readonly watch: (watch: Watch) => void;
  readonly control: (control: Control) => void;
  /** Connects anew, e.g. after logging in. */
  readonly again: () => void;
  readonly close: () => void;
}

/** Opens the live feed. It reconnects by itself and asks for what it watched before. */
export const openFeed = (ask: Ask, ears: FeedEars, first: Watch = { view: "live" }): Feed => {
  const socket = io({ transports: ["websocket"], reconnectionDelay: 500, reconnectionDelayMax: 5_000, timeout: 10_000 });
  let watched: Watch = first;
  /** What the last snapshot was of: there one goes back to when a wish is refused. */
  let shown: Watch = { view: "live" };
  let waiting = true;
  let outside = false;
  let page: string | null = null;
  const tellPage = (): void => {
    if (page !== null && socket.connected) socket.emit(EVENTS.here, { page });
  };
  const send = (watch: Watch): void => {
    watched = watch;
    waiting = true;
    if (socket.connected) socket.emit(EVENTS.watch, watch);
  };
  const acknowledge = (n: number): void => ears.drawn(() => socket.emit(EVENTS.ack, { n }));
  socket.on("connect", () => {
    ears.connected(true);
    send(watched);
    tellPage();
  });
  socket.on("disconnect", (reason) => {
    ears.connected(false);
    // socket.io comes back by itself from everything except the server's own goodbye.
    if (reason === "io server disconnect") socket.connect();
  });
  socket.on("connect_error", () => {
    // A refused upgrade looks like a dead line; a plain question tells a closed door from an empty house.
    ask.get({ route: ROUTES.site }).then(
      () => ears.connected(false),
      (error: unknown) => {
        if (!(error instanceof Failed) || error.code !== "FORBIDDEN") return ears.connected(false);
        outside = true;
        socket.disconnect();
        ears.outside();
      },
    );
    if (!socket.active)
      setTimeout(() => {
        if (!outside) socket.connect();
      }, 2_000);
  });
  socket.on(EVENTS.gist, (gist: Gist) => {
    if (waiting && watched.view === "live") ears.gist(gist);
  });
  socket.on(EVENTS.snapshot, (meta: SnapshotMeta, rows: ArrayBuffer) => {
    waiting = false;
    shown = watched;
    ears.snapshot(meta, rows);
    acknowledge(meta.n);
  });
  socket.on(EVENTS.frame, (meta: FrameMeta, rows: ArrayBuffer) => {
    if (waiting) return;
    if (ears.frame(meta, rows)) return acknowledge(meta.n);
    waiting = true;
    socket.emit(EVENTS.resync);
  });
  socket.on(EVENTS.people, ears.people);
  socket.on(EVENTS.refused, (problem: Problem) => {
    ears.refused(problem);
    if (!waiting) return;
    // The view before goes on, but frames were left unanswered meanwhile.
    watched = shown;
    socket.emit(EVENTS.resync);
  });
  return {
    here: (path) => {
      if (path === page) return;
      page = path;
      tellPage();
    },
    watch: send,
    control: (control) => socket.emit(EVENTS.control, control),
    again: () => {
      outside = false;
      socket.disconnect().connect();
    },
    close: () => socket.disconnect(),
  };
};
