import { describe, expect, test } from "@jest/globals";
import { energyNow, foldEnergy, GAS_GCO2E_PER_KWH, intensityOf, METER_STALE_MS, noEnergy } from "../../server/twin/energy.ts";
import { DAY_MS } from "../../server/twin/days.ts";
import type { EnergyReading } from "../../server/twin/reading.ts";

const MIDNIGHT = 20_000 * DAY_MS;
const at = (ts: number, more: Partial<EnergyReading> = {}): EnergyReading => ({
  site: "farm",
  meter: "m1",
  deviceTs: ts,
  receivedTs: ts + 20,
  seq: null,
  boot: null,
  meteredW: 100_000,
  sourcesW: { grid: 60_000, solar: 40_000 },
  gridGco2ePerKwh: 400,
  pricePerKwh: 0.05,
  currency: "USD",
  ambientC: 20,
  ...more,
});

describe("energy", () => {
  test("an hour at 100 kW is 100 kWh; only the grid's part is paid for; the mix weighs the carbon", () => {
    const energy = noEnergy();
    for (let s = 0; s <= 3_600; s += 10) foldEnergy(energy, at(MIDNIGHT + s * 1_000));
    expect(energy.kwh).toBeCloseTo(100, 6);
    expect(energy.cost).toBeCloseTo(100 * 0.6 * 0.05, 6);
    expect(energy.kgco2e).toBeCloseTo(100 * 0.6 * 0.4, 6);
  });

  test("a new UTC day starts at nothing, the interval over midnight is split", () => {
    const energy = noEnergy();
    foldEnergy(energy, at(MIDNIGHT - 60_000));
    foldEnergy(energy, at(MIDNIGHT + 60_000));
    expect(energy.day).toBe(20_000);
    expect(energy.kwh).toBeCloseTo(100 / 60, 6);
  });

  test("a gap is not filled, and what is older than the newest changes nothing", () => {
    const energy = noEnergy();
    foldEnergy(energy, at(MIDNIGHT));
    foldEnergy(energy, at(MIDNIGHT + METER_STALE_MS + 1));
    expect(energy.kwh).toBe(0);
    expect(foldEnergy(energy, at(MIDNIGHT + 5))).toBe(false);
    expect(energy.kwh).toBe(0);
  });

  test("intensity: gas by combustion, own sun and wind 0, a charging battery left out, unknown grid unknown", () => {
    expect(intensityOf({ grid: 50, solar: 50 }, 400)).toBe(200);
    expect(intensityOf({ gas: 100 }, null)).toBe(GAS_GCO2E_PER_KWH);
    expect(intensityOf({ grid: 100, battery: -100 }, 300)).toBe(300);
    expect(intensityOf({ grid: 1 }, null)).toBeNull();
    expect(intensityOf({}, 300)).toBeNull();
  });

  test("now: meters are summed, a silent one is left out", () => {
    const energy = noEnergy();
    foldEnergy(energy, at(MIDNIGHT));
    foldEnergy(energy, at(MIDNIGHT + 1_000, { meter: "m2", meteredW: 5_000, sourcesW: { grid: 5_000 } }));
    expect(energyNow(energy, MIDNIGHT + 2_000)).toMatchObject({ meteredW: 105_000, sourcesW: { grid: 65_000, solar: 40_000 } });
    expect(energyNow(energy, MIDNIGHT + 900_000)).toBeNull();
  });
});
