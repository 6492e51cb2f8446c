/** Braiins OS from 25.07 on: REST `/api/v1/…`, every number with its unit in its name (`gigahash_per_second`, `degree_c`, `hertz`). */
import { faultOf, type FaultCode } from "../faults.ts";
import { findModel } from "../models.ts";
import { NO_IDENTITY, type DeviceError, type Mode } from "../reading.ts";
import { dig, get, isObject, mac, num, objects, partWhere, txt, truth, type Answers, type Json } from "./answers.ts";
import { finish, type BoardDraft, type Format, type PoolDraft, type Raw } from "./draft.ts";

const UNITS: Readonly<Record<string, number>> = {
  hash_per_second: 1e-12,
  kilohash_per_second: 1e-9,
  megahash_per_second: 1e-6,
  gigahash_per_second: 1e-3,
  terahash_per_second: 1,
  petahash_per_second: 1e3,
};

/** `{gigahash_per_second: 1}` → TH/s, by the unit's name. */
const ths = (value: unknown): number | null => {
  if (!isObject(value)) return null;
  for (const [unit, factor] of Object.entries(UNITS)) {
    const told = num(value[unit]);
    if (told !== null) return told * factor;
  }
  return null;
};
const degrees = (value: unknown): Raw => num(dig(value, "degree_c"));
const megahertz = (value: unknown): Raw => {
  const hertz = num(dig(value, "hertz"));
  return hertz === null ? num(dig(value, "megahertz")) : hertz / 1e6;
};

/** What is told of boards, whether the answer came whole or one board at a time. */
const boardRows = (answers: Answers): readonly Json[] => answers.parts.flatMap((part) => objects(part["hashboards"]));

const now = (stats: unknown): number | null =>
  ths(dig(stats, "real_hashrate", "last_5s")) ??
  ths(dig(stats, "real_hashrate", "last_15s")) ??
  ths(dig(stats, "real_hashrate", "last_1m"));
const onAverage = (stats: unknown): number | null =>
  ths(dig(stats, "real_hashrate", "since_restart")) ??
  ths(dig(stats, "real_hashrate", "last_24h")) ??
  ths(dig(stats, "real_hashrate", "last_1h"));

const boardOf = (row: Json, index: number): BoardDraft => ({
  index,
  hashrateThs: now(row["stats"]),
  expectedThs: ths(dig(row, "stats", "nominal_hashrate")),
  boardC: degrees(row["board_temp"]),
  chipC: degrees(dig(row, "highest_chip_temp", "temperature")),
  inletC: degrees(row["lowest_inlet_temp"]),
  outletC: degrees(row["highest_outlet_temp"]),
  chips: num(row["chips_count"]),
  frequencyMhz: megahertz(row["current_frequency"]),
  voltageV: num(dig(row, "current_voltage", "volt")),
  serial: txt(row["serial_number"], 64),
});

const poolOf = (row: Json): PoolDraft => ({
  url: txt(row["url"], 512),
  worker: txt(row["user"], 256),
  active: truth(row["active"]),
  alive: truth(row["alive"]),
  accepted: num(dig(row, "stats", "accepted_shares")),
  rejected: num(dig(row, "stats", "rejected_shares")),
  stale: num(dig(row, "stats", "stale_shares")),
});

/** Groups of pools come as a list of their own, or under `groups`. */
const poolRows = (answers: Answers): readonly Json[] => {
  const groups = [...answers.lists, ...answers.parts.map((part) => part["groups"] ?? part["pool_groups"]).filter(Array.isArray)]
    .flatMap((value) => objects(value))
    .filter((group) => Array.isArray(group["pools"]));
  return [...new Set(groups)].flatMap((group) => objects(group["pools"])).filter((pool) => "url" in pool);
};

/** Order of the firmware's own enumeration; newer versions spell the name. */
const STATUS: readonly Mode[] = ["unknown", "unknown", "mining", "paused", "fault", "fault"];
const STATUS_NAMES: Readonly<Record<string, Mode>> = {
  NORMAL: "mining",
  PAUSED: "paused",
  SUSPENDED: "fault",
  RESTRICTED: "fault",
  NOT_STARTED: "unknown",
};
const TUNER_TUNING = 3;

const modeOf = (answers: Answers, hashing: boolean): Mode => {
  const status = partWhere(answers, (part) => "bos_version" in part || "miner_identity" in part)?.["status"];
  const named = typeof status === "string" ? STATUS_NAMES[status.replace(/^MINER_STATUS_/, "").toUpperCase()] : undefined;
  const mode = named ?? (typeof status === "number" ? STATUS[status] : undefined) ?? (hashing ? "mining" : "unknown");
  const tuner = partWhere(answers, (part) => "overall_tuner_state" in part)?.["overall_tuner_state"];
  return mode === "mining" && (tuner === TUNER_TUNING || /TUNING$/i.test(txt(tuner) ?? "")) ? "tuning" : mode;
};

const WORDS: readonly (readonly [words: RegExp, fault: FaultCode])[] = [
  [/failed to resolve|connect(?:ion)? (?:to|failed|refused|timed)|pool|stratum|dns/i, "POOL_UNREACHABLE"],
  [/fan/i, "FAN_FAILED"],
  [/overheat|too hot|dangerous temp|hot temp|temperature (?:is )?(?:above|exceed)/i, "HASHBOARD_OVER_TEMPERATURE"],
  [/temperature sensor|sensor/i, "TEMP_SENSOR_FAULT"],
  [/psu|power supply/i, "PSU_FAULT"],
  [/eeprom/i, "EEPROM_FAULT"],
  [/less than \d+ hb|no (?:working )?hash ?board|hash ?board.*(?:not|miss)/i, "HASHBOARD_NOT_PRESENT"],
  [/chip/i, "HASHBOARD_MISSING_CHIPS"],
  [/hash ?board|hash ?chain/i, "HASHBOARD_FAULT"],
  [/network/i, "NETWORK_FAULT"],
];

/** Braiins tells its errors in words, with codes and components where it has them. */
export const braiinsFault = (message: string, codes: string, board: number | null): DeviceError =>
  faultOf(WORDS.find(([words]) => words.test(message))?.[1] ?? "UNMAPPED", codes === "" ? message : `${codes} ${message}`, board);

const errorsOf = (answers: Answers): DeviceError[] =>
  answers.parts
    .flatMap((part) => objects(part["errors"]))
    .filter((row) => "message" in row || "error_codes" in row)
    .map((row) => {
      const codes = objects(row["error_codes"])
        .map((code) => txt(get(code, "code")) ?? "")
        .filter((code) => code !== "")
        .join(" ");
      const component = objects(row["components"])[0];
      const index = num(get(component, "index"));
      return braiinsFault(txt(row["message"], 400) ?? "", codes, index !== null && index >= 0 && index < 64 ? index : null);
    });

export const braiins: Format = {
  name: "braiins",
  score: (answers) => {
    if (answers.parts.some((part) => "bos_version" in part || "miner_identity" in part)) return 98;
    if (boardRows(answers).some((row) => "chips_count" in row || isObject(row["stats"]))) return 95;
    return answers.parts.some(
      (part) =>
        isObject(part["miner_stats"]) || "overall_tuner_state" in part || objects(part["fans"]).some((fan) => "target_speed_ratio" in fan),
    )
      ? 90
      : 0;
  },
  parse: (answers) => {
    const details = partWhere(answers, (part) => "bos_version" in part || "miner_identity" in part);
    const network = partWhere(answers, (part) => "networks" in part || "default_gateway" in part);
    const stats = partWhere(answers, (part) => isObject(part["miner_stats"]));
    const fans = answers.parts.flatMap((part) => objects(part["fans"])).filter((fan) => "rpm" in fan);
    const boards = boardRows(answers).map(boardOf);
    const name = txt(dig(details, "miner_identity", "miner_model")) ?? txt(dig(details, "miner_identity", "name"));
    const model = findModel("Bitmain", name, { chips: num(boardRows(answers)[0]?.["chips_count"]) });
    const target = partWhere(answers, (part) => isObject(part["tuner"]));
    const tuner = partWhere(answers, (part) => "mode_state" in part);
    const ratios = fans.map((fan) => num(fan["target_speed_ratio"])).filter((ratio) => ratio !== null);
    const hashrateThs = now(dig(stats, "miner_stats"));
    return finish(
      {
        ...NO_IDENTITY,
        make: model?.make ?? (name === null || /antminer/i.test(name) ? "Bitmain" : null),
        model: model?.name ?? name,
        firmware: txt(dig(details, "bos_version", "current")),
        serial: txt(get(details, "serial_number"), 64),
        mac: mac(get(details, "mac_address")) ?? mac(get(network, "mac_address")),
        ip: txt(objects(get(network, "networks"))[0]?.["address"], 64),
        hostname: txt(get(details, "hostname")) ?? txt(get(network, "hostname")),
        psuSerial: txt(dig(details, "psu_info", "serial_number"), 64),
        boardSerials: boards.map((board) => board.serial ?? null),
      },
      {
        mode: modeOf(answers, (hashrateThs ?? 0) > 0),
        hashrateThs,
        averageThs: onAverage(dig(stats, "miner_stats")),
        expectedThs: ths(dig(stats, "miner_stats", "nominal_hashrate")),
        powerW: num(dig(stats, "power_stats", "approximated_consumption", "watt")),
        powerLimitW:
          num(dig(target, "tuner", "power_target", "watt")) ??
          num(dig(tuner, "mode_state", "powertargetmodestate", "current_target", "watt")),
        chipC: degrees(
          dig(
            partWhere(answers, (part) => "highest_temperature" in part),
            "highest_temperature",
            "temperature",
          ),
        ),
        fanPct: ratios.length === 0 ? null : Math.max(...ratios) * 100,
        accepted: num(dig(stats, "pool_stats", "accepted_shares")),
        rejected: num(dig(stats, "pool_stats", "rejected_shares")),
        stale: num(dig(stats, "pool_stats", "stale_shares")),
        uptimeS: num(get(details, "bosminer_uptime_s")) ?? num(get(details, "system_uptime_s", "system_uptime")),
        fans: fans.map((fan) => num(fan["rpm"])),
        boards,
        pools: poolRows(answers).map(poolOf),
        errors: errorsOf(answers),
      },
      model,
    );
  },
};
