/** How far an axis reaches and how it writes its ticks. Pure. */

/** Less than this share of the largest value is not spread over a whole axis: noise is to look like noise. */
const LEAST_SPREAD = 0.08;

/** What the axis shows at least, for values in shown units; nothing where there are none. */
export const reachOf = (
  columns: readonly (readonly (number | null)[])[],
  { by, plus }: { readonly by: number; readonly plus: number },
): { readonly suggestedMin?: number; readonly suggestedMax?: number } => {
  let [low, high] = [Infinity, -Infinity];
  for (const column of columns)
    for (const value of column) {
      if (value === null || !Number.isFinite(value)) continue;
      low = Math.min(low, value * by + plus);
      high = Math.max(high, value * by + plus);
    }
  if (low > high) return {};
  const least = LEAST_SPREAD * Math.max(Math.abs(low), Math.abs(high));
  if (high - low >= least) return {};
  const middle = (low + high) / 2;
  const suggestedMin = middle - least / 2;
  return { suggestedMin: low >= 0 ? Math.max(0, suggestedMin) : suggestedMin, suggestedMax: middle + least / 2 };
};

/** Decimals with which ticks that lie `step` apart differ. */
export const digitsFor = (step: number): number => (!(step > 0) || step >= 1 ? 0 : Math.min(6, Math.ceil(-Math.log10(step) - 1e-9)));

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  SECOND,
  2 * SECOND,
  5 * SECOND,
  10 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
  28 * DAY,
];

/** Times worth a tick between two moments (ms UTC): at most `most`, at round times of the zone `offsetMs` ahead of UTC. */
export const timeTicks = (
  from: number,
  to: number,
  most: number,
  offsetMs: number,
): { readonly step: number; readonly ts: readonly number[] } => {
  const step = STEPS.find((each) => (to - from) / each <= most) ?? 28 * DAY;
  const ts: number[] = [];
  for (let at = Math.ceil((from + offsetMs) / step) * step - offsetMs; at <= to; at += step) ts.push(at);
  return { step, ts };
};
