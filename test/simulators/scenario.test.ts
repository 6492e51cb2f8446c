import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { FAMILIES } from "../../simulators/plant/families.ts";
import { loadScenario, scenarioNames } from "../../simulators/scenario-files.ts";
import { parseScenario, ScenarioInvalid, truthOf } from "../../simulators/scenario.ts";
import { MINUTE, START_TS, scenarioOf } from "./collect.ts";

const complaintsOf = (value: unknown): readonly string[] => {
  try {
    parseScenario(value);
    return [];
  } catch (error) {
    if (error instanceof ScenarioInvalid) return error.complaints;
    throw error;
  }
};
const withFault = (fault: object): object => ({ name: "x", says: "A test.", faults: [fault] });
const BASE = { family: "hung", at: "1m", for: "1m" };

describe("scenario files", () => {
  test.each(scenarioNames())("%s is right and bears its own name", (name) => {
    expect(loadScenario(name).name).toBe(name);
  });

  test("together they use every family of faults", () => {
    const used = new Set(scenarioNames().flatMap((name) => loadScenario(name).faults.map(({ family }) => family)));
    expect([...used].sort()).toEqual(Object.keys(FAMILIES).sort());
  });

  test("an unknown name is refused with the names there are", () => {
    expect(() => loadScenario("nope")).toThrow(/no scenario "nope".*calm-day.*demo/);
  });

  test("a file that is not JSON is refused with its path", () => {
    const folder = mkdtempSync(join(tmpdir(), "scenario-"));
    try {
      const path = join(folder, "bad.json");
      writeFileSync(path, "{ faults: }");
      expect(() => loadScenario(path)).toThrow(`${path} is not JSON`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("a wrong scenario", () => {
  test.each<[string, unknown, string]>([
    ["no object", 7, "(whole): "],
    ["no name", { says: "A.", faults: [] }, "name: "],
    ["no sentence", { name: "x", faults: [] }, "says: "],
    ["no faults", { name: "x", says: "A." }, "faults: "],
    ["unknown field", { name: "x", says: "A.", faults: [], fault: [] }, "fault: "],
    ["unknown span", { name: "x", says: "A.", faults: [], score: { hours: 2 } }, "score.hours: "],
    ["endless span", { name: "x", says: "A.", faults: [], score: { for: "400d" } }, "score.for: "],
    ["unknown start", { name: "x", says: "A.", start: "hot", faults: [] }, "start: "],
    ["unknown family", withFault({ ...BASE, family: "gremlin" }), "faults[0].family: "],
    ["no time", withFault({ family: "hung", for: "1m" }), "faults[0].at: "],
    ["no duration", withFault({ ...BASE, for: "soon" }), "faults[0].for: "],
    ["too short", withFault({ ...BASE, for: "10ms" }), "faults[0].for: "],
    ["rig 0", withFault({ ...BASE, rigs: [0] }), "faults[0].rigs: "],
    ["share above 1", withFault({ ...BASE, rigs: { share: 1.5 } }), "faults[0].rigs: "],
    ["two selectors", withFault({ ...BASE, rigs: { share: 0.5, count: 1 } }), "faults[0].rigs: "],
    ["setting of another family", withFault({ ...BASE, board: 1 }), "faults[0].board: "],
    ["half a board", withFault({ ...BASE, family: "board-loss", board: 0.5 }), "faults[0].board: "],
    ["setting out of range", withFault({ ...BASE, family: "liar", hashrate: 0.5 }), "faults[0].hashrate: "],
    ["unknown choice", withFault({ ...BASE, family: "bogus-sensors", value: "999" }), "faults[0].value: "],
    ["overlapping repeats", withFault({ ...BASE, every: "30s" }), "faults[0].every: "],
  ])("%s: the complaint names the field", (_, value, path) => {
    expect(complaintsOf(value)).toEqual([expect.stringMatching(new RegExp(`^${path.replace(/[[\]().]/g, "\\$&")}`))]);
  });

  test("every complaint comes at once", () => {
    expect(complaintsOf({ name: "X", faults: [{ family: "hung" }] })).toHaveLength(4);
  });
});

describe("the truth", () => {
  const on = { site: "farm", seed: 1, rigs: 60, startTs: START_TS, toTs: START_TS + 60 * MINUTE };

  test("has a row for every rig of every fault, in time order", () => {
    const scenario = scenarioOf([
      { family: "hung", rigs: [5, 9], at: "2m", for: "3m" },
      { family: "board-loss", rigs: [7], at: "1m", for: "10m" },
      { family: "hung", rigs: [1], at: "2h", for: "3m" },
    ]);
    const within = ["gateway-c1", "C1", "C1/R1", "pdu-c1-r1", "farm"];
    const hung = { family: "hung", within, settings: {}, fromTs: START_TS + 2 * MINUTE, toTs: START_TS + 5 * MINUTE };
    expect(truthOf(scenario, on)).toEqual([
      {
        rig: "rig-0007",
        family: "board-loss",
        cause: "board-loss-2/rig-0007",
        within,
        settings: { board: 1 },
        fromTs: START_TS + MINUTE,
        toTs: START_TS + 11 * MINUTE,
      },
      { rig: "rig-0005", cause: "hung-1/rig-0005", ...hung },
      { rig: "rig-0009", cause: "hung-1/rig-0009", ...hung },
    ]);
  });

  test("a fault that comes again takes others by lot each time", () => {
    const scenario = scenarioOf([{ family: "hung", rigs: { count: 2 }, at: "0s", for: "1m", every: "10m" }]);
    const rows = truthOf(scenario, on);
    expect(rows).toHaveLength(12);
    expect(new Set(rows.map(({ rig }) => rig)).size).toBeGreaterThan(6);
    expect(truthOf(scenario, on)).toEqual(rows);
  });

  test("faults drawn by lot fall on different rigs", () => {
    const scenario = scenarioOf([1, 2, 3].map((minute) => ({ family: "hung", rigs: { count: 5 }, at: `${minute}m`, for: "1m" })));
    expect(new Set(truthOf(scenario, on).map(({ rig }) => rig)).size).toBe(15);
  });

  test("what takes a rack, a container or everyone is one cause; what is drawn by lot happens to each by itself", () => {
    const causes = (rigs: unknown): number =>
      new Set(truthOf(scenarioOf([{ family: "hung", rigs, at: "0s", for: "1m", every: "30m" }]), on).map(({ cause }) => cause)).size;
    expect(["all", { container: 2 }, { rack: 3 }, { count: 4 }, [1, 2]].map(causes)).toEqual([2, 2, 2, 8, 4]);
    const rack = truthOf(scenarioOf([{ family: "offline", rigs: { rack: 3 }, at: "0s", for: "1m" }]), on);
    expect(new Set(rack.map(({ within }) => within.join(" ")))).toEqual(new Set(["gateway-c2 C2 C2/R1 pdu-c2-r1 farm"]));
  });

  test("a container, a share, everyone", () => {
    const count = (rigs: unknown): number => truthOf(scenarioOf([{ family: "hung", rigs, at: "0s", for: "1m" }]), on).length;
    expect(count({ container: 2 })).toBe(20);
    expect(count({ container: 9 })).toBe(0);
    expect(count({ rack: 6 })).toBe(10);
    expect(count({ rack: 7 })).toBe(0);
    expect(count({ share: 0.1 })).toBe(6);
    expect(count("all")).toBe(60);
    expect(count([60, 61])).toBe(1);
  });
});
