/** The scenes: everything embedded, everything outside, a store that is away for a day, a disk that is full. */
import { join } from "node:path";
import { createDuckStore } from "../../server/edge/duck/store.ts";
import { createInfluxStore } from "../../server/edge/influx/store.ts";
import type { SeriesStore } from "../../server/twin/series.ts";
import type { Status } from "../../server/twin/api.ts";
import { pathOf, ROUTES, topicOf } from "../../server/twin/wire.ts";
import { createPublisher, keyOf, readingOf } from "../servers/device.ts";
import { journalOf, pointsInDuck, pointsInInflux, savedFarm } from "../servers/evidence.ts";
import { mountSmall } from "../servers/disk.ts";
import { startInflux, type Influx } from "../servers/influx.ts";
import { startMosquitto } from "../servers/mosquitto.ts";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { until } from "../servers/until.ts";
import { createDevices, type Devices, type Reading } from "./devices.ts";
import { chainOf, runKills, type Victim } from "./kills.ts";
import type { Random } from "./random.ts";
import { differing, judge, judgeStore, missingIn, verdict, type Verdict } from "./verdicts.ts";

export interface Around {
  readonly random: Random;
  readonly tell: (what: string) => void;
  /** Part of the full number of kills, 0 to 1. */
  readonly part: number;
}
export interface Scened {
  readonly verdicts: readonly Verdict[];
  readonly kills: ReadonlyMap<string, number>;
}

const SETTLE_MS = 90_000;
const FOLD_MS = 45_000;
const RIGS = 30;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DISK_MB = 64;
const RIPE_MS = 4_000;
const RIPE_ROWS = 100;
/** What Mosquitto has acknowledged and not yet written when it is killed, at most. */
const BROKER_MEMORY_MS = 5_000;

/** Readings of the last hours, a second apart; clocks jump by hours. */
const recent = () => ({ rigs: RIGS, gateways: 3, fromTs: Date.now() - 12 * HOUR_MS, stepMs: 1_000, toTs: Date.now() - HOUR_MS });

const statusOf = (server: Rigtwin): Promise<Status> => server.get<Status>(ROUTES.status);
/** Killed, if it can be, while rows wait for the store and messages for the disk. */
const serverOf = (server: Rigtwin): Victim => ({
  name: "server",
  kill9: server.kill9,
  restart: server.restart,
  early: true,
  ripe: async () => {
    const deadline = Date.now() + RIPE_MS;
    for (;;) {
      const ingest = await statusOf(server).then(
        (status) => status.ingest,
        () => null,
      );
      if (Date.now() > deadline || (ingest !== null && ingest.headPos - ingest.storedPos >= RIPE_ROWS)) return;
    }
  },
});

/** So many of each, in an order of chance. */
const shuffled = (random: Random, part: number, counts: readonly (readonly [Victim, number])[]): Victim[] => {
  const all = counts.flatMap(([victim, n]) => Array.from({ length: Math.max(1, Math.round(n * part)) }, () => victim));
  for (let i = all.length - 1; i > 0; i--) {
    const j = random.whole(0, i);
    [all[i], all[j]] = [all[j] as Victim, all[i] as Victim];
  }
  return all;
};

const speaking = (devices: Devices, perS: number, mostWaiting: number): (() => void) => {
  const startMs = Date.now();
  let spoken = 0;
  const timer = setInterval(() => {
    const due = ((Date.now() - startMs) / 1_000) * perS;
    for (; spoken < due; spoken += 1) if (devices.waiting() < mostWaiting) devices.speak();
  }, 20);
  return () => clearInterval(timer);
};

const everythingIn = async (server: Rigtwin, accepted: number): Promise<void> => {
  // Where that is waited for in vain the verdicts say what is missing.
  await until(async () => (await statusOf(server)).ingest.accepted >= accepted, "everything is folded", FOLD_MS).catch(() => undefined);
  await until(
    async () => {
      const { ingest, ports } = await statusOf(server);
      return ingest.storeLagS === 0 && ingest.storedPos > 0 && ports["series"]?.status === "ok";
    },
    "everything is stored",
    SETTLE_MS,
  );
  await server.stop();
};

/**
 * Rigs of which a whole boot was lost before the server saw any of it, and told again after the next one: with a clock that had jumped
 * meanwhile nothing in what they tell says which boot is the newer.
 */
const withLostBoots = (readings: readonly Reading[], missing: readonly Reading[]): ReadonlySet<string> => {
  const nameOf = ({ rig, boot }: Reading): string => `${rig} ${boot}`;
  const lost = new Set(missing);
  const seen = new Set(readings.filter((reading) => !lost.has(reading)).map(nameOf));
  return new Set(missing.filter((reading) => !seen.has(nameOf(reading))).map(({ rig }) => rig));
};

/** The same readings to a server that nothing happens to: each once, each rig's in its order. */
const cleanRun = async (
  site: string,
  readings: readonly Reading[],
  dirty: Parameters<typeof differing>[0],
  apartFrom: ReadonlySet<string> = new Set(),
): Promise<Verdict> => {
  const server = await startRigtwin({ site });
  const publisher = createPublisher(server.mqttUrl, "clean");
  try {
    for (const { rig, identity } of dirty.twins.values())
      await publisher.publish(topicOf(site, rig, "birth"), JSON.stringify({ v: 1, ts: Date.now(), boot: "boot-1", identity }), {
        retain: true,
      });
    const sent = readings.map(({ rig, boot, seq, ts }) =>
      publisher.publish(topicOf(site, rig, "telemetry"), JSON.stringify(readingOf(boot, seq, ts))),
    );
    await Promise.all(sent);
    await server.stop();
    const found = differing(dirty, await savedFarm(server.dataDir, site)).filter((text) => !apartFrom.has(text.split(" ")[0] ?? ""));
    return verdict(
      "the twins equal those of a run to which nothing happened",
      found.length === 0 ? null : `${found.length} differ: ${found.slice(0, 5).join(", ")}`,
    );
  } finally {
    publisher.end();
    await server.remove();
  }
};

/** Opens a store of a stopped server and judges it, before and after what was still to be rolled up. */
const storeVerdicts = async (
  store: SeriesStore,
  site: string,
  readings: readonly Reading[],
  rollsUp: boolean,
): Promise<readonly Verdict[]> => {
  await store.start();
  try {
    const found = [...(await judgeStore(store, site, readings))];
    if (!rollsUp) return found;
    while ((await store.rollup(Date.now())) > 0);
    return [...found, ...(await judgeStore(store, site, readings)).map(({ what, wrong }) => verdict(`${what}, rolled up`, wrong))];
  } finally {
    await store.stop();
  }
};
const duckVerdicts = (dataDir: string, site: string, readings: readonly Reading[]) =>
  storeVerdicts(createDuckStore({ file: join(dataDir, "series.duckdb") }), site, readings, true);
const influxVerdicts = (url: string, site: string, readings: readonly Reading[]) =>
  storeVerdicts(createInfluxStore({ url, keeper: site }), site, readings, false);

const countsOf = (times: ReadonlyMap<string, readonly number[]>): Map<string, number> =>
  new Map([...times].map(([name, all]) => [name, all.length]));
const timely = (readings: readonly Reading[]): number => readings.filter(({ isAhead }) => !isAhead).length;

/** Embedded broker, store and chain; the server and the chain are killed. */
export const embedded = async ({ random, tell, part }: Around): Promise<Scened> => {
  const site = "embedded";
  const server = await startRigtwin({ site });
  const devices = createDevices(server.mqttUrl, site, recent(), random);
  const quiet = speaking(devices, 250, 1_500);
  try {
    const victims = shuffled(random, part, [
      [serverOf(server), 16],
      [chainOf(server), 7],
    ]);
    const times = await runKills(victims, random, (what) => tell(`${what}; ${devices.readings().length} readings so far`));
    quiet();
    await devices.settle(SETTLE_MS);
    const readings = devices.readings();
    tell(`${readings.length} readings and ${devices.nonsense()} pieces of nonsense are acknowledged; judging`);
    await everythingIn(server, timely(readings));
    const entries = await journalOf(server.dataDir);
    const { verdicts, farm } = await judge(readings, {
      dataDir: server.dataDir,
      site,
      entries,
      points: await pointsInDuck(server.dataDir),
    });
    const stored = await duckVerdicts(server.dataDir, site, readings);
    return { verdicts: [...verdicts, ...stored, await cleanRun(site, readings, farm)], kills: countsOf(times) };
  } finally {
    quiet();
    devices.end();
    await server.remove();
  }
};

const influxVictim = (influx: Influx): Victim => ({ name: "influxd", kill9: influx.kill9, restart: influx.restart, early: false });

/** Mosquitto and InfluxDB; everything is killed. */
export const outside = async ({ random, tell, part }: Around, mosquitto: string, influxd: string): Promise<Scened> => {
  const site = "outside";
  const broker = await startMosquitto(mosquitto, ["max_queued_bytes 0"]);
  const influx = await startInflux(influxd);
  const url = `${influx.url}/rigtwin`;
  const server = await startRigtwin({ site, mqttUrl: broker.url, influxUrl: url });
  // Killed before that, it forgets that anybody subscribed, and what is published until the server is back is for nobody.
  await broker.remembers(`rigtwin-${site}`, "#");
  const devices = createDevices(broker.url, site, recent(), random);
  const quiet = speaking(devices, 250, 1_500);
  try {
    const victims = shuffled(random, part, [
      [serverOf(server), 12],
      [{ name: "mosquitto", kill9: broker.kill9, restart: broker.restart, early: false }, 9],
      [influxVictim(influx), 7],
      [chainOf(server), 3],
    ]);
    const times = await runKills(victims, random, (what) => tell(`${what}; ${devices.readings().length} readings so far`));
    quiet();
    await devices.settle(SETTLE_MS);
    const readings = devices.readings();
    // The last in the broker's queue for the server: when it is known, all before it came, or never will.
    const last = `rig-${RIGS}`;
    await devices.announce(last);
    await until(
      async () => (await server.api(pathOf(ROUTES.rig, { rig: last }))).status === 200,
      "the broker's queue is drained",
      SETTLE_MS,
    );
    await server.stop();
    const missing = missingIn(readings, await journalOf(server.dataDir));
    const brokerKills = times.get("mosquitto") ?? [];
    const unexplained = missing.filter(
      ({ acknowledgedTs }) =>
        !brokerKills.some((ts) => acknowledgedTs !== null && acknowledgedTs <= ts && ts - acknowledgedTs < BROKER_MEMORY_MS),
    );
    const unclear = withLostBoots(readings, missing);
    tell(
      `${missing.length} readings of ${readings.length} were lost in Mosquitto's memory; they are told again, a whole boot of ${unclear.size} rigs`,
    );
    await server.restart();
    for (const reading of missing) devices.tellAgain(reading);
    await devices.settle(SETTLE_MS);
    await everythingIn(server, timely(readings));
    const entries = await journalOf(server.dataDir);
    const { verdicts, farm } = await judge(readings, { dataDir: server.dataDir, site, entries, points: await pointsInInflux(url) });
    const explained = verdict(
      "what is lost before it reaches the server is lost by a kill of Mosquitto",
      unexplained.length === 0
        ? null
        : `${unexplained.length} readings are not explained by that; they were acknowledged ${unexplained
            .slice(0, 5)
            .map(({ acknowledgedTs }) => Math.min(...brokerKills.map((ts) => ts - (acknowledgedTs ?? 0)).filter((ms) => ms >= 0)))
            .join(
              ", ",
            )} ms before the next kill, the first of them at ${unexplained[0]?.acknowledgedTs} (${keyOf(unexplained[0] as Reading)})`,
    );
    const stored = await influxVerdicts(url, site, readings);
    return { verdicts: [explained, ...verdicts, ...stored, await cleanRun(site, readings, farm, unclear)], kills: countsOf(times) };
  } finally {
    quiet();
    devices.end();
    await server.remove();
    await influx.stop();
    await broker.stop();
  }
};

/** InfluxDB is away while the messages of a day come, nonsense and all; the server is killed meanwhile and while it catches up. */
export const dayAway = async ({ random, tell, part }: Around, influxd: string): Promise<Scened> => {
  const site = "away";
  const influx = await startInflux(influxd);
  const url = `${influx.url}/rigtwin`;
  await influx.kill9();
  const server = await startRigtwin({ site, influxUrl: url });
  const rigs = 20;
  const toTs = Date.now() - HOUR_MS;
  const devices = createDevices(server.mqttUrl, site, { rigs, gateways: 2, fromTs: toTs - DAY_MS, stepMs: 60_000, toTs }, random);
  const kills = new Map<string, number>([["influxd", 1]]);
  const killed = (name: string): void => void kills.set(name, (kills.get(name) ?? 0) + 1);
  try {
    const minutes = Math.max(60, Math.round(1_440 * part));
    const deaths = new Set([1, 2, 3, 4].map((n) => Math.floor((n * minutes) / 5) + random.whole(0, 10)));
    for (let minute = 0; minute < minutes; minute++) {
      for (let i = 0; i < rigs; i++) devices.speak();
      if (deaths.has(minute)) {
        await server.kill9();
        killed("server");
        tell(`server, with the store away; ${devices.readings().length} readings so far`);
        await server.restart();
      }
      await until(() => devices.waiting() < 1_500, "readings are acknowledged", SETTLE_MS);
    }
    await devices.settle(SETTLE_MS);
    const readings = devices.readings();
    tell(`a day of ${readings.length} readings is in the journal; InfluxDB comes back`);
    await influx.restart();
    await until(async () => (await statusOf(server)).ports["series"]?.status === "ok", "the store is found", SETTLE_MS);
    await server.kill9();
    killed("server");
    await influx.kill9();
    killed("influxd");
    tell("server and influxd, while it catches up");
    await influx.restart();
    await server.restart();
    await everythingIn(server, timely(readings));
    const entries = await journalOf(server.dataDir);
    const { verdicts, farm } = await judge(readings, { dataDir: server.dataDir, site, entries, points: await pointsInInflux(url) });
    const stored = await influxVerdicts(url, site, readings);
    return { verdicts: [...verdicts, ...stored, await cleanRun(site, readings, farm)], kills };
  } finally {
    devices.end();
    await server.remove();
    await influx.stop();
  }
};

/** A disk of a few megabytes runs full again and again, and the server is killed while it is. */
export const fullDisk = async ({ random, tell, part }: Around): Promise<Scened> => {
  const site = "full";
  const disk = mountSmall(DISK_MB);
  let server: Rigtwin | null = null;
  let devices: Devices | null = null;
  let quiet = (): void => undefined;
  let kills = 0;
  try {
    const running = await startRigtwin({ site, dataDir: join(disk.folder, "data") });
    server = running;
    const speakers = createDevices(running.mqttUrl, site, recent(), random);
    devices = speakers;
    quiet = speaking(speakers, 200, 1_000);
    const acknowledged = (): number => speakers.readings().filter((reading) => reading.acknowledged).length;
    const health = async (): Promise<number> => (await running.api(ROUTES.health)).status;
    const wrong: string[] = [];
    const rounds = Math.max(2, Math.round(4 * part));
    for (let round = 1; round <= rounds; round++) {
      const before = acknowledged();
      await until(() => acknowledged() > before + 200, "readings are acknowledged", SETTLE_MS);
      await until(
        async () => {
          disk.fill();
          return (await health()) === 503;
        },
        "the server says that it fails",
        SETTLE_MS,
      );
      const told = (await statusOf(running)).ports["journal"];
      if (told?.status !== "failing") wrong.push(`round ${round}: the journal is ${told?.status}`);
      const atFull = acknowledged();
      await new Promise((done) => setTimeout(done, random.whole(200, 1_500)));
      if (round % 2 === 0) {
        await running.kill9();
        kills += 1;
      }
      tell(`full at ${atFull} acknowledged readings${round % 2 === 0 ? "; the server is killed" : ""}`);
      if (round % 4 === 0) {
        disk.fill();
        await running.restart();
        await until(async () => (await health()) === 503, "a server that starts on a full disk says so", SETTLE_MS);
        tell("started on the full disk");
      }
      disk.free();
      if (round % 4 === 2) await running.restart();
      await until(async () => (await health()) === 200, "it recovers by itself", SETTLE_MS);
      tell("there is room again");
    }
    quiet();
    await speakers.settle(SETTLE_MS);
    const readings = speakers.readings();
    await everythingIn(running, timely(readings));
    const entries = await journalOf(running.dataDir);
    const { verdicts, farm } = await judge(readings, {
      dataDir: running.dataDir,
      site,
      entries,
      points: await pointsInDuck(running.dataDir),
    });
    const stored = await duckVerdicts(running.dataDir, site, readings);
    return {
      verdicts: [
        verdict("a full disk is said to be one", wrong.length === 0 ? null : wrong.join("; ")),
        ...verdicts,
        ...stored,
        await cleanRun(site, readings, farm),
      ],
      kills: new Map([["server", kills]]),
    };
  } finally {
    quiet();
    devices?.end();
    disk.free();
    await server?.remove();
    disk.unmount();
  }
};
