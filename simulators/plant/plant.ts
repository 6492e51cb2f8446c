/** The whole farm as one value: `startPlant`, then `stepPlant` as often as you like. Time is handed in; the same calls give the same plant. */
import { effectsOn } from "./effects.ts";
import type { Fault } from "./families.ts";
import { planFarm, type FarmPlan } from "./layout.ts";
import { bootId, birthOf, energyOf, measuredOf } from "./reading.ts";
import { darkRig, runningRig, stepRig, type RigState } from "./rig.ts";
import { byRig, scheduleOf, type Scenario, type Schedule } from "./schedule.ts";
import { settledSurroundings, stepSurroundings, type Surroundings } from "./surroundings.ts";
import type { NativeBirth, NativeEnergy, NativeMeasured, NativeState } from "./native.ts";

export interface Plant {
  readonly farm: FarmPlan;
  readonly schedule: Schedule;
  /** When it began, ms UTC. */
  readonly startTs: number;
  readonly atTs: number;
  readonly surroundings: Surroundings;
  readonly rigs: readonly RigState[];
}

export interface PlantOptions {
  readonly site: string;
  readonly seed: number;
  readonly rigs: number;
  readonly scenario: Scenario;
  /** ms UTC. */
  readonly startTs: number;
  /** Time 0 of the scenario's faults, ms UTC; the start where it is not given. */
  readonly faultsFromTs?: number;
}

const SETTLE_MS = 600_000;
const STEP_MS = 10_000;

/** A farm at `startTs`, its rigs settled at their temperatures (or dark, where the scenario starts cold). Throws RangeError for a wrong number of rigs. */
export const startPlant = ({ site, seed, rigs: count, scenario, startTs, faultsFromTs = startTs }: PlantOptions): Plant => {
  const farm = planFarm(site, seed, count);
  const schedule = scheduleOf(scenario, farm, faultsFromTs);
  const faults = schedule(startTs, startTs + 1);
  if (scenario.start === "cold") {
    const rigs = farm.rigs.map((plan) => darkRig(plan, startTs, 15));
    return { farm, schedule, startTs, atTs: startTs, surroundings: settledSurroundings(farm, rigs, faults, startTs), rigs };
  }
  const rough = farm.rigs.map((plan) => runningRig(plan, startTs));
  const { airC } = settledSurroundings(farm, rough, faults, startTs);
  const rigs = farm.rigs.map((plan) => {
    const fresh = runningRig(plan, startTs);
    const settled = stepRig(
      plan,
      { ...fresh, atTs: startTs - SETTLE_MS },
      airC[plan.container] ?? 20,
      effectsOn(plan, [], startTs),
      startTs,
    );
    return {
      ...settled,
      accepted: fresh.accepted,
      rejected: fresh.rejected,
      stale: fresh.stale,
      boards: settled.boards.map((board, i) => ({ ...board, hwErrors: fresh.boards[i]?.hwErrors ?? 0 })),
    };
  });
  return { farm, schedule, startTs, atTs: startTs, surroundings: settledSurroundings(farm, rigs, faults, startTs), rigs };
};

/** Lets the farm run to `toTs`; gives a new plant and leaves the old as it was. */
export const stepPlant = (plant: Plant, toTs: number): Plant => {
  let { surroundings, rigs, atTs } = plant;
  while (atTs < toTs) {
    const next = Math.min(toTs, atTs + STEP_MS);
    const faults = plant.schedule(atTs, next + 1);
    const mine = byRig(faults);
    surroundings = stepSurroundings(plant.farm, surroundings, rigs, faults, next);
    const { airC } = surroundings;
    rigs = rigs.map((state, index) => {
      const plan = plant.farm.rigs[index];
      return plan === undefined ? state : stepRig(plan, state, airC[plan.container] ?? 20, effectsOn(plan, mine.get(index), next), next);
    });
    atTs = next;
  }
  return { ...plant, surroundings, rigs, atTs };
};

const faultsNow = (plant: Plant): ReadonlyMap<number, readonly Fault[]> => byRig(plant.schedule(plant.atTs, plant.atTs + 1));

/** Whether a rig's control board answers. */
export const answers = (state: RigState): boolean => state.activity !== "off" && state.activity !== "booting";

/** What every rig that answers says at this moment, as `m` of our own dialect. */
export const readingsOf = (plant: Plant): { rig: string; ts: number; m: NativeMeasured }[] => {
  const mine = faultsNow(plant);
  return plant.rigs.flatMap((state, index) => {
    const plan = plant.farm.rigs[index];
    if (plan === undefined || !answers(state)) return [];
    const effects = effectsOn(plan, mine.get(index), plant.atTs);
    return [{ rig: plan.rig, ts: plant.atTs + effects.skewMs, m: measuredOf(plan, state, effects) }];
  });
};

/** Every rig's birth message. */
export const birthsOf = (plant: Plant): { rig: string; birth: NativeBirth }[] =>
  plant.farm.rigs.map((plan, index) => ({
    rig: plan.rig,
    birth: birthOf(plan, bootId(plant.farm.seed, plant.startTs, plan.rig, plant.rigs[index]?.boots ?? 0), plant.atTs),
  }));

/** Every rig's state message. */
export const statesOf = (plant: Plant): { rig: string; state: NativeState }[] =>
  plant.farm.rigs.map((plan, index) => {
    const state = plant.rigs[index];
    return { rig: plan.rig, state: { v: 1, ts: plant.atTs, state: state !== undefined && answers(state) ? "online" : "lost" } };
  });

/** What the site's meter says. */
export const meterOf = (plant: Plant): NativeEnergy["m"] => energyOf(plant.surroundings.energy, plant.surroundings.weather);
