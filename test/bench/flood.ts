/**
 * What others' misbehaviour costs a device that behaves: the time from its reading to the screen while 200 live pages never read, 1,000
 * connections say nothing and one device floods, against the time in quiet, in turns on one server with real devices' locks.
 * `--seconds N` of a turn (15), `--turns N` (3), `--rigs N` of the farm beside it (1,000), `--attack deaf|idle|flood|all` (all).
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { connectAsync, type MqttClient } from "mqtt";
import { openStage, SITE, type Stage } from "../security/stage.ts";
import { createViewer } from "../servers/viewer.ts";
import type { Attack } from "./flood-attack.ts";
import { figure, optionOf, type Emit } from "./report.ts";

const LIMIT = 2;
const PROBES = 10;
/** Longer than a frame, so that each reading is shown before the next one takes its place. */
const PROBE_MS = 1_000;
const FARM_INTERVAL_S = 10;
const SETTLE_MS = 3_000;
const LATE_MS = 30_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const quantile = (values: readonly number[], q: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
};

const credential = async ({ send }: Stage, name: string, topics: readonly string[]): Promise<string> => {
  const made = await send("admin", "/api/v1/devices", { name, topics });
  if (made.status !== 201) throw new Error(`no device ${name}: ${made.text}`);
  return (JSON.parse(made.text) as { password: string }).password;
};
const reading = (seq: number, hashrateThs: number): string =>
  JSON.stringify({ v: 1, ts: Date.now(), seq, boot: "b", m: { mode: "mining", hashrateThs, powerW: 3_000 } });
const topicOf = (rig: string): string => `rigtwin/v1/${SITE}/${rig}/telemetry`;

interface Turn {
  /** From publishing to being told by the live feed, ms. */
  readonly toScreen: number[];
  /** From publishing to the PUBACK, ms. */
  readonly toAck: number[];
}

/** Publishes the probes' readings in turn and watches for them like a page does. */
const createProbe = (client: MqttClient, stage: Stage) => {
  let turn: Turn = { toScreen: [], toAck: [] };
  let seq = 0;
  /** When the reading of that figure of that rig was sent. */
  const under = new Map<string, number>();
  const names = new Map<number, string>();
  const viewer = createViewer(stage.url, { cookie: stage.cookieOf("operator") });
  viewer.onTold((told) => {
    if (told.event === "refused") throw new Error(told.problem.detail);
    if (told.event === "snapshot") names.clear();
    for (const { index, rig } of told.meta.roster) names.set(index, rig);
    const { columns } = told;
    for (let i = 0; i < columns.count; i++) {
      const key = `${names.get(columns.index[i] ?? -1) ?? ""}/${columns.numbers.hashrateThs[i] ?? ""}`;
      const sentMs = under.get(key);
      if (sentMs === undefined) continue;
      under.delete(key);
      turn.toScreen.push(performance.now() - sentMs);
    }
  });
  viewer.watch({ view: "live" });
  const send = (probe: number): void => {
    seq += 1;
    const rig = `p-${probe}`;
    const figureShown = 50 + (seq % 200);
    const mine = turn;
    const sentMs = performance.now();
    under.set(`${rig}/${figureShown}`, sentMs);
    client.publish(topicOf(rig), reading(seq, figureShown), { qos: 1 }, (error) => {
      if (!error) mine.toAck.push(performance.now() - sentMs);
    });
  };
  let at = 0;
  const timer = setInterval(() => send(at++ % PROBES), PROBE_MS / PROBES);
  return {
    /** Measures for so long; what is not shown after LATE_MS counts as that late. */
    async measure(ms: number): Promise<Turn> {
      under.clear();
      turn = { toScreen: [], toAck: [] };
      await pause(ms);
      const mine = turn;
      const late = [...under.values()].filter((sentMs) => performance.now() - sentMs > 2 * PROBE_MS);
      for (const sentMs of late) mine.toScreen.push(Math.min(LATE_MS, performance.now() - sentMs));
      return mine;
    },
    close(): void {
      clearInterval(timer);
      viewer.close();
    },
  };
};

export const run = async (emit: Emit): Promise<void> => {
  const seconds = optionOf("seconds", 15);
  const turns = optionOf("turns", 3);
  const rigs = optionOf("rigs", 1_000);
  const attackAt = process.argv.indexOf("--attack");
  const only = attackAt < 0 ? "all" : (process.argv[attackAt + 1] ?? "all");
  const has = (one: string): boolean => only === "all" || only === one;
  const stage = await openStage();
  const attacker = fork(fileURLToPath(new URL("flood-attack.js", import.meta.url)), { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const tell = async (what: Attack | "stop"): Promise<void> => {
    const heard = once(attacker, "message");
    const gone = once(attacker, "exit").then(([code]) => {
      throw new Error(`the attacker ended with ${String(code)}`);
    });
    attacker.send(what);
    await Promise.race([heard, gone]);
    gone.catch(() => undefined);
  };
  const clients: MqttClient[] = [];
  const join = async (name: string, topics: readonly string[]): Promise<MqttClient> => {
    const password = await credential(stage, name, topics);
    const client = await connectAsync({ host: "127.0.0.1", port: stage.mqttPort, username: name, password, protocolVersion: 4 });
    clients.push(client);
    return client;
  };
  const timers: NodeJS.Timeout[] = [];
  try {
    const fleet = await join("fleet", ["r-*"]);
    let sent = 0;
    timers.push(
      setInterval(() => {
        for (let i = 0; i < rigs / FARM_INTERVAL_S / 10; i++) {
          sent += 1;
          fleet.publish(topicOf(`r-${sent % rigs}`), reading(sent, 100 + (sent % 7)), { qos: 1 });
        }
      }, 100),
    );
    const probe = createProbe(await join("probe", ["p-*"]), stage);
    const attack: Attack = {
      httpPort: stage.port,
      mqttPort: stage.mqttPort,
      cookie: stage.cookieOf("engineer"),
      device: { name: "dev-a", password: stage.devices["dev-a"] ?? "", topic: topicOf("dev-a") },
      deafSockets: has("deaf") ? 200 : 0,
      idleConnections: has("idle") ? 1_000 : 0,
      floodConnections: has("flood") ? 10 : 0,
    };
    // Each rig is known before it counts.
    await pause(FARM_INTERVAL_S * 1_000 + SETTLE_MS);
    const quiet: Turn[] = [];
    const loud: Turn[] = [];
    for (let i = 0; i < turns; i++) {
      quiet.push(await probe.measure(seconds * 1_000));
      await tell(attack);
      loud.push(await probe.measure(seconds * 1_000));
      await tell("stop");
      await pause(SETTLE_MS);
    }
    probe.close();
    const { limits } = JSON.parse((await stage.ask("admin", "/api/v1/status")).text) as { limits: Record<string, number> };
    for (const [bench, of] of [
      ["flood-to-screen", (turn: Turn) => turn.toScreen],
      ["flood-to-ack", (turn: Turn) => turn.toAck],
    ] as const) {
      const [before, under] = [quiet.flatMap(of), loud.flatMap(of)];
      emit(
        figure({
          bench,
          ours: quantile(under, 0.99),
          limit: quantile(before, 0.99),
          unit: "ms p99",
          against: `the same in quiet; at most ${LIMIT} times it`,
          p50Quiet: quantile(before, 0.5),
          p50Loud: quantile(under, 0.5),
          most: Math.max(...under),
          readings: under.length,
          attack: only,
          delayed: limits["mqtt message delayed"] ?? 0,
        }),
      );
    }
  } finally {
    for (const timer of timers) clearInterval(timer);
    for (const client of clients) client.end(true);
    attacker.kill();
    await stage.close();
  }
};
