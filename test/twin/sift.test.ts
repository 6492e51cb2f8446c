import { describe, expect, test } from "@jest/globals";
import { NO_PART, RIG_FIELDS } from "../../server/twin/series.ts";
import { sift, TIME_END } from "../../server/twin/sift.ts";
import { columns, type Row } from "../rows.ts";

const T0 = Date.UTC(2026, 2, 2);
const row = (given: Partial<Row> = {}, hashrateThs = 100): Row => ({
  site: "alpha",
  name: "r1",
  part: NO_PART,
  model: "S19",
  ts: T0,
  values: RIG_FIELDS.map((name) => (name === "hashrateThs" ? hashrateThs : NaN)),
  ...given,
});
const sifted = (rigs: readonly Row[], rawFromTs = 0, boards: readonly Row[] = []) =>
  sift({ rows: { rig: columns(rigs), board: columns(boards), site_energy: columns() }, upTo: 1 }, rawFromTs);

describe("sift", () => {
  test("brings values into steps; of one key the last row stays", () => {
    const { points, rejected } = sifted([row({}, 1), row({ ts: T0 + 1 }, 2), row({}, 104.5314)]);
    expect(rejected).toEqual([]);
    expect([...points.rig.ts]).toEqual([T0, T0 + 1]);
    expect([...points.rig.of]).toEqual([0, 0]);
    expect([...points.rig.steps].filter((step) => !Number.isNaN(step))).toEqual([104_531, 2_000]);
    expect(points.rig.series).toEqual([{ site: "alpha", name: "r1", part: NO_PART, model: "S19" }]);
  });

  test("whatever the order in which points of several series come, the last of each key stays", () => {
    const rows = [3, 1, 2, 1, 3, 0, 2].flatMap((second, n) =>
      ["a", "b"].flatMap((site) => ["r1", "r2"].map((name) => row({ site, name, ts: T0 + second }, n))),
    );
    const { points } = sifted(rows);
    const kept = Array.from(points.rig.of, (place, at) => {
      const { site, name } = points.rig.series[place] ?? { site: "", name: "" };
      return `${site}/${name}@${(points.rig.ts[at] ?? 0) - T0}=${(points.rig.steps[at * RIG_FIELDS.length] ?? 0) / 1_000}`;
    });
    const last = new Map([
      [0, 5],
      [1, 3],
      [2, 6],
      [3, 4],
    ]);
    const wanted = ["a/r1", "a/r2", "b/r1", "b/r2"].flatMap((name) => [...last].map(([second, n]) => `${name}@${second}=${n}`));
    expect(kept.toSorted()).toEqual(wanted.toSorted());
  });

  test("refuses names, times and boards that no store can keep, with the reason, and keeps the rest", () => {
    const bad = [
      { name: "" },
      { name: "a\nb" },
      { name: "a\\" },
      { site: "\u0000" },
      { name: "x".repeat(257) },
      { ts: -1 },
      { ts: 0.5 },
      { ts: TIME_END },
      { ts: Number.NaN },
    ];
    const { points, rejected } = sifted([...bad.map((given) => row(given)), row({ name: "good" })]);
    expect(rejected).toHaveLength(bad.length);
    expect(rejected.every(({ reason }) => reason.length > 5)).toBe(true);
    expect(Array.from(points.rig.of, (place) => points.rig.series[place]?.name)).toEqual(["good"]);
    const boards = [-1, 0.5, 256, 255].map((part) => row({ model: "", part, values: Array<number>(7).fill(NaN) }));
    const { board } = sifted([], 0, boards).points;
    expect(Array.from(board.of, (place) => board.series[place])).toMatchObject([{ part: 255, model: "unknown" }]);
    expect([...board.steps]).toEqual(Array<number>(7).fill(NaN));
  });

  test("a model is made plain, whatever a machine calls itself", () => {
    const models = ["ACME 9000\n", "ACME \\ 9000", "\u0000", "x".repeat(300)];
    const { points, rejected } = sifted(models.map((model, i) => row({ model, name: `r${i}` })));
    expect(rejected).toEqual([]);
    expect(points.rig.series.map(({ model }) => model)).toEqual(["ACME 9000", "ACME   9000", "unknown", "x".repeat(256)]);
  });

  test("a value that cannot be kept costs itself alone", () => {
    const { points, rejected } = sifted([{ ...row(), values: RIG_FIELDS.map((_, i) => (i === 0 ? Infinity : i === 3 ? 3_000.04 : NaN)) }]);
    expect(rejected).toEqual([{ point: `rig alpha/r1 @${T0} hashrateThs`, reason: expect.stringContaining("Infinity") }]);
    expect([...points.rig.steps.subarray(0, 4)]).toEqual([NaN, NaN, NaN, 30_000]);
  });

  test("refuses what is older than the raw rows that are kept", () => {
    const { points, rejected } = sifted([row({ ts: T0 - 1 }), row()], T0);
    expect([...points.rig.ts]).toEqual([T0]);
    expect(rejected).toMatchObject([{ reason: expect.stringContaining("older") }]);
  });
});
