/**
 * Auradine's Teraflux on cgminer's port (GCMiner, FluxOS): cgminer's sections and its own (`PSU`, `Fan`, `Temperature`, `Voltage`, `Frequency`,
 * `ASCCount`, `IPReport`, `Mode`, `LED`). Boards count from 1; quantities carry their unit ("58.94W", "4052.00 RPM").
 */
import { faultOf } from "../faults.ts";
import { findModel } from "../models.ts";
import { RANGES } from "../plausible.ts";
import { NO_IDENTITY, type Mode } from "../reading.ts";
import { get, list, mac, num, objects, rate, rowsOf, truth, txt, type Answers, type Json } from "./answers.ts";
import { descriptionsOf, poolsOf, summaryOf } from "./cgminer-rows.ts";
import { finish, highest, type BoardDraft, type ChipDraft, type Format, type Raw } from "./draft.ts";

/** What is listed of one board under `list`, e.g. `Temperature` → `ChipTemp`; boards are matched by their number. */
const ofBoard = (answers: Answers, section: string, id: number, inner: string): readonly Json[] =>
  objects(
    get(
      rowsOf(answers, section).find((row) => num(row["ID"]) === id && /hash/i.test(txt(row["Name"]) ?? "hash")),
      inner,
    ),
  );

const chipsOf = (answers: Answers, id: number): readonly ChipDraft[] => {
  const heat = ofBoard(answers, "Temperature", id, "ChipTemp");
  const volts = ofBoard(answers, "Voltage", id, "ChipVoltage");
  const clocks = ofBoard(answers, "Frequency", id, "ChipFrequency");
  return Array.from({ length: Math.max(heat.length, volts.length, clocks.length) }, (_, index): ChipDraft => {
    const of = (rows: readonly Json[], name: string): Raw => num(get(rows[index], name));
    return {
      index,
      tempC: of(heat, "Temperature"),
      voltageV: of(volts, "Voltage"),
      frequencyMhz: of(clocks, "Frequency"),
    };
  });
};

const mean = (values: readonly Raw[]): number | null => {
  const said = values.filter((value): value is number => typeof value === "number" && Number.isFinite(value));
  return said.length === 0 ? null : said.reduce((sum, value) => sum + value, 0) / said.length;
};

const boardsOf = (answers: Answers, serials: readonly unknown[]): readonly BoardDraft[] => {
  const count = rowsOf(answers, "ASCCount")[0];
  const [chips, boards] = [num(get(count, "AsicCount")), num(get(count, "BoardCount"))];
  const each = chips === null || boards === null || boards === 0 || chips % boards !== 0 ? null : chips / boards;
  return rowsOf(answers, "DEVS").map((row, position): BoardDraft => {
    const id = num(get(row, "ID")) ?? position + 1;
    const chipMap = chipsOf(answers, id);
    const sensors = ofBoard(answers, "Temperature", id, "BoardTemp").map((sensor) => num(get(sensor, "Temperature")));
    return {
      index: id - 1,
      hashrateThs: rate(row, "MHS 5s", "MHS 1m", "MHS av"),
      boardC: highest(RANGES.partC, sensors.length > 0 ? sensors : [num(get(row, "Temperature"))]),
      chipC: highest(
        RANGES.partC,
        chipMap.map(({ tempC }) => tempC),
      ),
      chips: each,
      frequencyMhz: mean(chipMap.map(({ frequencyMhz }) => frequencyMhz)),
      hwErrors: num(get(row, "Hardware Errors")),
      serial: txt(serials[id - 1], 64),
      chipMap,
    };
  });
};

const modeOf = (answers: Answers, hashrateThs: Raw): Mode => {
  if (truth(get(rowsOf(answers, "Mode")[0], "Sleep")) === true) return "paused";
  const devs = rowsOf(answers, "DEVS");
  if (devs.length > 0 && devs.every((row) => truth(get(row, "Enabled")) === false)) return "paused";
  return typeof hashrateThs === "number" || devs.length > 0 ? "mining" : "unknown";
};

export const auradine: Format = {
  name: "auradine",
  score: (answers) =>
    descriptionsOf(answers).some((text) => /gcminer|fluxos/i.test(text)) || rowsOf(answers, "VERSION").some((row) => "GCMiner" in row)
      ? 97
      : rowsOf(answers, "IPReport").length > 0
        ? 90
        : 0,
  parse: (answers) => {
    const [report] = rowsOf(answers, "IPReport");
    const [details] = rowsOf(answers, "DEVDETAILS");
    const [psu] = rowsOf(answers, "PSU");
    const [mode] = rowsOf(answers, "Mode");
    const fans = rowsOf(answers, "Fan");
    const name = txt(get(report, "model")) ?? txt(get(details, "Model"));
    const model = findModel("Auradine", name);
    const base = summaryOf(answers);
    const boards = boardsOf(answers, list(get(report, "HBSerialNo")));
    const shares = fans.map((fan) => {
      const [speed, most] = [num(get(fan, "Speed")), num(get(fan, "Max"))];
      return speed === null || most === null || most <= 0 ? null : (speed / most) * 100;
    });
    return finish(
      {
        ...NO_IDENTITY,
        make: "Auradine",
        model: model?.name ?? name,
        firmware: descriptionsOf(answers).find((text) => /fluxos/i.test(text)) ?? descriptionsOf(answers)[0] ?? null,
        serial: txt(get(report, "SerialNo"), 64),
        controlBoardSerial: txt(get(report, "CBSerialNo"), 64),
        mac: mac(get(report, "mac")),
        ip: txt(get(report, "ip"), 64),
        hostname: txt(get(report, "hostname")),
        boardSerials: boards.map((board) => board.serial ?? null),
      },
      {
        ...base,
        mode: modeOf(answers, base.hashrateThs),
        powerW: num(get(psu, "PowerIn")),
        powerLimitW: num(get(mode, "Power")),
        expectedThs: num(get(mode, "Ths")),
        fanPct: mean(shares),
        fans: fans.map((fan) => num(get(fan, "Speed"))),
        voltageV: num(get(psu, "Vout")),
        boards,
        pools: poolsOf(answers),
        errors: rowsOf(answers, "LED")
          .map((row) => txt(get(row, "Msg"), 400) ?? "")
          .filter((text) => text !== "" && !/^(?:normal|ok|unknown)/i.test(text))
          .map((text) => faultOf("UNMAPPED", text)),
      },
      model,
    );
  },
};
