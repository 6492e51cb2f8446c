import { describe, expect, test } from "@jest/globals";
import { readAnswersEnvelope, readBirth, readEnergy, readState, readTelemetry } from "../../../server/twin/formats/native.ts";
import { NO_IDENTITY, NOTHING_MEASURED } from "../../../server/twin/reading.ts";

const TS = 1_763_700_000_000;
const HEAD = { v: 1, ts: TS, seq: 7, boot: "b1" };
const told = (m: unknown): unknown => ({ ...HEAD, m });
const accepted = <Found extends object>(found: Found): Exclude<Found, { code: string }> => {
  if ("code" in found && "detail" in found) throw new Error(String(found.detail));
  return found as Exclude<Found, { code: string }>;
};

describe("telemetry", () => {
  test("an empty m is a reading in which nothing was measured", () => {
    expect(readTelemetry(told({}))).toEqual({ ts: TS, seq: 7, boot: "b1", measured: NOTHING_MEASURED, quality: {} });
  });
  test("everything that can be said is kept, and what is unknown is left out", () => {
    const m = {
      mode: "mining",
      hashrateThs: 199.8,
      averageThs: 200.1,
      expectedThs: 200,
      powerW: 3512,
      powerLimitW: 3600,
      intakeC: -12.5,
      outletC: 41.2,
      boardC: 62.5,
      chipC: 71.2,
      psuC: 50,
      voltageV: 13.4,
      frequencyMhz: 490,
      fanPct: 70,
      accepted: 10,
      rejected: 1,
      stale: 0,
      hwErrors: 3,
      hwErrorPct: 0.01,
      uptimeS: 86_400,
      fans: [{ index: 0, rpm: 5880 }],
      boards: [
        {
          index: 1,
          hashrateThs: 66.6,
          expectedThs: 66.7,
          boardC: 62.5,
          chipC: 71.2,
          inletC: 30,
          outletC: 62,
          chips: 108,
          expectedChips: 108,
          frequencyMhz: 490,
          voltageV: 13.4,
          hwErrors: 3,
          serial: "X1",
          chipMap: [
            { index: 0, tempC: 70, hashrateGhs: 600, frequencyMhz: 490, voltageV: 0.3, errors: 0, row: 0, column: 0, working: true },
          ],
        },
      ],
      pools: [{ index: 0, url: "stratum+tcp://a:1", worker: "w", active: true, alive: true, accepted: 10, rejected: 1, stale: 0 }],
      errors: [{ code: "FAN_FAILED", severity: "critical", component: "fan", index: 0, raw: "fan 1 lost" }],
    };
    expect(accepted(readTelemetry(told({ ...m, colour: "blue" }))).measured).toEqual(m);
  });
  test.each<[string, unknown, string, unknown]>([
    ["absolute zero", { boardC: -273 }, "boardC", "sentinel"],
    ["AxeOS' minus one", { psuC: -1 }, "psuC", "sentinel"],
    ["all bits set", { chipC: 255 }, "chipC", "sentinel"],
    ["an unread register", { boardC: 0 }, "boardC", "sentinel"],
    ["a chip at 400 °C", { chipC: 400 }, "chipC", "implausible"],
    ["an exahash", { hashrateThs: 1e6 }, "hashrateThs", "implausible"],
    ["negative power", { powerW: -5 }, "powerW", "implausible"],
    ["half a share", { accepted: 1.5 }, "accepted", "implausible"],
    ["a fan at 65535", { fans: [{ index: 0, rpm: 65_535 }] }, "fans.0.rpm", "sentinel"],
    ["one board's sensor", { boards: [{ index: 0 }, { index: 1, boardC: 255 }] }, "boards.1.boardC", "sentinel"],
    ["one chip's sensor", { boards: [{ index: 0, chipMap: [{ index: 0, tempC: -127 }] }] }, "boards.0.chipMap.0.tempC", "sentinel"],
  ])("%s costs the value, not the reading", (_, m, path, quality) => {
    const { measured, quality: found } = accepted(readTelemetry(told(m)));
    expect(found).toEqual({ [path]: quality });
    const value = path.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], measured);
    expect(value).toBeNull();
  });
  test.each([0, -1, -12.5])("%i °C around a rig is weather", (intakeC) => {
    expect(accepted(readTelemetry(told({ intakeC })))).toMatchObject({ measured: { intakeC }, quality: {} });
  });

  const NUMBERS = [
    "hashrateThs",
    "averageThs",
    "expectedThs",
    "powerW",
    "powerLimitW",
    "intakeC",
    "outletC",
    "boardC",
    "chipC",
    "psuC",
    "voltageV",
    "frequencyMhz",
    "fanPct",
    "accepted",
    "rejected",
    "stale",
    "hwErrors",
    "hwErrorPct",
    "uptimeS",
  ];
  const BOARD_NUMBERS = [
    "hashrateThs",
    "expectedThs",
    "boardC",
    "chipC",
    "inletC",
    "outletC",
    "chips",
    "expectedChips",
    "frequencyMhz",
    "voltageV",
    "hwErrors",
  ];
  test.each(NUMBERS)("m.%s must be a number", (name) => {
    expect(readTelemetry(told({ [name]: "12" }))).toEqual({
      code: "PAYLOAD_INVALID",
      detail: `m.${name}: expected a number or null, got string.`,
    });
  });
  test.each(BOARD_NUMBERS)("m.boards[1].%s must be a number", (name) => {
    expect(readTelemetry(told({ boards: [{}, { [name]: "NaN" }] }))).toEqual({
      code: "PAYLOAD_INVALID",
      detail: `m.boards[1].${name}: expected a number or null, got string.`,
    });
  });
  test.each<[string, unknown, string]>([
    ["m", [], "m: expected an object, got array."],
    ["m", undefined, "m: expected an object, got undefined."],
    ["mode", { mode: "asleep" }, 'm.mode: expected one of unknown, mining, tuning, paused, fault, got "asleep".'],
    ["fans", { fans: {} }, "m.fans: expected an array, got object."],
    ["fans", { fans: [7] }, "m.fans[0]: expected an object, got number."],
    ["fans", { fans: [{ index: 64 }] }, "m.fans[0].index: expected an integer from 0 to 63, got 64."],
    ["fans", { fans: [{ rpm: true }] }, "m.fans[0].rpm: expected a number or null, got boolean."],
    ["fans", { fans: Array.from({ length: 65 }, () => ({})) }, "m.fans: 65 entries; at most 64 are read."],
    ["boards", { boards: Array.from({ length: 17 }, () => ({})) }, "m.boards: 17 entries; at most 16 are read."],
    ["boards", { boards: [{ index: 1 }, { index: 1 }] }, "m.boards[1].index: 1 is there twice."],
    ["boards", { boards: [{ index: -1 }] }, "m.boards[0].index: expected an integer from 0 to 15, got -1."],
    ["serial", { boards: [{ serial: 5 }] }, "m.boards[0].serial: expected a string or null, got number."],
    ["serial", { boards: [{ serial: "x".repeat(65) }] }, "m.boards[0].serial: longer than 64 characters."],
    [
      "chipMap",
      { boards: [{ chipMap: Array.from({ length: 1001 }, () => ({})) }] },
      "m.boards[0].chipMap: 1001 entries; at most 1000 are read.",
    ],
    [
      "chipMap",
      { boards: [{}, { chipMap: [{}, {}, { tempC: "hot" }] }] },
      "m.boards[1].chipMap[2].tempC: expected a number or null, got string.",
    ],
    [
      "chipMap",
      { boards: [{ chipMap: [{ working: "yes" }] }] },
      "m.boards[0].chipMap[0].working: expected true, false or null, got string.",
    ],
    ["pools", { pools: Array.from({ length: 17 }, () => ({})) }, "m.pools: 17 entries; at most 16 are read."],
    ["pools", { pools: [{ url: 1 }] }, "m.pools[0].url: expected a string or null, got number."],
    ["pools", { pools: [{ active: 1 }] }, "m.pools[0].active: expected true, false or null, got number."],
    ["errors", { errors: [{ severity: "bad" }] }, 'm.errors[0].severity: expected one of critical, major, minor, info, got "bad".'],
    [
      "errors",
      { errors: [{ component: 3 }] },
      "m.errors[0].component: expected one of miner, board, chip, fan, psu, control-board, pool, network, got number.",
    ],
  ])("%s: %p is refused by name", (_, m, detail) => {
    expect(readTelemetry(told(m))).toEqual({ code: "PAYLOAD_INVALID", detail });
  });
  test.each<[string, unknown, string]>([
    ["not an object", 5, "The message: expected an object, got number."],
    ["without a time", { v: 1, seq: 1, boot: "b", m: {} }, "ts: expected an integer, ms since 1970 UTC, got undefined."],
    ["a time as text", { ...HEAD, ts: "2026-11-21" }, "ts: expected an integer, ms since 1970 UTC, got string."],
    ["half a millisecond", { ...HEAD, ts: 1.5 }, "ts: expected an integer, ms since 1970 UTC, got 1.5."],
    ["a falling sequence", { ...HEAD, seq: -1 }, "seq: expected an integer from 0, counting up within a boot, got -1."],
    [
      "a sequence beyond counting",
      { ...HEAD, seq: 2 ** 53 },
      "seq: expected an integer from 0, counting up within a boot, got 9007199254740992.",
    ],
    ["no boot", { ...HEAD, boot: "" }, "boot: expected a string of 1 to 64 characters, got one of 0."],
    ["a boot that is no text", { ...HEAD, boot: 5 }, "boot: expected a string of 1 to 64 characters, got 5."],
  ])("%s is refused", (_, message, detail) => {
    expect(readTelemetry(message)).toEqual({ code: "PAYLOAD_INVALID", detail });
  });
  test("another version is told apart from a damaged message", () => {
    expect(readTelemetry({ ...HEAD, v: 2, m: {} })).toEqual({ code: "VERSION_UNKNOWN", detail: "v: this server reads version 1, got 2." });
  });
  test("a number too large for one is refused as such", () => {
    expect(readTelemetry(told({ powerW: JSON.parse("1e999") }))).toEqual({
      code: "NUMBER_NOT_FINITE",
      detail: "m.powerW: the number is too large to be one.",
    });
  });
});

describe("the other messages", () => {
  test("birth", () => {
    const nameplate = { hashrateThs: 200, powerW: 3500, boards: 3, chips: 108, fans: 4 };
    const position = { container: "C1", rack: "R2", slot: "07" };
    expect(
      readBirth({
        v: 1,
        ts: TS,
        boot: "b1",
        identity: { make: "Bitmain", boardSerials: ["a", null] },
        nameplate,
        position,
        capabilities: [],
      }),
    ).toEqual({
      ts: TS,
      boot: "b1",
      identity: { ...NO_IDENTITY, make: "Bitmain", boardSerials: ["a", null] },
      nameplate,
      position,
    });
    expect(readBirth({ v: 1, ts: TS, boot: "b1" })).toEqual({ ts: TS, boot: "b1", identity: NO_IDENTITY, nameplate: null, position: null });
  });
  test.each<[unknown, string]>([
    [{ identity: [] }, "identity: expected an object or null, got array."],
    [{ identity: { model: 21 } }, "identity.model: expected a string or null, got number."],
    [{ identity: { boardSerials: "a" } }, "identity.boardSerials: expected an array of at most 16 strings or nulls."],
    [{ nameplate: { hashrateThs: 200 } }, "nameplate.powerW: expected a number from 0 to 20000, got undefined."],
    [
      { nameplate: { hashrateThs: 200, powerW: 3500, boards: 2.5, chips: 1, fans: 1 } },
      "nameplate.boards: expected an integer from 0 to 16, got 2.5.",
    ],
    [{ position: { container: "C1", rack: "" } }, "position.rack: expected a name."],
  ])("birth %p is refused by name", (part, detail) => {
    expect(readBirth({ v: 1, ts: TS, boot: "b1", ...(part as object) })).toEqual({ code: "PAYLOAD_INVALID", detail });
  });
  test("state", () => {
    expect(readState({ v: 1, ts: TS, state: "lost" })).toEqual({ ts: TS, state: "lost" });
    expect(readState({ v: 1, ts: TS, state: "gone" })).toEqual({
      code: "PAYLOAD_INVALID",
      detail: 'state: expected one of online, offline, lost, got "gone".',
    });
  });
  test("energy: a battery that charges is negative, an impossible ambient is left out", () => {
    expect(
      readEnergy({
        ...HEAD,
        m: {
          meteredW: 210_000,
          sourcesW: { grid: 180_000, solar: 40_000, battery: -10_000 },
          gridGco2ePerKwh: 320,
          pricePerKwh: 0.07,
          currency: "EUR",
          ambientC: 400,
        },
      }),
    ).toEqual({
      ts: TS,
      seq: 7,
      boot: "b1",
      meteredW: 210_000,
      sourcesW: { grid: 180_000, solar: 40_000, battery: -10_000 },
      gridGco2ePerKwh: 320,
      pricePerKwh: 0.07,
      currency: "EUR",
      ambientC: null,
    });
  });
  test.each<[unknown, string]>([
    [{}, "m.meteredW: expected a number from -1000000000 to 1000000000, got undefined."],
    [{ meteredW: "5" }, "m.meteredW: expected a number from -1000000000 to 1000000000, got string."],
    [
      { meteredW: 1, sourcesW: { nuclear: 5 } },
      "m.sourcesW.nuclear: not a known source; these are grid, solar, wind, hydro, gas, battery.",
    ],
    [{ meteredW: 1, sourcesW: { grid: "5" } }, "m.sourcesW.grid: expected a number from -1000000000 to 1000000000, got string."],
    [{ meteredW: 1, pricePerKwh: "5" }, "m.pricePerKwh: expected a number or null, got string."],
    [{ meteredW: 1, currency: "eur" }, 'm.currency: expected three capital letters (ISO 4217), got "eur".'],
  ])("energy %p is refused by name", (m, detail) => {
    expect(readEnergy({ ...HEAD, m })).toEqual({ code: "PAYLOAD_INVALID", detail });
  });
  test("answers are handed on untouched", () => {
    const answers = { stats: { a: 1 } };
    const found = accepted(readAnswersEnvelope({ ...HEAD, answers }));
    expect(found.answers).toBe(answers);
    expect(readAnswersEnvelope({ ...HEAD, answers: {} })).toEqual({
      code: "PAYLOAD_INVALID",
      detail: "answers: 0 answers; from 1 to 64 are read.",
    });
    expect(readAnswersEnvelope({ ...HEAD, answers: "x" })).toEqual({
      code: "PAYLOAD_INVALID",
      detail: "answers: expected an object of command and answer, got string.",
    });
  });
});
