/** Block's Proto Rig on HTTP `/api/v1`: `system`, `mining`, `hardware`, `telemetry`, `cooling`, `pools`, `network`, `errors`. Units stand in names or beside values. */
import { faultOf, type FaultCode } from "../faults.ts";
import { findModel } from "../models.ts";
import { RANGES } from "../plausible.ts";
import { NO_IDENTITY, type Mode } from "../reading.ts";
import { dig, get, inThs, isObject, mac, num, objects, txt, type Answers, type Json } from "./answers.ts";
import { finish, highest, type BoardDraft, type Format, type Raw } from "./draft.ts";

const inside = (answers: Answers, name: string): Json | null => {
  const found = answers.parts.map((part) => part[name]).find(isObject);
  return found ?? null;
};
const telemetryOf = (answers: Answers): Json | null =>
  answers.parts.find((part) => objects(part["hashboards"]).some((row) => isObject(row["hashrate"]) && "unit" in row["hashrate"])) ?? null;

/** `{unit: "TH/s", value: 36.4}` in TH/s. */
const rateOf = (quantity: unknown): number | null => {
  const value = num(dig(quantity, "value"));
  return value === null ? null : value * (inThs(dig(quantity, "unit")) ?? Number.NaN);
};

const boardsOf = (answers: Answers): readonly BoardDraft[] => {
  const rows = objects(telemetryOf(answers)?.["hashboards"]);
  const parts = objects(get(inside(answers, "hardware-info"), "hashboards-info"));
  const listed = rows.length > 0 ? rows : parts;
  return listed.map((row, position): BoardDraft => {
    const index = num(get(row, "index")) ?? (num(get(row, "slot")) ?? position + 1) - 1;
    const serial = txt(get(row, "serial_number", "hb_sn"), 64);
    const part = parts.find((one) => txt(get(one, "hb_sn"), 64) === serial);
    const heat = row["temperature"];
    return {
      index,
      hashrateThs: rateOf(row["hashrate"]),
      boardC: highest(RANGES.partC, [num(dig(heat, "average")), num(dig(heat, "inlet")), num(dig(heat, "outlet"))]),
      inletC: num(dig(heat, "inlet")),
      outletC: num(dig(heat, "outlet")),
      expectedChips: num(get(part, "mining_asic_count")),
      voltageV: num(dig(row, "voltage", "value")),
      serial,
    };
  });
};

const STATES: readonly (readonly [state: RegExp, mode: Mode])[] = [
  [/mining$/i, "mining"],
  [/poweringon|starting/i, "tuning"],
  [/stop|poweringoff|sleep|idle|uninitialized/i, "paused"],
  [/error|fault|fail/i, "fault"],
];
const SOURCES: readonly (readonly [source: RegExp, fault: FaultCode])[] = [
  [/fan/i, "FAN_FAILED"],
  [/psu|power/i, "PSU_FAULT"],
  [/temp|heat/i, "HASHBOARD_OVER_TEMPERATURE"],
  [/hash ?board/i, "HASHBOARD_FAULT"],
  [/pool/i, "POOL_UNREACHABLE"],
  [/rig|control/i, "CONTROL_BOARD_FAULT"],
];
const heat = /temperature|overheat|too hot/i;

export const proto: Format = {
  name: "proto",
  score: (answers) =>
    inside(answers, "mining-status") !== null || inside(answers, "system-info") !== null || inside(answers, "hardware-info") !== null
      ? 96
      : telemetryOf(answers) !== null
        ? 90
        : 0,
  parse: (answers) => {
    const [system, mining, hardware, network] = ["system-info", "mining-status", "hardware-info", "network-info"].map((name) =>
      inside(answers, name),
    );
    const telemetry = telemetryOf(answers);
    const name = txt(get(system, "product_name")) ?? txt(get(system, "model"));
    const model = findModel("Proto", name);
    const boards = boardsOf(answers);
    const giga = (value: number | null): number | null => (value === null ? null : value * 1e-3);
    const state = txt(get(mining, "status")) ?? "";
    const pools = answers.parts.flatMap((part) => objects(part["pools"])).filter((row) => "connection_status" in row || "priority" in row);
    const alive = (row: Json): boolean => /^active|alive|connected/i.test(txt(get(row, "status", "connection_status")) ?? "");
    const first = pools.filter(alive).toSorted((a, b) => (num(a["priority"]) ?? 0) - (num(b["priority"]) ?? 0))[0];
    const supplies = objects(telemetry?.["psus"]);
    const psuC: Raw = highest(
      RANGES.partC,
      supplies.map((row) => num(dig(row, "temperature", "hotspot"))),
    );
    const cooling = inside(answers, "cooling-status");
    return finish(
      {
        ...NO_IDENTITY,
        make: txt(get(system, "manufacturer")) ?? "Proto",
        model: model?.name ?? name,
        firmware: txt(dig(system, "os", "version")),
        serial: txt(get(system, "cb_sn"), 64),
        controlBoardSerial: txt(dig(hardware, "cb-info", "serial_number"), 64),
        psuSerial: txt(get(objects(get(hardware, "psus-info"))[0] ?? supplies[0], "psu_sn", "serial_number"), 64),
        mac: mac(get(network, "mac")),
        ip: txt(get(network, "ip_address"), 64),
        hostname: txt(get(network, "hostname")) ?? txt(dig(system, "os", "hostname")),
        boardSerials: boards.map((board) => board.serial ?? null),
      },
      {
        mode: STATES.find(([words]) => words.test(state))?.[1] ?? "unknown",
        hashrateThs: giga(num(get(mining, "hashrate_ghs"))) ?? rateOf(dig(telemetry, "miner", "hashrate")),
        averageThs: giga(num(get(mining, "average_hashrate_ghs"))),
        expectedThs: giga(num(get(mining, "ideal_hashrate_ghs"))),
        powerW: num(get(mining, "power_usage_watts")) ?? num(dig(telemetry, "miner", "power", "value")),
        powerLimitW: num(get(mining, "power_target_watts")),
        boardC: boards.length === 0 ? num(get(mining, "average_hb_temp_c")) : null,
        psuC,
        fanPct: num(get(cooling, "speed_percentage")),
        hwErrors: num(get(mining, "hw_errors")),
        uptimeS: num(get(mining, "mining_uptime_s")) ?? num(get(system, "uptime_seconds")),
        fans: objects(get(cooling, "fans")).map((fan) => num(get(fan, "rpm"))),
        boards,
        pools: pools.map((row) => ({
          url: txt(row["url"], 512),
          worker: txt(row["user"], 256),
          active: row === first,
          alive: alive(row),
          accepted: num(row["accepted"]),
          rejected: num(row["rejected"]),
        })),
        errors: answers.lists
          .flatMap((list) => objects(list))
          .concat(answers.parts.flatMap((part) => objects(part["errors"])))
          .filter((row) => "error_code" in row && "source" in row)
          .map((row) => {
            const [source, words] = [txt(row["source"]) ?? "", txt(row["message"], 400) ?? ""];
            const code = SOURCES.find(([known]) => known.test(source))?.[1] ?? "UNMAPPED";
            const slot = num(row["slot"]);
            const index = slot === null || !Number.isInteger(slot) || slot < 1 || slot > 64 ? null : slot - 1;
            const meant = code === "HASHBOARD_FAULT" && heat.test(words) ? "HASHBOARD_OVER_TEMPERATURE" : code;
            return faultOf(meant, `${txt(row["error_code"]) ?? ""} ${words}`.trim(), index);
          }),
      },
      model,
    );
  },
};
