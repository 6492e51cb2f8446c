/** How finely a whole site can be drawn: a bucket in which only some of the rigs had their turn sums to too little. */
import type { Watch } from "./alarms/watch.ts";

const HOUR_MS = 3_600_000;
/** So many of the rigs, in parts of one, report often enough for the bucket; the few that are slower do not coarsen everybody's chart. */
const MOST_RIGS = 0.95;
/** A rig that reports every ten seconds is now and then eleven seconds late. */
const TURNS = 2;

/** The time between two readings, ms, that nearly all rigs heard in the last hour keep to; 0 where none is known. */
const slowGapMs = (watches: Iterable<Watch>, asOfTs: number): number => {
  const gaps: number[] = [];
  for (const { gapMs, readTs } of watches) if (gapMs !== null && readTs > asOfTs - HOUR_MS) gaps.push(gapMs);
  return Float64Array.from(gaps).sort()[Math.floor((gaps.length - 1) * MOST_RIGS)] ?? 0;
};

export interface Drawn {
  readonly from: number;
  readonly to: number;
  readonly points: number;
}

/** The same question with no more points than let each bucket hold readings of nearly every rig. */
export const fitting = <Query extends Drawn>(query: Query, watches: ReadonlyMap<string, Watch>, asOfTs: number): Query => {
  const leastMs = TURNS * slowGapMs(watches.values(), asOfTs);
  // A range that does not begin with a bucket touches one more.
  const most = leastMs > 0 ? Math.floor((query.to - query.from) / leastMs) + 1 : Infinity;
  return { ...query, points: Math.max(1, Math.min(query.points, most)) };
};
