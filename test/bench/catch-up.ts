/**
 * The whole server while InfluxDB comes back: how much faster than live it takes in what was missed, and how long a live reading takes
 * to a viewer meanwhile. `--rigs N` (1,000), each ten seconds; `--minutes N` of absence (20), entered at once. Linux only: CPU and
 * memory are read from /proc.
 */
import type { Status } from "../../server/twin/api.ts";
import { ROUTES, topicOf } from "../../server/twin/wire.ts";
import { createPublisher } from "../servers/device.ts";
import { startInflux } from "../servers/influx.ts";
import { find } from "../servers/programs.mjs";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { until } from "../servers/until.ts";
import { createViewer } from "../servers/viewer.ts";
import { readingPayload } from "./payload.ts";
import { cpuS, memoryMb } from "./proc.ts";
import { figure, optionOf, type Emit } from "./report.ts";

const SITE = "farm";
const STEP_MS = 10_000;
/** Without any progress. */
const PATIENCE_MS = 300_000;
const TELL_MS = 15_000;
const GOAL_TIMES = 5;
const GOAL_MS = 2_000;
const PROBE_MS = 250;

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
const ingestOf = async (server: Rigtwin) => (await server.get<Status>(ROUTES.status)).ingest;

/** Waits until `count` has come to `goal`, however long that takes as long as it goes on, and tells how far it is. */
const reached = async (what: string, count: () => Promise<number>, goal: number): Promise<void> => {
  const startMs = Date.now();
  let [movedMs, toldMs, at] = [startMs, startMs, 0];
  for (;;) {
    const now = await count();
    const nowMs = Date.now();
    if (now > at) [at, movedMs] = [now, nowMs];
    if (nowMs - toldMs >= TELL_MS) {
      toldMs = nowMs;
      process.stderr.write(`catch-up: ${what}: ${now} of ${goal} after ${Math.round((nowMs - startMs) / 1_000)} s\n`);
    }
    if (now >= goal) return;
    if (nowMs - movedMs > PATIENCE_MS) throw new Error(`${what}: it stands at ${now} of ${goal}`);
    await pause(50);
  }
};

export const run = async (emit: Emit): Promise<void> => {
  const influxd = find("influxd");
  if (influxd === null) return console.error("catch-up: there is no influxd here");
  const rigs = optionOf("rigs", 1_000);
  const steps = Math.round((optionOf("minutes", 20) * 60_000) / STEP_MS);
  const influx = await startInflux(influxd);
  await influx.kill9();
  const server = await startRigtwin({ site: SITE, influxUrl: `${influx.url}/rigtwin` });
  const publishers = Array.from({ length: 4 }, (_, i) => createPublisher(server.mqttUrl, `farm-${i}`));
  const live = createPublisher(server.mqttUrl, "probe");
  const viewer = createViewer(server.url);
  const send = (rig: number, seq: number, ts: number): Promise<void> =>
    (publishers[rig % publishers.length] ?? live).publish(topicOf(SITE, `rig-${rig}`, "telemetry"), readingPayload(rig, seq, ts));
  try {
    const fromTs = Date.now() - steps * STEP_MS - 60_000;
    for (let seq = 0; seq < steps; seq++) {
      const told = Array.from({ length: rigs }, (_, rig) => send(rig, seq, fromTs + seq * STEP_MS));
      if (seq % 5 === 4 || seq === steps - 1) await Promise.all(told);
      if (seq % 500 === 499) process.stderr.write(`catch-up: ${(seq + 1) * rigs} of ${steps * rigs} told\n`);
    }
    await reached("folded", async () => (await ingestOf(server)).accepted, steps * rigs);
    const missed = (await ingestOf(server)).headPos;

    viewer.watch({ view: "live" });
    await until(() => viewer.snapshots().length > 0, "a viewer watches");
    // Live: every rig each ten seconds, evenly, and a probe four times a second whose power says which it was.
    let isOver = false;
    const flowing = (async () => {
      for (let turn = 0; !isOver; turn++) {
        const startMs = Date.now();
        const part = Math.ceil(rigs / 100);
        for (let i = 0; i < part; i++) {
          const rig = (turn * part + i) % rigs;
          void send(rig, steps + Math.floor((turn * part + i) / rigs), Date.now()).catch(() => undefined);
        }
        await pause(Math.max(0, 100 - (Date.now() - startMs)));
      }
    })();
    const delays: number[] = [];
    const probing = (async () => {
      for (let n = 1; !isOver; n++) {
        const sentMs = Date.now();
        const payload = { v: 1, ts: sentMs, seq: n, boot: "probe", m: { mode: "mining", powerW: n, hashrateThs: 1 } };
        void live.publish(topicOf(SITE, "probe", "telemetry"), JSON.stringify(payload)).catch(() => undefined);
        await until(
          () =>
            viewer.told.some(
              (one) =>
                one.event !== "refused" &&
                one.columns.numbers.powerW.subarray(0, one.columns.count).includes(n) &&
                one.meta.roster !== null,
            ),
          "the probe is on the screen",
          60_000,
        );
        delays.push(Date.now() - sentMs);
        viewer.told.length = 0;
        await pause(Math.max(0, PROBE_MS - (Date.now() - sentMs)));
      }
    })();
    const cpu = cpuS(server.pid());
    await influx.restart();
    const startMs = Date.now();
    // The store is tried every two seconds: that wait is part of it.
    await reached("stored", async () => (await ingestOf(server)).storedPos, missed);
    const seconds = (Date.now() - startMs) / 1_000;
    isOver = true;
    await Promise.all([flowing, probing]);
    delays.sort((a, b) => a - b);
    const common = {
      rigs,
      missed,
      seconds,
      serverCpuS: cpuS(server.pid()) - cpu,
      serverPeakMb: memoryMb(server.pid(), "VmHWM"),
    };
    const live10 = rigs / (STEP_MS / 1_000);
    emit(
      figure({
        bench: "catch-up",
        ours: missed / seconds,
        limit: live10 * GOAL_TIMES,
        unit: "readings/s",
        against: `${GOAL_TIMES} times live`,
        timesLive: missed / seconds / live10,
        ...common,
      }),
    );
    emit(
      figure({
        bench: "catch-up-screen",
        ours: delays[Math.floor(delays.length * 0.99)] ?? NaN,
        limit: GOAL_MS,
        unit: "ms, p99 of live readings to a viewer",
        against: "the goal",
        p50: delays[delays.length >> 1] ?? NaN,
        most: delays.at(-1) ?? NaN,
        probes: delays.length,
      }),
    );
  } finally {
    viewer.close();
    for (const publisher of [...publishers, live]) publisher.end();
    await server.remove();
    await influx.stop();
  }
};
