/**
 * The embedded MQTT 3.1.1 broker. Its PUBACK waits for the journal: aedes asks for leave to publish before it acknowledges.
 * Every connection passes a door (door.ts) that knows what it may, and has its limits (limits.ts).
 */
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import mqttPacket from "mqtt-packet";
import { Aedes, type AedesPublishPacket, type Client } from "aedes";
import { Refused } from "../../twin/refusal.ts";
import type { Message } from "../../twin/twin.ts";
import { UNFIT } from "../../twin/wire.ts";
import { createDoor, type Admitted, type DoorOptions } from "./door.ts";
import { createLine, createPace, createSizeGuard, type Line } from "./limits.ts";
import { createReaders, type Reader } from "./readers.ts";
import { createBrokerMemory } from "./retained.ts";
import { rememberUnheard, type Matcher } from "./unheard.ts";

export interface BrokerOptions<D extends Admitted = Admitted> extends Partial<DoorOptions<D>> {
  readonly host: string;
  readonly port: number;
  /** Calls back when the message is on disk; with an error the device is disconnected and will send again. */
  readonly onMessage: (message: Message, done: (error: Error | null) => void) => void;
  /** Told of a connection that had to be closed for a packet which the protocol forbids (MQTT 3.1.1, 4.8). */
  readonly onBroken?: (client: string, reason: string) => void;
  /** Retained messages of the time before the restart. */
  readonly retained: () => Iterable<{ readonly topic: string; readonly payload: Uint8Array }>;
  /** Connections at the same time; more are closed at once. */
  /** Those beyond are told so (CONNACK 3) as long as there is room to tell anybody. */
  readonly maxConnections?: number;
  /** Longest packet, bytes. */
  readonly mostPacketBytes?: number;
  /** Messages a second of this device over all its connections (null: of one connection without a credential); who sends more waits. */
  readonly perS?: (device: string | null) => number;
  /** Told when a device with a credential came or left. */
  readonly onSeen?: (device: string) => void;
  /** Told when a connection was slowed, or shut for the size of a packet or because it does not read; or when a session was owed too much. */
  readonly onLimit?: (what: "rate" | "size" | "connections" | "reader" | "session") => void;
  /** A second listener with TLS; with `ca` a client certificate's CN is the device's name. */
  readonly tls?: { readonly port: number; readonly options: TlsOptions } | null;
}

/** Levels of a topic at most; aedes' own bound, beyond which its matcher would throw. */
const MOST_LEVELS = 100;
const MOST_TOPIC = 1_000;

/** The inside of aedes' client: what reads packets off its connection. test/edge/broker.test.ts holds the pinned library to this. */
interface Inside {
  readonly _parser: { prependListener(event: "packet", listener: (packet: AedesPublishPacket) => void): void };
}

/**
 * aedes closes the connection for a topic with too many levels or one that we do not allow, and the device would come back with the same
 * message for ever. So such a message is given another topic before aedes sees it: it is acknowledged, journaled and refused like any
 * other that nobody reads (MQTT 3.1.1, 3.3.5-2 leaves it to the server). Gives the topic under which it goes into the journal.
 */
const markUnfit = (client: Inside, unfit: WeakMap<object, string>): void =>
  client._parser.prependListener("packet", (packet) => {
    if (packet.cmd !== "publish") return;
    const { topic } = packet;
    if (!topic.startsWith("$") && topic.split("/", MOST_LEVELS + 1).length <= MOST_LEVELS) return;
    // With a wildcard it is a violation of the protocol all the same.
    if (/[+#]/.test(topic)) return;
    unfit.set(packet, `${UNFIT}${topic.slice(0, MOST_TOPIC)}`);
    packet.topic = UNFIT;
    packet.retain = false;
  });
/** Well above the longest payload that is read: one that is too long costs itself alone; only what nobody should have to hold ends the connection. */
const MOST_PACKET_BYTES = 4 << 20;
/** A second at once: a gateway sends its rigs together. What one that was cut off has to catch up with comes at its rate, so that others do not wait for it. */
const BURST_S = 1;
const MOST_CONNECTIONS = 20_000;
/** Beyond the limit so many more are heard, to be told why they are sent away. */
const ROOM_TO_TELL = 1_000;
/** MQTT 3.1.1, 3.2.2.3: the server is unavailable. */
const UNAVAILABLE = 3;

// 65,536 small buffers, one for each number that a packet may have: more for the garbage collector to look at than making them is.
mqttPacket.writeToStream.cacheNumbers = false;

/** Builds the broker. `start` throws Refused PORT_IN_USE. */
export const createBroker = <D extends Admitted>(options: BrokerOptions<D>) => {
  const door = createDoor<D>({
    anonymous: options.anonymous ?? true,
    admit: options.admit ?? (() => null),
    certified: options.certified ?? (() => null),
    mayPublish: options.mayPublish ?? (() => false),
    maySubscribe: options.maySubscribe ?? (() => false),
    onDenied: options.onDenied ?? (() => undefined),
  });
  const tls = options.tls ?? null;
  const onLimit = options.onLimit ?? (() => undefined);
  const perS = options.perS ?? (() => Infinity);
  const mostConnections = options.maxConnections ?? MOST_CONNECTIONS;
  const strangers = new WeakMap<Client, Line>();
  const devices = new Map<string, Line>();
  /** A device has one pace over all its connections: a second one buys it nothing. */
  const lineOf = (client: Client): Line => {
    const name = door.nameOf(client);
    const known = name === null ? strangers.get(client) : devices.get(name);
    if (known !== undefined) return known;
    const each = perS(name);
    const line = createLine(createPace(each, each * BURST_S, performance.now()));
    if (name === null) strangers.set(client, line);
    else devices.set(name, line);
    return line;
  };
  let aedes: Aedes | null = null;
  let servers: Server[] = [];
  const sockets = new Set<Socket>();
  const unfit = new WeakMap<object, string>();

  /** aedes pulls with `read`: there each byte is seen once, before the parser. */
  const guarded = (socket: Socket): Socket => {
    const isTooLong = createSizeGuard(options.mostPacketBytes ?? MOST_PACKET_BYTES);
    const read = socket.read.bind(socket);
    socket.read = (size?: number): unknown => {
      const bytes = read(size) as Buffer | null;
      if (bytes === null || !isTooLong(bytes)) return bytes;
      onLimit("size");
      socket.destroy();
      return null;
    };
    return socket;
  };

  const listenOn = (listening: Server, port: number, flag: string): Promise<Server> =>
    new Promise((resolve, reject) => {
      listening.maxConnections = mostConnections + ROOM_TO_TELL;
      listening.on("drop", () => onLimit("connections"));
      listening.once("error", (cause: NodeJS.ErrnoException) =>
        reject(
          cause.code === "EADDRINUSE"
            ? new Refused("PORT_IN_USE", `Port ${port} for MQTT is taken by another program. Give another with --${flag}.`, { cause })
            : cause,
        ),
      );
      listening.listen(port, options.host, () => resolve(listening));
    });
  const received =
    (handle: (socket: Socket) => void) =>
    (socket: Socket): void => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      // A TLS handshake that fails is the caller's affair.
      socket.on("error", () => undefined);
      handle(guarded(socket));
    };

  const clients = (): Readonly<Record<string, Client>> => (aedes as unknown as { clients: Record<string, Client> } | null)?.clients ?? {};
  const clientsOf = (name: string): Client[] => Object.values(clients()).filter((client) => door.isOf(client, name));
  /** One that is here comes back and is told that its session is gone. */
  const forgetSession = (clientId: string): void => {
    onLimit("session");
    clients()[clientId]?.conn.destroy();
  };

  return {
    async start(): Promise<{ readonly port: number; readonly tlsPort: number | null }> {
      const broker = await Aedes.createBroker({
        // An event loop that is busy for a while must not look like a frozen subscriber.
        drainTimeout: 30_000,
        // No queue of messages between publishers and subscribers: it would hold up all for one, and is emptied by recursion.
        concurrency: 0,
        persistence: createBrokerMemory(forgetSession),
        authorizePublish: (client, packet, callback) => {
          const refused = door.publishRefusal(client, packet);
          if (refused !== null) return callback(refused);
          // What stays for years must not keep all that came over the network with it; with bytes of its own the fold can share it.
          if (packet.retain && typeof packet.payload !== "string") packet.payload = Buffer.from(Uint8Array.from(packet.payload).buffer);
          const { payload } = packet;
          const take = (): void =>
            options.onMessage(
              {
                topic: unfit.get(packet) ?? packet.topic,
                payload: typeof payload === "string" ? Buffer.from(payload) : payload,
                qos: packet.qos as 0 | 1 | 2,
                retain: packet.retain,
                dup: packet.dup,
                client: client?.id ?? "",
              },
              (error) => callback(error),
            );
          if (client === null) take();
          else if (lineOf(client).take(take)) onLimit("rate");
        },
        preConnect: door.preConnect,
        authenticate: (client, username, password, done) => {
          if (sockets.size <= mostConnections) return door.authenticate(client, username, password, done);
          onLimit("connections");
          done(Object.assign(new Error("too many connections"), { returnCode: UNAVAILABLE }), false);
        },
        authorizeSubscribe: door.authorizeSubscribe,
        authorizeForward: (client, packet) => (door.mayHear(client, packet.topic) ? packet : null),
      });
      rememberUnheard((broker as unknown as { mq: { _matcher: Matcher } }).mq._matcher);
      // A device that hangs up in mid-packet is everyday business, not an error of ours.
      broker.on("clientError", (client, error) => {
        if (/PUBLISH/.test(error.message)) options.onBroken?.(client.id, error.message);
      });
      broker.on("connectionError", () => undefined);
      const see = (client: Client): void => {
        const name = door.nameOf(client);
        if (name !== null) options.onSeen?.(name);
      };
      broker.on("clientReady", see);
      broker.on("clientDisconnect", see);
      for (const { topic, payload } of options.retained())
        broker.publish(
          {
            cmd: "publish",
            topic,
            payload: Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength),
            qos: 1,
            retain: true,
            dup: false,
          } as AedesPublishPacket,
          () => undefined,
        );
      const waitForNone = createReaders(() => onLimit("reader"));
      const handle = received((socket) => {
        const client = broker.handle(socket) as unknown as Inside & Reader;
        markUnfit(client, unfit);
        waitForNone(client);
      });
      try {
        servers = [await listenOn(createServer({ noDelay: true }, handle), options.port, "mqtt-port")];
        if (tls !== null) servers.push(await listenOn(createTlsServer(tls.options, handle), tls.port, "mqtt-tls-port"));
      } catch (error) {
        for (const server of servers.splice(0)) server.close();
        await new Promise<void>((resolve) => broker.close(() => resolve()));
        throw error;
      }
      aedes = broker;
      const portOf = (server: Server | undefined, wanted: number): number => {
        const address = server?.address() ?? null;
        return typeof address === "object" && address !== null ? address.port : wanted;
      };
      return { port: portOf(servers[0], options.port), tlsPort: tls === null ? null : portOf(servers[1], tls.port) };
    },
    /** Ends every connection of a device; from then on it may nothing, its Will included. */
    disconnect(name: string): void {
      for (const client of clientsOf(name)) {
        door.revoke(client);
        client.close();
      }
    },
    isConnected: (name: string): boolean => clientsOf(name).length > 0,
    /** Publishes to subscribers (commands); QoS 1, never retained. */
    publish(topic: string, payload: Uint8Array): Promise<void> {
      return new Promise((resolve, reject) => {
        if (aedes === null) return reject(new Refused("INTERNAL", "The broker is not running."));
        aedes.publish(
          { cmd: "publish", topic, payload: Buffer.from(payload), qos: 1, retain: false, dup: false } as AedesPublishPacket,
          (error) => (error ? reject(error) : resolve()),
        );
      });
    },
    /** Publishes and lets the broker keep it for who subscribes later. */
    retain(topic: string, payload: Uint8Array): Promise<void> {
      return new Promise((resolve, reject) => {
        if (aedes === null) return reject(new Refused("INTERNAL", "The broker is not running."));
        aedes.publish(
          { cmd: "publish", topic, payload: Buffer.from(payload), qos: 1, retain: true, dup: false } as AedesPublishPacket,
          (error) => (error ? reject(error) : resolve()),
        );
      });
    },
    connections: (): number => aedes?.connectedClients ?? 0,
    async stop(): Promise<void> {
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
      await new Promise<void>((resolve) => (aedes === null ? resolve() : aedes.close(() => resolve())));
      aedes = null;
      servers = [];
    },
  };
};
