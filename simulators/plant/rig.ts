/**
 * One rig in motion: what it does, how hot it gets, what it takes and gives.
 * Figures behind it: an S19 Pro measured at 3,320 W warms its air by 15.7 °C; an S21 slows down above 40 °C of intake and stops
 * above 47 °C; a board runs about 35 °C above its intake at three quarters of fan speed, its hottest chip 13 °C above the board.
 */
import { mix, poisson, unit } from "./chance.ts";
import type { Effects } from "./effects.ts";
import { exp, power } from "./exact.ts";
import type { RigPlan } from "./layout.ts";

export type Activity = "off" | "booting" | "tuning" | "mining" | "paused" | "tripped";

export interface BoardState {
  readonly boardC: number;
  readonly hashrateThs: number;
  readonly powerW: number;
  /** Chips that answer. */
  readonly chips: number;
  readonly hwErrors: number;
}

/** What is, as opposed to what is reported. Plain data. */
export interface RigState {
  readonly atTs: number;
  /** Goes up with every step; the counter its chance is drawn by. */
  readonly steps: number;
  readonly activity: Activity;
  readonly sinceTs: number;
  /** Start of its control board, and how many it has had since the plant began. */
  readonly bootTs: number;
  readonly boots: number;
  /** Share of nominal frequency that heat leaves, 0.4 to 1. */
  readonly throttle: number;
  /** Share of nominal frequency it runs at, 0 where it does not hash. */
  readonly frequency: number;
  readonly fanPct: number;
  readonly flow: number;
  readonly intakeC: number;
  readonly hashrateThs: number;
  readonly averageThs: number;
  /** At the wall. */
  readonly powerW: number;
  readonly boards: readonly BoardState[];
  readonly accepted: number;
  readonly rejected: number;
  readonly stale: number;
  /** Of the accepted, those which the second pool took. */
  readonly backup: number;
  /** The pool that gets its shares, -1 where none answers. */
  readonly pool: number;
}

const STEP_MS = 10_000;
const BOOT_MS = 45_000;
const COOL_DOWN_MS = 180_000;
const CONTROL_W = 22;
const FAN_W = 18;
/** Board above intake with all air at full fan speed and nominal power, °C. */
const RISE_C = 27.8;
const BOARD_TAU_S = 90;
/** Board temperature at which power is nominal. */
const NOMINAL_C = 60;
/** Share of frequency taken away for each °C above the rig's throttle point. */
const THROTTLE_PER_C = 0.06;
const THROTTLE_TAU_S = 20;
const HOT_INTAKE_C = 40;
const TRIP_INTAKE_C = 48;
const LEAST_THROTTLE = 0.4;
const AVERAGE_TAU_S = 900;
/** A board that has lost all its work to wear leaks so much more power, and passes on its heat so much worse. */
const WORN_LEAKAGE = 0.25;
const WORN_WARMTH = 0.5;
/** Of difficulty one. */
const HASHES_A_SHARE = 4_294_967_296;
const REJECTED = 0.0012;
const STALE = 0.0018;

const relaxed = (value: number, towards: number, elapsedS: number, tauS: number): number =>
  towards + (value - towards) * exp(-elapsedS / tauS);
const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));
const hottest = (boards: readonly BoardState[]): number => boards.reduce((most, board) => Math.max(most, board.boardC), -100);

const activityAfter = (plan: RigPlan, before: RigState, effects: Effects, toTs: number): Activity => {
  if (!effects.powered) return "off";
  const lasted = toTs - before.sinceTs;
  switch (before.activity) {
    case "off":
      return "booting";
    case "booting":
      return lasted >= BOOT_MS ? (effects.paused ? "paused" : "tuning") : "booting";
    case "paused":
      return effects.paused ? "paused" : "tuning";
    case "tripped":
      return lasted >= COOL_DOWN_MS && hottest(before.boards) < 55 && before.intakeC < TRIP_INTAKE_C - 3 ? "tuning" : "tripped";
    default:
      if (effects.paused) return "paused";
      if (hottest(before.boards) >= plan.tripC || before.intakeC >= TRIP_INTAKE_C) return "tripped";
      return before.activity === "tuning" && lasted >= plan.tuneMs ? "mining" : before.activity;
  }
};

const throttleAfter = (plan: RigPlan, before: RigState, hottestC: number, elapsedS: number): number => {
  const hot = 1 - THROTTLE_PER_C * Math.max(0, hottestC - plan.throttleC);
  const stuffy = 1 - (0.15 * Math.max(0, before.intakeC - HOT_INTAKE_C)) / 7;
  const next = relaxed(before.throttle, clamp(Math.min(hot, stuffy), LEAST_THROTTLE, 1), elapsedS, THROTTLE_TAU_S);
  return next > 0.9995 ? 1 : next;
};

const fanAfter = (plan: RigPlan, before: RigState, activity: Activity, hottestC: number, elapsedS: number): number => {
  if (activity === "off") return 0;
  const wanted =
    activity === "booting" || activity === "paused"
      ? 20
      : activity === "tripped"
        ? 100
        : clamp(55 + 4 * (hottestC - plan.targetC), 25, 100);
  const most = 3 * elapsedS;
  return clamp(wanted, before.fanPct - most, before.fanPct + most);
};

const poolOf = (effects: Effects): number => effects.poolsAlive.indexOf(true);

const boardAfter = (
  plan: RigPlan,
  board: BoardState,
  index: number,
  effects: Effects,
  frequency: number,
  live: boolean,
  air: { intakeC: number; flow: number; elapsedS: number },
): BoardState => {
  const { nameplate } = plan;
  const chips = Math.floor(nameplate.chips * (effects.boards[index] ?? 1));
  const alive = chips / nameplate.chips;
  const nominalW = (plan.trueW - CONTROL_W - nameplate.fans * FAN_W * 0.35) / nameplate.boards;
  // Leakage grows with temperature; voltage comes down a little with frequency.
  const load = live && alive > 0 ? (frequency > 0 ? 0.06 + 0.94 * power(frequency, 1.25) : 0.12) : 0;
  const worn = effects.worn[index] ?? 0;
  const powerW = nominalW * alive * load * (1 + 0.0012 * (board.boardC - NOMINAL_C)) * (1 + WORN_LEAKAGE * worn);
  const warmth = (plan.warmth[index] ?? 1) * (1 + WORN_WARMTH * worn);
  const rise = (RISE_C * warmth * (powerW / nominalW)) / power(Math.max(0.06, air.flow), 0.8);
  const boardC = relaxed(board.boardC, air.intakeC + rise, air.elapsedS, BOARD_TAU_S);
  const hashrateThs = (plan.trueThs / nameplate.boards) * frequency * alive * (1 - worn);
  return { boardC, hashrateThs, powerW, chips, hwErrors: board.hwErrors };
};

const advance = (plan: RigPlan, before: RigState, airC: number, effects: Effects, toTs: number): RigState => {
  const elapsedS = (toTs - before.atTs) / 1_000;
  const steps = before.steps + 1;
  const activity = activityAfter(plan, before, effects, toTs);
  const booted = activity === "booting" && before.activity === "off";
  const sinceTs = activity === before.activity ? before.sinceTs : toTs;
  const hottestC = hottest(before.boards);
  const throttle = throttleAfter(plan, before, hottestC, elapsedS);
  const pool = poolOf(effects);
  const running = activity === "tuning" || activity === "mining";
  const tuned = activity === "tuning" ? 0.4 + 0.6 * Math.min(1, (toTs - sinceTs) / plan.tuneMs) : 1;
  const frequency = running && effects.working && pool >= 0 ? tuned * throttle * effects.limit : 0;
  const fanPct = fanAfter(plan, before, activity, hottestC, elapsedS);
  const flow = (effects.flow * fanPct) / 100;
  const intakeC = airC + plan.slotC + effects.intakeAddC;
  const air = { intakeC, flow, elapsedS };
  const boards = before.boards.map((board, index) => boardAfter(plan, board, index, effects, frequency, running, air));
  let hashrateThs = 0;
  let powerW = activity === "off" ? 0 : CONTROL_W + plan.nameplate.fans * FAN_W * (fanPct / 100) * (fanPct / 100) * (fanPct / 100);
  for (const board of boards) {
    hashrateThs += board.hashrateThs;
    powerW += board.powerW;
  }
  const draw = mix(plan.seed, steps);
  const shares = (hashrateThs * 1e12 * elapsedS) / (plan.shareDifficulty * HASHES_A_SHARE);
  const accepted = poisson(shares * (1 - REJECTED - STALE), draw, 1);
  const counted = booted
    ? {
        accepted: 0,
        rejected: 0,
        stale: 0,
        backup: 0,
        averageThs: 0,
        bootTs: toTs,
        boots: before.boots + 1,
        boards: boards.map((board) => ({ ...board, hwErrors: 0 })),
      }
    : {
        accepted: before.accepted + accepted,
        rejected: before.rejected + poisson(shares * REJECTED, draw, 2),
        stale: before.stale + poisson(shares * STALE, draw, 3),
        backup: before.backup + (pool === 1 ? accepted : 0),
        averageThs: relaxed(before.averageThs, hashrateThs, elapsedS, AVERAGE_TAU_S),
        bootTs: before.bootTs,
        boots: before.boots,
        boards: boards.map((board, index) =>
          withErrors(board, (shares / plan.nameplate.boards) * (plan.hwRate + (effects.worn[index] ?? 0)), draw, index),
        ),
      };
  return { atTs: toTs, steps, activity, sinceTs, throttle, frequency, fanPct, flow, intakeC, hashrateThs, powerW, pool, ...counted };
};

/** Chips err more when they are hot. */
const withErrors = (board: BoardState, mean: number, draw: number, index: number): BoardState => {
  const errors = poisson(mean * (board.boardC > 75 ? 1 + (board.boardC - 75) / 2 : 1), draw, 10 + index);
  return errors === 0 ? board : { ...board, hwErrors: board.hwErrors + errors };
};

/** Lets one rig run from where it is to `toTs` in air of `airC` under `effects`; gives a new state. Long spans are cut into steps of 10 s. */
export const stepRig = (plan: RigPlan, before: RigState, airC: number, effects: Effects, toTs: number): RigState => {
  let state = before;
  while (state.atTs < toTs) state = advance(plan, state, airC, effects, Math.min(toTs, state.atTs + STEP_MS));
  return state;
};

const DAY_MS = 86_400_000;

/** A rig that has been running for days at `ts`, with the counters that go with it. */
export const runningRig = (plan: RigPlan, ts: number): RigState => {
  const periodMs = Math.round((20 + 40 * unit(plan.seed, 8)) * DAY_MS);
  const bootTs = ts - ((ts + Math.floor(unit(plan.seed, 9) * periodMs)) % periodMs) - 600_000;
  const shares = ((plan.trueThs * 1e12) / (plan.shareDifficulty * HASHES_A_SHARE)) * ((ts - bootTs) / 1_000);
  const boards = Array.from({ length: plan.nameplate.boards }, () => ({
    boardC: NOMINAL_C,
    hashrateThs: plan.trueThs / plan.nameplate.boards,
    powerW: plan.trueW / plan.nameplate.boards,
    chips: plan.nameplate.chips,
    hwErrors: Math.floor((shares / plan.nameplate.boards) * plan.hwRate),
  }));
  return {
    atTs: ts,
    steps: 0,
    activity: "mining",
    sinceTs: bootTs + 600_000,
    bootTs,
    boots: 0,
    throttle: 1,
    frequency: 1,
    fanPct: 60,
    flow: 0.6,
    intakeC: 20,
    hashrateThs: plan.trueThs,
    averageThs: plan.trueThs,
    powerW: plan.trueW,
    boards,
    accepted: Math.floor(shares * (1 - REJECTED - STALE)),
    rejected: Math.floor(shares * REJECTED),
    stale: Math.floor(shares * STALE),
    backup: 0,
    pool: 0,
  };
};

/** A rig without power at `ts`; its first step starts it. */
export const darkRig = (plan: RigPlan, ts: number, airC: number): RigState => ({
  ...runningRig(plan, ts),
  activity: "off",
  sinceTs: ts,
  bootTs: ts,
  boots: -1,
  frequency: 0,
  fanPct: 0,
  flow: 0,
  hashrateThs: 0,
  averageThs: 0,
  powerW: 0,
  boards: Array.from({ length: plan.nameplate.boards }, () => ({
    boardC: airC,
    hashrateThs: 0,
    powerW: 0,
    chips: plan.nameplate.chips,
    hwErrors: 0,
  })),
  accepted: 0,
  rejected: 0,
  stale: 0,
});
