/** The embedded MQTT 3.1.1 broker. Its PUBACK waits for the journal: aedes asks for leave to publish before it acknowledges. */
import { createServer, type Server, type Socket } from "node:net";
import { Aedes, type AedesPublishPacket } from "aedes";
import { Refused } from "../../twin/refusal.ts";
import type { Message } from "../../twin/twin.ts";
import { UNFIT } from "../../twin/wire.ts";

export interface BrokerOptions {
  readonly host: string;
  readonly port: number;
  /** Calls back when the message is on disk; with an error the device is disconnected and will send again. */
  readonly onMessage: (message: Message, done: (error: Error | null) => void) => void;
  /** Told of a connection that had to be closed for a packet which the protocol forbids (MQTT 3.1.1, 4.8). */
  readonly onBroken?: (client: string, reason: string) => void;
  /** Retained messages of the time before the restart. */
  readonly retained: () => Iterable<{ readonly topic: string; readonly payload: Uint8Array }>;
  /** Connections at the same time; more are closed at once. */
  readonly maxConnections?: number;
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

/** Builds the broker. `start` throws Refused PORT_IN_USE. */
export const createBroker = (options: BrokerOptions) => {
  let aedes: Aedes | null = null;
  let server: Server | null = null;
  const sockets = new Set<Socket>();
  const unfit = new WeakMap<object, string>();

  const listen = (handle: (socket: Socket) => void): Promise<Server> =>
    new Promise((resolve, reject) => {
      const listening = createServer({ noDelay: true }, (socket) => {
        sockets.add(socket);
        socket.once("close", () => sockets.delete(socket));
        handle(socket);
      });
      listening.maxConnections = options.maxConnections ?? 20_000;
      listening.once("error", (cause: NodeJS.ErrnoException) =>
        reject(
          cause.code === "EADDRINUSE"
            ? new Refused("PORT_IN_USE", `Port ${options.port} for MQTT is taken by another program. Give another with --mqtt-port.`, {
                cause,
              })
            : cause,
        ),
      );
      listening.listen(options.port, options.host, () => resolve(listening));
    });

  return {
    async start(): Promise<{ port: number }> {
      const broker = await Aedes.createBroker({
        // An event loop that is busy for a while must not look like a frozen subscriber.
        drainTimeout: 30_000,
        concurrency: 1_000,
        authorizePublish: (client, packet, callback) => {
          // Only a Will still can: it comes with the connection.
          if (packet.topic.startsWith("$")) return callback(new Error("topics that start with $ are the broker's own"));
          const { payload } = packet;
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
        },
      });
      // A device that hangs up in mid-packet is everyday business, not an error of ours.
      broker.on("clientError", (client, error) => {
        if (/PUBLISH/.test(error.message)) options.onBroken?.(client.id, error.message);
      });
      broker.on("connectionError", () => undefined);
      for (const { topic, payload } of options.retained())
        broker.publish(
          { cmd: "publish", topic, payload: Buffer.from(payload), qos: 1, retain: true, dup: false } as AedesPublishPacket,
          () => undefined,
        );
      server = await listen((socket) => markUnfit(broker.handle(socket) as unknown as Inside, unfit)).catch(async (error: unknown) => {
        await new Promise<void>((resolve) => broker.close(() => resolve()));
        throw error;
      });
      aedes = broker;
      const address = server.address();
      return { port: typeof address === "object" && address !== null ? address.port : options.port };
    },
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
    connections: (): number => aedes?.connectedClients ?? 0,
    async stop(): Promise<void> {
      const closing = server;
      if (closing !== null) {
        const closed = new Promise<void>((resolve) => closing.close(() => resolve()));
        for (const socket of sockets) socket.destroy();
        await closed;
      }
      await new Promise<void>((resolve) => (aedes === null ? resolve() : aedes.close(() => resolve())));
      aedes = null;
      server = null;
    },
  };
};
