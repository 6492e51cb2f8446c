/** What each family of faults does to a rig: one small function each, all without memory. */
import type { RigPlan } from "./layout.ts";
import type { Family, Fault, Settings } from "./families.ts";
import { unit } from "./chance.ts";
import { highest, type NativeMeasured } from "./native.ts";

/** Alters what is reported, never what is. */
export type Report = (m: NativeMeasured) => NativeMeasured;

/** Everything that faults may change about one rig at one moment. */
export interface Effects {
  readonly powered: boolean;
  readonly paused: boolean;
  /** Share of nominal frequency it was told to keep to. */
  readonly limit: number;
  /** The control board gives work to the chips. */
  readonly working: boolean;
  /** The firmware knows of its trouble and says so. */
  readonly failing: boolean;
  readonly poolsAlive: readonly [boolean, boolean];
  readonly worker: { readonly url: string; readonly worker: string } | null;
  /** Air through the rig, 1 = as built. */
  readonly flow: number;
  /** Hot air that comes back to the intake, °C. */
  readonly intakeAddC: number;
  /** Fan → share of its ordinary speed. */
  readonly fans: Readonly<Record<number, number>>;
  /** Board → share of its chips that answer. */
  readonly boards: Readonly<Record<number, number>>;
  /** Board → share of its work that is lost to wear. */
  readonly worn: Readonly<Record<number, number>>;
  readonly skewMs: number;
  readonly reports: readonly Report[];
  /** Replaces the ambient temperature's peak while the wave lasts; share 0 to 1 of the way there. */
  readonly heat: { readonly peakC: number; readonly share: number } | null;
  readonly partitioned: boolean;
}

export const NO_EFFECTS: Effects = Object.freeze({
  powered: true,
  paused: false,
  limit: 1,
  working: true,
  failing: false,
  poolsAlive: [true, true] as const,
  worker: null,
  flow: 1,
  intakeAddC: 0,
  fans: {},
  boards: {},
  worn: {},
  skewMs: 0,
  reports: [],
  heat: null,
  partitioned: false,
});

const number = (settings: Settings, name: string): number => Number(settings[name]);
const onBoard = (settings: Settings, plan: RigPlan): number => number(settings, "board") % plan.nameplate.boards;
const onFan = (settings: Settings, plan: RigPlan): number => number(settings, "fan") % plan.nameplate.fans;

/** Up over the first third, held, down over the last third. */
const hill = (part: number): number => Math.min(1, 3 * part, 3 * (1 - part));

const withBoards = (
  m: NativeMeasured,
  change: (board: NativeMeasured["boards"][number]) => NativeMeasured["boards"][number],
): NativeMeasured => {
  const boards = m.boards.map(change);
  return { ...m, boards, boardC: highest(boards, "boardC"), chipC: highest(boards, "chipC") };
};

const bogus = (settings: Settings, plan: RigPlan): Report => {
  const sensor = String(settings["sensor"]);
  const index = onBoard(settings, plan);
  const value = String(settings["value"]);
  const stuck = value === "frozen" ? 55 + Math.round(100 * unit(plan.seed, 60)) / 10 : Number(value);
  if (sensor === "intakeC")
    return (m) => ({ ...m, intakeC: value === "equal" ? (m.boardC ?? 60) : value === "frozen" ? stuck - 30 : stuck });
  if (value === "equal") return (m) => withBoards(m, (board) => ({ ...board, [sensor]: sensor === "boardC" ? 60 : 74 }));
  return (m) => withBoards(m, (board) => (board.index === index ? { ...board, [sensor]: stuck } : board));
};

const EFFECTS: Readonly<Record<Family, (settings: Settings, plan: RigPlan, ageMs: number, lastsMs: number) => Partial<Effects>>> = {
  offline: () => ({ powered: false }),
  "board-loss": (settings, plan) => ({ boards: { [onBoard(settings, plan)]: 0 } }),
  "dead-chip-chain": (settings, plan) => ({ boards: { [onBoard(settings, plan)]: number(settings, "answering") } }),
  "fan-failure": (settings, plan) => ({ fans: { [onFan(settings, plan)]: 0 }, flow: number(settings, "flow"), intakeAddC: 4 }),
  "fan-wear": (settings, plan, age, lasts) => {
    const speed = 1 - (1 - number(settings, "to")) * Math.min(1, age / lasts);
    return { fans: { [onFan(settings, plan)]: speed }, flow: 1 - (1 - speed) / plan.nameplate.fans };
  },
  dust: (settings, _, age, lasts) => ({ flow: 1 - (1 - number(settings, "to")) * Math.min(1, age / lasts) }),
  "failing-board": (settings, plan, age, lasts) => ({
    worn: { [onBoard(settings, plan)]: number(settings, "to") * Math.min(1, age / lasts) },
  }),
  "heat-wave": (settings, _, age, lasts) => ({ heat: { peakC: number(settings, "peakC"), share: hill(age / lasts) } }),
  "psu-hiccup": (settings, _, age) => ({ powered: age % number(settings, "period") >= number(settings, "off") }),
  "bogus-sensors": (settings, plan) => ({ reports: [bogus(settings, plan)] }),
  hung: () => ({ working: false }),
  "pool-dead": (settings) => ({ poolsAlive: [false, settings["pools"] === "primary"] }),
  "hijacked-worker": (_, plan) => ({ worker: { url: "stratum+tcp://203.0.113.66:3333", worker: `other.${plan.index + 1}` } }),
  curtailment: () => ({ paused: true }),
  "no-restart": () => ({ working: false, failing: true }),
  "network-partition": () => ({ partitioned: true }),
  "clock-skew": (settings) => ({ skewMs: number(settings, "by") }),
  liar: (settings) => ({ reports: [exaggerated(number(settings, "hashrate"), number(settings, "power"))] }),
};

const round2 = (value: number): number => Math.round(value * 100) / 100;
const exaggerated =
  (hashrate: number, power: number): Report =>
  (m) => ({
    ...m,
    hashrateThs: round2(m.hashrateThs * hashrate),
    averageThs: round2(m.averageThs * hashrate),
    powerW: Math.round(m.powerW * power),
    boards: m.boards.map((board) => ({ ...board, hashrateThs: round2(board.hashrateThs * hashrate) })),
  });

/** Effects put together. */
export const joined = (a: Effects, b: Partial<Effects>): Effects => ({
  ...a,
  ...b,
  powered: a.powered && (b.powered ?? true),
  working: a.working && (b.working ?? true),
  flow: a.flow * (b.flow ?? 1),
  fans: { ...a.fans, ...b.fans },
  boards: { ...a.boards, ...b.boards },
  worn: { ...a.worn, ...b.worn },
  reports: [...a.reports, ...(b.reports ?? [])],
});

/** What the given faults of this rig do at `ts`; those that are not on at `ts` do nothing. */
export const effectsOn = (plan: RigPlan, faults: readonly Fault[] | undefined, ts: number): Effects => {
  let effects = NO_EFFECTS;
  for (const fault of faults ?? []) {
    if (ts < fault.fromTs || ts >= fault.toTs) continue;
    effects = joined(effects, EFFECTS[fault.family](fault.settings, plan, ts - fault.fromTs, fault.toTs - fault.fromTs));
  }
  return effects;
};
