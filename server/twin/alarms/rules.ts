/** All rules about rigs, and what they are asked with. */
import type { Model } from "../models.ts";
import type { Twin } from "../twin.ts";
import { withSettings, type AlarmBook, type SetRule } from "./book.ts";
import { PART_RULES } from "./rules-parts.ts";
import { POWER_RULES } from "./rules-power.ts";
import { WORK_RULES } from "./rules-work.ts";
import { DEFAULT_LIMITS, MINUTE, type Case, type Limits, type Rule } from "./rule.ts";
import { newWatch, type Watch } from "./watch.ts";
import { wellLimitsOf, type WellLimits } from "./well.ts";

export const RULES: readonly Rule[] = [...WORK_RULES, ...PART_RULES, ...POWER_RULES];

const OF_READINGS: ReadonlySet<string> = new Set(RULES.filter(({ asked }) => asked === "reading").map(({ kind }) => kind));
/** Whether something is held that readings decide. What a whole farm may be held for, as wrong clocks after a gateway was away, is the ticks' concern. */
export const isOfReadings = (held: object): boolean => {
  for (const kind in held) if (OF_READINGS.has(kind)) return true;
  return false;
};

export const limitsOf = (model: Model | null): Limits =>
  model === null
    ? DEFAULT_LIMITS
    : {
        ...model.limits,
        intakeC: model.bands.intakeC?.warn ?? DEFAULT_LIMITS.intakeC,
        psuC: model.bands.psuC?.critical ?? null,
      };

/** After a start, or the end of a pause or of tuning, figures still climb for so long. */
const CLIMB_MS = 2 * MINUTE;

/** Whether it hashes or should: neither new, gone, paused nor on its way up. Tuning for three times its model's time is no tuning any more. */
export const isSettledAt = ({ state, latest }: Twin, watch: Watch, model: Model | null, nowTs: number): boolean => {
  if (state === "new" || state === "offline" || latest.mode === "paused") return false;
  const tuningMs = (model?.tuningMinutes ?? 15) * MINUTE;
  if (latest.mode === "tuning") return watch.mode === "tuning" && nowTs - watch.modeSinceTs > 3 * tuningMs;
  if (latest.uptimeS !== null && latest.uptimeS * 1_000 < Math.min(tuningMs, 10 * MINUTE)) return false;
  return watch.mode !== latest.mode ? false : nowTs - watch.modeSinceTs >= CLIMB_MS || watch.starts.length === 0;
};

/** The rules as a site has set them, made anew when a setting changed. */
export interface RuleSet {
  readonly reading: readonly SetRule[];
  readonly tick: readonly SetRule[];
  readonly well: WellLimits;
}
export const ruleSetOf = (settings: AlarmBook["settings"], rules: readonly Rule[] = RULES): RuleSet => {
  const all = withSettings(rules, settings);
  const reading = all.filter(({ rule }) => rule.asked === "reading");
  return { reading, tick: all.filter(({ rule }) => rule.asked === "tick"), well: wellLimitsOf(reading) };
};

/** A case to be filled in for one rig after the other; `held` is what the book holds of it. */
export interface OpenCase extends Case {
  held: AlarmBook["held"] extends ReadonlyMap<string, infer Held> ? Held | undefined : never;
}
export const newCase = (): OpenCase => {
  const one: OpenCase = {
    held: undefined,
    twin: {} as Twin,
    watch: newWatch(0),
    model: null,
    limits: DEFAULT_LIMITS,
    targetThs: null,
    isSettled: false,
    nowTs: 0,
    resumedTs: 0,
    has: (kind) => one.held?.[kind] !== undefined,
    approved: new Set(),
  };
  return one;
};
