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

  test("a gap is not filled by the last value, and what is told of a time that is counted changes nothing", () => {
    const energy = noEnergy();
    foldEnergy(energy, at(MIDNIGHT));
    foldEnergy(energy, at(MIDNIGHT + METER_STALE_MS + 1));
    expect(energy.kwh).toBe(0);
    foldEnergy(energy, at(MIDNIGHT + METER_STALE_MS + 10_001));
    const { kwh } = energy;
    expect(foldEnergy(energy, at(MIDNIGHT + METER_STALE_MS + 5_001, { meteredW: 1e6 }))).toBe(false);
    expect(energy.kwh).toBe(kwh);
  });

  test.each([
    ["oldest first", (late: readonly number[]) => [...late]],
    ["newest first", (late: readonly number[]) => late.toReversed()],
    ["in no order", (late: readonly number[]) => late.toSorted((a, b) => ((a * 7_919) % 997) - ((b * 7_919) % 997))],
  ])("what a meter tells late of an hour in which it was not heard counts as if it had come in time: %s", (_, order) => {
    const told = (s: number): EnergyReading => at(MIDNIGHT + s * 1_000, { meteredW: 1_000 * (s % 97), gridGco2ePerKwh: s % 31 });
    const seconds = Array.from({ length: 900 }, (_unused, i) => i * 10 - 1_800);
    const [inTime, late] = [noEnergy(), noEnergy()];
    for (const s of seconds) foldEnergy(inTime, told(s));
    // Half an hour before midnight it was heard last, and then not for an hour and a half: some of that is of the day before.
    const lost = seconds.slice(1, 301).filter((s) => s > -1_800);
    for (const s of seconds) if (!lost.includes(s)) foldEnergy(late, told(s));
    expect(late.kwh).toBeLessThan(inTime.kwh);
    for (const s of order(lost)) expect(foldEnergy(late, told(s))).toBe(false);
    for (const total of ["kwh", "cost", "kgco2e"] as const) expect(late[total]).toBeCloseTo(inTime[total], 9);
    // Before the first word of the meter, and nothing else.
    expect(late.open?.get("m1")?.filter(({ from }) => from !== null)).toEqual([]);
    expect(late.meters).toEqual(inTime.meters);
    // A new day asks for nothing of the last.
    foldEnergy(late, at(MIDNIGHT + DAY_MS));
    expect(foldEnergy(late, told(7_205))).toBe(false);
    expect(late.kwh).toBe(0);
  });

  test("a meter whose clock is set back goes on, and its energy is counted once", () => {
    const energy = noEnergy();
    const told = (seq: number, s: number, boot = "b"): EnergyReading => at(MIDNIGHT + s * 1_000, { seq, boot, meteredW: 1_000 * seq });
    for (let seq = 0; seq <= 360; seq++) expect(foldEnergy(energy, told(seq, 3_600 + seq * 10))).toBe(true);
    const { kwh } = energy;
    expect(foldEnergy(energy, told(361, 3_600))).toBe(true);
    expect(energy.kwh).toBe(kwh);
    expect(energyNow(energy, MIDNIGHT + 3_600_000)?.meteredW).toBe(361_000);
    foldEnergy(energy, told(362, 3_610));
    expect(energy.kwh).toBeCloseTo(kwh + (361 * 10) / 3_600, 9);
    // What it had told before that comes late is still late; of another boot the time says which is the later.
    expect(foldEnergy(energy, told(100, 5_000))).toBe(false);
    expect(foldEnergy(energy, told(0, 3_605, "c"))).toBe(false);
    expect(foldEnergy(energy, told(1, 3_615, "c"))).toBe(true);
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
