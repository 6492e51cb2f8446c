/** Builds one gateway out of its parts and runs it. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { commandFilterOf, type AnyRequest } from "../twin/command.ts";
import { topicOf } from "../twin/wire.ts";
import type { Arguments } from "./arguments.ts";
import { createDiscovery } from "./discovery.ts";
import type { Driver } from "./drivers/driver.ts";
import { driverOf } from "./drivers/index.ts";
import { createFleet, type Miner } from "./fleet.ts";
import { identify, type IdentifyNeeds } from "./identify.ts";
import { watchMdns } from "./mdns.ts";
import { answersLine, answersText, birthText } from "./message.ts";
import { createOrders } from "./orders.ts";
import { createOutbox } from "./outbox.ts";
import { machinesOf, type Listed } from "./ranges.ts";
import { openSpool } from "./spool.ts";
import { credentialsIn, openStore } from "./store.ts";
import { createUplink } from "./uplink.ts";

const STATE_MS = 60_000;
/** A machine shows within this time what an order changed. */
const SOON_MS = 2_000;

/** `say` is told what happens, `complain` what goes wrong. */
export const createGateway = (given: Arguments, say: (text: string) => void, complain: (text: string) => void) => {
  const now = Date.now;
  const { site, name } = given;
  const store = openStore(given.dataDir);
  const logins = given.credentials === null ? {} : credentialsIn(given.credentials);
  const boot = `${now().toString(36)}-${randomBytes(4).toString("hex")}`;
  let thinned = 0;
  let stopping = false;
  let away: string | null = "not connected yet";
  const stateTopic = topicOf(site, name, "state");
  const timers: NodeJS.Timeout[] = [];

  const spool = openSpool({
    folder: join(given.dataDir, "spool"),
    mostBytes: given.spoolBytes,
    onThinned: (messages) => {
      thinned += messages;
      complain(`the spool is full: ${messages} older readings were thinned out, ${thinned} since the start`);
    },
  });
  const uplink = createUplink({
    url: given.mqttUrl,
    clientId: `rigtwin-${site}-${name}`,
    username: given.username,
    password: given.password,
    will: { topic: stateTopic, payload: JSON.stringify({ v: 1, ts: now(), state: "lost" }) },
    onCommand: (topic, payload) => orders.receive(topic, payload),
    onConnect: () => {
      sayState();
      outbox.wake();
    },
    onHealth: (gone) => {
      if (gone !== away)
        (gone === null ? say : complain)(gone === null ? `connected to ${given.mqttUrl.replace(/\/\/[^@/]*@/, "//")}` : `broker: ${gone}`);
      away = gone;
    },
  });
  const outbox = createOutbox({
    site,
    gateway: name,
    boot,
    key: store.key,
    spool,
    now,
    connected: uplink.connected,
    publish: uplink.publish,
    onError: (what, error) => complain(`${what}: ${error instanceof Error ? error.message : String(error)}`),
  });
  const identifyNeeds: IdentifyNeeds = {
    ports: given.ports,
    connectMs: given.connectMs,
    timeoutMs: given.timeoutMs,
    now,
    credentialsOf: (driver, host) => ({ ...driver.usual, ...logins[driver.format], ...logins[host] }),
  };
  const find = (host: string, first: Driver | null) => identify(host, identifyNeeds, first ?? driverOf(store.hosts[host] ?? ""));

  const fleet = createFleet({
    intervalMs: given.intervalMs,
    concurrency: given.concurrency,
    now,
    chance: Math.random,
    identify: find,
    onReading: (miner, answers) => {
      const { text, leftOut } = answersText(answers);
      if (leftOut.length > 0) complain(`${miner.rig}: too much for one message, left out ${leftOut.join(", ")}`);
      miner.seq += 1;
      outbox.put(answersLine(miner.rig, { ts: now(), seq: miner.seq, boot }, text));
    },
    onPresent: (miner) => {
      uplink.hear(commandFilterOf(site, miner.rig));
      const head = { ts: now(), boot };
      uplink.retain(topicOf(site, miner.rig, "birth"), birthText(miner.found, head, miner.listed?.position ?? null));
      uplink.retain(topicOf(site, miner.rig, "state"), JSON.stringify({ v: 1, ts: now(), state: "online" }));
      const { make, model, firmware } = miner.found.read.identity;
      say(
        `${miner.host} is ${miner.rig}: ${[make, model, firmware].filter((word) => word !== null).join(", ") || "unknown"} (${miner.found.read.format})`,
      );
    },
    onLost: (miner) => {
      uplink.retain(topicOf(site, miner.rig, "state"), JSON.stringify({ v: 1, ts: now(), state: "lost" }));
      complain(`${miner.host}, ${miner.rig}, does not answer`);
    },
  });

  const lightsOut = (miner: Miner, request: AnyRequest): void => {
    if (request.method !== "locate" || !request.args.on || request.args.forS === undefined) return;
    const off = { ...request, args: { on: false } };
    timers.push(setTimeout(() => void miner.found.session.tell(off).catch(() => undefined), request.args.forS * 1_000).unref());
  };
  const orders = createOrders({
    site,
    now,
    mine: (rig) => fleet.miner(rig) !== null,
    tell: async (rig, request) => {
      const miner = fleet.miner(rig);
      if (miner === null) throw new Error("this gateway no longer sees that machine");
      const said = await miner.found.session.tell(request);
      lightsOut(miner, request);
      fleet.soon(rig, SOON_MS);
      return said;
    },
    respond: (topic, payload) => void uplink.publish(topic, payload).catch(() => undefined),
    before: store.answered,
    keep: store.keepAnswered,
  });

  const sayState = (): void => {
    const { miners, lost } = fleet.status();
    const { waiting, bytes } = outbox.status();
    uplink.retain(
      stateTopic,
      JSON.stringify({ v: 1, ts: now(), state: "online", boot, miners, lost, spool: { batches: waiting, bytes, thinned } }),
    );
  };

  const listedNow = (): readonly Listed[] => {
    if (given.csv === null) return [];
    try {
      return machinesOf(readFileSync(given.csv, "utf8"));
    } catch (error) {
      complain(`${given.csv}: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  };
  const discovery = createDiscovery({
    concurrency: Math.max(given.concurrency, 256),
    identify: find,
    knows: fleet.knows,
    onFound: (found, listed) => fleet.add(found, listed),
  });
  let searching = false;
  const search = async (): Promise<void> => {
    if (searching || stopping) return;
    searching = true;
    const startTs = now();
    const listed = listedNow();
    const found = await discovery.pass(listed, given.addresses, () => stopping);
    searching = false;
    if (stopping) return;
    if (found > 0 || fleet.status().miners === 0)
      say(
        `searched ${listed.length + given.addresses.length} addresses in ${((now() - startTs) / 1_000).toFixed(1)} s: ${found} new, ${fleet.status().miners} machines`,
      );
    store.keepHosts(Object.fromEntries([...fleet.all()].map((miner) => [miner.host, miner.found.driver.format])));
    sayState();
  };
  let mdns: { stop: () => void } | null = null;

  return {
    publicKey: store.publicKey,
    fleet,
    outbox,
    start(): void {
      uplink.start();
      outbox.start();
      if (given.mdns) mdns = watchMdns((host) => void discovery.heard(host), complain);
      void search();
      timers.push(
        setInterval(() => void search(), given.rescanMs),
        setInterval(sayState, STATE_MS),
      );
    },
    /** Puts on disk what is not out yet, tells the broker that it leaves. */
    async stop(): Promise<void> {
      stopping = true;
      for (const timer of timers) clearInterval(timer);
      mdns?.stop();
      fleet.stop();
      await outbox.stop();
      await uplink.stop(JSON.stringify({ v: 1, ts: now(), state: "offline" }));
    },
  };
};
