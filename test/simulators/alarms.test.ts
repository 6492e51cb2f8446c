/** The plant against the real fold and its alarms: what is injected is found, and nothing else is. */
import { describe, expect, test } from "@jest/globals";
import type { Alarm, Entry } from "../../server/twin/twin.ts";
import { foldEntry, newFarm, nothingYet } from "../../server/twin/farm.ts";
import { OWN, TICK_MS } from "../../server/twin/wire.ts";
import { messages } from "../../simulators/messages.ts";
import type { Family } from "../../simulators/plant/families.ts";
import { loadScenario } from "../../simulators/scenario-files.ts";
import { truthOf } from "../../simulators/scenario.ts";
import { MINUTE, START_TS, optionsOf } from "./collect.ts";

const NOTHING = new Uint8Array();

/** Every alarm, in its last state, of so many minutes of a scenario on 60 rigs. */
const alarmsOf = (name: string, minutes: number, seed: number, fromTs = START_TS): Alarm[] => {
  const farm = newFarm("farm");
  const alarms = new Map<string, Alarm>();
  let pos = 0;
  let nextTick = fromTs + TICK_MS;
  const fold = (receivedTs: number, topic: string, payload: Uint8Array, retain: boolean): void => {
    const entry: Entry = { pos: ++pos, receivedTs, topic, payload, qos: 1, retain, dup: false, client: "" };
    const out = nothingYet();
    foldEntry(farm, entry, out);
    for (const alarm of out.alarms) alarms.set(alarm.id, alarm);
  };
  for (const { ts, topic, payload, retain } of messages(
    optionsOf({ scenario: loadScenario(name), rigs: 60, seed, fromTs, toTs: fromTs + minutes * MINUTE, intervalMs: 5_000 }),
  )) {
    for (; nextTick <= ts; nextTick += TICK_MS) fold(nextTick, OWN.tick, NOTHING, false);
    fold(ts, topic, payload, retain);
  }
  return [...alarms.values()];
};

const EXPECTED: Partial<Record<Family, string>> = { offline: "offline", "board-loss": "board-missing", "fan-failure": "too-hot" };

describe("alarms over the simulated farm", () => {
  test.each([
    [1, START_TS],
    [2, START_TS],
    [3, Date.UTC(2026, 6, 10, 14)],
  ])("the demo raises the three of today on the labelled rigs within five minutes, and all clear (seed %i)", (seed, fromTs) => {
    const scenario = loadScenario("demo");
    const truth = truthOf(scenario, { site: "farm", seed, rigs: 60, startTs: fromTs, toTs: fromTs + 20 * MINUTE }).filter(
      (row) => row.fromTs >= fromTs,
    );
    expect(truth.map(({ family }) => family)).toEqual(["fan-failure", "board-loss", "offline"]);
    expect(Math.max(...truth.map((row) => row.fromTs - fromTs))).toBeLessThanOrEqual(2 * MINUTE);
    // The air of a July afternoon is at the limit in truth: that is no fault of a rig, and no false alarm either.
    const alarms = alarmsOf("demo", 25, seed, fromTs).filter(({ kind }) => kind !== "intake-hot");
    for (const { rig, family } of truth) {
      const raised = alarms.find((alarm) => alarm.rig === rig && alarm.kind === EXPECTED[family]);
      expect(raised?.raisedTs).toBeLessThan(fromTs + 5 * MINUTE);
    }
    expect(alarms.filter(({ rig }) => !truth.some((row) => row.rig === rig))).toEqual([]);
    for (const { clearedTs } of alarms) expect(clearedTs).not.toBeNull();
  });

  test("a calm day raises none, in a winter night and in a summer afternoon", () => {
    expect(alarmsOf("calm-day", 30, 1)).toEqual([]);
    expect(alarmsOf("calm-day", 30, 1, Date.UTC(2026, 6, 10, 14))).toEqual([]);
  });

  test("hung rigs are found though they answer", () => {
    const alarms = alarmsOf("hung", 10, 1);
    expect(alarms.map(({ kind }) => kind)).toEqual(["hung", "hung"]);
  });

  test("curtailment is no trouble; the rigs that do not come back are", () => {
    const rows = truthOf(loadScenario("curtailment"), { site: "farm", seed: 1, rigs: 60, startTs: START_TS, toTs: START_TS + 60 * MINUTE });
    const stuck = rows.filter(({ family }) => family === "no-restart").map(({ rig }) => rig);
    expect(stuck).toHaveLength(3);
    expect(new Set(alarmsOf("curtailment", 30, 1).map(({ rig }) => rig))).toEqual(new Set(stuck));
  });

  test("bogus sensors do not make anyone hot", () => {
    expect(alarmsOf("bogus-sensors", 10, 1).filter(({ kind }) => kind === "too-hot")).toEqual([]);
  });
});
