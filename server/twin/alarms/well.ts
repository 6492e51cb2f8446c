/**
 * Whether a rig is plainly well: so far from every rule's condition that none of them can hold. Nearly every reading is such, and a
 * single look at what it says costs a third of asking two dozen rules. Cautious: where it says no, the rules are asked, and where it
 * says yes, none of them would have spoken; a test asks both over every recording.
 */
import { BOARD, boardsAt, FAN, FANS, packed, PLACE, POOL, poolsAt, type PackedNumbers } from "../packed-measured.ts";
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

const fansAreWell = (numbers: PackedNumbers, slowFanPct: number): boolean => {
  let fastest = 0;
  let slowest = Infinity;
  const end = boardsAt(numbers);
  for (let at = FANS + 1 + FAN.rpm; at < end; at += FAN.width) {
    const rpm = numbers[at] as number;
    if (Number.isNaN(rpm)) continue;
    if (rpm === 0) return false;
    if (rpm > fastest) fastest = rpm;
    if (rpm < slowest) slowest = rpm;
  }
  return fastest === 0 || 100 * slowest >= slowFanPct * fastest;
};

// What nobody told is NaN, which is neither less nor more than anything.
const boardsAreWell = ({ twin, watch, model }: Case, numbers: PackedNumbers, missingChipsPct: number): boolean => {
  const listed = model !== null && !model.chipsVary ? model.nameplate.chips : 0;
  const intakeC = numbers[PLACE.intakeC] as number;
  const from = boardsAt(numbers);
  const count = numbers[from] as number;
  if (count > 0 && count < Math.max(twin.nameplate?.boards ?? 0, watch.mostBoards)) return false;
  for (let i = 0; i < count; i++) {
    const at = from + 1 + i * BOARD.width;
    if ((numbers[at + BOARD.hashrateThs] as number) <= 0) return false;
    const chips = numbers[at + BOARD.chips] as number;
    if (!Number.isNaN(chips)) {
      const told = numbers[at + BOARD.expectedChips] as number;
      const expected = told > 0 ? told : Math.max(listed, watch.mostChips[numbers[at] as number] ?? 0);
      if (chips === 0 || expected - chips > (expected * missingChipsPct) / 100) return false;
    }
    const boardC = numbers[at + BOARD.boardC] as number;
    if ((numbers[at + BOARD.chipC] as number) < boardC - 3 || boardC < intakeC - 3) return false;
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
  // Of a machine of which nobody knows what it should give, the rules say nothing either.
  if (targetThs === null) return nameplate === null;
  if (hashrateThs === null || hashrateThs * 100 < targetThs * lowPct || hashrateThs <= 0.01 * targetThs) return false;
  if (nameplate === null) return true;
  const load = hashrateThs / nameplate.hashrateThs;
  if (100 * load > mostPct) return false;
  if (powerW === null || powerW <= 0 || load < LIGHT_LOAD) return true;
  const part = powerW / hashrateThs / (nameplate.powerW / nameplate.hashrateThs);
  // A hair's breadth of caution, since the rules count in another order.
  return 100 * (part - 1) < jthAbovePct - 1e-6 && part > floorAt(load) + 1e-6;
};

const poolsAreWell = ({ twin, watch, nowTs }: Case, numbers: PackedNumbers, { quietMs, rejectedPct }: WellLimits): boolean => {
  const { accepted } = twin.latest;
  const { figures, pool } = watch;
  const first = poolsAt(numbers) + 1;
  if (first < numbers.length && numbers[first + POOL.alive] === 0) return false;
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
  const { numbers } = packed(latest);
  return (
    watch.starts.length < limits.starts &&
    worksWell(of, limits) &&
    isCool(of, limits) &&
    fansAreWell(numbers, limits.slowFanPct) &&
    boardsAreWell(of, numbers, limits.missingChipsPct) &&
    sensorsAreWell(watch.figures, watch.isFine) &&
    poolsAreWell(of, numbers, limits) &&
    givesAsUsual(watch.figures, limits.ownPct)
  );
};
