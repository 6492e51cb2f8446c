import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import type { Alarm, AlarmKind } from "../../server/twin/twin.ts";
import type { Family } from "../../simulators/plant/families.ts";
import { FAMILIES } from "../../simulators/plant/families.ts";
import { recordingOf } from "../../simulators/recording.ts";
import { loadScenario } from "../../simulators/scenario-files.ts";
import type { TruthRow } from "../../simulators/scenario.ts";
import { alarmsOf, ANSWERS, scoreAlarms, truthIn } from "../../simulators/scoring.ts";
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
  message: "",
});
const fault = (rig: string, family: Family, fromTs: number, toTs: number): TruthRow => ({ rig, family, fromTs, toTs });

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
      { family: "board-loss", faults: 3, found: 2, recall: 2 / 3, precision: 2 / 3, medianMs: 200, worstMs: 300, kinds: ["low-hashrate"] },
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
  test("has an answer for every family that the plant knows", () => {
    expect(Object.keys(ANSWERS).toSorted()).toEqual(Object.keys(FAMILIES).toSorted());
  });
  test("of a scenario: hung rigs are all found within three minutes, with no false alarm", () => {
    const options = optionsOf({ scenario: loadScenario("hung"), rigs: 12, toTs: optionsOf().fromTs + 12 * MINUTE });
    const { families, falseAlarms } = scoreAlarms(truthIn(options), alarmsOf(options));
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
