/** Whatever speaks cgminer's API and is none of the known dialects: rates, shares, pools, one board per device. */
import { findModel } from "../models.ts";
import { NO_IDENTITY } from "../reading.ts";
import { get, mac, num, objects, rate, rowsOf, truth, txt, type Answers } from "./answers.ts";
import { descriptionsOf, poolsOf, summaryOf } from "./cgminer-rows.ts";
import { finish, zeroIsNone, type BoardDraft, type Format } from "./draft.ts";

const SECTIONS = ["SUMMARY", "DEVS", "STATS", "POOLS", "VERSION"];
const speaks = (answers: Answers): boolean => answers.parts.some((part) => SECTIONS.some((section) => objects(part[section]).length > 0));

export const cgminer: Format = {
  name: "cgminer",
  score: (answers) => (speaks(answers) ? 10 : 0),
  parse: (answers) => {
    const [version] = rowsOf(answers, "VERSION");
    const name =
      txt(get(version, "Type", "PROD", "MODEL", "Model")) ??
      txt(
        rowsOf(answers, "DEVDETAILS")
          .map((row) => get(row, "Model"))
          .find((value) => txt(value) !== null),
      );
    const model = findModel(null, name);
    const base = summaryOf(answers);
    const boards = rowsOf(answers, "DEVS").map((row, index): BoardDraft => ({
      index,
      hashrateThs: rate(row, "MHS 5s", "GHS 5s", "MHS 20s", "MHS 30s", "MHS 1m", "MHS av", "GHS av"),
      boardC: zeroIsNone(num(get(row, "Temperature", "Tenperature"))),
      hwErrors: num(get(row, "Hardware Errors")),
      frequencyMhz: num(get(row, "Frequency")),
      serial: txt(get(row, "SerialNumber", "PCB SN"), 64),
    }));
    const enabled = rowsOf(answers, "DEVS").map((row) => truth(get(row, "Enabled")));
    return finish(
      {
        ...NO_IDENTITY,
        make: model?.make ?? null,
        model: model?.name ?? name,
        firmware: txt(get(version, "Miner", "CGMiner", "BMMiner")) ?? descriptionsOf(answers)[0] ?? null,
        mac: mac(get(version, "MAC")),
        boardSerials: boards.map((board) => board.serial ?? null),
      },
      {
        ...base,
        mode:
          enabled.length > 0 && enabled.every((on) => on === false)
            ? "paused"
            : base.hashrateThs === null && boards.length === 0
              ? "unknown"
              : "mining",
        boards,
        pools: poolsOf(answers),
      },
      model,
    );
  },
};
