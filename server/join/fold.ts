/** From the journal to twins, series and frames. */
import { join } from "node:path";
import { verifyNative } from "../edge/ed25519.ts";
import { createAlarmHistory } from "../flows/alarm-history.ts";
import { createFrames } from "../flows/frames.ts";
import { gatewayKeyAct, keysIn } from "../flows/gateways.ts";
import { createSeries } from "../flows/series.ts";
import { createRejected } from "../flows/rejected.ts";
import { createRate } from "../flows/status.ts";
import { createTelemetry } from "../flows/telemetry.ts";
import { startUpkeep } from "../flows/upkeep.ts";
import { usualDeviceTs } from "../twin/pruning.ts";
import { Refused } from "../twin/refusal.ts";
import type { Farm } from "../twin/farm.ts";
import type { SiteTotals } from "../twin/twin.ts";
import { OWN } from "../twin/wire.ts";
import type { Data } from "./data.ts";
import { complain, insist, shownIn, type House } from "./house.ts";

const SNAPSHOT_MS = 300_000;
const RAW_DAYS = 30;
const MINUTE_DAYS = 400;

export type Fold = Awaited<ReturnType<typeof startFold>>;

/** Starts the fold and the series store. `keys` are public keys of gateways beside the configured ones; `totals` as they are shown. */
export const startFold = async (
  { config, version, clock, status, runs }: House,
  { journal, snapshots, moments, alarms, pruned }: Data,
  keys: Readonly<Record<string, string>>,
  totals: (farm: Farm) => SiteTotals,
) => {
  const rate = createRate(clock.now);
  const history = createAlarmHistory({ clock, store: alarms, onError: complain });
  const telemetry = createTelemetry({
    history,
    isWhole: () => journal.oldestPos() <= 1,
    site: config.site,
    version,
    clock,
    write: journal.write,
    read: pruned.read,
    subscribe: journal.subscribe,
    loadSnapshot: (ts) => snapshots.load(ts),
    saveSnapshot: async (pos, ts, texts, cells, isMoment, open) => {
      await snapshots.save(pos, ts, texts, cells, open);
      snapshots.thin(ts);
      if (!isMoment) return;
      // The snapshot stands all the same: a replay without this moment folds longer.
      try {
        await moments.keep(pos, ts, snapshots.piecesAt(pos));
      } catch (error) {
        complain("a moment for replays was not kept", error);
      }
    },
    saveMoment: moments.save,
    verify: verifyNative,
    snapshotMs: SNAPSHOT_MS,
    onError: complain,
    rows: () => series.rows(),
  });
  const { farm } = telemetry;

  const isEmbedded = config.influxUrl === null;
  // What the other one needs is not loaded.
  const store = isEmbedded
    ? (await import("../edge/duck/store.ts")).createDuckStore({ file: join(config.dataDir, "series.duckdb") })
    : (await import("../edge/influx/store.ts")).createInfluxStore({
        url: config.influxUrl,
        site: config.site,
        keeper: `${config.site}/${journal.id()}`,
      });
  const kind = isEmbedded ? "DuckDB, embedded" : "InfluxDB";
  const rejected = createRejected(clock.now, () => series.storedPos());
  const series = createSeries({
    site: config.site,
    clock,
    write: store.write,
    cursor: store.cursor,
    read: journal.read,
    headPos: () => journal.head().pos,
    positionAt: journal.positionAt,
    rewind: store.rewind,
    foreign: () => farm().foreign,
    gateways: () => ({ keys: farm().gatewayKeys, verify: verifyNative }),
    modelOf: (rig) => farm().twins.get(rig)?.modelId ?? farm().twins.get(rig)?.identity.model ?? null,
    onRejected: (points) => {
      rejected.add(points);
      for (const { point, reason } of points) complain("the store refused a point", `${point}: ${reason}`);
    },
    onHealth: (away) => status.say("series", kind, "writing", away),
  });
  const frames = createFrames(
    farm,
    totals,
    () => ({ view: "live", nowTs: clock.now(), playing: true, speed: 1, from: null, to: null }),
    shownIn(config),
  );
  let publish: (topic: string, payload: Uint8Array) => Promise<void> = async () => undefined;
  telemetry.tell((out, _farm, batch) => {
    for (const wish of out.wishes)
      publish(wish.topic, wish.payload).catch((error: unknown) => complain(`${wish.topic} was not published`, error));
    rate.add(batch.lastPos - batch.firstPos + 1);
    series.take(batch);
    frames.take(out);
  });

  await telemetry.start();
  runs("past alarms", history.start());
  runs("the fold", telemetry.stop);
  await insist({ clock, runs }, "the list of gateways' keys", async () => {
    for (const [gateway, publicKey] of Object.entries({ ...keys, ...keysIn(config.gatewayKeys) })) {
      const act = gatewayKeyAct(farm().gatewayKeys, gateway, publicKey, clock.now());
      if (act !== null) await journal.write(OWN.act, act);
    }
  });
  // A store that is away at the start is no reason not to start: the journal keeps what it will miss.
  await store.start().catch((error: unknown) => status.say("series", kind, "", error instanceof Refused ? error.detail : String(error)));
  runs("the series store", store.stop);
  await series.start();
  runs("the series flow", series.stop);
  status.say("series", kind, "writing", series.away());
  runs(
    "the upkeep",
    startUpkeep({
      clock,
      rollup: store.rollup,
      letGo: store.letGo,
      retain: store.retain,
      newestTs: () => usualDeviceTs(farm().twins.values(), farm().asOfTs),
      behindTs: series.behindTs,
      rawDays: RAW_DAYS,
      minuteDays: MINUTE_DAYS,
      onError: complain,
    }),
  );

  return {
    farm,
    hasBegun: telemetry.hasBegun,
    past: history.past,
    store,
    series,
    rejected,
    frames,
    publishBy: (by: typeof publish): void => void (publish = by),
    perS: rate.perS,
  };
};
