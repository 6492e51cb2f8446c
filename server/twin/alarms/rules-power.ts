/** Pools, power, and what a rig usually does. */
import { FEWEST_MINUTES, LEAST, LIMIT, type ChannelName } from "./drift.ts";
import { NONE, QUIET_SINCE_TS, REJECTED_PART, SHARES_A_MINUTE } from "./figures.ts";
import { MINUTE, minutes, threshold, type Case, type Rule } from "./rule.ts";

const poolDead: Rule = {
  kind: "pool-dead",
  asked: "reading",
  severity: "critical",
  holdMs: 2 * MINUTE,
  clearMs: MINUTE,
  says: "No pool takes its shares.",
  thresholds: { quietMin: threshold(15, 5, 240, "minutes without an accepted share, where shares are usual") },
  check: ({ twin, watch, isSettled, nowTs }, { quietMin = 15 }) => {
    const { pools, hashrateThs, accepted, mode } = twin.latest;
    if (mode === "paused") return null;
    if (pools.length > 0 && pools.every(({ alive }) => alive === false))
      return `No pool answers: ${pools
        .map(({ url }) => url)
        .join(", ")
        .slice(0, 160)}.`;
    const perMinute = watch.figures[SHARES_A_MINUTE] as number;
    const quietMs = nowTs - (watch.figures[QUIET_SINCE_TS] as number);
    if (isSettled && accepted !== null && (hashrateThs ?? 0) > 0 && perMinute * quietMin >= 30 && quietMs > quietMin * MINUTE)
      return `No share was accepted for ${minutes(quietMs)}; usual are ${perMinute.toFixed(1)} a minute.`;
    return pools.length > 0 || accepted !== null ? false : null;
  },
};

const poolBackup: Rule = {
  kind: "pool-backup",
  asked: "reading",
  severity: "minor",
  holdMs: 2 * MINUTE,
  clearMs: 2 * MINUTE,
  says: "Its first pool does not answer; it works for the next.",
  thresholds: {},
  check: ({ twin }) => {
    const [first, ...others] = twin.latest.pools;
    if (first === undefined || twin.latest.mode === "paused") return null;
    if (first.alive !== false || first.active) return first.alive === null && !first.active ? null : false;
    const next = others.find(({ active }) => active);
    return next === undefined ? null : `${first.url} does not answer; it works for ${next.url}.`;
  },
};

const wrongPool: Rule = {
  kind: "wrong-pool",
  asked: "reading",
  severity: "critical",
  holdMs: 3 * MINUTE,
  clearMs: MINUTE,
  says: "Its shares go to a pool or an account that it was not seen with and nobody approved.",
  thresholds: {},
  check: ({ watch, twin, approved }) => {
    const { pool } = watch;
    if (pool === null || !twin.latest.pools.some(({ active }) => active)) return null;
    if (pool.isKnown || approved.has(pool.now)) return false;
    const [host, account] = pool.now.split(" ");
    return `Its shares go to ${host}, account "${account ?? ""}"; known are ${pool.known.join("; ").slice(0, 120)}.`;
  },
};

const rejects: Rule = {
  kind: "rejects",
  asked: "reading",
  severity: "minor",
  holdMs: 5 * MINUTE,
  clearMs: 5 * MINUTE,
  says: "The pool rejects many of its shares.",
  thresholds: { rejectedPct: threshold(5, 0.5, 50, "of the shares of the last window, %") },
  check: ({ watch, isSettled }, { rejectedPct = 5 }) => {
    const part = watch.figures[REJECTED_PART] as number;
    if (part === NONE || !isSettled) return null;
    if (100 * part < rejectedPct * 0.8) return false;
    return 100 * part < rejectedPct ? null : `${(100 * part).toFixed(1)} % of its shares are rejected.`;
  },
};

/** Lightly loaded machines spend on fans and controls; nothing is told by their J/TH. */
export const LIGHT_LOAD = 0.4;
const jthOf = ({ twin, isSettled }: Case): number | null => {
  const { powerW, hashrateThs } = twin.latest;
  const { nameplate } = twin;
  if (!isSettled || powerW === null || powerW <= 0 || hashrateThs === null || nameplate === null) return null;
  return hashrateThs < LIGHT_LOAD * nameplate.hashrateThs ? null : powerW / hashrateThs / (nameplate.powerW / nameplate.hashrateThs);
};

const inefficient: Rule = {
  kind: "inefficient",
  asked: "reading",
  severity: "minor",
  holdMs: 15 * MINUTE,
  clearMs: 10 * MINUTE,
  says: "It takes more power for its work than its model should.",
  thresholds: { abovePct: threshold(15, 3, 100, "above the model's J/TH, %") },
  check: (of, { abovePct = 15 }) => {
    const part = jthOf(of);
    if (part === null) return null;
    const above = 100 * (part - 1);
    if (above < abovePct - 3) return false;
    // What a lost board costs is told by that alarm.
    if (above < abovePct || of.has("board-missing")) return null;
    const { powerW, hashrateThs } = of.twin.latest;
    return `${((powerW ?? 0) / (hashrateThs ?? 1)).toFixed(1)} J/TH, ${Math.round(above)} % above its model.`;
  },
};

/** J/TH that no machine of a model reaches: at its full rate 14 % under the nameplate, at part load more, since voltage falls with frequency. */
export const floorAt = (load: number): number => 0.55 + 0.31 * Math.min(1, load);

const implausible: Rule = {
  kind: "implausible",
  asked: "reading",
  severity: "major",
  holdMs: 10 * MINUTE,
  clearMs: 5 * MINUTE,
  says: "What it reports cannot be: more hashrate, or less power for it, than its model is able to.",
  thresholds: { mostPct: threshold(125, 105, 300, "of the nameplate's hashrate that is believed, %") },
  check: (of, { mostPct = 125 }) => {
    const { twin } = of;
    const { hashrateThs, powerW } = twin.latest;
    const { nameplate } = twin;
    const part = jthOf(of);
    if (hashrateThs === null || nameplate === null || !of.isSettled) return null;
    const load = hashrateThs / nameplate.hashrateThs;
    if (100 * load > mostPct) return `It reports ${hashrateThs.toFixed(1)} TH/s, ${Math.round(100 * load)} % of its nameplate.`;
    if (part === null) return null;
    if (part >= floorAt(load) + 0.02) return false;
    return part >= floorAt(load)
      ? null
      : `It reports ${((powerW ?? 0) / hashrateThs).toFixed(1)} J/TH; its model needs ${(nameplate.powerW / nameplate.hashrateThs).toFixed(1)}.`;
  },
};

const signed = (value: number, digits: number, unit: string): string => `${value.toFixed(digits)} ${unit}`;
const SAYS: Readonly<Record<ChannelName, (off: number, of: Case) => string>> = {
  hashrate: (off) => `hashrate ${signed(100 * off, 1, "%")} below what its history says`,
  power: (off) => `power ${signed(100 * off, 1, "%")} above what its history says`,
  board: (off) => `boards ${signed(off, 1, "°C")} warmer than its history says for this intake, power and fan speed`,
  fan: (off, { watch }) => `fan ${watch.drift.slowestFan + 1} ${signed(100 * off, 1, "%")} slower against the others than usual`,
};

const drifting: Rule = {
  kind: "drifting",
  asked: "reading",
  severity: "minor",
  holdMs: 3 * MINUTE,
  clearMs: 10 * MINUTE,
  says: "It departs for long from what its own history predicts: fan wear, dust, a failing board.",
  thresholds: { limit: threshold(LIMIT, 5, 60, "of the summed residual, standard deviations") },
  check: (of, { limit = LIMIT }) => {
    const { watch, isSettled, has } = of;
    if (!isSettled) return null;
    if (!watch.drift.isNear) return false;
    const { channels } = watch.drift;
    let said = "";
    let isQuiet = true;
    for (const name of ["fan", "board", "power", "hashrate"] as const) {
      const { sum, off, line } = channels[name];
      if (line === null || line.n < FEWEST_MINUTES) continue;
      if (sum >= limit && off >= LEAST[name].matters) said += `${said === "" ? "" : ", "}${SAYS[name](off, of)}`;
      if (off >= LEAST[name].matters / 2 && sum > 0) isQuiet = false;
    }
    if (said === "") return isQuiet ? false : null;
    // A plain fault explains a residual better than a drift does.
    for (const kind of PLAIN) if (has(kind)) return null;
    return `Drifting: ${said}.`;
  },
};
/** What explains a residual by itself. */
export const PLAIN = [
  "board-missing",
  "chips-missing",
  "fan-stopped",
  "fan-slow",
  "too-hot",
  "intake-hot",
  "throttled",
  "sensor",
  "implausible",
  "low-hashrate",
  "restarts",
  "no-restart",
] as const;

export const POWER_RULES: readonly Rule[] = [poolDead, poolBackup, wrongPool, rejects, inefficient, implausible, drifting];
