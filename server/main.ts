/** Builds every part, joins them, starts them in order and stops them in reverse. Nothing imports this file. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { helpText, readConfig, type Config } from "./config.ts";
import { createBroker } from "./edge/broker/broker.ts";
import { createChain } from "./edge/chain/client.ts";
import { readerOf } from "./edge/chain/reader.ts";
import { keepChainProcess } from "./edge/chain/process.ts";
import { systemClock as clock } from "./edge/clock.ts";
import { createDuckStore } from "./edge/duck/store.ts";
import { verifyNative } from "./edge/ed25519.ts";
import { createHttp } from "./edge/http/http.ts";
import { createInfluxStore } from "./edge/influx/store.ts";
import { openDays } from "./edge/journal/days.ts";
import { createJournal } from "./edge/journal/journal.ts";
import { lockFolder } from "./edge/journal/lock.ts";
import { openSnapshots } from "./edge/journal/snapshots.ts";
import { openPruned } from "./edge/journal/pruned.ts";
import { createMqtt } from "./edge/mqtt/client.ts";
import { createSimulator } from "./edge/simulator.ts";
import { createSocket } from "./edge/socket/socket.ts";
import { createAnchoring } from "./flows/anchoring.ts";
import { createApi } from "./flows/api.ts";
import { createFrames } from "./flows/frames.ts";
import { enterHistory } from "./flows/history.ts";
import { createMonitor } from "./flows/monitor.ts";
import { createProvenance } from "./flows/provenance.ts";
import { createRecords } from "./flows/records.ts";
import { gatewayKeyAct, keysIn, withKeys } from "./flows/gateways.ts";
import { openReplay } from "./flows/replay.ts";
import { createSeries } from "./flows/series.ts";
import { createRate, createStatus } from "./flows/status.ts";
import { createTelemetry } from "./flows/telemetry.ts";
import { startUpkeep } from "./flows/upkeep.ts";
import { dateOf } from "./twin/day.ts";
import { recordsOf } from "./twin/ledger.ts";
import { Refused } from "./twin/refusal.ts";
import { FRAME_MS, OWN, ROOT } from "./twin/wire.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const { version } = JSON.parse(readFileSync(join(here, "../../package.json"), "utf8")) as { version: string };

const SNAPSHOT_MS = 300_000;
const RAW_DAYS = 30;
const MINUTE_DAYS = 400;
const RELAY_HEALTH_MS = 1_000;
/** A broker that kept yesterday's messages hands them over in this time, ms. */
const SETTLE_MS = 60_000;
const CORRECT_MS = 3_600_000;
const MONITOR_MS = 600_000;
const PRUNE_MS = 6 * 3_600_000;
const DAY_MS = 86_400_000;
/** Between two simulated readings of the past; the charts of hours need no more. */
const PAST_INTERVAL_S = 30;

const say = (text: string): void => console.log(text);
const complain = (what: string, error: unknown): void => {
  console.error(`${new Date().toISOString()} ${what}: ${error instanceof Refused ? error.detail : error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
};

/** What was started, to be stopped in reverse. */
const started: { readonly name: string; readonly stop: () => Promise<void> | void }[] = [];
const stopAll = async (): Promise<void> => {
  for (const { name, stop } of started.splice(0).toReversed()) await Promise.resolve(stop()).catch((error: unknown) => complain(`${name} did not stop cleanly`, error));
};

/** The local chain's process, or the outside chain's address. */
const startChain = async (config: Config, status: ReturnType<typeof createStatus>): Promise<{ rpcUrl: string; isLocal: boolean }> => {
  if (config.rpcUrl !== null) return { rpcUrl: config.rpcUrl, isLocal: false };
  const kept = await keepChainProcess({
    dataDir: join(config.dataDir, "chain"),
    port: config.rpcPort,
    onHealth: (gone) => status.say("chain", "local chain", "running", gone),
  });
  started.push({ name: "the chain", stop: kept.stop });
  return { rpcUrl: kept.rpcUrl, isLocal: true };
};

const run = async (config: Config): Promise<void> => {
  const status = createStatus(version, clock.now(), clock.now);
  const rate = createRate(clock.now);

  const release = lockFolder(config.dataDir);
  started.push({ name: "the lock", stop: release });

  // Its second of start-up passes while the journal is read.
  const chainAt = startChain(config, status);
  chainAt.catch(() => undefined);

  const journal = createJournal({
    folder: config.dataDir,
    now: clock.now,
    onHealth: (failure) => status.say("journal", "SQLite and files", "writing", failure?.detail ?? null, true),
  });
  await journal.start();
  started.push({ name: "the journal", stop: journal.stop });
  status.say("journal", "SQLite and files", "writing", null, true);
  const snapshots = openSnapshots(config.dataDir);
  started.push({ name: "the snapshots", stop: snapshots.close });
  const days = openDays(config.dataDir);
  started.push({ name: "the sealed days", stop: days.close });
  const pruned = openPruned(config.dataDir, journal);
  started.push({ name: "what was pruned", stop: pruned.close });

  const simulator = createSimulator({
    program: join(here, "../simulators/main.js"),
    site: config.site,
    rigs: config.rigs,
    seed: config.seed,
    scenario: config.scenario,
    intervalS: config.interval,
    onExit: (code) => status.say("simulator", "simulated farm", "", `it ended with code ${code}`),
  });
  const simulated = config.simulate && config.rigs > 0;

  if (simulated && config.backfill > 0 && journal.head().pos === 0) {
    const toTs = clock.now();
    const fromTs = toTs - config.backfill * 3_600_000;
    const n = await enterHistory({ append: journal.append, onProgress: () => undefined }, withKeys(await simulator.keys(), fromTs, simulator.past(config.backfill, PAST_INTERVAL_S, toTs)), fromTs, toTs);
    say(`  entered ${n} messages of a simulated past of ${config.backfill} h`);
  }

  const telemetry = createTelemetry({
    site: config.site,
    version,
    clock,
    write: journal.write,
    read: pruned.read,
    subscribe: journal.subscribe,
    loadSnapshot: (ts) => snapshots.load(ts),
    saveSnapshot: async (pos, ts, lines, cells) => {
      await snapshots.save(pos, ts, lines, cells);
      snapshots.thin(ts);
    },
    verify: verifyNative,
    snapshotMs: SNAPSHOT_MS,
    onError: complain,
  });
  const farm = telemetry.farm;

  const store = config.influxUrl === null ? createDuckStore({ file: join(config.dataDir, "series.duckdb") }) : createInfluxStore({ url: config.influxUrl, keeper: config.site });
  const storeKind = config.influxUrl === null ? "DuckDB, embedded" : "InfluxDB";
  const series = createSeries({
    site: config.site,
    clock,
    write: store.write,
    cursor: store.cursor,
    read: journal.read,
    headPos: () => journal.head().pos,
    gateways: () => ({ keys: farm().gatewayKeys, verify: verifyNative }),
    modelOf: (rig) => farm().twins.get(rig)?.modelId ?? farm().twins.get(rig)?.identity.model ?? null,
    onRejected: (points) => points.forEach(({ point, reason }) => complain("the store refused a point", `${point}: ${reason}`)),
    onHealth: (away) => status.say("series", storeKind, "writing", away),
  });

  const frames = createFrames(farm, () => ({ view: "live", nowTs: clock.now(), playing: true, speed: 1, from: null, to: null }));
  telemetry.tell((out, _farm, batch) => {
    rate.add(batch.lastPos - batch.firstPos + 1);
    series.take(out, batch);
    frames.take(out);
  });
  await telemetry.start();
  started.push({ name: "the fold", stop: telemetry.stop });
  for (const [gateway, publicKey] of Object.entries({ ...(simulated ? await simulator.keys() : {}), ...keysIn(config.gatewayKeys) })) {
    const act = gatewayKeyAct(farm().gatewayKeys, gateway, publicKey, clock.now());
    if (act !== null) await journal.write(OWN.act, act);
  }
  await store.start().catch((error: unknown) => status.say("series", storeKind, "", error instanceof Refused ? error.detail : String(error)));
  started.push({ name: "the series store", stop: store.stop });
  await series.start();
  started.push({ name: "the series flow", stop: series.stop });
  status.say("series", storeKind, "writing", series.away());
  started.push({ name: "the upkeep", stop: startUpkeep({ clock, rollup: store.rollup, retain: store.retain, rawDays: RAW_DAYS, minuteDays: MINUTE_DAYS, onError: complain }) });

  const { rpcUrl, isLocal } = await chainAt;
  const chain = createChain({
    rpcUrl,
    local: isLocal,
    folder: join(config.dataDir, "chain"),
    key: config.chainKey,
    contract: config.contract,
    site: config.site,
    link: config.publicUrl ?? "",
    now: clock.now,
  });
  const records = createRecords({
    site: config.site,
    clock,
    write: journal.write,
    ledger: () => farm().ledger,
    twins: () => farm().twins,
    chain,
    finalDepth: config.finalDepth,
    onError: (what, error) => (error === null ? say(`  ${what}`) : complain(what, error)),
  });

  const anchoring = createAnchoring({
    site: config.site,
    clock,
    write: journal.write,
    farm,
    days,
    chain,
    graceMs: config.anchorGrace * 60_000,
    settleMs: SETTLE_MS,
    correctMs: CORRECT_MS,
    breathe: clock.breathe,
    onError: complain,
  });
  const provenance = createProvenance({ site: config.site, now: clock.now, farm, days, isLocal, breathe: clock.breathe });

  const monitor = createMonitor({
    clock,
    chance: Math.random,
    everyMs: MONITOR_MS,
    tokens: () => [...farm().ledger.rigOfToken.keys()],
    days: () => [...farm().ledger.days].flatMap(([day, { anchors }]) => (anchors.length > 0 ? [day] : [])).toSorted((a, b) => a - b),
    day: provenance.day,
    head: async (tokenId) => provenance.head(tokenId),
    reader: () => {
      const known = farm().ledger.chain;
      return known === null ? null : readerOf(rpcUrl, known.contract);
    },
    onError: (what, error) => (error === null ? console.error(`${new Date().toISOString()} ${what}`) : complain(what, error)),
  });

  const figures = () => ({
    messagesPerS: rate.perS(),
    headPos: journal.head().pos,
    headTs: journal.head().ts,
    storedPos: series.storedPos(),
    storedTs: series.behindTs(),
    journalBytes: journal.stats().bytes,
    viewers: socket.viewers(),
  });
  const api = createApi({
    version,
    site: config.site,
    farm,
    health: status.health,
    figures,
    store,
    write: journal.write,
    addRecord: records.seal,
    recordsOf: (rig) => recordsOf(farm().ledger, rig),
    provenance: { days: provenance.days, day: provenance.day, bundle: provenance.bundle },
    anchored: () => ({ lastDay: anchoring.status().lastDay, waitingDays: anchoring.status().waiting, checkedDays: monitor.status().checked, mismatchedDays: monitor.status().mismatches.length }),
    chain: { info: chain.info, page: chain.page, finalDepth: config.finalDepth, away: () => records.status().away },
  });

  /** The embedded broker or the outside one; gives the address at which the farm finds it. */
  const startMqtt = async (): Promise<string> => {
    if (config.mqttUrl === null) {
      const broker = createBroker({
        host: config.mqttHost,
        port: config.mqttPort,
        onMessage: journal.append,
        retained: () => [...farm().retained].map(([topic, payload]) => ({ topic, payload })),
      });
      const listening = await broker.start();
      started.push({ name: "the broker", stop: broker.stop });
      status.say("mqtt", "embedded broker", `port ${listening.port}`, null, true);
      return `mqtt://127.0.0.1:${listening.port}`;
    }
    const client = createMqtt({
      url: config.mqttUrl,
      clientId: config.mqttClient ?? `rigtwin-${config.site}`,
      topics: [`${ROOT}/#`],
      share: config.mqttShare,
      onMessage: journal.append,
      onHealth: (gone) => status.say("mqtt", "outside broker", "subscribed", gone, true),
    });
    status.say("mqtt", "outside broker", "", "not connected yet", true);
    client.start();
    started.push({ name: "the broker's client", stop: client.stop });
    return config.mqttUrl;
  };

  const sayChain = (): void => {
    const { away, detail, waiting } = records.status();
    const words = waiting === 0 ? "every record is final" : `${waiting} ${waiting === 1 ? "record waits" : "records wait"} to be final`;
    status.say("chain", isLocal ? "local chain" : "outside chain", words, away ? detail : null);
    const anchors = anchoring.status();
    const lastDay = anchors.lastDay === null ? "no day anchored yet" : `anchored up to ${dateOf(anchors.lastDay)}`;
    status.say("anchors", "daily anchor", lastDay, anchors.away === null ? null : `${lastDay}; ${anchors.away}`);
    const { checked, mismatches } = monitor.status();
    status.say("monitor", "anchored days, verified again", `${checked} looked at, all fit`, mismatches.length === 0 ? null : mismatches.join(" "));
  };

  const password = config.password ?? randomBytes(9).toString("base64url");
  const http = createHttp({
    handlers: { ...api, rpc: chain.readRpc },
    host: config.host,
    port: config.port,
    version,
    dashboard: join(here, "../dashboard"),
    password,
    allowedHosts: config.allowedHosts.split(","),
    onFault: ({ id, method, path, error }) => complain(`fault ${id} at ${method} ${path}`, error),
  });
  const socket = createSocket({
    server: http.server,
    gate: http.gate,
    whole: frames.whole,
    openReplay: (wish, emit) => openReplay({ site: config.site, clock, read: pruned.read, loadSnapshot: snapshots.load, verify: verifyNative, oldestTs: journal.oldestTs }, wish, emit),
    onFault: (error) => complain("the live feed", error),
  });
  const { port } = await http.start();
  started.push({ name: "the dashboard", stop: http.stop });
  socket.start();
  started.push({ name: "the live feed", stop: socket.stop });
  started.push({ name: "the frames", stop: clock.every(FRAME_MS, () => socket.publish(frames.next())) });

  records.start();
  started.push({ name: "the relay", stop: records.stop });
  anchoring.start();
  started.push({ name: "the anchoring", stop: anchoring.stop });
  monitor.start();
  started.push({ name: "the monitor", stop: monitor.stop });
  const prune = async (): Promise<void> => {
    const beforeTs = Math.min(clock.now() - config.journalDays * DAY_MS, anchoring.prunableBeforeTs());
    await pruned.prune(beforeTs).catch((error: unknown) => complain("the journal was not pruned", error));
  };
  started.push({ name: "the pruning", stop: clock.every(PRUNE_MS, prune) });
  started.push({ name: "the chain's health", stop: clock.every(RELAY_HEALTH_MS, () => sayChain()) });

  const mqttUrl = await startMqtt();
  if (simulated) {
    simulator.start(mqttUrl);
    started.push({ name: "the simulator", stop: simulator.stop });
    status.say("simulator", "simulated farm", `${config.rigs} rigs, scenario ${config.scenario}`, null);
  }
  const own = `http://${config.host === "0.0.0.0" || config.host === "::" ? "localhost" : config.host}:${port}`;
  say("");
  say(`  Rigtwin ${version} · site ${config.site}`);
  say(`  Dashboard   ${own}`);
  say(`  API         ${own}/api/v1/reference`);
  say(`  MQTT        ${mqttUrl.replace(/\/\/[^@/]*@/, "//")}`);
  say(`  Data        ${config.dataDir}`);
  say(`  Password    ${config.password === null ? password : "as set"} (asked from callers that are not on this machine)`);
  say(`  Stop with Ctrl-C.`);
};

const end = async (code: number): Promise<void> => {
  // A part that hangs must not keep a terminal.
  setTimeout(() => process.exit(code === 0 ? 1 : code), 15_000).unref();
  await stopAll();
  process.exit(code);
};

const main = async (): Promise<void> => {
  const argv = process.argv.slice(2);
  if (argv.includes("--help")) return say(helpText());
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      say("  Stopping …");
      void end(0);
    });
  try {
    await run(readConfig(argv, process.env));
  } catch (error) {
    if (stopping) return;
    console.error(error instanceof Refused ? error.detail : error);
    await end(error instanceof Refused && error.code === "CONFIG_INVALID" ? 2 : 1);
  }
};

void main();
