import { describe, expect, test } from "@jest/globals";
import { digitsFor, reachOf, timeTicks } from "../../dashboard/parts/axis.ts";
import { mixIntensity, sumsOf } from "../../dashboard/parts/energy-sums.ts";
import { mixLines } from "../../dashboard/parts/mix.ts";
import { blocksOf, fittingCell, nextIn, planOf, rigUnder, spotsOf } from "../../dashboard/parts/floor-plan.ts";
import { COLUMNS, csvOfRigs, ordered, type Column } from "../../dashboard/parts/rig-columns.ts";
import { MEASURES, rampOf, stepOf } from "../../dashboard/parts/scales.ts";
import { matches, natural } from "../../dashboard/parts/search.ts";
import type { RosterRow } from "../../server/twin/delta.ts";
import { farmOf, NOW } from "./farm-of.ts";
import { rosterRow } from "./mock/plant.ts";

const standing = (index: number, container: string, rack: string, slot: string): RosterRow => ({
  ...rosterRow(index, new Map()),
  position: { container, rack, slot },
});
const column = (key: string): Column => COLUMNS.find((each) => each.key === key) ?? (COLUMNS[0] as Column);

describe("the floor plan", () => {
  test("containers, racks and slots in the order people count", () => {
    const blocks = blocksOf([standing(0, "C10", "R1", "S01"), standing(1, "C2", "R10", "S01"), standing(2, "C2", "R2", "S03")], "lost");
    expect(blocks.map(({ name }) => name)).toEqual(["C2", "C10"]);
    expect(blocks[0]?.racks.map(({ name }) => name)).toEqual(["R2", "R10"]);
    expect(blocks[0]?.cells).toEqual([
      { index: 2, column: 0, line: 2 },
      { index: 1, column: 1, line: 0 },
    ]);
  });
  test("a shelf and a place on it, slots from zero, and names that are no numbers", () => {
    expect(blocksOf([standing(0, "A", "1", "2-3")], "lost")[0]?.cells).toEqual([{ index: 0, column: 2, line: 1 }]);
    expect(blocksOf([standing(0, "A", "1", "0"), standing(1, "A", "1", "1")], "lost")[0]?.cells.map(({ line }) => line)).toEqual([0, 1]);
    expect(
      blocksOf([standing(0, "A", "1", "top"), standing(1, "A", "1", "bottom")], "lost")[0]?.cells.map(({ index, line }) => [index, line]),
    ).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });
  test("two rigs that claim one slot are both shown", () => {
    const [block] = blocksOf([standing(0, "A", "1", "1"), standing(1, "A", "1", "1")], "lost");
    expect(new Set(block?.cells.map(({ line }) => line)).size).toBe(2);
  });
  test("rigs without a place stand in a block of their own", () => {
    expect(
      blocksOf([{ ...standing(0, "A", "1", "1"), position: null }, undefined], "lost").map(({ name, cells }) => [name, cells.length]),
    ).toEqual([["lost", 1]]);
  });
  test("every rig is found under the middle of its own cell", () => {
    const roster = Array.from({ length: 400 }, (_, i) => rosterRow(i, new Map()));
    const blocks = blocksOf(roster, "lost");
    for (const cell of [5, 12, 30]) {
      const plan = planOf(blocks, cell, 900);
      const spots = spotsOf(plan);
      expect(spots.size).toBe(400);
      expect(
        [...spots.values()].filter(({ index, x, y }) => rigUnder(plan, x + plan.measures.cellW / 2, y + plan.measures.cellH / 2) !== index),
      ).toEqual([]);
    }
  });
  test("what fits is the largest that fits", () => {
    const blocks = blocksOf(
      Array.from({ length: 288 }, (_, i) => rosterRow(i, new Map())),
      "lost",
    );
    const cell = fittingCell(blocks, 1_100, 600, 5, 34);
    expect(planOf(blocks, cell, 1_100).height).toBeLessThanOrEqual(600);
    expect(cell === 34 || planOf(blocks, cell + 1, 1_100).height > 600 || planOf(blocks, cell + 1, 1_100).width > 1_100).toBe(true);
  });
  test("arrows go to the neighbour, and nowhere at the edge", () => {
    const spots = spotsOf(
      planOf(blocksOf([standing(0, "A", "1", "1"), standing(1, "A", "2", "1"), standing(2, "A", "1", "2")], "lost"), 20, 500),
    );
    expect([
      nextIn(spots, 0, "ArrowRight"),
      nextIn(spots, 0, "ArrowDown"),
      nextIn(spots, 0, "ArrowLeft"),
      nextIn(spots, 2, "ArrowUp"),
    ]).toEqual([1, 2, 0, 0]);
  });
});

describe("the map's colours", () => {
  const luminance = ([r, g, b]: readonly [number, number, number]): number =>
    0.2126 * (r / 255) ** 2.2 + 0.7152 * (g / 255) ** 2.2 + 0.0722 * (b / 255) ** 2.2;
  test("lightness alone tells the order, whatever colours one sees", () => {
    const dark = rampOf("dark").rgb.map(luminance);
    const light = rampOf("light").rgb.map(luminance);
    expect(dark.every((value, i) => i === 0 || value >= (dark[i - 1] ?? 0) - 1e-3)).toBe(true);
    expect(light.every((value, i) => i === 0 || value <= (light[i - 1] ?? 1) + 1e-3)).toBe(true);
  });
  test("figures on a cell can be read: 4.5 to 1", () => {
    const inkOf = (hex: string): readonly [number, number, number] =>
      [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as readonly [number, number, number];
    for (const scheme of ["dark", "light"] as const) {
      const { rgb, ink } = rampOf(scheme);
      const worst = rgb.reduce((least, colour, i) => {
        const [a, b] = [luminance(colour) + 0.05, luminance(inkOf(ink[i] ?? "#000000")) + 0.05];
        return Math.min(least, Math.max(a, b) / Math.min(a, b));
      }, Infinity);
      expect(worst).toBeGreaterThanOrEqual(4.5);
    }
  });
  test("the alarming end is the far end of the ramp, and no value has no colour", () => {
    expect(stepOf(MEASURES.boardC, 200)).toBe(127);
    expect(stepOf(MEASURES.hashratePct, 0)).toBe(127);
    expect(stepOf(MEASURES.hashratePct, 120)).toBe(0);
    expect(stepOf(MEASURES.boardC, Number.NaN)).toBe(-1);
  });
});

describe("the table", () => {
  const farm = farmOf(Array.from({ length: 100 }, (_, i) => rosterRow(i, new Map([[i, i + 1]]))));
  const all = Array.from({ length: 100 }, (_, i) => i);
  test("missing values stand last whichever way", () => {
    for (const descending of [true, false]) {
      const order = ordered(all, column("hashrateThs"), descending, farm, NOW, natural);
      expect(order.slice(-2).toSorted((a, b) => a - b)).toEqual([11, 96]);
    }
  });
  test("names are ordered as people count", () => {
    expect(["a-10", "a-9", "b-1"].toSorted(natural)).toEqual(["a-9", "a-10", "b-1"]);
  });
  test("a file is safe to open in a spreadsheet", () => {
    const nasty = farmOf([{ ...rosterRow(0, new Map()), rig: '=HYPERLINK("http://x")', model: 'a "b", c', serial: null }]);
    const csv = csvOfRigs([0], [column("rig"), column("model"), column("serial"), column("boardC")], nasty, NOW);
    expect(csv).toMatch(/^Rig,Model,Serial,Board \(°C\)\r\n"'=HYPERLINK\(""http:\/\/x""\)","a ""b"", c",,\d+\.\d+\r\n$/);
  });
  test("a search finds name, serial, address and place", () => {
    const row = rosterRow(5, new Map());
    for (const wanted of ["a-r1-06", "s21410185", "10.21.0.7", "container a 1 06", "antminer"]) expect(matches(row, wanted)).toBe(true);
    expect(matches(row, "whatsminer")).toBe(false);
  });
});

test("a charging battery is drawn below zero, not out of the others", () => {
  const lines = mixLines({
    ts: [0, 1],
    bucketMs: 1,
    sourcesW: { grid: [5, 5], battery: [2, -3], solar: [0, 0] },
    meteredW: [7, 2],
    gco2ePerKwh: [null, null],
    pricePerKwh: [null, null],
  });
  expect(lines.map(({ label, stack, y }) => [label, stack, y])).toEqual([
    ["Grid", "gives", [5, 5]],
    ["Battery", "gives", [2, 0]],
    ["Battery, charging", "takes", [0, -3]],
  ]);
});

describe("an axis", () => {
  test("does not blow noise up to a whole axis, nor hide what is wider", () => {
    expect(reachOf([[100, 101, null]], { by: 1, plus: 0 })).toEqual({
      suggestedMin: expect.closeTo(96.46),
      suggestedMax: expect.closeTo(104.54),
    });
    expect(reachOf([[50], [100]], { by: 1, plus: 0 })).toEqual({});
    expect(reachOf([[0, 0]], { by: 1, plus: 0 })).toEqual({});
    expect(reachOf([[null, Number.NaN]], { by: 1, plus: 0 })).toEqual({});
    expect(reachOf([[0, 40]], { by: 1.8, plus: 32 })).toEqual({});
    expect(reachOf([[50, 50]], { by: 1.8, plus: 32 }).suggestedMin).toBeCloseTo(117.12);
    expect(reachOf([[2_000, 2_010]], { by: 0.001, plus: 0 })).toEqual({
      suggestedMin: expect.closeTo(1.925, 3),
      suggestedMax: expect.closeTo(2.085, 3),
    });
  });
  test("has its ticks at round times of the reader's zone", () => {
    const at = Date.parse("2026-11-21T02:12:00Z");
    const hour = 3_600_000;
    expect(timeTicks(at, at + 6 * hour, 8, 0).ts.map((ts) => new Date(ts).toISOString().slice(11, 16))).toEqual([
      "03:00",
      "04:00",
      "05:00",
      "06:00",
      "07:00",
      "08:00",
    ]);
    expect(timeTicks(at, at + 24 * hour, 5, 0).step).toBe(6 * hour);
    // Half past five ahead of UTC: local midnight is 18:30 UTC.
    expect(timeTicks(at, at + 48 * hour, 2, 5.5 * hour).ts.map((ts) => new Date(ts).toISOString().slice(11, 16))).toEqual([
      "18:30",
      "18:30",
    ]);
    expect(timeTicks(at, at + 7 * 24 * hour, 9, 0).ts).toHaveLength(7);
  });
  test("writes as many decimals as tell ticks apart", () => {
    expect([100, 1, 0.5, 0.02, 0.005, 0].map(digitsFor)).toEqual([0, 0, 1, 2, 3, 0]);
  });
});

describe("the energy of a range", () => {
  const hour = 3_600_000;
  const energy = {
    ts: [0, hour],
    bucketMs: hour,
    sourcesW: { grid: [1_000, 500], solar: [1_000, null], battery: [-200, 500] },
    meteredW: [1_800, 1_000],
    gco2ePerKwh: [300, 300],
    pricePerKwh: [0.1, 0.2],
  };
  test("adds up by source; only what the grid gave is paid and bears its carbon", () => {
    expect(mixIntensity(energy)).toEqual([150, 150]);
    const sums = sumsOf(energy, {
      ts: [0, hour],
      bucketMs: hour,
      hashrateThs: [1, 1],
      powerW: [1_700, null],
      boardMaxC: [1, 1],
      boardMeanC: [1, 1],
      rigs: [1, 1],
    });
    expect(sums).toMatchObject({
      kwh: 2.8,
      meteredKwh: 1.8,
      reportedKwh: 1.7,
      bySource: [
        { source: "grid", kwh: 1.5, nowW: 500 },
        { source: "solar", kwh: 1, nowW: 1_000 },
        { source: "battery", kwh: expect.closeTo(0.3), nowW: 500 },
      ],
    });
    expect(sums.cost).toBeCloseTo(1.8 * 0.5 * 0.1 + 1 * 0.5 * 0.2);
    expect(sums.kgco2e).toBeCloseTo((1.8 * 150 + 1 * 150) / 1_000);
  });
  test("what nobody told is not known, not zero", () => {
    expect(sumsOf({ ...energy, pricePerKwh: [null, null], gco2ePerKwh: [null, null] }, null)).toMatchObject({
      cost: null,
      kgco2e: null,
      reportedKwh: 0,
    });
  });
});
