/** What the series store needs now and then: minute and hour rows from what came, and old raw rows dropped. */
import { DAY_MS } from "../twin/days.ts";
import type { Clock } from "./clock.ts";

export interface UpkeepNeeds {
  readonly clock: Clock;
  /** Gives how many windows were computed, 0 when nothing is due. */
  readonly rollup: (nowTs: number) => Promise<number>;
  readonly retain: (rawBeforeTs: number, minuteBeforeTs: number) => Promise<void>;
  readonly rawDays: number;
  readonly minuteDays: number;
  readonly onError: (what: string, error: unknown) => void;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Starts the rounds; gives the function that ends them. A store that is away is tried again at the next round. */
export const startUpkeep = (needs: UpkeepNeeds): (() => void) => {
  const stops = [
    needs.clock.every(MINUTE_MS, async () => {
      try {
        while ((await needs.rollup(needs.clock.now())) > 0);
      } catch (error) {
        needs.onError("the roll-up failed", error);
      }
    }),
    needs.clock.every(HOUR_MS, async () => {
      const nowTs = needs.clock.now();
      await needs
        .retain(nowTs - needs.rawDays * DAY_MS, nowTs - needs.minuteDays * DAY_MS)
        .catch((error: unknown) => needs.onError("old rows were not dropped", error));
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
};
