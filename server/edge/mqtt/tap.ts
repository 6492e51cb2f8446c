/** A recorder's and a player's end of any broker: everything that is published as it was published, and publishing at one's own pace. */
import mqtt, { type IPublishPacket, type MqttClient } from "mqtt";
import type { Properties, Told } from "../../twin/recording.ts";

export interface Credentials {
  readonly username?: string;
  readonly password?: string;
}

const jsonOf = (value: unknown): unknown => {
  if (Buffer.isBuffer(value)) return { $b64: value.toString("base64") };
  if (Array.isArray(value)) return value.map(jsonOf);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, jsonOf(member)]));
};
const ofJson = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(ofJson);
  if (typeof value !== "object" || value === null) return value;
  if ("$b64" in value) return Buffer.from(String(value.$b64), "base64");
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, ofJson(member)]));
};

/** The subscription's own number and the topic's alias mean nothing to anybody else. */
const propertiesOf = ({ properties }: IPublishPacket): Properties | null => {
  if (properties === undefined) return null;
  const { subscriptionIdentifier: _mine, topicAlias: _alias, ...rest } = properties;
  return Object.keys(rest).length === 0 ? null : (jsonOf(rest) as Properties);
};

const said = (error: unknown): string =>
  error instanceof AggregateError
    ? error.errors.map(String).join("; ")
    : error instanceof Error
      ? error.message || String((error as NodeJS.ErrnoException).code)
      : String(error);

/** Connects; throws an Error in words where the broker cannot be reached at first. Later on a broker that restarts is waited for. */
const connect = async (url: string, clientId: string, credentials: Credentials): Promise<MqttClient> => {
  const withVersion = (protocolVersion: 4 | 5): Promise<MqttClient> =>
    mqtt.connectAsync(
      url,
      {
        clientId,
        protocolVersion,
        clean: true,
        connectTimeout: 5_000,
        reconnectPeriod: 1_000,
        keepalive: 30,
        resubscribe: true,
        ...credentials,
      },
      false,
    );
  try {
    return await withVersion(5).catch((error: unknown) => {
      if (!/protocol version/i.test(said(error))) throw error;
      return withVersion(4);
    });
  } catch (error) {
    throw new Error(`No broker takes the connection at ${url.replace(/\/\/[^@/]*@/, "//")}: ${said(error)}`, { cause: error });
  }
};

export interface Tap {
  readonly stop: () => Promise<void>;
}

/** Hears everything on `topics`; over MQTT 5 retained flags stay as published and properties are told. Resolves when the subscription stands. */
export const openTap = async (
  { url, clientId, topics, credentials = {} }: { url: string; clientId: string; topics: readonly string[]; credentials?: Credentials },
  onMessage: (message: Told) => void,
  onTrouble: (what: string) => void,
): Promise<Tap> => {
  const client = await connect(url, clientId, credentials);
  client.on("error", (error) => onTrouble(error.message));
  client.on("close", () => onTrouble("the connection is closed"));
  client.on("message", (topic, payload, packet) =>
    onMessage({ topic, payload, qos: packet.qos, retain: packet.retain, dup: packet.dup, client: "", properties: propertiesOf(packet) }),
  );
  const granted = await client.subscribeAsync([...topics], client.options.protocolVersion === 5 ? { qos: 2, rap: true } : { qos: 2 });
  const refused = granted.filter(({ qos }) => qos >= 0x80);
  if (refused.length > 0) {
    await client.endAsync(true);
    throw new Error(`the broker refuses the subscription to ${refused.map(({ topic }) => topic).join(", ")}`);
  }
  return { stop: () => client.endAsync(true) };
};

/** Messages on the way to the broker at most. */
const MOST_IN_FLIGHT = 256;
const GRACE_MS = 5_000;

export interface Player {
  /** Resolves when there is room for the next. Throws where a message was refused or the broker stays away. */
  readonly publish: (message: Told) => Promise<void>;
  readonly acknowledged: () => number;
  /** Waits for what is on the way, five seconds at most; gives how many were not acknowledged. */
  readonly close: () => Promise<number>;
}

/** Publishes messages as they were recorded, in order. */
export const openPlayer = async ({
  url,
  clientId,
  credentials = {},
}: {
  url: string;
  clientId: string;
  credentials?: Credentials;
}): Promise<Player> => {
  const client = await connect(url, clientId, credentials);
  client.on("error", () => undefined);
  let inFlight = 0;
  let acknowledged = 0;
  let failure: Error | null = null;
  let wake: () => void = () => undefined;
  const settled = (error?: Error | null): void => {
    inFlight -= 1;
    if (error) failure ??= error;
    else acknowledged += 1;
    wake();
  };
  const changed = (): Promise<void> => new Promise((resolve) => (wake = resolve));
  return {
    async publish({ topic, payload, qos, retain, properties }) {
      while (inFlight >= MOST_IN_FLIGHT && failure === null) await changed();
      if (failure !== null) throw failure;
      inFlight += 1;
      const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
      const told = properties === null || client.options.protocolVersion !== 5 ? {} : { properties: ofJson(properties) as object };
      client.publish(topic, bytes, { qos, retain, ...told }, settled);
    },
    acknowledged: () => acknowledged,
    async close() {
      const timer = setTimeout(() => {
        failure ??= new Error("not acknowledged in time");
        wake();
      }, GRACE_MS);
      while (inFlight > 0 && failure === null) await changed();
      clearTimeout(timer);
      const left = inFlight;
      await client.endAsync(left > 0);
      return left;
    },
  };
};
