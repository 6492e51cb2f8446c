/**
 * How soon wear is found: by what a rig's own history predicts ("drifting"), and by fixed thresholds. The thresholds are given every
 * chance: each rule is taken as it comes, and once more as tight as it can be set without naming more rigs wrongly than the residual does.
 */
import type { RuleSetting } from "../server/twin/alarms/book.ts";
import type { Alarm, AlarmKind } from "../server/twin/twin.ts";
import type { MessageOptions } from "./messages.ts";
import type { Family } from "./plant/families.ts";
import type { TruthRow } from "./scenario.ts";
import { ANSWERS, findWith, GRACE_MS, truthIn, type Found, type Settings } from "./scoring.ts";

export const WEAR: ReadonlySet<Family> = new Set(["fan-wear", "dust", "failing-board"]);

/** From the standard to the tightest, one column a fold. */
const GRADES: Partial<Record<AlarmKind, { readonly name: string; readonly values: readonly number[] }>> = {
  "fan-slow": { name: "belowPct", values: [70, 80, 86, 90, 93, 95] },
  "below-own": { name: "belowPct", values: [90, 93, 95, 97, 98, 99] },
  "low-hashrate": { name: "raisePct", values: [75, 85, 90, 94, 96, 98] },
  inefficient: { name: "abovePct", values: [15, 10, 7, 5, 4, 3] },
  "too-hot": { name: "addC", values: [0, -5, -9, -12, -15, -18] },
};
const GRADE_COUNT = 6;
const settingsAt = (grade: number): Settings =>
  new Map(
    Object.entries(GRADES).map(([kind, { name, values }]): [AlarmKind, RuleSetting] => {
      const value = values[grade] as number;
      const clear = kind === "low-hashrate" ? { clearPct: Math.min(100, value + 2) } : {};
      return [kind as AlarmKind, { thresholds: { [name]: value, ...clear } }];
    }),
  );

/** How well one way of looking finds wear. */
export interface Detector {
  readonly name: "residual" | "thresholds" | "thresholds, tightened";
  /** What they are set to, where that is not the standard. */
  readonly set: string;
  readonly found: number;
  /** Rigs named rightly ÷ rigs named. */
  readonly precision: number | null;
  readonly medianMs: number | null;
  readonly worstMs: number | null;
}
export interface WearScore {
  readonly faults: number;
  readonly detectors: readonly Detector[];
}

interface Sight {
  /** When each fault was found first, ms after it began. */
  readonly times: ReadonlyMap<TruthRow, number>;
  readonly wrongRigs: ReadonlySet<string>;
}
const isOf = ({ rig, raisedTs, sinceTs }: Alarm, row: TruthRow): boolean =>
  rig === row.rig && raisedTs >= row.fromTs && sinceTs < row.toTs + GRACE_MS;

const sightOf = (alarms: readonly Alarm[], truth: readonly TruthRow[]): Sight => {
  const times = new Map<TruthRow, number>();
  const wrongRigs = new Set<string>();
  for (const alarm of alarms) {
    const row = truth.find((each) => isOf(alarm, each));
    if (row === undefined) wrongRigs.add(alarm.rig);
    else times.set(row, Math.min(times.get(row) ?? Infinity, alarm.raisedTs - row.fromTs));
  }
  return { times, wrongRigs };
};
const precisionOf = ({ times, wrongRigs }: Sight): number | null =>
  times.size + wrongRigs.size === 0 ? null : times.size / (times.size + wrongRigs.size);

const detectorOf = (name: Detector["name"], set: string, sight: Sight, faults: number): Detector => {
  // What is never found is found last of all: the median is over all faults.
  const sorted = [...sight.times.values(), ...Array.from({ length: faults - sight.times.size }, () => Infinity)].toSorted((a, b) => a - b);
  const median = ((sorted[(faults - 1) >> 1] ?? Infinity) + (sorted[faults >> 1] ?? Infinity)) / 2;
  const worst = sorted.at(-1) ?? Infinity;
  return {
    name,
    set,
    found: sight.times.size,
    precision: precisionOf(sight),
    medianMs: Number.isFinite(median) ? median : null,
    worstMs: Number.isFinite(worst) ? worst : null,
  };
};

/** Of one kind the tightest grade that is as precise as `floor`, or the standard. */
const tightest = (kind: AlarmKind, founds: readonly Found[], truth: readonly TruthRow[], floor: number): number => {
  for (let grade = founds.length - 1; grade > 0; grade--) {
    const precision = precisionOf(
      sightOf(
        (founds[grade] as Found).alarms.filter((alarm) => alarm.kind === kind),
        truth,
      ),
    );
    if (precision !== null && precision >= floor) return grade;
  }
  return 0;
};

/** Compares on one wear scenario; also gives what the rules found as they come. */
export const compareWear = (
  options: MessageOptions,
  told?: (ts: number, messages: number) => void,
): { readonly found: Found; readonly wear: WearScore } => {
  const founds = findWith(
    options,
    Array.from({ length: GRADE_COUNT }, (_, grade) => settingsAt(grade)),
    told,
  );
  const [found] = founds as [Found];
  const truth = truthIn(options);
  const answers = new Set<AlarmKind>(truth.flatMap(({ family }) => ANSWERS[family] ?? []));
  answers.delete("drifting");
  const kinds = [...answers];
  const residual = sightOf(
    found.alarms.filter(({ kind }) => kind === "drifting"),
    truth,
  );
  const plain = found.alarms.filter(({ kind }) => kinds.includes(kind));
  const floor = precisionOf(residual) ?? 1;
  const grades = kinds.map((kind) => [kind, tightest(kind, founds, truth, floor)] as const);
  const tight = grades.flatMap(([kind, grade]) => (founds[grade] as Found).alarms.filter((alarm) => alarm.kind === kind));
  const set = grades
    .filter(([, grade]) => grade > 0)
    .map(([kind, grade]) => `${kind} ${GRADES[kind]?.values[grade]}`)
    .join(", ");
  return {
    found,
    wear: {
      faults: truth.length,
      detectors: [
        detectorOf("residual", "", residual, truth.length),
        detectorOf("thresholds", "", sightOf(plain, truth), truth.length),
        detectorOf("thresholds, tightened", set, sightOf(tight, truth), truth.length),
      ],
    },
  };
};

/** In which the residual does not win: sooner by the median, all found, and no less precise. */
export const wearShortcomings = ({ faults, detectors }: WearScore): string[] => {
  const [residual, ...others] = detectors as [Detector, ...Detector[]];
  return others.flatMap(({ name, medianMs, precision }) => [
    ...(medianMs !== null && (residual.medianMs === null || residual.medianMs >= medianMs) ? [`${name} are sooner than the residual`] : []),
    ...((residual.precision ?? 0) < (precision ?? 0) ? [`the residual is less precise than the ${name}`] : []),
    ...(residual.found < faults ? [`the residual finds ${residual.found} of ${faults}`] : []),
  ]);
};
