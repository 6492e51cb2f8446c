/** The live feed: who is connected, what each watches, and frames that are serialised once for all who are ready for them. */
import type { IncomingMessage, Server as HttpServer } from "node:http";
import { Server, type Socket } from "socket.io";
import type { Gist } from "../../twin/delta.ts";
import { peopleOf } from "../../twin/here.ts";
import { problemOf } from "../../twin/problem.ts";
import type { Refusal } from "../../twin/refusal.ts";
import { EVENTS, FRAME_MS } from "../../twin/wire.ts";
import { createBudget } from "./budget.ts";
import { sendToAll } from "./one-write.ts";
import { hearAcks } from "./quick-ack.ts";
import { createViewer, type Frame, type OpenReplay, type Viewer, type Whole } from "./viewer.ts";
import { ackIn, controlIn, hereIn, watchIn, type Checked } from "./wishes.ts";

/** The gate of the HTTP edge fits: each answers null where the caller may pass. */
export interface Doorkeeper {
  readonly hostRefusal: (request: IncomingMessage) => Refusal | null;
  readonly originRefusal: (request: IncomingMessage) => Refusal | null;
  /** Whether the caller may do a right of rights.ts; asked at the door, at each event and by a timer. */
  readonly admits: (request: IncomingMessage, right: string, changes: boolean) => Refusal | null;
  /** Who asks, null for nobody in particular. */
  readonly principal: (request: IncomingMessage) => { readonly name: string } | null;
}

export interface SocketOptions {
  readonly server: HttpServer;
  readonly gate: Doorkeeper;
  /** What can be told of the live view at once. */
  readonly gist: () => Gist;
  /** The live view as it stands after the newest published frame. */
  readonly whole: () => Whole;
  readonly openReplay: OpenReplay;
  /** How much people have said so far. */
  readonly notes?: () => number;
  readonly onFault: (error: unknown) => void;
  readonly mostViewers?: number;
  readonly mostReplays?: number;
  /** Between two looks at who is still admitted and whose line is stuck, ms. */
  readonly lookMs?: number;
  /** How long a line may take nothing of what waits for it, ms. */
  readonly stuckMs?: number;
  /** What may wait for a line before it counts as stuck or gets no more, bytes. */
  readonly mostWaitingBytes?: number;
}

const rightOf = (event: string): string => `live:${event}`;
const GATHER_MS = 10;
/** Between two wholes to one viewer: there is nothing new between two frames. */
const WHOLE_MS = FRAME_MS;
/** Between two tellings of who is here: people come and go by the dozen when a server starts. */
const PEOPLE_MS = 1_000;

interface Guest {
  readonly socket: Socket;
  readonly viewer: Viewer;
  readonly name: string;
  readonly sinceTs: number;
  /** Path of the page it shows, null where it has not said. */
  page: string | null;
  /** Whether frames are sent to it. */
  isIn: boolean;
  /** When the last whole was sent. */
  wholeMs: number;
  /** Least bytes that waited since the line moved last, and when that was. */
  waiting: number;
  movedMs: number;
}

/** Bytes that the kernel has not taken yet, of what was written and of what engine.io holds back meanwhile. */
const waitingBytes = ({ request, conn }: Socket): number => {
  const held = (conn as unknown as { readonly writeBuffer: readonly { readonly data?: string | Uint8Array }[] }).writeBuffer;
  return held.reduce((sum, { data }) => sum + (data?.length ?? 0), request.socket.writableLength);
};

/** Builds the feed. `start` attaches it to the HTTP server; `publish` sends the next live frame. */
export const createSocket = (options: SocketOptions) => {
  const { gate, onFault } = options;
  const mostViewers = options.mostViewers ?? 1_000;
  const mostReplays = options.mostReplays ?? 4;
  const lookMs = options.lookMs ?? 3_000;
  const stuckMs = options.stuckMs ?? 30_000;
  const mostWaiting = options.mostWaitingBytes ?? 1_000_000;
  const guests = new Map<string, Guest>();
  const replaying = new Set<string>();
  const wanting = new Set<Guest>();
  let io: Server | null = null;
  let gathering: NodeJS.Timeout | null = null;
  let looking: NodeJS.Timeout | null = null;
  let telling: NodeJS.Timeout | null = null;
  let toldNotes = options.notes?.() ?? 0;
  let gist: { readonly atMs: number; readonly is: Gist } | null = null;

  const refusalOf = (request: IncomingMessage): Refusal | null =>
    gate.hostRefusal(request) ?? gate.originRefusal(request) ?? gate.admits(request, rightOf(EVENTS.watch), false);

  /** Cuts the line; a polite goodbye would wait behind what the other end does not read. */
  const hangUp = ({ socket }: Guest): void => void socket.request.socket.destroy();

  /** Not older than a frame: a farm of ten thousand is added up once for all who come together. */
  const gistNow = (): Gist => {
    if (gist === null || Date.now() - gist.atMs >= FRAME_MS) gist = { atMs: Date.now(), is: options.gist() };
    return gist.is;
  };

  /** Whether the next frame goes to it. */
  const settle = (guest: Guest): void => {
    const { socket, viewer } = guest;
    guest.isIn = viewer.isReady() && socket.connected;
  };

  /** Tells all who read what they get; whoever comes later is told with the next change, which its own coming is. */
  const tellPeople = (): void => {
    telling ??= setTimeout(() => {
      telling = null;
      toldNotes = options.notes?.() ?? 0;
      const people = peopleOf(guests.values(), toldNotes);
      for (const { socket } of guests.values()) if (waitingBytes(socket) <= mostWaiting) socket.emit(EVENTS.people, people);
    }, PEOPLE_MS);
  };

  const gather = (ms: number): void => {
    gathering ??= setTimeout(handOut, ms);
  };

  /** Sends the whole to all who want it and can take it; the live one is made and serialised once for them together. */
  const handOut = (): void => {
    gathering = null;
    const nowMs = Date.now();
    const live: Guest[] = [];
    for (const guest of wanting) {
      const { socket, viewer } = guest;
      if (!socket.connected || !viewer.wantsWhole()) {
        wanting.delete(guest);
        continue;
      }
      if (nowMs - guest.wholeMs < WHOLE_MS || waitingBytes(socket) > mostWaiting) continue;
      wanting.delete(guest);
      guest.wholeMs = nowMs;
      try {
        if (viewer.isLive()) live.push(guest);
        else viewer.sendWhole();
      } catch (error) {
        onFault(error);
      }
    }
    if (wanting.size > 0) gather(WHOLE_MS / 5);
    if (live.length === 0 || io === null) return;
    try {
      const { meta, columns } = options.whole();
      io.to(live.map(({ socket }) => socket.id)).emit(EVENTS.snapshot, meta, Buffer.from(columns));
      for (const guest of live) {
        guest.viewer.tookWhole(meta.n);
        settle(guest);
      }
    } catch (error) {
      onFault(error);
      for (const { viewer } of live) viewer.refuse({ code: "INTERNAL", detail: "The whole cannot be told now." });
    }
  };

  const welcome = (socket: Socket): void => {
    const changed = (): void => {
      settle(guest);
      if (!guest.viewer.wantsWhole()) return;
      wanting.add(guest);
      gather(GATHER_MS);
    };
    const viewer: Viewer = createViewer({
      send: (event, ...values) => void socket.emit(event, ...values),
      openReplay: options.openReplay,
      takeSlot: () => replaying.has(socket.id) || (replaying.size < mostReplays && replaying.add(socket.id).size > 0),
      freeSlot: () => void replaying.delete(socket.id),
      changed,
      onFault,
    });
    const name = gate.principal(socket.request)?.name ?? "";
    const guest: Guest = {
      socket,
      viewer,
      name,
      sinceTs: Date.now(),
      page: null,
      isIn: false,
      wholeMs: 0,
      waiting: 0,
      movedMs: Date.now(),
    };
    guests.set(socket.id, guest);
    tellPeople();

    const within = createBudget(Date.now());
    const isWithin = (): boolean => {
      if (within(Date.now())) return true;
      viewer.refuse({ code: "TOO_MANY_REQUESTS", detail: "Too many events; the line is closed." });
      socket.disconnect(true);
      return false;
    };
    socket.use((_event, next) => {
      if (isWithin()) next();
    });
    /** A listener that throws would end the process. */
    const listener =
      <T>(event: string, read: (payload: unknown) => Checked<T>, take: (wish: T) => void) =>
      (payload: unknown): void => {
        try {
          const barred = gate.admits(socket.request, rightOf(event), false);
          if (barred !== null) return viewer.refuse(barred);
          const wish = read(payload);
          if ("ok" in wish) take(wish.ok);
          else viewer.refuse(wish.refused);
        } catch (error) {
          onFault(error);
        }
      };
    const hear = <T>(event: string, read: (payload: unknown) => Checked<T>, take: (wish: T) => void): void =>
      void socket.on(event, listener(event, read, take));
    hear(EVENTS.watch, watchIn, (watch) => {
      // First the watch: were there no figures to tell, the whole would still come.
      viewer.watch(watch);
      if (watch.view === "live" && guest.wholeMs === 0) socket.emit(EVENTS.gist, gistNow());
    });
    const acked = listener(EVENTS.ack, ackIn, viewer.ack);
    socket.on(EVENTS.ack, acked);
    hearAcks(socket, (n) => {
      if (socket.connected && isWithin()) acked({ n });
    });
    hear(EVENTS.control, controlIn, viewer.control);
    hear(EVENTS.here, hereIn, (page) => {
      if (guest.page === page) return;
      guest.page = page;
      tellPeople();
    });
    hear(EVENTS.resync, () => ({ ok: null }), viewer.resync);
    // A broken packet is the sender's affair; socket.io closes the line and writes to the console where nobody listens.
    socket.on("error", () => undefined);
    socket.on("disconnect", () => {
      guests.delete(socket.id);
      wanting.delete(guest);
      viewer.close();
      tellPeople();
    });
  };

  /** Sends away who is no longer admitted, and cuts lines that take nothing of what waits for them. */
  const look = (): void => {
    const nowMs = Date.now();
    for (const guest of guests.values()) {
      const refused = refusalOf(guest.socket.request);
      if (refused !== null) {
        guest.viewer.refuse(refused);
        guest.socket.disconnect(true);
        continue;
      }
      const bytes = waitingBytes(guest.socket);
      if (bytes <= mostWaiting || bytes < guest.waiting) guest.movedMs = nowMs;
      guest.waiting = bytes;
      if (nowMs - guest.movedMs >= stuckMs) hangUp(guest);
    }
  };

  return {
    start(): void {
      io = new Server(options.server, {
        transports: ["websocket"],
        serveClient: false,
        perMessageDeflate: false,
        maxHttpBufferSize: 10_000,
        connectTimeout: 10_000,
        pingInterval: 25_000,
        // A whole of ten thousand rigs may lie before the ping on a slow line.
        pingTimeout: 60_000,
        allowRequest: (request, answer) => {
          const full =
            guests.size >= mostViewers
              ? ({ code: "TOO_MANY_REQUESTS", detail: "As many viewers are connected as this server takes." } as const)
              : null;
          const refused = refusalOf(request) ?? full;
          answer(refused === null ? null : JSON.stringify(problemOf(refused.code, refused.detail)), refused === null);
        },
      });
      io.on("connection", welcome);
      looking = setInterval(look, lookMs);
      looking.unref();
    },
    /** Sends a live frame to all who are ready; those who are not will get the whole when they have caught up. */
    publish(frame: Frame): void {
      const { n } = frame.meta;
      if ((options.notes?.() ?? 0) !== toldNotes) tellPeople();
      const told = [...guests.values()].filter(({ isIn }) => isIn).map(({ socket }) => socket);
      if (told.length > 0) sendToAll(told, EVENTS.frame, frame.meta, new Uint8Array(frame.columns));
      for (const guest of guests.values()) {
        if (!guest.viewer.isLive()) continue;
        guest.viewer.passed(n);
        settle(guest);
      }
    },
    viewers: (): number => guests.size,
    replays: (): number => replaying.size,
    /** Says goodbye to everyone; the HTTP server is stopped by whoever owns it. */
    stop(): void {
      if (looking !== null) clearInterval(looking);
      if (gathering !== null) clearTimeout(gathering);
      if (telling !== null) clearTimeout(telling);
      gathering = telling = null;
      io?.disconnectSockets(true);
      io?.engine.close();
      io = null;
    },
  };
};
