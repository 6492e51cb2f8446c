/** A park of fake machines: the plant's rigs, each behind the firmware it has, on an address of its own. */
import { startPlant, stepPlant, readingsOf, type Plant } from "../plant/plant.ts";
import type { NativeMeasured } from "../plant/native.ts";
import type { RigPlan } from "../plant/layout.ts";
import type { Scenario } from "../plant/schedule.ts";
import { noOrders, type Device, type Dialect } from "./device.ts";
import { antminer } from "./dialects/antminer.ts";
import { avalon } from "./dialects/avalon.ts";
import { axeos } from "./dialects/axeos.ts";
import { braiins } from "./dialects/braiins.ts";
import { luxos } from "./dialects/luxos.ts";
import { vnish } from "./dialects/vnish.ts";
import { whatsminer } from "./dialects/whatsminer.ts";
import { whatsminer3 } from "./dialects/whatsminer3.ts";
import { serve, type Manners, type Ports, type Served } from "./serve.ts";

export const DIALECTS: Readonly<Record<string, Dialect>> = Object.fromEntries(
  [antminer, braiins, luxos, vnish, whatsminer, whatsminer3, avalon, axeos].map((dialect) => [dialect.name, dialect]),
);

/** What its maker and its firmware's name say it speaks; every ninth rig stands for a VNish, every tenth for a Bitaxe, which the plant does not build. */
export const dialectOf = ({ identity, index }: RigPlan): Dialect => {
  if (identity.make === "Canaan") return avalon;
  if (identity.make === "MicroBT") return (identity.firmware ?? "") >= "2025" ? whatsminer3 : whatsminer;
  if (index % 10 === 9) return axeos;
  if (index % 9 === 8) return vnish;
  if (/braiins/i.test(identity.firmware ?? "")) return braiins;
  return /lux/i.test(identity.firmware ?? "") ? luxos : antminer;
};

const numberOf = (host: string): number => host.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
/** The n-th address after the first; .0 and .255 are left out. */
export const hostAt = (first: string, n: number): string => {
  let address = numberOf(first);
  for (let left = n; left > 0 || address % 256 === 0 || address % 256 === 255; address += 1)
    if (address % 256 !== 0 && address % 256 !== 255) left -= 1;
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
};

export interface ParkOptions {
  readonly rigs: number;
  readonly seed: number;
  readonly scenario: Scenario;
  readonly firstHost: string;
  readonly ports: Ports;
  readonly manners: Manners;
  readonly now: () => number;
  /** One dialect for all. */
  readonly dialect?: Dialect;
}

const STEP_MS = 5_000;

/** Opens them all. Rejects with what the system says of the first address that cannot be had. */
export const openPark = async (
  options: ParkOptions,
): Promise<{ readonly served: readonly Served[]; readonly close: () => Promise<void> }> => {
  const { now } = options;
  let plant: Plant = startPlant({ site: "devices", seed: options.seed, rigs: options.rigs, scenario: options.scenario, startTs: now() });
  let shown = new Map<string, NativeMeasured>(readingsOf(plant).map(({ rig, m }) => [rig, m]));
  const timer = setInterval(() => {
    plant = stepPlant(plant, now());
    shown = new Map(readingsOf(plant).map(({ rig, m }) => [rig, m]));
  }, STEP_MS);
  const served: Served[] = [];
  const close = async (): Promise<void> => {
    clearInterval(timer);
    await Promise.all(served.map((one) => one.close()));
  };
  try {
    for (const plan of plant.farm.rigs) {
      const device: Device = {
        host: hostAt(options.firstHost, plan.index),
        plan,
        orders: noOrders(),
        shown: () => shown.get(plan.rig) ?? null,
        now,
      };
      served.push(await serve(device, options.dialect ?? dialectOf(plan), options.ports, options.manners));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { served, close };
};
