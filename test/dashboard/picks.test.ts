/** What is taken of many: rigs by a line, racks by weakness, chips by what stands at their place elsewhere. */
import { describe, expect, test } from "@jest/globals";
import { judged } from "../../dashboard/parts/chip-outliers.ts";
import { blocksOf, planOf, spotsOf } from "../../dashboard/parts/floor-plan.ts";
import { headUnder, rigsWithin, toggled } from "../../dashboard/parts/floor-select.ts";
import { racksOf } from "../../dashboard/parts/racks.ts";
import type { ChipReading } from "../../server/twin/reading.ts";
import { farmOf } from "./farm-of.ts";
import { rosterRow } from "./mock/plant.ts";

describe("selections", () => {
  const roster = Array.from({ length: 120 }, (_, i) => rosterRow(i, new Map()));
  const plan = planOf(blocksOf(roster, "lost"), 20, 900);
  const spots = spotsOf(plan);
  const { cellW, cellH } = plan.measures;

  test("a line takes the rigs whose middle it goes around, a hollow one not those in its hollow", () => {
    const at = spots.get(0);
    if (at === undefined) throw new Error("no rig");
    const around = [
      { x: at.x - 1, y: at.y - 1 },
      { x: at.x + cellW * 0.6, y: at.y - 1 },
      { x: at.x + cellW * 0.6, y: at.y + 2.6 * cellH },
      { x: at.x - 1, y: at.y + 2.6 * cellH },
    ];
    expect(rigsWithin(spots, plan.measures, around)).toEqual([0, 1, 2]);
    expect(rigsWithin(spots, plan.measures, around.slice(0, 2))).toEqual([]);
    const notch = [
      around[0],
      around[1],
      { x: at.x + cellW, y: at.y + 1.5 * cellH },
      around[2],
      around[3],
      { x: at.x + cellW * 0.55, y: at.y + 1.5 * cellH },
    ];
    expect(
      rigsWithin(
        spots,
        plan.measures,
        notch.filter((point) => point !== undefined),
      ),
    ).toEqual([0, 2]);
  });
  test("a rack's name takes the rack, the container's all of it, the cells none", () => {
    const [first] = plan.placed;
    if (first === undefined) throw new Error("no block");
    const rack = headUnder(plan, first.x + 3, first.y + plan.measures.headH - 4);
    expect(rack.length).toBeGreaterThan(1);
    expect(new Set(rack.map((index) => roster[index]?.position?.rack))).toEqual(new Set(["1"]));
    expect(headUnder(plan, first.x + 3, first.y + 3)).toHaveLength(first.block.cells.length);
    expect(headUnder(plan, first.x + 3, first.y + plan.measures.headH + 3)).toEqual([]);
  });
  test("what is taken twice is let go, but a group only where all of it was taken", () => {
    expect([...toggled(new Set([1, 2]), [2, 3])]).toEqual([1, 2, 3]);
    expect([...toggled(new Set([1, 2, 3]), [2, 3])]).toEqual([1]);
    expect([...toggled(new Set([1]), [])]).toEqual([1]);
  });
  test("racks stand in the order of what they miss; what is offline hashes nothing", () => {
    const farm = farmOf(roster);
    const racks = racksOf(farm);
    expect(racks.reduce((sum, { rigs }) => sum + rigs.length, 0)).toBe(roster.filter(({ position }) => position !== null).length);
    expect(racks.every(({ pct }, i) => i === 0 || (pct ?? 0) >= (racks[i - 1]?.pct ?? 0))).toBe(true);
    const [weakest] = racks;
    for (const index of weakest?.rigs ?? []) farm.state[index] = 7;
    expect(racksOf(farm).find(({ name }) => name === weakest?.name)).toMatchObject({
      pct: 0,
      hashrateThs: 0,
      states: { offline: weakest?.rigs.length },
    });
  });
});

describe("chips against the same place on sister boards", () => {
  const chip = (index: number, tempC: number | null, working: boolean | null = true) =>
    ({ index, tempC, working }) as unknown as ChipReading;
  /** Hotter towards the outlet, a little uneven, the whole board off by so much. */
  const board = (offset: number, odd: Readonly<Record<number, number>> = {}) =>
    Array.from({ length: 60 }, (_, i) => chip(i, 60 + i / 3 + ((i * 7) % 5) / 10 + offset + (odd[i] ?? 0)));
  const names = (mine: readonly ChipReading[], sisters: readonly (readonly ChipReading[])[]): number[] =>
    judged(mine, sisters, ({ tempC }) => tempC).flatMap(({ index, isOdd }) => (isOdd ? [index] : []));

  test("the chip that differs is named, by how much; the hot end is no outlier, nor is a board that is warm as a whole", () => {
    const sisters = [board(0), board(1)];
    expect(names(board(4, { 5: 6 }), sisters)).toEqual([5]);
    expect(judged(board(4, { 5: 6 }), sisters, ({ tempC }) => tempC)[5]?.off).toBeCloseTo(6, 1);
    expect(names(board(9), sisters)).toEqual([]);
    // As hot as the outlet, at the inlet: within the board's own spread, and yet it is wrong there.
    expect(names(board(0, { 2: 17 }), sisters)).toEqual([2]);
    expect(names(board(0, { 2: -8 }), sisters)).toEqual([2]);
  });
  test("a sister that is wrong itself marks nobody; alone the board is its own measure", () => {
    expect(names(board(0), [board(0, { 9: 30 }), board(0), board(0)])).toEqual([]);
    expect(names(board(0), [board(0, { 9: 30 }), board(0)])).toEqual([]);
    // Of two boards, the one that is farther from its own typical value.
    expect([names(board(0), [board(0, { 30: 20 })]), names(board(0, { 30: 20 }), [board(0)])]).toEqual([[], [30]]);
    expect(
      names(
        Array.from({ length: 20 }, (_, i) => chip(i, i === 3 ? 95 : 70)),
        [],
      ),
    ).toEqual([3]);
  });
  test("one that does not answer stands out whatever it says; where nothing is told nothing is said", () => {
    expect(names([chip(0, null, false), chip(1, 70), chip(2, 70)], [])).toEqual([0]);
    expect(names([chip(0, null), chip(1, null)], [[chip(0, 50)]])).toEqual([]);
    expect(judged([], [], () => 1)).toEqual([]);
  });
});
