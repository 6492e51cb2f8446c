/** Devices for tests: numbered readings, published at QoS 1 over whatever happens to the connection, with every PUBACK noted. */
import { connect, type Socket } from "node:net";
import { generate, parser } from "mqtt-packet";
import { topicOf } from "../../server/twin/wire.ts";

/** A reading that was published; `acknowledged` when its PUBACK came. */
export interface Sent {
  readonly rig: string;
  readonly boot: string;
  readonly seq: number;
  readonly ts: number;
  acknowledged: boolean;
}
export const keyOf = ({ rig, boot, seq }: Pick<Sent, "rig" | "boot" | "seq">): string => `${rig}/${boot}/${seq}`;

/** A native reading whose figures follow from its number alone. */
export const readingOf = (boot: string, seq: number, ts: number): object => ({
  v: 1,
  ts,
  seq,
  boot,
  m: {
    mode: "mining",
    hashrateThs: 100 + (seq % 10),
    powerW: 3_000 + (seq % 50),
    boardC: 55 + (seq % 7),
    chipC: 70 + (seq % 7),
    accepted: seq,
    uptimeS: seq * 10,
    fans: [{ index: 0, rpm: 5_000 + (seq % 100) }],
    boards: [
      { index: 0, hashrateThs: 50, boardC: 55 },
      { index: 1, hashrateThs: 50 + (seq % 10), boardC: 54 },
    ],
  },
});

export interface PublishOptions {
  readonly retain?: boolean;
  /** Packets of the same message that are sent one after the other, as by a device that does not wait for its PUBACK. */
  readonly copies?: number;
}
export interface Publisher {
  /** Resolves at the PUBACK, over as many connections as it takes; rejects at `end`. */
  readonly publish: (topic: string, payload: string | Uint8Array, options?: PublishOptions) => Promise<void>;
  /** As `publish`, for a reading, which is noted in `sent`. */
  readonly send: (site: string, rig: string, boot: string, seq: number, ts: number, options?: PublishOptions) => Promise<void>;
  /** In the order of publishing. */
  readonly sent: readonly Sent[];
  /** Messages without a PUBACK. */
  readonly waiting: () => number;
  readonly connected: () => boolean;
  /** How often its connection was closed by the other end or the network. */
  readonly closed: () => number;
  /** Cuts the connection as a fallen network does; it comes back by itself. */
  readonly drop: () => void;
  readonly end: () => void;
}

interface Waiting {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retain: boolean;
  readonly copies: number;
  /** Packet ids under which it is on the wire of this connection. */
  ids: number[];
  /** Of a connection before this one: it is sent again with DUP (MQTT-3.3.1-1). */
  wasSent: boolean;
  readonly done: (error: Error | null) => void;
}

const RECONNECT_MS = 100;
const MOST_ON_THE_WIRE = 200;

/**
 * A device as MQTT 3.1.1 wants it: what has no PUBACK is sent again, in order and with DUP, on the next connection. Written
 * over mqtt-packet, since mqtt.js gives up messages that are published while it sends others again.
 */
export const createPublisher = (url: string, clientId: string): Publisher => {
  const { hostname, port } = new URL(url);
  const sent: Sent[] = [];
  const queue = new Set<Waiting>();
  const byId = new Map<number, Waiting>();
  let socket: Socket | null = null;
  let up = false;
  let ended = false;
  let closed = 0;
  let lastId = 0;
  let timer: NodeJS.Timeout | null = null;

  const freeId = (): number => {
    do lastId = (lastId % 65_535) + 1;
    while (byId.has(lastId));
    return lastId;
  };
  const pump = (): void => {
    if (!up || socket === null) return;
    for (const message of queue) {
      if (byId.size >= MOST_ON_THE_WIRE) return;
      if (message.ids.length > 0) continue;
      const { topic, payload, retain, copies, wasSent } = message;
      for (let copy = 0; copy < copies; copy++) {
        const messageId = freeId();
        byId.set(messageId, message);
        message.ids.push(messageId);
        socket.write(generate({ cmd: "publish", topic, payload, qos: 1, retain, dup: wasSent, messageId }));
      }
      message.wasSent = true;
    }
  };
  const heard = (messageId: number): void => {
    const message = byId.get(messageId);
    byId.delete(messageId);
    if (message === undefined || !queue.delete(message)) return;
    message.done(null);
    pump();
  };
  const open = (): void => {
    const connection = connect(Number(port), hostname);
    const read = parser({ protocolVersion: 4 });
    socket = connection;
    connection.setNoDelay(true);
    connection.on("connect", () =>
      connection.write(generate({ cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: false, clientId, keepalive: 0 })),
    );
    connection.on("data", (bytes) => void read.parse(bytes));
    // Every fall of the server is one; they are what the test is about.
    connection.on("error", () => undefined);
    connection.on("close", () => {
      if (!ended && up) closed += 1;
      up = false;
      byId.clear();
      for (const message of queue) message.ids = [];
      if (!ended) timer = setTimeout(open, RECONNECT_MS);
    });
    read.on("packet", (packet) => {
      if (packet.cmd === "connack" && packet.returnCode === 0) {
        up = true;
        pump();
      } else if (packet.cmd === "puback") heard(packet.messageId ?? 0);
    });
  };
  open();

  const put = (topic: string, payload: string | Uint8Array, options: PublishOptions, noted?: Sent): Promise<void> =>
    new Promise((resolve, reject) => {
      const done = (error: Error | null): void => {
        if (error !== null) return reject(error);
        if (noted !== undefined) noted.acknowledged = true;
        resolve();
      };
      const { retain = false, copies = 1 } = options;
      queue.add({ topic, payload: Buffer.from(payload), retain, copies, ids: [], wasSent: false, done });
      pump();
    });

  return {
    publish: (topic, payload, options = {}) => put(topic, payload, options),
    send(site, rig, boot, seq, ts, options = {}) {
      const noted: Sent = { rig, boot, seq, ts, acknowledged: false };
      sent.push(noted);
      return put(topicOf(site, rig, "telemetry"), JSON.stringify(readingOf(boot, seq, ts)), options, noted);
    },
    sent,
    waiting: () => queue.size,
    connected: () => up,
    closed: () => closed,
    drop: () => void socket?.destroy(),
    end() {
      ended = true;
      if (timer !== null) clearTimeout(timer);
      socket?.destroy();
      for (const message of queue) message.done(new Error("the publisher was ended"));
      queue.clear();
    },
  };
};

export interface Load {
  /** Stops publishing; resolves when every message has its PUBACK. */
  readonly settle: (limitMs?: number) => Promise<void>;
  /** Stops publishing at once and forgets what has no PUBACK. */
  readonly abandon: () => void;
  readonly sent: () => readonly Sent[];
  readonly acknowledged: () => number;
  readonly publishers: readonly Publisher[];
}

export interface LoadOptions {
  readonly url: string;
  readonly site: string;
  readonly rigs: number;
  /** Clients that share the rigs. */
  readonly gateways?: number;
  /** Of all rigs together. */
  readonly perS: number;
  readonly boot?: string;
  /** Device time of a rig's first reading; each next is a second later. */
  readonly fromTs: number;
  /** Every so manieth reading is sent twice, as by a device that does not wait for its PUBACK; none by default. */
  readonly twiceEvery?: number;
  /** Readings without a PUBACK at most, of one gateway. */
  readonly mostWaiting?: number;
}

/** Publishes readings of `rigs` rigs in turn, at about `perS` a second, until it is told to settle. */
export const startLoad = (options: LoadOptions): Load => {
  const { url, site, rigs, perS, fromTs, gateways = 2, boot = "boot-1", mostWaiting = 500, twiceEvery = Infinity } = options;
  const publishers = Array.from({ length: gateways }, (_, i) => createPublisher(url, `gateway-${i}-${boot}`));
  const next = Array.from({ length: rigs }, () => 0);
  const startTs = Date.now();
  let turn = 0;
  const timer = setInterval(() => {
    const due = ((Date.now() - startTs) / 1_000) * perS;
    for (let tries = rigs; turn < due && tries > 0;) {
      const rig = turn % rigs;
      const publisher = publishers[rig % gateways];
      if (publisher === undefined || publisher.waiting() >= mostWaiting) {
        // What cannot be taken now is not made up for later: a load is steady or it waits.
        tries -= 1;
        turn += 1;
        continue;
      }
      const seq = next[rig] ?? 0;
      next[rig] = seq + 1;
      turn += 1;
      // It ends without a PUBACK only where the test abandons it.
      const copies = turn % twiceEvery === 0 ? 2 : 1;
      publisher.send(site, `rig-${rig}`, boot, seq, fromTs + seq * 1_000, { copies }).catch(() => undefined);
    }
  }, 10);
  const sent = (): readonly Sent[] => publishers.flatMap((publisher) => publisher.sent);
  const end = (): void => {
    clearInterval(timer);
    for (const publisher of publishers) publisher.end();
  };
  return {
    publishers,
    sent,
    acknowledged: () => sent().filter((one) => one.acknowledged).length,
    abandon: end,
    async settle(limitMs = 30_000) {
      clearInterval(timer);
      const deadline = Date.now() + limitMs;
      while (publishers.some((publisher) => publisher.waiting() > 0)) {
        if (Date.now() > deadline)
          throw new Error(`${publishers.reduce((sum, one) => sum + one.waiting(), 0)} readings have no PUBACK after ${limitMs} ms`);
        await new Promise((done) => setTimeout(done, 25));
      }
      end();
    },
  };
};
