import { describe, expect, test } from "@jest/globals";
import { RIG_FIELDS, type RigRow } from "../../server/twin/series.ts";
import { NO_PART, sift, TIME_END } from "../../server/twin/sift.ts";

const T0 = Date.UTC(2026, 2, 2);
const row = (given: Partial<RigRow> = {}, hashrateThs: number | null = 100): RigRow => ({
  site: "alpha",
  rig: "r1",
  model: "S19",
  ts: T0,
  receivedTs: T0,
  values: RIG_FIELDS.map((name) => (name === "hashrateThs" ? hashrateThs : null)),
  ...given,
});
const sifted = (rigs: readonly RigRow[], rawFromTs = 0) => sift({ rigs, boards: [], energy: [], upTo: 1 }, rawFromTs);

describe("sift", () => {
  test("brings values into steps; of one key the last row stays", () => {
    const { points, rejected } = sifted([row({}, 1), row({ ts: T0 + 1 }, 2), row({}, 104.5314)]);
    expect(rejected).toEqual([]);
    expect(points.rig.map(({ ts, steps }) => [ts, steps[0]])).toEqual([
      [T0, 104_531],
      [T0 + 1, 2_000],
    ]);
    expect(points.rig[0]).toMatchObject({ site: "alpha", name: "r1", part: NO_PART, model: "S19" });
  });

  test("refuses names, times and boards that no store can keep, with the reason, and keeps the rest", () => {
    const bad = [
      { rig: "" },
      { rig: "a\nb" },
      { rig: "a\\" },
      { site: "\u0000" },
      { model: "x\ty" },
      { rig: "x".repeat(257) },
      { ts: -1 },
      { ts: 0.5 },
      { ts: TIME_END },
      { ts: Number.NaN },
    ];
    const { points, rejected } = sifted([...bad.map((given) => row(given)), row({ rig: "good" })]);
    expect(rejected).toHaveLength(bad.length);
    expect(rejected.every(({ reason }) => reason.length > 5)).toBe(true);
    expect(points.rig.map(({ name }) => name)).toEqual(["good"]);
    const boards = [-1, 0.5, 256, 255].map((board) => ({ site: "a", rig: "r", model: "", board, ts: T0, values: [] }));
    expect(sift({ rigs: [], boards, energy: [], upTo: 1 }, 0).points.board).toMatchObject([
      { part: 255, model: "unknown", steps: [null, null, null, null, null, null, null] },
    ]);
  });

  test("a value that cannot be kept costs itself alone", () => {
    const { points, rejected } = sifted([
      { ...row(), values: RIG_FIELDS.map((_, i) => (i === 0 ? Number.NaN : i === 3 ? 3_000.04 : null)) },
    ]);
    expect(rejected).toEqual([{ point: `rig alpha/r1 @${T0} hashrateThs`, reason: expect.stringContaining("NaN") }]);
    expect(points.rig[0]?.steps.slice(0, 4)).toEqual([null, null, null, 30_000]);
  });

  test("refuses what is older than the raw rows that are kept", () => {
    expect(sifted([row({ ts: T0 - 1 }), row()], T0)).toMatchObject({
      points: { rig: [{ ts: T0 }] },
      rejected: [{ reason: expect.stringContaining("older") }],
    });
  });
});
