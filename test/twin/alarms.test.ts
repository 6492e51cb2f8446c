import { describe, expect, test } from "@jest/globals";
import { activeAlarms, gravestOf, noAlarms, judge, withSettings } from "../../server/twin/alarms/book.ts";
import { newTwin } from "../../server/twin/fold.ts";
import { DEFAULT_LIMITS, type Case, type Rule } from "../../server/twin/alarms/rule.ts";
import { RULES } from "../../server/twin/alarms/rules.ts";
import { SYSTEM_RULES } from "../../server/twin/alarms/system.ts";
import { newWatch } from "../../server/twin/alarms/watch.ts";
import { foldEntry, newFarm, nothingYet, type Farm } from "../../server/twin/farm.ts";
import type { AlarmAct } from "../../server/twin/alarms/acts.ts";
import { farmHash, farmOfLines, snapshotLines } from "../../server/twin/snapshot.ts";
import { ALARM_KINDS, type Alarm } from "../../server/twin/twin.ts";
import { OWN, topicOf } from "../../server/twin/wire.ts";

const T = 1_763_000_000_000;
type Fields = Readonly<Record<string, unknown>>;
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

const board = (index: number, more: Fields = {}): Fields => ({
  index,
  hashrateThs: 66.7,
  boardC: 60.1 + index,
  chipC: 73.2 + index,
  chips: 108,
  expectedChips: 108,
  ...more,
});
const WELL: Fields = {
  mode: "mining",
  hashrateThs: 200,
  powerW: 3_500,
  intakeC: 25.3,
  boardC: 62.1,
  chipC: 75.2,
  fanPct: 60,
  uptimeS: 90_000,
  accepted: 1_000,
  rejected: 1,
  fans: [0, 1, 2, 3].map((index) => ({ index, rpm: 3_700 })),
  boards: [board(0), board(1), board(2)],
  pools: [{ index: 0, url: "stratum+tcp://one.example:3333", worker: "farm.r1", active: true, alive: true }],
};

/** A farm with one rig (or those that speak), a reading each ten seconds and a tick each five; tells what was raised and cleared and when. */
const stage = (start: Farm = newFarm("farm")) => {
  let farm = start;
  let seq = 0;
  const seen: string[] = [];
  /** Raised by a reading, an alarm is told again by the tick that puts it into its incident. */
  const once = (line: string): void => void (seen.includes(line) || seen.push(line));
  const entries: { topic: string; payload: Uint8Array; receivedTs: number }[] = [];
  const fold = (topic: string, payload: Uint8Array, receivedTs: number): void => {
    entries.push({ topic, payload, receivedTs });
    const out = nothingYet();
    foldEntry(farm, { pos: farm.asOfPos + 1, receivedTs, topic, payload, qos: 1, retain: false, dup: false, client: "" }, out);
    for (const alarm of out.alarms)
      if (alarm.raisedTs === receivedTs) once(`${(receivedTs - T) / 1_000} ${alarm.kind}`);
      else if (alarm.clearedTs === receivedTs) seen.push(`${(receivedTs - T) / 1_000} ${alarm.kind} cleared`);
  };
  const birth = (rig: string, rack = "R1"): void =>
    fold(
      topicOf("farm", rig, "birth"),
      bytes({
        v: 1,
        ts: T,
        boot: "b",
        identity: { make: "Bitmain", model: "Antminer S21" },
        position: { container: "C1", rack, slot: rig },
      }),
      T,
    );
  return {
    farm: () => farm,
    seen,
    entries,
    birth,
    act: (act: AlarmAct, s: number) => fold(OWN.act, bytes(act), T + s * 1_000),
    start: (s: number, lastTs = farm.asOfTs) => fold(OWN.start, bytes({ version: "x", lastTs }), T + s * 1_000),
    say: (topic: string, value: unknown, s: number) => fold(topic, bytes(value), T + s * 1_000),
    /** From `fromS` to before `toS`; `m` null: it is silent. A little noise, so that no sensor stands still. */
    run(fromS: number, toS: number, m: Fields | null, rigs: readonly string[] = ["r1"], lagS = 0): void {
      for (let s = fromS; s < toS; s += 5) {
        if (m !== null && s % 10 === 0)
          for (const rig of rigs) {
            seq += 1;
            const noise = ((s / 10) % 7) / 10;
            const boards = ((m["boards"] ?? []) as Fields[]).map((each) =>
              typeof each["boardC"] === "number" && typeof each["chipC"] === "number" && each["still"] !== true
                ? { ...each, boardC: each["boardC"] + noise, chipC: each["chipC"] + noise }
                : each,
            );
            const intakeC = typeof m["intakeC"] === "number" ? m["intakeC"] + noise / 10 : null;
            const said = { ...m, boards, intakeC, accepted: 1_000 + s };
            fold(topicOf("farm", rig, "telemetry"), bytes({ v: 1, ts: T + (s - lagS) * 1_000, seq, boot: "b", m: said }), T + s * 1_000);
          }
        fold(OWN.tick, bytes({}), T + s * 1_000);
      }
    },
    /** kill -9: nothing is left but a snapshot of then and what the journal has. */
    again: () => {
      farm = farmOfLines([...snapshotLines(farm)]);
    },
  };
};
const begun = (): ReturnType<typeof stage> => {
  const on = stage();
  on.birth("r1");
  on.run(0, 600, WELL);
  on.seen.length = 0;
  return on;
};

describe("each rule", () => {
  const two = [board(0), board(1)];
  const cases: readonly [name: string, m: Fields, kind: string, atS: number][] = [
    ["a board gone", { ...WELL, hashrateThs: 133, boards: two }, "board-missing", 660],
    [
      "a board without chips",
      { ...WELL, hashrateThs: 133, boards: [...two, board(2, { hashrateThs: 0, chips: 0, boardC: null })] },
      "board-missing",
      660,
    ],
    ["chips gone", { ...WELL, hashrateThs: 196, boards: [...two, board(2, { chips: 100 })] }, "chips-missing", 780],
    ["half the hashrate", { ...WELL, hashrateThs: 100 }, "low-hashrate", 720],
    ["no hashrate", { ...WELL, hashrateThs: 0 }, "hung", 720],
    ["a hot board", { ...WELL, boardC: 80.5, boards: [board(0, { boardC: 80.5, chipC: 90 })] }, "too-hot", 630],
    ["a hot chip", { ...WELL, chipC: 96 }, "too-hot", 630],
    ["a hot intake", { ...WELL, intakeC: 41 }, "intake-hot", 720],
    ["a fan that stands", { ...WELL, fans: [{ rpm: 0 }, { rpm: 3_700 }, { rpm: 3_700 }, { rpm: 3_700 }] }, "fan-stopped", 660],
    ["a fan that is slow", { ...WELL, fans: [{ rpm: 2_400 }, { rpm: 3_700 }, { rpm: 3_700 }, { rpm: 3_700 }] }, "fan-slow", 900],
    ["heat protection", { ...WELL, errors: [{ code: "OVERHEAT", severity: "major", component: "board", raw: "slow" }] }, "throttled", 900],
    [
      "a fault",
      { ...WELL, mode: "fault", hashrateThs: 0, errors: [{ code: "PSU_FAULT", severity: "critical", component: "psu", raw: "P:1" }] },
      "fault",
      720,
    ],
    [
      "all pools dead",
      { ...WELL, hashrateThs: 0, pools: [{ url: "stratum+tcp://one.example:3333", worker: "farm.r1", active: false, alive: false }] },
      "pool-dead",
      720,
    ],
    [
      "another account",
      { ...WELL, pools: [{ url: "stratum+tcp://one.example:3333", worker: "thief.r1", active: true, alive: true }] },
      "wrong-pool",
      780,
    ],
    ["too much power", { ...WELL, powerW: 4_200 }, "inefficient", 1_500],
    ["too good to be true", { ...WELL, hashrateThs: 230, powerW: 2_900 }, "implausible", 1_200],
    ["a board colder than the air", { ...WELL, boards: [board(0), board(1, { boardC: 12.2, chipC: 14 }), board(2)] }, "sensor", 900],
    [
      "boards that say the very same",
      { ...WELL, boards: [0, 1, 2].map((index) => board(index, { boardC: 60, chipC: 73.5 + index, still: true })) },
      "sensor",
      1_010,
    ],
  ];
  test.each(cases)("%s is told", (_name, m, kind, atS) => {
    const on = begun();
    on.run(600, 1_800, m);
    expect(on.seen.filter((line) => line.endsWith(kind))).toEqual([`${atS} ${kind}`]);
    on.run(1_800, 3_600, WELL);
    expect(activeAlarms(on.farm().alarms).map((alarm) => alarm.kind)).toEqual([]);
    expect(on.farm().alarms.faults.size).toBe(0);
  });

  test("a well rig raises nothing for hours, and keeps nothing held", () => {
    const on = stage();
    on.birth("r1");
    on.run(0, 4 * 3_600, WELL);
    expect(on.seen).toEqual([]);
    expect(on.farm().alarms.held.size).toBe(0);
  });
  test.each([
    ["paused", { ...WELL, mode: "paused", hashrateThs: 0, powerW: 30 }],
    ["tuning", { ...WELL, mode: "tuning", hashrateThs: 20 }],
    ["on its way up after a start", { ...WELL, uptimeS: 30, hashrateThs: 10 }],
    ["throttled on purpose", { ...WELL, hashrateThs: 100, powerW: 1_650, powerLimitW: 1_750 }],
  ])("a rig that is %s raises nothing", (_name, m) => {
    const on = begun();
    on.run(600, 1_200, m);
    expect(on.seen).toEqual([]);
  });
  test("woken, and not come back", () => {
    const on = begun();
    on.run(600, 900, { ...WELL, mode: "paused", hashrateThs: 0, powerW: 30 });
    on.run(900, 1_200, { ...WELL, hashrateThs: 0 });
    expect(on.seen).toEqual(["1020 no-restart"]);
    on.run(1_200, 1_500, WELL);
    expect(on.seen.at(-1)).toBe("1200 no-restart cleared");
  });
  test("silence is told a minute after it counts as silence, and ends with the first reading", () => {
    const on = begun();
    on.run(600, 800, null);
    expect(on.seen).toEqual(["715 offline"]);
    on.run(800, 810, WELL);
    expect(on.seen.at(-1)).toBe("800 offline cleared");
  });
  test("a rig that reports every three minutes is not called gone, from its first reading on; gone for good, it is", () => {
    const on = stage();
    on.birth("r1");
    for (let s = 0; s < 3_600; s += 5) {
      if (s % 180 === 0) on.run(s, s + 5, WELL);
      else on.run(s, s + 5, null);
    }
    expect(on.seen).toEqual([]);
    on.run(3_600, 4_500, null);
    expect(on.seen.map((line) => line.replace(/^\d+ /, ""))).toContain("offline");
  });
  test("a clock that is behind, and one that is so far ahead that its messages are refused: not offline", () => {
    const behind = begun();
    behind.run(600, 900, WELL, ["r1"], 90);
    expect(behind.seen.filter((line) => line.includes("clock"))).toHaveLength(1);
    const ahead = begun();
    ahead.run(600, 900, WELL, ["r1"], -900);
    expect(ahead.seen.map((line) => line.split(" ")[1])).toEqual(["clock-skewed"]);
  });
});

describe("a rig whose clock is wrong all along", () => {
  const late = (m: Fields, fromS: number, toS: number, on: ReturnType<typeof stage>): void => on.run(fromS, toS, m, ["r1"], 90);
  test("is told of its other faults when they come, and when they go", () => {
    const on = begun();
    late(WELL, 600, 1_200, on);
    expect(activeAlarms(on.farm().alarms).map(({ kind }) => kind)).toEqual(["clock-skewed"]);
    late({ ...WELL, hashrateThs: 0 }, 1_200, 1_800, on);
    expect(activeAlarms(on.farm().alarms).map(({ kind }) => kind)).toEqual(["clock-skewed", "hung"]);
    late(WELL, 1_800, 2_400, on);
    expect(activeAlarms(on.farm().alarms).map(({ kind }) => kind)).toEqual(["clock-skewed"]);
  });
  test("what was being held when it was well again is held no longer", () => {
    const on = begun();
    late(WELL, 600, 1_200, on);
    late({ ...WELL, hashrateThs: 0 }, 1_200, 1_260, on);
    expect(Object.keys(on.farm().alarms.held.get("r1") ?? {}).toSorted()).toEqual(["clock-skewed", "hung"]);
    late(WELL, 1_260, 1_270, on);
    expect(Object.keys(on.farm().alarms.held.get("r1") ?? {})).toEqual(["clock-skewed"]);
  });
});

describe("a drift", () => {
  const worn = (share: number): Fields => ({
    ...WELL,
    fans: [0, 1, 2, 3].map((index) => ({ index, rpm: index === 2 ? Math.round(3_700 * share) : 3_700 })),
  });
  test("of a worn fan is told hours before the fixed threshold", () => {
    const on = begun();
    on.run(600, 3_600, WELL);
    for (let step = 0; step < 60; step++) on.run(3_600 + step * 300, 3_900 + step * 300, worn(1 - step * 0.005));
    const at = (kind: string): number => Number(on.seen.find((line) => line.endsWith(kind))?.split(" ")[0] ?? Infinity);
    expect(at("drifting")).toBeLessThan(3_600 + 3_600);
    expect(at("fan-slow")).toBe(Infinity);
  });
  test("is none where power, intake and speed change together as they should", () => {
    const on = begun();
    on.run(600, 3_600, WELL);
    for (let step = 0; step < 40; step++)
      on.run(3_600 + step * 300, 3_900 + step * 300, { ...WELL, intakeC: 25 + step * 0.2, boardC: 62.1 + step * 0.2 });
    expect(on.seen.filter((line) => line.includes("drifting"))).toEqual([]);
  });
});

describe("the life of an alarm", () => {
  const LOW = { ...WELL, hashrateThs: 100 };
  test("a dip that ends before the hold is over starts anew the next time", () => {
    const on = begun();
    on.run(600, 710, LOW);
    on.run(710, 720, WELL);
    on.run(720, 830, LOW);
    expect(on.seen).toEqual([]);
    on.run(830, 850, LOW);
    expect(on.seen).toEqual(["840 low-hashrate"]);
  });
  test("between the two thresholds nothing is raised and nothing cleared; a missing value never clears", () => {
    const on = begun();
    on.run(600, 900, { ...WELL, hashrateThs: 155 });
    expect(on.seen).toEqual([]);
    on.run(900, 1_200, LOW);
    on.run(1_200, 1_500, { ...WELL, hashrateThs: 155 });
    on.run(1_500, 1_800, { ...WELL, hashrateThs: null });
    expect(on.seen).toEqual(["1020 low-hashrate"]);
  });
  test("acknowledged, owned, commented, snoozed: all of it stays with the alarm", () => {
    const on = begun();
    on.run(600, 800, LOW);
    const id = activeAlarms(on.farm().alarms)[0]?.id ?? "";
    on.act({ what: "acknowledge", alarm: id, by: "op-1" }, 801);
    on.act({ what: "acknowledge", alarm: id, by: "op-2" }, 802);
    on.act({ what: "own", alarm: id, owner: "tech-7", by: "op-1" }, 803);
    on.act({ what: "comment", alarm: id, text: "Fan ordered.", by: "tech-7" }, 804);
    on.act({ what: "snooze", alarm: id, untilTs: T + 9_000_000, by: "op-1" }, 805);
    on.again();
    on.run(810, 1_000, WELL);
    expect(on.farm().alarms.history.at(-1)).toMatchObject({
      id,
      acknowledgedBy: "op-1",
      owner: "tech-7",
      comments: [{ by: "tech-7", text: "Fan ordered." }],
      snoozedUntilTs: T + 9_000_000,
    });
    expect(gravestOf(on.farm().alarms, "r1")).toBeNull();
  });
  test("maintenance raises nothing in its scope, for its time", () => {
    const on = begun();
    on.act(
      {
        what: "maintenance",
        id: "m1",
        rig: null,
        container: "C1",
        rack: null,
        fromTs: T,
        toTs: T + 1_200_000,
        reason: "filters",
        by: "op",
      },
      600,
    );
    on.run(600, 1_200, LOW);
    expect(on.seen).toEqual([]);
    on.run(1_200, 1_400, LOW);
    expect(on.seen).toEqual(["1320 low-hashrate"]);
  });
  test("a site sets its own thresholds, hold and severity", () => {
    const on = begun();
    on.act(
      {
        what: "alarm-rule",
        kind: "low-hashrate",
        setting: { holdMs: 600_000, severity: "critical", thresholds: { raisePct: 90, clearPct: 95 } },
        by: "op",
      },
      600,
    );
    on.run(600, 1_300, { ...WELL, hashrateThs: 170 });
    expect(on.seen).toEqual(["1200 low-hashrate"]);
    expect(activeAlarms(on.farm().alarms)[0]?.severity).toBe("critical");
    on.act({ what: "alarm-rule", kind: "low-hashrate", setting: { enabled: false }, by: "op" }, 1_300);
  });
  test.each([
    ["", false],
    [" and though others wrote before it said that it is back", true],
  ])("minute nine of ten is minute nine after a kill -9, however long the server was away%s", (_how, isOvertaken) => {
    const on = begun();
    on.act({ what: "alarm-rule", kind: "low-hashrate", setting: { holdMs: 600_000 }, by: "op" }, 600);
    on.run(600, 1_140, LOW);
    on.again();
    const { asOfTs } = on.farm();
    if (isOvertaken) on.say("elsewhere", 1, 3_999);
    on.start(4_000, asOfTs);
    on.run(4_000, 4_050, LOW);
    expect(on.seen).toEqual([]);
    on.run(4_050, 4_100, LOW);
    expect(on.seen).toHaveLength(1);
    expect(Number(on.seen[0]?.split(" ")[0])).toBeGreaterThanOrEqual(4_050);
  });
  test("fifty kills at random moments: state and history as if there had been none", () => {
    const on = begun();
    on.run(600, 900, LOW);
    on.run(900, 1_300, null);
    on.run(1_300, 1_700, { ...WELL, boards: [board(0)], hashrateThs: 60 });
    on.run(1_700, 2_000, { ...WELL, mode: "paused", hashrateThs: 0 });
    on.run(2_000, 2_600, { ...WELL, hashrateThs: 0 });
    on.run(2_600, 4_500, WELL);
    expect(on.seen.length).toBeGreaterThan(5);
    let seed = 7;
    const kills = new Set<number>();
    while (kills.size < 50) kills.add((seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % on.entries.length);
    let farm = newFarm("farm");
    const history = new Map<string, Alarm>();
    on.entries.forEach((entry, i) => {
      if (kills.has(i)) farm = farmOfLines([...snapshotLines(farm)]);
      const out = nothingYet();
      foldEntry(farm, { ...entry, pos: i + 1, qos: 1, retain: false, dup: false, client: "" }, out);
      for (const alarm of out.alarms) history.set(alarm.id, alarm);
    });
    expect(farm.alarms).toEqual(on.farm().alarms);
    const byId = (a: Alarm, b: Alarm): number => (a.id < b.id ? -1 : 1);
    expect([...history.values()].filter(({ clearedTs }) => clearedTs !== null).toSorted(byId)).toEqual(
      on.farm().alarms.history.toSorted(byId),
    );
    expect(farm.alarms.history.length).toBeGreaterThan(3);
    expect(farmHash(farm)).not.toBe(farmHash(newFarm("farm")));
  });
});

describe("incidents", () => {
  const names = Array.from({ length: 8 }, (_, i) => `r${i}`);
  test("a rack that goes dark is one, with its members", () => {
    const on = stage();
    names.forEach((rig) => on.birth(rig));
    on.run(0, 600, WELL, names);
    on.run(600, 900, null);
    const open = [...on.farm().alarms.incidents.values()];
    expect(open).toHaveLength(2);
    expect(open.find(({ scope }) => scope !== "system")).toMatchObject({ scope: "rack", name: "C1 R1", symptom: "silence" });
    expect(open.find(({ scope }) => scope === "rack")?.members).toHaveLength(8);
    expect(new Set(activeAlarms(on.farm().alarms).map(({ incident }) => incident)).size).toBe(2);
    on.run(900, 2_400, WELL, names);
    expect(on.farm().alarms.incidents.size).toBe(0);
  });
  test("what begins in a rack and comes over the whole site is told as one, and a board that is lost meanwhile as another", () => {
    const on = stage();
    const rigs = ["R1", "R2", "R3"].flatMap((rack) => Array.from({ length: 4 }, (_, i) => `${rack}-${i}`));
    for (const rig of rigs) on.birth(rig, rig.slice(0, 2));
    on.run(0, 600, WELL, rigs);
    const hot = { ...WELL, intakeC: 47 };
    // Rack by rack, a quarter of an hour apart: the whole takes longer than alarms of one cause may be apart.
    on.run(600, 1_500, hot, rigs.slice(0, 4));
    expect([...on.farm().alarms.incidents.values()].map(({ scope, name }) => `${scope} ${name}`)).toContain("rack C1 R1");
    on.run(1_500, 2_400, hot, rigs.slice(0, 8));
    on.run(2_400, 2_800, hot, rigs);
    on.run(2_800, 3_000, { ...hot, boards: [board(0), board(1), board(2, { hashrateThs: 0, chips: 0 })] }, rigs.slice(0, 1));
    const heat = activeAlarms(on.farm().alarms).filter(({ kind }) => kind === "intake-hot");
    expect(heat.map(({ rig }) => rig).toSorted()).toEqual(rigs.toSorted());
    expect(new Set(heat.map(({ incident }) => incident)).size).toBe(1);
    const lost = activeAlarms(on.farm().alarms).find(({ kind }) => kind === "board-missing");
    expect(lost?.incident).not.toBe(heat[0]?.incident);
    expect(on.farm().alarms.incidents.get(lost?.incident ?? "")).toMatchObject({ scope: "rig", name: "R1-0" });
  });
  test("rigs that fall silent with a gateway are its incident, whoever is noticed first", () => {
    for (const lostS of [600, 730]) {
      const on = stage();
      names.forEach((rig) => on.birth(rig));
      on.birth("other", "R2");
      on.run(0, 600, WELL, [...names, "other"]);
      on.run(600, lostS, WELL, ["other"]);
      on.say(topicOf("farm", "gateway-1", "state"), { v: 1, ts: T + lostS * 1_000, state: "lost" }, lostS);
      on.run(lostS, 900, WELL, ["other"]);
      const open = [...on.farm().alarms.incidents.values()];
      expect(open.map(({ scope, name }) => `${scope} ${name}`)).toEqual(["gateway gateway-1"]);
      expect(new Set(open[0]?.members.map(({ rig }) => rig))).toEqual(new Set([...names, "gateway-1"]));
    }
  });
  test("several alarms of one rig are one; what comes back within a quarter of an hour is still the same", () => {
    const on = begun();
    on.run(600, 800, { ...WELL, boardC: 85, boards: [board(0, { boardC: 85, chipC: 90 })], hashrateThs: 66 });
    on.run(800, 1_000, WELL);
    on.run(1_000, 1_200, { ...WELL, boardC: 85, boards: [board(0, { boardC: 85, chipC: 90 })] });
    expect(on.farm().alarms.incidents.size).toBe(1);
    expect([...on.farm().alarms.incidents.values()][0]?.members.length).toBeGreaterThan(2);
  });
});

test("a rule that throws is named and alone: the others go on", () => {
  const book = noAlarms();
  const twin = { ...newTwin("farm", "r1", 0, T), state: "hashing" as const };
  const of: Case = {
    twin,
    watch: newWatch(T),
    model: null,
    limits: DEFAULT_LIMITS,
    targetThs: null,
    isSettled: true,
    nowTs: T,
    resumedTs: 0,
    has: () => false,
    approved: new Set(),
  };
  const rule = (kind: Rule["kind"], check: Rule["check"]): Rule => ({
    kind,
    asked: "reading",
    severity: "major",
    holdMs: 0,
    clearMs: 0,
    says: "",
    thresholds: {},
    check,
  });
  const changed: Alarm[] = [];
  const broken = rule("hung", () => {
    throw new TypeError("no such field");
  });
  judge(book, withSettings([broken, rule("fault", () => "Faulty.")], book.settings), of, changed);
  expect(changed.map(({ kind }) => kind)).toEqual(["fault"]);
  expect(book.faults.get("hung")).toMatchObject({ count: 1, lastRig: "r1", message: "no such field" });
});

test("every kind has one rule, and each threshold is within its bounds", () => {
  const all = [...RULES, ...SYSTEM_RULES];
  expect(new Set(all.map(({ kind }) => kind)).size).toBe(all.length);
  expect(ALARM_KINDS.filter((kind) => !all.some((rule) => rule.kind === kind))).toEqual([]);
  for (const { thresholds } of all)
    for (const { standard, least, most } of Object.values(thresholds)) expect(standard >= least && standard <= most).toBe(true);
});
