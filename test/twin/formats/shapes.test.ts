/** Machines that the captures do not have: vectors of our own in the shapes their firmware gives, also fed to `npm run fuzz`. */
import { describe, expect, test } from "@jest/globals";
import type { Measured } from "../../../server/twin/reading.ts";
import { numbersIn, read, shapeOf, SHAPE_NAMES } from "./captured.ts";

const of = (name: string) => read(shapeOf(name));
const rpms = ({ fans }: Measured): readonly (number | null)[] => fans.map(({ rpm }) => rpm);
const faults = ({ errors }: Measured) => errors.map(({ code, index }) => [code, index]);

test("Auradine: boards counted from 1, chips, watts with their unit behind them", () => {
  const { format, identity, measured } = of("auradine-at2880");
  expect(format).toBe("auradine");
  expect(identity).toMatchObject({
    make: "Auradine",
    model: "AT2880",
    serial: "AU1",
    hostname: "flux-1",
    boardSerials: ["H1", "H2", "H3"],
  });
  expect(measured).toMatchObject({
    mode: "mining",
    hashrateThs: 181.50000025,
    averageThs: 178.0000005,
    powerW: 3120.5,
    powerLimitW: 3200,
    expectedThs: 185,
    voltageV: 13.05,
  });
  expect(measured.boards.map(({ index, boardC, chipC, chips, frequencyMhz }) => [index, boardC, chipC, chips, frequencyMhz])).toEqual([
    [0, 41, 54.25, 132, 410],
    [1, 42, 55.25, 132, 420],
    [2, 43, 56.25, 132, 430],
  ]);
  expect(measured.boards[0]?.chipMap[1]).toMatchObject({ index: 1, tempC: 52.25, voltageV: 0.245, frequencyMhz: 410 });
  expect(rpms(measured)).toEqual([6860, 6790, 6720, 6650]);
  expect(measured.pools.map(({ active, alive }) => [active, alive])).toEqual([
    [true, true],
    [false, false],
  ]);
  expect(faults(measured)).toEqual([["UNMAPPED", null]]);
});

test("Sealminer: a board's figures under its number; a supply that reports a fault", () => {
  const { identity, measured } = of("sealminer-a2");
  expect(identity).toMatchObject({
    make: "Bitdeer",
    model: "Sealminer A2",
    serial: "SC1",
    psuSerial: "P1",
    boardSerials: ["SB0", "SB1", "SB2"],
  });
  expect(measured).toMatchObject({ hashrateThs: 223.50000075, expectedThs: 226.0000005, powerW: 3480, powerLimitW: 3500, voltageV: 15.6 });
  expect(measured.boards.map(({ boardC, chips, frequencyMhz }) => [boardC, chips, frequencyMhz])).toEqual([
    [70, 153, 345],
    [71, 153, 346],
    [72, 152, 347],
  ]);
  expect(rpms(measured)).toEqual([3700, 3701, 3702, 3723]);
  expect(faults(measured)).toEqual([["PSU_FAULT", null]]);
});

test("Proto Rig: a standing fan, a hot board, the pool of least priority", () => {
  const { identity, measured } = of("proto-rig");
  expect(identity).toMatchObject({ make: "Proto", model: "Proto Rig", firmware: "1.8.0", mac: "02:00:00:AD:66:39", psuSerial: "PSU-0" });
  expect(measured).toMatchObject({ mode: "mining", hashrateThs: 141.50025, powerW: 3440.5, powerLimitW: 3400, psuC: 45.5, fanPct: 60 });
  expect(measured.boards.map(({ hashrateThs, inletC, outletC, expectedChips }) => [hashrateThs, inletC, outletC, expectedChips])).toEqual([
    [36.5, 41.25, 55.5, 120],
    [35.5, 41.25, 56.5, 120],
    [34.5, 41.25, 57.5, 120],
  ]);
  expect(rpms(measured)).toEqual([4346, 0]);
  expect(measured.pools.map(({ active }) => active)).toEqual([false, true]);
  expect(faults(measured)).toEqual([
    ["HASHBOARD_OVER_TEMPERATURE", 1],
    ["FAN_FAILED", 1],
  ]);
});

test("Goldshell: a board that went silent has no temperature", () => {
  const { identity, measured, quality } = of("goldshell-sc5");
  expect(identity).toMatchObject({ make: "Goldshell", model: "Goldshell SC5Pro", firmware: "2.2.0", mac: "02:11:22:33:44:55" });
  expect(measured).toMatchObject({ hashrateThs: 8.3115025, boardC: 78.69, chipC: 93.5, frequencyMhz: 840 });
  expect(measured.boards.map(({ hashrateThs, chipC, chips, voltageV }) => [hashrateThs, chipC, chips, voltageV])).toEqual([
    [2.7705005, 91.5, 84, 12.09],
    [2.7705015, 92.5, 84, 12.09],
    [2.7705025, 93.5, 84, 12.09],
    [0, null, 0, 12.09],
  ]);
  expect(quality).toEqual({ "boards.3.boardC": "sentinel", "boards.3.chipC": "sentinel" });
  expect(rpms(measured)).toEqual([2100, 2040, 0, 2100]);
});

test("ePIC: a board switched off, one not found, a dead chip", () => {
  const { measured } = of("epic-s19xp");
  expect(measured).toMatchObject({ hashrateThs: 49.440724, powerW: 1083.5 });
  expect(
    measured.boards.map(({ index, hashrateThs, chips, expectedChips, voltageV }) => [index, hashrateThs, chips, expectedChips, voltageV]),
  ).toEqual([
    [0, 0, null, 110, null],
    [1, 49.440724, 109, 110, 12.6],
    [2, 0, 0, 110, null],
  ]);
  expect(measured.boards[1]?.chipMap[0]).toMatchObject({ working: false, hashrateGhs: 0, frequencyMhz: 487.5 });
  expect(rpms(measured)).toEqual([5971, 0, 5942, 5745]);
  expect(faults(measured)).toEqual([["HASHBOARD_NOT_PRESENT", 2]]);
});

test("ePIC: a board whose number is none is left out, and names no fault", () => {
  const told = shapeOf("epic-s19xp") as { summary: { HBStatus: unknown[] } };
  told.summary.HBStatus.push({ Detected: false, Enabled: true, Index: "x" });
  expect(faults(read(told).measured)).toEqual([["HASHBOARD_NOT_PRESENT", 2]]);
});

test("Braiins' GraphQL of 25.03 names its sensors in words", () => {
  const { identity, measured } = of("braiins-graphql-25.03");
  expect(identity).toMatchObject({ model: "Antminer S21+", hostname: "graph", boardSerials: ["G1", "G2", "G3"] });
  expect(measured).toMatchObject({ hashrateThs: 251.2353305, powerW: 4448, powerLimitW: 3878, boardC: 59, chipC: 74 });
  expect(measured.boards.map(({ inletC, outletC }) => [inletC, outletC])).toEqual([
    [39, 59],
    [39, 58],
    [39, 57],
  ]);
  expect(faults(measured)).toEqual([["FAN_FAILED", null]]);
});

describe("machines for scrypt", () => {
  test('an L3+ writes MH/s under "GHS"', () => {
    const { identity, measured } = of("antminer-l3-plus");
    expect(identity.model).toBe("Antminer L3+");
    expect(measured).toMatchObject({ hashrateThs: 0.000515179, averageThs: 0.00051287, boardC: 39, chipC: 51 });
    expect(measured.boards.map(({ hashrateThs, chips }) => [hashrateThs, chips])).toEqual(Array(4).fill([0.00012925, 72]));
  });
  test("a VolcMiner's boards are in its own rate's unit; it is none of Bitmain's", () => {
    const { identity, measured, quality } = of("volcminer-d1");
    expect(identity).toMatchObject({ make: "VolcMiner", model: "VolcMiner D1" });
    expect(measured.hashrateThs).toBe(0.0156627);
    expect(measured.boards.map(({ hashrateThs }) => hashrateThs)).toEqual([0.0052209, 0.0052209, null, 0.0052209]);
    expect(quality).toEqual({ "boards.2.boardC": "sentinel" });
  });
  test("an Elphapex tells MH/s as its unit", () => {
    const { identity, measured } = of("elphapex-dg1");
    expect(identity).toMatchObject({ make: "Elphapex", model: "DG1+" });
    expect(measured).toMatchObject({ hashrateThs: 0.0143505, expectedThs: 0.0144 });
    expect(measured.boards.map(({ boardC, chips }) => [boardC, chips])).toEqual([61, 62, 63, 64].map((heat) => [heat, 204]));
  });
  test("a stranger whose boards and sum differ by a thousand is not believed either way", () => {
    const { measured, quality } = read({
      s: {
        STATS: [{ Type: "Antminer Z99" }, { "GHS 5s": 12.4, chain_acn1: 10, chain_rate1: "6200.5", chain_acn2: 10, chain_rate2: "6199.5" }],
      },
    });
    expect(measured.hashrateThs).toBeNull();
    expect(quality).toMatchObject({
      hashrateThs: "implausible",
      "boards.0.hashrateThs": "implausible",
      "boards.1.hashrateThs": "implausible",
    });
  });
});

test("an Avalon Nano 3 keeps its power elsewhere, has no serial of zeros, and says 0 where it has no figure", () => {
  const { identity, measured } = of("avalon-nano3");
  expect(identity).toMatchObject({ make: "Canaan", model: "Avalon Nano 3", serial: "02aa", mac: "02:E1:A9:3E:2C:7D" });
  expect(measured).toMatchObject({
    hashrateThs: 2.63098,
    powerW: 89,
    powerLimitW: 90,
    voltageV: null,
    frequencyMhz: 370.75,
    intakeC: 38,
    chipC: 87,
  });
});

test("no number of any of them is anything but finite", () => {
  for (const name of SHAPE_NAMES)
    for (const [path, value] of numbersIn(of(name).measured)) expect([name, path, Number.isFinite(value)]).toEqual([name, path, true]);
});
