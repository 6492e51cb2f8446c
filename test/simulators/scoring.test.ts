import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import type { Alarm, AlarmKind } from "../../server/twin/twin.ts";
import type { Family } from "../../simulators/plant/families.ts";
import { FAMILIES } from "../../simulators/plant/families.ts";
import { recordingOf } from "../../simulators/recording.ts";
import { loadScenario } from "../../simulators/scenario-files.ts";
import type { TruthRow } from "../../simulators/scenario.ts";
import { ANSWERS, findIn, scoreAlarms, shortcomings, truthIn } from "../../simulators/scoring.ts";
import { MINUTE, optionsOf } from "./collect.ts";

const alarm = (rig: string, kind: AlarmKind, sinceTs: number, raisedTs: number): Alarm => ({
  id: `${rig}/${kind}/${raisedTs}`,
  site: "farm",
  rig,
  kind,
  severity: "major",
  sinceTs,
  raisedTs,
  clearedTs: null,
  acknowledgedTs: null,
  acknowledgedBy: null,
  scope: "rig",
  owner: null,
  comments: [],
  snoozedUntilTs: null,
  incident: null,
  message: "",
});
const fault = (rig: string, family: Family, fromTs: number, toTs: number, cause = `${family}/${rig}`): TruthRow => ({
  rig,
  family,
  cause,
  within: ["gateway-c1", "C1", "C1/R1", "pdu-c1-r1", "farm"],
  fromTs,
  toTs,
  settings: {},
});

describe("a score", () => {
  test("counts what was found, how soon, and what was raised without a cause", () => {
    const { families, falseAlarms } = scoreAlarms(
      [fault("a", "board-loss", 0, 600_000), fault("b", "board-loss", 0, 600_000), fault("c", "board-loss", 0, 600_000)],
      [
        alarm("a", "low-hashrate", 5, 100),
        alarm("b", "low-hashrate", 5, 300),
        alarm("d", "low-hashrate", 5, 100),
        alarm("c", "too-hot", 5, 9),
      ],
    );
    expect(families).toEqual([
      {
        family: "board-loss",
        faults: 3,
        found: 2,
        recall: 2 / 3,
        precision: 2 / 3,
        medianMs: 200,
        worstMs: 300,
        causes: 3,
        mostIncidents: 1,
        kinds: ["low-hashrate"],
      },
    ]);
    expect(falseAlarms.map(({ rig }) => rig)).toEqual(["d", "c"]);
  });
  test("gives an alarm to the fault that began last", () => {
    const { families } = scoreAlarms(
      [fault("a", "pool-dead", 0, 100), fault("a", "pool-dead", 150, 300)],
      [alarm("a", "low-hashrate", 160, 170)],
    );
    expect(families[0]).toMatchObject({ faults: 2, found: 1, medianMs: 20 });
  });
  test("an alarm from before the fault has not found it", () => {
    const { families, falseAlarms } = scoreAlarms([fault("a", "hung", 100, 200)], [alarm("a", "low-hashrate", 10, 50)]);
    expect(families[0]?.found).toBe(0);
    expect(falseAlarms).toHaveLength(1);
  });
  test("where silence is right, an alarm meanwhile is false and there is no recall", () => {
    const { families } = scoreAlarms([fault("a", "curtailment", 0, 1_000)], [alarm("a", "low-hashrate", 100, 200)]);
    expect(families[0]).toMatchObject({ recall: null, precision: 0 });
  });
  test("an alarm of a gateway answers for every rig behind it, and all of them are one incident where they are rolled up", () => {
    const rows = ["a", "b"].map((rig) => fault(rig, "network-partition", 0, 600_000, "network-partition-1"));
    const alone = scoreAlarms(rows, [alarm("gateway-c1", "offline", 5, 90)]);
    expect(alone.families[0]).toMatchObject({ faults: 2, found: 2, precision: 1, causes: 1, mostIncidents: 1, worstMs: 90 });
    const each = [alarm("a", "offline", 5, 90), alarm("b", "offline", 5, 95)];
    expect(scoreAlarms(rows, each).families[0]).toMatchObject({ found: 2, causes: 1, mostIncidents: 2 });
    expect(scoreAlarms(rows, each, () => "one").families[0]).toMatchObject({ found: 2, mostIncidents: 1 });
  });
  test("the weather is found once for all, and an alarm of one rig finds no other's fault", () => {
    const heat = ["a", "b"].map((rig) => fault(rig, "heat-wave", 0, 600_000, "heat-wave-1"));
    expect(scoreAlarms(heat, [alarm("b", "too-hot", 5, 90)]).families[0]).toMatchObject({ faults: 1, found: 1, recall: 1 });
    const rack = ["a", "b"].map((rig) => fault(rig, "offline", 0, 600_000, "offline-1"));
    expect(scoreAlarms(rack, [alarm("b", "offline", 5, 90)]).families[0]).toMatchObject({ faults: 2, found: 1, recall: 0.5 });
  });
  test("falls short by recall, by precision, by too many incidents, and by any alarm on a calm farm", () => {
    const rows = ["a", "b"].map((rig) => fault(rig, "offline", 0, 600_000, "offline-1"));
    const [a, b] = [alarm("a", "offline", 5, 90), alarm("b", "offline", 5, 95)];
    expect(
      shortcomings(
        scoreAlarms(rows, [a, b], () => "one"),
        0.95,
      ),
    ).toEqual([]);
    expect(shortcomings(scoreAlarms(rows, [a, b]), 0.95)).toEqual(["offline: 2 incidents of one cause"]);
    expect(shortcomings(scoreAlarms(rows, [a, alarm("c", "offline", 5, 90)]), 0.95)).toEqual([
      "offline: recall 0.500",
      "offline: precision 0.500",
    ]);
    expect(shortcomings(scoreAlarms([], [a]), 0.95)).toEqual(["1 alarms where nothing is wrong"]);
  });
  test("has an answer for every family that the plant knows", () => {
    expect(Object.keys(ANSWERS).toSorted()).toEqual(Object.keys(FAMILIES).toSorted());
  });
  test("of a scenario: hung rigs are all found within three minutes, with no false alarm", () => {
    const options = optionsOf({ scenario: loadScenario("hung"), rigs: 12, toTs: optionsOf().fromTs + 12 * MINUTE });
    const { alarms, incidentOf } = findIn(options);
    const { families, falseAlarms } = scoreAlarms(truthIn(options), alarms, incidentOf);
    expect(families).toMatchObject([{ family: "hung", faults: 2, found: 2, recall: 1, precision: 1 }]);
    expect(families[0]?.worstMs).toBeLessThan(3 * MINUTE);
    expect(falseAlarms).toEqual([]);
  });
});

describe("a simulated recording", () => {
  const hashOf = (seed: number): string => {
    const hash = createHash("sha256");
    for (const line of recordingOf(optionsOf({ seed, scenario: loadScenario("psu-hiccup"), rigs: 6 }))) hash.update(line);
    return hash.digest("hex");
  };
  test("has the same bytes with the same seed, others with another", () => {
    expect(hashOf(3)).toBe(hashOf(3));
    expect(hashOf(3)).not.toBe(hashOf(4));
  });
});
