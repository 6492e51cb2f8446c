/** What the rigs share: the weather, the air of their containers, the site's power. */
import { effectsOn } from "./effects.ts";
import { chargeAt, stepEnergy, type EnergyState } from "./energy.ts";
import { exp } from "./exact.ts";
import type { Fault } from "./families.ts";
import type { FarmPlan } from "./layout.ts";
import { weatherAt, type Weather } from "./weather.ts";
import type { RigState } from "./rig.ts";

export interface Surroundings {
  readonly atTs: number;
  readonly weather: Weather;
  /** Air at the intakes of each container, °C. */
  readonly airC: readonly number[];
  readonly energy: EnergyState;
}

const AIR_TAU_S = 240;
/** Below this the louvres let warm air back in. */
const LOUVRE_C = 15;
const WARMING_C = 2.5;

const withHeat = (weather: Weather, farm: FarmPlan, faults: readonly Fault[], ts: number): Weather => {
  let { ambientC } = weather;
  const first = farm.rigs[0];
  for (const fault of faults) {
    if (fault.family !== "heat-wave" || first === undefined) continue;
    const { heat } = effectsOn(first, [fault], ts);
    if (heat !== null) ambientC = Math.max(ambientC, ambientC + (heat.peakC - ambientC) * heat.share);
  }
  return ambientC === weather.ambientC ? weather : { ...weather, ambientC };
};

const airTowards = (ambientC: number, load: number): number => {
  const free = ambientC + 1 + WARMING_C * load;
  return free < LOUVRE_C ? LOUVRE_C - (LOUVRE_C - free) * 0.25 * load : free;
};

const loadsOf = (farm: FarmPlan, rigs: readonly RigState[]): { loads: number[]; totalW: number } => {
  let totalW = 0;
  const loads = farm.inContainer.map((indexes) => {
    let watts = 0;
    let nominal = 0;
    for (const index of indexes) {
      watts += rigs[index]?.powerW ?? 0;
      nominal += farm.rigs[index]?.nameplate.powerW ?? 0;
    }
    totalW += watts;
    return nominal > 0 ? watts / nominal : 0;
  });
  return { loads, totalW };
};

/** The surroundings at `ts` as they would be after a day like this one. */
export const settledSurroundings = (farm: FarmPlan, rigs: readonly RigState[], faults: readonly Fault[], ts: number): Surroundings => {
  const weather = withHeat(weatherAt(farm.seed, ts), farm, faults, ts);
  const { loads, totalW } = loadsOf(farm, rigs);
  return {
    atTs: ts,
    weather,
    airC: loads.map((load) => airTowards(weather.ambientC, load)),
    energy: stepEnergy(farm.seed, farm.nominalW, weather, totalW, chargeAt(ts), 0, ts),
  };
};

/** Lets the surroundings go on to `toTs` with the rigs as they stand; the meter shows their true power. */
export const stepSurroundings = (
  farm: FarmPlan,
  before: Surroundings,
  rigs: readonly RigState[],
  faults: readonly Fault[],
  toTs: number,
): Surroundings => {
  const weather = withHeat(weatherAt(farm.seed, toTs), farm, faults, toTs);
  const { loads, totalW } = loadsOf(farm, rigs);
  const kept = exp(-(toTs - before.atTs) / 1_000 / AIR_TAU_S);
  return {
    atTs: toTs,
    weather,
    airC: loads.map((load, container) => {
      const towards = airTowards(weather.ambientC, load);
      return towards + ((before.airC[container] ?? towards) - towards) * kept;
    }),
    energy: stepEnergy(farm.seed, farm.nominalW, weather, totalW, before.energy.charge, toTs - before.energy.atTs, toTs),
  };
};
