import { describe, expect, test } from "@jest/globals";
import type { Measured } from "../../../server/twin/reading.ts";
import { readAnswers } from "../../../server/twin/formats/index.ts";
import { read } from "./captured.ts";

/** Machines and failures that the captures do not show; shapes and figures as their firmware writes them. */
const rpms = ({ fans }: Measured): readonly (number | null)[] => fans.map(({ rpm }) => rpm);
const map = (good: number, bad = 0): string => ` ${"o".repeat(good)}${"x".repeat(bad)}`;

describe("Antminer", () => {
  const s9 = {
    STATS: [
      { BMMiner: "2.0.0", Type: "Antminer S9" },
      {
        Elapsed: 8124,
        "GHS 5s": "13512.48",
        "GHS av": 13480.2,
        miner_count: 3,
        frequency: "650",
        fan_num: 2,
        fan1: 0,
        fan2: 0,
        fan3: 5880,
        fan6: 4440,
        fan7: 0,
        temp6: 58,
        temp7: 60,
        temp8: 57,
        temp2_6: 73,
        temp2_7: 76,
        temp2_8: 72,
        chain_acn1: 0,
        chain_acn6: 63,
        chain_acn7: 63,
        chain_acn8: 63,
        chain_rate1: "",
        chain_rate6: "4510.23",
        chain_rate7: "4490.1",
        chain_rate8: "4512.1",
        total_rateideal: 13500,
      },
    ],
  };
  test("an S9's boards are slots 6, 7, 8 and its fans 3 and 6", () => {
    const { identity, measured } = read({ s9 });
    expect(identity.model).toBe("Antminer S9");
    expect(measured).toMatchObject({ hashrateThs: 13.51248, expectedThs: 13.5, boardC: 60, chipC: 76, frequencyMhz: 650 });
    expect(measured.boards.map(({ index, chips, boardC, chipC }) => [index, chips, boardC, chipC])).toEqual([
      [0, 63, 58, 73],
      [1, 63, 60, 76],
      [2, 63, 57, 72],
    ]);
    expect(rpms(measured)).toEqual([5880, 4440]);
  });
  test("a board without chips stays a board; its zeros are no temperatures", () => {
    const { measured, quality } = read({
      s9: { STATS: [s9.STATS[0], { ...s9.STATS[1], chain_acn7: 0, chain_rate7: "", temp7: 0, temp2_7: 0, fan6: 0 }] },
    });
    expect(measured.boards[1]).toMatchObject({ index: 1, hashrateThs: null, chips: 0, boardC: null, chipC: null });
    expect(quality).toEqual({ "boards.1.boardC": "sentinel", "boards.1.chipC": "sentinel" });
    expect(rpms(measured)).toEqual([0, 5880]);
  });
  test("very cold, sensors out of order, a board gone, a fan standing", () => {
    const { measured, quality } = read({
      stats: {
        STATS: [
          { Type: "Antminer S19j Pro" },
          {
            "GHS 5s": 0,
            chain_acn1: 126,
            chain_acn2: 126,
            chain_acn3: 0,
            chain_acn4: 0,
            chain_acs1: map(123, 3),
            chain_acs2: map(126),
            chain_acs3: "",
            chain_rate1: "0",
            temp_pcb1: "-8--9--7--8",
            temp_chip1: "-3--4--2--3",
            temp_pcb2: "-64--64--64--64",
            temp_chip2: "255-255-255-255",
            temp_pcb3: "0-0-0-0",
            fan1: 0,
            fan2: 6000,
            fan3: 6000,
            fan4: 6000,
            fan_num: 4,
          },
        ],
      },
      warning: { error_message: "P:2" },
    });
    expect(measured.mode).toBe("fault");
    expect(measured.boards.map(({ chips, boardC, chipC }) => [chips, boardC, chipC])).toEqual([
      [126, -7, -2],
      [126, null, null],
      [0, null, null],
    ]);
    expect(measured.boards[0]?.chipMap.filter(({ working }) => working === false)).toHaveLength(3);
    expect(quality).toEqual({ "boards.1.boardC": "sentinel", "boards.1.chipC": "sentinel", "boards.2.boardC": "sentinel" });
    expect(rpms(measured)).toEqual([0, 6000, 6000, 6000]);
    expect(measured.errors).toEqual([
      { code: "DEVICE_UNDER_TEMPERATURE", severity: "critical", component: "miner", index: null, raw: "P:2" },
    ]);
  });
  test("a web page's S23 Hydro: watts, serials, no fans", () => {
    const chain = {
      asic: ` ${"o".repeat(84)}----`,
      asic_num: 84,
      freq_avg: 327,
      rate_ideal: 194_099.1,
      rate_real: 188_896.1,
      temp_chip: [44, 44, 56, 56],
      temp_pcb: [44, 44, 52, 52],
      hw: 3,
    };
    const { identity, measured } = read({
      stats: {
        INFO: { type: "Antminer S23 Hyd." },
        STATUS: { STATUS: "S" },
        STATS: [
          {
            chain: [
              { ...chain, index: 0, sn: "A" },
              { ...chain, index: 1, sn: "B" },
              { ...chain, index: 2, sn: "C" },
            ],
            elapsed: 167_430,
            fan: [],
            fan_num: 0,
            rate_5s: 572_845.56,
            rate_avg: 576_153.9,
            rate_ideal: 581_972.7,
            rate_unit: "GH/s",
            watt: 5525,
          },
        ],
      },
      summary: {
        INFO: { type: "Antminer S23 Hyd." },
        SUMMARY: [
          {
            hw_all: 551,
            status: [
              { type: "rate", status: "s", code: 0, msg: "" },
              { type: "fans", status: "e", code: 1, msg: "fan lost" },
            ],
          },
        ],
      },
    });
    expect(identity).toMatchObject({ model: "Antminer S23 Hydro", boardSerials: ["A", "B", "C"] });
    expect(measured).toMatchObject({
      hashrateThs: 572.84556,
      expectedThs: 581.9727,
      powerW: 5525,
      boardC: 52,
      chipC: 56,
      hwErrors: 551,
      uptimeS: 167_430,
      fans: [],
    });
    expect(measured.boards[0]?.chipMap).toHaveLength(84);
    expect(measured.errors.map(({ code, raw }) => [code, raw])).toEqual([["FAN_FAILED", "fans code 1 fan lost"]]);
  });
  test("hydro machines keep their coolant where others keep chips", () => {
    const plus = read({
      stats: {
        INFO: { type: "Antminer S21+ Hyd." },
        STATS: [
          {
            rate_5s: 320_000,
            chain: [
              {
                index: 0,
                rate_real: 106_000,
                asic_num: 95,
                temp_pcb: [35, 51, 45, 52],
                temp_pic: [70, 48, 49, 50],
                temp_chip: [0, 0, 0, 0],
              },
            ],
          },
        ],
      },
    });
    expect(plus.measured).toMatchObject({ intakeC: 35, outletC: 45, boardC: 52, chipC: 70 });
    const xp = read({
      stats: {
        STATS: [
          { Type: "Antminer S21 XP Hyd" },
          { rate_5s: 0, rate_avg: 600_000, rate_unit: "GH", chain: [{ index: 0, rate_real: 0, asic_num: 120, temp_chip: [30, 41, 0, 0] }] },
        ],
      },
    });
    expect(xp.measured).toMatchObject({ hashrateThs: 0, averageThs: 600, intakeC: 30, outletC: 41, chipC: null });
  });
  test("asleep: the firmware says nothing but its mode", () => {
    const { measured } = read({
      stats: { INFO: { type: "Antminer S19 XP" }, STATS: [] },
      summary: { INFO: { type: "Antminer S19 XP" }, SUMMARY: [] },
      conf: { "bitmain-work-mode": "1" },
    });
    expect(measured).toMatchObject({ mode: "paused", hashrateThs: null, boards: [] });
  });
  test("a child of that firmware on a machine whose power supply went silent", () => {
    const { identity, measured } = read({
      stats: {
        STATS: [
          { BMMiner: "4.11.1 rwglr", Type: "Antminer S19x88 Hiveon" },
          {
            "GHS 5s": 6751,
            chain_acn1: 88,
            chain_acn2: 88,
            chain_acn3: 88,
            chain_acn4: 0,
            chain_rate1: 2264.99,
            chain_rate2: 1781.21,
            chain_rate3: 2704.8,
            chain_rateideal1: 21_248.76,
            chain_voltage1: 14.2,
            fan1: 3090,
            fan2: 3000,
            fan3: 3000,
            fan4: 3090,
            fan5: 0,
            fan6: 0,
            fan_num: 4,
            fan_pwm: 28,
            frequency: "",
            psu_status: "PSU power lost",
            total_power: 1345,
            temp_chip1: "61-61-61-61",
          },
        ],
      },
    });
    expect(identity.model).toBe("Antminer S19 88");
    expect(measured).toMatchObject({ hashrateThs: 6.751, powerW: 1345, fanPct: 28 });
    expect(measured.boards[0]).toMatchObject({ expectedThs: 21.24876, voltageV: 14.2 });
    expect(rpms(measured)).toEqual([3090, 3000, 3000, 3090]);
    expect(measured.errors.map(({ code }) => code)).toEqual(["PSU_COMMUNICATION_LOST"]);
  });
  test("a rate that no machine of that model reaches is not shown", () => {
    const { measured, quality } = read({
      stats: { STATS: [{ Type: "Antminer S19" }, { "GHS 5s": 95_000_000, chain_acn1: 76, chain_rate1: "31000" }] },
    });
    expect(measured.hashrateThs).toBeNull();
    expect(quality).toMatchObject({ hashrateThs: "implausible" });
  });
});

describe("Avalon", () => {
  const module =
    "Ver[15-194-24102401_25462b2_9ddf522] DNA[020100008c699117] SYSTEMSTATU[Work: In Work, Hash Board: 3 ] Elapsed[975] DH[1.299%] Temp[31] TMax[78] TAvg[70] Fan1[4275] Fan2[4282] FanR[49%] PS[0 1209 1187 297 3526 1188 3731] WALLPOWER[3731] GHSspd[199241.07] GHSmm[201920.42] GHSavg[184007.00] Freq[345.94] MGHS[59459.52 61407.83 63139.66] MTmax[77 78 77] MVavg[285.7 286.3 285.8] EEPROM[160 160 160] SoftOFF[0] ECHU[0 0 128] ECMM[0] SF0[300 318 339 360] PVT_T0[ 66  65  63] PVT_V0[293 292 291] MW0[22 0 17] MPO[3515]";
  const version = { VERSION: [{ PROD: "AvalonMiner 15-194", MODEL: "15-194", VERSION: "24102401_25462b2_9ddf522", MAC: "123456789012" }] };
  test("a 1566 with three boards, one of them too hot", () => {
    const { identity, measured } = read({ stats: { STATS: [{ ID: "AVA100", "MM ID0": module, "MM Count": 1 }] }, version });
    expect(identity).toMatchObject({ make: "Canaan", model: "AvalonMiner 1566", serial: "020100008c699117", mac: "12:34:56:78:90:12" });
    expect(measured).toMatchObject({
      mode: "mining",
      hashrateThs: 199.24107,
      averageThs: 184.007,
      expectedThs: 201.92042,
      powerW: 3731,
      powerLimitW: 3515,
      intakeC: 31,
      chipC: 78,
      voltageV: 11.87,
      fanPct: 49,
      hwErrorPct: 1.299,
    });
    expect(measured.boards.map(({ hashrateThs, chipC, chips }) => [hashrateThs, chipC, chips])).toEqual([
      [59.45952, 77, 160],
      [61.40783, 78, 160],
      [63.13966, 77, 160],
    ]);
    expect(measured.boards[0]?.chipMap.map(({ tempC, voltageV, working }) => [tempC, voltageV, working])).toEqual([
      [66, 0.293, true],
      [65, 0.292, false],
      [63, 0.291, true],
    ]);
    expect(measured.errors.map(({ code, index }) => [code, index])).toEqual([["HASHBOARD_OVER_TEMPERATURE", 2]]);
  });
  test("two modules on one controller are twice the boards", () => {
    const { measured } = read({ stats: { STATS: [{ "MM ID0": module, "MM ID1": module }] }, version });
    expect(measured.boards.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(measured.powerW).toBe(7462);
    expect(rpms(measured)).toEqual([4275, 4282, 4275, 4282]);
  });
  test("the same as plain text, and taken apart by a gateway", () => {
    const plain = read({
      estats: `STATUS=S,When=1,Code=70,Msg=CGMiner stats,Description=cgminer 4.11.1|STATS=0,ID=AVA100,Elapsed=975,MM ID0=${module},MM Count=1|\u0000`,
    });
    expect(plain.measured).toMatchObject({ hashrateThs: 199.24107, intakeC: 31 });
    const apart = read({
      stats: {
        STATS: [
          {
            "MM ID0": {
              Temp: 30,
              TMax: 77,
              Fan1: 5344,
              FanR: "72%",
              GHSspd: 81_072.68,
              MGHS: [27_000, 26_500, 27_572.68],
              PS: [0, 1219, 1300, 255, 3189, 1302, 3420],
            },
          },
        ],
      },
      v: { VERSION: [{ PROD: "AvalonMiner 1246" }] },
    });
    expect(apart.measured).toMatchObject({ hashrateThs: 81.07268, powerW: 3189, intakeC: 30, chipC: 77, fanPct: 72 });
  });
});

describe("Whatsminer", () => {
  const summary = {
    SUMMARY: [
      {
        Elapsed: 25_000,
        "MHS av": 124e6,
        "HS RT": 124_500_000,
        "Factory GHS": 126_000,
        Power: 3200,
        "Power Limit": 3300,
        "Fan Speed In": 5400,
        "Fan Speed Out": 5430,
        "Env Temp": -12.5,
        "Chip Temp Max": 92,
        Temperature: 70,
        "Upfreq Complete": 1,
        "Error Code Count": 1,
        "Error Code 0": 520_103,
      },
    ],
  };
  test("v2 with a lost board, a lost sensor and mains too low", () => {
    const { identity, measured, quality } = read({
      summary,
      edevs: {
        DEVS: [
          { Slot: 0, "MHS 1m": 62e6, "Effective Chips": 111, Temperature: 65, "Chip Temp Max": 88, "PCB SN": "X1" },
          { Slot: 1, "MHS 1m": 62e6, "Effective Chips": 111, Temperature: -273, "PCB SN": "X2" },
          { Slot: 2, "MHS 1m": 0, "Effective Chips": 0, Temperature: 0, "PCB SN": "" },
        ],
      },
      devdetails: { DEVDETAILS: [{ Model: "M50S_VH50" }] },
      errors: { STATUS: "S", Code: 131, Msg: { error_code: [{ "532": "2024-01-01 10:00:00" }, { "206": "2024-01-01" }, "9999"] } },
      info: { STATUS: "S", Code: 131, Msg: { mac: "D4:01:02:03:04:05", hostname: "WhatsMiner", minersn: "HT123" } },
      psu: { STATUS: "S", Code: 131, Msg: { serial_no: "PS1", temp0: "45.5", fan_speed: "6000" } },
    });
    expect(identity).toMatchObject({ model: "Whatsminer M50S VH50", serial: "HT123", psuSerial: "PS1", mac: "D4:01:02:03:04:05" });
    expect(measured).toMatchObject({ mode: "mining", hashrateThs: 124.5, expectedThs: 126, powerW: 3200, intakeC: -12.5, psuC: 45.5 });
    expect(measured.boards.map(({ chips, boardC, serial }) => [chips, boardC, serial])).toEqual([
      [111, 65, "X1"],
      [111, null, "X2"],
      [0, null, null],
    ]);
    expect(quality).toEqual({ "boards.1.boardC": "sentinel", "boards.2.boardC": "sentinel" });
    expect(measured.errors.map(({ code, index, raw }) => [code, index, raw])).toEqual([
      ["HASHBOARD_NOT_PRESENT", 2, "532 2024-01-01 10:00:00"],
      ["PSU_INPUT_VOLTAGE_LOW", null, "206 2024-01-01"],
      ["UNMAPPED", null, "9999"],
      ["CHIP_FAULT", 0, "520103"],
    ]);
  });
  test("switched off, and climbing to its frequency", () => {
    expect(read({ summary, status: { Code: 131, Msg: { mineroff: "true" } } }).measured.mode).toBe("paused");
    expect(read({ summary: { SUMMARY: [{ ...summary.SUMMARY[0], "Upfreq Complete": 0 }] } }).measured.mode).toBe("tuning");
  });
  test("v3, a hydro machine asleep: no fans, no readings of its boards", () => {
    const { identity, measured, quality } = read({
      a: {
        code: 0,
        desc: "get.device.info",
        msg: {
          miner: { working: "false", type: "M63S+_VK40", "board-num": "4", pcbsn0: "a" },
          power: { vout: 4084, "liquid-temperature": 44.1 },
          "error-code": [{ "5071": "2026-01-01", reason: "Slot 1 water velocity is abnormal." }],
        },
      },
      b: {
        code: 0,
        desc: "get.miner.status",
        msg: {
          summary: {
            "hash-realtime": 0,
            "board-temperature": [0, 0, 0, 0],
            "environment-temperature": 0,
            "fan-speed-in": 0,
            "fan-speed-out": 0,
            "power-realtime": 13,
          },
        },
      },
    });
    expect(identity).toMatchObject({ model: "Whatsminer M63S+ VK40", boardSerials: ["a", null, null, null] });
    expect(measured).toMatchObject({ mode: "paused", hashrateThs: 0, powerW: 13, outletC: 44.1, boardC: null, fans: [] });
    expect(quality).toEqual({ boardC: "sentinel", intakeC: "sentinel" });
    expect(measured.errors).toEqual([
      { code: "COOLANT_FLOW_ABNORMAL", severity: "critical", component: "miner", index: 1, raw: "5071 Slot 1 water velocity is abnormal." },
    ]);
  });
});

describe("Braiins OS before its REST interface", () => {
  test("GraphQL", () => {
    const { format, identity, measured } = read({
      boards: {
        data: {
          bosminer: {
            info: {
              workSolver: {
                childSolvers: [
                  {
                    hwDetails: { chips: 55, frequencyMhz: 601.5, hbSerialNumber: "NG1", voltageV: 13.45 },
                    nominalMhs: 67_780_892,
                    realHashrate: { mhs5S: 64_802_269 },
                    temperatures: [
                      { degreesC: 51.5, name: "MAX_BOARD" },
                      { degreesC: 66.5, name: "MAX_CHIP" },
                    ],
                  },
                ],
              },
            },
          },
        },
      },
      system: {
        data: {
          bos: { hostname: "Antminer", info: { version: { full: "2025-06-25-0-45f356ea-25.05.1-plus" } }, uptime: { durationS: 693_609 } },
          bosminer: {
            info: {
              fans: [{ name: "0", rpm: 6421, speed: 100 }],
              summary: { power: { approxConsumptionW: 3698, limitW: 3878 } },
              workSolver: { nominalMhs: 216_722_442, realHashrate: { mhs5S: 205_749_606 } },
            },
          },
        },
      },
      net: [{ macaddr: "02:b7:87:ee:7f:f5" }],
    });
    expect(format).toBe("braiins-graphql");
    expect(identity).toMatchObject({ firmware: "2025-06-25-0-45f356ea-25.05.1-plus", mac: "02:B7:87:EE:7F:F5", boardSerials: ["NG1"] });
    expect(measured).toMatchObject({
      hashrateThs: 205.749606,
      expectedThs: 216.722442,
      powerW: 3698,
      powerLimitW: 3878,
      boardC: 51.5,
      chipC: 66.5,
      uptimeS: 693_609,
    });
  });
  test("the cgminer port", () => {
    const { format, identity, measured, quality } = read({
      version: { STATUS: [{ Description: "BOSminer+ 0.2.0-36c56a9363" }], VERSION: [{ "BOSminer+": "0.2.0-36c56a9363" }] },
      devs: {
        DEVS: [
          { ID: 6, "MHS 5s": 33e6, "Nominal MHS": 34e6 },
          { ID: 7, "MHS 5s": 33e6 },
          { ID: 8, "MHS 5s": 32e6 },
        ],
      },
      devdetails: {
        DEVDETAILS: [
          { ID: 6, Chips: 126, Frequency: 545_000_000, Voltage: 13.4, Model: "Antminer S19j Pro" },
          { ID: 7, Chips: 126 },
          { ID: 8, Chips: 120 },
        ],
      },
      temps: {
        TEMPS: [
          { ID: 6, Board: 61, Chip: 76 },
          { ID: 7, Board: 0, Chip: 0 },
          { ID: 8, Board: 60, Chip: 75 },
        ],
      },
      tunerstatus: { TUNERSTATUS: [{ ApproximateMinerPowerConsumption: 3068, PowerLimit: 3000 }] },
      summary: { SUMMARY: [{ "MHS 5s": 98e6, "MHS av": 97e6 }] },
    });
    expect(format).toBe("bosminer");
    expect(identity.model).toBe("Antminer S19j Pro");
    expect(measured).toMatchObject({ hashrateThs: 98, powerW: 3068, powerLimitW: 3000, boardC: 61, frequencyMhz: 545 });
    expect(measured.boards.map(({ chips }) => chips)).toEqual([126, 126, 120]);
    expect(quality).toEqual({ "boards.1.boardC": "sentinel", "boards.1.chipC": "sentinel" });
  });
});

describe("VNish", () => {
  const miner = {
    miner_type: "Antminer S19 (Vnish 1.2.6)",
    miner_status: { miner_state: "mining" },
    hr_realtime: 110_500,
    hr_nominal: 112_000,
    instant_hashrate: 110.5,
    power_usage: 29.5,
    power_consumption: 3250,
    chip_temp: { min: 60, max: 78 },
    pcb_temp: { min: 50, max: 65 },
    cooling: {
      fan_duty: 72,
      fans: [
        { id: 0, rpm: 5400, status: "ok" },
        { id: 1, rpm: 0, status: "lost" },
      ],
    },
    chains: [
      {
        id: 1,
        frequency: 500,
        voltage: 13_500,
        hashrate_ideal: 37_000,
        hashrate_rt: 36_800,
        hw_errors: 4,
        pcb_temp: { min: 50, max: 65 },
        chip_temp: { min: 60, max: 78 },
        chip_statuses: { red: 2, orange: 1, grey: 73 },
      },
    ],
    pools: [
      { url: "pool.example:3333", user: "a.b", status: "working", accepted: 5, rejected: 0, stale: 0 },
      { url: "DevFee", pool_type: "DevFee", user: "DevFee", status: "unknown" },
    ],
  };
  const info = {
    fw_name: "Vnish",
    fw_version: "1.2.6",
    serial: "SN1",
    system: { network_status: { mac: "AA:BB:CC:DD:EE:01", hostname: "h" }, uptime: "10 days, 18:00" },
    hr_measure: "GH/s",
  };
  test("GH/s, mV, W; the developers' pool is not one of yours", () => {
    const { format, identity, measured } = read({ summary: { miner }, info });
    expect(format).toBe("vnish");
    expect(identity).toMatchObject({ model: "Antminer S19", firmware: "Vnish 1.2.6", serial: "SN1", mac: "AA:BB:CC:DD:EE:01" });
    expect(measured).toMatchObject({
      mode: "mining",
      hashrateThs: 110.5,
      expectedThs: 112,
      powerW: 3250,
      boardC: 65,
      chipC: 78,
      fanPct: 72,
      uptimeS: 928_800,
    });
    expect(measured.boards[0]).toMatchObject({ hashrateThs: 36.8, chips: 74, expectedChips: 76, voltageV: 13.5, hwErrors: 4 });
    expect(measured.pools.map(({ url, active }) => [url, active])).toEqual([["pool.example:3333", true]]);
    expect(measured.errors.map(({ code, index }) => [code, index])).toEqual([["FAN_FAILED", 1]]);
  });
  test.each([
    ["auto-tuning", "tuning"],
    ["stopped", "paused"],
    ["failure", "fault"],
    ["hibernating", "unknown"],
  ])("state %s is %s", (miner_state, mode) => {
    expect(read({ summary: { miner: { ...miner, miner_status: { miner_state } } } }).measured.mode).toBe(mode);
  });
});

describe("other firmware on Antminers", () => {
  test("ePIC", () => {
    const { format, identity, measured } = read({
      summary: {
        Status: { "Operating State": "Mining" },
        Hostname: "miner",
        Software: "PowerPlay-BM v1.15.2",
        Stratum: { "Current Pool": "a:1", "Config Id": 1, IsPoolConnected: true },
        StratumConfigs: [
          { pool: "b:2", login: "w" },
          { pool: "a:1", login: "w" },
        ],
        Session: { Uptime: 100, Accepted: 7, Rejected: 1, "Average MHs": 198e6 },
        HBs: [0, 1, 2].map((Index) => ({
          Index,
          Hashrate: [66e6, 97, 36],
          Temperature: 60 + Index,
          "Core Clock Avg": 490,
          "Input Voltage": 13_967,
        })),
        "Power Supply Stats": { "Input Power": 3505.5, "Output Voltage": 13.9 },
        Fans: { "Fans Speed": 60 },
        "Fans Rpm": { "Fans Speed 0": 5000, "Fans Speed 1": 0 },
      },
      capabilities: {
        Model: "AntMiner S21",
        "Model Subtype": "BHB68603",
        "Chip Type": "BM1368",
        "Board Serial Numbers": ["A", "B", "C"],
        "Control Board Version": { cpuSerial: "CB1" },
      },
      network: { dhcp: { address: "192.0.2.10", mac_address: "02:00:5E:10:00:01" } },
    });
    expect(format).toBe("epic");
    expect(identity).toMatchObject({
      model: "Antminer S21",
      controlBoardSerial: "CB1",
      mac: "02:00:5E:10:00:01",
      ip: "192.0.2.10",
      boardSerials: ["A", "B", "C"],
    });
    expect(measured).toMatchObject({
      mode: "mining",
      hashrateThs: 198,
      averageThs: 198,
      powerW: 3505.5,
      boardC: 62,
      frequencyMhz: 490,
      fanPct: 60,
      accepted: 7,
    });
    expect(measured.boards[0]).toMatchObject({ hashrateThs: 66, voltageV: 13.967 });
    expect(rpms(measured)).toEqual([5000, 0]);
    expect(measured.pools.map(({ url, active }) => [url, active])).toEqual([
      ["b:2", false],
      ["a:1", true],
    ]);
  });
  test("MARA", () => {
    const { format, identity, measured } = read({
      brief: { status: "Mining", hashrate_realtime: 201_000, hashrate_ideal: 200_000, power_consumption_estimated: 3490, elapsed: 60 },
      overview: { model: "Antminer S21", mac: "02:00:5e:10:00:01", version_firmware: "1.2.3" },
      details: {
        hashboard_infos: [
          {
            index: 0,
            hashrate_avg: 67_000,
            hashrate_ideal: 66_000,
            asic_num: 108,
            frequency_avg: 490,
            voltage: 13.9,
            serial_number: "A",
            asic_infos: [
              { index: 0, hashrate_avg: 620, frequency: 490, voltage: 0.3 },
              { index: 1, hashrate_avg: 0 },
            ],
          },
        ],
      },
      hashboards: { hashboards: [{ index: 0, temperature_pcb: [0, 61, 60], temperature_chip: [72, 70] }] },
      fans: { fans: [{ current_speed: 5500 }] },
      pools: [
        { index: 0, url: "a:1", user: "w", status: "Dead", priority: 0 },
        { index: 1, url: "b:2", user: "w", status: "Alive", priority: 1, accepted: 3, rejected: 0 },
      ],
      events: {
        event_flags: [
          { level: "error", message: "Fan 2 lost" },
          { level: "info", message: "Mining started" },
        ],
      },
    });
    expect(format).toBe("marathon");
    expect(identity).toMatchObject({ model: "Antminer S21", firmware: "1.2.3", boardSerials: ["A"] });
    expect(measured).toMatchObject({
      mode: "mining",
      hashrateThs: 201,
      expectedThs: 200,
      powerW: 3490,
      boardC: 61,
      chipC: 72,
      uptimeS: 60,
    });
    expect(measured.boards[0]).toMatchObject({ hashrateThs: 67, chips: 108, voltageV: 13.9 });
    expect(measured.boards[0]?.chipMap.map(({ working }) => working)).toEqual([true, false]);
    expect(measured.pools.map(({ url, active, alive }) => [url, active, alive])).toEqual([
      ["a:1", false, false],
      ["b:2", true, true],
    ]);
    expect(measured.errors.map(({ code }) => code)).toEqual(["FAN_FAILED"]);
  });
});

describe("AxeOS", () => {
  test("a newer Gamma on its fallback pool; a regulator that cannot be read", () => {
    const { identity, measured, quality } = read({
      info: {
        power: 17.2,
        voltage: 5087.5,
        temp: 58.3,
        temp2: -1,
        vrTemp: -1,
        hashRate: 1180.4,
        hashRate_1h: 1170,
        expectedHashrate: 1224,
        errorPercentage: 0.41,
        bestDiff: 1234,
        coreVoltageActual: 1144,
        frequency: 600,
        ASICModel: "BM1370",
        asicCount: 1,
        boardVersion: "602",
        fanrpm: 3915,
        fan2rpm: 0,
        isUsingFallbackStratum: 1,
        stratumURL: "a",
        fallbackStratumURL: "b",
        hashrateMonitor: { asics: [{ total: 1072.24, errorCount: 1415 }] },
      },
    });
    expect(identity.model).toBe("Bitaxe Gamma");
    expect(measured).toMatchObject({
      hashrateThs: 1.1804,
      averageThs: 1.17,
      expectedThs: 1.224,
      powerW: 17.2,
      chipC: 58.3,
      psuC: null,
      voltageV: 5.0875,
      hwErrors: 1415,
      hwErrorPct: 0.41,
    });
    expect(quality).toEqual({ psuC: "sentinel" });
    expect(measured.pools.map(({ url, active }) => [url, active])).toEqual([
      ["a", false],
      ["b", true],
    ]);
    expect(measured.errors.map(({ code }) => code)).toEqual(["POOL_FALLBACK"]);
    expect(rpms(measured)).toEqual([3915]);
  });
  test("overheated: it stops and says why", () => {
    const { measured } = read({
      info: {
        power: 0,
        temp: -1,
        vrTemp: -1,
        hashRate: 0,
        ASICModel: "BM1370",
        boardVersion: "601",
        overheat_mode: 1,
        fanrpm: -1,
        stratumURL: "a",
      },
    });
    expect(measured).toMatchObject({ mode: "fault", hashrateThs: 0, chipC: null, fans: [{ index: 0, rpm: null }] });
    expect(measured.errors.map(({ code }) => code)).toEqual(["DEVICE_OVER_TEMPERATURE"]);
  });
  const nerd = {
    deviceModel: "NerdQAxe++",
    asicCount: 4,
    smallCoreCount: 2040,
    power: 72.5,
    voltage: 12_050,
    temp: 57,
    vrTemp: 63,
    asicTemps: [55.1, 58.9, 56.2, 57],
    hashRate: 4800.2,
    coreVoltage: 1150,
    frequency: 600,
    fanrpm: 3000,
    stratumURL: "pool",
    stratumPort: 3333,
  };
  test("a NerdQAxe++ with four chips", () => {
    const { identity, measured } = read({ info: nerd });
    expect(identity).toMatchObject({ make: "NerdAxe", model: "NerdQAxe++" });
    expect(measured).toMatchObject({ hashrateThs: 4.8002, expectedThs: 4.896, chipC: 58.9, psuC: 63, voltageV: 12.05 });
    expect(measured.boards[0]?.chipMap.map(({ tempC }) => tempC)).toEqual([55.1, 58.9, 56.2, 57]);
  });
  test("a rate without a unit is fitted to what the machine can do", () => {
    expect(read({ info: { ...nerd, hashRate: 4_800_200 } }).measured.hashrateThs).toBe(4.8002);
  });
});

describe("anything else", () => {
  test("a stranger that speaks cgminer's API", () => {
    const { format, measured } = read({
      summary: { STATUS: [{ Description: "cgminer 4.10" }], SUMMARY: [{ "MHS 20s": 2_100_000, "MHS av": 2_050_000 }] },
      devs: { DEVS: [{ PGA: 0, "MHS 20s": 2_100_000, Tenperature: 65 }] },
    });
    expect(format).toBe("cgminer");
    expect(measured).toMatchObject({ hashrateThs: 2.1, averageThs: 2.05, boardC: 65 });
  });
  test.each([{}, { a: { hello: 1 } }, { a: "<html>error</html>" }, { a: [1, 2] }])("%j is refused", (answers) => {
    expect(readAnswers(answers)).toMatchObject({ code: "ANSWERS_UNRECOGNISED" });
  });
});
