/** How far an axis reaches and how it writes its ticks. Pure. */

/** Less than this share of the largest value is not spread over a whole axis: noise is to look like noise. */
const LEAST_SPREAD = 0.08;

/** What the axis shows at least, for values in shown units; nothing where there are none. */
export const reachOf = (
  columns: readonly (readonly (number | null)[])[],
  by: number,
): { readonly suggestedMin?: number; readonly suggestedMax?: number } => {
  let [low, high] = [Infinity, -Infinity];
  for (const column of columns)
    for (const value of column) {
      if (value === null || !Number.isFinite(value)) continue;
      low = Math.min(low, value * by);
      high = Math.max(high, value * by);
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
