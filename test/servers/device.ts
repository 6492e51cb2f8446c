/** Devices for tests: numbered readings, published at QoS 1 over whatever happens to the connection, with every PUBACK noted. */
import mqtt from "mqtt";
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

export interface Publisher {
  /** Resolves at the PUBACK, over as many connections as it takes. */
  readonly publish: (topic: string, payload: string | Uint8Array, options?: { readonly retain?: boolean }) => Promise<void>;
  /** As `publish`, for a reading, which is noted in `sent`. */
  readonly send: (site: string, rig: string, boot: string, seq: number, ts: number) => Promise<void>;
  /** In the order of publishing. */
  readonly sent: readonly Sent[];
  readonly waiting: () => number;
  readonly connected: () => boolean;
  /** Cuts the connection as a fallen network does; it comes back by itself. */
  readonly drop: () => void;
  readonly end: () => Promise<void>;
}

/** Connects, and connects again for as long as it takes. */
export const createPublisher = (url: string, clientId: string): Publisher => {
  const client = mqtt.connect(url, { clientId, clean: false, reconnectPeriod: 100, connectTimeout: 5_000, keepalive: 30 });
  // Every fall of the server is one; they are what the test is about.
  client.on("error", () => undefined);
  const sent: Sent[] = [];
  let waiting = 0;
  const publish: Publisher["publish"] = async (topic, payload, { retain = false } = {}) => {
    waiting += 1;
    try {
      await client.publishAsync(topic, typeof payload === "string" ? payload : Buffer.from(payload), { qos: 1, retain });
    } finally {
      waiting -= 1;
    }
  };
  return {
    publish,
    async send(site, rig, boot, seq, ts) {
      const noted: Sent = { rig, boot, seq, ts, acknowledged: false };
      sent.push(noted);
      await publish(topicOf(site, rig, "telemetry"), JSON.stringify(readingOf(boot, seq, ts)));
      noted.acknowledged = true;
    },
    sent,
    waiting: () => waiting,
    connected: () => client.connected,
    drop: () => void client.stream.destroy(),
    end: () => client.endAsync(true),
  };
};

export interface Load {
  /** Stops publishing; resolves when every message has its PUBACK. */
  readonly settle: (limitMs?: number) => Promise<void>;
  /** Stops publishing at once and forgets what has no PUBACK. */
  readonly abandon: () => Promise<void>;
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
  /** Readings without a PUBACK at most, of one gateway. */
  readonly mostWaiting?: number;
}

/** Publishes readings of `rigs` rigs in turn, at about `perS` a second, until it is told to settle. */
export const startLoad = (options: LoadOptions): Load => {
  const { url, site, rigs, perS, fromTs, gateways = 2, boot = "boot-1", mostWaiting = 500 } = options;
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
      publisher.send(site, `rig-${rig}`, boot, seq, fromTs + seq * 1_000).catch(() => undefined);
    }
  }, 10);
  const sent = (): readonly Sent[] => publishers.flatMap((publisher) => publisher.sent);
  const end = async (): Promise<void> => {
    clearInterval(timer);
    await Promise.all(publishers.map((publisher) => publisher.end()));
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
      await end();
    },
  };
};
