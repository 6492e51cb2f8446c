import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { bucketsOf, checkRange } from "../../server/twin/buckets.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
const T0 = Date.UTC(2026, 2, 2);

describe("buckets", () => {
  test("lie on multiples of their width, cover the range, and are no more than asked for", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4_000_000_000_000 }),
        fc.integer({ min: 1, max: 400 * DAY }),
        fc.integer({ min: 1, max: 2_000 }),
        (from, length, points) => {
          const { ts, bucketMs } = bucketsOf(from, from + length, points);
          expect(ts.length).toBeLessThanOrEqual(points);
          expect(ts.every((start, i) => start % bucketMs === 0 && start === (ts[0] ?? 0) + i * bucketMs)).toBe(true);
          expect((ts[0] ?? 0) <= from && from < (ts[0] ?? 0) + bucketMs).toBe(true);
          expect((ts.at(-1) ?? 0) < from + length && from + length <= (ts.at(-1) ?? 0) + bucketMs).toBe(true);
        },
      ),
    );
  });

  test("an aligned range gets exactly what it asks for, an unaligned one the next width", () => {
    expect(bucketsOf(T0, T0 + DAY, 1_440)).toMatchObject({ bucketMs: MINUTE });
    expect(bucketsOf(T0, T0 + DAY, 300)).toMatchObject({ bucketMs: 5 * MINUTE });
    expect(bucketsOf(T0 + 1, T0 + DAY + 1, 1_440)).toMatchObject({ bucketMs: 2 * MINUTE });
  });

  test("are never narrower than rows that are still kept can fill", () => {
    expect(bucketsOf(T0, T0 + MINUTE, 60, MINUTE)).toEqual({ bucketMs: MINUTE, ts: [T0] });
  });

  test("refuse a range that is none, and too many points", () => {
    for (const [from, to] of [
      [1, 1],
      [2, 1],
      [-1, 5],
      [0.5, 9],
      [0, Number.NaN],
      [0, Infinity],
      // Microseconds.
      [T0 * 1_000, (T0 + 60_000) * 1_000],
    ] as const)
      expect(() => checkRange(from, to)).toThrow(/RANGE_INVALID/);
    for (const points of [0, -1, 1.5, 20_001, Number.NaN]) expect(() => bucketsOf(0, 1, points)).toThrow(/REQUEST_INVALID/);
  });
});
