/** The embedded MQTT 3.1.1 broker. Its PUBACK waits for the journal: aedes asks for leave to publish before it acknowledges. */
import { createServer, type Server, type Socket } from "node:net";
import { Aedes, type AedesPublishPacket } from "aedes";
import { Refused } from "../../twin/refusal.ts";
import type { Message } from "../../twin/twin.ts";

export interface BrokerOptions {
  readonly host: string;
  readonly port: number;
  /** Calls back when the message is on disk; with an error the device is disconnected and will send again. */
  readonly onMessage: (message: Message, done: (error: Error | null) => void) => void;
  /** Retained messages of the time before the restart. */
  readonly retained: () => Iterable<{ readonly topic: string; readonly payload: Uint8Array }>;
  /** Connections at the same time; more are closed at once. */
  readonly maxConnections?: number;
}

/** Builds the broker. `start` throws Refused PORT_IN_USE. */
export const createBroker = (options: BrokerOptions) => {
  let aedes: Aedes | null = null;
  let server: Server | null = null;
  const sockets = new Set<Socket>();

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
          if (packet.topic.startsWith("$")) return callback(new Error("topics that start with $ are the broker's own"));
          const { payload } = packet;
          options.onMessage(
            {
              topic: packet.topic,
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
      broker.on("clientError", () => undefined);
      broker.on("connectionError", () => undefined);
      for (const { topic, payload } of options.retained())
        broker.publish(
          { cmd: "publish", topic, payload: Buffer.from(payload), qos: 1, retain: true, dup: false } as AedesPublishPacket,
          () => undefined,
        );
      server = await listen((socket) => broker.handle(socket)).catch(async (error: unknown) => {
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
