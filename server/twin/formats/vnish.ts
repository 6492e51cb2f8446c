/** VNish on HTTP `/api/v1`: `summary`, `info`, `status`, `chains`, `chains/factory-info`. `hr_*` in `hr_measure` (GH/s), `instant_hashrate` in TH/s, board voltage in mV. */
import { faultOf } from "../faults.ts";
import { findModel } from "../models.ts";
import { RANGES } from "../plausible.ts";
import { NO_IDENTITY, type DeviceError, type Mode } from "../reading.ts";
import { dig, get, inThs, isObject, mac, num, objects, partWhere, txt, type Answers, type Json } from "./answers.ts";
import { finish, fitted, highest, type BoardDraft, type ChipDraft, type Format, type PoolDraft, type Raw } from "./draft.ts";

const minerOf = (answers: Answers): Json | null => {
  const whole = partWhere(
    answers,
    (part) => isObject(part["miner"]) && ("miner_status" in part["miner"] || "chains" in part["miner"] || "hr_realtime" in part["miner"]),
  );
  return whole === null ? partWhere(answers, (part) => isObject(part["miner_status"])) : (whole["miner"] as Json);
};
const infoOf = (answers: Answers): Json | null =>
  partWhere(answers, (part) => "fw_name" in part || "hr_measure" in part || isObject(dig(part, "system", "network_status")));

const STATES: readonly (readonly [state: RegExp, mode: Mode])[] = [
  [/^(?:auto[-_]?)?tuning$|^(?:re)?start|^initiali|^warm/, "tuning"],
  [/^mining$/, "mining"],
  [/^(?:paused?|stopp(?:ed|ing)|idle|sleep|shutdown)/, "paused"],
  [/fail|broken|error/, "fault"],
];
const stateOf = (answers: Answers): string | null =>
  txt(dig(minerOf(answers), "miner_status", "miner_state")) ??
  txt(partWhere(answers, (part) => typeof part["miner_state"] === "string")?.["miner_state"]);

const extreme = (row: Json | undefined, name: string): Raw => num(dig(row, name, "max"));
/** `[{status: "measure", temp: 19}, {status: "error", temp: 13}]`: only what is measured counts. */
const measured = (row: Json | undefined, name: string): Raw => {
  const sensors = objects(row?.[name]);
  return highest(
    RANGES.partC,
    sensors.filter((sensor) => txt(sensor["status"] ?? sensor["state"]) === "measure").map((sensor) => num(sensor["temp"])),
  );
};

const millivolts = (value: number | null): number | null => (value !== null && value > 100 ? value / 1000 : value);

/** One board is told by up to three answers, under the same 1-based id. */
const boardsOf = (answers: Answers, unit: number): readonly BoardDraft[] => {
  const chains = objects(minerOf(answers)?.["chains"]);
  const separate = [...answers.lists.flatMap((list) => objects(list)), ...answers.parts.flatMap((part) => objects(part["chains"]))].filter(
    (row) => !chains.includes(row) && ("chips" in row || "serial" in row || "board_model" in row),
  );
  const ids = [...new Set([...chains, ...separate].map((row) => num(row["id"])))]
    .filter((id): id is number => id !== null && Number.isInteger(id) && id >= 0 && id <= 16)
    .sort((a, b) => a - b);
  return ids.map((id, index): BoardDraft => {
    const chain = chains.find((row) => num(row["id"]) === id);
    const others = separate.filter((row) => num(row["id"]) === id);
    const detailed = others.find((row) => Array.isArray(row["chips"]));
    const statuses = chain?.["chip_statuses"];
    const counted = isObject(statuses)
      ? Object.values(statuses)
          .map(num)
          .reduce<number>((sum, value) => sum + (value ?? 0), 0)
      : null;
    const red = num(dig(statuses, "red")) ?? 0;
    const chipMap = objects(detailed?.["chips"]).map((chip, position): ChipDraft => {
      const told = num(chip["hr"]);
      const grade = txt(chip["status"] ?? chip["grade"]);
      return {
        index: position,
        hashrateGhs: told === null ? null : told * unit * 1_000,
        frequencyMhz: num(chip["freq"]),
        voltageV: millivolts(num(chip["volt"])),
        tempC: num(chip["temp"]),
        errors: num(chip["errs"] ?? chip["errors"]),
        working: told === null ? (grade === null ? null : grade !== "red") : told > 0,
      };
    });
    const scaled = (...values: readonly unknown[]): number | null => {
      const value = values.map(num).find((found) => found !== null) ?? null;
      return value === null ? null : value * unit;
    };
    return {
      index,
      hashrateThs: scaled(chain?.["hashrate_rt"], chain?.["hr_realtime"], detailed?.["hr_realtime"]),
      expectedThs: scaled(chain?.["hashrate_ideal"], chain?.["hr_nominal"], detailed?.["hr_nominal"]),
      boardC: extreme(chain, "pcb_temp") ?? measured(chain, "pcb_temp_sens"),
      chipC: extreme(chain, "chip_temp") ?? measured(chain, "chip_temp_sens"),
      inletC: num(chain?.["inlet_water_temp"]),
      outletC: num(chain?.["outlet_water_temp"]),
      chips: chipMap.length > 0 ? chipMap.filter((chip) => chip.working !== false).length : counted === null ? null : counted - red,
      expectedChips: chipMap.length > 0 ? chipMap.length : counted,
      frequencyMhz: num(chain?.["frequency"] ?? chain?.["freq"] ?? detailed?.["freq"]),
      voltageV: millivolts(num(chain?.["voltage"])),
      hwErrors: num(chain?.["hw_errors"]),
      serial: txt(
        others.map((row) => row["serial"]).find((value) => txt(value) !== null),
        64,
      ),
      chipMap,
    };
  });
};

const poolOf = (row: Json): PoolDraft => {
  const status = txt(row["status"]) ?? "";
  const known = /active|working|offline|disabled|dead|reject/i.test(status);
  return {
    url: txt(row["url"], 512),
    worker: txt(row["user"], 256),
    active: /^(?:active|working)$/i.test(status),
    alive: known ? !/offline|disabled|dead/i.test(status) : null,
    accepted: num(row["accepted"]),
    rejected: num(row["rejected"]),
    stale: num(row["stale"]),
  };
};

const errorsOf = (answers: Answers, miner: Json | null): DeviceError[] => {
  const errors: DeviceError[] = [];
  const code = num(dig(miner, "miner_status", "failure_code"));
  const words = txt(dig(miner, "miner_status", "description"), 300);
  if (/fail|broken|error/.test(stateOf(answers) ?? ""))
    errors.push(
      faultOf(
        "PROTECTION_SHUTDOWN",
        [`miner_state ${stateOf(answers)}`, code === null ? "" : `code ${code}`, words ?? ""].filter((part) => part !== "").join(" "),
      ),
    );
  objects(dig(miner, "cooling", "fans")).forEach((fan, index) => {
    const status = txt(fan["status"]);
    if (status !== null && !/^(?:ok|unknown)$/i.test(status)) errors.push(faultOf("FAN_FAILED", `fan ${index} ${status}`, index));
  });
  objects(miner?.["chains"]).forEach((chain, index) => {
    const state = txt(dig(chain, "status", "state"));
    if (state !== null && /fail|broken|error|disconnect/i.test(state))
      errors.push(
        faultOf(
          "HASHBOARD_FAULT",
          `chain ${txt(chain["id"]) ?? index + 1} ${state} ${txt(dig(chain, "status", "description"), 200) ?? ""}`.trim(),
          index,
        ),
      );
  });
  return errors;
};

/** "10 days, 18:00" or "7:05". */
const uptimeOf = (text: string | null): number | null => {
  const [, days, hours, minutes] = /^(?:(\d+)\s*days?)?,?\s*(?:(\d+):(\d+))?/.exec(text ?? "") ?? [];
  return days === undefined && hours === undefined
    ? null
    : Number(days ?? 0) * 86_400 + Number(hours ?? 0) * 3_600 + Number(minutes ?? 0) * 60;
};

export const vnish: Format = {
  name: "vnish",
  score: (answers) => {
    if (/vnish|anthill/i.test(txt(infoOf(answers)?.["fw_name"]) ?? "")) return 98;
    const miner = minerOf(answers);
    return miner !== null && (Array.isArray(miner["chains"]) || "hr_realtime" in miner || "instant_hashrate" in miner)
      ? 95
      : infoOf(answers) !== null && "fw_version" in (infoOf(answers) ?? {})
        ? 60
        : 0;
  },
  parse: (answers) => {
    const [miner, info] = [minerOf(answers), infoOf(answers)];
    const name = txt(get(miner, "miner_type")) ?? txt(get(info, "miner")) ?? txt(get(info, "model"));
    const model = findModel("Bitmain", name) ?? findModel("Bitmain", txt(get(info, "miner")));
    const unit = inThs(get(info, "hr_measure")) ?? 1e-3;
    const boards = boardsOf(answers, unit);
    const about = model?.nameplate.hashrateThs ?? null;
    const told = (field: string, plainThs: string): number | null =>
      fitted(num(get(miner, field)), [unit, 1, 1e-6], about) ?? num(get(miner, plainThs));
    const factory = partWhere(answers, (part) => "psu_serial" in part);
    const mode = STATES.find(([state]) => state.test((stateOf(answers) ?? "").toLowerCase()))?.[1] ?? "unknown";
    const fans = objects(dig(miner, "cooling", "fans"));
    const immersed =
      /immers|liquid|hydro/i.test(txt(dig(miner, "cooling", "settings", "mode", "name")) ?? "") || model?.cooling === "hydro";
    const rpms = fans.map((fan) => num(fan["rpm"]));
    const usage = num(get(miner, "power_usage"));
    return finish(
      {
        ...NO_IDENTITY,
        make: "Bitmain",
        model: model?.name ?? (name === null ? null : name.replace(/\s*\(vnish.*\)/i, "")),
        firmware:
          [txt(get(info, "fw_name")), txt(get(info, "fw_version"))].filter((part) => part !== null).join(" ") ||
          (/\((vnish[^)]*)\)/i.exec(name ?? "")?.[1] ?? null),
        serial: txt(get(info, "serial"), 64),
        mac: mac(dig(info, "system", "network_status", "mac")),
        ip: txt(dig(info, "system", "network_status", "ip"), 64),
        hostname: txt(dig(info, "system", "network_status", "hostname")),
        psuSerial: txt(get(factory, "psu_serial"), 64),
        boardSerials: boards.map((board) => board.serial ?? null),
      },
      {
        mode,
        hashrateThs: told("hr_realtime", "instant_hashrate"),
        averageThs: told("hr_average", "average_hashrate"),
        expectedThs: fitted(num(get(miner, "hr_nominal")), [unit, 1, 1e-6], about),
        // in newer versions power_usage is J/TH: only a figure of a whole machine is taken for watts
        powerW: num(get(miner, "power_consumption")) ?? (usage !== null && usage > 200 ? usage : null),
        intakeC: highest(
          RANGES.airC,
          boards.map((board) => board.inletC),
        ),
        outletC: highest(
          RANGES.airC,
          boards.map((board) => board.outletC),
        ),
        boardC: extreme(miner ?? undefined, "pcb_temp"),
        chipC: extreme(miner ?? undefined, "chip_temp"),
        psuC: highest(
          RANGES.partC,
          objects(dig(miner, "psu", "temps")).map((sensor) => num(sensor["temp"])),
        ),
        fanPct: num(dig(miner, "cooling", "fan_duty")),
        hwErrors: num(get(miner, "hw_errors")),
        hwErrorPct: num(get(miner, "hw_errors_percent", "hr_error")),
        uptimeS: uptimeOf(txt(dig(info, "system", "uptime"))) ?? num(dig(miner, "miner_status", "miner_state_time")),
        fans: immersed && rpms.every((rpm) => (rpm ?? 0) === 0) ? [] : rpms,
        boards,
        // the developers' fee is mined on a pool of its own, which is nobody's to configure
        pools: objects(get(miner, "pools"))
          .filter((pool) => txt(pool["pool_type"]) !== "DevFee" && txt(pool["url"]) !== "DevFee")
          .map(poolOf),
        errors: immersed ? errorsOf(answers, miner).filter((error) => error.code !== "FAN_FAILED") : errorsOf(answers, miner),
      },
      model,
    );
  },
};
