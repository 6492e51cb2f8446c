/** LuxOS of Luxor on TCP 4028: cgminer's sections and its own (`config`, `power`, `temps`, `fans`, `events`, `healthchipget`). */
import { faultOf, type FaultCode } from "../faults.ts";
import { findModel } from "../models.ts";
import { RANGES } from "../plausible.ts";
import { NO_IDENTITY, type DeviceError, type Mode } from "../reading.ts";
import { dig, get, inThs, mac, num, nums, rate, rowsOf, truth, txt, type Answers, type Json } from "./answers.ts";
import { descriptionsOf, poolsOf, summaryOf } from "./cgminer-rows.ts";
import { finish, highest, type BoardDraft, type ChipDraft, type Format, type Raw } from "./draft.ts";

const CORNERS = ["TopLeft", "TopRight", "BottomLeft", "BottomRight"] as const;

/** Which corners are at the intake, as the machine labels them; usually the right ones. */
const intakeCorners = (answers: Answers): readonly string[] => {
  const [labels] = rowsOf(answers, "METADATA");
  const told = CORNERS.filter((corner) => /intake|inlet/i.test(txt(dig(labels, corner, "Label")) ?? ""));
  return told.length > 0 ? told : ["TopRight", "BottomRight"];
};

const chipsOf = (answers: Answers, board: number): readonly ChipDraft[] =>
  rowsOf(answers, "CHIPS")
    .filter((row) => num(row["Board"]) === board)
    .map((row, position): ChipDraft => ({
      index: num(row["Chip"]) ?? position,
      hashrateGhs: num(get(row, "GHS 1m", "GHS 5m", "GHS 15m")),
      frequencyMhz: num(get(row, "Frequency")),
      tempC: num(get(row, "Temperature", "Temp")),
      row: num(get(row, "Row")),
      column: num(get(row, "Column")),
      working: truth(get(row, "Healthy")),
    }));

/** `METADATA` and chips stand beside sections of the same name in other answers, so rows are matched by their board's number. */
const boardsOf = (answers: Answers): readonly BoardDraft[] => {
  const [devs, temps, voltages] = [rowsOf(answers, "DEVS"), rowsOf(answers, "TEMPS"), rowsOf(answers, "VOLTAGE")];
  const stats = rowsOf(answers, "STATS").find((row) => "chain_acn1" in row) ?? {};
  const intake = intakeCorners(answers);
  const slots = Array.from({ length: 16 }, (_, id) => id).filter((id) => (num(stats[`chain_acn${id + 1}`]) ?? 0) > 0);
  const told = [...devs, ...temps]
    .map((row) => num(get(row, "ID")))
    .filter((id): id is number => id !== null && Number.isInteger(id) && id >= 0 && id < 16);
  return [...new Set([...told, ...slots])]
    .sort((a, b) => a - b)
    .map((id): BoardDraft => {
      const dev = devs.find((row) => num(get(row, "ID")) === id);
      const temp = temps.find((row) => num(get(row, "ID")) === id);
      const sensors = (corners: readonly string[]): readonly Raw[] => corners.map((corner) => num(temp?.[corner]));
      const pcb = nums(stats[`temp_pcb${id + 1}`]);
      const chip = nums(stats[`temp_chip${id + 1}`]);
      const nominal = num(get(dev, "Nominal MHS"));
      const chipMap = chipsOf(answers, id);
      const slotRate = num(stats[`chain_rate${id + 1}`]);
      return {
        index: id,
        hashrateThs: rate(dev, "MHS 5s", "MHS 1m", "MHS av") ?? (slotRate === null ? null : slotRate * 1e-3),
        expectedThs: nominal === null ? null : nominal * 1e-6,
        boardC: highest(RANGES.partC, [...sensors(CORNERS), ...(temp === undefined ? [...pcb, num(get(dev, "Temperature"))] : [])]),
        // older firmware repeats the board's sensors where chips should stand
        chipC: chip.join() === pcb.join() ? null : highest(RANGES.partC, chip),
        inletC: highest(RANGES.airC, sensors(intake)),
        outletC: highest(RANGES.airC, sensors(CORNERS.filter((corner) => !intake.includes(corner)))),
        chips: num(stats[`chain_acn${id + 1}`]) ?? (chipMap.length > 0 ? chipMap.length : null),
        frequencyMhz: num(stats[`freq${id + 1}`]),
        voltageV: num(voltages.find((row) => num(row["Board"]) === id)?.["Voltage"]),
        hwErrors: num(get(dev, "Hardware Errors")),
        serial: txt(get(dev, "SerialNumber"), 64),
        chipMap,
      };
    });
};

/** Event codes as LuxOS documents them (docs.luxor.tech, luxminer/events): what is listed is the case now. */
const EVENTS: Readonly<Record<string, FaultCode>> = {
  BAD_DOMAIN: "HASHBOARD_VOLTAGE_FAULT",
  BOARD_ASIC_ENUMERATION_FAILURE: "HASHBOARD_MISSING_CHIPS",
  BOARD_ASIC_INIT_FAILURE: "ASIC_CHAIN_COMMUNICATION_LOST",
  BOARD_CRITICAL_PIC_FAILURE: "HASHBOARD_FAULT",
  BOARD_CRITICAL_SENSOR_FAILURE: "TEMP_SENSOR_FAULT",
  BOARD_HIGH_TEMPERATURE: "HASHBOARD_OVER_TEMPERATURE",
  BOARD_NOT_DETECTED: "HASHBOARD_NOT_PRESENT",
  BOARD_NOT_ENOUGH_SENSORS_FAILURE: "TEMP_SENSOR_FAULT",
  BOARD_OVERTEMP_SHUTDOWN: "HASHBOARD_OVER_TEMPERATURE",
  CANT_READ_PSU_PROTOCOL: "PSU_COMMUNICATION_LOST",
  CANT_READ_PSU_TYPE: "PSU_COMMUNICATION_LOST",
  DETECTION_ERROR: "CONTROL_BOARD_FAULT",
  EXTERNAL_ERROR: "CONTROL_BOARD_FAULT",
  FAN_FAILURE: "FAN_FAILED",
  FAN_PANIC: "FAN_FAILED",
  I2C_ERROR: "CONTROL_BOARD_FAULT",
  IDLE: "SWITCHED_OFF",
  INCOMPATIBLE_PIC: "HASHBOARD_MISMATCH",
  INVALID_MINER_MODEL: "FIRMWARE_INVALID",
  NOPIC_PROTECTION: "PROTECTION_SHUTDOWN",
  NOPIC_SHUTDOWN: "HASHBOARD_STOPPED",
  NO_ACTIVE_POOLS: "POOL_UNREACHABLE",
  NO_BOARDS: "HASHBOARD_NOT_PRESENT",
  OVERTEMP_PROTECTION: "DEVICE_OVER_TEMPERATURE",
  PSU_PANIC: "PSU_FAULT",
  REBOOT_NOT_HASHING: "HASHBOARD_STOPPED",
  REBOOT_SYSINIT: "RESTARTED",
  REBOOT_USER: "RESTARTED",
  SHUTDOWN_USER: "SWITCHED_OFF",
  SLEEP: "SWITCHED_OFF",
};
/** For codes newer than that list. */
const WORDS: readonly (readonly [word: RegExp, fault: FaultCode])[] = [
  [/FAN/, "FAN_FAILED"],
  [/OVER_?TEMP|OVERHEAT|HIGH_TEMP/, "HASHBOARD_OVER_TEMPERATURE"],
  [/SENSOR/, "TEMP_SENSOR_FAULT"],
  [/PSU/, "PSU_FAULT"],
  [/POOL/, "POOL_UNREACHABLE"],
  [/REBOOT/, "RESTARTED"],
  [/BOARD/, "HASHBOARD_FAULT"],
];

/** One LuxOS event; `id` is the board's, fan's or pool's number. */
export const luxosFault = (code: string, words: string, id: number | null): DeviceError =>
  faultOf(
    EVENTS[code.toUpperCase()] ?? WORDS.find(([word]) => word.test(code.toUpperCase()))?.[1] ?? "UNMAPPED",
    words === "" ? code : `${code} ${words}`,
    id,
  );

const errorsOf = (answers: Answers): DeviceError[] =>
  rowsOf(answers, "EVENTS").map((row) => {
    const id = num(get(row, "ID"));
    const index = id !== null && Number.isInteger(id) && id >= 0 && id < 64 && txt(get(row, "Target")) !== "MINER" ? id : null;
    return luxosFault(txt(get(row, "Code")) ?? "", txt(get(row, "Description"), 400) ?? "", index);
  });

const modeOf = (answers: Answers, config: Json | undefined, devs: readonly Json[]): Mode => {
  if (rowsOf(answers, "EVENTS").some((row) => /^(?:SLEEP|IDLE)$/.test(txt(get(row, "Code")) ?? ""))) return "paused";
  if (/sleep|on/i.test(txt(get(config, "CurtailMode")) ?? "") || truth(get(config, "IsPowerSupplyOn")) === false) return "paused";
  if (devs.length > 0 && devs.every((row) => truth(get(row, "IsUserShutdown")) === true)) return "paused";
  // IsTuning stays true while the tuner merely watches; a board that ramps really climbs
  return devs.some((row) => truth(get(row, "IsRamping")) === true) ? "tuning" : "mining";
};

export const luxos: Format = {
  name: "luxos",
  score: (answers) =>
    descriptionsOf(answers).some((text) => /luxminer|\bluxos/i.test(text)) ||
    rowsOf(answers, "VERSION").some((row) => "LUXminer" in row) ||
    rowsOf(answers, "CONFIG").some((row) => row["OS"] === "LuxOS")
      ? 96
      : 0,
  parse: (answers) => {
    const [config] = rowsOf(answers, "CONFIG");
    const [version] = rowsOf(answers, "VERSION");
    const devs = rowsOf(answers, "DEVS");
    const stats = rowsOf(answers, "STATS").find((row) => "chain_acn1" in row || "GHS 5s" in row);
    const boards = boardsOf(answers);
    const name =
      txt(get(config, "Model")) ??
      txt(get(version, "Type")) ??
      txt(
        rowsOf(answers, "STATS")
          .map((row) => row["Type"])
          .find((value) => value !== undefined),
      );
    const model = findModel("Bitmain", name, { chips: num(stats?.["chain_acn1"]) });
    const fans = rowsOf(answers, "FANS");
    const base = summaryOf(answers);
    const ideal = num(get(stats, "total_rateideal"));
    const speeds = fans.map((fan) => num(get(fan, "Speed"))).filter((speed) => speed !== null);
    const liquid = /liquid|hydro|immersion/i.test(txt(get(config, "Cooling")) ?? "") || truth(get(config, "ImmersionMode")) === true;
    const rpms =
      fans.length > 0
        ? fans.map((fan) => num(get(fan, "RPM")))
        : [1, 2, 3, 4].map((fan) => num(stats?.[`fan${fan}`])).filter((rpm) => rpm !== null);
    return finish(
      {
        ...NO_IDENTITY,
        make: model?.make ?? (name === null || /antminer/i.test(name) ? "Bitmain" : null),
        model: model?.name ?? name,
        firmware: txt(get(version, "LUXminer")) ?? descriptionsOf(answers).find((text) => /lux/i.test(text)) ?? null,
        serial: txt(get(config, "SerialNumber"), 64),
        mac: mac(get(config, "MACAddr")),
        ip: txt(get(config, "IPAddr"), 64),
        hostname: txt(get(config, "Hostname")),
        boardSerials: boards.map((board) => board.serial ?? null),
      },
      {
        ...base,
        mode: modeOf(answers, config, devs),
        hashrateThs: base.hashrateThs ?? rate(stats, "GHS 5s", "GHS av"),
        averageThs: base.averageThs ?? rate(stats, "GHS av"),
        expectedThs: ideal === null ? null : ideal * (inThs(get(stats, "rate_unit")) ?? 1e-3),
        powerW: num(get(rowsOf(answers, "POWER")[0], "Watts")),
        frequencyMhz: num(get(stats, "frequency")),
        fanPct: speeds.length === 0 ? null : Math.max(...speeds),
        uptimeS: base.uptimeS ?? num(get(stats, "Elapsed")),
        fans: liquid && rpms.every((rpm) => (rpm ?? 0) === 0) ? [] : rpms,
        boards,
        pools: poolsOf(answers),
        errors: errorsOf(answers),
      },
      model,
    );
  },
};
