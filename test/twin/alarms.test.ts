import { describe, expect, test } from "@jest/globals";
import { acknowledgeAlarm, activeAlarms, DEFAULT_LIMITS, gravestOf, judge, noAlarms, RULES } from "../../server/twin/alarms.ts";
import { newTwin } from "../../server/twin/fold.ts";
import { NOTHING_MEASURED, type Measured } from "../../server/twin/reading.ts";
import type { RigState, Twin } from "../../server/twin/twin.ts";

const T = 1_750_000_000_000;
const nameplate = { hashrateThs: 100, powerW: 3_000, boards: 3, chips: 110, fans: 4 };
const twinOf = (state: RigState, measured: Partial<Measured> = {}): Twin => ({
  ...newTwin("farm", "r1", 0, T),
  nameplate,
  state,
  lastSeenTs: T,
  latest: { ...NOTHING_MEASURED, ...measured },
});
/** Judges every five seconds from `fromS` to `toS` (seconds after T) and gives what changed, as [second, kind, raised or cleared]. */
const watch = (book: ReturnType<typeof noAlarms>, twin: Twin, fromS: number, toS: number): [number, string, string][] => {
  const seen: [number, string, string][] = [];
  for (let s = fromS; s <= toS; s += 5)
    for (const alarm of judge(book, twin, DEFAULT_LIMITS, T + s * 1_000))
      seen.push([s, alarm.kind, alarm.clearedTs === null ? "raised" : "cleared"]);
  return seen;
};

const well = twinOf("hashing", { mode: "mining", hashrateThs: 99, boardC: 60, chipC: 75 });

describe("alarms", () => {
  test("low hashrate is raised after its hold, once, and cleared after a steady minute", () => {
    const book = noAlarms();
    const low = twinOf("low", { mode: "mining", hashrateThs: 66 });
    expect(watch(book, low, 0, 600)).toEqual([[120, "low-hashrate", "raised"]]);
    expect(activeAlarms(book)[0]).toMatchObject({ sinceTs: T, raisedTs: T + 120_000, message: "66.0 TH/s, 66 % of 100 TH/s." });
    expect(watch(book, well, 605, 800)).toEqual([[665, "low-hashrate", "cleared"]]);
    expect(book.history).toHaveLength(1);
    expect(book.held.size).toBe(0);
  });

  test("between the two thresholds nothing is raised and nothing cleared", () => {
    const book = noAlarms();
    const between = twinOf("low", { mode: "mining", hashrateThs: 77 });
    expect(watch(book, between, 0, 600)).toEqual([]);
    watch(book, twinOf("low", { mode: "mining", hashrateThs: 60 }), 605, 800);
    expect(watch(book, between, 805, 1_600)).toEqual([]);
    expect(activeAlarms(book)).toHaveLength(1);
  });

  test("a dip that ends before the hold is over starts anew the next time", () => {
    const book = noAlarms();
    const low = twinOf("low", { mode: "mining", hashrateThs: 10 });
    expect(watch(book, low, 0, 115)).toEqual([]);
    expect(watch(book, well, 120, 120)).toEqual([]);
    expect(watch(book, low, 125, 240)).toEqual([]);
    expect(watch(book, low, 245, 245)).toEqual([[245, "low-hashrate", "raised"]]);
  });

  test.each(["paused", "tuning", "offline", "new"] as RigState[])("a rig that is %s raises no low hashrate", (state) => {
    const seen = watch(noAlarms(), twinOf(state, { hashrateThs: 0 }), 0, 900);
    expect(seen.filter(([, kind]) => kind === "low-hashrate")).toEqual([]);
  });

  test("a missing value never clears", () => {
    const book = noAlarms();
    watch(book, twinOf("low", { mode: "mining", hashrateThs: 10 }), 0, 200);
    expect(watch(book, twinOf("low", { mode: "mining" }), 205, 900)).toEqual([]);
    expect(activeAlarms(book)).toHaveLength(1);
  });

  test("too hot by board or by chip, with three degrees of hysteresis", () => {
    const book = noAlarms();
    expect(watch(book, twinOf("hashing", { hashrateThs: 99, boardC: 80, chipC: 90 }), 0, 60)).toEqual([[30, "too-hot", "raised"]]);
    expect(watch(book, twinOf("hashing", { hashrateThs: 99, boardC: 78, chipC: 90 }), 65, 300)).toEqual([]);
    expect(watch(book, twinOf("hashing", { hashrateThs: 99, boardC: 76, chipC: 90 }), 305, 400)).toEqual([[365, "too-hot", "cleared"]]);
    expect(watch(noAlarms(), twinOf("hashing", { hashrateThs: 99, boardC: null, chipC: 96 }), 0, 60)).toEqual([[30, "too-hot", "raised"]]);
  });

  test("offline is raised a minute after the state, and cleared by the first reading", () => {
    const book = noAlarms();
    expect(watch(book, twinOf("offline"), 60, 600)).toEqual([[120, "offline", "raised"]]);
    expect(activeAlarms(book)[0]?.message).toBe("Offline: nothing heard for 2 min.");
    expect(watch(book, well, 605, 605)).toEqual([[605, "offline", "cleared"]]);
  });

  test("acknowledging stamps it once, active or cleared", () => {
    const book = noAlarms();
    watch(book, twinOf("offline"), 60, 200);
    const id = activeAlarms(book)[0]?.id ?? "";
    expect(acknowledgeAlarm(book, id, "op-1", T + 1)).toMatchObject({ acknowledgedBy: "op-1" });
    expect(acknowledgeAlarm(book, id, "op-2", T + 2)).toBeNull();
    expect(acknowledgeAlarm(book, "nothing", "op-2", T + 2)).toBeNull();
    watch(book, well, 205, 205);
    expect(book.history[0]).toMatchObject({ acknowledgedBy: "op-1", clearedTs: T + 205_000 });
  });

  test("the gravest alarm of a rig is told", () => {
    const book = noAlarms();
    expect(gravestOf(book, "r1")).toBeNull();
    watch(book, twinOf("low", { mode: "mining", hashrateThs: 10, boardC: 85 }), 0, 200);
    expect(gravestOf(book, "r1")).toBe("critical");
    expect(new Set(RULES.map((rule) => rule.kind)).size).toBe(RULES.length);
  });
});
