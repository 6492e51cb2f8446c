/**
 * Antminers with Bitmain's firmware and its close children (Hiveon, MSK): cgminer's port 4028 (`stats`, `summary`, `pools`,
 * `version`), the web pages (`stats.cgi`, `summary.cgi`, `get_system_info.cgi`, `get_miner_conf.cgi`) and port 6060 (`/warning`).
 */
import { faultOf, type FaultCode } from "../faults.ts";
import { findModel, type Model } from "../models.ts";
import { NO_IDENTITY, type DeviceError, type Identity, type Mode } from "../reading.ts";
import { dig, get, inThs, list, mac, num, nums, objects, partWhere, rate, rowsOf, truth, txt, type Answers, type Json } from "./answers.ts";
import { aboutOf, boardsOfChain, boardsOfSlots } from "./antminer-boards.ts";
import { poolsOf, summaryOf } from "./cgminer-rows.ts";
import { finish, fitted, highest, type BoardDraft, type Format, type Raw } from "./draft.ts";
import { RANGES } from "../plausible.ts";

const isStats = (row: Json): boolean =>
  Array.isArray(row["chain"]) || Object.keys(row).some((name) => /^(?:chain_(?:acn|rate|acs)\d|GHS |rate_(?:5s|avg|30m)$)/.test(name));
const systemInfo = (answers: Answers): Json | null =>
  partWhere(answers, (part) => "minertype" in part || "system_filesystem_version" in part);

/** All the names the machine gives itself, those of the mining process first: it drives the boards. */
const namesOf = (answers: Answers): readonly string[] => {
  const told = [
    ...rowsOf(answers, "STATS").map((row) => get(row, "Type")),
    ...rowsOf(answers, "INFO").map((row) => get(row, "type", "Type")),
    ...rowsOf(answers, "VERSION").map((row) => get(row, "Type")),
    ...answers.parts.map((part) => part["minertype"] ?? part["miner_type"]),
  ];
  return [...new Set(told.map((name) => txt(name)).filter((name): name is string => name !== null))];
};

interface Evidence {
  readonly chips: number | null;
  readonly idealThs: number | null;
}

const evidenceOf = (stats: Json | null): Evidence => {
  const chips = stats === null ? null : num(stats["chain_acn1"] ?? stats["chain_acn6"] ?? dig(list(stats["chain"])[0], "asic_num"));
  const ideal = num(get(stats, "total_rateideal", "rate_ideal"));
  return { chips, idealThs: ideal === null ? null : ideal * (inThs(get(stats, "rate_unit")) ?? 1e-3) };
};

/**
 * A control board that was moved, or flashed with another model's image, calls the machine by two names. What the boards show
 * decides: as many chips as that model has, an ideal rate near its nameplate. Without such evidence the mining process is believed.
 */
const chosen = (names: readonly string[], evidence: Evidence): { readonly name: string | null; readonly model: Model | null } => {
  const judged = names.map((name, order) => {
    const model = findModel("Bitmain", name, { chips: evidence.chips });
    const near = model !== null && evidence.idealThs !== null && Math.abs(evidence.idealThs / model.nameplate.hashrateThs - 1) < 0.25;
    const points = (model === null ? 0 : 1) + (model !== null && model.nameplate.chips === evidence.chips ? 4 : 0) + (near ? 2 : 0);
    return { name, model, points, order };
  });
  judged.sort((a, b) => b.points - a.points || a.order - b.order);
  return judged[0] ?? { name: null, model: null };
};

/** Codes of the status light and of port 6060. */
const CODES: Readonly<Record<string, FaultCode>> = {
  "R:1": "HASHRATE_BELOW_TARGET",
  "N:1": "HASHRATE_ABOVE_TARGET",
  "V:1": "PSU_FAULT",
  "V:2": "PSU_ADVISORY",
  "P:1": "DEVICE_OVER_TEMPERATURE",
  "P:2": "DEVICE_UNDER_TEMPERATURE",
  "M:1": "CONTROL_BOARD_FAULT",
  "F:1": "FAN_FAILED",
  "J:2": "HASHBOARD_MISSING_CHIPS",
  "J:4": "EEPROM_FAULT",
  "J:6": "TEMP_SENSOR_FAULT",
  "J:8": "HASHBOARD_NOT_PRESENT",
  "L:1": "ASIC_FREQUENCY_FAULT",
  "L:2": "HASHBOARD_MISMATCH",
};

/** "J1:4" → board 1's EEPROM; an unknown code is UNMAPPED. */
export const antminerFault = (code: string): DeviceError => {
  const [, letter = "", place, number = ""] = /^([A-Z])(\d*):(\d+)/i.exec(code.trim()) ?? [];
  const found = CODES[`${letter.toUpperCase()}:${number}`];
  const index = place === undefined || place === "" || Number(place) > 15 ? null : Number(place);
  return faultOf(found ?? "UNMAPPED", code, found === undefined ? null : index);
};

const LIGHTS: Readonly<Record<string, FaultCode>> = {
  rate: "HASHRATE_BELOW_TARGET",
  network: "NETWORK_FAULT",
  fans: "FAN_FAILED",
  temp: "DEVICE_OVER_TEMPERATURE",
};

const errorsOf = (answers: Answers, stats: Json | null): DeviceError[] => {
  const errors: DeviceError[] = [];
  for (const part of answers.parts) {
    const message = txt(part["error_message"]);
    if (message !== null && message !== "None") errors.push(antminerFault(message));
  }
  for (const light of rowsOf(answers, "SUMMARY").flatMap((row) => objects(row["status"]))) {
    const [type, status] = [txt(get(light, "type")) ?? "", txt(get(light, "status")) ?? ""];
    if (/^(?:e|f|error|fail|w)/i.test(status)) {
      const code = num(get(light, "code"));
      errors.push(
        faultOf(
          LIGHTS[type] ?? "UNMAPPED",
          [type, code === null ? "" : `code ${code}`, txt(get(light, "msg")) ?? ""].filter((word) => word !== "").join(" "),
        ),
      );
    }
  }
  const psu = txt(get(stats, "psu_status"));
  if (psu !== null && !/ok|normal/i.test(psu)) errors.push(faultOf(/lost/i.test(psu) ? "PSU_COMMUNICATION_LOST" : "PSU_FAULT", psu));
  return errors;
};

/** `fan1` … of which an S9 only uses 3 and 6: those that turn, filled up with standing ones to `fan_num`. */
const fansOf = (stats: Json | null, liquid: boolean): readonly Raw[] => {
  if (stats === null) return [];
  const listed = Array.isArray(stats["fan"])
    ? list(stats["fan"]).map(num)
    : Array.from({ length: 16 }, (_, index) => stats[`fan${index + 1}`])
        .filter((value) => value !== undefined)
        .map(num);
  if (liquid && listed.every((rpm) => (rpm ?? 0) === 0)) return [];
  const wanted = num(stats["fan_num"]) ?? listed.length;
  const turning = listed.filter((rpm) => (rpm ?? 0) > 0).length;
  if (listed.length <= wanted) return listed;
  let standing = Math.max(0, wanted - turning);
  return listed.filter((rpm) => (rpm ?? 0) > 0 || standing-- > 0);
};

const POWER_TEXT = /miner power\D*(\d+(?:\.\d+)?)/i;
const powerOf = (answers: Answers, stats: Json | null): number | null =>
  num(get(stats, "watt", "power", "Power", "total_power", "chain_power")) ??
  num(answers.texts.map((text) => POWER_TEXT.exec(text)?.[1]).find((watts) => watts !== undefined));

const modeOf = (answers: Answers, stats: Json | null): Mode => {
  const conf = partWhere(answers, (part) => "bitmain-work-mode" in part || ("miner-mode" in part && "pools" in part));
  const mode = num(get(stats, "miner-mode")) ?? num(conf?.["bitmain-work-mode"]) ?? num(conf?.["miner-mode"]);
  if (mode === 1) return "paused";
  if (stats === null && rowsOf(answers, "SUMMARY").length === 0) return "unknown";
  return truth(get(stats, "tune_running")) === true ? "tuning" : "mining";
};

/** Other makers took over Bitmain's web pages with their own names in them. */
const MAKERS: readonly (readonly [name: RegExp, make: string])[] = [
  [/^DG-?\w/i, "Elphapex"],
  [/^volc/i, "VolcMiner"],
  [/^(?:hammer|blackminer)/i, "HammerSpace"],
  [/^iceriver/i, "IceRiver"],
];

const identityOf = (answers: Answers, name: string | null, model: Model | null, boards: readonly BoardDraft[]): Identity => {
  const info = systemInfo(answers);
  const other = model === null ? MAKERS.find(([known]) => known.test(name ?? ""))?.[1] : undefined;
  const network = info ?? partWhere(answers, (part) => "macaddr" in part || "conf_hostname" in part);
  return {
    ...NO_IDENTITY,
    make: other ?? "Bitmain",
    model: model?.name ?? (name === null || other !== undefined || /antminer/i.test(name) ? name : `Antminer ${name}`),
    firmware:
      txt(get(info, "system_filesystem_version")) ??
      txt(partWhere(answers, (part) => "fw_version" in part)?.["fw_version"]) ??
      compileTime(answers),
    serial: txt(get(info, "serinum", "serial_no"), 64),
    mac: mac(get(network, "macaddr")),
    ip: txt(get(network, "ipaddress"), 64),
    hostname: txt(get(network, "hostname", "conf_hostname")),
    boardSerials: boards.map((board) => board.serial ?? null),
  };
};
const compileTime = (answers: Answers): string | null =>
  txt(
    ["VERSION", "STATS", "INFO"]
      .flatMap((section) => rowsOf(answers, section))
      .map((row) => row["CompileTime"])
      .find((value) => value !== undefined),
  );

/**
 * Web rates are `rate_*` in `rate_unit` (GH/s where it is silent), the port's are "GHS 5s". Machines for scrypt wrote MH/s under "GHS" for years, so where
 * no unit is told beside the figure it is held against the nameplate.
 */
const rateOf = (rows: readonly (Json | null | undefined)[], web: string, port: string, aboutThs: number | null): number | null => {
  for (const row of rows) {
    const told = num(get(row, web));
    const unit = inThs(get(row, "rate_unit"));
    if (told !== null) return unit === null ? fitted(told, [1e-3, 1e-6], aboutThs) : told * unit;
    const named = rate(row, `GHS ${port}`, `MHS ${port}`, `THS ${port}`);
    if (named !== null) return fitted(named, [1, 1e-3], aboutThs);
  }
  return null;
};

export const antminer: Format = {
  name: "antminer",
  score: (answers) => {
    const names = namesOf(answers).join(" ");
    if (/antminer|^S\d\d/i.test(names)) return 85;
    if (rowsOf(answers, "STATS").some((row) => isStats(row) && (Array.isArray(row["chain"]) || "chain_acn1" in row || "chain_acn6" in row)))
      return 70;
    if (["VERSION", "STATS"].some((section) => rowsOf(answers, section).some((row) => "BMMiner" in row))) return 60;
    return systemInfo(answers) !== null ? 50 : 0;
  },
  parse: (answers) => {
    const stats = rowsOf(answers, "STATS").find(isStats) ?? null;
    const { name, model } = chosen(namesOf(answers), evidenceOf(stats));
    const title = model?.name ?? name ?? "";
    const chain = stats === null ? [] : Array.isArray(stats["chain"]) ? boardsOfChain(stats, title) : boardsOfSlots(stats, title, model);
    const about = aboutOf(model);
    const summary = rowsOf(answers, "SUMMARY")[0];
    const ideal = num(get(stats, "rate_ideal", "total_rateideal"));
    const unit = inThs(get(stats, "rate_unit"));
    const errors = errorsOf(answers, stats);
    const models = new Set(
      namesOf(answers)
        .map((told) => findModel("Bitmain", told)?.id)
        .filter((id) => id !== undefined),
    );
    if (models.size > 1) errors.push(faultOf("MODEL_MISMATCH", namesOf(answers).join(" / ")));
    const base = summaryOf(answers);
    const frequency = num(get(stats, "frequency", "total_freqavg"));
    return finish(
      identityOf(answers, name, model, chain),
      {
        ...base,
        mode: modeOf(answers, stats),
        hashrateThs: rateOf([stats, summary], "rate_5s", "5s", about),
        averageThs: rateOf([stats, summary], "rate_avg", "av", about),
        expectedThs: unit === null ? fitted(ideal, [1e-3, 1e-6], about) : ideal === null ? null : ideal * unit,
        powerW: powerOf(answers, stats),
        intakeC: highest(
          RANGES.airC,
          chain.map((board) => board.inletC),
        ),
        outletC: highest(
          RANGES.airC,
          chain.map((board) => board.outletC),
        ),
        frequencyMhz: frequency === 0 ? null : frequency,
        fanPct: num(get(stats, "fan_pwm")),
        hwErrors: base.hwErrors ?? num(get(stats, "no_matching_work")) ?? num(get(summary, "hw_all")),
        hwErrorPct: base.hwErrorPct ?? num(get(stats, "hwp_total")),
        uptimeS: base.uptimeS ?? num(get(stats, "Elapsed", "elapsed")) ?? nums(get(summary, "elapsed"))[0] ?? null,
        fans: fansOf(stats, model?.cooling === "hydro" || /hyd/i.test(title)),
        boards: chain,
        pools: poolsOf(answers),
        errors,
      },
      model,
    );
  },
};
