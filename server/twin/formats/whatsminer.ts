/** Whatsminers with API v1 and v2 on TCP 4028: cgminer's sections with MicroBT's fields, and `{STATUS, Code: 131, Msg: {…}}`. Rates in MH/s. */
import { faultOf } from "../faults.ts";
import { findModel, type Model } from "../models.ts";
import { NO_IDENTITY, type DeviceError, type Identity, type Mode } from "../reading.ts";
import { get, isObject, mac, num, rate, rowsOf, truth, txt, type Answers, type Json } from "./answers.ts";
import { descriptionsOf, poolsOf, summaryOf } from "./cgminer-rows.ts";
import { finish, zeroIsNone, type BoardDraft, type Format, type Raw } from "./draft.ts";
import { whatsminerFault, whatsminerFaults } from "./whatsminer-faults.ts";

const messagesOf = (answers: Answers): readonly Json[] => answers.parts.map((part) => part["Msg"]).filter(isObject);
const told = (answers: Answers, ...names: readonly string[]): unknown =>
  messagesOf(answers)
    .map((message) => get(message, ...names))
    .find((value) => value !== undefined && value !== "");

const isBoard = (row: Json): boolean => "PCB SN" in row || "Effective Chips" in row || "Upfreq Complete" in row;
const isSummary = (row: Json): boolean => "HS RT" in row || "Factory GHS" in row || "Power Fanspeed" in row || "Power Mode" in row;

/** "HS RT" has no unit in its name; it is MH/s like the rest. */
const realtime = (row: Json | undefined): number | null => {
  const value = num(get(row, "HS RT"));
  return value === null ? null : value * 1e-6;
};

const boardOf = (row: Json, position: number): BoardDraft => {
  const slot = num(get(row, "Slot", "ASC"));
  const factory = num(get(row, "Factory GHS"));
  return {
    index: slot ?? position,
    hashrateThs: realtime(row) ?? rate(row, "MHS 1m", "MHS 5s", "MHS av"),
    expectedThs: factory === null ? null : factory * 1e-3,
    boardC: num(get(row, "Temperature", "Tenperature")),
    chipC: num(get(row, "Chip Temp Max")),
    chips: num(get(row, "Effective Chips")),
    frequencyMhz: num(get(row, "Chip Frequency", "Frequency")),
    hwErrors: num(get(row, "Hardware Errors")),
    serial: txt(get(row, "PCB SN"), 64),
  };
};

const modeOf = (answers: Answers, summary: Json | undefined, rows: readonly Json[]): Mode => {
  const off = truth(told(answers, "mineroff", "btmineroff"));
  if (off === true || /sleep/i.test(txt(told(answers, "power_mode")) ?? "")) return "paused";
  if (summary === undefined && rows.length === 0) return off === false ? "mining" : "unknown";
  const climbing =
    rows.some((row) => num(get(row, "Upfreq Complete")) === 0) ||
    num(get(summary, "Upfreq Complete")) === 0 ||
    get(summary, "Hash Stable") === false;
  return climbing ? "tuning" : "mining";
};

const errorsOf = (answers: Answers, summary: Json | undefined): DeviceError[] => {
  const errors = whatsminerFaults(told(answers, "error_code", "error-code"));
  for (const [name, value] of Object.entries(summary ?? {})) {
    const code = /^Error Code \d+$/.test(name) ? (typeof value === "number" ? String(value) : txt(value)) : null;
    if (code !== null && code !== "0" && !errors.some((error) => error.raw.startsWith(code))) errors.push(whatsminerFault(code, null));
  }
  const factory = num(get(summary, "Factory Error Code Count"));
  if (factory !== null && factory > 0) errors.push(faultOf("UNMAPPED", `Factory Error Code Count ${factory}`));
  return errors;
};

/** 0 °C is weather while the chips have a temperature; beside chips of 0 °C it is a sensor that is off. */
export const aroundIt = (celsius: number | null, chipC: number | null): Raw => ((chipC ?? 0) === 0 ? zeroIsNone(celsius) : celsius);

/** v1 has 11.80 V as 1180. */
const volts = (value: number | null): number | null => (value !== null && value > 100 ? value / 100 : value);

const identityOf = (
  answers: Answers,
  model: Model | null,
  type: string | null,
  summary: Json | undefined,
  boards: readonly BoardDraft[],
): Identity => ({
  ...NO_IDENTITY,
  make: "MicroBT",
  model: nameOf(model, type),
  firmware: txt(told(answers, "fw_ver", "Firmware Version", "FirmwareVersion")) ?? txt(get(summary, "Firmware Version")),
  serial: txt(told(answers, "minersn", "miner_sn", "miner-sn"), 64),
  mac: mac(told(answers, "mac")) ?? mac(get(summary, "MAC")),
  ip: txt(told(answers, "ip"), 64),
  hostname: txt(told(answers, "hostname")),
  psuSerial: txt(told(answers, "serial_no", "powersn"), 64),
  boardSerials: boards.map((board) => board.serial ?? null),
});

/** "M60S_VK40" → "Whatsminer M60S VK40": the line and its hash board. */
export const nameOf = (model: Model | null, type: string | null): string | null => {
  if (type === null) return model?.name ?? null;
  const board = /[_ ](V[A-Z]?\d\w*)$/i.exec(type.trim())?.[1];
  if (model !== null) return board === undefined ? model.name : `${model.name} ${board.toUpperCase()}`;
  return /whatsminer/i.test(type) ? type : `Whatsminer ${type.replace(/_/g, " ")}`;
};

export const whatsminer: Format = {
  name: "whatsminer",
  score: (answers) => {
    if (descriptionsOf(answers).some((text) => /whatsminer|btminer/i.test(text))) return 92;
    if (rowsOf(answers, "DEVS").some(isBoard) || rowsOf(answers, "SUMMARY").some(isSummary)) return 90;
    if (rowsOf(answers, "DEVDETAILS").some((row) => findModel("MicroBT", txt(get(row, "Model")))?.make === "MicroBT")) return 90;
    return messagesOf(answers).some(
      (message) => "fw_ver" in message || "btmineroff" in message || "mineroff" in message || "minersn" in message,
    )
      ? 80
      : 0;
  },
  parse: (answers) => {
    const summary = rowsOf(answers, "SUMMARY")[0];
    // `edevs` lists what `devs` lists; one of the two is enough
    const parts = answers.parts.find((part) => Array.isArray(part["DEVS"]));
    const rows = parts === undefined ? [] : (parts["DEVS"] as readonly unknown[]).filter(isObject);
    const boards = rows.map(boardOf);
    const type =
      txt(
        rowsOf(answers, "DEVDETAILS")
          .map((row) => get(row, "Model"))
          .find((value) => txt(value) !== null),
      ) ??
      txt(told(answers, "miner_type", "type")) ??
      txt(get(summary, "Miner Type"));
    const model = findModel("MicroBT", type);
    const base = summaryOf(answers);
    const [fanIn, fanOut] = [num(get(summary, "Fan Speed In")), num(get(summary, "Fan Speed Out"))];
    const liquid = truth(get(summary, "Liquid Cooling")) === true || (model !== null && model.cooling !== "air");
    const standing = (fanIn ?? 0) === 0 && (fanOut ?? 0) === 0;
    const target = rate(summary, "Target MHS");
    const factory = num(get(summary, "Factory GHS"));
    const power = num(get(summary, "Power"));
    return finish(
      identityOf(answers, model, type, summary, boards),
      {
        ...base,
        mode: modeOf(answers, summary, rows),
        hashrateThs: realtime(summary) ?? base.hashrateThs,
        expectedThs: (target ?? 0) > 0 ? target : factory === null ? null : factory * 1e-3,
        powerW: power !== null && power > 0 ? power : (num(get(summary, "Power_RT")) ?? power),
        powerLimitW: num(get(summary, "Power Limit")),
        intakeC: aroundIt(num(get(summary, "Env Temp")), num(get(summary, "Chip Temp Max"))),
        boardC: num(get(summary, "Temperature", "Tenperature")),
        chipC: num(get(summary, "Chip Temp Max")),
        psuC: num(told(answers, "temp0")),
        voltageV: volts(num(get(summary, "Voltage"))),
        frequencyMhz: num(get(summary, "freq_avg")),
        fans: (fanIn === null && fanOut === null) || (liquid && standing) ? [] : [fanIn, fanOut],
        boards,
        pools: poolsOf(answers),
        errors: errorsOf(answers, summary),
      },
      model,
    );
  },
};
