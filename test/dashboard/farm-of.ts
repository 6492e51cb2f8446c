/** A farm as the screen knows it after one snapshot. */
import { makeStore, type Farm } from "../../dashboard/state.ts";
import { packRows, type RosterRow } from "../../server/twin/delta.ts";
import { liveRow, totalsOf } from "./mock/plant.ts";

export const NOW = 1_795_000_000_000;
export const farmOf = (roster: readonly RosterRow[]): Farm => {
  const store = makeStore();
  const rows = roster.map(({ index }) => liveRow(index, NOW, NOW));
  store.applySnapshot(
    {
      n: 1,
      clock: { view: "live", nowTs: NOW, playing: true, speed: 1, from: null, to: null },
      roster,
      totals: totalsOf(rows, NOW, NOW, []),
      alarms: [],
      orders: [],
    },
    packRows(rows, NOW),
    0,
  );
  return store.farm;
};
