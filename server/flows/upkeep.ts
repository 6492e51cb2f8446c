/** What the series store needs now and then: minute and hour rows from what came, and old raw rows dropped. */
import { DAY_MS } from "../twin/days.ts";
import type { Clock } from "./clock.ts";

export interface UpkeepNeeds {
  readonly clock: Clock;
  /** Computes windows that ended before; gives how many, 0 when nothing is due. */
  readonly rollup: (endedByTs: number) => Promise<number>;
  /**
   * Journal time up to which the store has what it missed while it is taking that in, null otherwise: what is rolled up meanwhile is out of date
   * with the next batch, and each batch waits for it.
   */
  readonly behindTs: () => number | null;
  /** Has the store give back memory; a minute's writes leave some behind. */
  readonly letGo: () => Promise<void>;
  readonly retain: (rawBeforeTs: number, minuteBeforeTs: number) => Promise<void>;
  /** The newest device time that the rigs tell, ms UTC. A machine's clock that jumps ahead by a month must not cost the month's rows. */
  readonly newestTs: () => number;
  readonly rawDays: number;
  readonly minuteDays: number;
  readonly onError: (what: string, error: unknown) => void;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Minutes are rolled up so many together: a series' rows of them lie side by side then, and ten roll-ups of one minute cost more. */
const TOGETHER_MS = 10 * MINUTE_MS;
/** A round ends after so long, however much there is: late rows come in meanwhile, and would keep it going. */
const ROUND_MS = 20_000;
/**
 * Rolled up is half way between full minutes, and old rows are dropped two minutes after a full five, at which the farm is snapshot: each of the
 * three needs memory for a moment, and together they would be the most that is ever in use.
 */
const ROLL_UP_AFTER_MS = MINUTE_MS / 2;
const RETAIN_AFTER_MS = 2 * MINUTE_MS;

/** Rounds that begin `afterMs` from now. */
const roundsAfter = (clock: Clock, afterMs: number, ms: number, work: () => void | Promise<void>): (() => void) => {
  let stop = clock.every(afterMs, () => {
    stop();
    stop = clock.every(ms, work);
  });
  return () => stop();
};

/** Starts the rounds; gives the function that ends them. A store that is away is tried again at the next round. */
export const startUpkeep = (needs: UpkeepNeeds): (() => void) => {
  let rolledUpTs = needs.clock.now();
  /** Up to where everything is rolled up. What comes later for it waits for the next ten minutes: raw rows answer meanwhile. */
  let wholeToTs = 0;
  const rollUp = async (): Promise<void> => {
    const nowTs = needs.clock.now();
    const endedByTs = Math.floor(nowTs / TOGETHER_MS) * TOGETHER_MS;
    const isCatchingUp = (): boolean => needs.behindTs() !== null;
    if (isCatchingUp()) {
      wholeToTs = 0;
      // One that catches up for very long is rolled up all the same, a little each hour.
      if (nowTs - rolledUpTs < HOUR_MS) return;
    }
    if (endedByTs === wholeToTs) return needs.letGo();
    rolledUpTs = nowTs;
    let windows: number;
    do windows = await needs.rollup(endedByTs);
    while (windows > 0 && !isCatchingUp() && needs.clock.now() - nowTs < ROUND_MS);
    if (windows === 0) wholeToTs = endedByTs;
  };
  const retain = async (): Promise<void> => {
    // As far from what is written as it would have been then: what comes out of the journal is not too old for the store.
    const nowTs = Math.min(needs.clock.now(), needs.newestTs(), needs.behindTs() ?? Infinity);
    await needs
      .retain(nowTs - needs.rawDays * DAY_MS, nowTs - needs.minuteDays * DAY_MS)
      .catch((error: unknown) => needs.onError("old rows were not dropped", error));
  };
  const stopRolling = roundsAfter(needs.clock, ROLL_UP_AFTER_MS, MINUTE_MS, () =>
    rollUp().catch((error: unknown) => needs.onError("the roll-up failed", error)),
  );
  const stopRetaining = roundsAfter(needs.clock, RETAIN_AFTER_MS, HOUR_MS, retain);
  return () => {
    stopRolling();
    stopRetaining();
  };
};
