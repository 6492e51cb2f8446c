import { describe, expect, test } from "@jest/globals";
import { newWatch } from "../../server/twin/alarms/watch.ts";
import { bucketsOf } from "../../server/twin/buckets.ts";
import { fitting } from "../../server/twin/gaps.ts";

const NOW = 1_750_000_000_000;
const HOUR = 3_600_000;
const HOUR_LONG = { from: NOW - HOUR, to: NOW, points: 240 };
const watches = (...groups: readonly { readonly n: number; readonly gapS: number | null; readonly ageMs?: number }[]) =>
  new Map(
    groups.flatMap(({ n, gapS, ageMs = 0 }, group) =>
      Array.from({ length: n }, (_, i) => {
        const watch = { ...newWatch(NOW), gapMs: gapS === null ? null : gapS * 1_000, readTs: NOW - ageMs };
        return [`r${group}-${i}`, watch] as const;
      }),
    ),
  );

describe("a site's chart", () => {
  test.each([
    ["rigs that report each second keep all points", watches({ n: 100, gapS: 1 }), 240],
    ["those of every minute get buckets of two", watches({ n: 100, gapS: 60 }), 31],
    ["a few slow ones coarsen nothing", watches({ n: 97, gapS: 5 }, { n: 3, gapS: 600 }), 240],
    ["many do", watches({ n: 80, gapS: 5 }, { n: 20, gapS: 60 }), 31],
    ["one slow of ten does not", watches({ n: 9, gapS: 5 }, { n: 1, gapS: 1_800 }), 240],
    ["those that were taken away do not", watches({ n: 50, gapS: 5 }, { n: 50, gapS: 3_600, ageMs: 2 * HOUR }), 240],
    ["of which nothing is known yet", watches({ n: 3, gapS: null }), 240],
    ["of an empty farm", watches(), 240],
  ])("%s", (_name, all, points) => {
    expect(fitting(HOUR_LONG, all, NOW)).toEqual({ ...HOUR_LONG, points });
  });

  test("buckets are of that width, wherever the range begins", () => {
    for (const offset of [0, 1, 59_999, 90_000]) {
      const { from, to, points } = fitting(
        { ...HOUR_LONG, from: HOUR_LONG.from + offset, to: NOW + offset },
        watches({ n: 9, gapS: 60 }),
        NOW,
      );
      expect(bucketsOf(from, to, points).bucketMs).toBe(120_000);
    }
  });

  test("a range shorter than a bucket is one point", () => {
    expect(fitting({ from: NOW - 5_000, to: NOW, points: 5 }, watches({ n: 9, gapS: 60 }), NOW).points).toBe(1);
  });
});
