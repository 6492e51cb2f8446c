/** What people and programs reach over HTTP: the API, the dashboard, the live feed. */
import { randomUUID } from "node:crypto";
import { createCommands } from "../flows/commands.ts";
import { createCurtail } from "../flows/curtail.ts";
import { readFileSync } from "node:fs";
import { verifyNative } from "../edge/ed25519.ts";
import type { Handlers } from "../edge/http/handlers.ts";
import { createHttp } from "../edge/http/http.ts";
import { openPhotos } from "../edge/photos/store.ts";
import { createSocket } from "../edge/socket/socket.ts";
import { alarmOf, createApi, type ApiNeeds } from "../flows/api.ts";
import type { ReplayNeeds } from "../flows/replay.ts";
import { createNotes } from "../flows/notes.ts";
import { createEnergySeries } from "../flows/site-totals.ts";
import { createTrials } from "../flows/rule-trial.ts";
import { createWork, type WorkNeeds } from "../flows/work.ts";
import type { Energy } from "./energy.ts";
import { startNotify } from "./notify.ts";
import { createUsage } from "../flows/usage.ts";
import { recordsOf } from "../twin/ledger.ts";
import { dueNow } from "../twin/orders/due.ts";
import type { Code } from "../twin/refusal.ts";
import { FRAME_MS } from "../twin/wire.ts";
import type { Data } from "./data.ts";
import type { Fold } from "./fold.ts";
import { builtPath, complain, shownIn, type House } from "./house.ts";
import type { Ledger } from "./ledger.ts";
import type { Door } from "./people.ts";
import { createRooms } from "./rooms.ts";

/** Refusals that are a limit, as the status page counts them; the others are somebody's slip. */
const LIMITS: Partial<Record<Code | "connection", string>> = {
  connection: "http connection too many",
  PAYLOAD_TOO_LARGE: "http body too large",
  RANGE_INVALID: "http range refused",
  LOGIN_FAILED: "http log-in failed",
  TOO_MANY_REQUESTS: "http request too many",
};

/** Starts them; gives the port. Throws Refused PORT_IN_USE. */
export const startWeb = async (
  house: House,
  { journal, snapshots, moments, pruned, days }: Data,
  fold: Fold,
  ledger: Ledger,
  door: Door,
  energy: Energy,
): Promise<{ port: number; broker: { publish: (topic: string, payload: Uint8Array) => Promise<void> } }> => {
  const { config, version, clock, status, runs } = house;
  /** Joined when it runs; until then nothing can be sent. */
  const broker = {
    publish: (_topic: string, _payload: Uint8Array): Promise<void> => Promise.reject(new Error("the broker is not running yet")),
  };
  const { farm, store, series, rejected, frames } = fold;
  const { chain, records, provenance } = ledger;
  const figures = () => ({
    messagesPerS: fold.perS(),
    headPos: journal.head().pos,
    headTs: journal.head().ts,
    storedPos: series.storedPos(),
    storedTs: series.behindTs(),
    journalBytes: journal.stats().bytes,
    damagedEntries: journal.stats().damaged.reduce((sum, { count }) => sum + count, 0),
    limits: status.limits(),
    viewers: socket.viewers(),
  });
  const workNeeds: WorkNeeds = {
    clock,
    write: journal.write,
    book: () => farm().work,
    due: () => dueNow(farm()),
    twins: () => farm().twins,
    alarm: (id) => alarmOf(farm(), id),
    seal: records.seal,
    photos: openPhotos(config.dataDir),
    onError: complain,
  };
  const work = createWork(workNeeds);
  const energySeries = createEnergySeries(store, energy.known, () => farm().quotes);
  const moneyNeeds = {
    site: config.site,
    now: clock.now,
    farm,
    days,
    energySeries,
    write: journal.write,
    breathe: clock.breathe,
  };
  const commands = createCommands({
    farm,
    clock,
    newId: () => randomUUID(),
    write: journal.write,
    publish: (topic, payload) => broker.publish(topic, payload),
    onError: complain,
  });
  runs("the commands", commands.start());
  const curtailNeeds = { farm, clock, write: journal.write, order: commands.order, onError: complain };
  const curtail = createCurtail(curtailNeeds);
  runs("the curtailment", curtail.start());
  /** The nearest kept farm, whoever kept it. */
  const loadSnapshot: ReplayNeeds["loadSnapshot"] = (ts) => {
    const [moment, snapshot] = [moments.load(ts), snapshots.load(ts, true)];
    return snapshot === null || (moment !== null && moment.pos > snapshot.pos) ? moment : snapshot;
  };
  const past = {
    site: config.site,
    shownIn: shownIn(config),
    totals: energy.totals,
    read: pruned.read,
    loadSnapshot,
    verify: verifyNative,
    oldestTs: journal.oldestTs,
  };
  const trials = createTrials({ ...past, pastAlarms: fold.past, now: clock.now, farm, breathe: clock.breathe, onError: complain });
  runs("the trial of a rule", () => void trials.endTrial());
  const apiNeeds: ApiNeeds = {
    energyKnown: energy.known,
    totals: energy.totals,
    energySeries,
    trials,
    commands,
    curtail,
    money: createUsage(moneyNeeds),
    notes: createNotes({ now: clock.now, farm, write: journal.write }),
    work,
    rejected,
    version,
    site: config.site,
    farm,
    pastAlarms: fold.past,
    health: status.health,
    figures,
    store,
    write: journal.write,
    addRecord: records.seal,
    draftRecord: records.draft,
    setTechnician: records.setTechnician,
    addSubstitute: ledger.substitutes.add,
    recordsOf: (rig) => recordsOf(farm().ledger, rig),
    provenance: { days: provenance.days, day: provenance.day, bundle: provenance.bundle, signed: provenance.signed },
    anchored: ledger.anchored,
    chain: { info: chain.info, page: chain.page, finalDepth: config.finalDepth, away: () => records.status().away },
  };
  const heldBy = async (wallet: string): Promise<{ tokenId: number; rig: string }[]> => {
    const held = await chain.heldBy(wallet as `0x${string}`);
    return held.map((tokenId) => ({ tokenId, rig: farm().ledger.rigOfToken.get(tokenId) ?? "" }));
  };
  const notify = await startNotify(house, fold, journal.write, door);
  const handlers: Handlers = { ...createApi(apiNeeds), rpc: chain.readRpc, access: door.handlers(heldBy), notify };
  const rooms = createRooms({ ...past, clock }, apiNeeds, workNeeds, moneyNeeds, curtailNeeds, handlers);

  const http = createHttp({
    handlers,
    inRoom: rooms.handlers,
    host: config.host,
    port: config.port,
    version,
    dashboard: builtPath("dashboard"),
    door: door.people,
    localRole: door.localRole,
    tls:
      config.tlsCert === null || config.tlsKey === null ? null : { cert: readFileSync(config.tlsCert), key: readFileSync(config.tlsKey) },
    allowedHosts: config.allowedHosts.split(","),
    onTurnedAway: (why) => {
      const limit = LIMITS[why];
      if (limit !== undefined) status.count(limit);
    },
    onFault: ({ id, method, path, error }) => complain(`fault ${id} at ${method} ${path}`, error),
  });
  const socket = createSocket({
    server: http.server,
    gate: http.gate,
    gist: frames.gist,
    whole: frames.whole,
    openReplay: rooms.open,
    notes: () => farm().notes.told,
    onFault: (error) => complain("the live feed", error),
  });
  work.start();
  runs("the work orders", work.stop);
  const { port } = await http.start();
  runs("the dashboard", http.stop);
  socket.start();
  runs("the live feed", socket.stop);
  runs(
    "the frames",
    clock.every(FRAME_MS, () => (socket.viewers() > 0 ? socket.publish(frames.next()) : frames.forget())),
  );
  return { port, broker };
};
