/** Which faults are on when, and on whom. */
import { mix } from "./chance.ts";
import type { Family, Fault, Settings } from "./families.ts";
import type { FarmPlan } from "./layout.ts";

/**
 * Whom a fault takes: everyone, rigs by their 1-based numbers, so many or such a share by lot, or a container or a rack by its 1-based
 * number. Everyone, a container and a rack are taken by one cause together.
 */
export type Selector =
  | "all"
  | readonly number[]
  | { readonly count: number }
  | { readonly share: number }
  | { readonly container: number }
  | { readonly rack: number };

/** A fault as a scenario plans it; times are relative to the scenario's start. */
export interface PlannedFault {
  readonly family: Family;
  readonly rigs: Selector;
  readonly atMs: number;
  readonly forMs: number;
  /** Comes again after this long, on others where they are drawn by lot; null: once. */
  readonly everyMs: number | null;
  readonly settings: Settings;
}

/** How long it is best scored, and on what. */
export interface ScoreSpan {
  readonly rigs: number;
  readonly forMs: number;
  readonly intervalMs: number;
}

export interface Scenario {
  readonly name: string;
  /** One sentence for people. */
  readonly says: string;
  /** Whether the rigs have been running for days, or are switched on at the start. */
  readonly start: "warm" | "cold";
  readonly score: ScoreSpan;
  readonly faults: readonly PlannedFault[];
}

/** The faults that touch `fromTs` ≤ t < `toTs`, in the scenario's order. */
export type Schedule = (fromTs: number, toTs: number) => Fault[];

const MOST_KEPT = 1_000;
const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** `count` different rigs from the `start`th of a shuffled row; another `occurrence` shuffles anew. */
const byLot = (farm: FarmPlan, occurrence: number, start: number, count: number): number[] => {
  const rigs = farm.rigs.length;
  let stride = Math.max(1, Math.floor(rigs * 0.618));
  while (gcd(stride, rigs) !== 1) stride++;
  const first = mix(farm.seed ^ 0x2f0b4c47, occurrence) % rigs;
  return Array.from({ length: Math.min(rigs, count) }, (_, j) => (first + (start + j) * stride) % rigs).sort((a, b) => a - b);
};

const countOf = (selector: Selector, farm: FarmPlan): number => {
  if (selector === "all" || Array.isArray(selector)) return 0;
  return "count" in selector ? selector.count : "share" in selector ? Math.max(1, Math.round(selector.share * farm.rigs.length)) : 0;
};

const isShared = (selector: Selector): boolean => selector === "all" || "container" in selector || "rack" in selector;

const chosen = (farm: FarmPlan, selector: Selector, occurrence: number, start: number): readonly number[] => {
  if (selector === "all") return farm.rigs.map((plan) => plan.index);
  if ("container" in selector) return farm.inContainer[selector.container - 1] ?? [];
  if ("rack" in selector) return farm.inRack[selector.rack - 1] ?? [];
  if ("count" in selector || "share" in selector) return byLot(farm, occurrence, start, countOf(selector, farm));
  return selector.map((number) => number - 1).filter((index) => index >= 0 && index < farm.rigs.length);
};

/** Plans a scenario on a farm, its time 0 at `startTs` (ms UTC). Rigs drawn by lot differ between the faults of one scenario as long as there are enough. */
export const scheduleOf = (scenario: Scenario, farm: FarmPlan, startTs: number): Schedule => {
  let drawn = 0;
  const starts = scenario.faults.map((fault) => {
    const start = drawn;
    drawn += countOf(fault.rigs, farm);
    return start;
  });
  const kept = new Map<string, Fault>();
  const occurrenceOf = (fault: PlannedFault, number: number, occurrence: number): Fault => {
    const key = `${number}:${occurrence}`;
    const known = kept.get(key);
    if (known !== undefined) return known;
    const fromTs = startTs + fault.atMs + occurrence * (fault.everyMs ?? 0);
    const rigs = chosen(farm, fault.rigs, occurrence, starts[number] ?? 0);
    const made: Fault = {
      family: fault.family,
      id: `${fault.family}-${number + 1}${fault.everyMs === null ? "" : `.${occurrence + 1}`}`,
      shared: isShared(fault.rigs),
      rigs,
      fromTs,
      toTs: fromTs + fault.forMs,
      settings: fault.settings,
    };
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(key, made);
    return made;
  };
  return (fromTs, toTs) => {
    const faults: Fault[] = [];
    scenario.faults.forEach((fault, number) => {
      const first = startTs + fault.atMs;
      const every = fault.everyMs;
      const least = every === null ? 0 : Math.max(0, Math.floor((fromTs - first - fault.forMs) / every));
      const most = every === null ? 0 : Math.floor((toTs - 1 - first) / every);
      for (let occurrence = least; occurrence <= most; occurrence++) {
        const made = occurrenceOf(fault, number, occurrence);
        if (made.fromTs < toTs && made.toTs > fromTs) faults.push(made);
      }
    });
    return faults;
  };
};

/** The same by rig number. */
export const byRig = (faults: readonly Fault[]): ReadonlyMap<number, readonly Fault[]> => {
  const map = new Map<number, Fault[]>();
  for (const fault of faults)
    for (const index of fault.rigs) {
      const known = map.get(index);
      if (known === undefined) map.set(index, [fault]);
      else known.push(fault);
    }
  return map;
};
