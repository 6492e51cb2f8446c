/**
 * Our own dialect, `rigtwin/v1`. Written by hand and not by a schema library: this is what every reading of ten thousand rigs
 * passes through. A wrong type refuses the message and names the field; a number of the right type that cannot be true keeps the
 * message and becomes null with a quality. Unknown fields are ignored. Nothing here throws.
 */
import { RANGES, verdictOf, type Range } from "../plausible.ts";
import {
  NOTHING_MEASURED,
  type BoardReading,
  type ChipReading,
  type DeviceError,
  type FanReading,
  type Measured,
  type PoolReading,
  type Quality,
} from "../reading.ts";
import { refusal, type Refusal } from "../refusal.ts";
import { headOf, invalid, isObject, kindOf, type Check, type Head, type Json } from "./message.ts";

/** Characters. */
export const MOST_TEXT = { boot: 64, serial: 64, url: 512, worker: 256 } as const;
export const MOST = { boards: 16, chips: 1_000, fans: 64, pools: 16, errors: 64 } as const;

export interface Telemetry {
  readonly ts: number;
  readonly seq: number;
  readonly boot: string;
  readonly measured: Measured;
  readonly quality: Readonly<Record<string, Quality>>;
}

const NO_QUALITY: Readonly<Record<string, Quality>> = Object.freeze({});
const NOTHING: readonly never[] = Object.freeze([]);

/** `at` is where the object stands ("boards", 1), empty for the message's own `m`. */
const pathOf = (at: string, index: number, key: string): string => (index < 0 ? key : `${at}.${index}.${key}`);
const nameOf = (at: string, index: number, key: string): string =>
  index < 0 ? `m.${key}` : `m.${at.replace(/\.(\d+)/g, "[$1]")}[${index}].${key}`;

const doubtful = (check: Check, of: Range, value: number, at: string, index: number, key: string): null => {
  if (!Number.isFinite(value)) {
    check.fault ??= refusal("NUMBER_NOT_FINITE", `${nameOf(at, index, key)}: the number is too large to be one.`);
    return null;
  }
  const verdict = verdictOf(of, value);
  if (verdict !== "ok") (check.quality ??= {})[pathOf(at, index, key)] = verdict;
  return null;
};

const number = (check: Check, value: unknown, of: Range, at: string, index: number, key: string): number | null => {
  if (typeof value === "number") {
    // NaN and infinities fail the comparisons; the short list of sentinels is only searched for numbers that are in range
    if (value >= of.lo && value <= of.hi && (!of.integer || Number.isInteger(value)) && !of.sentinels.includes(value)) return value;
    return doubtful(check, of, value, at, index, key);
  }
  if (value === undefined || value === null) return null;
  invalid(check, `${nameOf(at, index, key)}: expected a number or null, got ${kindOf(value)}.`);
  return null;
};

const text = (check: Check, value: unknown, most: number, at: string, index: number, key: string): string | null => {
  if (typeof value === "string") {
    if (value.length <= most) return value;
    invalid(check, `${nameOf(at, index, key)}: longer than ${most} characters.`);
  } else if (value !== undefined && value !== null)
    invalid(check, `${nameOf(at, index, key)}: expected a string or null, got ${kindOf(value)}.`);
  return null;
};

const truth = (check: Check, value: unknown, at: string, index: number, key: string): boolean | null => {
  if (typeof value === "boolean") return value;
  if (value !== undefined && value !== null)
    invalid(check, `${nameOf(at, index, key)}: expected true, false or null, got ${kindOf(value)}.`);
  return null;
};

const word = <Word extends string>(check: Check, value: unknown, words: readonly Word[], otherwise: Word, name: string): Word => {
  if (value === undefined || value === null) return otherwise;
  const found = words.indexOf(value as Word);
  if (found >= 0) return words[found] as Word;
  invalid(
    check,
    `${name}: expected one of ${words.join(", ")}${typeof value === "string" ? `, got "${value.slice(0, 40)}"` : `, got ${kindOf(value)}`}.`,
  );
  return otherwise;
};

const placeOf = (check: Check, value: unknown, most: number, at: string, position: number): number => {
  if (value === undefined) return position;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < most) return value;
  invalid(
    check,
    `m.${at}[${position}].index: expected an integer from 0 to ${most - 1}, got ${typeof value === "number" ? value : kindOf(value)}.`,
  );
  return position;
};

/** Reads an array of objects; absent is empty. */
const list = <Row extends object>(
  check: Check,
  value: unknown,
  most: number,
  at: string,
  read: (check: Check, row: Json, position: number) => Row,
): readonly Row[] => {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return NOTHING;
  if (!Array.isArray(value)) {
    invalid(check, `m.${at}: expected an array, got ${kindOf(value)}.`);
    return NOTHING;
  }
  if (value.length > most) {
    invalid(check, `m.${at}: ${value.length} entries; at most ${most} are read.`);
    return NOTHING;
  }
  // `map` makes it as long as it is; one that grows keeps room for seventeen, in every reading that a farm remembers.
  return value.map((row: unknown, position) => {
    if (isObject(row)) return read(check, row, position);
    invalid(check, `m.${at}[${position}]: expected an object, got ${kindOf(row)}.`);
    return read(check, {}, position);
  });
};

const fan = (check: Check, row: Json, position: number): FanReading => ({
  index: placeOf(check, row["index"], MOST.fans, "fans", position),
  rpm: number(check, row["rpm"], RANGES.rpm, "fans", position, "rpm"),
});

const chipOf = (board: number) => {
  const at = `boards.${board}.chipMap`;
  return (check: Check, row: Json, position: number): ChipReading => ({
    index: placeOf(check, row["index"], MOST.chips, `boards[${board}].chipMap`, position),
    tempC: number(check, row["tempC"], RANGES.partC, at, position, "tempC"),
    hashrateGhs: number(check, row["hashrateGhs"], RANGES.chipGhs, at, position, "hashrateGhs"),
    frequencyMhz: number(check, row["frequencyMhz"], RANGES.frequencyMhz, at, position, "frequencyMhz"),
    voltageV: number(check, row["voltageV"], RANGES.chipV, at, position, "voltageV"),
    errors: number(check, row["errors"], RANGES.count, at, position, "errors"),
    row: number(check, row["row"], RANGES.place, at, position, "row"),
    column: number(check, row["column"], RANGES.place, at, position, "column"),
    working: truth(check, row["working"], at, position, "working"),
  });
};

const board = (check: Check, row: Json, position: number): BoardReading => ({
  index: placeOf(check, row["index"], MOST.boards, "boards", position),
  hashrateThs: number(check, row["hashrateThs"], RANGES.boardThs, "boards", position, "hashrateThs"),
  expectedThs: number(check, row["expectedThs"], RANGES.boardThs, "boards", position, "expectedThs"),
  boardC: number(check, row["boardC"], RANGES.partC, "boards", position, "boardC"),
  chipC: number(check, row["chipC"], RANGES.partC, "boards", position, "chipC"),
  inletC: number(check, row["inletC"], RANGES.airC, "boards", position, "inletC"),
  outletC: number(check, row["outletC"], RANGES.airC, "boards", position, "outletC"),
  chips: number(check, row["chips"], RANGES.chips, "boards", position, "chips"),
  expectedChips: number(check, row["expectedChips"], RANGES.chips, "boards", position, "expectedChips"),
  frequencyMhz: number(check, row["frequencyMhz"], RANGES.frequencyMhz, "boards", position, "frequencyMhz"),
  voltageV: number(check, row["voltageV"], RANGES.boardV, "boards", position, "voltageV"),
  hwErrors: number(check, row["hwErrors"], RANGES.count, "boards", position, "hwErrors"),
  serial: text(check, row["serial"], MOST_TEXT.serial, "boards", position, "serial"),
  chipMap:
    row["chipMap"] === undefined ? NOTHING : list(check, row["chipMap"], MOST.chips, `boards[${position}].chipMap`, chipOf(position)),
});

const pool = (check: Check, row: Json, position: number): PoolReading => ({
  index: placeOf(check, row["index"], MOST.pools, "pools", position),
  url: text(check, row["url"], MOST_TEXT.url, "pools", position, "url") ?? "",
  worker: text(check, row["worker"], MOST_TEXT.worker, "pools", position, "worker"),
  active: truth(check, row["active"], "pools", position, "active") ?? false,
  alive: truth(check, row["alive"], "pools", position, "alive"),
  accepted: number(check, row["accepted"], RANGES.count, "pools", position, "accepted"),
  rejected: number(check, row["rejected"], RANGES.count, "pools", position, "rejected"),
  stale: number(check, row["stale"], RANGES.count, "pools", position, "stale"),
});

const SEVERITIES = ["critical", "major", "minor", "info"] as const;
const COMPONENTS = ["miner", "board", "chip", "fan", "psu", "control-board", "pool", "network"] as const;
const MODES = ["unknown", "mining", "tuning", "paused", "fault"] as const;

const deviceError = (check: Check, row: Json, position: number): DeviceError => ({
  code: text(check, row["code"], 64, "errors", position, "code") ?? "UNMAPPED",
  severity: word(check, row["severity"], SEVERITIES, "minor", `m.errors[${position}].severity`),
  component: word(check, row["component"], COMPONENTS, "miner", `m.errors[${position}].component`),
  index: number(check, row["index"], RANGES.place, "errors", position, "index"),
  raw: text(check, row["raw"], 1_000, "errors", position, "raw") ?? "",
});

const twice = (check: Check, rows: readonly { readonly index: number }[], at: string): void => {
  for (let later = 1; later < rows.length; later++) {
    for (let earlier = 0; earlier < later; earlier++) {
      if (rows[earlier]?.index === rows[later]?.index) invalid(check, `m.${at}[${later}].index: ${rows[later]?.index} is there twice.`);
    }
  }
};

const measuredOf = (check: Check, m: Json): Measured => {
  const fans = list(check, m["fans"], MOST.fans, "fans", fan);
  const boards = list(check, m["boards"], MOST.boards, "boards", board);
  const pools = list(check, m["pools"], MOST.pools, "pools", pool);
  twice(check, fans, "fans");
  twice(check, boards, "boards");
  twice(check, pools, "pools");
  return {
    mode: word(check, m["mode"], MODES, NOTHING_MEASURED.mode, "m.mode"),
    hashrateThs: number(check, m["hashrateThs"], RANGES.rigThs, "", -1, "hashrateThs"),
    averageThs: number(check, m["averageThs"], RANGES.rigThs, "", -1, "averageThs"),
    expectedThs: number(check, m["expectedThs"], RANGES.rigThs, "", -1, "expectedThs"),
    powerW: number(check, m["powerW"], RANGES.powerW, "", -1, "powerW"),
    powerLimitW: number(check, m["powerLimitW"], RANGES.powerW, "", -1, "powerLimitW"),
    intakeC: number(check, m["intakeC"], RANGES.airC, "", -1, "intakeC"),
    outletC: number(check, m["outletC"], RANGES.airC, "", -1, "outletC"),
    boardC: number(check, m["boardC"], RANGES.partC, "", -1, "boardC"),
    chipC: number(check, m["chipC"], RANGES.partC, "", -1, "chipC"),
    psuC: number(check, m["psuC"], RANGES.partC, "", -1, "psuC"),
    voltageV: number(check, m["voltageV"], RANGES.voltageV, "", -1, "voltageV"),
    frequencyMhz: number(check, m["frequencyMhz"], RANGES.frequencyMhz, "", -1, "frequencyMhz"),
    fanPct: number(check, m["fanPct"], RANGES.percent, "", -1, "fanPct"),
    accepted: number(check, m["accepted"], RANGES.count, "", -1, "accepted"),
    rejected: number(check, m["rejected"], RANGES.count, "", -1, "rejected"),
    stale: number(check, m["stale"], RANGES.count, "", -1, "stale"),
    hwErrors: number(check, m["hwErrors"], RANGES.count, "", -1, "hwErrors"),
    hwErrorPct: number(check, m["hwErrorPct"], RANGES.percent, "", -1, "hwErrorPct"),
    uptimeS: number(check, m["uptimeS"], RANGES.uptimeS, "", -1, "uptimeS"),
    fans,
    boards,
    pools,
    errors: list(check, m["errors"], MOST.errors, "errors", deviceError),
  };
};

const SEQ_AND_BOOT = { seq: true, boot: true } as const;

/** `{v:1, ts, seq, boot, m}` of …/telemetry: the reading's values, or why the message is refused. */
export const readTelemetry = (json: unknown): Telemetry | Refusal => {
  const head = headOf(json, SEQ_AND_BOOT);
  if ("code" in head) return head;
  const m = (json as Json)["m"];
  if (!isObject(m)) return refusal("PAYLOAD_INVALID", `m: expected an object, got ${kindOf(m)}.`);
  const check: Check = { fault: null, quality: null };
  const measured = measuredOf(check, m);
  return check.fault ?? { ts: head.ts, seq: head.seq, boot: head.boot, measured, quality: check.quality ?? NO_QUALITY };
};

/** `{v:1, ts, seq, boot, answers}` of …/answers: the answers untouched, for `readAnswers`. */
export const readAnswersEnvelope = (json: unknown): (Head & { readonly answers: Readonly<Record<string, unknown>> }) | Refusal => {
  const head = headOf(json, SEQ_AND_BOOT);
  if ("code" in head) return head;
  const answers = (json as Json)["answers"];
  if (!isObject(answers)) return refusal("PAYLOAD_INVALID", `answers: expected an object of command and answer, got ${kindOf(answers)}.`);
  const count = Object.keys(answers).length;
  if (count === 0 || count > 64) return refusal("PAYLOAD_INVALID", `answers: ${count} answers; from 1 to 64 are read.`);
  return { ...head, answers };
};

export { readBirth, readEnergy, readState, type Birth } from "./native-site.ts";
