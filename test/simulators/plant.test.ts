import { describe, expect, test } from "@jest/globals";
import { meterOf, readingsOf, startPlant, stepPlant, type Plant } from "../../simulators/plant/plant.ts";
import { planFarm } from "../../simulators/plant/layout.ts";
import { loadScenario } from "../../simulators/scenario-files.ts";
import { CALM, MINUTE, START_TS, energyIn, scenarioOf, telemetryIn } from "./collect.ts";

const HOUR = 60 * MINUTE;
const NOON_IN_JULY = Date.UTC(2026, 6, 10, 12);
const plantOf = (more: Partial<Parameters<typeof startPlant>[0]> = {}): Plant =>
  startPlant({ site: "farm", seed: 1, rigs: 60, scenario: CALM, startTs: START_TS, ...more });
const planOf = (plant: Plant, rig: string) => plant.farm.rigs[Number(rig.slice(4)) - 1]!;

describe("a calm farm", () => {
  test("stands in containers of two racks by ten, in larger ones where it is large", () => {
    const small = planFarm("farm", 1, 60);
    expect(small.containers).toEqual(["C1", "C2", "C3"]);
    expect(small.rigs.at(-1)?.position).toEqual({ container: "C3", rack: "R2", slot: "S10" });
    expect(planFarm("farm", 1, 10_000).containers).toHaveLength(50);
    const places = small.rigs.map(({ position }) => Object.values(position).join("/"));
    expect(new Set(places).size).toBe(60);
  });

  test("no two rigs share a name, a serial, an address or a part", () => {
    const { rigs } = planFarm("farm", 1, 1_000);
    for (const of of [
      (i: number) => rigs[i]?.rig,
      (i: number) => rigs[i]?.identity.serial,
      (i: number) => rigs[i]?.identity.mac,
      (i: number) => rigs[i]?.identity.ip,
      (i: number) => rigs[i]?.identity.psuSerial,
      (i: number) => rigs[i]?.identity.controlBoardSerial,
    ])
      expect(new Set(rigs.map((_, i) => of(i))).size).toBe(1_000);
    expect(new Set(rigs.flatMap(({ identity }) => identity.boardSerials)).size).toBe(3_000);
    for (const { identity } of rigs) expect(identity.mac).toMatch(/^02(:[0-9A-F]{2}){5}$/);
  });

  test.each([
    ["a night in November", START_TS + 16 * HOUR],
    ["a noon in July", NOON_IN_JULY],
  ])("on %s every rig hashes near its nameplate at near its efficiency", (_, startTs) => {
    const plant = stepPlant(plantOf({ startTs }), startTs + 30 * MINUTE);
    const readings = readingsOf(plant);
    expect(readings).toHaveLength(60);
    for (const { rig, m } of readings) {
      const { nameplate } = planOf(plant, rig);
      expect(m.mode).toBe("mining");
      expect(Math.abs(m.hashrateThs / nameplate.hashrateThs - 1)).toBeLessThan(0.05);
      const efficiency = m.powerW / m.hashrateThs;
      expect(Math.abs(efficiency / (nameplate.powerW / nameplate.hashrateThs) - 1)).toBeLessThan(0.09);
      expect(m.errors).toEqual([]);
    }
  });

  test("intake < outlet < board < chip, within the limits of the model, and fans turn faster in the heat", () => {
    const cold = readingsOf(stepPlant(plantOf(), START_TS + 10 * MINUTE));
    const warm = plantOf({ startTs: NOON_IN_JULY });
    const hot = readingsOf(stepPlant(warm, NOON_IN_JULY + 10 * MINUTE));
    for (const { rig, m } of [...cold, ...hot]) {
      expect(m.intakeC).toBeLessThan(m.outletC);
      expect(m.outletC).toBeLessThan(m.boardC!);
      expect(m.boardC!).toBeLessThan(m.chipC!);
      for (const board of m.boards) expect(board.chipC!).toBeGreaterThan(board.boardC! + 5);
      const { limits } = planOf(warm, rig).workings.model;
      expect(m.boardC!).toBeLessThan(limits.boardC - 3);
      expect(m.chipC!).toBeLessThan(limits.chipC - 3);
    }
    const fans = (readings: typeof cold): number => readings.reduce((sum, { m }) => sum + m.fans[0]!.rpm, 0) / readings.length;
    expect(fans(hot)).toBeGreaterThan(fans(cold) * 1.15);
  });

  test("boards and rig agree: hashrate is the sum, temperatures are the highest", () => {
    for (const { m } of readingsOf(plantOf())) {
      expect(m.boards.reduce((sum, board) => sum + board.hashrateThs, 0)).toBeCloseTo(m.hashrateThs, 1);
      expect(Math.max(...m.boards.map((board) => board.boardC!))).toBe(m.boardC);
      expect(Math.max(...m.boards.map((board) => board.chipC!))).toBe(m.chipC);
    }
  });

  test("counters are whole, never fall, and the shares are worth the hashrate", () => {
    const told = telemetryIn({ toTs: START_TS + 60 * MINUTE });
    const { rigs } = planFarm("farm", 1, 20);
    for (const plan of rigs) {
      const mine = told.filter(({ rig }) => rig === plan.rig);
      for (let i = 1; i < mine.length; i++)
        for (const name of ["accepted", "rejected", "stale", "hwErrors", "uptimeS"] as const) {
          expect(Number.isInteger(mine[i]!.m[name])).toBe(true);
          expect(mine[i]!.m[name]).toBeGreaterThanOrEqual(mine[i - 1]!.m[name]);
        }
      const [first, last] = [mine[0]!, mine.at(-1)!];
      const shares = last.m.accepted + last.m.rejected + last.m.stale - first.m.accepted - first.m.rejected - first.m.stale;
      const worthThs = (shares * plan.shareDifficulty * 2 ** 32) / 1e12 / ((last.ts - first.ts) / 1_000);
      // About 1,200 shares: three deviations are 9 %.
      expect(Math.abs(worthThs / plan.trueThs - 1)).toBeLessThan(0.1);
      expect(last.m.pools[0]).toMatchObject({ active: true, alive: true, worker: `farm.${plan.rig}`, accepted: last.m.accepted });
    }
    const lost = told.at(-1)!.m;
    expect((lost.rejected + lost.stale) / lost.accepted).toBeLessThan(0.01);
  });

  test("a sensor never stands still by itself", () => {
    const chips = telemetryIn({}, "rig-0001").map(({ m }) => m.chipC);
    expect(new Set(chips).size).toBeGreaterThan(5);
  });

  test("stepping leaves the plant it was given as it was", () => {
    const plant = plantOf();
    const before = JSON.stringify([plant.rigs, plant.surroundings]);
    stepPlant(plant, START_TS + MINUTE);
    expect(JSON.stringify([plant.rigs, plant.surroundings])).toBe(before);
  });
});

describe("after a start", () => {
  test("a rig boots, then climbs to its hashrate over minutes", () => {
    let plant = plantOf({ scenario: scenarioOf([], "cold") });
    expect(readingsOf(plant)).toHaveLength(0);
    const seen: { minute: number; mode: string; share: number }[] = [];
    for (let minute = 1; minute <= 20; minute++) {
      plant = stepPlant(plant, START_TS + minute * MINUTE);
      const first = readingsOf(plant).find(({ rig }) => rig === "rig-0001");
      if (first !== undefined) seen.push({ minute, mode: first.m.mode, share: first.m.hashrateThs / 200 });
    }
    expect(seen[0]).toMatchObject({ minute: 1, mode: "tuning" });
    expect(seen[0]!.share).toBeLessThan(0.6);
    const shares = seen.filter(({ mode }) => mode === "tuning").map(({ share }) => share);
    for (let i = 1; i < shares.length; i++) expect(shares[i]!).toBeGreaterThan(shares[i - 1]!);
    expect(shares.length).toBeGreaterThanOrEqual(4);
    expect(seen.at(-1)).toMatchObject({ mode: "mining" });
    expect(seen.at(-1)!.share).toBeGreaterThan(0.95);
  });
});

describe("heat", () => {
  test("a heat wave makes the rigs slow down, and they come back", () => {
    let plant = plantOf({ scenario: loadScenario("heat-wave") });
    const hashrate = (): number => readingsOf(plant).reduce((sum, { m }) => sum + m.hashrateThs, 0);
    const before = hashrate();
    plant = stepPlant(plant, START_TS + 90 * MINUTE);
    const during = readingsOf(plant);
    expect(meterOf(plant).ambientC).toBeGreaterThan(41);
    expect(hashrate()).toBeLessThan(before * 0.95);
    expect(during.filter(({ m }) => m.errors.some(({ code }) => code === "OVERHEAT")).length).toBeGreaterThan(30);
    plant = stepPlant(plant, START_TS + 220 * MINUTE);
    expect(hashrate()).toBeGreaterThan(before * 0.98);
  });

  test("in unbearable heat rigs switch themselves off instead of burning", () => {
    const scenario = scenarioOf([{ family: "heat-wave", at: "0s", for: "2h", peakC: 58 }]);
    const plant = stepPlant(plantOf({ scenario }), START_TS + 60 * MINUTE);
    const readings = readingsOf(plant);
    expect(readings.filter(({ m }) => m.mode === "fault" && m.hashrateThs === 0).length).toBeGreaterThan(50);
    for (const { m } of readings) expect(m.chipC!).toBeLessThan(115);
  });
});

describe("energy", () => {
  test("the sources add up to the meter to the watt, every time of a day, and only the battery is ever negative", () => {
    const readings = energyIn({ rigs: 20, intervalMs: 5 * MINUTE, toTs: START_TS + 24 * HOUR });
    expect(readings.length).toBe(288);
    const most = new Map<string, number>();
    for (const { m } of readings) {
      expect(Object.values(m.sourcesW).reduce((sum, watts) => sum + watts, 0)).toBe(m.meteredW);
      for (const [source, watts] of Object.entries(m.sourcesW)) {
        expect(Number.isInteger(watts)).toBe(true);
        if (source !== "battery") expect(watts).toBeGreaterThanOrEqual(0);
        most.set(source, Math.max(most.get(source) ?? 0, watts));
      }
      expect(m.pricePerKwh).toBeGreaterThan(0);
      expect(m.gridGco2ePerKwh).toBeGreaterThan(0);
    }
    for (const source of ["grid", "solar", "wind", "hydro", "gas", "battery"]) expect(most.get(source)).toBeGreaterThan(0);
    expect(Math.min(...readings.map(({ m }) => m.sourcesW.battery))).toBeLessThan(0);
  });

  test("no sun at night, most at noon", () => {
    const solar = (hour: number): number => meterOf(plantOf({ startTs: Date.UTC(2026, 5, 20, hour) })).sourcesW.solar;
    expect(solar(0)).toBe(0);
    expect(solar(23)).toBe(0);
    expect(solar(12)).toBeGreaterThan(0);
  });

  test.each([START_TS, NOON_IN_JULY])("the meter shows the rigs and 3 to 8 % of cooling and overhead", (startTs) => {
    const plant = plantOf({ startTs });
    const rigsW = plant.rigs.reduce((sum, { powerW }) => sum + powerW, 0);
    const pue = meterOf(plant).meteredW / rigsW;
    expect(pue).toBeGreaterThanOrEqual(1.029);
    expect(pue).toBeLessThanOrEqual(1.081);
    const reportedW = readingsOf(plant).reduce((sum, { m }) => sum + m.powerW, 0);
    expect(Math.abs(reportedW / rigsW - 1)).toBeLessThan(0.02);
  });
});
