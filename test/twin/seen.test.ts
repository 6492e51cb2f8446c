import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { addNumber, missed, missingIn, note, nothingSeen, type Intervals } from "../../server/twin/seen.ts";

describe("numbers seen", () => {
  test("in any order each number is new once, and what is missing is counted", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 200 }), (numbers) => {
        const intervals: Intervals = [];
        const set = new Set<number>();
        for (const n of numbers) {
          expect(addNumber(intervals, n)).toBe(!set.has(n));
          set.add(n);
        }
        const [low, high] = [Math.min(...set), Math.max(...set)];
        expect(missingIn(intervals)).toBe(set.size === 0 ? 0 : high - low + 1 - set.size);
        for (let i = 1; i < intervals.length; i++) expect(intervals[i]?.[0]).toBeGreaterThan((intervals[i - 1]?.[1] ?? 0) + 1);
      }),
    );
  });

  test("a stream with a hole at every second place stays bounded", () => {
    const intervals: Intervals = [];
    for (let n = 0; n < 10_000; n += 2) addNumber(intervals, n);
    expect(intervals.length).toBeLessThanOrEqual(256);
    expect(addNumber(intervals, 9_998)).toBe(false);
  });
});

describe("messages seen", () => {
  test("the same boot and number, or the same device time, is not new", () => {
    const seen = nothingSeen();
    expect(note(seen, "b1", 0, 1_000)).toBe(true);
    expect(note(seen, "b1", 0, 1_000)).toBe(false);
    expect(note(seen, "b1", 1, 1_000)).toBe(false);
    expect(note(seen, "b1", 2, 2_000)).toBe(true);
    expect(note(seen, "b2", 0, 3_000)).toBe(true);
    expect(note(seen, null, null, 3_000)).toBe(false);
    expect(note(seen, null, null, 4_000)).toBe(true);
  });

  test("times in any order are new once, however far they reach back, and after a restart from a snapshot that knew no highest", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 60 }), fc.nat(60), (times, restart) => {
        let seen = nothingSeen();
        const set = new Set<number>();
        times.forEach((ts, i) => {
          if (i === restart) seen = { boots: [], times: [...seen.times] };
          expect(note(seen, null, null, ts)).toBe(!set.has(ts));
          set.add(ts);
        });
      }),
    );
  });

  test("a number left out is missed until it comes", () => {
    const seen = nothingSeen();
    note(seen, "b", 5, 1);
    note(seen, "b", 9, 2);
    expect(missed(seen)).toBe(3);
    note(seen, "b", 7, 3);
    expect(missed(seen)).toBe(2);
  });
});
