/**
 * What a rig should do, from its own history: hashrate, power and board temperature from intake, set-point and how hard its fans work, and
 * each fan against the fastest of the rig. Minute by minute the residual goes into a one-sided CUSUM (Page 1954; Montgomery, Introduction
 * to Statistical Quality Control, ch. 9): S ← max(0, S + z − SLACK), z in standard deviations and clipped, so that one wild minute is not
 * a trend. A drift is a sum above LIMIT whose residual, averaged over ten minutes, is large enough to matter as well.
 */
import { boardsAt, FAN, FANS, packed, PLACE, type PackedNumbers } from "../packed-measured.ts";
import type { Nameplate, Twin } from "../twin.ts";
import {
  FAN_COUNT,
  MINUTE_COUNT,
  MINUTE_NOW,
  MOST_FANS,
  STEADY_SINCE_TS,
  SUM_BOARD,
  SUM_DRIVE,
  SUM_FANS,
  SUM_HASH,
  SUM_INTAKE,
  SUM_POWER,
  SUM_TARGET,
  type Figures,
} from "./figures.ts";
import { ignorance, learn, newLine, predict, type Features, type Line } from "./least-squares.ts";

/** One quantity that is predicted. */
export interface Channel {
  line: Line | null;
  /** CUSUM of the bad direction. */
  sum: number;
  /** Residual in its unit, EWMA of ten minutes, bad direction positive. */
  off: number;
}
export const CHANNELS = ["hashrate", "power", "board", "fan"] as const;
export type ChannelName = (typeof CHANNELS)[number];

/** What is learnt of one rig. What is gathered with each reading stands in its Figures. */
export interface Drift {
  /** Set-point it last ran at, TH/s. */
  targetThs: number;
  channels: Record<ChannelName, Channel>;
  /** Usual speed of each fan against the fastest. */
  fanShares: number[];
  slowestFan: number;
  /** A residual of some size stands in a channel: what there is to ask of a drift, there is only then. */
  isNear: boolean;
}

const channel = (): Channel => ({ line: null, sum: 0, off: 0 });
export const noDrift = (): Drift => ({
  targetThs: 0,
  channels: { hashrate: channel(), power: channel(), board: channel(), fan: channel() },
  fanShares: [],
  slowestFan: 0,
  isNear: false,
});

const MINUTE = 60_000;
/** After another set-point, a start or a pause, boards take this long to their new temperature. */
const SETTLE_MS = 12 * MINUTE;
/** Minutes to learn before anything is judged. */
export const LEARN_MINUTES = 30;
/** … and of these before a residual counts at all. */
export const FEWEST_MINUTES = LEARN_MINUTES / 3;
/** Memory of seven days: wear of hours stands out, seasons are followed. */
const KEEP = 1 - 1 / 10_080;
export const SLACK = 1;
export const LIMIT = 15;
const CLIP = 4;
const OFF_MEMORY = 1 / 10;

/** Least noise that is believed, and the least residual worth waking for: shares of 1, but °C for the board. */
export const LEAST: Readonly<Record<ChannelName, { readonly noise: number; readonly matters: number }>> = {
  hashrate: { noise: 0.01, matters: 0.02 },
  power: { noise: 0.008, matters: 0.016 },
  board: { noise: 0.5, matters: 1 },
  fan: { noise: 0.01, matters: 0.03 },
};
/** Which way is bad: −1 less, +1 more than expected. */
const BAD: Readonly<Record<ChannelName, 1 | -1>> = { hashrate: -1, power: 1, board: 1, fan: -1 };

/** Inputs of one moment, as the model sees them. `drive`: how hard the fans work, 0 to 1. */
export interface Inputs {
  readonly hashThs: number;
  readonly powerW: number;
  readonly intakeC: number;
  readonly boardC: number;
  readonly drive: number;
  readonly targetThs: number;
  readonly nominalThs: number;
  readonly nominalW: number;
}

/** Board above intake goes with power over flow^0.8 (turbulent convection, Dittus-Boelter: Nu ∝ Re^0.8). */
const flowOf = (drive: number): number => {
  // The fifth root by Newton's steps: four operations alone give the same digits on every engine.
  let root = 1;
  for (let step = 0; step < 12; step++) root = (4 * root + drive / (root * root * root * root)) / 5;
  return root * root * root * root;
};
export const featuresOf = (of: ChannelName, { hashThs, powerW, intakeC, boardC, drive, nominalThs, nominalW }: Inputs): Features => {
  if (of === "hashrate") return [1, (intakeC - 25) / 10, 0];
  if (of === "power") return [1, hashThs / nominalThs, (boardC - 60) / 20];
  return [1, intakeC / 10, powerW / nominalW / flowOf(drive)];
};
export const valueOf = (of: ChannelName, { hashThs, powerW, boardC, targetThs, nominalW }: Inputs): number =>
  of === "hashrate" ? hashThs / targetThs : of === "power" ? powerW / nominalW : boardC;

const firstLine = (of: ChannelName, inputs: Inputs): Line => {
  const value = valueOf(of, inputs);
  const features = featuresOf(of, inputs);
  const { noise } = LEAST[of];
  if (of === "hashrate") return newLine([value, 0, 0], [4, 1, 0], noise);
  if (of === "power") return newLine([value - features[1], 1, 0.02], [25, 400, 25], noise);
  return newLine([0, 10, (value - 10 * features[1]) / features[2]], [4, 0.5, 25], noise);
};

const sumUp = (channel_: Channel, residual: number, deviation: number): void => {
  const z = Math.max(-CLIP, Math.min(CLIP, residual / deviation));
  channel_.sum = Math.min(4 * LIMIT, Math.max(0, channel_.sum + z - SLACK));
  channel_.off += (residual - channel_.off) * OFF_MEMORY;
};

const judge = (drift: Drift, of: ChannelName, inputs: Inputs): void => {
  const one = drift.channels[of];
  one.line ??= firstLine(of, inputs);
  const { line } = one;
  const features = featuresOf(of, inputs);
  const value = valueOf(of, inputs);
  const residual = (value - predict(line, features)) * BAD[of];
  const deviation = Math.sqrt(Math.max(line.s2, LEAST[of].noise * LEAST[of].noise) * (1 + ignorance(line, features)));
  if (line.n >= LEARN_MINUTES) sumUp(one, residual, deviation);
  // What looks like a drift is not learnt, else wear would teach the model that wear is usual.
  if (line.n < LEARN_MINUTES || (one.sum < LIMIT / 3 && Math.abs(residual) < 4 * deviation))
    learn(line, features, value, KEEP, LEAST[of].noise);
};

const judgeFans = (drift: Drift, figures: Figures): void => {
  const { fanShares } = drift;
  const fans = figures[FAN_COUNT] as number;
  let fastest = 0;
  for (let i = 0; i < fans; i++) fastest = Math.max(fastest, figures[SUM_FANS + i] as number);
  if (fastest <= 0 || fans < 2) return;
  const one = drift.channels.fan;
  one.line ??= newLine([1, 0, 0], [1, 0, 0], LEAST.fan.noise);
  let worst = 0;
  for (let i = 0; i < fans; i++) {
    const share = (figures[SUM_FANS + i] as number) / fastest;
    const usual = (fanShares[i] ??= Math.max(share, 0.95));
    const residual = usual - share;
    if (residual > worst) {
      worst = residual;
      drift.slowestFan = i;
    }
    if (one.sum < LIMIT / 3 && Math.abs(residual) < 0.1)
      fanShares[i] = usual + (share - usual) / (one.line.n < LEARN_MINUTES ? 15 : 10_080);
  }
  one.line.n += 1;
  if (one.line.n > FEWEST_MINUTES) sumUp(one, worst, LEAST.fan.noise);
};

/** Whether a residual that a channel has learnt to judge is half of what matters. */
const isNear = ({ channels }: Drift): boolean => {
  for (const name of CHANNELS) {
    const { line, sum, off } = channels[name];
    if (line !== null && line.n >= FEWEST_MINUTES && sum > 0 && off >= LEAST[name].matters / 2) return true;
  }
  return false;
};

const closeMinute = (drift: Drift, figures: Figures, { hashrateThs: nominalThs, powerW: nominalW }: Nameplate): void => {
  const n = figures[MINUTE_COUNT] as number;
  const minuteTs = (figures[MINUTE_NOW] as number) * MINUTE;
  const mean = (at: number): number => (figures[at] as number) / n;
  const inputs: Inputs = {
    hashThs: mean(SUM_HASH),
    powerW: mean(SUM_POWER),
    intakeC: mean(SUM_INTAKE),
    boardC: mean(SUM_BOARD),
    drive: mean(SUM_DRIVE),
    targetThs: mean(SUM_TARGET),
    nominalThs,
    nominalW,
  };
  if (Math.abs(inputs.targetThs / drift.targetThs - 1) > 0.05 || drift.targetThs === 0) {
    drift.targetThs = inputs.targetThs;
    figures[STEADY_SINCE_TS] = minuteTs;
  }
  if (minuteTs - (figures[STEADY_SINCE_TS] as number) < SETTLE_MS) return;
  judge(drift, "hashrate", inputs);
  if (inputs.powerW > 0) judge(drift, "power", inputs);
  if (inputs.powerW > 0 && inputs.boardC > 0 && inputs.intakeC > -50) judge(drift, "board", inputs);
  judgeFans(drift, figures);
  drift.isNear = isNear(drift);
};

/** A plain fault explains the residual: nothing of it counts as a drift, now or when it is over. Changes `drift` and `figures`. */
export const forgetResiduals = (drift: Drift, figures: Figures, nowTs: number): void => {
  figures[STEADY_SINCE_TS] = nowTs;
  drift.isNear = false;
  for (const name of CHANNELS) {
    drift.channels[name].sum = 0;
    drift.channels[name].off = 0;
  }
};

/** How hard the fans work: what they are told, else the fastest of them against an ordinary full speed; 1 where nothing is told. */
const FULL_RPM = 6_500;
export const driveFrom = (fanPct: number | null, fastestRpm: number | null): number => {
  if (fanPct !== null && fanPct > 0) return Math.max(0.1, fanPct / 100);
  return fastestRpm !== null && fastestRpm > 0 ? Math.max(0.1, fastestRpm / FULL_RPM) : 1;
};
const driveOf = (numbers: PackedNumbers): number => {
  const fanPct = numbers[PLACE.fanPct] as number;
  if (fanPct > 0) return driveFrom(fanPct, null);
  let fastest = 0;
  const end = boardsAt(numbers);
  for (let at = FANS + 1 + FAN.rpm; at < end; at += FAN.width) if ((numbers[at] as number) > fastest) fastest = numbers[at] as number;
  return driveFrom(null, fastest);
};

const startOver = (figures: Figures, minute: number): void => {
  figures[MINUTE_NOW] = minute;
  for (let at = MINUTE_COUNT; at < SUM_FANS + MOST_FANS; at++) figures[at] = 0;
};

/** All that was learnt is wrong by now (another fan, a repaired board). Changes `watch`. */
export const learnAnew = (watch: { drift: Drift; readonly figures: Figures }): void => {
  watch.drift = noDrift();
  startOver(watch.figures, 0);
};

const add = (figures: Figures, at: number, value: number): void => {
  figures[at] = (figures[at] as number) + value;
};

/** Takes a reading. Changes `drift` and `figures`. Readings of a rig that does not work steadily are left out. */
export const lookAtDrift = (
  drift: Drift,
  figures: Figures,
  { latest, nameplate }: Twin,
  { targetThs, isSettled }: { readonly targetThs: number | null; readonly isSettled: boolean },
  nowTs: number,
): void => {
  const { hashrateThs, powerW, boardC, intakeC } = latest;
  if (!isSettled || targetThs === null || hashrateThs === null || hashrateThs < 0.3 * targetThs || nameplate === null) {
    startOver(figures, 0);
    figures[STEADY_SINCE_TS] = nowTs;
    return;
  }
  const minute = Math.floor(nowTs / MINUTE);
  if (minute !== figures[MINUTE_NOW]) {
    if (figures[MINUTE_COUNT] !== 0) closeMinute(drift, figures, nameplate);
    startOver(figures, minute);
  }
  add(figures, MINUTE_COUNT, 1);
  add(figures, SUM_HASH, hashrateThs);
  add(figures, SUM_TARGET, targetThs);
  add(figures, SUM_POWER, powerW ?? 0);
  add(figures, SUM_BOARD, boardC ?? -1_000);
  add(figures, SUM_INTAKE, intakeC ?? -1_000);
  const { numbers } = packed(latest);
  add(figures, SUM_DRIVE, driveOf(numbers));
  const most = Math.min(numbers[FANS] as number, MOST_FANS);
  if (most > (figures[FAN_COUNT] as number)) figures[FAN_COUNT] = most;
  for (let i = 0; i < most; i++) {
    const rpm = numbers[FANS + 1 + i * FAN.width + FAN.rpm] as number;
    add(figures, SUM_FANS + i, Number.isNaN(rpm) ? 0 : rpm);
  }
};

/** What is expected where `inputs` is measured; null while it is being learnt. Shares of 1 become TH/s and W. */
export const expectedOf = (
  drift: Drift,
  of: "hashrate" | "power" | "board",
  inputs: Inputs,
): { value: number; deviation: number } | null => {
  const { line } = drift.channels[of];
  if (line === null || line.n < LEARN_MINUTES) return null;
  const features = featuresOf(of, inputs);
  const unit = of === "hashrate" ? inputs.targetThs : of === "power" ? inputs.nominalW : 1;
  return {
    value: predict(line, features) * unit,
    deviation: Math.sqrt(Math.max(line.s2, LEAST[of].noise * LEAST[of].noise) * (1 + ignorance(line, features))) * unit,
  };
};
