import { describe, expect, test } from "@jest/globals";
import { cosTurns, exp, ln, power, sinTurns } from "../../simulators/plant/exact.ts";

/** From -1 to 1, evenly. */
const sweep = Array.from({ length: 2_001 }, (_, i) => i / 1_000 - 1);
const apart = (ours: number, theirs: number): number => Math.abs(ours - theirs) / Math.max(1e-300, Math.abs(theirs));

describe("functions that give the same bits everywhere", () => {
  test("agree with the engine's own to fifteen digits", () => {
    for (const x of sweep) {
      expect(apart(exp(60 * x), Math.exp(60 * x))).toBeLessThan(1e-15);
      const above = 40 * (x + 1.001);
      expect(Math.abs(ln(above) - Math.log(above))).toBeLessThan(2e-15);
      expect(apart(power(above, 0.8), above ** 0.8)).toBeLessThan(2e-15);
      expect(Math.abs(cosTurns(3 * x) - Math.cos(6 * Math.PI * x))).toBeLessThan(4e-15);
      expect(Math.abs(sinTurns(3 * x) - Math.sin(6 * Math.PI * x))).toBeLessThan(4e-15);
    }
  });
  test("give the bits that they gave when they were written", () => {
    const bits = (value: number): string => Buffer.from(new Float64Array([value]).buffer).toString("hex");
    expect([exp(-0.37), ln(0.2), power(0.61, 0.8), cosTurns(0.137), sinTurns(-0.377)].map(bits)).toEqual([
      "fffa09e27e1ae63f",
      "338dedf741c0f9bf",
      "26720219608ce53f",
      "9f1b9366d2dbe43f",
      "a3cd38015f57e6bf",
    ]);
  });
  test("are exact where there is an exact answer", () => {
    expect([exp(0), ln(1), cosTurns(0), cosTurns(0.5), cosTurns(0.25), sinTurns(0.25), sinTurns(0)]).toEqual([1, 0, 1, -1, 0, 1, 0]);
  });
});
