/** Publishes the simulated farm over MQTT: the messages of messages.ts, each when its time has come, one connection per container. */
import { topicOf } from "../server/twin/wire.ts";
import { commandFilterOf } from "../server/twin/command.ts";
import { wallClock, type Clock } from "./clock.ts";
import { openLane, type Lane, type LaneStats } from "./lane.ts";
import { bytesOf, messages, type Message } from "./messages.ts";
import { createObedience } from "./obedience.ts";
import { gatewayName, planFarm } from "./plant/layout.ts";
import type { Scenario } from "./scenario.ts";
import { signedMessages } from "./signing.ts";

export interface FarmOptions {
  /** mqtt://host:port */
  readonly url: string;
  readonly site: string;
  readonly rigs: number;
  readonly intervalMs: number;
  readonly seed: number;
  readonly scenario: Scenario;
  /** The wall clock where it is not given. */
  readonly clock?: Clock;
  readonly credentials?: { readonly username: string; readonly password: string };
  /** Ends by itself after so much simulated time from the clock's present. */
  readonly durationMs?: number;
  /** Past to be told first, as fast as it is acknowledged. */
  readonly backfill?: { readonly forMs: number; readonly intervalMs: number };
  /** Never drops: waits for acknowledgements instead. For load tests and backfills; live gateways do not wait. */
  readonly patient?: boolean;
  /** Readings go out in batches, signed by their gateways. */
  readonly sign?: boolean;
  /** Between two readings of the PDUs' sockets, ms; left out: they measure nothing. */
  readonly pduMs?: number;
}

export interface FarmStats extends Omit<LaneStats, "connected" | "lastError"> {
  readonly connections: number;
  readonly connected: number;
  readonly lastError: string | null;
  /** Acknowledged each second since the last call. */
  readonly ratePerS: number;
  /** How far the publisher is behind its clock, ms. */
  readonly lagMs: number;
  /** From sending to PUBACK since the last call, ms; null where nothing was acknowledged. */
  readonly ackP50Ms: number | null;
  readonly ackP99Ms: number | null;
  /** Of one core since the last call, %. */
  readonly cpuPct: number;
  /** Simulated time of the newest message handed out, ms UTC. */
  readonly atTs: number;
}

export interface Farm {
  /** Lets what is on the way arrive (two seconds at most), says goodbye on the gateways' state topics, disconnects. */
  readonly stop: () => Promise<void>;
  readonly stats: () => FarmStats;
  /** Resolves when `durationMs` is over and everything has been acknowledged, or after `stop`; rejects where the publisher failed. */
  readonly done: Promise<void>;
}

/** Messages between two turns of the event loop, so that acknowledgements are heard. */
const TURN = 64;
const GRACE_MS = 2_000;
const MOST_LATENCIES = 10_000;
const POLL_MS = 5;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const part = (sorted: readonly number[], share: number): number | null => {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return value === undefined ? null : Math.round(value * 10) / 10;
};

/** Starts publishing at once; gives back before the first connection stands. Throws RangeError where a number is out of range. */
export const startFarm = (options: FarmOptions): Farm => {
  const { site, seed, rigs, scenario, intervalMs, backfill } = options;
  const clock = options.clock ?? wallClock();
  const liveTs = Math.floor(clock.now());
  const fromTs = liveTs - (backfill?.forMs ?? 0);
  const plan = planFarm(site, seed, rigs);
  const obedience = createObedience(plan);
  const plain = messages({
    told: obedience.effects,
    site,
    seed,
    rigs,
    scenario,
    intervalMs,
    fromTs,
    toTs: options.durationMs === undefined ? Infinity : liveTs + options.durationMs,
    ...(options.pduMs === undefined ? {} : { pduMs: options.pduMs }),
    ...(backfill === undefined ? {} : { history: { untilTs: liveTs, intervalMs: backfill.intervalMs } }),
  });
  const source = options.sign === true ? signedMessages(plain, { site, seed, boot: `g${fromTs}` }) : plain;
  const state = (ts: number, word: string): Uint8Array => bytesOf({ v: 1, ts, state: word });
  let latencies: number[] = [];
  const lanes: Lane[] = plan.containers.map((_, gateway) =>
    openLane({
      hears: {
        filters: plan.rigs.filter(({ container }) => container === gateway).map(({ rig }) => commandFilterOf(site, rig)),
        take: (topic, payload) => answer(gateway, topic, payload),
      },
      url: options.url,
      clientId: `rigtwin-simulator-${site}-${gatewayName(gateway)}`,
      ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
      stateTopic: topicOf(site, gatewayName(gateway), "state"),
      lost: state(liveTs, "lost"),
      leaving: () => state(Math.floor(clock.now()), "offline"),
      acknowledged: (afterMs) => {
        if (latencies.length < MOST_LATENCIES) latencies.push(afterMs);
      },
    }),
  );

  const answer = (gateway: number, topic: string, payload: Uint8Array): void => {
    const ts = Math.floor(clock.now());
    for (const said of obedience.take(topic, payload, ts)) lanes[gateway]?.put({ ts, ...said, retain: false, gateway });
  };

  const stopping = new AbortController();
  const { signal } = stopping;
  let atTs = fromTs;

  const hand = async (message: Message): Promise<void> => {
    const lane = lanes[message.gateway];
    if (lane === undefined) return;
    if (options.patient === true || message.ts < liveTs)
      while (!signal.aborted && !lane.hasRoom()) await (lane.stats().connected ? turn() : pause(POLL_MS));
    lane.put(message);
    atTs = message.ts;
  };

  const publish = async (): Promise<void> => {
    let handed = 0;
    for (const message of source) {
      if (message.ts > clock.now()) await clock.until(message.ts, signal);
      else if (++handed % TURN === 0) await turn();
      if (signal.aborted) return;
      await hand(message);
    }
    while (!signal.aborted && lanes.some((lane) => lane.stats().queued + lane.stats().inFlight > 0)) await pause(POLL_MS);
  };

  const done = publish();
  let stopped: Promise<void> | null = null;
  let last = { at: performance.now(), acknowledged: 0, cpu: process.cpuUsage() };

  const stats = (): FarmStats => {
    const each = lanes.map((lane) => lane.stats());
    const sum = (name: "sent" | "acknowledged" | "dropped" | "queued" | "inFlight" | "reconnects"): number =>
      each.reduce((total, one) => total + one[name], 0);
    const at = performance.now();
    const seconds = Math.max(0.001, (at - last.at) / 1_000);
    const cpu = process.cpuUsage(last.cpu);
    const acknowledged = sum("acknowledged");
    const sorted = latencies.sort((a, b) => a - b);
    latencies = [];
    const answer: FarmStats = {
      connections: lanes.length,
      connected: each.filter((one) => one.connected).length,
      sent: sum("sent"),
      acknowledged,
      dropped: sum("dropped"),
      queued: sum("queued"),
      inFlight: sum("inFlight"),
      reconnects: sum("reconnects"),
      lastError: each.find((one) => one.lastError !== null)?.lastError ?? null,
      ratePerS: Math.round((acknowledged - last.acknowledged) / seconds),
      lagMs: Math.max(0, Math.round(clock.now() - atTs)),
      ackP50Ms: part(sorted, 0.5),
      ackP99Ms: part(sorted, 0.99),
      cpuPct: Math.round((cpu.user + cpu.system) / 10_000 / seconds),
      atTs,
    };
    last = { at, acknowledged, cpu: process.cpuUsage() };
    return answer;
  };

  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      stopping.abort();
      await done.catch(() => undefined);
      await Promise.all(lanes.map((lane) => lane.close(GRACE_MS)));
    })();
    return stopped;
  };
  return { stop, stats, done };
};
