/** Curtailment as the rigs themselves tell it: stretches in which several say that they are paused, and what that saved. */
import { DAY_MS } from "../days.ts";
import { SLOT_MS } from "../rig-day.ts";
import type { DayUse } from "./use.ts";

/** Fewer paused at once is a repair, not a curtailment. */
export const LEAST_RIGS = 2;
const SLOT_H = SLOT_MS / 3_600_000;

export interface Curtailment {
  readonly fromTs: number;
  readonly toTs: number;
  /** Most rigs paused at once. */
  readonly rigs: number;
  /** Against what the same rigs drew when they hashed that day; 0 where they did not hash that day at all. */
  readonly avoidedKwh: number;
  /** At the price of those minutes; null where none is known for some of them. */
  readonly saved: number | null;
  readonly savedKgco2e: number | null;
  readonly forgoneThH: number;
}

/** Stretches of days that follow one another, oldest first; one over midnight is one. */
export const curtailmentsIn = (days: readonly DayUse[]): Curtailment[] => {
  const found: Curtailment[] = [];
  for (const { day, site } of days)
    site.pausedRigs.forEach((rigs, slot) => {
      if (rigs < LEAST_RIGS) return;
      const fromTs = day * DAY_MS + slot * SLOT_MS;
      const kwh = ((site.avoidedW[slot] ?? 0) / 1_000) * SLOT_H;
      const [price, carbon] = [site.pricePerKwh[slot] ?? null, site.gco2ePerKwh[slot] ?? null];
      const last = found.at(-1);
      const goesOn = last !== undefined && last.toTs === fromTs;
      const before = goesOn ? last : { fromTs, rigs: 0, avoidedKwh: 0, saved: 0, savedKgco2e: 0, forgoneThH: 0 };
      if (goesOn) found.pop();
      found.push({
        fromTs: before.fromTs,
        toTs: fromTs + SLOT_MS,
        rigs: Math.max(before.rigs, rigs),
        avoidedKwh: before.avoidedKwh + kwh,
        saved: before.saved === null || price === null ? null : before.saved + kwh * price,
        savedKgco2e: before.savedKgco2e === null || carbon === null ? null : before.savedKgco2e + (kwh * carbon) / 1_000,
        forgoneThH: before.forgoneThH + (site.forgoneThs[slot] ?? 0) * SLOT_H,
      });
    });
  return found;
};
