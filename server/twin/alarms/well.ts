/**
 * Whether a rig is plainly well: so far from every rule's condition that none of them can hold. Nearly every reading is such, and a
 * single look at what it says costs a third of asking two dozen rules. Cautious: where it says no, the rules are asked, and where it
 * says yes, none of them would have spoken; a test asks both over every recording.
 */
import type { BoardReading } from "../reading.ts";
import type { AlarmKind } from "./kinds.ts";
import {
  EQUAL_COUNT,
  NONE,
  OWN_MEAN,
  OWN_MEDIAN,
  QUIET_SINCE_TS,
  REJECTED_PART,
  SENSOR_COUNT,
  SENSOR_SIZE,
  SENSORS,
  type Figures,
} from "./figures.ts";
import { MINUTE, type Case, type Numbers, type Rule } from "./rule.ts";
import { FROZEN_READINGS } from "./rules-parts.ts";
import { floorAt, LIGHT_LOAD } from "./rules-power.ts";

/** The thresholds of the site that a look needs, made once for all rigs. */
export interface WellLimits {
  readonly lowPct: number;
  readonly ownPct: number;
  readonly starts: number;
  readonly hotAddC: number;
  readonly intakeAddC: number;
  readonly slowFanPct: number;
  readonly missingChipsPct: number;
  readonly quietMs: number;
  readonly rejectedPct: number;
  readonly jthAbovePct: number;
  readonly mostPct: number;
}
/** Of the rules as a site has set them; one that is off is looked at as it comes, which asks the others in vain at worst. */
export const wellLimitsOf = (sets: readonly { readonly rule: Pick<Rule, "kind">; readonly numbers: Numbers }[]): WellLimits => {
  const of = (kind: AlarmKind, name: string, standard: number): number =>
    sets.find(({ rule }) => rule.kind === kind)?.numbers[name] ?? standard;
  return {
    lowPct: of("low-hashrate", "raisePct", 75),
    ownPct: of("below-own", "belowPct", 90),
    starts: of("restarts", "starts", 3),
    hotAddC: of("too-hot", "addC", 0),
    intakeAddC: of("intake-hot", "addC", 0),
    slowFanPct: of("fan-slow", "belowPct", 70),
    missingChipsPct: of("chips-missing", "missingPct", 1),
    quietMs: of("pool-dead", "quietMin", 15) * MINUTE,
    rejectedPct: of("rejects", "rejectedPct", 5),
    jthAbovePct: of("inefficient", "abovePct", 15),
    mostPct: of("implausible", "mostPct", 125),
  };
};

const fansAreWell = ({ fans }: Case["twin"]["latest"], slowFanPct: number): boolean => {
  let fastest = 0;
  let slowest = Infinity;
  for (let i = 0; i < fans.length; i++) {
    const rpm = fans[i]?.rpm ?? null;
    if (rpm === null) continue;
    if (rpm === 0) return false;
    if (rpm > fastest) fastest = rpm;
    if (rpm < slowest) slowest = rpm;
  }
  return fastest === 0 || 100 * slowest >= slowFanPct * fastest;
};

const boardsAreWell = ({ twin, watch, model }: Case, missingChipsPct: number): boolean => {
  const { boards, intakeC } = twin.latest;
  const listed = model !== null && !model.chipsVary ? model.nameplate.chips : 0;
  if (boards.length > 0 && boards.length < Math.max(twin.nameplate?.boards ?? 0, watch.mostBoards)) return false;
  for (let i = 0; i < boards.length; i++) {
    const { index, chips, expectedChips, hashrateThs, boardC, chipC } = boards[i] as BoardReading;
    if (hashrateThs !== null && hashrateThs <= 0) return false;
    if (chips !== null) {
      const told = expectedChips ?? 0;
      const expected = told > 0 ? told : Math.max(listed, watch.mostChips[index] ?? 0);
      if (chips === 0 || expected - chips > (expected * missingChipsPct) / 100) return false;
    }
    if (boardC !== null && ((chipC !== null && chipC < boardC - 3) || (intakeC !== null && boardC < intakeC - 3))) return false;
  }
  return true;
};

const isCool = ({ twin, limits }: Case, { hotAddC, intakeAddC }: WellLimits): boolean => {
  const { boardC, chipC, psuC, intakeC } = twin.latest;
  return (
    (boardC === null || boardC < limits.boardC + hotAddC) &&
    (chipC === null || chipC < limits.chipC + hotAddC) &&
    (psuC === null || limits.psuC === null || psuC < limits.psuC) &&
    (intakeC === null || (intakeC < limits.intakeC + intakeAddC && (boardC === null || boardC <= 45 || intakeC <= boardC - 2)))
  );
};

const sensorsAreWell = (figures: Figures, isFine: boolean): boolean => {
  if ((figures[EQUAL_COUNT] as number) >= FROZEN_READINGS) return false;
  if (isFine)
    for (let at = SENSORS + SENSOR_COUNT; at < figures.length; at += SENSOR_SIZE)
      if ((figures[at] as number) >= FROZEN_READINGS) return false;
  return true;
};

const worksWell = ({ twin, targetThs }: Case, { lowPct, jthAbovePct, mostPct }: WellLimits): boolean => {
  const { hashrateThs, powerW } = twin.latest;
  const { nameplate } = twin;
  if (hashrateThs === null || targetThs === null || hashrateThs * 100 < targetThs * lowPct || hashrateThs <= 0.01 * targetThs) return false;
  if (nameplate === null) return true;
  const load = hashrateThs / nameplate.hashrateThs;
  if (100 * load > mostPct) return false;
  if (powerW === null || powerW <= 0 || load < LIGHT_LOAD) return true;
  const part = powerW / hashrateThs / (nameplate.powerW / nameplate.hashrateThs);
  // A hair's breadth of caution, since the rules count in another order.
  return 100 * (part - 1) < jthAbovePct - 1e-6 && part > floorAt(load) + 1e-6;
};

const poolsAreWell = ({ twin, watch, nowTs }: Case, { quietMs, rejectedPct }: WellLimits): boolean => {
  const { pools, accepted } = twin.latest;
  const { figures, pool } = watch;
  if (pools.length > 0 && pools[0]?.alive === false) return false;
  const rejected = figures[REJECTED_PART] as number;
  return (
    (pool === null || pool.isKnown) &&
    (rejected === NONE || 100 * rejected < rejectedPct) &&
    (accepted === null || nowTs - (figures[QUIET_SINCE_TS] as number) <= quietMs)
  );
};

const givesAsUsual = (figures: Figures, ownPct: number): boolean => {
  const mean = figures[OWN_MEAN] as number;
  const median = figures[OWN_MEDIAN] as number;
  return mean === NONE || median <= 0 || 100 * mean > ownPct * median + 1e-6;
};

/** Whether no rule that is asked with a reading can hold. */
export const isPlainlyWell = (of: Case, limits: WellLimits): boolean => {
  const { twin, watch } = of;
  const { latest } = twin;
  if (latest.mode === "fault" || latest.errors.length > 0 || watch.wokenTs !== null || watch.drift.isNear) return false;
  for (const _ in twin.quality) return false;
  return (
    watch.starts.length < limits.starts &&
    worksWell(of, limits) &&
    isCool(of, limits) &&
    fansAreWell(latest, limits.slowFanPct) &&
    boardsAreWell(of, limits.missingChipsPct) &&
    sensorsAreWell(watch.figures, watch.isFine) &&
    poolsAreWell(of, limits) &&
    givesAsUsual(watch.figures, limits.ownPct)
  );
};
