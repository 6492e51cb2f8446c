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

/** Whether that firmware is made for that machine. */
const fits = ({ name }: Dialect, { identity: { make } }: RigPlan): boolean =>
  name === "avalon" ? make === "Canaan" : name.startsWith("whatsminer") ? make === "MicroBT" : name === "axeos" || make === "Bitmain";

const MOST_RIGS = 50_000;
/** A plant in which so many rigs can speak the dialect, and those; any rig where none is given. */
const plantFor = ({ rigs, seed, scenario, dialect, now }: ParkOptions): { readonly plant: Plant; readonly plans: readonly RigPlan[] } => {
  for (let built = rigs; ; built = Math.min(MOST_RIGS, built * 4)) {
    const plant = startPlant({ site: "devices", seed, rigs: built, scenario, startTs: now() });
    const plans = plant.farm.rigs.filter((plan) => dialect === undefined || fits(dialect, plan)).slice(0, rigs);
    if (plans.length === rigs || built === MOST_RIGS) return { plant, plans };
  }
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
  const { plant: first, plans } = plantFor(options);
  let plant = first;
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
    for (const [n, plan] of plans.entries()) {
      const device: Device = {
        host: hostAt(options.firstHost, n),
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
