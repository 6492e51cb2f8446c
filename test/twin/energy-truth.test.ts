import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  energyTruth,
  inForce,
  intensityAt,
  mixIntensity,
  plannedMix,
  POWER_SOURCES,
  readIntensities,
  shareOut,
  type Said,
} from "../../server/twin/energy-truth.ts";

const NOBODY: Said = { meter: null, pdu: null, miner: null, custom: null, nameplate: null };
const said = (over: Partial<Said>): Said => ({ ...NOBODY, ...over });

describe("the figure in force", () => {
  test("is the best there is, in this order", () => {
    const all: Said = { meter: 1, pdu: 2, miner: 3, custom: 4, nameplate: 5 };
    let left: Said = all;
    for (const source of POWER_SOURCES) {
      expect(inForce(left)).toMatchObject({ source, powerW: all[source] });
      left = { ...left, [source]: null };
    }
    expect(inForce(left)).toBeNull();
  });
  test("what is no power is passed over", () =>
    expect(inForce(said({ meter: Number.NaN, pdu: -5, miner: 3_000 }))).toMatchObject({ source: "miner" }));
  test("tells the gap between metered and reported", () => {
    expect(inForce(said({ meter: 3_300, miner: 3_000 }))).toMatchObject({ gapW: 300, reportedW: 3_000 });
    expect(inForce(said({ pdu: 3_000, miner: 3_000 }))).toMatchObject({ gapW: 0, gapPct: 0 });
    expect(inForce(said({ miner: 3_000, nameplate: 3_300 }))).toMatchObject({ gapW: null });
  });
});

describe("attribution", () => {
  const weights = fc.array(fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constantFrom(0, Number.NaN, -1, Infinity)), {
    minLength: 1,
    maxLength: 300,
  });
  test("sums to the meter exactly, whatever the weights", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000_000_000, max: 1_000_000_000_000 }), weights, (total, by) => {
        const shares = shareOut(total, by);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(total);
        for (const share of shares) expect(Math.sign(share) * Math.sign(total)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
  test("gives each its part to within one", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 1_000_000_000 }),
        fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 100 }),
        (total, by) => {
          const sum = by.reduce((all, weight) => all + weight, 0);
          for (const [i, share] of shareOut(total, by).entries())
            expect(Math.abs(share - (total * (by[i] ?? 0)) / sum)).toBeLessThan(1.001);
        },
      ),
    );
  });
  test("is what it says: without weights even, of equal remainders the earlier first", () => {
    expect(shareOut(10, [1, 1, 1])).toEqual([4, 3, 3]);
    expect(shareOut(5, [0, 0])).toEqual([3, 2]);
    expect(shareOut(5, [])).toEqual([]);
    expect(() => shareOut(0.5, [1])).toThrow(RangeError);
  });
});

describe("a site", () => {
  const rigs = [
    { rig: "a", said: said({ miner: 3_000, nameplate: 3_250 }), hashrateThs: 100 },
    { rig: "b", said: said({ meter: 3_400, miner: 3_000 }), hashrateThs: 100 },
    { rig: "c", said: said({ nameplate: 3_000 }), hashrateThs: null },
    { rig: "d", said: NOBODY, hashrateThs: null },
  ];
  test("with a meter: rigs sum to it, and every figure names its source", () => {
    const truth = energyTruth({ meteredW: 10_000, mix: { grid: 0.75, solar: 0.25 }, gridGco2ePerKwh: 400, pricePerKwh: 0.08 }, rigs);
    expect(truth.rigs.reduce((sum, { attributedMw }) => sum + attributedMw, 0)).toBe(10_000_000);
    expect(truth).toMatchObject({
      siteSource: "meter",
      reportedW: 6_000,
      gapW: 4_000,
      gapPct: 40,
      unknown: ["d"],
      gco2ePerKwh: 300,
      efficiencyJTh: 50,
    });
    expect(truth.bySource).toEqual({ meter: 1, pdu: 0, miner: 1, custom: 0, nameplate: 1 });
    expect(truth.perThh?.kwh).toBeCloseTo(0.05, 12);
    expect(truth.perThh?.cost).toBeCloseTo(0.05 * 0.75 * 0.08, 12);
    expect(truth.perThh?.kgco2e).toBeCloseTo(0.05 * 0.3, 12);
  });
  test("without one: the sum of what is in force, and no gap", () =>
    expect(energyTruth({ meteredW: null, mix: null, gridGco2ePerKwh: null, pricePerKwh: null }, rigs)).toMatchObject({
      siteMw: 9_400_000,
      siteSource: "sum",
      gapW: null,
      gco2ePerKwh: null,
      perThh: { cost: null, kgco2e: null },
    }));
});

describe("where it comes from", () => {
  const plan = [
    { fromMinute: 360, shares: { solar: 60, grid: 40 } },
    { fromMinute: 1_080, shares: { grid: 1 } },
  ];
  test("a plan holds from its minute on, over midnight too", () => {
    const at = (hour: number) => plannedMix(plan, Date.UTC(2026, 0, 5, hour));
    expect(at(12)).toEqual({ grid: 0.4, solar: 0.6 });
    expect([at(20), at(3)]).toEqual([{ grid: 1 }, { grid: 1 }]);
    expect(plannedMix([], 0)).toBeNull();
  });
  test("a feed is read, and an old value is none", () => {
    const feed = readIntensities("time,gco2ePerKwh\n2026-01-05T10:00:00Z,310\n2026-01-05T11:00:00+01:00;300\n");
    expect(feed.map(({ gco2ePerKwh }) => gco2ePerKwh)).toEqual([310, 300]);
    expect(intensityAt(feed, Date.UTC(2026, 0, 5, 12))).toBe(300);
    expect(intensityAt(feed, Date.UTC(2026, 0, 5, 9))).toBeNull();
    expect(intensityAt(feed, Date.UTC(2026, 0, 7))).toBeNull();
  });
  test.each(["t,v\n2026-01-05 10:00,3", "t,v\n2026-01-05T10:00:00Z,-3", "t,v\n2026-01-05T10:00:00Z,"])(
    "%j says which line is wrong",
    (csv) => expect(() => readIntensities(csv)).toThrow("line 2"),
  );
  test("intensity is unknown where the grid's is, and the grid is used", () => {
    expect(mixIntensity({ grid: 0.5, solar: 0.5 }, null)).toBeNull();
    expect(mixIntensity({ solar: 1 }, null)).toBe(0);
    expect(mixIntensity({ gas: 1 }, null)).toBe(505);
  });
});
