import { describe, expect, test } from "@jest/globals";
import { energyName, meterAndSource, metersTogether, type EnergyRow } from "../../server/twin/energy-series.ts";

const NONE = { sum: 0, n: 0 };
/** `w` is of one row; a step is 0.1 W. */
const told = (name: string, at: number, w: number): EnergyRow => ({
  name,
  at,
  powerW: { sum: w * 10, n: 1 },
  gco2ePerKwh: NONE,
  pricePerKwh: NONE,
});
const axis = (n: number, bucketMs: number) => ({ bucketMs, ts: Array.from({ length: n }, (_, i) => i * bucketMs) });
const total = (meter: string, at: number, w: number) => told(energyName(meter, "meter"), at, w);

test("a name has a meter and a source; of rows of before there is no meter", () => {
  expect(meterAndSource(energyName("main.1", "grid"))).toEqual({ meter: "main.1", source: "grid" });
  expect(meterAndSource("grid")).toEqual({ meter: "", source: "grid" });
  expect(meterAndSource("/grid")).toEqual({ meter: "", source: "grid" });
});

describe("the meters of a site", () => {
  test("are summed, source by source", () => {
    const rows = [total("a", 0, 5e6), told("a/grid", 0, 5e6), total("b", 0, 3e6), told("b/grid", 0, 1e6), told("b/solar", 0, 2e6)];
    expect(metersTogether(axis(1, 60_000), rows)).toMatchObject({ meteredW: [8e6], sourcesW: { grid: [6e6], solar: [2e6] } });
  });

  test("that speak at other seconds hold what they said, five minutes long", () => {
    const rows = [0, 2, 4, 6, 8].map((at) => total("a", at, 500)).concat(total("b", 1, 300));
    expect(metersTogether(axis(10, 60_000), rows).meteredW).toEqual([500, 800, 800, null, 800, null, 800, null, 500, null]);
  });

  test("a source that a meter no longer tells is not held", () => {
    const rows = [total("a", 0, 500), told("a/gas", 0, 500), total("a", 1, 400), told("a/grid", 1, 400)];
    expect(metersTogether(axis(2, 60_000), rows)).toMatchObject({
      meteredW: [500, 400],
      sourcesW: { gas: [500, null], grid: [null, 400] },
    });
  });

  test("a source that only some messages of a bucket tell gave nothing in the others: the sources sum to the meter", () => {
    const of = (name: string, n: number, w: number): EnergyRow => ({
      ...told(energyName("a", name), 0, 0),
      powerW: { sum: n * w * 10, n },
    });
    // Half of the day the sun gives 600 W of 1 kW, by night it is not told; the battery's value was refused.
    const rows = [of("meter", 288, 1_000), of("grid", 288, 700), of("solar", 144, 600), of("battery", 0, 0)];
    expect(metersTogether(axis(1, 86_400_000), rows)).toMatchObject({
      meteredW: [1_000],
      sourcesW: { grid: [700], solar: [300], battery: [null] },
    });
  });

  test("rows without a meter's name count only where no other is there", () => {
    const rows = [told("meter", 0, 700), told("meter", 1, 700), told("grid", 0, 700), total("a", 1, 710), total("a", 2, 720)];
    expect(metersTogether(axis(3, 60_000), rows)).toMatchObject({ meteredW: [700, 710, 720], sourcesW: { grid: [700, null, null] } });
  });
});
