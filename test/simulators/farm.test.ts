/** The publisher against the house's own broker. */
import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createBroker } from "../../server/edge/broker/broker.ts";
import { noClock, type Clock } from "../../simulators/clock.ts";
import { startFarm, type Farm, type FarmOptions } from "../../simulators/farm.ts";
import { CALM, START_TS, saidIn, scenarioOf } from "./collect.ts";

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

const DEADLINE_MS = 15_000;
const until = async (what: string, reached: () => boolean): Promise<void> => {
  const deadline = Date.now() + DEADLINE_MS;
  while (!reached()) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

interface Came {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  readonly qos: number;
  readonly client: string;
}
const openBroker = async (port = 0) => {
  const came: Came[] = [];
  const broker = createBroker({
    host: "127.0.0.1",
    port,
    onMessage: ({ topic, payload, retain, qos, client }, done) => {
      came.push({ topic, payload: Buffer.from(payload).toString(), retain, qos, client });
      done(null);
    },
    retained: () => [],
  });
  const opened = await broker.start();
  let open = true;
  const stop = async (): Promise<void> => {
    if (open) await broker.stop();
    open = false;
  };
  stops.push(stop);
  return { came, port: opened.port, url: `mqtt://127.0.0.1:${opened.port}`, stop };
};

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });

/** A clock that stands until it is told to go on. */
const handClock = (startTs: number) => {
  let now = startTs;
  let woken: (() => void)[] = [];
  const clock: Clock = {
    now: () => now,
    until: async (ts, signal) => {
      while (now < ts && !signal.aborted)
        await new Promise<void>((resolve) => {
          woken.push(resolve);
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
    },
  };
  const advance = (ms: number): void => {
    now += ms;
    for (const wake of woken.splice(0)) wake();
    woken = [];
  };
  return { clock, advance };
};

const farmOn = (url: string, more: Partial<FarmOptions> = {}): Farm => {
  const farm = startFarm({
    url,
    site: "farm",
    rigs: 40,
    intervalMs: 10_000,
    seed: 1,
    scenario: CALM,
    clock: noClock(START_TS),
    patient: true,
    ...more,
  });
  stops.push(() => farm.stop());
  return farm;
};

describe("the publisher", () => {
  test("sends exactly what the generator yields, by one client a container, and ends with its time", async () => {
    const { came, url } = await openBroker();
    const farm = farmOn(url, { durationMs: 60_000 });
    await farm.done;
    const said = saidIn({ rigs: 40, toTs: START_TS + 60_000 });
    expect(came.map(({ topic, payload }) => `${topic} ${payload}`).sort()).toEqual(
      said.map(({ message }) => `${message.topic} ${Buffer.from(message.payload).toString()}`).sort(),
    );
    expect(new Set(came.map(({ qos }) => qos))).toEqual(new Set([1]));
    expect(new Set(came.map(({ client }) => client))).toEqual(
      new Set(["rigtwin-simulator-farm-gateway-c1", "rigtwin-simulator-farm-gateway-c2"]),
    );
    for (const { topic, retain } of came) expect(retain).toBe(/(birth|state)$/.test(topic));
    expect(farm.stats()).toMatchObject({
      sent: said.length,
      acknowledged: said.length,
      dropped: 0,
      inFlight: 0,
      connections: 2,
      connected: 2,
    });
  });

  test("waits for the time of each message", async () => {
    const { came, url } = await openBroker();
    const { clock, advance } = handClock(START_TS);
    const farm = farmOn(url, { clock, patient: false });
    const telemetry = (): number => came.filter(({ topic }) => topic.endsWith("telemetry")).length;
    await until("connected", () => farm.stats().connected === 2);
    expect(telemetry()).toBe(0);
    advance(9_999);
    await until("one interval", () => telemetry() === 40);
    advance(10_000);
    await until("two intervals", () => telemetry() === 80);
    expect(farm.stats().lagMs).toBeLessThan(10_000);
  });

  test("tells the past first, as fast as it is acknowledged", async () => {
    const { came, url } = await openBroker();
    const { clock } = handClock(START_TS);
    const farm = farmOn(url, { clock, patient: false, backfill: { forMs: 3_600_000, intervalMs: 60_000 } });
    await until("an hour of minutes", () => came.filter(({ topic }) => topic.endsWith("telemetry")).length === 40 * 60);
    await until("all acknowledged", () => farm.stats().inFlight === 0);
    expect(farm.stats().dropped).toBe(0);
    const first = JSON.parse(came.find(({ topic }) => topic.endsWith("telemetry"))!.payload) as { ts: number };
    expect(first.ts).toBeLessThan(START_TS - 3_500_000);
  });

  test("says goodbye where it is stopped, and again stops at once", async () => {
    const { came, url } = await openBroker();
    const { clock } = handClock(START_TS);
    const farm = farmOn(url, { clock });
    await until("connected", () => farm.stats().connected === 2);
    await Promise.all([farm.stop(), farm.stop()]);
    await farm.done;
    const last = came.filter(({ topic }) => topic === "rigtwin/v1/farm/gateway-c1/state").at(-1);
    expect(JSON.parse(last!.payload)).toEqual({ v: 1, ts: START_TS, state: "offline" });
    expect(came.some(({ payload }) => payload.includes('"lost"'))).toBe(false);
  });

  test("starts without a broker, keeps what it has, and sends it in order when there is one", async () => {
    const port = await freePort();
    const { clock, advance } = handClock(START_TS);
    const farm = farmOn(`mqtt://127.0.0.1:${port}`, { clock, patient: false, rigs: 10 });
    advance(30_000);
    await until("kept", () => farm.stats().queued >= 30);
    expect(farm.stats()).toMatchObject({ connected: 0, acknowledged: 0, dropped: 0 });
    const { came } = await openBroker(port);
    await until("sent", () => farm.stats().queued === 0 && farm.stats().inFlight === 0);
    const seqs = came
      .filter(({ topic }) => topic === "rigtwin/v1/farm/rig-0003/telemetry")
      .map(({ payload }) => (JSON.parse(payload) as { seq: number }).seq);
    expect(seqs).toEqual([1, 2, 3]);
  });

  test("a broker that comes back is told again who is there, and no reading is missing", async () => {
    const first = await openBroker();
    const { clock, advance } = handClock(START_TS);
    const farm = farmOn(first.url, { clock, patient: false, rigs: 10 });
    const seqsOf = (came: readonly Came[]): number[] =>
      came
        .filter(({ topic }) => topic === "rigtwin/v1/farm/rig-0003/telemetry")
        .map(({ payload }) => (JSON.parse(payload) as { seq: number }).seq);
    advance(20_000);
    await until("two readings", () => seqsOf(first.came).length === 2 && farm.stats().inFlight === 0);
    await first.stop();
    await until("noticed", () => farm.stats().connected === 0);
    advance(20_000);
    const second = await openBroker(first.port);
    await until("caught up", () => seqsOf(second.came).length === 2);
    expect(seqsOf(second.came)).toEqual([3, 4]);
    await until("born again", () => second.came.filter(({ topic, retain }) => retain && topic.endsWith("birth")).length === 10);
    expect(farm.stats().reconnects).toBe(1);
    expect(farm.stats().dropped).toBe(0);
  });

  test("without a broker for too long the oldest is dropped and counted, and the gap shows in seq", async () => {
    const port = await freePort();
    const { clock, advance } = handClock(START_TS);
    const farm = farmOn(`mqtt://127.0.0.1:${port}`, { clock, patient: false, rigs: 1, intervalMs: 1_000 });
    // Two messages a second: the meter and the rig.
    advance(5_200_000);
    await until("dropped", () => farm.stats().dropped > 300);
    const dropped = (): number => farm.stats().dropped;
    await until("all handed out", () => farm.stats().lagMs <= 1_000);
    const lost = dropped();
    expect(farm.stats().queued).toBe(10_000);
    const { came } = await openBroker(port);
    await until("sent", () => farm.stats().queued === 0 && farm.stats().inFlight === 0);
    const seqs = came.filter(({ topic }) => topic.endsWith("telemetry")).map(({ payload }) => (JSON.parse(payload) as { seq: number }).seq);
    expect(seqs[0]).toBeGreaterThan(100);
    expect(seqs.at(-1)).toBe(5_200);
    expect(came.length + lost).toBe(3 + 2 * 5_200 + 1);
  });

  test("a number that cannot be is refused before anything connects", () => {
    expect(() => farmOn("mqtt://127.0.0.1:1", { rigs: 0 })).toThrow("rigs:");
  });

  test("a rig that goes dark is said to be lost", async () => {
    const { came, url } = await openBroker();
    const farm = farmOn(url, { durationMs: 120_000, scenario: scenarioOf([{ family: "offline", rigs: [2], at: "20s", for: "1h" }]) });
    await farm.done;
    const states = came
      .filter(({ topic }) => topic === "rigtwin/v1/farm/rig-0002/state")
      .map(({ payload }) => (JSON.parse(payload) as { state: string }).state);
    expect(states).toEqual(["online", "lost"]);
  });
});
