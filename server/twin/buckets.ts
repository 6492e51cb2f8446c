/** Buckets of a time range, and the checks every series query passes first. */
import { bucketMsFor } from "./series.ts";
import { Refused } from "./refusal.ts";

export interface Buckets {
  readonly bucketMs: number;
  /** Start of each, multiples of bucketMs, from the one that holds `from` to the one that holds `to - 1`. */
  readonly ts: readonly number[];
}

const MOST_POINTS = 20_000;
/** Some time in 2255: InfluxDB counts nanoseconds in 63 bits. Whoever asks for later gave microseconds, as like as not. */
const LAST_TS = 9_000_000_000_000;
const startOf = (ts: number, widthMs: number): number => Math.floor(ts / widthMs) * widthMs;

/** Throws Refused RANGE_INVALID where there is no such range, or no store can tell of it, REQUEST_INVALID where `points` is not 1 to 20 000. */
export const checkRange = (from: number, to: number, points = 1): void => {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || to <= from)
    throw new Refused("RANGE_INVALID", `from (${from}) and to (${to}) are ms since 1970, from before to.`);
  if (to > LAST_TS) throw new Refused("RANGE_INVALID", `to (${to}) is ms since 1970, at most ${LAST_TS}.`);
  if (!Number.isInteger(points) || points < 1 || points > MOST_POINTS)
    throw new Refused("REQUEST_INVALID", `points (${points}) is 1 to ${MOST_POINTS}.`);
};

/** At most `points` buckets of at least `leastMs` that cover the range fully. */
export const bucketsOf = (from: number, to: number, points: number, leastMs = 1): Buckets => {
  checkRange(from, to, points);
  const countAt = (widthMs: number): number => Math.ceil((to - startOf(from, widthMs)) / widthMs);
  let bucketMs = bucketMsFor(0, Math.max(to - from, leastMs * points), points);
  // An unaligned range touches one bucket more than its length says: take the next width then.
  while (countAt(bucketMs) > points) bucketMs = bucketMsFor(0, bucketMs * points + 1, points);
  const first = startOf(from, bucketMs);
  return { bucketMs, ts: Array.from({ length: countAt(bucketMs) }, (_, i) => first + i * bucketMs) };
};

/** A column as long as the buckets, all empty. */
export const emptyColumn = (buckets: Buckets): (number | null)[] => buckets.ts.map(() => null);
