/** The kinds of fault the plant knows, and the settings each takes. One table: the scenario check and the effects both read it. */

export type Setting =
  | { readonly kind: "number"; readonly least: number; readonly most: number; readonly whole?: true; readonly default: number }
  | { readonly kind: "duration"; readonly least: number; readonly most: number; readonly default: number }
  | { readonly kind: "choice"; readonly of: readonly string[]; readonly default: string };

const share = (standard: number): Setting => ({ kind: "number", least: 0, most: 1, default: standard });
const place = (standard: number): Setting => ({ kind: "number", least: 0, most: 7, whole: true, default: standard });
const MINUTE = 60_000;

export const FAMILIES = {
  /** No power at the rig: nothing answers, then it boots. */
  offline: {},
  /** A board no longer answers. */
  "board-loss": { board: place(1) },
  /** A board's chain is broken: the chips behind it do not answer. `answering` is the share that still does. */
  "dead-chip-chain": { board: place(0), answering: share(0.6) },
  /** A fan stands and hot air comes back through it: `flow` is the air that is left. */
  "fan-failure": { fan: place(0), flow: { kind: "number", least: 0.05, most: 1, default: 0.24 } },
  /** A fan's bearing wears: its speed falls steadily to the share `to`. */
  "fan-wear": { fan: place(0), to: share(0.35) },
  /** Dust settles in filter and fins: the air through the rig falls steadily to the share `to`, the fans turn faster against it. */
  dust: { to: share(0.4) },
  /** A board fails slowly: dried-out paste, leaking chips, nonces that come out wrong. At the end it loses the share `to` of its work. */
  "failing-board": { board: place(1), to: share(0.4) },
  /** The site's ambient temperature rises to `peakC` and falls back. */
  "heat-wave": { peakC: { kind: "number", least: 20, most: 60, default: 42 } },
  /** The power supply trips and restarts, again and again. */
  "psu-hiccup": {
    period: { kind: "duration", least: MINUTE, most: 24 * 60 * MINUTE, default: 6 * MINUTE },
    off: { kind: "duration", least: 5_000, most: 60 * MINUTE, default: MINUTE },
  },
  /** A temperature sensor tells nonsense. */
  "bogus-sensors": {
    sensor: { kind: "choice", of: ["boardC", "chipC", "intakeC"], default: "boardC" },
    value: { kind: "choice", of: ["255", "-40", "-273", "frozen", "equal"], default: "255" },
    board: place(0),
  },
  /** The API answers and nothing is hashed. */
  hung: {},
  /** Pools do not answer. */
  "pool-dead": { pools: { kind: "choice", of: ["primary", "all"], default: "all" } },
  /** The shares go to somebody else's worker. */
  "hijacked-worker": {},
  /** Told to sleep. */
  curtailment: {},
  /** Woken, it does not come back to hashing. */
  "no-restart": {},
  /** The container's gateway does not reach the broker; what it kept comes late. */
  "network-partition": {},
  /** The rig's clock is `by` off (before: negative). */
  "clock-skew": { by: { kind: "duration", least: -24 * 60 * MINUTE, most: 24 * 60 * MINUTE, default: -90_000 } },
  /** The firmware tells more hashrate and less power than there is. */
  liar: { hashrate: { kind: "number", least: 1, most: 3, default: 1.25 }, power: { kind: "number", least: 0.3, most: 1, default: 0.88 } },
} as const satisfies Record<string, Readonly<Record<string, Setting>>>;

export type Family = keyof typeof FAMILIES;
export type Settings = Readonly<Record<string, number | string>>;

/** A fault in time and place: rigs by 0-based number, `fromTs` ≤ t < `toTs`. */
export interface Fault {
  readonly family: Family;
  /** Names it within its scenario. */
  readonly id: string;
  /** One thing that hits all its rigs at once (a container's line, the weather), as opposed to the same happening to each by itself. */
  readonly shared: boolean;
  readonly rigs: readonly number[];
  readonly fromTs: number;
  readonly toTs: number;
  readonly settings: Settings;
}
