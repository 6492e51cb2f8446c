/** All rules about 10,000 rigs, with each reading and each tick, against the whole fold of the same readings. CPU time of one thread. */
import { alarmsAtReading, alarmsAtTick } from "../../server/twin/alarms/farm-side.ts";
import { foldEntry, newFarm, nothingYet, type Farm } from "../../server/twin/farm.ts";
import { findModel } from "../../server/twin/models.ts";
import type { Reading } from "../../server/twin/reading.ts";
import { OWN, TICK_MS } from "../../server/twin/wire.ts";
import { readingPayload } from "./payload.ts";
import { figure, median, type Emit } from "./report.ts";

const RIGS = 10_000;
const INTERVAL_MS = 10_000;
const START = 1_750_000_000_000;
const EMPTY = new TextEncoder().encode("{}");

const microsOf = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const used = process.cpuUsage(before);
  return used.user + used.system;
};

let pos = 0;
const entry = (topic: string, payload: Uint8Array, receivedTs: number) =>
  ({ pos: ++pos, receivedTs, topic, payload, qos: 1, retain: false, dup: false, client: "" }) as const;

const foldRound = (farm: Farm, round: number, payloads: readonly Uint8Array[]): void => {
  let out = nothingYet();
  payloads.forEach((payload, i) => {
    if (i % 500 === 0) out = nothingYet();
    foldEntry(farm, entry(`rigtwin/v1/farm/rig-${i}/telemetry`, payload, START + round * INTERVAL_MS), out);
  });
  for (let t = 0; t < INTERVAL_MS; t += TICK_MS) foldEntry(farm, entry(OWN.tick, EMPTY, START + round * INTERVAL_MS + t), out);
};

const model = findModel("Bitmain", "Antminer S21");
const rulesRound = (farm: Farm, ts: number): void => {
  const out = nothingYet();
  for (const twin of farm.twins.values()) {
    const reading: Reading = {
      site: "farm",
      rig: twin.rig,
      deviceTs: ts,
      receivedTs: ts,
      seq: 1,
      boot: "b",
      tier: "self-reported",
      format: "native",
      measured: twin.latest,
      quality: twin.quality,
      identity: null,
    };
    alarmsAtReading(farm, twin, reading, model, null, out);
  }
  for (let t = 0; t < INTERVAL_MS; t += TICK_MS) alarmsAtTick(farm, ts + t, out);
};

export const run = (emit: Emit): Promise<void> => {
  const farm = newFarm("farm");
  const payloadsOf = (round: number): Uint8Array[] =>
    Array.from({ length: RIGS }, (_, i) => readingPayload(i, round, START + round * INTERVAL_MS));
  for (let round = 0; round < 3; round++) foldRound(farm, round, payloadsOf(round));
  const folds: number[] = [];
  const rules: number[] = [];
  for (let round = 3; round < 10; round++) {
    const payloads = payloadsOf(round);
    folds.push(microsOf(() => foldRound(farm, round, payloads)));
    // The same moment again: every rule is asked, as it was within the fold.
    rules.push(microsOf(() => rulesRound(farm, START + round * INTERVAL_MS + 1)));
  }
  const ours = median(rules);
  emit(
    figure({
      bench: "alarms",
      ours: ours / RIGS,
      limit: (median(folds) - ours) / RIGS,
      unit: "µs CPU a reading with its share of ticks",
      against: "the fold without its rules",
      rigs: RIGS,
      limitOfRatio: 0.2,
    }),
  );
  return Promise.resolve();
};
