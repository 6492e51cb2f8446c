/** MARA's firmware on HTTP `/kapi/v1`: `brief`, `overview`, `details`, `hashboards`, `fans`, `pools`, `event_chart`. Rates in GH/s, voltages in V. */
import { faultOf, type FaultCode } from "../faults.ts";
import { findModel } from "../models.ts";
import { RANGES } from "../plausible.ts";
import { NO_IDENTITY, type DeviceError, type Mode } from "../reading.ts";
import { dig, get, mac, num, nums, objects, partWhere, txt, type Answers, type Json } from "./answers.ts";
import { finish, fitted, highest, zeroIsNone, type BoardDraft, type ChipDraft, type Format, type PoolDraft } from "./draft.ts";

const briefOf = (answers: Answers): Json | null => partWhere(answers, (part) => "hashrate_realtime" in part);
const overviewOf = (answers: Answers): Json | null => partWhere(answers, (part) => "version_firmware" in part);
const rowsIn = (answers: Answers, name: string): readonly Json[] => answers.parts.flatMap((part) => objects(part[name]));

const chipOf = (row: Json, position: number): ChipDraft => {
  const rate = num(get(row, "hashrate_avg"));
  return {
    index: num(get(row, "index")) ?? position,
    hashrateGhs: rate,
    frequencyMhz: num(get(row, "frequency")),
    voltageV: num(get(row, "voltage")),
    working: rate === null ? null : rate > 0,
  };
};

const hottest = (values: readonly number[]) => highest(RANGES.partC, values.map(zeroIsNone));

const poolsOf = (answers: Answers): readonly PoolDraft[] => {
  const rows = answers.lists
    .flatMap((list) => objects(list))
    .filter((row) => "url" in row && "status" in row && txt(row["url"], 512) !== null);
  const first = rows
    .filter((row) => /^alive$/i.test(txt(row["status"]) ?? ""))
    .sort((a, b) => (num(a["priority"]) ?? 0) - (num(b["priority"]) ?? 0))[0];
  return rows.map((row) => ({
    url: txt(row["url"], 512),
    worker: txt(row["user"], 256),
    active: row === first,
    alive: /^alive$/i.test(txt(row["status"]) ?? ""),
    accepted: num(row["accepted"]),
    rejected: num(row["rejected"]),
    stale: num(row["stale"]),
  }));
};

const WORDS: readonly (readonly [words: RegExp, fault: FaultCode])[] = [
  [/fan/i, "FAN_FAILED"],
  [/temp|heat|hot/i, "HASHBOARD_OVER_TEMPERATURE"],
  [/psu|power supply/i, "PSU_FAULT"],
  [/pool|stratum/i, "POOL_UNREACHABLE"],
  [/chip|asic/i, "HASHBOARD_MISSING_CHIPS"],
  [/board/i, "HASHBOARD_FAULT"],
  [/network/i, "NETWORK_FAULT"],
];

/** What it calls information is a diary, not a fault. */
const errorsOf = (answers: Answers): DeviceError[] =>
  rowsIn(answers, "event_flags")
    .filter((row) => /^(?:warning|error)$/i.test(txt(row["level"]) ?? ""))
    .map((row) => {
      const words = txt(row["message"], 400) ?? "";
      return faultOf(WORDS.find(([known]) => known.test(words))?.[1] ?? "UNMAPPED", words);
    });

const STATES: readonly (readonly [state: RegExp, mode: Mode])[] = [
  [/^mining/i, "mining"],
  [/sleep|stop|paus|idle/i, "paused"],
  [/tun|start|init|boot/i, "tuning"],
  [/fail|error/i, "fault"],
];

export const marathon: Format = {
  name: "marathon",
  score: (answers) =>
    briefOf(answers) !== null && ("power_consumption_estimated" in (briefOf(answers) ?? {}) || overviewOf(answers) !== null)
      ? 93
      : rowsIn(answers, "hashboard_infos").length > 0
        ? 90
        : 0,
  parse: (answers) => {
    const [brief, overview] = [briefOf(answers), overviewOf(answers)];
    const name = txt(get(overview, "model", "miner_model", "name"));
    const model = findModel("Bitmain", name);
    const about = model?.nameplate.hashrateThs ?? null;
    const gigahash = (value: unknown): number | null => fitted(num(value), [1e-3, 1, 1e-6], about);
    const [details, sensors] = [rowsIn(answers, "hashboard_infos"), rowsIn(answers, "hashboards")];
    const boards = (details.length > 0 ? details : sensors).slice(0, 16).map((row, index): BoardDraft => {
      const sensor = sensors.find((other) => num(other["index"]) === num(row["index"])) ?? sensors[index];
      const [rate, ideal] = [num(get(row, "hashrate_avg")), num(get(row, "hashrate_ideal"))];
      return {
        index,
        hashrateThs: rate === null ? null : rate * 1e-3,
        expectedThs: ideal === null ? null : ideal * 1e-3,
        boardC: hottest(nums(sensor?.["temperature_pcb"])),
        chipC: hottest(nums(sensor?.["temperature_chip"])),
        chips: num(get(row, "asic_num")),
        frequencyMhz: num(get(row, "frequency_avg")),
        voltageV: num(get(row, "voltage")),
        serial: txt(get(row, "serial_number"), 64),
        chipMap: objects(get(row, "asic_infos")).map(chipOf),
      };
    });
    const network = partWhere(answers, (part) => "hostname" in part);
    const conf = partWhere(answers, (part) => dig(part, "mode", "work-mode-selector") !== undefined);
    const asleep = /sleep/i.test(txt(dig(conf, "mode", "work-mode-selector")) ?? "");
    return finish(
      {
        ...NO_IDENTITY,
        make: "Bitmain",
        model: model?.name ?? name,
        firmware: txt(get(overview, "version_firmware")),
        mac: mac(get(overview, "mac")),
        hostname: txt(get(network, "hostname")),
        boardSerials: boards.map((board) => board.serial ?? null),
      },
      {
        mode: asleep ? "paused" : (STATES.find(([words]) => words.test(txt(get(brief, "status")) ?? ""))?.[1] ?? "unknown"),
        hashrateThs: gigahash(get(brief, "hashrate_realtime")),
        averageThs: gigahash(get(brief, "hashrate_average", "hashrate_avg")),
        expectedThs: gigahash(get(brief, "hashrate_ideal")),
        powerW: num(get(brief, "power_consumption_estimated")),
        powerLimitW: num(dig(conf, "mode", "concorde", "power-target")),
        uptimeS: num(get(brief, "elapsed")),
        fans: rowsIn(answers, "fans")
          .filter((fan) => "current_speed" in fan)
          .map((fan) => num(fan["current_speed"])),
        boards,
        pools: poolsOf(answers),
        errors: errorsOf(answers),
      },
      model,
    );
  },
};
