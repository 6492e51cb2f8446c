/** Rigs that behave badly in every way that costs no message: they repeat themselves, speak out of turn, talk nonsense, restart, and their clocks jump. */
import { topicOf } from "../../server/twin/wire.ts";
import { createPublisher, type Publisher, type Sent } from "../servers/device.ts";
import type { Random } from "./random.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Boots that the server remembers of one rig. */
const MOST_BOOTS = 4;
/** Word by which nonsense is known in the journal. */
export const NONSENSE = "nonsense";

export interface Reading extends Sent {
  /** When its first PUBACK came, ms UTC. */
  acknowledgedTs: number | null;
  /** Its clock is an hour ahead: it is to be refused, and to be in the journal all the same. */
  readonly isAhead: boolean;
}
export interface Devices {
  readonly readings: () => readonly Reading[];
  /** Publishes one more message, or several, of a rig by chance. */
  readonly speak: () => void;
  readonly waiting: () => number;
  readonly nonsense: () => number;
  /** Announces one more rig; resolves at its PUBACK. What went out before is before it in every queue of the broker. */
  readonly announce: (rig: string) => Promise<void>;
  /** Sends a reading once more. */
  readonly tellAgain: (reading: Reading) => void;
  /** Lets out what is held back; resolves when every message has its PUBACK. */
  readonly settle: (limitMs: number) => Promise<void>;
  readonly end: () => void;
}

interface Rig {
  readonly name: string;
  boot: number;
  seq: number;
  /** Of its clock against ours, ms. */
  offsetMs: number;
  ticks: number;
  readonly times: Set<number>;
}
interface Held {
  readonly send: () => void;
  /** Messages that go before it. */
  after: number;
}

const payloadsOf = (random: Random): string | Uint8Array => {
  const head = { v: 1, ts: Date.now() - HOUR_MS, seq: random.whole(0, 1_000), boot: NONSENSE };
  return random.pick<() => string | Uint8Array>([
    () => `{"v":1,"boot":"${NONSENSE}","m":{`,
    () => Buffer.concat([Buffer.from(NONSENSE), Buffer.from([0xff, 0xfe, 0x00])]),
    () => JSON.stringify({ ...head, m: { powerW: "much" } }),
    () => JSON.stringify({ ...head, seq: -5, m: {} }),
    () => JSON.stringify({ ...head, ts: 12, m: {} }),
    () => JSON.stringify({ ...head, v: 99, m: {} }),
    () => `{"v":1,"boot":"${NONSENSE}","m":{"powerW":NaN}}`,
    () => NONSENSE.repeat(25_000),
  ])();
};

export interface Fleet {
  readonly rigs: number;
  /** Clients that share the rigs. */
  readonly gateways: number;
  /** Device time of the first readings, ms UTC. */
  readonly fromTs: number;
  /** Between two readings of a rig, by its clock. */
  readonly stepMs: number;
  /** Last device time; clocks jump, but not beyond. */
  readonly toTs: number;
}

/** Connects the gateways; nothing is published before `speak`. */
export const createDevices = (url: string, site: string, { rigs, gateways, fromTs, stepMs, toTs }: Fleet, random: Random): Devices => {
  const publishers: Publisher[] = Array.from({ length: gateways }, (_, i) => createPublisher(url, `chaos-${site}-${i}`));
  const fleet: Rig[] = Array.from({ length: rigs }, (_, i) => ({
    name: `rig-${i}`,
    boot: 1,
    seq: 0,
    offsetMs: 0,
    ticks: 0,
    times: new Set(),
  }));
  const readings: Reading[] = [];
  const startTs = Date.now();
  let held: Held[] = [];
  let nonsense = 0;
  const gatewayOf = (rig: string): Publisher => publishers[Number(rig.slice(4)) % gateways] as Publisher;
  // It ends without a PUBACK only where the run is given up.
  const forget = (): void => undefined;

  const announce = (name: string): Promise<void> => {
    const identity = { make: "Bitmain", model: "Antminer S19", serial: `SN-${site}-${name}` };
    return gatewayOf(name).publish(topicOf(site, name, "birth"), JSON.stringify({ v: 1, ts: startTs, boot: "boot-1", identity }), {
      retain: true,
    });
  };
  for (const { name } of fleet) void announce(name).catch(forget);

  /** A time that this rig has not used: two readings of one millisecond are one reading. */
  const timeOf = (rig: Rig): number => {
    rig.ticks += 1;
    let ts = Math.min(toTs, fromTs + rig.ticks * stepMs + rig.offsetMs);
    while (rig.times.has(ts)) ts -= 1;
    rig.times.add(ts);
    return ts;
  };
  const note = (rig: Rig): Reading => {
    const isAhead = random.chance(0.01);
    const ts = isAhead ? Date.now() + HOUR_MS + rig.ticks++ : timeOf(rig);
    const reading: Reading = {
      rig: rig.name,
      boot: `boot-${rig.boot}`,
      seq: rig.seq,
      ts,
      acknowledged: false,
      acknowledgedTs: null,
      isAhead,
    };
    rig.seq += 1;
    readings.push(reading);
    return reading;
  };
  const put = (reading: Reading, copies: number): void => {
    gatewayOf(reading.rig)
      .send(site, reading.rig, reading.boot, reading.seq, reading.ts, { copies })
      .then(() => {
        reading.acknowledged = true;
        reading.acknowledgedTs ??= Date.now();
      }, forget);
  };
  const letOut = (): void => {
    const due = held.filter((one) => (one.after -= 1) < 0);
    held = held.filter((one) => one.after >= 0);
    for (const { send } of due) send();
  };

  return {
    readings: () => readings,
    nonsense: () => nonsense,
    waiting: () => publishers.reduce((sum, publisher) => sum + publisher.waiting(), 0),
    speak() {
      const rig = random.pick(fleet);
      letOut();
      if (random.chance(0.05)) {
        nonsense += 1;
        void gatewayOf(rig.name)
          .publish(topicOf(site, rig.name, "telemetry"), payloadsOf(random))
          .catch(forget);
        return;
      }
      if (random.chance(0.005) && rig.boot < MOST_BOOTS) {
        rig.boot += 1;
        rig.seq = 0;
      }
      if (random.chance(0.02)) rig.offsetMs = random.whole(-6 * 60, 4 * 60) * MINUTE_MS;
      const reading = note(rig);
      const copies = random.chance(0.05) ? random.whole(2, 3) : 1;
      if (random.chance(0.1)) held.push({ send: () => put(reading, copies), after: random.whole(1, 20) });
      else put(reading, copies);
      // A gateway that lost its notes tells again what was acknowledged long ago.
      if (random.chance(0.03)) put(random.pick(readings.slice(-500)), 1);
    },
    announce,
    tellAgain: (reading) => put(reading, 1),
    async settle(limitMs) {
      for (const { send } of held) send();
      held = [];
      const deadline = Date.now() + limitMs;
      while (publishers.some((publisher) => publisher.waiting() > 0)) {
        if (Date.now() > deadline)
          throw new Error(`${publishers.reduce((sum, one) => sum + one.waiting(), 0)} messages have no PUBACK after ${limitMs} ms`);
        await new Promise((done) => setTimeout(done, 25));
      }
    },
    end() {
      for (const publisher of publishers) publisher.end();
    },
  };
};
