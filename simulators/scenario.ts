/** Scenarios: small JSON files that say which faults happen when. Checked by hand, so that every complaint names its field. */
import { durationOf } from "./duration.ts";
import { FAMILIES, type Family, type Setting, type Settings } from "./plant/families.ts";
import { gatewayName, planFarm } from "./plant/layout.ts";
import { scheduleOf, type PlannedFault, type Scenario, type ScoreSpan, type Selector } from "./plant/schedule.ts";

export type { Scenario } from "./plant/schedule.ts";

/** A scenario that cannot be used; `complaints` has one line a fault, each beginning with the field's path. */
export class ScenarioInvalid extends Error {
  readonly complaints: readonly string[];
  constructor(complaints: readonly string[]) {
    super(`scenario: ${complaints.join("; ")}`);
    this.name = "ScenarioInvalid";
    this.complaints = complaints;
  }
}

type Complain = (path: string, what: string) => void;
type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
const isWhole = (value: unknown, least: number): value is number => Number.isInteger(value) && (value as number) >= least;

const duration = (value: unknown, path: string, least: number, complain: Complain): number => {
  const ms = typeof value === "string" ? durationOf(value) : null;
  if (ms === null) complain(path, `must be a duration such as "90s" or "1h30m", is ${JSON.stringify(value)}`);
  else if (ms < least) complain(path, `must be at least ${least} ms, is ${JSON.stringify(value)}`);
  return ms ?? 0;
};

const selector = (value: unknown, path: string, complain: Complain): Selector => {
  if (value === undefined || value === "all") return "all";
  if (Array.isArray(value) && value.length > 0 && value.every((number) => isWhole(number, 1))) return value as number[];
  if (isFields(value) && Object.keys(value).length === 1) {
    const { count, share, container, rack } = value;
    if (isWhole(count, 1)) return { count };
    if (typeof share === "number" && share > 0 && share <= 1) return { share };
    if (isWhole(container, 1)) return { container };
    if (isWhole(rack, 1)) return { rack };
  }
  complain(
    path,
    `must be "all", a list of rig numbers from 1, {"count": n}, {"share": 0 to 1}, {"container": n} or {"rack": n}, is ${JSON.stringify(value)}`,
  );
  return "all";
};

const setting = (kind: Setting, value: unknown, path: string, complain: Complain): number | string => {
  if (value === undefined) return kind.default;
  if (kind.kind === "choice") {
    if (typeof value === "string" && kind.of.includes(value)) return value;
    complain(path, `must be one of ${kind.of.map((choice) => `"${choice}"`).join(", ")}, is ${JSON.stringify(value)}`);
    return kind.default;
  }
  const number = kind.kind === "duration" ? (typeof value === "string" ? durationOf(value) : null) : value;
  const whole = kind.kind === "number" && kind.whole === true;
  if (typeof number === "number" && number >= kind.least && number <= kind.most && (!whole || Number.isInteger(number))) return number;
  const unit = kind.kind === "duration" ? "duration in ms" : whole ? "whole number" : "number";
  complain(path, `must be a ${unit} from ${kind.least} to ${kind.most}, is ${JSON.stringify(value)}`);
  return kind.default;
};

const PLACING = ["family", "rigs", "at", "for", "every"];

const plannedFault = (value: unknown, path: string, complain: Complain): PlannedFault | null => {
  if (!isFields(value)) return (complain(path, "must be an object"), null);
  const family = value["family"];
  if (typeof family !== "string" || !Object.hasOwn(FAMILIES, family)) {
    complain(`${path}.family`, `must be one of ${Object.keys(FAMILIES).join(", ")}, is ${JSON.stringify(family)}`);
    return null;
  }
  const kinds: Readonly<Record<string, Setting>> = FAMILIES[family as Family];
  for (const name of Object.keys(value))
    if (!PLACING.includes(name) && !Object.hasOwn(kinds, name)) complain(`${path}.${name}`, `is not a setting of ${family}`);
  const settings: Record<string, number | string> = {};
  for (const [name, kind] of Object.entries(kinds)) settings[name] = setting(kind, value[name], `${path}.${name}`, complain);
  const forMs = duration(value["for"], `${path}.for`, 1_000, complain);
  const everyMs = value["every"] === undefined ? null : duration(value["every"], `${path}.every`, 1_000, complain);
  if (everyMs !== null && everyMs < forMs) complain(`${path}.every`, "must not be shorter than for");
  return {
    family: family as Family,
    rigs: selector(value["rigs"], `${path}.rigs`, complain),
    atMs: duration(value["at"], `${path}.at`, -Infinity, complain),
    forMs,
    everyMs,
    settings: settings as Settings,
  };
};

const SCORE: ScoreSpan = { rigs: 60, forMs: 3_600_000, intervalMs: 10_000 };
const LONGEST_MS = 366 * 86_400_000;

const scoreSpan = (value: unknown, complain: Complain): ScoreSpan => {
  if (value === undefined) return SCORE;
  if (!isFields(value)) return (complain("score", "must be an object"), SCORE);
  for (const name of Object.keys(value)) if (!["rigs", "for", "interval"].includes(name)) complain(`score.${name}`, "is not known");
  const { rigs = SCORE.rigs, for: lasts, interval } = value;
  if (!isWhole(rigs, 1)) complain("score.rigs", `must be a whole number from 1, is ${JSON.stringify(rigs)}`);
  const forMs = lasts === undefined ? SCORE.forMs : duration(lasts, "score.for", 1_000, complain);
  if (forMs > LONGEST_MS) complain("score.for", `must be at most 366d, is ${JSON.stringify(lasts)}`);
  const intervalMs = interval === undefined ? SCORE.intervalMs : duration(interval, "score.interval", 100, complain);
  return { rigs: Number(rigs), forMs, intervalMs };
};

/** Checks a scenario's JSON value. Throws ScenarioInvalid with every complaint at once. */
export const parseScenario = (value: unknown): Scenario => {
  const complaints: string[] = [];
  const complain: Complain = (path, what) => void complaints.push(`${path}: ${what}`);
  if (!isFields(value)) throw new ScenarioInvalid(["(whole): must be an object"]);
  for (const name of Object.keys(value)) if (!["name", "says", "start", "score", "faults"].includes(name)) complain(name, "is not known");
  const { name, says, start = "warm", faults } = value;
  if (typeof name !== "string" || !/^[a-z][a-z0-9-]{0,40}$/.test(name)) complain("name", "must be lower-case letters, digits and dashes");
  if (typeof says !== "string" || says.length === 0 || says.length > 300) complain("says", "must be a sentence of at most 300 letters");
  if (start !== "warm" && start !== "cold") complain("start", `must be "warm" or "cold", is ${JSON.stringify(start)}`);
  if (!Array.isArray(faults)) complain("faults", "must be a list");
  const span = scoreSpan(value["score"], complain);
  const planned = (Array.isArray(faults) ? faults : []).map((fault, index) => plannedFault(fault, `faults[${index}]`, complain));
  if (complaints.length > 0) throw new ScenarioInvalid(complaints);
  return {
    name: String(name),
    says: String(says),
    start: start === "cold" ? "cold" : "warm",
    score: span,
    faults: planned.filter((fault) => fault !== null),
  };
};

/** One injected fault on one rig: what a detector ought to find. */
export interface TruthRow {
  readonly rig: string;
  readonly family: Family;
  /** What happened: rows of the same cause are one happening that hit several rigs, and ought to be one incident. */
  readonly cause: string;
  /** What else an alarm of it may be raised on: the rig's gateway, container, rack (`C1/R1`), PDU and the site. */
  readonly within: readonly string[];
  readonly fromTs: number;
  readonly toTs: number;
  readonly settings: Settings;
}

export interface TruthOptions {
  readonly site: string;
  readonly seed: number;
  readonly rigs: number;
  /** Time 0 of the scenario, ms UTC. */
  readonly startTs: number;
  /** Faults that begin at or after it are left out, ms UTC. */
  readonly toTs: number;
}

/** Every injected fault up to `toTs`, a row for each rig it takes, in time order. */
export const truthOf = (scenario: Scenario, { site, seed, rigs, startTs, toTs }: TruthOptions): TruthRow[] => {
  const farm = planFarm(site, seed, rigs);
  return scheduleOf(
    scenario,
    farm,
    startTs,
  )(-Number.MAX_SAFE_INTEGER, toTs)
    .flatMap(({ family, id, shared, rigs: hit, fromTs, toTs: endTs, settings }) =>
      hit.flatMap((index): TruthRow[] => {
        const plan = farm.rigs[index];
        if (plan === undefined) return [];
        const { rig, position, pdu } = plan;
        return [
          {
            rig,
            family,
            cause: shared ? id : `${id}/${rig}`,
            within: [gatewayName(plan.container), position.container, `${position.container}/${position.rack}`, pdu, site],
            fromTs,
            toTs: endTs,
            settings,
          },
        ];
      }),
    )
    .sort((a, b) => a.fromTs - b.fromTs || (a.rig < b.rig ? -1 : a.rig > b.rig ? 1 : 0));
};
