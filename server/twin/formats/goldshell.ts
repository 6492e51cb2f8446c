/**
 * Goldshell on HTTP `/mcb`: `status` and cgminer's sections (`cgminer?cgminercmd=devs`), also as its port gives them. Rates in MH/s over 20 s, `voltage`
 * in mV, `tstemp-0` and `-1` at the chips and `tstemp-2` on the board in °C; fans are told once for every board.
 */
import { findModel } from "../models.ts";
import { RANGES } from "../plausible.ts";
import { NO_IDENTITY } from "../reading.ts";
import { get, isObject, mac, num, partWhere, rate, rowsOf, truth, txt, type Answers, type Json } from "./answers.ts";
import { descriptionsOf, poolsOf, summaryOf } from "./cgminer-rows.ts";
import { finish, highest, zeroIsNone, type BoardDraft, type Format } from "./draft.ts";

const statusOf = (answers: Answers): Json | null =>
  partWhere(answers, (part) => /goldshell/i.test(txt(part["model"]) ?? "")) ??
  answers.parts.map((part) => part["status"]).find((status): status is Json => isObject(status) && "mcbversion" in status) ??
  null;
const isDevice = (row: Json): boolean => "tstemp-0" in row || "tstemp-2" in row;

export const goldshell: Format = {
  name: "goldshell",
  score: (answers) =>
    statusOf(answers) !== null ||
    rowsOf(answers, "DEVS").some(isDevice) ||
    descriptionsOf(answers).some((text) => /goldshell|intchains_qomo|kdaminer/i.test(text))
      ? 92
      : 0,
  parse: (answers) => {
    const status = statusOf(answers);
    const settings = partWhere(answers, (part) => "name" in part && "version" in part && "macaddr" in part);
    const name = txt(get(status, "model"));
    const model = findModel("Goldshell", name);
    const base = summaryOf(answers);
    const [details, devices] = [rowsOf(answers, "DEVDETAILS"), rowsOf(answers, "DEVS")];
    const boards = devices.map((row, position): BoardDraft => {
      const id = num(get(row, "ID"));
      const millivolts = num(get(row, "voltage"));
      return {
        index: id ?? position,
        hashrateThs: rate(row, "MHS 20s", "MHS 5s", "MHS av"),
        boardC: zeroIsNone(num(get(row, "tstemp-2"))),
        chipC: highest(RANGES.partC, [zeroIsNone(num(get(row, "tstemp-0"))), zeroIsNone(num(get(row, "tstemp-1")))]),
        chips: num(get(details.find((one) => num(get(one, "ID")) === id) ?? row, "chips-nr")),
        frequencyMhz: num(get(row, "clock")),
        voltageV: millivolts === null ? null : millivolts / 1000,
        hwErrors: num(get(row, "Hardware Errors", "hwerrors")),
      };
    });
    const [first] = devices;
    const fans = [0, 1, 2, 3].map((fan) => num(get(first, `fan${fan}`))).filter((rpm) => rpm !== null);
    const told = rowsOf(answers, "STATS").flatMap((row) => [1, 2, 3, 4].map((fan) => num(row[`fan${fan}`])).filter((rpm) => rpm !== null));
    const enabled = devices.map((row) => truth(get(row, "Enabled")));
    return finish(
      {
        ...NO_IDENTITY,
        make: "Goldshell",
        model: model?.name ?? name?.replace(/-/g, " ") ?? null,
        firmware: txt(get(status, "firmware")) ?? txt(get(settings, "version")),
        mac: mac(get(settings, "macaddr")) ?? mac(get(status, "macaddr", "mac")),
        hostname: txt(get(settings, "name")),
        boardSerials: boards.map(() => null),
      },
      {
        ...base,
        mode:
          enabled.length > 0 && enabled.every((on) => on === false)
            ? "paused"
            : base.hashrateThs === null && boards.length === 0
              ? "unknown"
              : "mining",
        powerW: num(get(first, "power_total", "power")),
        fans: fans.length > 0 ? fans : told,
        boards,
        pools: poolsOf(answers),
      },
      model,
    );
  },
};
