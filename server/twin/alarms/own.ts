/** What a rig usually gives: the median of its half hours of the last day, as a share of what it should give, so that another set-point is no loss. */
export interface Own {
  slot: number;
  sum: number;
  n: number;
  /** Means of half hours, oldest first, at most a day of them. */
  parts: number[];
  /** null before there are enough. */
  median: number | null;
  /** Mean of the newest minutes (EWMA of MEAN_MS). */
  mean: number | null;
  meanTs: number;
}
const SLOT_MS = 1_800_000;
const MOST = 48;
/** Three hours of work before anything is called usual. */
const ENOUGH = 6;
const MEAN_MS = 300_000;

export const noOwn = (): Own => ({ slot: 0, sum: 0, n: 0, parts: [], median: null, mean: null, meanTs: 0 });

const medianOf = (parts: readonly number[]): number => {
  const sorted = parts.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
};

/** Takes TH/s while it works (null: it does not, nothing is learnt). Changes `own`. */
export const lookAtOwn = (own: Own, hashrateThs: number | null, targetThs: number | null, nowTs: number): void => {
  const slot = Math.floor(nowTs / SLOT_MS);
  if (slot !== own.slot) {
    if (own.n > 0) {
      own.parts.push(own.sum / own.n);
      if (own.parts.length > MOST) own.parts.shift();
      if (own.parts.length >= ENOUGH) own.median = medianOf(own.parts);
    }
    own.slot = slot;
    own.sum = 0;
    own.n = 0;
  }
  if (hashrateThs === null) {
    own.mean = null;
    return;
  }
  const part = hashrateThs / (targetThs ?? 1);
  own.sum += part;
  own.n += 1;
  own.mean = own.mean === null ? part : own.mean + (part - own.mean) * Math.min(1, (nowTs - own.meanTs) / MEAN_MS);
  own.meanTs = nowTs;
};
