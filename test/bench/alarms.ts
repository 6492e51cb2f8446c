/**
 * The fold of 10,000 rigs' readings with all rules against the same fold without any, in the same run: the two take turns, each with a
 * farm of its own. CPU time of one process. The fold without is the same program in which the import of the rules is an empty module.
 */
import { register } from "node:module";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { OWN, TICK_MS } from "../../server/twin/wire.ts";
import type * as Fold from "../../server/twin/farm.ts";
import { readingPayload } from "./payload.ts";
import { figure, median, type Emit } from "./report.ts";

const RIGS = 10_000;
const INTERVAL_MS = 10_000;
const ROUNDS = 12;
/** Rounds a minute apart until every rig has settled and its history is being learnt: what comes before is cheaper than all that follows. */
const WARM = 16;
const WARM_INTERVAL_MS = 60_000;
const START = 1_750_000_000_000;
const EMPTY = new TextEncoder().encode("{}");

const BIRTH = {
  v: 1,
  ts: START,
  boot: "6f1d2c90",
  identity: { make: "Bitmain", model: "Antminer S19j Pro" },
  nameplate: { hashrateThs: 104, powerW: 3_068, boards: 3, chips: 126, fans: 2 },
};
const NAMES = ["alarmsAtReading", "alarmsAtTick", "noteGateway", "noteMessage", "noteRefused"];
const BARE = `data:text/javascript,${encodeURIComponent(NAMES.map((name) => `export const ${name} = () => undefined;`).join(""))}`;
const HOOK = `export const resolve = (name, context, next) =>
  context.parentURL?.endsWith("?bare") && name.endsWith("/alarms/farm-side.js")
    ? { url: ${JSON.stringify(BARE)}, format: "module", shortCircuit: true }
    : next(name, context);`;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Each part pays for its own garbage: what the one before left is collected first, unmeasured. */
const microsOf = (work: () => void): number => {
  collect();
  const before = process.cpuUsage();
  work();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / RIGS;
};

/** With its two pools: which of them gets the shares is looked at each time. */
const payloadOf = (rig: number, seq: number, ts: number): Buffer => {
  const told = JSON.parse(readingPayload(rig, seq, ts).toString()) as { m: object };
  const pool = { worker: `farm.rig-${rig}`, alive: true, stale: 0 };
  const pools = [
    { ...pool, index: 0, url: "stratum+tcp://pool-one.example:3333", active: true, accepted: 1_000 + seq, rejected: 3 },
    { ...pool, index: 1, url: "stratum+tcp://pool-two.example:3333", active: false, accepted: 0, rejected: 0 },
  ];
  return Buffer.from(JSON.stringify({ ...told, m: { ...told.m, pools } }));
};

const roundsOf = ({ foldEntry, newFarm, nothingYet }: typeof Fold) => {
  const farm = newFarm("farm");
  let pos = 0;
  const entry = (topic: string, payload: Uint8Array, receivedTs: number) =>
    ({ pos: ++pos, receivedTs, topic, payload, qos: 1, retain: false, dup: false, client: "" }) as const;
  const birth = new TextEncoder().encode(JSON.stringify(BIRTH));
  for (let i = 0; i < RIGS; i++) foldEntry(farm, entry(`rigtwin/v1/farm/rig-${i}/birth`, birth, START), nothingYet());
  return {
    farm,
    round(fromTs: number, payloads: readonly Uint8Array[]): void {
      let out = nothingYet();
      payloads.forEach((payload, i) => {
        if (i % 500 === 0) out = nothingYet();
        foldEntry(farm, entry(`rigtwin/v1/farm/rig-${i}/telemetry`, payload, fromTs), out);
      });
      for (let t = 0; t < INTERVAL_MS; t += TICK_MS) foldEntry(farm, entry(OWN.tick, EMPTY, fromTs + t), out);
    },
  };
};

const isLearning = ({ watches }: Fold.Farm): boolean => [...watches.values()].every(({ drift }) => drift.channels.board.line !== null);

export const run = async (emit: Emit): Promise<void> => {
  register(`data:text/javascript,${encodeURIComponent(HOOK)}`);
  const url = new URL("../../server/twin/farm.js", import.meta.url).href;
  const whole = roundsOf((await import(url)) as typeof Fold);
  const bare = roundsOf((await import(`${url}?bare`)) as typeof Fold);
  const withRules: number[] = [];
  const without: number[] = [];
  for (let n = 0; n < WARM + ROUNDS; n++) {
    const ts = START + Math.min(n, WARM) * WARM_INTERVAL_MS + Math.max(0, n - WARM) * INTERVAL_MS;
    const payloads = Array.from({ length: RIGS }, (_, i) => payloadOf(i, n, ts));
    const took = [microsOf(() => whole.round(ts, payloads)), microsOf(() => bare.round(ts, payloads))] as const;
    if (n < WARM) continue;
    withRules.push(took[0]);
    without.push(took[1]);
  }
  if (whole.farm.watches.size !== RIGS || whole.farm.alarms.held.size > 0 || !isLearning(whole.farm) || bare.farm.watches.size !== 0)
    throw new Error(`the two folds are not what they should be: ${JSON.stringify([...whole.farm.alarms.held].slice(0, 2))}`);
  emit(
    figure({
      bench: "alarms",
      ours: median(withRules.map((micros, i) => micros - (without[i] ?? 0))),
      limit: median(without),
      unit: "µs CPU a reading with its share of ticks",
      against: "the same fold without rules",
      rigs: RIGS,
      limitOfRatio: 0.2,
    }),
  );
};
