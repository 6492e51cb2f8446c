/** From what the fold brought about to numbered frames, for the live view and for each replay alike. */
import { activeAlarms } from "../twin/alarms/book.ts";
import { packRows, type FrameMeta, type Gist, type ShownIn, type SnapshotMeta, type ViewClock } from "../twin/delta.ts";
import type { Farm, Outcome } from "../twin/farm.ts";
import { liveRowOf, rosterRowOf } from "../twin/live.ts";
import type { Alarm, SiteTotals, Twin } from "../twin/twin.ts";
import { lineOf, linesOf } from "../twin/orders/lines.ts";
import type { Order } from "../twin/orders/shapes.ts";

export interface Frame {
  readonly meta: FrameMeta;
  readonly columns: ArrayBuffer;
}
export interface Whole {
  readonly meta: SnapshotMeta;
  readonly columns: ArrayBuffer;
}

const MOST_CLEARED = 200;

/** Active alarms and the newest cleared ones, newest first. */
const alarmsOf = (farm: Farm): Alarm[] =>
  [...activeAlarms(farm.alarms), ...farm.alarms.history.slice(-MOST_CLEARED)].toSorted((a, b) => b.raisedTs - a.raisedTs);

/** Collects changes and numbers the frames made of them. `clock` tells where the view stands; `shownIn`: what the site has set. */
export const createFrames = (farm: () => Farm, totals: (farm: Farm) => SiteTotals, clock: () => ViewClock, shownIn: ShownIn = {}) => {
  let n = 0;
  const touched = new Set<string>();
  const roster = new Set<string>();
  let alarms: Alarm[] = [];
  const orders = new Map<string, Order>();

  const twinsOf = (names: Iterable<string>): Twin[] => {
    const { twins } = farm();
    return [...names].flatMap((name) => twins.get(name) ?? []);
  };

  /** Makes no frame of what changed: nobody looks, and whoever comes gets the whole. */
  const forget = (): void => {
    touched.clear();
    roster.clear();
    alarms = [];
    orders.clear();
  };

  return {
    take(out: Outcome): void {
      for (const rig of out.touched) touched.add(rig);
      for (const rig of out.roster) roster.add(rig);
      alarms.push(...out.alarms);
      for (const [id, order] of out.orders) orders.set(id, order);
    },
    /** The next frame: everything that changed since the last. */
    next(): Frame {
      n += 1;
      const now = clock();
      const rows = twinsOf(new Set([...touched, ...roster])).map((twin) => liveRowOf(farm(), twin));
      const frame = {
        meta: {
          n,
          clock: now,
          roster: twinsOf(roster).map(rosterRowOf),
          totals: totals(farm()),
          alarms,
          orders: [...orders.values()].map(lineOf),
        },
        columns: packRows(rows, now.nowTs),
      };
      forget();
      return frame;
    },
    forget,
    /** What can be told of it at once. */
    gist: (): Gist => ({ clock: clock(), totals: totals(farm()), ...shownIn }),
    /** Everything as it stands after frame n; changes not yet framed are in it and come once more in the next frame. */
    whole(): Whole {
      const twins = [...farm().twins.values()];
      const now = clock();
      return {
        meta: {
          n,
          clock: now,
          roster: twins.map(rosterRowOf),
          totals: totals(farm()),
          alarms: alarmsOf(farm()),
          orders: linesOf(farm().work),
          ...shownIn,
        },
        columns: packRows(
          twins.map((twin) => liveRowOf(farm(), twin)),
          now.nowTs,
        ),
      };
    },
  };
};
