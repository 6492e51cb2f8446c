import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { reportedJ, type Digest } from "../../server/twin/digest.ts";
import { CELL, cellOf, eachPair, emptyCells, filledCells, newRigDay, plainCells, putCell, SLOTS } from "../../server/twin/rig-day.ts";

const DAY = 20_000;
/** A running machine's five minutes: 30 readings, of which each value wavers. */
const cellAt = (slot: number, seed = 1): number[] => {
  const waver = (most: number, k: number): number => (slot * 7_919 + seed * 104_729 + k * 31) % most;
  return [
    30,
    30,
    3_000_000 + waver(60_000, 1),
    30,
    105_000 + waver(2_000, 2),
    610 + waver(40, 3),
    720 + waver(60, 4),
    250 + waver(9, 5),
    0,
    30,
  ];
};
const EMPTY = [...emptyCells(1)];

describe("a rig's day", () => {
  test("whatever the order in which slots come, each has what was put last and all others nothing", () => {
    const put = fc.tuple(fc.integer({ min: 0, max: SLOTS - 1 }), fc.integer({ min: 1, max: 50 }));
    const inOrder = fc.array(put, { maxLength: 60 }).map((puts) => puts.toSorted(([a], [b]) => a - b));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(put, { maxLength: 60 }),
          inOrder,
          fc.tuple(inOrder, put).map(([puts, late]) => [...puts, late]),
        ),
        (puts) => {
          const rigDay = newRigDay("r", DAY, 1);
          const wanted = new Map<number, number[]>();
          for (const [slot, seed] of puts) {
            putCell(rigDay, slot, cellAt(slot, seed));
            wanted.set(slot, cellAt(slot, seed));
            expect([...(cellOf(rigDay, slot) ?? [])]).toEqual(wanted.get(slot));
          }
          const slots = [...wanted.keys()].toSorted((a, b) => a - b);
          expect(filledCells(rigDay)).toEqual(slots.map((slot) => [slot, ...(wanted.get(slot) ?? [])]));
          const hours = slots.map((slot) => Math.floor(slot / 12));
          for (let slot = 0; slot < SLOTS; slot++) {
            const isWithin = hours.length > 0 && Math.floor(slot / 12) >= Math.min(...hours) && Math.floor(slot / 12) <= Math.max(...hours);
            const cell = cellOf(rigDay, slot);
            expect(cell === null ? null : [...cell]).toEqual(isWithin ? (wanted.get(slot) ?? EMPTY) : null);
          }
          const pairs: number[][] = [];
          eachPair(rigDay, 2, 4, (slot, sum, power) => pairs.push([slot, sum, power]));
          expect(pairs.filter(([, sum]) => sum !== 0)).toEqual(slots.map((slot) => [slot, wanted.get(slot)?.[2], wanted.get(slot)?.[4]]));
        },
      ),
    );
  });

  test("a whole day takes about a third of what its integers would", () => {
    const rigDay = newRigDay("r", DAY, 1);
    for (let slot = 0; slot < SLOTS; slot++) putCell(rigDay, slot, cellAt(slot));
    expect(rigDay.packed.length + rigDay.cells.byteLength).toBeLessThan(0.35 * SLOTS * CELL * 4);
    expect(plainCells(rigDay)).toEqual(Int32Array.from(Array.from({ length: SLOTS }, (_, slot) => cellAt(slot)).flat()));
  });

  test("what comes late for an hour that is packed is counted, and packed again with the next hour", () => {
    const rigDay = newRigDay("r", DAY, 1);
    for (let slot = 0; slot < 72; slot++) putCell(rigDay, slot, cellAt(slot));
    expect([rigDay.packedFrom, rigDay.fromSlot]).toEqual([0, 48]);
    putCell(rigDay, 3, cellAt(3, 2));
    expect(rigDay.packed).toHaveLength(0);
    putCell(rigDay, 72, cellAt(72));
    expect([rigDay.packedFrom, rigDay.fromSlot]).toEqual([0, 60]);
    expect([...(cellOf(rigDay, 3) ?? [])]).toEqual(cellAt(3, 2));
  });

  test("energy of hours that are packed counts as that of the others", () => {
    const day = newRigDay("r", DAY, 1);
    const digest: Digest = new Map([["1", day]]);
    const cells = [5, 6, 200].map((slot) => [slot, cellAt(slot)] as const);
    for (const [slot, cell] of cells) putCell(day, slot, cell);
    expect(day.packed.length).toBeGreaterThan(0);
    const joules = reportedJ(digest, DAY);
    for (const [slot, cell] of cells) expect(joules[slot]).toBe(((cell[4] ?? 0) * 300) / 30);
    expect(joules.filter((value) => value !== 0)).toHaveLength(3);
  });
});
