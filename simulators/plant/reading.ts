/** What a rig's firmware and the site's meter say of what is: rounded, a little noisy, and bent by faults of the sensors. */
import type { DeviceError, Mode } from "../../server/twin/reading.ts";
import { hex8, mix, seedOf, unit } from "./chance.ts";
import { chipMapOf } from "./chips.ts";
import type { Effects } from "./effects.ts";
import type { EnergyState } from "./energy.ts";
import type { RigPlan } from "./layout.ts";
import { highest, type NativeBirth, type NativeBoard, type NativeEnergy, type NativeMeasured } from "./native.ts";
import type { RigState } from "./rig.ts";
import type { Weather } from "./weather.ts";

const round1 = (value: number): number => Math.round(value * 10) / 10;
const round2 = (value: number): number => Math.round(value * 100) / 100;
/** Fans are counted in pulses of 30 rpm. */
const RPM_STEP = 30;
const CHIP_ABOVE_BOARD_C = 13;
const AIR_RISE_C = 11.5;

const MODES: Readonly<Record<RigState["activity"], Mode>> = {
  off: "unknown",
  booting: "tuning",
  tuning: "tuning",
  mining: "mining",
  paused: "paused",
  tripped: "fault",
};

const boardsOf = (plan: RigPlan, state: RigState, outletC: number, draw: number): NativeBoard[] => {
  const { nameplate, identity, workings } = plan;
  const nominalW = plan.trueW / nameplate.boards;
  return state.boards.map((board, index) => {
    const answers = board.chips > 0;
    const load = board.powerW / nominalW;
    const boardC = board.boardC + 0.6 * (unit(draw, index) - 0.5);
    const chipC = boardC + CHIP_ABOVE_BOARD_C * (0.15 + 0.85 * load) * (plan.warmth[index] ?? 1) + 0.8 * unit(draw, index + 8);
    return {
      index,
      hashrateThs: round2(board.hashrateThs * (1 + 0.03 * (unit(draw, index + 16) - 0.5))),
      expectedThs: round2((plan.trueThs / nameplate.boards) * state.frequency),
      boardC: answers ? round1(boardC) : null,
      chipC: answers ? round1(chipC) : null,
      inletC: answers ? round1(state.intakeC + 1.5) : null,
      outletC: answers ? round1(outletC + 2 * (plan.warmth[index] ?? 1)) : null,
      chips: board.chips,
      expectedChips: nameplate.chips,
      frequencyMhz: answers ? Math.round(workings.frequencyMhz * state.frequency) : null,
      voltageV: answers && board.powerW > 0 ? round2(workings.voltageV * (0.93 + 0.07 * state.frequency)) : null,
      hwErrors: board.hwErrors,
      serial: answers ? (identity.boardSerials[index] ?? null) : null,
    };
  });
};

const fault = (
  code: string,
  severity: DeviceError["severity"],
  component: DeviceError["component"],
  index: number | null,
  raw: string,
): DeviceError => ({ code, severity, component, index, raw });

/** What the firmware itself has noticed. */
const errorsOf = (plan: RigPlan, state: RigState, effects: Effects, fans: NativeMeasured["fans"]): DeviceError[] => {
  if (state.activity === "off") return [];
  const errors: DeviceError[] = [];
  state.boards.forEach((board, index) => {
    if (board.chips === 0) errors.push(fault("BOARD_MISSING", "critical", "board", index, `chain ${index}: no chips found`));
    else if (board.chips < plan.nameplate.chips)
      errors.push(fault("CHIPS_MISSING", "major", "chip", index, `chain ${index}: ${board.chips} of ${plan.nameplate.chips} chips`));
  });
  if (state.fanPct > 0)
    for (const fan of fans) if (fan.rpm === 0) errors.push(fault("FAN_FAILED", "critical", "fan", fan.index, `fan ${fan.index}: 0 rpm`));
  if (state.activity === "tripped") errors.push(fault("OVERHEAT", "critical", "board", null, "over temperature protection"));
  else if (state.throttle < 0.98)
    errors.push(fault("OVERHEAT", "major", "board", null, `frequency reduced to ${Math.round(state.throttle * 100)} %`));
  if (state.pool < 0) errors.push(fault("POOL_UNREACHABLE", "critical", "pool", null, "all pools dead"));
  if (effects.failing) errors.push(fault("HASHING_FAILED", "critical", "control-board", null, "no board started after wake-up"));
  return errors;
};

/** A gateway asks chip by chip where chips are missing or a fan stands: ten times the bytes, so not of everyone. */
const inTrouble = (boards: readonly NativeBoard[], fans: NativeMeasured["fans"], state: RigState): boolean =>
  boards.some((board) => board.chips < board.expectedChips) || (state.fanPct > 0 && fans.some((fan) => fan.rpm === 0));
const withChips = (plan: RigPlan, board: NativeBoard, draw: number): NativeBoard =>
  board.chips === 0 ? board : { ...board, chipMap: chipMapOf(plan, board, draw) };

/** One reading's `m` of a rig as it stands under `effects`. */
export const measuredOf = (plan: RigPlan, state: RigState, effects: Effects): NativeMeasured => {
  const { nameplate, workings } = plan;
  const draw = mix(plan.seed ^ 0x5bd1e995, state.steps);
  const outletC = state.intakeC + (AIR_RISE_C * (state.powerW / plan.trueW)) / Math.max(0.15, state.flow);
  const boards = boardsOf(plan, state, outletC, draw);
  let hashrateThs = 0;
  let hwErrors = 0;
  for (const board of boards) {
    hashrateThs += board.hashrateThs;
    hwErrors += board.hwErrors;
  }
  const fans = Array.from({ length: nameplate.fans }, (_, index) => {
    const speed = (workings.fanMaxRpm * state.fanPct * (plan.fanSpread[index] ?? 1) * (effects.fans[index] ?? 1)) / 100;
    return { index, rpm: RPM_STEP * Math.round((speed * (1 + 0.008 * (unit(draw, 30 + index) - 0.5))) / RPM_STEP) };
  });
  const shares = state.accepted + state.rejected;
  const m: NativeMeasured = {
    mode: effects.failing ? "fault" : MODES[state.activity],
    hashrateThs: round2(hashrateThs),
    averageThs: round2(state.averageThs),
    expectedThs: round2(plan.trueThs * state.frequency),
    powerW: Math.round(state.powerW * (1 + plan.powerBias + 0.004 * (unit(draw, 40) - 0.5))),
    intakeC: round1(state.intakeC + 0.4 * (unit(draw, 41) - 0.5)),
    outletC: round1(outletC + 0.4 * (unit(draw, 42) - 0.5)),
    boardC: highest(boards, "boardC"),
    chipC: highest(boards, "chipC"),
    psuC: round1(state.intakeC + 12 + (20 * state.powerW) / plan.trueW + unit(draw, 43)),
    voltageV: highest(boards, "voltageV"),
    frequencyMhz: Math.round(workings.frequencyMhz * state.frequency),
    fanPct: Math.round(state.fanPct),
    accepted: state.accepted,
    rejected: state.rejected,
    stale: state.stale,
    hwErrors,
    hwErrorPct: shares > 0 ? round2((100 * hwErrors) / (shares + hwErrors)) : 0,
    uptimeS: Math.max(0, Math.floor((state.atTs - state.bootTs) / 1_000)),
    fans,
    boards: inTrouble(boards, fans, state) ? boards.map((board) => withChips(plan, board, draw)) : boards,
    pools: plan.poolUrls.map((url, index) => ({
      index,
      url: index === 0 && effects.worker !== null ? effects.worker.url : url,
      worker: index === 0 && effects.worker !== null ? effects.worker.worker : plan.worker,
      active: index === state.pool,
      alive: effects.poolsAlive[index] ?? true,
      accepted: index === 0 ? state.accepted - state.backup : state.backup,
      rejected: index === 0 ? state.rejected : 0,
      stale: index === 0 ? state.stale : 0,
    })),
    errors: errorsOf(plan, state, effects, fans),
  };
  return effects.reports.reduce((said, report) => report(said), m);
};

/** Names one run of one device: the same for the same seed, start of the simulator, and number of its boots. */
export const bootId = (seed: number, startTs: number, name: string, boots: number): string => {
  const own = mix(mix(seedOf(seed, name), Math.floor(startTs / 4_294_967_296)), startTs | 0);
  return hex8(mix(own, boots)) + hex8(mix(own ^ 0x2545f491, boots));
};

/** The retained birth message of a rig. */
export const birthOf = (plan: RigPlan, boot: string, ts: number): NativeBirth => ({
  v: 1,
  ts,
  boot,
  identity: plan.identity,
  nameplate: plan.nameplate,
  position: plan.position,
});

/** The meter's `m`. */
export const energyOf = (energy: EnergyState, weather: Weather): NativeEnergy["m"] => ({
  meteredW: energy.meteredW,
  sourcesW: energy.sourcesW,
  gridGco2ePerKwh: energy.gridGco2ePerKwh,
  pricePerKwh: energy.pricePerKwh,
  currency: "USD",
  ambientC: round1(weather.ambientC),
});
