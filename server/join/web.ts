/** What people and programs reach over HTTP: the API, the dashboard, the live feed. */
import { readFileSync } from "node:fs";
import { verifyNative } from "../edge/ed25519.ts";
import { createHttp } from "../edge/http/http.ts";
import { openPhotos } from "../edge/photos/store.ts";
import { createSocket } from "../edge/socket/socket.ts";
import { alarmOf, createApi } from "../flows/api.ts";
import { openReplay } from "../flows/replay.ts";
import { createWork } from "../flows/work.ts";
import { recordsOf } from "../twin/ledger.ts";
import { FRAME_MS } from "../twin/wire.ts";
import type { Data } from "./data.ts";
import type { Fold } from "./fold.ts";
import { builtPath, complain, type House } from "./house.ts";
import type { Ledger } from "./ledger.ts";
import type { Door } from "./people.ts";

/** Starts them; gives the port. Throws Refused PORT_IN_USE. */
export const startWeb = async (
  { config, version, clock, status, runs }: House,
  { journal, snapshots, pruned }: Data,
  fold: Fold,
  ledger: Ledger,
  door: Door,
): Promise<{ port: number }> => {
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
    viewers: socket.viewers(),
  });
  const work = createWork({
    clock,
    write: journal.write,
    book: () => farm().work,
    twins: () => farm().twins,
    alarm: (id) => alarmOf(farm(), id),
    seal: records.seal,
    photos: openPhotos(config.dataDir),
    onError: complain,
  });
  const api = createApi({
    work,
    rejected,
    version,
    site: config.site,
    farm,
    health: status.health,
    figures,
    store,
    write: journal.write,
    addRecord: records.seal,
    draftRecord: records.draft,
    setTechnician: records.setTechnician,
    recordsOf: (rig) => recordsOf(farm().ledger, rig),
    provenance: { days: provenance.days, day: provenance.day, bundle: provenance.bundle, signed: provenance.signed },
    anchored: ledger.anchored,
    chain: { info: chain.info, page: chain.page, finalDepth: config.finalDepth, away: () => records.status().away },
  });

  const heldBy = async (wallet: string): Promise<{ tokenId: number; rig: string }[]> => {
    const held = await chain.heldBy(wallet as `0x${string}`);
    return held.map((tokenId) => ({ tokenId, rig: farm().ledger.rigOfToken.get(tokenId) ?? "" }));
  };
  const http = createHttp({
    handlers: { ...api, rpc: chain.readRpc, access: door.handlers(heldBy) },
    host: config.host,
    port: config.port,
    version,
    dashboard: builtPath("dashboard"),
    door: door.people,
    localRole: door.localRole,
    tls:
      config.tlsCert === null || config.tlsKey === null ? null : { cert: readFileSync(config.tlsCert), key: readFileSync(config.tlsKey) },
    allowedHosts: config.allowedHosts.split(","),
    onFault: ({ id, method, path, error }) => complain(`fault ${id} at ${method} ${path}`, error),
  });
  const socket = createSocket({
    server: http.server,
    gate: http.gate,
    whole: frames.whole,
    openReplay: (wish, emit) =>
      openReplay(
        { site: config.site, clock, read: pruned.read, loadSnapshot: snapshots.load, verify: verifyNative, oldestTs: journal.oldestTs },
        wish,
        emit,
      ),
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
    clock.every(FRAME_MS, () => socket.publish(frames.next())),
  );
  return { port };
};
