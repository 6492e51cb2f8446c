import { describe, expect, test } from "@jest/globals";
import { nowOf } from "../../dashboard/clock.ts";
import { makeStore, rigAt } from "../../dashboard/state.ts";
import { packRows, type FrameMeta, type SnapshotMeta, type ViewClock } from "../../server/twin/delta.ts";
import { alarmsAt, liveRow, rosterRow, totalsOf } from "./mock/plant.ts";

const NOW = 1_795_000_000_000;
const clock: ViewClock = { view: "live", nowTs: NOW, playing: true, speed: 1, from: null, to: null };
const rows = (count: number, ts = NOW) => Array.from({ length: count }, (_, i) => liveRow(i, ts, NOW));
const snapshot = (n: number, count: number): SnapshotMeta => ({
  n,
  clock,
  roster: rows(count).map(({ index }) => rosterRow(index, new Map())),
  totals: totalsOf(rows(count), NOW, NOW, []),
  alarms: alarmsAt(count, NOW, NOW),
  orders: [],
});
const frame = (n: number, more: Partial<FrameMeta> = {}): FrameMeta => ({
  n,
  clock,
  roster: [],
  totals: totalsOf(rows(3), NOW, NOW, []),
  alarms: [],
  orders: [],
  ...more,
});

describe("the store", () => {
  test("a snapshot, then what changed; untouched rows keep their revision", () => {
    const store = makeStore();
    store.applySnapshot(snapshot(7, 20), packRows(rows(20), NOW), 0);
    const before = Array.from(store.farm.rev.slice(0, 20));
    expect(store.applyFrame(frame(8), packRows([{ ...liveRow(3, NOW, NOW), state: "fault", alarm: "critical" }], NOW + 500), 500)).toBe(
      true,
    );
    expect(rigAt(store.farm, 3)).toMatchObject({ state: "fault", alarm: "critical", roster: { rig: "a-r1-04" } });
    expect(before.map((rev, i) => rev !== store.farm.rev[i])).toEqual(Array.from({ length: 20 }, (_, i) => i === 3));
  });

  test("the figures may come before the rest; they do not pass for the whole, and do not come in its place later", () => {
    const store = makeStore();
    const { clock: told, totals } = snapshot(0, 20);
    store.applyGist({ clock: told, totals }, 0);
    expect([store.gist()?.rigs, store.totals(), store.clock()?.clock, store.connection()]).toEqual([20, null, told, "connecting"]);
    store.applySnapshot(snapshot(7, 30), packRows(rows(30), NOW), 0);
    store.applyGist({ clock: told, totals }, 0);
    expect([store.gist()?.rigs, store.totals()?.rigs, store.connection()]).toEqual([30, 30, "live"]);
  });

  test("a skipped, repeated or old number changes nothing", () => {
    const store = makeStore();
    store.applySnapshot(snapshot(7, 5), packRows(rows(5), NOW), 0);
    const changed = packRows([{ ...liveRow(0, NOW, NOW), state: "hung" }], NOW);
    for (const n of [7, 9, 6]) expect(store.applyFrame(frame(n), changed, 1)).toBe(false);
    expect(rigAt(store.farm, 0)?.state).toBe("hashing");
    expect(store.applyFrame(frame(8), changed, 1)).toBe(true);
  });

  test("a rig that appears in a frame is there with its row, whatever its index", () => {
    const store = makeStore();
    store.applySnapshot(snapshot(1, 2), packRows(rows(2), NOW), 0);
    const roster = store.farm.roster;
    store.applyFrame(frame(2, { roster: [rosterRow(900, new Map())] }), packRows([liveRow(900, NOW, NOW)], NOW), 1);
    expect(rigAt(store.farm, 900)?.roster.index).toBe(900);
    expect(rigAt(store.farm, 500)).toBeNull();
    expect(store.farm.roster).not.toBe(roster);
  });

  test("missing numbers are null, never seen is null", () => {
    const store = makeStore();
    store.applySnapshot(snapshot(1, 97), packRows(rows(97), NOW), 0);
    expect(rigAt(store.farm, 96)).toMatchObject({ state: "new", lastSeenTs: null, numbers: { hashrateThs: null } });
    expect(rigAt(store.farm, 0)?.lastSeenTs).toBeGreaterThan(NOW - 6_000);
  });

  test("alarms are merged by id; a snapshot forgets those of the view before", () => {
    const store = makeStore();
    store.applySnapshot(snapshot(1, 97), packRows(rows(97), NOW), 0);
    const [first] = store.alarms();
    if (first === undefined) throw new Error("the farm has no alarm");
    store.applyFrame(frame(2, { alarms: [{ ...first, acknowledgedTs: NOW, acknowledgedBy: "badge-1" }] }), packRows([], NOW), 1);
    expect(store.alarms().filter(({ id }) => id === first.id)).toMatchObject([{ acknowledgedBy: "badge-1" }]);
    store.applySnapshot({ ...snapshot(1, 97), alarms: [] }, packRows(rows(97), NOW), 2);
    expect(store.alarms()).toEqual([]);
  });

  test("only those who asked for what changed are told", () => {
    const store = makeStore();
    store.applySnapshot(snapshot(1, 5), packRows(rows(5), NOW), 0);
    const told: string[] = [];
    for (const topic of ["rows", "roster", "totals", "alarms", "clock"] as const) store.subscribe(topic, () => told.push(topic));
    store.applyFrame(frame(2), packRows([liveRow(0, NOW, NOW)], NOW), 1);
    expect(told.toSorted()).toEqual(["rows", "totals"]);
  });
});

describe("the view's clock", () => {
  test("live runs on by the browser's monotonic clock", () => {
    expect(nowOf({ clock, setAtMs: 100 }, 1_100)).toBe(NOW + 1_000);
    expect(nowOf({ clock, setAtMs: 100 }, 50)).toBe(NOW);
  });
  test("a replay runs at its speed, stands while paused, and ends at its end", () => {
    const replay: ViewClock = { view: "replay", nowTs: 1_000, playing: true, speed: 100, from: 0, to: 60_000 };
    expect(nowOf({ clock: replay, setAtMs: 0 }, 100)).toBe(11_000);
    expect(nowOf({ clock: { ...replay, playing: false }, setAtMs: 0 }, 100)).toBe(1_000);
    expect(nowOf({ clock: replay, setAtMs: 0 }, 10_000)).toBe(60_000);
  });
});
