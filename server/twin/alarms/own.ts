/** What a rig usually gives: the median of its half hours of the last day, as a share of what it should give, so that another set-point is no loss. */
import { NONE, OWN_COUNT, OWN_MEAN, OWN_MEAN_TS, OWN_MEDIAN, OWN_SLOT, OWN_SUM, type Figures } from "./figures.ts";

const SLOT_MS = 1_800_000;
const MOST = 48;
/** Three hours of work before anything is called usual. */
const ENOUGH = 6;
const MEAN_MS = 300_000;

const medianOf = (parts: readonly number[]): number => {
  const sorted = parts.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
};

/** `parts` are the means of half hours, oldest first, at most a day of them. */
const closeSlot = (figures: Figures, parts: number[], slot: number): void => {
  const n = figures[OWN_COUNT] as number;
  if (n > 0) {
    parts.push((figures[OWN_SUM] as number) / n);
    if (parts.length > MOST) parts.shift();
    if (parts.length >= ENOUGH) figures[OWN_MEDIAN] = medianOf(parts);
  }
  figures[OWN_SLOT] = slot;
  figures[OWN_SUM] = 0;
  figures[OWN_COUNT] = 0;
};

/** Takes TH/s while it works (null: it does not, nothing is learnt). Changes `figures` and `parts`. */
export const lookAtOwn = (figures: Figures, parts: number[], hashrateThs: number | null, targetThs: number | null, nowTs: number): void => {
  const slot = Math.floor(nowTs / SLOT_MS);
  if (slot !== figures[OWN_SLOT]) closeSlot(figures, parts, slot);
  if (hashrateThs === null) {
    figures[OWN_MEAN] = NONE;
    return;
  }
  const part = hashrateThs / (targetThs ?? 1);
  figures[OWN_SUM] = (figures[OWN_SUM] as number) + part;
  figures[OWN_COUNT] = (figures[OWN_COUNT] as number) + 1;
  const mean = figures[OWN_MEAN] as number;
  figures[OWN_MEAN] = mean === NONE ? part : mean + (part - mean) * Math.min(1, (nowTs - (figures[OWN_MEAN_TS] as number)) / MEAN_MS);
  figures[OWN_MEAN_TS] = nowTs;
};
