/** What the series store needs now and then: minute and hour rows from what came, and old raw rows dropped. */
import { DAY_MS } from "../twin/days.ts";
import type { Clock } from "./clock.ts";

export interface UpkeepNeeds {
  readonly clock: Clock;
  /** Computes windows that ended before; gives how many, 0 when nothing is due. */
  readonly rollup: (endedByTs: number) => Promise<number>;
  /** Whether the store is taking in what it missed: what is rolled up then is out of date with the next batch, and each batch waits for it. */
  readonly isCatchingUp: () => boolean;
  readonly retain: (rawBeforeTs: number, minuteBeforeTs: number) => Promise<void>;
  /** The newest device time that was heard, ms UTC. A machine's clock that jumps ahead by a month must not cost the month's rows. */
  readonly newestTs: () => number;
  readonly rawDays: number;
  readonly minuteDays: number;
  readonly onError: (what: string, error: unknown) => void;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Minutes are rolled up so many together: a series' rows of them lie side by side then, and ten roll-ups of one minute cost more. */
const TOGETHER_MS = 10 * MINUTE_MS;
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
  const rollUp = async (): Promise<void> => {
    // One that catches up for very long is rolled up all the same, a little each hour.
    if (needs.isCatchingUp() && needs.clock.now() - rolledUpTs < HOUR_MS) return;
    rolledUpTs = needs.clock.now();
    while ((await needs.rollup(Math.floor(needs.clock.now() / TOGETHER_MS) * TOGETHER_MS)) > 0 && !needs.isCatchingUp());
  };
  const retain = async (): Promise<void> => {
    const nowTs = Math.min(needs.clock.now(), needs.newestTs());
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
