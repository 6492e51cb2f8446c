import { describe, expect, test } from "@jest/globals";
import type { Family } from "../../simulators/plant/families.ts";
import { truthOf } from "../../simulators/scenario.ts";
import { MINUTE, START_TS, energyIn, saidIn, scenarioOf, telemetryIn, type Told } from "./collect.ts";

const FROM = START_TS + 2 * MINUTE;
const TO = START_TS + 12 * MINUTE;
const RIG = "rig-0004";

/** What rig 4 (an S21) says before, during and after a fault of ten minutes. */
const around = (family: Family, settings: object = {}, rigs: unknown = [4]) => {
  const scenario = scenarioOf([{ family, rigs, at: "2m", for: "10m", ...settings }]);
  const told = telemetryIn({ scenario, toTs: START_TS + 30 * MINUTE }, RIG);
  const truth = truthOf(scenario, { site: "farm", seed: 1, rigs: 20, startTs: START_TS, toTs: START_TS + 60 * MINUTE });
  expect(truth.find(({ rig }) => rig === RIG)).toMatchObject({ rig: RIG, family, fromTs: FROM, toTs: TO });
  const between = (fromTs: number, toTs: number): Told[] => told.filter(({ atTs }) => atTs >= fromTs && atTs < toTs);
  return { scenario, before: between(START_TS, FROM), during: between(FROM, TO), after: between(TO, Infinity), last: told.at(-1)! };
};
const codesOf = (told: Told): string[] => told.m.errors.map(({ code }) => code);
const healthy = ({ m }: Told): void => {
  expect(m.mode).toBe("mining");
  expect(m.hashrateThs).toBeGreaterThan(190);
  expect(m.errors).toEqual([]);
};

describe("each family of faults shows in the readings, and passes", () => {
  test("offline: silence, then a new boot that tunes", () => {
    const { before, during, after, last } = around("offline");
    expect(during).toEqual([]);
    expect(after[0]!.boot).not.toBe(before[0]!.boot);
    expect(after[0]!.m.mode).toBe("tuning");
    expect(after[0]!.m.uptimeS).toBeLessThan(120);
    expect(after[0]!.m.accepted).toBeLessThan(10);
    healthy(last);
  });

  test("board loss: two thirds of the hashrate, the board answers nothing", () => {
    const { during, last } = around("board-loss", { board: 2 });
    for (const { m } of during) {
      expect(m.hashrateThs / 200).toBeCloseTo(2 / 3, 1);
      expect(m.boards[2]).toMatchObject({ hashrateThs: 0, chips: 0, expectedChips: 108, boardC: null, chipC: null, serial: null });
      expect(m.boardC).toBeGreaterThan(40);
    }
    expect(codesOf(during[0]!)).toEqual(["BOARD_MISSING"]);
    healthy(last);
  });

  test("dead chip chain: the chips behind the break are gone, and their hashrate", () => {
    const { during, last } = around("dead-chip-chain", { board: 0, answering: 0.5 });
    for (const { m } of during) {
      expect(m.boards[0]).toMatchObject({ chips: 54, expectedChips: 108 });
      expect(m.boards[0]!.hashrateThs / m.boards[1]!.hashrateThs).toBeCloseTo(0.5, 1);
    }
    expect(codesOf(during[0]!)).toEqual(["CHIPS_MISSING"]);
    const broken = during[9]!.m.boards[0]!.chipMap!;
    expect(broken.map(({ working }) => working)).toEqual(broken.map((_, index) => index < 54));
    expect(broken[60]).toMatchObject({ tempC: null, hashrateGhs: 0 });
    healthy(last);
    expect(last.m.boards[0]!.chipMap).toBeUndefined();
  });

  test("a rig in trouble is asked chip by chip: the chips add up to the board, none is hotter than the hottest by much, one is weak", () => {
    const { during } = around("board-loss", { board: 0 });
    const { boards } = during[9]!.m;
    expect(boards[0]!.chipMap).toBeUndefined();
    for (const board of boards.slice(1)) {
      const chips = board.chipMap!;
      expect(chips).toHaveLength(108);
      expect(chips.reduce((sum, { hashrateGhs }) => sum + hashrateGhs, 0) / 1_000 / board.hashrateThs).toBeCloseTo(1, 1);
      const temps = chips.map(({ tempC }) => tempC!);
      expect(Math.max(...temps)).toBeLessThan(board.chipC! + 1);
      expect(Math.max(...temps)).toBeGreaterThan(board.chipC! - 3);
      expect(Math.max(...temps) - Math.min(...temps)).toBeGreaterThan(8);
      const mean = (board.hashrateThs * 1_000) / 108;
      expect(chips.filter(({ hashrateGhs }) => hashrateGhs < 0.8 * mean)).toHaveLength(1);
    }
  });

  test("fan failure: a fan at 0, the board beyond its limit, throttled and not burnt", () => {
    const { during, last } = around("fan-failure", { fan: 3 });
    const end = during.at(-1)!;
    expect(end.m.fans.map(({ rpm }) => rpm > 0)).toEqual([true, true, true, false]);
    expect(end.m.boardC).toBeGreaterThan(80);
    expect(Math.max(...during.map(({ m }) => m.boardC!))).toBeLessThan(92);
    expect(end.m.hashrateThs).toBeLessThan(185);
    expect(end.m.hashrateThs).toBeGreaterThan(100);
    expect(codesOf(end)).toEqual(["FAN_FAILED", "OVERHEAT"]);
    healthy(last);
  });

  test("fan wear: one fan falls behind the others", () => {
    const { during, last } = around("fan-wear", { fan: 1, to: 0.4 });
    const ratios = during.map(({ m }) => m.fans[1]!.rpm / m.fans[0]!.rpm);
    expect(ratios[0]).toBeGreaterThan(0.9);
    expect(ratios.at(-1)).toBeLessThan(0.5);
    for (let i = 6; i < ratios.length; i += 6) expect(ratios[i]!).toBeLessThan(ratios[i - 6]!);
    healthy(last);
  });

  test("power supply hiccup: it comes back and goes away again", () => {
    const { during } = around("psu-hiccup", { period: "5m", off: "30s" });
    expect(new Set(during.map(({ boot }) => boot)).size).toBe(2);
    expect(during.length).toBeGreaterThan(20);
    expect(during.length).toBeLessThan(55);
  });

  test("hung: the API answers, nothing is hashed, shares stand still", () => {
    const { during, last } = around("hung");
    expect(during).toHaveLength(60);
    for (const { m } of during) {
      expect(m.mode).toBe("mining");
      expect(m.hashrateThs).toBe(0);
      expect(m.powerW).toBeLessThan(800);
    }
    expect(during.at(-1)!.m.accepted).toBe(during[0]!.m.accepted);
    expect(during.at(-1)!.m.chipC).toBeLessThan(50);
    healthy(last);
  });

  test("primary pool dead: the second takes the shares", () => {
    const { before, during, last } = around("pool-dead", { pools: "primary" });
    for (const { m } of during) {
      expect(m.pools.map(({ active, alive }) => [active, alive])).toEqual([
        [false, false],
        [true, true],
      ]);
      expect(m.hashrateThs).toBeGreaterThan(190);
    }
    expect(during.at(-1)!.m.pools[0]!.accepted).toBe(before.at(-1)!.m.pools[0]!.accepted);
    expect(during.at(-1)!.m.pools[1]!.accepted).toBeGreaterThan(50);
    expect(last.m.pools[0]!.active).toBe(true);
  });

  test("all pools dead: nothing to hash", () => {
    const { during, last } = around("pool-dead");
    for (const told of during) {
      expect(told.m.hashrateThs).toBe(0);
      expect(told.m.pools.every(({ alive }) => alive === false)).toBe(true);
      expect(codesOf(told)).toEqual(["POOL_UNREACHABLE"]);
    }
    healthy(last);
  });

  test("hijacked worker: only the pool's address and the worker change", () => {
    const { before, during, last } = around("hijacked-worker");
    expect(before[0]!.m.pools[0]).toMatchObject({ url: "stratum+tcp://pool-one.example:3333", worker: `farm.${RIG}` });
    expect(during[0]!.m.pools[0]).toMatchObject({ url: "stratum+tcp://203.0.113.66:3333", worker: "other.4" });
    during.forEach(healthy);
    expect(last.m.pools[0]!.worker).toBe(`farm.${RIG}`);
  });

  test("curtailment: asleep on a few watts, then back", () => {
    const { during, after, last } = around("curtailment");
    for (const { m } of during) {
      expect(m.mode).toBe("paused");
      expect(m.hashrateThs).toBe(0);
      expect(m.powerW).toBeLessThan(100);
    }
    expect(after[0]!.m.mode).toBe("tuning");
    healthy(last);
  });

  test("no restart: the firmware says that nothing started", () => {
    const { during, last } = around("no-restart");
    for (const told of during) {
      expect(told.m.mode).toBe("fault");
      expect(told.m.hashrateThs).toBe(0);
      expect(codesOf(told)).toEqual(["HASHING_FAILED"]);
    }
    healthy(last);
  });

  test.each([
    ["boardC", "255", 255],
    ["boardC", "-40", -40],
    ["chipC", "-273", -273],
  ] as const)("bogus sensor: %s says %s on one board; the machine itself is well", (sensor, value, number) => {
    const { during, last } = around("bogus-sensors", { sensor, value, board: 1 });
    for (const { m } of during) {
      expect(m.boards[1]![sensor]).toBe(number);
      expect(m.boards[0]![sensor]).toBeGreaterThan(40);
      expect(m.hashrateThs).toBeGreaterThan(190);
    }
    healthy(last);
  });

  test("bogus sensor: intake, frozen, all boards equal", () => {
    expect(around("bogus-sensors", { sensor: "intakeC", value: "-40" }).during.every(({ m }) => m.intakeC === -40)).toBe(true);
    const frozen = around("bogus-sensors", { sensor: "chipC", value: "frozen" });
    expect(new Set(frozen.during.map(({ m }) => m.boards[0]!.chipC)).size).toBe(1);
    expect(new Set(frozen.during.map(({ m }) => m.boards[1]!.chipC)).size).toBeGreaterThan(3);
    for (const { m } of around("bogus-sensors", { value: "equal" }).during)
      expect(new Set(m.boards.map(({ boardC }) => boardC)).size).toBe(1);
  });

  test("network partition: silence of the whole container, then everything comes late and nothing is missing", () => {
    const { scenario } = around("network-partition", {}, { container: 1 });
    const all = saidIn({ scenario, rigs: 40, toTs: START_TS + 15 * MINUTE });
    const cut = all.filter(({ channel, message, ts }) => channel === "telemetry" && message.gateway === 0 && ts >= FROM && ts < TO);
    expect(cut).toEqual([]);
    const others = all.filter(({ channel, message, ts }) => channel === "telemetry" && message.gateway === 1 && ts >= FROM && ts < TO);
    expect(others).toHaveLength(20 * 60);
    const mine = all.filter(({ rig, channel }) => rig === RIG && channel === "telemetry");
    expect(mine.map(({ body }) => body["seq"])).toEqual(mine.map((_, i) => i + 1));
    const late = mine.filter(({ ts, body }) => ts - Number(body["ts"]) > MINUTE);
    expect(late.length).toBeGreaterThan(50);
    expect(all.filter(({ rig, channel }) => rig === "gateway-c1" && channel === "state").map(({ body }) => body["state"])).toEqual([
      "online",
      "lost",
      "online",
    ]);
    for (let i = 1; i < all.length; i++) expect(all[i]!.ts).toBeGreaterThanOrEqual(all[i - 1]!.ts);
  });

  test("clock skew: the device's time is off by as much", () => {
    const { before, during, after } = around("clock-skew", { by: "-90s" });
    expect(new Set(before.map(({ ts, atTs }) => ts - atTs))).toEqual(new Set([0]));
    expect(new Set(during.map(({ ts, atTs }) => ts - atTs))).toEqual(new Set([-90_000]));
    expect(new Set(after.map(({ ts, atTs }) => ts - atTs))).toEqual(new Set([0]));
  });

  test("liar: tells more hashrate and less power, while shares and the meter tell the truth", () => {
    const { scenario, before, during } = around("liar", { hashrate: 1.5, power: 0.8 }, "all");
    expect(during[5]!.m.hashrateThs / before[5]!.m.hashrateThs).toBeCloseTo(1.5, 1);
    expect(during[5]!.m.powerW / before[5]!.m.powerW).toBeCloseTo(0.8, 1);
    const rate = (told: readonly Told[]): number => (told.at(-1)!.m.accepted - told[0]!.m.accepted) / (told.at(-1)!.ts - told[0]!.ts);
    const honest = telemetryIn({ toTs: START_TS + 30 * MINUTE }, RIG).filter(({ ts }) => ts >= FROM && ts < TO);
    expect(rate(during)).toBeCloseTo(rate(honest), 10);
    const metered = (toldTo: number): number => energyIn({ scenario, toTs: toldTo }).at(-1)!.m.meteredW;
    expect(metered(START_TS + 5 * MINUTE) / metered(START_TS + MINUTE)).toBeCloseTo(1, 2);
  });

  test("heat wave: labelled for everyone, felt by the meter", () => {
    const scenario = scenarioOf([{ family: "heat-wave", at: "2m", for: "10m", peakC: 44 }]);
    const ambients = energyIn({ scenario, toTs: START_TS + 20 * MINUTE }).map(({ m }) => m.ambientC);
    expect(Math.max(...ambients)).toBeCloseTo(44, 0);
    expect(ambients.at(-1)).toBeLessThan(30);
    expect(truthOf(scenario, { site: "farm", seed: 1, rigs: 20, startTs: START_TS, toTs: TO })).toHaveLength(20);
  });
});
