/** The gateway's connection to the broker: its Will, what it retains, the commands it hears. */
import { connect, type MqttClient } from "mqtt";

export interface UplinkOptions {
  readonly url: string;
  readonly clientId: string;
  readonly username: string | null;
  readonly password: string | null;
  readonly will: { readonly topic: string; readonly payload: string };
  readonly onCommand: (topic: string, payload: Uint8Array) => void;
  readonly onConnect: () => void;
  readonly onHealth: (away: string | null) => void;
}

const PATIENCE_MS = 3_000;

export const createUplink = (options: UplinkOptions) => {
  let client: MqttClient | null = null;
  /** Said again to a broker that may have forgotten it. */
  const retained = new Map<string, string>();
  /** Each rig's own: a broker need not let a gateway hear the commands of others. */
  const filters = new Set<string>();
  const subscribe = (wanted: string[]): void => {
    client?.subscribe(wanted, { qos: 1 }, (error) => {
      if (error) options.onHealth(`the broker refuses the subscription to commands: ${error.message}`);
    });
  };
  const say = (topic: string, payload: string): void => {
    if (client?.connected === true) client.publish(topic, payload, { qos: 1, retain: true });
  };

  return {
    /** Connects in the background and keeps trying. */
    start(): void {
      const opened = connect(options.url, {
        clientId: options.clientId,
        protocolVersion: 4,
        clean: true,
        keepalive: 20,
        reconnectPeriod: 1_000,
        connectTimeout: 10_000,
        will: { topic: options.will.topic, payload: Buffer.from(options.will.payload), qos: 1, retain: true },
        ...(options.username === null ? {} : { username: options.username }),
        ...(options.password === null ? {} : { password: options.password }),
      });
      client = opened;
      opened.on("connect", () => {
        options.onHealth(null);
        if (filters.size > 0) subscribe([...filters]);
        for (const [topic, payload] of retained) say(topic, payload);
        options.onConnect();
      });
      opened.on("message", (topic, payload, packet) => {
        // an order that a broker kept is an old one
        if (!packet.retain) options.onCommand(topic, payload);
      });
      opened.on("close", () => options.onHealth("the connection to the broker is closed"));
      opened.on("error", (error) => options.onHealth(error.message || String((error as NodeJS.ErrnoException).code)));
    },
    connected: (): boolean => client?.connected ?? false,
    /** QoS 1; resolves with the PUBACK, also of a later connection. */
    publish: async (topic: string, payload: string | Uint8Array): Promise<void> => {
      if (client === null) throw new Error("not started");
      await client.publishAsync(topic, typeof payload === "string" ? payload : Buffer.from(payload), { qos: 1, retain: false });
    },
    /** QoS 1 and retained; kept for the time without a broker. */
    retain(topic: string, payload: string): void {
      retained.set(topic, payload);
      say(topic, payload);
    },
    /** Hears the commands of these topics from now on. */
    hear(filter: string): void {
      if (filters.has(filter)) return;
      filters.add(filter);
      if (client?.connected === true) subscribe([filter]);
    },
    /** Says goodbye, so that the broker does not publish the Will. */
    async stop(leaving: string): Promise<void> {
      const closing = client;
      if (closing === null) return;
      if (closing.connected) {
        const goodbye = closing.publishAsync(options.will.topic, leaving, { qos: 1, retain: true }).then(() => closing.endAsync(false));
        await Promise.race([goodbye.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS).unref())]);
      }
      await closing.endAsync(true);
      client = null;
    },
  };
};
