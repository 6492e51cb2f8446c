/** What stands where: containers, racks, slots, and every rig as it was built, each a little different from its nameplate. */
import type { Identity, Position } from "../../server/twin/reading.ts";
import type { Nameplate } from "../../server/twin/twin.ts";
import { MODELS, type SimulatedModel } from "../models.ts";
import { hex8, mix, pick, seedOf, spread, unit } from "./chance.ts";

/** One rig as built; nothing here changes while it runs. */
export interface RigPlan {
  /** 0-based. */
  readonly index: number;
  readonly rig: string;
  readonly seed: number;
  readonly model: SimulatedModel;
  readonly identity: Identity;
  readonly nameplate: Nameplate;
  readonly position: Position;
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
  /** Rig numbers of each container. */
  readonly inContainer: readonly (readonly number[])[];
  readonly nominalW: number;
}

/** The name of the rig of that 0-based number. */
export const rigName = (index: number): string => `rig-${String(index + 1).padStart(4, "0")}`;

const SMALL_FARM = 300;
/** Containers of 2 racks by 10 slots, of 5 racks by 40 in a farm above 300 rigs. */
const sizes = (rigs: number): { racks: number; slots: number } => (rigs <= SMALL_FARM ? { racks: 2, slots: 10 } : { racks: 5, slots: 40 });

/** Racks are filled by the half with one model, as deliveries come. */
const MODEL_RUN = 5;
/** About three seconds a share, as a pool's variable difficulty settles. */
const SHARE_S = 3;

const shareDifficulty = (hashrateThs: number): number => 2 ** Math.round(Math.log2((hashrateThs * 1e12 * SHARE_S) / 2 ** 32));

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
  const model = MODELS[run % MODELS.length] ?? pick(seed, run, MODELS);
  const trueThs = model.hashrateThs * (1.005 + 0.008 * spread(own, 1));
  // 02: a locally administered address, so that no maker's is borrowed.
  const mac = `02:${hex8(mix(own, 2)).replace(/(..)(?=.)/g, "$1:")}:${hex8(index).slice(6)}`.toUpperCase();
  return {
    index,
    rig,
    seed: own,
    model,
    identity: {
      make: model.make,
      model: model.model,
      firmware: pick(own, 3, model.firmware),
      serial: serial(model.serialPrefix, own, 10),
      mac,
      ip: `10.${20 + Math.floor(container / 250)}.${(container % 250) + 1}.${(index % perContainer) + 10}`,
      hostname: `${site}-${rig}`,
      psuSerial: serial("PW", own, 11),
      controlBoardSerial: serial("CB", own, 12),
      boardSerials: Array.from({ length: model.boards }, (_, board) => serial("HB", own, 20 + board)),
    },
    nameplate: { hashrateThs: model.hashrateThs, powerW: model.powerW, boards: model.boards, chips: model.chips, fans: model.fans },
    position: { container: `C${container + 1}`, rack: `R${rack + 1}`, slot: `S${String(slot + 1).padStart(2, "0")}` },
    container,
    phase: unit(own, 4),
    trueThs,
    trueW: (trueThs * model.powerW * (1 + 0.012 * spread(own, 5))) / model.hashrateThs,
    warmth: Array.from({ length: model.boards }, (_, board) => 1 + 0.025 * spread(own, 30 + board)),
    fanSpread: Array.from({ length: model.fans }, (_, fan) => 1 + 0.01 * spread(own, 40 + fan)),
    slotC: (2.2 * slot) / Math.max(1, slots - 1),
    powerBias: 0.006 * spread(own, 6),
    hwRate: 0.002 * (0.5 + unit(own, 7)),
    shareDifficulty: shareDifficulty(model.hashrateThs),
    poolUrls: ["stratum+tcp://pool-one.example:3333", "stratum+tcp://pool-two.example:3333"],
    worker: `${site}.${rig}`,
  };
};

/** Builds a farm of `rigs` rigs; the same seed, site and number give the same farm, and a larger farm begins with the smaller one's rigs. */
export const planFarm = (site: string, seed: number, rigs: number): FarmPlan => {
  if (!Number.isInteger(rigs) || rigs < 1 || rigs > 100_000) throw new RangeError(`rigs: must be an integer from 1 to 100000, is ${rigs}`);
  const { racks, slots } = sizes(rigs);
  const built = Array.from({ length: rigs }, (_, index) => buildRig(site, seed, index, racks, slots));
  const inContainer: number[][] = Array.from({ length: Math.ceil(rigs / (racks * slots)) }, () => []);
  for (const plan of built) inContainer[plan.container]?.push(plan.index);
  return {
    site,
    seed,
    containers: inContainer.map((_, container) => `C${container + 1}`),
    rigs: built,
    inContainer,
    nominalW: built.reduce((sum, plan) => sum + plan.model.powerW, 0),
  };
};
