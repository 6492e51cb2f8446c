import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { FORMATS, readAnswers } from "../../../server/twin/formats/index.ts";
import { readTelemetry } from "../../../server/twin/formats/native.ts";
import { parseAnswerText } from "../../../server/twin/formats/text.ts";
import { RANGES, type Range } from "../../../server/twin/plausible.ts";
import type { Measured } from "../../../server/twin/reading.ts";
import { ODD } from "../../fuzz/mutate.ts";
import { answersOf, CAPTURES, numbersIn, shapeOf } from "./captured.ts";

/** Which range a field of a reading must be in, by its last name. */
const RANGE_OF: Readonly<Record<string, Range>> = {
  hashrateThs: RANGES.rigThs,
  averageThs: RANGES.rigThs,
  expectedThs: RANGES.rigThs,
  powerW: RANGES.powerW,
  powerLimitW: RANGES.powerW,
  intakeC: RANGES.airC,
  outletC: RANGES.airC,
  inletC: RANGES.airC,
  boardC: RANGES.partC,
  chipC: RANGES.partC,
  psuC: RANGES.partC,
  tempC: RANGES.partC,
  voltageV: RANGES.voltageV,
  frequencyMhz: RANGES.frequencyMhz,
  fanPct: RANGES.percent,
  hwErrorPct: RANGES.percent,
  rpm: RANGES.rpm,
  chips: RANGES.chips,
};

const wrongIn = (measured: Measured): readonly string[] =>
  numbersIn(measured)
    .filter(([path, value]) => {
      const of = RANGE_OF[path.split(".").at(-1) ?? ""];
      return !Number.isFinite(value) || (of !== undefined && (value < of.lo || value > of.hi || of.sentinels.includes(value)));
    })
    .map(([path, value]) => `${path} = ${value}`);

const places = (value: unknown, path: readonly string[] = []): readonly (readonly string[])[] =>
  typeof value !== "object" || value === null
    ? [path]
    : [path, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))];

const replaced = (value: unknown, path: readonly string[], odd: unknown): unknown => {
  const [key, ...rest] = path;
  if (key === undefined || typeof value !== "object" || value === null) return odd;
  if (Array.isArray(value)) return value.map((inner: unknown, index) => (String(index) === key ? replaced(inner, rest, odd) : inner));
  const row = value as Record<string, unknown>;
  if (rest.length === 0 && odd === undefined) return Object.fromEntries(Object.entries(row).filter(([name]) => name !== key));
  return { ...row, [key]: replaced(row[key], rest, odd) };
};

/** Chips one by one would be most of the places of that machine: three of them do. */
const smaller = (folder: string): Record<string, unknown> => {
  const answers = answersOf(folder);
  delete answers["profiles"];
  const chips = answers["healthchipget_0"] as { CHIPS: unknown[] } | undefined;
  return chips === undefined ? answers : { ...answers, healthchipget_0: { ...chips, CHIPS: chips.CHIPS.slice(0, 3) } };
};

/** Dialects of which there is no capture: enough of each that every branch of its reader is on the way. */
const SYNTHETIC: Readonly<Record<string, Record<string, unknown>>> = {
  vnish: {
    summary: {
      miner: {
        miner_type: "Antminer S19 (Vnish 1.2.6)",
        miner_status: { miner_state: "mining", failure_code: 0 },
        hr_realtime: 95_000,
        power_consumption: 3250,
        cooling: { fan_duty: 72, fans: [{ rpm: 5400, status: "ok" }], settings: { mode: { name: "auto" } } },
        chains: [
          {
            id: 1,
            hashrate_rt: 31_000,
            voltage: 13_500,
            chip_temp: { max: 78 },
            pcb_temp_sens: [{ status: "measure", temp: 50 }],
            chip_statuses: { red: 0, grey: 76 },
          },
        ],
        pools: [{ url: "a", user: "w", status: "working", accepted: 1 }],
        psu: { temps: [{ temp: 40 }] },
      },
    },
    info: {
      fw_name: "Vnish",
      fw_version: "1.2.6",
      system: { network_status: { mac: "AA:BB:CC:DD:EE:01" }, uptime: "1 days, 2:03" },
      hr_measure: "GH/s",
    },
    chains: [{ id: 1, serial: "A", chips: [{ hr: 400, freq: 500, volt: 330, temp: 70, errs: 1 }] }],
  },
  epic: {
    summary: {
      Status: { "Operating State": "Mining" },
      Stratum: { "Config Id": 0 },
      StratumConfigs: [{ pool: "a", login: "w" }],
      Session: { Uptime: 1 },
      HBs: [{ Index: 0, Hashrate: [66e6], Temperature: 60, "Input Voltage": 13_967 }],
      "Fans Rpm": { a: 5000 },
    },
    capabilities: { Model: "AntMiner S21", "Model Subtype": "x", "Board Serial Numbers": ["A"] },
    network: { dhcp: { address: "192.0.2.10", mac_address: "02:00:5E:10:00:01" } },
  },
  marathon: {
    brief: { status: "Mining", hashrate_realtime: 201_000, power_consumption_estimated: 3490 },
    overview: { model: "Antminer S21", version_firmware: "1.2.3" },
    details: { hashboard_infos: [{ index: 0, hashrate_avg: 67_000, asic_infos: [{ index: 0, hashrate_avg: 620, voltage: 0.3 }] }] },
    hashboards: { hashboards: [{ index: 0, temperature_pcb: [0, 61], temperature_chip: [72] }] },
    fans: { fans: [{ current_speed: 5500 }] },
    pools: [{ url: "a", user: "w", status: "Alive", priority: 0 }],
    events: { event_flags: [{ level: "error", message: "Fan 2 lost" }] },
    conf: { mode: { "work-mode-selector": "Auto", concorde: { "power-target": 3000 } } },
  },
  "braiins-graphql": {
    boards: {
      data: {
        bosminer: {
          info: {
            workSolver: {
              childSolvers: [
                {
                  hwDetails: { chips: 55, voltageV: 13.4 },
                  nominalMhs: 67e6,
                  realHashrate: { mhs5S: 64e6 },
                  temperatures: [{ degreesC: 51.5, name: "MAX_BOARD" }],
                },
              ],
            },
            fans: [{ rpm: 6421, speed: 100 }],
            poolGroups: [{ pools: [{ url: "a", status: "ALIVE", shares: { acceptedSolutions: 1 } }] }],
          },
        },
      },
    },
    system: { data: { bos: { hostname: "h", uptime: { durationS: 9 } }, events: { appeals: [{ message: "fan" }] } } },
  },
  bosminer: {
    version: { STATUS: [{ Description: "BOSminer+ 0.2.0" }], VERSION: [{ "BOSminer+": "0.2.0" }] },
    devs: { DEVS: [{ ID: 6, "MHS 5s": 33e6, "Nominal MHS": 34e6 }] },
    devdetails: { DEVDETAILS: [{ ID: 6, Chips: 126, Frequency: 545e6, Voltage: 13.4, Model: "Antminer S19j Pro" }] },
    temps: { TEMPS: [{ ID: 6, Board: 61, Chip: 76 }] },
    fans: { FANS: [{ RPM: 5000, Speed: 80 }] },
    tuner: { TUNERSTATUS: [{ ApproximateMinerPowerConsumption: 3068, TunerChainStatus: [{ Status: "Stable" }] }] },
  },
  nerdaxe: {
    info: {
      deviceModel: "NerdQAxe++",
      asicCount: 4,
      smallCoreCount: 2040,
      power: 72.5,
      voltage: 12_050,
      temp: 57,
      asicTemps: [55, 58],
      hashRate: 4800,
      frequency: 600,
      fanrpm: 3000,
      fanrpm2: 1,
      stratumURL: "p",
      stratumPort: 1,
      stratum: { pools: [{ connected: true }] },
      hashrateMonitor: { asics: [{ total: 1, errorCount: 2 }] },
    },
  },
  "antminer's web pages": {
    stats: {
      INFO: { type: "Antminer S21" },
      STATS: [
        {
          rate_5s: 200_000,
          rate_unit: "GH/s",
          fan: [5000, 5000],
          fan_num: 2,
          watt: 3500,
          chain: [
            {
              index: 0,
              rate_real: 66_000,
              asic_num: 108,
              asic: " ooox",
              temp_pcb: [50, 60],
              temp_chip: [70],
              tpl: [
                [1, 2],
                [3, 4],
              ],
              sn: "A",
              hw: 1,
            },
          ],
        },
      ],
    },
    summary: { SUMMARY: [{ elapsed: 9, status: [{ type: "fans", status: "e", code: 1, msg: "x" }] }] },
    pools: { POOLS: [{ url: "a", user: "w", status: "Alive", priority: 0, accepted: 1 }] },
    warning: { error_message: "P:1" },
  },
  "whatsminer's second API": {
    summary: {
      SUMMARY: [
        { "HS RT": 124e6, Power: 3200, "Env Temp": 20, "Chip Temp Max": 80, Voltage: 1200, "Error Code 0": 541, "Fan Speed In": 1 },
      ],
    },
    edevs: { DEVS: [{ Slot: 0, "MHS 1m": 1e6, "Effective Chips": 1, "Factory GHS": 1, Temperature: 60 }] },
    details: { DEVDETAILS: [{ Model: "M50S_VH50" }] },
    errors: { Code: 131, Msg: { error_code: [{ "532": "2024-01-01" }] } },
  },
};
const SUBJECTS: readonly (readonly [string, Record<string, unknown>])[] = [
  ...CAPTURES.map((folder) => [folder, smaller(folder)] as const),
  ...Object.entries(SYNTHETIC),
  ...["auradine-at2880", "proto-rig", "sealminer-a2", "goldshell-sc5"].map((name) => [name, shapeOf(name)] as const),
];

describe("damaged answers", () => {
  test("are of every dialect there is", () => {
    const read = new Set(SUBJECTS.map(([, answers]) => (readAnswers(answers) as { format?: string }).format));
    expect(FORMATS.map(({ name }) => name).filter((name) => !read.has(name))).toEqual(["cgminer"]);
  });

  test.each(SUBJECTS)(
    "%s: eight hundred readings with up to eight odd values each are read or refused, and never lie",
    (_, answers) => {
      const all = places(answers);
      const mutation = fc.tuple(
        fc.nat(all.length - 1),
        fc.oneof(
          { weight: 6, arbitrary: fc.constantFrom(...ODD, undefined) },
          { weight: 1, arbitrary: fc.double() },
          { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
        ),
      );
      fc.assert(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 8 }), (mutations) => {
          const damaged = mutations.reduce<unknown>((before, [place, odd]) => replaced(before, all[place] ?? [], odd), answers);
          const found = readAnswers(typeof damaged === "object" && damaged !== null ? (damaged as Record<string, unknown>) : {});
          if ("code" in found) expect(found.code).toBe("ANSWERS_UNRECOGNISED");
          else expect(wrongIn(found.measured)).toEqual([]);
        }),
        { numRuns: 800, seed: 1 },
      );
    },
    120_000,
  );

  test.each(SUBJECTS)(
    "%s: text with bytes missing, doubled or cut off is read or refused",
    (_, answers) => {
      const texts = Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, JSON.stringify(answer)]));
      const cut = fc.record({
        at: fc.nat(5_000),
        take: fc.nat(40),
        put: fc.constantFrom("", "", "}{", ",", ",,", "\u0000", '"', "]", "nan"),
      });
      fc.assert(
        fc.property(fc.array(cut, { minLength: 1, maxLength: 4 }), (cuts) => {
          const damaged = Object.fromEntries(
            Object.entries(texts).map(([name, text]) => [
              name,
              cuts.reduce(
                (before, { at, take, put }) => before.slice(0, at % before.length) + put + before.slice((at % before.length) + take),
                text,
              ),
            ]),
          );
          const found = readAnswers(damaged);
          if (!("code" in found)) expect(wrongIn(found.measured)).toEqual([]);
        }),
        { numRuns: 300, seed: 2 },
      );
    },
    120_000,
  );

  test("anything at all is read or refused", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ maxLength: 20 }), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 6 }), (answers) => {
        const found = readAnswers(answers);
        if (!("code" in found)) expect(wrongIn(found.measured)).toEqual([]);
      }),
      { numRuns: 2_000, seed: 3 },
    );
  });

  test("any text is parsed or not, and never throws", () => {
    const scraps = fc.array(fc.constantFrom("{", "}", "[", "]", ",", ":", '"', '"a"', "1", "nan", "\\", "\n", "|", "STATUS=S,", "x"), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          scraps.map((parts) => parts.join("")),
        ),
        (text) => {
          const value = parseAnswerText(text);
          expect(value === undefined || JSON.stringify(value) !== undefined).toBe(true);
        },
      ),
      { numRuns: 6_000, seed: 4 },
    );
  });
});

describe("answers as large as a message may be", () => {
  const long = "1-".repeat(120_000);
  test.each([
    ["a list of sensors", { STATS: [{ Type: "Antminer S19", chain_acn1: 76, temp_pcb1: long, temp_chip1: long, "GHS 5s": 1 }] }],
    ["boards", { STATS: [{ Type: "Antminer S19", chain: Array.from({ length: 80_000 }, () => ({})) }] }],
    ["rows of a section", { POOLS: Array.from({ length: 80_000 }, () => ({ URL: "a" })), SUMMARY: [{}] }],
    ["a module's text without an end", { STATS: [{ "MM ID0": "a[".repeat(120_000) }] }],
    ["a module's text without brackets", { STATS: [{ "MM ID0": "a".repeat(240_000) }] }],
    ["a module's sensors", { STATS: [{ "MM ID0": `PVT_T0[${"1 ".repeat(100_000)}]` }] }],
    ["a text that is never closed", { text: `{"a":"${"\\".repeat(100_001)}` }],
    ["brackets", "[".repeat(100_000)],
    ["quotes", `{${'"a'.repeat(80_001)}`],
  ])(
    "%s: are read or refused",
    (_, answer) => {
      const found = readAnswers({ answer });
      if (!("code" in found)) expect(wrongIn(found.measured)).toEqual([]);
      expect(["object", "string", "undefined"]).toContain(typeof parseAnswerText(JSON.stringify(answer).slice(0, -3)));
    },
    5_000,
  );
});

describe("damaged messages of our own dialect", () => {
  const message = {
    v: 1,
    ts: 1_763_700_000_000,
    seq: 7,
    boot: "b1",
    m: {
      mode: "mining",
      hashrateThs: 200,
      powerW: 3500,
      boardC: 60,
      fans: [{ index: 0, rpm: 6000 }],
      boards: [{ index: 0, hashrateThs: 66, boardC: 60, chips: 108, chipMap: [{ index: 0, tempC: 70, working: true }] }],
      pools: [{ index: 0, url: "stratum+tcp://a:1", worker: "w", active: true, alive: true, accepted: 1, rejected: 0, stale: 0 }],
      errors: [{ code: "FAN_FAILED", severity: "critical", component: "fan", index: 0, raw: "x" }],
    },
  };
  test("are read or refused with a code, and never lie", () => {
    const all = places(message);
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.nat(all.length - 1), fc.oneof(fc.constantFrom(...ODD, undefined), fc.double(), fc.jsonValue({ maxDepth: 2 }))),
          { minLength: 1, maxLength: 5 },
        ),
        (mutations) => {
          const found = readTelemetry(
            mutations.reduce<unknown>((before, [place, odd]) => replaced(before, all[place] ?? [], odd), message),
          );
          if ("code" in found) expect(["PAYLOAD_INVALID", "VERSION_UNKNOWN", "NUMBER_NOT_FINITE"]).toContain(found.code);
          else expect(wrongIn(found.measured)).toEqual([]);
        },
      ),
      { numRuns: 6_000, seed: 5 },
    );
  }, 60_000);
});
