/** What stands where: containers, racks, slots, and every rig as it was built, each a little different from its nameplate. */
import type { Identity, Position } from "../../server/twin/reading.ts";
import type { Nameplate } from "../../server/twin/twin.ts";
import { hex8, mix, pick, seedOf, spread, unit } from "./chance.ts";
import { WORKINGS, type Workings } from "./workings.ts";

/** One rig as built; nothing here changes while it runs. */
export interface RigPlan {
  /** 0-based. */
  readonly index: number;
  readonly rig: string;
  readonly seed: number;
  readonly workings: Workings;
  readonly identity: Identity;
  readonly nameplate: Nameplate;
  readonly position: Position;
  /** The power distribution unit it hangs on; each rack has its own. */
  readonly pdu: string;
  /** 0-based number of its container. */
  readonly container: number;
  /** Its place in the interval, 0 ≤ phase < 1. */
  readonly phase: number;
  /** What it truly does at nominal frequency, TH/s. */
  readonly trueThs: number;
  /** What it truly takes then with boards at 60 °C, W. */
  readonly trueW: number;
  /** How much warmer each board gets than the type's mean; 1 = as the mean. */
  readonly warmth: readonly number[];
  /** How much faster each fan turns than the type's mean. */
  readonly fanSpread: readonly number[];
  /** What its fans hold the hottest board at, °C. */
  readonly targetC: number;
  /** Heat slows it down above this, and stops it above that, board °C. */
  readonly throttleC: number;
  readonly tripC: number;
  /** From the start of tuning to full hashrate, ms. */
  readonly tuneMs: number;
  /** Its intake above its container's air (upper slots are warmer), °C. */
  readonly slotC: number;
  /** Shares of its power reading that are sensor error. */
  readonly powerBias: number;
  /** Hardware errors per share of work. */
  readonly hwRate: number;
  /** A share is this many times 2^32 hashes. */
  readonly shareDifficulty: number;
  readonly poolUrls: readonly [string, string];
  readonly worker: string;
}

export interface FarmPlan {
  readonly site: string;
  readonly seed: number;
  readonly containers: readonly string[];
  readonly rigs: readonly RigPlan[];
  /** Rig numbers of each container, and of each rack (and its PDU) over all containers. */
  readonly inContainer: readonly (readonly number[])[];
  readonly inRack: readonly (readonly number[])[];
  readonly nominalW: number;
}

/** The name of the rig of that 0-based number. */
export const rigName = (index: number): string => `rig-${String(index + 1).padStart(4, "0")}`;

/** A gateway's name in its topic; the number is 0-based, a gateway for each container. */
export const gatewayName = (gateway: number): string => `gateway-c${gateway + 1}`;

const SMALL_FARM = 300;
/** Containers of 2 racks by 10 slots, of 5 racks by 40 in a farm above 300 rigs. */
const sizes = (rigs: number): { racks: number; slots: number } => (rigs <= SMALL_FARM ? { racks: 2, slots: 10 } : { racks: 5, slots: 40 });

/** Racks are filled by the half with one model, as deliveries come. */
const MODEL_RUN = 5;
/** About three seconds a share, as a pool's variable difficulty settles. */
const SHARE_S = 3;

/** The power of two that comes next to it, by ratio. */
const shareDifficulty = (hashrateThs: number): number => {
  const wanted = (hashrateThs * 1e12 * SHARE_S) / 4_294_967_296;
  let difficulty = 1;
  while (difficulty * Math.SQRT2 < wanted) difficulty *= 2;
  return difficulty;
};

const serial = (prefix: string, seed: number, n: number): string =>
  `${prefix}${hex8(mix(seed, n)).toUpperCase()}${String(mix(seed, n + 77) % 10_000).padStart(4, "0")}`;

const buildRig = (site: string, seed: number, index: number, racks: number, slots: number): RigPlan => {
  const rig = rigName(index);
  const own = seedOf(seed, rig);
  const perContainer = racks * slots;
  const container = Math.floor(index / perContainer);
  const rack = Math.floor((index % perContainer) / slots);
  const slot = index % slots;
  const run = Math.floor(index / MODEL_RUN);
  const workings = WORKINGS[run % WORKINGS.length] ?? pick(seed, run, WORKINGS);
  const { model } = workings;
  const { nameplate } = model;
  const trueThs = nameplate.hashrateThs * (1.005 + 0.008 * spread(own, 1));
  // 02: a locally administered address, so that no maker's is borrowed.
  const mac = `02:${hex8(mix(own, 2)).replace(/(..)(?=.)/g, "$1:")}:${hex8(index).slice(6)}`.toUpperCase();
  return {
    index,
    rig,
    seed: own,
    workings,
    identity: {
      make: model.make,
      model: model.name,
      firmware: pick(own, 3, workings.firmware),
      serial: serial(workings.serialPrefix, own, 10),
      mac,
      ip: `10.${20 + Math.floor(container / 250)}.${(container % 250) + 1}.${(index % perContainer) + 10}`,
      hostname: `${site}-${rig}`,
      psuSerial: serial("PW", own, 11),
      controlBoardSerial: serial("CB", own, 12),
      boardSerials: Array.from({ length: nameplate.boards }, (_, board) => serial("HB", own, 20 + board)),
    },
    nameplate,
    position: { container: `C${container + 1}`, rack: `R${rack + 1}`, slot: `S${String(slot + 1).padStart(2, "0")}` },
    pdu: `pdu-c${container + 1}-r${rack + 1}`,
    container,
    phase: unit(own, 4),
    trueThs,
    trueW: (trueThs * nameplate.powerW * (1 + 0.012 * spread(own, 5))) / nameplate.hashrateThs,
    warmth: Array.from({ length: nameplate.boards }, (_, board) => 1 + 0.025 * spread(own, 30 + board)),
    fanSpread: Array.from({ length: nameplate.fans }, (_, fan) => 1 + 0.01 * spread(own, 40 + fan)),
    targetC: workings.targetC + 1.2 * spread(own, 13),
    throttleC: model.limits.boardC - 1,
    tripC: model.limits.boardC + 12,
    // A rig is usually through in half the time that one must grant it.
    tuneMs: model.tuningMinutes * 30_000,
    slotC: (2.2 * slot) / Math.max(1, slots - 1),
    powerBias: 0.006 * spread(own, 6),
    hwRate: 0.002 * (0.5 + unit(own, 7)),
    shareDifficulty: shareDifficulty(nameplate.hashrateThs),
    poolUrls: ["stratum+tcp://pool-one.example:3333", "stratum+tcp://pool-two.example:3333"],
    worker: `${site}.${rig}`,
  };
};

/** Builds a farm of `rigs` rigs; the same seed, site and number give the same farm, and a larger farm begins with the smaller one's rigs. */
export const planFarm = (site: string, seed: number, rigs: number): FarmPlan => {
  if (!Number.isInteger(rigs) || rigs < 1 || rigs > 100_000) throw new RangeError(`rigs: must be an integer from 1 to 100000, is ${rigs}`);
  const { racks, slots } = sizes(rigs);
  const built = Array.from({ length: rigs }, (_, index) => buildRig(site, seed, index, racks, slots));
  const inGroupsOf = (size: number): number[][] =>
    Array.from({ length: Math.ceil(rigs / size) }, (_, group) =>
      Array.from({ length: Math.min(size, rigs - group * size) }, (__, i) => group * size + i),
    );
  const inContainer = inGroupsOf(racks * slots);
  return {
    site,
    seed,
    containers: inContainer.map((_, container) => `C${container + 1}`),
    rigs: built,
    inContainer,
    inRack: inGroupsOf(slots),
    nominalW: built.reduce((sum, plan) => sum + plan.nameplate.powerW, 0),
  };
};
