/** Whether a rig is there and does its work. */
import { usualGapMs } from "./watch.ts";
import { NONE, OWN_MEAN, OWN_MEDIAN } from "./figures.ts";
import { MINUTE, minutes, threshold, type Case, type Rule } from "./rule.ts";

/** Part of the target below which it does no work at all. */
const HUNG_PART = 0.01;
const tuningMs = ({ model }: Case): number => (model?.tuningMinutes ?? 15) * MINUTE;

/** Boards that give something, as a share of those it has: what is missing is told by an alarm of its own. */
const workingPart = ({ twin, watch }: Case): number => {
  const { boards } = twin.latest;
  const all = Math.max(twin.nameplate?.boards ?? 0, watch.mostBoards);
  if (boards.length === 0 || all < 2) return 1;
  let sum = 0;
  for (const { hashrateThs, chips, expectedChips } of boards) {
    if ((hashrateThs ?? 1) <= 0 || chips === 0) continue;
    sum += chips !== null && expectedChips !== null && expectedChips > 0 ? Math.min(1, chips / expectedChips) : 1;
  }
  return Math.min(1, sum / all);
};

const noPoolAnswers = ({ latest }: Case["twin"]): boolean => latest.pools.length > 0 && latest.pools.every(({ alive }) => alive === false);

/** The least that a site can set; what is below is no case for the rules of silence and of clocks. */
const LEAST_SILENT_S = 15;
const LEAST_OFF_S = 5;
export const LEAST_OFF_MS = LEAST_OFF_S * 1_000;

/** A reading came just now and its connection stands: no rule about silence can hold. */
export const isPlainlyHere = ({ announced, lastSeenTs }: Case["twin"], nowTs: number): boolean =>
  lastSeenTs !== null && announced !== "lost" && announced !== "offline" && nowTs - lastSeenTs <= LEAST_SILENT_S * 1_000;

const offline: Rule = {
  kind: "offline",
  asked: "tick",
  severity: "major",
  holdMs: MINUTE,
  clearMs: 0,
  says: "Nothing comes from it, or its connection broke.",
  thresholds: {
    silentS: threshold(60, LEAST_SILENT_S, 86_400, "silence after which it counts as gone, s; at least three of its usual intervals"),
  },
  check: ({ twin, watch, nowTs, resumedTs }, { silentS = 60 }) => {
    const isGone = twin.announced === "lost" || twin.announced === "offline";
    if (twin.lastSeenTs === null && !isGone) return false;
    const silence = twin.lastSeenTs === null ? "it has never sent a reading" : `nothing heard for ${minutes(nowTs - watch.heardTs)}`;
    if (isGone) return twin.announced === "lost" ? `Offline: its connection broke, ${silence}.` : `Offline: ${silence}.`;
    // Its messages come, and are refused for their clock: that is another alarm.
    const patienceMs = Math.max(silentS * 1_000, 3 * usualGapMs(watch));
    if (nowTs - watch.heardTs <= patienceMs) return false;
    return nowTs - resumedTs <= patienceMs ? undefined : `Offline: ${silence}.`;
  },
};

const noRestart: Rule = {
  kind: "no-restart",
  asked: "reading",
  severity: "major",
  holdMs: 2 * MINUTE,
  clearMs: 0,
  says: "Woken after a pause or a curtailment, it does not come back to work.",
  thresholds: { tuningFactor: threshold(2, 1, 10, "times the model's tuning time after which tuning counts as failed") },
  check: (of, { tuningFactor = 2 }) => {
    const { twin, watch, targetThs, nowTs } = of;
    if (watch.wokenTs === null) return false;
    const { mode, hashrateThs } = twin.latest;
    const since = minutes(nowTs - watch.wokenTs);
    const raw = twin.latest.errors[0]?.raw;
    if (mode === "fault") return `It does not come back: woken ${since} ago, it reports ${raw ?? "a fault"}.`;
    if (nowTs - watch.wokenTs > tuningFactor * tuningMs(of))
      return `It does not come back: woken ${since} ago, ${(hashrateThs ?? 0).toFixed(1)} TH/s.`;
    if (mode === "tuning") return null;
    return hashrateThs !== null && targetThs !== null && hashrateThs <= targetThs * HUNG_PART
      ? `It does not come back: woken ${since} ago, it does not hash.`
      : null;
  },
};

const fault: Rule = {
  kind: "fault",
  asked: "reading",
  severity: "major",
  holdMs: 2 * MINUTE,
  clearMs: MINUTE,
  says: "The machine itself says that it is in a fault.",
  thresholds: {},
  check: ({ twin, watch }) => {
    const { mode, errors } = twin.latest;
    if (mode !== "fault" || watch.wokenTs !== null) return mode === "fault" ? null : false;
    if (errors.some(({ code }) => /OVERHEAT|TEMPERATURE/.test(code))) return null;
    const [first] = errors;
    return `It reports a fault${first === undefined ? "" : `: ${first.raw.slice(0, 120)}`}.`;
  },
};

const hung: Rule = {
  kind: "hung",
  asked: "reading",
  severity: "major",
  holdMs: 2 * MINUTE,
  clearMs: MINUTE,
  says: "It answers and does not hash.",
  thresholds: {},
  check: ({ twin, watch, targetThs, isSettled }) => {
    const { hashrateThs, mode } = twin.latest;
    if (hashrateThs === null || targetThs === null) return null;
    if (hashrateThs > targetThs * HUNG_PART) return false;
    if (!isSettled || mode === "fault" || watch.wokenTs !== null || noPoolAnswers(twin)) return null;
    return `It answers but does not hash: ${hashrateThs.toFixed(1)} of ${Number(targetThs.toFixed(1))} TH/s.`;
  },
};

const lowHashrate: Rule = {
  kind: "low-hashrate",
  asked: "reading",
  severity: "major",
  holdMs: 2 * MINUTE,
  clearMs: MINUTE,
  says: "It gives much less than its nameplate, or than it was set to.",
  thresholds: {
    raisePct: threshold(75, 1, 99, "of the target, below which it is raised, %"),
    clearPct: threshold(80, 2, 100, "of the target, from which it is cleared, %"),
  },
  check: (of, { raisePct = 75, clearPct = 80 }) => {
    const { twin, targetThs, isSettled } = of;
    const { hashrateThs, boards } = twin.latest;
    if (targetThs === null || hashrateThs === null || !isSettled || twin.latest.mode === "fault") return null;
    const part = hashrateThs / targetThs;
    if (part * 100 >= clearPct) return false;
    if (part * 100 >= raisePct || part <= HUNG_PART || noPoolAnswers(twin)) return null;
    // Lost boards and chips have alarms of their own; this one is for what they do not explain.
    if (part * 100 >= raisePct * workingPart(of)) return null;
    const still = boards.filter((board) => (board.hashrateThs ?? 1) === 0).map((board) => board.index + 1);
    const why = still.length > 0 && boards.length > 1 ? ` Board ${still.join(", ")} gives nothing.` : "";
    return `${hashrateThs.toFixed(1)} TH/s, ${Math.round(part * 100)} % of ${Number(targetThs.toFixed(1))} TH/s.${why}`;
  },
};

const belowOwn: Rule = {
  kind: "below-own",
  asked: "reading",
  severity: "minor",
  holdMs: 15 * MINUTE,
  clearMs: 5 * MINUTE,
  says: "It gives less than it usually does (median of its last 24 h).",
  thresholds: { belowPct: threshold(90, 50, 99, "of its own median, five-minute mean, %") },
  check: ({ twin, watch, isSettled, has }, { belowPct = 90 }) => {
    const mean = watch.figures[OWN_MEAN] as number;
    const median = watch.figures[OWN_MEDIAN] as number;
    if (!isSettled || mean === NONE || median <= 0) return null;
    const part = (100 * mean) / median;
    if (part >= belowPct + 3) return false;
    if (part >= belowPct || has("low-hashrate") || has("board-missing") || has("chips-missing") || has("hung") || noPoolAnswers(twin))
      return null;
    return `${Math.round(part)} % of what it usually gives.`;
  },
};

const restarts: Rule = {
  kind: "restarts",
  asked: "reading",
  severity: "major",
  holdMs: 0,
  clearMs: 0,
  says: "It starts again and again.",
  thresholds: {
    starts: threshold(3, 2, 6, "starts"),
    withinMin: threshold(60, 5, 1_440, "within so many minutes"),
  },
  check: ({ watch, nowTs }, { starts = 3, withinMin = 60 }) => {
    let n = 0;
    for (const ts of watch.starts) if (nowTs - ts <= withinMin * MINUTE) n += 1;
    return n >= starts
      ? `${n} starts within ${withinMin} min: power supply, control board or mains.`
      : n === 0 || starts - n > 1
        ? false
        : null;
  },
};

const clockSkewed: Rule = {
  kind: "clock-skewed",
  asked: "tick",
  severity: "minor",
  holdMs: 2 * MINUTE,
  clearMs: MINUTE,
  says: "Its clock is wrong, or its messages are long on the way.",
  thresholds: { offS: threshold(30, LEAST_OFF_S, 3_600, "s off") },
  check: ({ twin, watch, nowTs, resumedTs }, { offS = 30 }) => {
    if (watch.clockTs !== null) return nowTs - watch.clockTs > 5 * MINUTE ? null : `Its messages are refused: ${watch.clockSays}`;
    if (twin.lastSeenTs === null || nowTs - watch.readTs > Math.max(MINUTE, 3 * usualGapMs(watch)) || watch.readTs < resumedTs) return null;
    const offMs = watch.lagMs;
    if (Math.abs(offMs) < (offS - 5) * 1_000) return false;
    if (Math.abs(offMs) < offS * 1_000) return null;
    return offMs > 0
      ? `Its readings are ${Math.round(offMs / 1_000)} s old when they come: its clock is behind, or they wait on the way.`
      : `Its clock is ${Math.round(-offMs / 1_000)} s ahead.`;
  },
};

export const WORK_RULES: readonly Rule[] = [offline, clockSkewed, noRestart, fault, hung, lowHashrate, belowOwn, restarts];
