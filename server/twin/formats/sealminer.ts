/**
 * Bitdeer's Sealminer on cgminer's port ("bdminer") and its web pages `get_system_info`, `miner-psu-status`: everything of a board stands in one
 * row of `stats` under its number, "0 Chip Count", "0 MHS(Sample)", "0 Temp 3" (MH/s, °C).
 */
import { faultOf } from "../faults.ts";
import { findModel } from "../models.ts";
import { RANGES } from "../plausible.ts";
import { NO_IDENTITY, type Mode } from "../reading.ts";
import { get, mac, num, partWhere, rowsOf, truth, txt, type Answers, type Json } from "./answers.ts";
import { descriptionsOf, poolsOf, summaryOf } from "./cgminer-rows.ts";
import { finish, highest, zeroIsNone, type BoardDraft, type Format, type Raw } from "./draft.ts";

const MOST_BOARDS = 8;
const MEGA = 1e-6;

const isStats = (row: Json): boolean => "0 Chip Count" in row || "PSU Input Power" in row || "0 MHS(Sample)" in row;
const infoOf = (answers: Answers): Json | null => partWhere(answers, (part) => "miner_type" in part && "ctrl_version" in part);
const scaled = (value: number | null): number | null => (value === null ? null : value * MEGA);

const boardsOf = (stats: Json | undefined): readonly BoardDraft[] => {
  if (stats === undefined) return [];
  return Array.from({ length: MOST_BOARDS }, (_, index) => index)
    .filter((index) => `${index} Chip Count` in stats || `${index} SN` in stats)
    .map((index): BoardDraft => {
      const at = (name: string): unknown => stats[`${index} ${name}`];
      const sensors = [0, 1, 2, 3].map((sensor) => zeroIsNone(num(at(`Temp ${sensor}`) ?? at(`Temp${sensor}`))));
      const bad = num(at("Bad Chip Count"));
      const chips = num(at("Chip Count"));
      return {
        index,
        hashrateThs: scaled(num(at("MHS(Sample)"))),
        expectedThs: scaled(num(at("MHS(Ideal)"))),
        boardC: highest(RANGES.partC, sensors),
        chips: chips === null || bad === null ? chips : chips - bad,
        expectedChips: chips,
        frequencyMhz: num(at("Freq")),
        serial: txt(at("SN"), 64),
      };
    });
};

const fansOf = (stats: Json | undefined): readonly Raw[] =>
  stats === undefined
    ? []
    : Array.from({ length: MOST_BOARDS }, (_, index) => stats[`${index} Speed`])
        .filter((speed) => speed !== undefined)
        .map(num);

const modeOf = (stats: Json | undefined, hashing: boolean): Mode => {
  const state = `${txt(get(stats, "PM State")) ?? ""} ${txt(get(stats, "Mining Mode")) ?? ""}`;
  if (/sleep|stop|standby|idle/i.test(state)) return "paused";
  if (truth(get(stats, "Raise Freq Done")) === false) return "tuning";
  return hashing ? "mining" : "unknown";
};

export const sealminer: Format = {
  name: "sealminer",
  score: (answers) =>
    rowsOf(answers, "STATS").some(isStats) || infoOf(answers) !== null || descriptionsOf(answers).some((text) => /^bdminer/i.test(text))
      ? 94
      : 0,
  parse: (answers) => {
    const stats = rowsOf(answers, "STATS").find(isStats);
    const info = infoOf(answers);
    const psu = partWhere(answers, (part) => "Power" in part && "StatusCode" in part);
    const [details] = rowsOf(answers, "DEVDETAILS");
    const name = txt(get(info, "miner_type")) ?? txt(get(stats, "Model")) ?? txt(get(details, "Model"));
    const model = findModel("Bitdeer", name === null ? null : `Sealminer ${name}`);
    const base = summaryOf(answers);
    const boards = boardsOf(stats);
    const fault = txt(get(stats, "PSU Error"));
    return finish(
      {
        ...NO_IDENTITY,
        make: "Bitdeer",
        model: model?.name ?? (name === null || /sealminer/i.test(name) ? name : `Sealminer ${name}`),
        firmware: txt(get(info, "firmware_version")) ?? txt(get(stats, "Firmware")),
        serial: txt(get(info, "crtl_sn", "ctrl_sn"), 64),
        mac: mac(get(info, "macaddr")),
        ip: txt(get(info, "ipaddress"), 64),
        psuSerial: txt(get(stats, "PSU SN"), 64),
        boardSerials: boards.map((board) => board.serial ?? null),
      },
      {
        ...base,
        mode: modeOf(stats, base.hashrateThs !== null),
        expectedThs: scaled(num(get(stats, "MHS(Rated)", "MHS(Ideal)"))),
        powerW: num(get(stats, "PSU Input Power")) ?? num(get(psu, "Power")),
        powerLimitW: num(get(stats, "Power Limit")),
        psuC: num(get(stats, "PSU Temp AMB")) ?? num(get(psu, "Temp")),
        voltageV: num(get(stats, "PSU Output Voltage")) ?? num(get(psu, "Voltage")),
        uptimeS: base.uptimeS ?? num(get(stats, "System Uptime")),
        fans: fansOf(stats),
        boards,
        pools: poolsOf(answers),
        errors: fault === null || /^0x0*$/.test(fault) || fault === "0" ? [] : [faultOf("PSU_FAULT", `PSU Error ${fault}`)],
      },
      model,
    );
  },
};
