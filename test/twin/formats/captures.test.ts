import { describe, expect, test } from "@jest/globals";
import { answersOf, CAPTURES, numbersIn, read } from "./captured.ts";

/** What each machine says of itself, in its own files; expectations are theirs, in our units. */
describe("Antminer S19 Pro, Bitmain's firmware", () => {
  const { format, identity, measured, quality } = read(answersOf("antminer-s19pro-stock"));
  test("is the S19 Pro its boards show, not the S21 its control board was flashed for", () => {
    expect(format).toBe("antminer");
    expect(identity).toMatchObject({
      make: "Bitmain",
      model: "Antminer S19 Pro",
      firmware: "FR-1.12(251009-S21)",
      serial: "THQING0BDJAB024NF",
      ip: "192.168.1.100",
      hostname: "Antminer",
    });
    expect(measured.errors).toEqual([
      { code: "MODEL_MISMATCH", severity: "info", component: "control-board", index: null, raw: "Antminer S19 Pro / Antminer S21" },
    ]);
  });
  test("the maker's anonymised MAC is none", () => {
    expect(identity.mac).toBeNull();
  });
  test("110,566.89 GH/s are 110.57 TH/s", () => {
    expect(measured).toMatchObject({
      mode: "mining",
      hashrateThs: 110.56689,
      averageThs: 111.83463,
      expectedThs: 110,
      powerW: null,
      boardC: 73,
      chipC: 78,
      frequencyMhz: 525,
      accepted: 4057,
      rejected: 11,
      stale: 1,
      hwErrors: 562,
      hwErrorPct: 0,
      uptimeS: 50_474,
    });
    expect(quality).toEqual({});
  });
  test("three boards of 114 chips, not the four slots the firmware lists; rates come as text", () => {
    expect(
      measured.boards.map(({ index, hashrateThs, boardC, chipC, chips, frequencyMhz, hwErrors }) => [
        index,
        hashrateThs,
        boardC,
        chipC,
        chips,
        frequencyMhz,
        hwErrors,
      ]),
    ).toEqual([
      [0, 37.6033, 73, 78, 114, 525, 183],
      [1, 35.53622, 66, 71, 114, 525, 195],
      [2, 37.42738, 64, 69, 114, 525, 184],
    ]);
    expect(measured.boards.map(({ chipMap }) => chipMap.filter(({ working }) => working === true).length)).toEqual([114, 114, 114]);
  });
  test("four fans, three pools", () => {
    expect(measured.fans.map(({ rpm }) => rpm)).toEqual([6000, 5880, 5040, 5040]);
    expect(measured.pools.map(({ url, active, alive, accepted }) => [url, active, alive, accepted])).toEqual([
      ["stratum+tcp://btc.global.luxor.tech:700", true, true, 4057],
      ["stratum+tcp://btc.global.luxor.tech:700", false, true, 0],
      ["stratum+tcp://btc.global.luxor.tech:700", false, true, 0],
    ]);
  });
});

describe("Avalon Q, switched off", () => {
  const { format, identity, measured, quality } = read(answersOf("avalon-1246"));
  test("is what it calls itself, not what the file was called", () => {
    expect(format).toBe("avalon");
    expect(identity).toMatchObject({ make: "Canaan", model: "Avalon Q", firmware: "25052801_14a19a2", mac: "AA:BB:CC:DD:EE:FF" });
  });
  test("hashes nothing, though its average still says 44 TH/s", () => {
    expect(measured).toMatchObject({
      mode: "paused",
      hashrateThs: 0,
      averageThs: 44.35083,
      expectedThs: 55.03279,
      powerW: 0,
      powerLimitW: 800,
      intakeC: 26,
      fanPct: 0,
      hwErrorPct: 2.449,
      accepted: 890,
      rejected: 2,
      uptimeS: 37_714,
    });
    expect(measured.boards).toHaveLength(1);
    expect(measured.boards[0]).toMatchObject({ hashrateThs: 0, boardC: 27, inletC: 27, outletC: 27, chips: 160 });
    expect(measured.fans.map(({ rpm }) => rpm)).toEqual([0, 0, 0, 0]);
  });
  test("its chips' temperatures are what they last were, and TMax[0] is none", () => {
    expect(measured.chipC).toBeNull();
    expect(measured.boards[0]?.chipMap[0]).toMatchObject({ tempC: 58, voltageV: 0.282, working: true });
    expect(quality).toEqual({ "boards.0.chipMap": "frozen", "boards.0.chipC": "sentinel", chipC: "sentinel" });
  });
});

describe("Bitaxe Supra", () => {
  const { format, identity, measured } = read(answersOf("bitaxe-bm1368-axeos"));
  test("its chip and board number are its model", () => {
    expect(format).toBe("axeos");
    expect(identity).toMatchObject({
      make: "Bitaxe",
      model: "Bitaxe Supra",
      firmware: "v2.4.5-3-gb5d1e36-dirty",
      mac: "AA:BB:CC:DD:EE:FF",
      hostname: "bitaxe",
    });
  });
  test("GH/s, mV and MHz are TH/s, V and MHz", () => {
    expect(measured).toMatchObject({
      mode: "mining",
      hashrateThs: 1,
      expectedThs: 0.62524,
      chipC: 59.875,
      psuC: 78,
      voltageV: 5.175,
      frequencyMhz: 490,
      fanPct: 35,
      uptimeS: 4,
    });
    expect(measured.powerW).toBeCloseTo(2.65, 5);
    expect(measured.boards[0]).toMatchObject({ chips: 1, voltageV: 1.172 });
    expect(measured.fans).toEqual([{ index: 0, rpm: 3517 }]);
    expect(measured.pools.map(({ url, active }) => [url, active])).toEqual([
      ["btc.example.pool:3333", true],
      ["btc2.example.pool:3333", false],
    ]);
  });
});

describe("Antminer S19 XP, Braiins OS 25.07", () => {
  const { format, identity, measured } = read(answersOf("braiins-s19xp-25.07"));
  test("identity with the boards' serial numbers", () => {
    expect(format).toBe("braiins");
    expect(identity).toMatchObject({
      make: "Bitmain",
      model: "Antminer S19 XP",
      firmware: "2025-08-06-0-3881c51d-25.07-plus",
      mac: "02:EE:DA:A9:B6:4A",
      ip: "10.107.0.125",
      boardSerials: ["NGSBYPDBCJBAG8562", "NGSBYPDBCJBAG8567", "NGSBYPDBCJBBA0309"],
    });
  });
  test("141.5 TH/s, 3,137 W of at most 3,031, 70.5 °C", () => {
    expect(measured.hashrateThs).toBeCloseTo(141.4636, 3);
    expect(measured.expectedThs).toBeCloseTo(142.8766, 3);
    expect(measured).toMatchObject({
      mode: "mining",
      powerW: 3137,
      powerLimitW: 3031,
      boardC: 55.5,
      chipC: 70.5,
      fanPct: 100,
      accepted: 10_464,
      rejected: 18,
      stale: 0,
    });
    expect(measured.fans.map(({ rpm }) => rpm)).toEqual([5904, 5874, 5874, 5904]);
    expect(measured.boards.map(({ boardC, chipC, inletC, outletC, chips }) => [boardC, chipC, inletC, outletC, chips])).toEqual([
      [55.5, 70.5, 41, 55.5, 110],
      [52, 67, 40, 52, 110],
      [54, 69, 41.5, 54, 110],
    ]);
    expect(measured.boards[0]?.frequencyMhz).toBeCloseTo(486.7045, 3);
    expect(measured.pools.map(({ url, active }) => [url, active])).toEqual([
      ["stratum+tcp://example.pool.com:3333", true],
      ["stratum+tcp://example.pool2.com:3333", false],
    ]);
  });
  test("eight lines of its log are two faults", () => {
    expect(measured.errors.map(({ code, component }) => [code, component])).toEqual([
      ["POOL_UNREACHABLE", "pool"],
      ["POOL_UNREACHABLE", "pool"],
    ]);
    expect(measured.errors[0]?.raw).toBe('Failed to resolve ("a830bcc3.bos.braiins.com", 3336)');
  });
});

describe("Antminer S19k Pro, LuxOS", () => {
  const { format, identity, measured } = read(answersOf("luxos-s19kpro"));
  test("identity", () => {
    expect(format).toBe("luxos");
    expect(identity).toMatchObject({
      make: "Bitmain",
      model: "Antminer S19k Pro",
      firmware: "2025.4.8.220305-57b389c7",
      serial: "JYZZB0UBDJABF06RB",
      mac: "62:F7:5E:B7:10:46",
      ip: "192.168.86.46",
      hostname: "UrlacherS19k",
      boardSerials: ["JYZZYRSBDJEBI06Z5", "JYZZYRSBDJEBI06ZM", "JYZZYRSBDJEBI06ZR"],
    });
  });
  test("59.8 TH/s at 1,051 W and 47 °C; 34 °C at the intake", () => {
    expect(measured).toMatchObject({
      mode: "mining",
      hashrateThs: 59.75606,
      expectedThs: 61.9542,
      powerW: 1051,
      boardC: 47,
      frequencyMhz: 300,
      fanPct: 20,
      uptimeS: 3453,
    });
    expect(measured.boards.map(({ chips, boardC, inletC, outletC }) => [chips, boardC, inletC, outletC])).toEqual([
      [77, 47, 34, 47],
      [77, 47, 33, 47],
      [77, 47, 34, 47],
    ]);
    expect(measured.fans.map(({ rpm }) => rpm)).toEqual([1920, 1920, 2340, 2340]);
  });
  test("boards are in the order of their slots, whatever the order of the answer", () => {
    expect(measured.boards.map(({ hashrateThs }) => Number(hashrateThs?.toFixed(2)))).toEqual([19.77, 19.23, 20.75]);
    expect(measured.boards[0]).toMatchObject({ voltageV: 11.88 });
  });
  test("a board's sensors repeated as its chips' are not taken for chips", () => {
    expect(measured.chipC).toBeNull();
  });
  test("every chip of the board that was asked, with its place", () => {
    expect(measured.boards[0]?.chipMap).toHaveLength(77);
    expect(measured.boards[0]?.chipMap[7]).toMatchObject({
      index: 7,
      hashrateGhs: 260,
      frequencyMhz: 300,
      row: 1,
      column: 6,
      working: true,
    });
  });
  test("two groups of pools, two living", () => {
    expect(measured.pools.map(({ active, alive, accepted }) => [active, alive, accepted])).toEqual([
      [true, true, 724],
      [false, false, 0],
      [true, true, 759],
      [false, false, 0],
    ]);
  });
  test("its events are faults", () => {
    expect(measured.errors.map(({ code, index }) => [code, index])).toEqual([
      ["PROTECTION_SHUTDOWN", null],
      ["HASHBOARD_STOPPED", 0],
    ]);
  });
});

describe("Whatsminer M60S, API v3", () => {
  const { format, identity, measured } = read(answersOf("whatsminer-m60s-v3"));
  test("identity of every part", () => {
    expect(format).toBe("whatsminer3");
    expect(identity).toMatchObject({
      make: "MicroBT",
      model: "Whatsminer M60S VK40",
      firmware: "20251209.16.Rel2",
      serial: "BTM3CS40HD24083100000000000000000",
      mac: "CE:02:01:00:8C:36",
      ip: "172.16.2.58",
      psuSerial: "1436B2429603097",
      boardSerials: ["BKM3CSE1404807K42757", "BKM3CSE1404812K43675", "BKM3CSE1404807K42762"],
    });
  });
  test("171.3 TH/s, 3,156 W, 28.5 °C around it, chips at 82 °C", () => {
    expect(measured).toMatchObject({
      mode: "mining",
      hashrateThs: 171.259,
      averageThs: 170.8,
      expectedThs: 181.051,
      powerW: 3156,
      powerLimitW: 3600,
      intakeC: 28.5,
      boardC: 41.5,
      chipC: 82,
      frequencyMhz: 625,
      uptimeS: 50_000,
    });
    expect(measured.fans.map(({ rpm }) => rpm)).toEqual([5400, 5280]);
    expect(measured.boards.map(({ hashrateThs, boardC, chipC, chips }) => [hashrateThs, boardC, chipC, chips])).toEqual([
      [57.2, 41.1, 80, 75],
      [57, 40.1, 82, 75],
      [57.1, 41.5, 81, 75],
    ]);
    expect(measured.pools.map(({ active, alive }) => [active, alive])).toEqual([
      [true, true],
      [false, true],
      [false, true],
    ]);
  });
});

describe("Whatsminer, API v1", () => {
  const { format, identity, measured } = read(answersOf("whatsminer-v1"));
  test("it never tells its model; quotes are no part of a version", () => {
    expect(format).toBe("whatsminer");
    expect(identity).toMatchObject({
      make: "MicroBT",
      model: null,
      firmware: "20210322.22.REL",
      mac: "C4:08:28:00:A4:19",
      boardSerials: ["H5M14S69129A17K10095", "H5M14S69129A17K10058", "H5M14S69129A17K10002"],
    });
  });
  test("MH/s are TH/s, 1180 is 11.8 V", () => {
    expect(measured).toMatchObject({
      mode: "mining",
      hashrateThs: 67.39480097,
      averageThs: 67.75325119,
      expectedThs: 65.3625,
      powerW: 3417,
      powerLimitW: 3500,
      intakeC: null,
      boardC: 71.5,
      chipC: 92.5,
      voltageV: 11.8,
      frequencyMhz: 648,
      hwErrors: 69,
      hwErrorPct: 0.011,
      uptimeS: 10_154,
    });
    expect(measured.fans.map(({ rpm }) => rpm)).toEqual([6450, 6480]);
    expect(measured.boards.map(({ index, boardC, chipC, chips }) => [index, boardC, chipC, chips])).toEqual([
      [0, 70, 90, 105],
      [1, 69.5, 90.11, 105],
      [2, 71.5, 92.5, 105],
    ]);
  });
});

describe("every capture", () => {
  test.each(CAPTURES)("%s is read the same whatever its answers are called, and as text", (folder) => {
    const answers = answersOf(folder);
    const expected = read(answers);
    const renamed = Object.fromEntries(Object.values(answers).map((answer, index) => [`answer_${index}.txt`, JSON.stringify(answer)]));
    expect(read(renamed)).toEqual(expected);
  });
  test.each(CAPTURES)("%s gives finite numbers only", (folder) => {
    const { measured } = read(answersOf(folder));
    const numbers = numbersIn(measured);
    expect(numbers.length).toBeGreaterThan(20);
    expect(numbers.filter(([, value]) => !Number.isFinite(value))).toEqual([]);
  });
});
