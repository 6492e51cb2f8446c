/**
 * One gateway's MQTT connection: QoS 1, pipelined, with a bounded queue for the time without a broker. mqtt.js resends what was in
 * flight when the connection broke; what does not fit into the queue is dropped oldest first and counted, and shows as a gap in `seq`.
 */
import { connect, type MqttClient } from "mqtt";
import type { Message } from "./messages.ts";

export interface LaneOptions {
  readonly url: string;
  readonly clientId: string;
  readonly credentials?: { readonly username: string; readonly password: string };
  /** Its own state topic, and what is said there when it is lost and when it leaves. */
  readonly stateTopic: string;
  readonly lost: Uint8Array;
  readonly leaving: () => Uint8Array;
  /** Topics it hears, and what is done with what comes. */
  readonly hears?: { readonly filters: readonly string[]; readonly take: (topic: string, payload: Uint8Array) => void };
  /** Told at each acknowledgement: ms between sending and PUBACK. */
  readonly acknowledged: (afterMs: number) => void;
}

export interface LaneStats {
  readonly connected: boolean;
  readonly sent: number;
  readonly acknowledged: number;
  readonly dropped: number;
  readonly queued: number;
  readonly inFlight: number;
  readonly reconnects: number;
  /** The last trouble with the connection, in the library's words. */
  readonly lastError: string | null;
}

export interface Lane {
  /** Takes a message; never waits. */
  readonly put: (message: Message) => void;
  /** Whether there is room for a message that must not be dropped. */
  readonly hasRoom: () => boolean;
  readonly stats: () => LaneStats;
  /** Waits at most `graceMs` for what is on the way, says that it leaves, disconnects. */
  readonly close: (graceMs: number) => Promise<void>;
}

export const MOST_IN_FLIGHT = 256;
export const MOST_QUEUED = 10_000;
const FILTERS_AT_ONCE = 200;
const POLL_MS = 20;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Opens a connection; it is tried again every second as long as there is no broker. */
export const openLane = (options: LaneOptions): Lane => {
  let queue: Message[] = [];
  let head = 0;
  let up = false;
  let inFlight = 0;
  let sent = 0;
  let acknowledged = 0;
  let dropped = 0;
  let connects = 0;
  let lastError: string | null = null;
  /** What is retained on the broker: said again to a broker that may have forgotten it. */
  const retained = new Map<string, Message>();

  const client: MqttClient = connect(options.url, {
    clientId: options.clientId,
    protocolVersion: 4,
    clean: true,
    keepalive: 20,
    reconnectPeriod: 1_000,
    connectTimeout: 10_000,
    will: { topic: options.stateTopic, payload: Buffer.from(options.lost), qos: 1, retain: true },
    ...options.credentials,
  });

  const queued = (): number => queue.length - head;

  const send = (message: Message): void => {
    inFlight++;
    sent++;
    const sentAt = performance.now();
    client.publish(
      message.topic,
      Buffer.from(message.payload.buffer, message.payload.byteOffset, message.payload.byteLength),
      { qos: 1, retain: message.retain },
      (error) => {
        inFlight--;
        if (error) {
          lastError = error.message;
          dropped++;
          return;
        }
        acknowledged++;
        options.acknowledged(performance.now() - sentAt);
        pump();
      },
    );
  };

  const pump = (): void => {
    while (up && inFlight < MOST_IN_FLIGHT && head < queue.length) {
      const message = queue[head++];
      if (message !== undefined) send(message);
    }
    if (head > 1_024 && head * 2 > queue.length) {
      queue = queue.slice(head);
      head = 0;
    }
  };

  client.on("connect", () => {
    connects++;
    up = true;
    if (options.hears !== undefined)
      for (let i = 0; i < options.hears.filters.length; i += FILTERS_AT_ONCE)
        client.subscribe(options.hears.filters.slice(i, i + FILTERS_AT_ONCE), { qos: 1 });
    if (connects > 1) for (const message of retained.values()) send(message);
    pump();
  });
  client.on("message", (topic, payload) => options.hears?.take(topic, payload));
  client.on("close", () => {
    up = false;
  });
  client.on("error", (error) => {
    lastError = error.message;
  });

  return {
    put: (message) => {
      if (message.retain) retained.set(message.topic, message);
      queue.push(message);
      if (queued() > MOST_QUEUED) {
        head++;
        dropped++;
      }
      pump();
    },
    hasRoom: () => queued() < MOST_IN_FLIGHT,
    stats: () => ({
      connected: up,
      sent,
      acknowledged,
      dropped,
      queued: queued(),
      inFlight,
      reconnects: Math.max(0, connects - 1),
      lastError,
    }),
    close: async (graceMs) => {
      const deadline = performance.now() + graceMs;
      while (up && inFlight + queued() > 0 && performance.now() < deadline) await pause(POLL_MS);
      if (up) {
        const left = (async () => {
          await client.publishAsync(options.stateTopic, Buffer.from(options.leaving()), { qos: 1, retain: true });
          // Only a DISCONNECT keeps the broker from publishing the Will.
          await client.endAsync(false);
        })();
        await Promise.race([left.catch(() => undefined), pause(1_000)]);
      }
      await client.endAsync(true);
    },
  };
};
