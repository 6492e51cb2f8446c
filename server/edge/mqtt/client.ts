/**
 * The ingest end of an outside broker: MQTT 5, persistent session, QoS 1 acknowledged only after the journal has the bytes.
 *
 * mqtt.js acknowledges when handleMessage calls back without an error, and handles nothing else until then: one message per
 * fsync, and a dead connection when the disk is slow. So we call back with an error, which makes it go on without a PUBACK,
 * and write the PUBACKs ourselves, in the order of receipt (MQTT-4.6.0-2), after the group commit. The contract test in
 * test/edge/mqtt.test.ts holds the pinned mqtt.js to this.
 */
import mqtt, { type IPublishPacket, type MqttClient } from "mqtt";
import type { Message } from "../../twin/twin.ts";

export interface MqttOptions {
  readonly url: string;
  /** Fixed, so that the broker keeps our session while we are away. */
  readonly clientId: string;
  readonly topics: readonly string[];
  /** Servers that give the same name share the messages between them (MQTT 5 shared subscription). */
  readonly share?: string | null;
  /**
   * Subscribed to beside the share: what is retained is not sent to shared subscriptions (MQTT 5, 3.8.4), and whoever folds the readings
   * of a rig must know the rig. The broker may send such a message twice; the journal keeps both, and the fold is the same.
   */
  readonly unshared?: readonly string[];
  /** Calls back when the message is on disk; with an error the connection is dropped, so that the broker sends it again. */
  readonly onMessage: (message: Message, done: (error: Error | null) => void) => void;
  /** What is retained about this host while it is connected, and by Will when it is lost: both of one connection have the same time. */
  readonly host?: { readonly topic: string; readonly payload: (online: boolean, ts: number) => Uint8Array };
  readonly now?: () => number;
  /** Without it a subscription that was refused is asked for again by the next connection only. */
  readonly every?: (ms: number, work: () => void) => () => void;
  /** Topics that this server itself publishes: heard again they are acknowledged and kept nowhere. */
  readonly isEcho?: (topic: string) => boolean;
  /** Told when the connection comes and goes. */
  readonly onHealth?: (away: string | null) => void;
  /**
   * Messages the broker may have in flight to us; at least two batches of the journal. A broker that sends more (Mosquitto 2.0.11 does, where its
   * own limit is lifted) is not read on until some are acknowledged.
   */
  readonly receiveMaximum?: number;
}

const SESSION_S = 7 * 86_400;
const RECEIVE_MAXIMUM = 4_000;
/** So many PUBACKs do not wait until the whole group is settled: the broker sends on while it is being folded. */
const ACK_AT_ONCE = 256;
/** A broker whose rights are being changed, or asked of another program, may grant in a moment what it refuses now. */
const ASK_AGAIN_S = 5;
/** From here on a SUBACK's reason codes are refusals (MQTT 5, 3.9.3). */
const REFUSED = 0x80;
const DEFERRED = new Error("the PUBACK follows after the group commit");

/** MQTT 5 PUBACK, reason success left out: fixed header 0x40, remaining length 2, packet id. */
const pubacks = (ids: readonly number[]): Buffer => {
  const out = Buffer.allocUnsafe(4 * ids.length);
  ids.forEach((id, i) => {
    out.writeUInt16BE(0x4002, 4 * i);
    out.writeUInt16BE(id, 4 * i + 2);
  });
  return out;
};

export const createMqtt = (options: MqttOptions) => {
  const receiveMaximum = options.receiveMaximum ?? RECEIVE_MAXIMUM;
  let client: MqttClient | null = null;
  /** Counts connections: a PUBACK belongs to the one its message came by. */
  let connection = 0;
  /** Messages of this connection in the order of receipt, in which they are acknowledged. */
  let pending: { readonly id: number; done: boolean }[] = [];
  let writing = false;
  /** Settled since PUBACKs were written last. */
  let settledCount = 0;
  /** Has mqtt.js read on. */
  let readOn: (() => void) | null = null;
  let hostTs = 0;
  /** Whether the broker has shown us our own birth of this connection. */
  let isBorn = false;
  let birthId = 0;
  let stopAsking = (): void => undefined;

  const sendPubacks = (): void => {
    writing = false;
    settledCount = 0;
    const open = pending.findIndex(({ done }) => !done);
    // Once for a whole group of the journal: taken out one by one, each would move thousands of others.
    const settled = pending.splice(0, open < 0 ? pending.length : open);
    if (settled.length > 0 && client?.connected === true) client.stream.write(pubacks(settled.map(({ id }) => id)));
    if (readOn === null || pending.length > receiveMaximum) return;
    const go = readOn;
    readOn = null;
    go();
  };

  const sayHere = (): void => {
    const { host } = options;
    if (host === undefined || client === null) return;
    client.publish(host.topic, Buffer.from(host.payload(true, hostTs)), { qos: 1, retain: true });
    birthId = client.getLastMessageId();
  };
  /**
   * What is said of this host comes to it as well. The death of an earlier connection that comes behind the birth of this one would stay retained: then
   * it is born again (Sparkplug 3.0, 5.13).
   */
  const hearSelf = (text: string): void => {
    const isOurs = text.includes(String(hostTs));
    if (/"online"\s*:\s*true/.test(text)) isBorn ||= isOurs;
    else if (isBorn && !isOurs) sayHere();
  };

  const receive = (packet: IPublishPacket, callback: (error?: Error) => void): void => {
    const cameBy = connection;
    if (packet.topic === options.host?.topic && !packet.retain) hearSelf(String(packet.payload));
    const { payload } = packet;
    const message: Message = {
      topic: packet.topic,
      payload: typeof payload === "string" ? Buffer.from(payload) : payload,
      qos: packet.qos,
      retain: packet.retain,
      dup: packet.dup,
      client: "",
    };
    const ack = { id: packet.messageId ?? 0, done: false };
    if (packet.qos > 0) pending.push(ack);
    const settle = (error: Error | null): void => {
      if (packet.qos === 0 || cameBy !== connection) return;
      if (error !== null) {
        // MQTT 5 sends again only on a new connection (MQTT-4.4.0-1).
        connection += 1;
        client?.stream.destroy();
        return;
      }
      ack.done = true;
      settledCount += 1;
      if (settledCount >= ACK_AT_ONCE) return sendPubacks();
      if (writing) return;
      writing = true;
      queueMicrotask(sendPubacks);
    };
    if (options.isEcho?.(packet.topic) === true) settle(null);
    else options.onMessage(message, settle);
    if (packet.qos === 0) callback();
    else if (pending.length > receiveMaximum) readOn = () => callback(DEFERRED);
    else callback(DEFERRED);
  };

  /** Only what was refused is asked for again: a broker sends all that is retained with each subscription. */
  const subscribe = (filters: readonly string[]): void => {
    const askedBy = connection;
    client?.subscribe([...filters], { qos: 1 }, (error, _asked, suback) => {
      if (askedBy !== connection) return;
      if (!error) return options.onHealth?.(null);
      options.onHealth?.(`the broker refuses the subscription: ${error.message}; it is asked again every ${ASK_AGAIN_S} s`);
      const codes = (suback?.granted ?? []) as readonly number[];
      const refused = filters.filter((_, i) => (codes[i] ?? REFUSED) >= REFUSED);
      stopAsking =
        options.every?.(ASK_AGAIN_S * 1_000, () => {
          stopAsking();
          subscribe(refused);
        }) ?? stopAsking;
    });
  };

  const will = () => {
    const { host } = options;
    if (host === undefined) return {};
    hostTs = options.now?.() ?? 0;
    return { will: { topic: host.topic, payload: Buffer.from(host.payload(false, hostTs)), qos: 1 as const, retain: true } };
  };

  return {
    /** Connects in the background and keeps trying; resolves at once. */
    start(): void {
      const connected = mqtt.connect(options.url, {
        protocolVersion: 5,
        clientId: options.clientId,
        clean: false,
        keepalive: 30,
        reconnectPeriod: 1_000,
        connectTimeout: 10_000,
        resubscribe: false,
        // Its own, even when nobody listens, takes a list of arguments for every line of every packet.
        log: () => undefined,
        ...will(),
        properties: { sessionExpiryInterval: SESSION_S, receiveMaximum },
      });
      connected.handleMessage = receive as MqttClient["handleMessage"];
      connected.on("reconnect", () => {
        // Here and not when it is connected: what waited for us comes right behind the CONNACK, and mqtt.js tells of that only when all it
        // kept to send again is acknowledged. From here on it looks at nothing more that came by the last connection.
        connection += 1;
        pending = [];
        isBorn = false;
        // mqtt.js writes its options anew into each CONNECT
        Object.assign(connected.options, will());
      });
      connected.on("connect", () => {
        const shared = options.topics.map((topic) => `$share/${options.share}/${topic}`);
        subscribe(options.share ? [...shared, ...(options.unshared ?? [])] : options.topics);
        // after the subscription has been sent: an edge node that hears of its host may publish at once
        sayHere();
      });
      connected.on("close", () => {
        connection += 1;
        stopAsking();
        // What came by the lost connection and was not looked at comes again by the next.
        readOn = null;
        // mqtt.js would send it again with the next connection, with the time of this one
        if (birthId !== 0) connected.removeOutgoingMessage(birthId);
        birthId = 0;
        options.onHealth?.("the connection is closed");
      });
      connected.on("error", (error) => options.onHealth?.(error.message || String((error as NodeJS.ErrnoException).code)));
      client = connected;
    },
    /** Publishes to devices (commands); QoS 1, never retained. */
    async publish(topic: string, payload: Uint8Array): Promise<void> {
      await client?.publishAsync(topic, Buffer.from(payload), { qos: 1, retain: false });
    },
    /** Publishes and lets the broker keep it; an empty payload takes it back. */
    async retain(topic: string, payload: Uint8Array): Promise<void> {
      await client?.publishAsync(topic, Buffer.from(payload), { qos: 1, retain: true });
    },
    connected: (): boolean => client?.connected ?? false,
    async stop(): Promise<void> {
      connection += 1;
      stopAsking();
      const { host } = options;
      if (host !== undefined && client?.connected === true)
        client.publish(host.topic, Buffer.from(host.payload(false, hostTs)), { qos: 1, retain: true });
      await client?.endAsync(true);
      client = null;
    },
  };
};
