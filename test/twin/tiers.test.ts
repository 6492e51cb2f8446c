import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { dueWindows, HOUR_MS, leastBucketMs, MINUTE_MS, spansOf, WINDOW_MS, windowsOf, type TierState } from "../../server/twin/tiers.ts";

const T0 = Date.UTC(2026, 2, 2);
const state = (dirtyMinutes: readonly number[] = [], rawFromTs = 0, minuteFromTs = 0): TierState => ({
  dirty: { "1m": new Set(dirtyMinutes), "1h": windowsOf(dirtyMinutes, "1h") },
  rawFromTs,
  minuteFromTs,
});

const ranges = fc
  .record({
    offset: fc.integer({ min: 0, max: 3 * HOUR_MS }),
    length: fc.integer({ min: 1, max: 30 * HOUR_MS }),
    dirty: fc.uniqueArray(fc.integer({ min: 0, max: 33 * 60 }), { maxLength: 80 }),
  })
  .map(({ offset, length, dirty }) => ({
    from: T0 + offset,
    to: T0 + offset + length,
    dirty: dirty.map((minute) => T0 + minute * MINUTE_MS),
  }));

describe("spans", () => {
  test("cover a range once and in order, coarse parts on their windows and never over a dirty one", () => {
    fc.assert(
      fc.property(
        ranges,
        fc.constantFrom(10_000, MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS),
        fc.constantFrom(4, 24, 1_000),
        ({ from, to, dirty }, bucketMs, most) => {
          const known = state(dirty);
          const spans = spansOf(from, to, bucketMs, known, most);
          expect(spans[0]?.from).toBe(from);
          expect(spans.at(-1)?.to).toBe(to);
          spans.forEach((span, i) => {
            expect(span.to).toBeGreaterThan(span.from);
            if (i > 0) expect(span.from).toBe(spans[i - 1]?.to);
            if (span.tier === "raw") return;
            const width = WINDOW_MS[span.tier];
            expect(bucketMs % width).toBe(0);
            expect([span.from % width, span.to % width]).toEqual([0, 0]);
            expect(dirty.some((minute) => minute >= span.from && minute < span.to)).toBe(false);
          });
        },
      ),
    );
  });

  test("are few where dirty windows are many", () => {
    const everyOther = Array.from({ length: 12 * 60 }, (_, i) => T0 + 2 * i * MINUTE_MS);
    expect(spansOf(T0, T0 + 24 * HOUR_MS, HOUR_MS, state(everyOther), 24).length).toBeLessThanOrEqual(24);
    expect(spansOf(T0, T0 + 24 * HOUR_MS, HOUR_MS, state(), 24)).toEqual([{ tier: "1h", from: T0, to: T0 + 24 * HOUR_MS }]);
  });

  test("take the minutes, then the hours, where finer rows are gone", () => {
    const known = state([], T0 + 2 * HOUR_MS, T0 + HOUR_MS);
    expect(spansOf(T0 + 5, T0 + 3 * HOUR_MS - 5, MINUTE_MS, known)).toEqual([
      { tier: "1h", from: T0, to: T0 + HOUR_MS },
      { tier: "1m", from: T0 + HOUR_MS, to: T0 + 3 * HOUR_MS - MINUTE_MS },
      { tier: "raw", from: T0 + 3 * HOUR_MS - MINUTE_MS, to: T0 + 3 * HOUR_MS - 5 },
    ]);
    expect([T0, T0 + HOUR_MS, T0 + 2 * HOUR_MS].map((from) => leastBucketMs(from, known))).toEqual([HOUR_MS, MINUTE_MS, 1]);
  });
});

describe("due windows", () => {
  test("are those that ended, oldest first, neighbours joined, so many at most", () => {
    const minute = (n: number): number => T0 + n * MINUTE_MS;
    const dirty = new Set([5, 3, 1, 2, 9].map(minute));
    expect(dueWindows(dirty, "1m", minute(6), 99)).toEqual([
      { from: minute(1), to: minute(4) },
      { from: minute(5), to: minute(6) },
    ]);
    expect(dueWindows(dirty, "1m", minute(6), 2)).toEqual([{ from: minute(1), to: minute(3) }]);
    expect(dueWindows(dirty, "1m", minute(2) - 1, 99)).toEqual([]);
  });
  test("hold the instants written to", () => {
    expect(windowsOf([T0, T0 + 59_999, T0 + MINUTE_MS], "1m")).toEqual(new Set([T0, T0 + MINUTE_MS]));
    expect(windowsOf([T0 + HOUR_MS - 1], "1h")).toEqual(new Set([T0]));
  });
});
