/** The one look that says that a rig is plainly well must never say so where a rule would speak. */
import { describe, expect, test } from "@jest/globals";
import { noFigures, OWN_MEAN, OWN_MEDIAN, QUIET_SINCE_TS, REJECTED_PART, SHARES_A_MINUTE } from "../../server/twin/alarms/figures.ts";
import { newTwin } from "../../server/twin/fold.ts";
import { limitsOf, RULES, ruleSetOf } from "../../server/twin/alarms/rules.ts";
import type { Case } from "../../server/twin/alarms/rule.ts";
import { newWatch, type Watch } from "../../server/twin/alarms/watch.ts";
import { isPlainlyWell } from "../../server/twin/alarms/well.ts";
import { modelById } from "../../server/twin/models.ts";
import { NOTHING_MEASURED, type BoardReading, type Measured } from "../../server/twin/reading.ts";

const T = 1_763_000_000_000;
const model = modelById("antminer-s21");
const boards = [0, 1, 2].map((index): BoardReading => ({
  index,
  hashrateThs: 66.7,
  expectedThs: null,
  boardC: 60.1,
  chipC: 73.2,
  inletC: null,
  outletC: null,
  chips: 108,
  expectedChips: 108,
  frequencyMhz: null,
  voltageV: null,
  hwErrors: null,
  serial: null,
  chipMap: [],
}));
const pools = ["one", "two"].map((name, index) => ({
  index,
  url: `stratum+tcp://${name}.example:3333`,
  worker: "farm.r1",
  active: index === 0,
  alive: true,
  accepted: 1,
  rejected: 0,
  stale: 0,
}));
const fans = [0, 1, 2, 3].map((index) => ({ index, rpm: 3_700 }));
const WELL: Measured = {
  ...NOTHING_MEASURED,
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
  fans,
  boards,
  pools,
};

const caseOf = (latest: Partial<Measured> = {}, past: Partial<Watch> = {}, figures: Readonly<Record<number, number>> = {}): Case => {
  const known = Object.assign(noFigures(), { [QUIET_SINCE_TS]: T }, figures);
  const watch: Watch = { ...newWatch(T - 86_400_000), mode: "mining", mostBoards: 3, mostFans: 4, figures: known, ...past };
  return {
    twin: { ...newTwin("farm", "r1", 0, T), state: "hashing", nameplate: model?.nameplate ?? null, latest: { ...WELL, ...latest } },
    watch,
    model,
    limits: limitsOf(model),
    targetThs: 200,
    isSettled: true,
    nowTs: T,
    resumedTs: 0,
    has: () => false,
    approved: new Set(),
  };
};
const spokenOf = (of: Case): string[] =>
  ruleSetOf(new Map()).reading.flatMap(({ rule, numbers }) => (typeof rule.check(of, numbers) === "string" ? [rule.kind] : []));
const looks = (of: Case): boolean => isPlainlyWell(of, ruleSetOf(new Map()).well);

const error = (code: string) => [{ code, severity: "critical", component: "board", index: 1, raw: code } as const];
const drift = { ...newWatch(T).drift, isNear: true };
drift.channels.board = { line: { b: [0, 0, 0], p: [0, 0, 0, 0, 0, 0], s2: 1, n: 100 }, sum: 50, off: 5 };
const FORGED = { known: ["one.example farm"], now: "thief.example other", isKnown: false, url: "", worker: null };

const CASES: readonly (readonly [string, Case])[] = [
  ["no-restart", caseOf({ mode: "fault" }, { wokenTs: T - 600_000 })],
  ["fault", caseOf({ mode: "fault" })],
  ["hung", caseOf({ hashrateThs: 0 })],
  ["low-hashrate", caseOf({ hashrateThs: 149.9 })],
  ["below-own", caseOf({}, {}, { [OWN_MEAN]: 0.8, [OWN_MEDIAN]: 0.9 })],
  ["restarts", caseOf({}, { starts: [T - 3, T - 2, T - 1] })],
  ["too-hot", caseOf({ chipC: 130 })],
  ["intake-hot", caseOf({ intakeC: 55 })],
  ["throttled", caseOf({ errors: error("OVERHEAT") })],
  ["fan-stopped", caseOf({ fans: fans.map((fan) => (fan.index === 2 ? { ...fan, rpm: 0 } : fan)) })],
  ["fan-slow", caseOf({ fans: fans.map((fan) => (fan.index === 2 ? { ...fan, rpm: 2_500 } : fan)) })],
  ["board-missing", caseOf({ boards: boards.slice(1) })],
  ["board-missing", caseOf({ boards: boards.map((board) => (board.index === 1 ? { ...board, chips: 0 } : board)) })],
  ["board-missing", caseOf({ errors: error("BOARD_MISSING") })],
  ["chips-missing", caseOf({ boards: boards.map((board) => (board.index === 1 ? { ...board, chips: 100 } : board)) })],
  [
    "chips-missing",
    caseOf(
      { boards: boards.map((board) => ({ ...board, expectedChips: null, chips: board.index === 1 ? 100 : 108 })) },
      { mostChips: [108, 100, 108] },
    ),
  ],
  [
    "sensor",
    { ...caseOf({}, { figures: [...noFigures(), 20, T, 1, 60, T, 1] }), twin: { ...caseOf().twin, quality: { boardC: "sentinel" } } },
  ],
  ["sensor", caseOf({}, { isFine: true, figures: [...noFigures(), 20.5, T - 1_000_000, 90] })],
  ["sensor", caseOf({ boards: boards.map((board) => (board.index === 1 ? { ...board, chipC: 40 } : board)) })],
  ["sensor", caseOf({ intakeC: 61.5 })],
  ["pool-dead", caseOf({ pools: pools.map((pool) => ({ ...pool, alive: false })) })],
  ["pool-dead", caseOf({}, {}, { [QUIET_SINCE_TS]: T - 1_000_000, [SHARES_A_MINUTE]: 20 })],
  ["pool-backup", caseOf({ pools: pools.map((pool) => ({ ...pool, alive: pool.index === 1, active: pool.index === 1 })) })],
  ["wrong-pool", caseOf({}, { pool: FORGED })],
  ["rejects", caseOf({}, {}, { [REJECTED_PART]: 0.06 })],
  ["inefficient", caseOf({ powerW: 4_200 })],
  ["implausible", caseOf({ hashrateThs: 260 })],
  ["implausible", caseOf({ powerW: 2_500 })],
  ["drifting", caseOf({}, { drift })],
];

describe("a rig that is plainly well", () => {
  test("is one of which no rule has anything to say", () => {
    expect(spokenOf(caseOf())).toEqual([]);
    expect(looks(caseOf())).toBe(true);
    expect(looks(caseOf({ pools: [], fans: [], boards: [], accepted: null, intakeC: null, powerW: null }))).toBe(true);
  });

  test("a machine of no known model is well as long as no rule speaks", () => {
    const unknown = (latest: Partial<Measured> = {}, figures: Readonly<Record<number, number>> = {}): Case => {
      const of = caseOf(latest, {}, figures);
      return { ...of, twin: { ...of.twin, nameplate: null }, model: null, limits: limitsOf(null), targetThs: null };
    };
    for (const one of [unknown(), unknown({ hashrateThs: 0 }), unknown({ hashrateThs: null }), unknown({ powerW: 9_000 })]) {
      expect(spokenOf(one)).toEqual([]);
      expect(looks(one)).toBe(true);
    }
    for (const one of [unknown({ chipC: 130 }), unknown({ mode: "fault" }), unknown({}, { [OWN_MEAN]: 0.8, [OWN_MEDIAN]: 0.9 })]) {
      expect(spokenOf(one)).not.toEqual([]);
      expect(looks(one)).toBe(false);
    }
  });

  test.each(CASES)("is none where %s speaks", (kind, of) => {
    expect(spokenOf(of)).toContain(kind);
    expect(looks(of)).toBe(false);
  });

  test("there is a case of every rule that is asked with a reading", () => {
    const asked = RULES.filter((rule) => rule.asked === "reading").map(({ kind }) => kind);
    expect([...new Set(CASES.map(([kind]) => kind))].toSorted()).toEqual(asked.toSorted());
  });
});
