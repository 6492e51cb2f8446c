import { describe, expect, test } from "@jest/globals";
import { drawn } from "../../server/twin/lttb.ts";

const times = (n: number): number[] => Array.from({ length: n }, (_, i) => i * 1_000);

describe("lines of few points", () => {
  test("few points stay as they are", () => {
    expect(drawn([1, 2, 3], [5, 6, 7], 10)).toEqual({ ts: [1, 2, 3], values: [5, 6, 7] });
    expect(drawn([1, 2], [null, null], 3)).toEqual({ ts: [], values: [] });
    expect(drawn([], [], 3)).toEqual({ ts: [], values: [] });
  });

  test("never more than asked for, ends kept, every peak of a flat line kept", () => {
    const n = 5_000;
    const peaks = new Set([17, 900, 901, 2_500, 4_998]);
    const values = times(n).map((_, i) => (peaks.has(i) ? 100 + i : Math.sin(i / 50)));
    for (const most of [3, 10, 100, 300, 4_999]) {
      const { ts, values: kept } = drawn(times(n), values, most);
      expect(ts).toHaveLength(most);
      expect([ts[0], ts.at(-1)]).toEqual([0, (n - 1) * 1_000]);
      expect(ts.every((at, i) => i === 0 || at > (ts[i - 1] ?? 0))).toBe(true);
      ts.forEach((at, i) => expect(kept[i]).toBe(values[at / 1_000]));
      if (most >= 100) for (const peak of peaks) expect(ts.includes(peak * 1_000) || peak === 900).toBe(true);
    }
  });

  test("chooses the point of the largest triangle", () => {
    // One bucket between the ends: of (1,1) and (2,-5), the second spans more with (0,0) and (3,0).
    expect(drawn([0, 1, 2, 3], [0, 1, -5, 0], 3)).toEqual({ ts: [0, 2, 3], values: [0, -5, 0] });
    expect(drawn([0, 1, 2, 3], [0, 6, -5, 0], 3).values).toEqual([0, 6, 0]);
  });

  test("a gap breaks the line, unless there are too many", () => {
    const n = 1_000;
    const gappy = times(n).map((_, i) => (i >= 400 && i < 500 ? null : i % 7));
    const { ts, values } = drawn(times(n), gappy, 60);
    expect(ts.length).toBeLessThanOrEqual(60);
    expect(values.filter((value) => value === null)).toHaveLength(1);
    const at = values.indexOf(null);
    expect([ts[at - 1], ts[at + 1]]).toEqual([399_000, 500_000]);
    const holes = times(n).map((_, i) => (i % 2 === 0 ? null : i));
    const across = drawn(times(n), holes, 60);
    expect(across.ts).toHaveLength(60);
    expect(across.values).not.toContain(null);
  });
});
