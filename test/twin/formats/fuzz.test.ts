import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readAnswers } from "../../../server/twin/formats/index.ts";
import { readTelemetry } from "../../../server/twin/formats/native.ts";
import { parseAnswerText } from "../../../server/twin/formats/text.ts";
import { RANGES, type Range } from "../../../server/twin/plausible.ts";
import type { Measured } from "../../../server/twin/reading.ts";
import { answersOf, CAPTURES, numbersIn } from "./captured.ts";

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

/** What damaged memory, other firmware and other languages put where a value should be. */
const ODD: readonly unknown[] = [
  null,
  "",
  "nan",
  "NaN",
  "-inf",
  "1e999",
  "abc",
  "483k",
  "0x1F",
  "12,5",
  "N/A",
  "--",
  -1,
  0,
  255,
  -273,
  65535,
  1e308,
  -1e308,
  1e-320,
  2 ** 53,
  0.5,
  true,
  false,
  [],
  {},
  [[]],
  [null],
  [{}],
  ["1-2-3"],
  { a: {} },
  "-1--2--3",
  "\u0000",
  "🔥",
  "x".repeat(5000),
  "Ver[",
  "PVT_T0[1 2",
  "}{",
  "[",
  "__proto__",
];

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

/** Chips one by one would be most of the places of that machine. */
const smaller = (folder: string): Record<string, unknown> => {
  const answers = answersOf(folder);
  delete answers["healthchipget_0"];
  delete answers["profiles"];
  return answers;
};

describe("damaged answers", () => {
  test.each(CAPTURES)(
    "%s: fifteen hundred readings with up to eight odd values each are read or refused, and never lie",
    (folder) => {
      const answers = smaller(folder);
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
        { numRuns: 1_500, seed: 1 },
      );
    },
    120_000,
  );

  test.each(CAPTURES)(
    "%s: text with bytes missing, doubled or cut off is read or refused",
    (folder) => {
      const texts = Object.fromEntries(Object.entries(smaller(folder)).map(([name, answer]) => [name, JSON.stringify(answer)]));
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
      { numRuns: 5_000, seed: 3 },
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
      { numRuns: 20_000, seed: 4 },
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
      { numRuns: 20_000, seed: 5 },
    );
  }, 60_000);
});
