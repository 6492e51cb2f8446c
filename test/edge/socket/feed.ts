/** A live feed of made-up frames, and viewers that tell what they heard. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { io, type ManagerOptions, type Socket, type SocketOptions as ClientOptions } from "socket.io-client";
import { createSocket, type SocketOptions } from "../../../server/edge/socket/socket.ts";
import type { Control, ReplayWish } from "../../../server/edge/socket/wishes.ts";
import type { Frame, Replay, Whole } from "../../../server/edge/socket/viewer.ts";
import { packRows, unpackRows, type FrameMeta, type SnapshotMeta, type ViewClock } from "../../../server/twin/delta.ts";
import type { Problem } from "../../../server/twin/api.ts";
import { EVENTS } from "../../../server/twin/wire.ts";
import { TOTALS, TS } from "../http/farm.ts";

const LIVE: ViewClock = { view: "live", nowTs: TS, playing: true, speed: 1, from: null, to: null };
const row = (index: number) => ({
  index,
  numbers: { hashrateThs: index, powerW: null, boardC: 60, chipC: null, intakeC: null, fanRpm: null },
  lastSeenTs: TS,
  state: "hashing" as const,
  alarm: null,
});
const metaOf = (n: number, clock: ViewClock): FrameMeta => ({ n, clock, roster: [], totals: TOTALS, alarms: [], orders: [] });

export const frameOf = (n: number, clock = LIVE): Frame => ({ meta: metaOf(n, clock), columns: packRows([row(n)], TS) });
export const wholeOf = (n: number, rows = 3, clock = LIVE): Whole => ({
  meta: metaOf(n, clock),
  columns: packRows(
    Array.from({ length: rows }, (_, index) => row(index)),
    TS,
  ),
});

export const until = async <T>(what: string, look: () => T | null | undefined | false, ms = 10_000): Promise<T> => {
  const deadline = Date.now() + ms;
  for (;;) {
    const seen = look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`it did not come to pass: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** A replay that the test plays by hand. */
export interface FakeReplay extends Replay {
  readonly wish: ReplayWish;
  readonly controls: Control[];
  readonly emit: (frame: Frame) => void;
  readonly clock: ViewClock;
  n: number;
  closed: boolean;
}

export interface Feed {
  readonly port: number;
  readonly feed: ReturnType<typeof createSocket>;
  readonly replays: FakeReplay[];
  readonly faults: unknown[];
  /** How often the live whole was made. */
  wholes: number;
  n: number;
  /** Publishes the next live frame. */
  readonly publish: () => number;
}

const closers: (() => void | Promise<void>)[] = [];
export const stopAll = async (): Promise<void> => {
  for (const close of closers.splice(0).toReversed()) await close();
};

const listening = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));

export const startFeed = async (given: Partial<SocketOptions> = {}): Promise<Feed> => {
  const server = given.server ?? createServer();
  const port = given.server === undefined ? await listening(server) : (server.address() as AddressInfo).port;
  const replays: FakeReplay[] = [];
  const faults: unknown[] = [];
  const feed = createSocket({
    server,
    gate: { hostRefusal: () => null, originRefusal: () => null, admits: () => null, principal: () => ({ name: "badge-17" }) },
    gist: () => ({ clock: wholeOf(started.n).meta.clock, totals: wholeOf(started.n).meta.totals }),
    whole: () => {
      started.wholes += 1;
      return wholeOf(started.n);
    },
    openReplay: async (wish, emit) => {
      const clock: ViewClock = { view: "replay", nowTs: wish.from, playing: true, speed: wish.speed, from: wish.from, to: wish.to };
      const replay: FakeReplay = {
        wish,
        emit,
        clock,
        controls: [],
        n: 0,
        closed: false,
        whole: () => wholeOf(replay.n, 1, clock),
        control: async (control) => void replay.controls.push(control),
        close: () => void (replay.closed = true),
      };
      replays.push(replay);
      return replay;
    },
    onFault: (fault) => faults.push(fault),
    ...given,
  });
  feed.start();
  const started: Feed = {
    port,
    feed,
    replays,
    faults,
    wholes: 0,
    n: 0,
    publish: () => {
      started.n += 1;
      feed.publish(frameOf(started.n));
      return started.n;
    },
  };
  closers.push(() => {
    feed.stop();
    if (given.server !== undefined) return;
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return started;
};

type Told =
  | { readonly event: "snapshot"; readonly meta: SnapshotMeta; readonly rows: number[] }
  | { readonly event: "frame"; readonly meta: FrameMeta; readonly rows: number[] }
  | { readonly event: "refused"; readonly problem: Problem };

export interface Watcher {
  readonly socket: Socket;
  readonly told: Told[];
  /** The story so far: "snapshot 3", "frame 4", "refused REQUEST_INVALID". */
  readonly story: () => string[];
  readonly ack: (n: number) => void;
}

const rowsIn = (columns: Buffer): number[] =>
  Array.from(unpackRows(columns.buffer.slice(columns.byteOffset, columns.byteOffset + columns.length) as ArrayBuffer).index);

/** Connects; with `acks` every number is acknowledged at once. */
export const connect = (
  port: number,
  { acks = true, ...options }: { acks?: boolean } & Partial<ManagerOptions & ClientOptions> = {},
): Watcher => {
  const socket = io(`http://127.0.0.1:${port}`, { transports: ["websocket"], forceNew: true, reconnection: false, ...options });
  closers.push(() => void socket.disconnect());
  const told: Told[] = [];
  const ack = (n: number): void => void socket.emit(EVENTS.ack, { n });
  socket.on(EVENTS.snapshot, (meta: SnapshotMeta, columns: Buffer) => {
    told.push({ event: "snapshot", meta, rows: rowsIn(columns) });
    if (acks) ack(meta.n);
  });
  socket.on(EVENTS.frame, (meta: FrameMeta, columns: Buffer) => {
    told.push({ event: "frame", meta, rows: rowsIn(columns) });
    if (acks) ack(meta.n);
  });
  socket.on(EVENTS.refused, (problem: Problem) => told.push({ event: "refused", problem }));
  const story = (): string[] => told.map((one) => (one.event === "refused" ? `refused ${one.problem.code}` : `${one.event} ${one.meta.n}`));
  return { socket, told, story, ack };
};

/** Connects and watches the live view until the whole is there. */
export const watchLive = async (feed: Feed, options: Parameters<typeof connect>[1] = {}): Promise<Watcher> => {
  const watcher = connect(feed.port, options);
  watcher.socket.emit(EVENTS.watch, { view: "live" });
  await until("the first snapshot", () => watcher.story()[0]?.startsWith("snapshot"));
  return watcher;
};

/** Resolves when everything the viewer sent before has been dealt with: events of one line are heard in order. */
export const settled = async ({ socket, told }: Watcher): Promise<void> => {
  const before = told.length;
  socket.emit(EVENTS.ack, { n: "settle" });
  await until("the answer to a wrong acknowledgement", () => told.slice(before).some((one) => one.event === "refused"));
  const at = told.findIndex((one, i) => i >= before && one.event === "refused");
  told.splice(at, 1);
};
