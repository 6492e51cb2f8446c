import { describe, expect, test } from "@jest/globals";
import { playedApart, type Played } from "../../server/twin/played.ts";

const played: Played = {
  site: "farm",
  from: "2026-11-21T09:00:00.000Z",
  to: "2026-11-21T09:12:00.000Z",
  accepted: 10,
  duplicates: 0,
  late: 0,
  refused: { PAYLOAD_NOT_JSON: 1 },
  alarms: [
    {
      rig: "a",
      kind: "offline",
      severity: "major",
      since: "2026-11-21T09:01:00.000Z",
      raised: "2026-11-21T09:02:00.000Z",
      cleared: null,
      message: "Offline.",
    },
    {
      rig: "a",
      kind: "offline",
      severity: "major",
      since: "2026-11-21T09:05:00.000Z",
      raised: "2026-11-21T09:06:00.000Z",
      cleared: null,
      message: "Offline.",
    },
  ],
  twins: { a: { state: "hashing", powerW: 3_000, counts: { readings: 10 } } },
  refusals: [{ at: "2026-11-21T09:03:00.000Z", topic: "t", code: "PAYLOAD_NOT_JSON", detail: "x" }],
  energy: [{ day: "2026-11-21", kwh: 1.5, cost: null, kgco2e: null }],
};
const copy = (): Record<string, unknown> => JSON.parse(JSON.stringify(played)) as Record<string, unknown>;

describe("an outcome against what was expected", () => {
  test("the same has no differences", () => {
    expect(playedApart(played, copy())).toEqual([]);
    expect(playedApart({ ...played, farmHash: "aa" }, copy())).toEqual([]);
  });
  test.each<[string, (expected: Record<string, unknown>) => void, string]>([
    [
      "an alarm later",
      (expected) => Object.assign((expected.alarms as object[])[1] ?? {}, { raised: "2026-11-21T09:05:55.000Z" }),
      'alarm a offline #2: raised is "2026-11-21T09:06:00.000Z", expected "2026-11-21T09:05:55.000Z" (5 s later)',
    ],
    [
      "an alarm missing",
      (expected) => (expected.alarms as object[]).push({ rig: "b", kind: "too-hot", raised: "T", message: "Hot." }),
      "alarm b too-hot: missing, expected raised T: Hot.",
    ],
    [
      "an alarm too much",
      (expected) => (expected.alarms as object[]).pop(),
      "alarm a offline #2: not expected, raised 2026-11-21T09:06:00.000Z: Offline.",
    ],
    [
      "a twin's figure",
      (expected) => Object.assign((expected.twins as Record<string, object>).a ?? {}, { powerW: 1 }),
      "twin a: powerW is 3000, expected 1",
    ],
    [
      "a twin's count",
      (expected) => Object.assign((expected.twins as Record<string, object>).a ?? {}, { counts: { readings: 9 } }),
      "twin a counts: readings is 10, expected 9",
    ],
    [
      "a twin missing",
      (expected) => Object.assign(expected.twins as object, { b: { state: "low" } }),
      "twin b: missing, expected state low",
    ],
    ["a refusal", (expected) => (expected.refusals = []), "refusal PAYLOAD_NOT_JSON t: not expected, at 2026-11-21T09:03:00.000Z"],
    [
      "energy",
      (expected) => Object.assign((expected.energy as object[])[0] ?? {}, { kwh: 2 }),
      "energy of 2026-11-21: kwh is 1.5, expected 2",
    ],
    ["a count", (expected) => (expected.late = 3), "the whole: late is 0, expected 3"],
    ["a hash", (expected) => (expected.farmHash = "bb"), 'the whole: farmHash is "aa", expected "bb"'],
  ])("%s is told in a line", (_, change, line) => {
    const expected = copy();
    change(expected);
    expect(playedApart({ ...played, farmHash: "aa" }, expected)).toEqual([line]);
  });
  test("what is no expectation is said to be none", () => {
    expect(playedApart(played, [])).toEqual(["the expectation is not an object"]);
  });
});
