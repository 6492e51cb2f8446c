/** Braiins OS on cgminer's port 4028: `devs`, `devdetails`, `temps`, `fans`, `tunerstatus`. Rates in MH/s. */
import { findModel } from "../models.ts";
import { NO_IDENTITY } from "../reading.ts";
import { get, num, objects, rate, rowsOf, txt, type Json } from "./answers.ts";
import { descriptionsOf, poolsOf, summaryOf } from "./cgminer-rows.ts";
import { finish, type BoardDraft, type Format } from "./draft.ts";

const byId = (rows: readonly Json[], id: unknown): Json | undefined => rows.find((row) => get(row, "ID") === id);

export const bosminer: Format = {
  name: "bosminer",
  score: (answers) =>
    descriptionsOf(answers).some((text) => /^bos(?:miner|er)/i.test(text)) ||
    rowsOf(answers, "VERSION").some((row) => Object.keys(row).some((name) => /^bos(?:miner|er)/i.test(name))) ||
    rowsOf(answers, "TUNERSTATUS").length > 0
      ? 95
      : 0,
  parse: (answers) => {
    const [devs, details, temps] = [rowsOf(answers, "DEVS"), rowsOf(answers, "DEVDETAILS"), rowsOf(answers, "TEMPS")];
    const fans = rowsOf(answers, "FANS");
    const [tuner] = rowsOf(answers, "TUNERSTATUS");
    const ids = [...new Set([...devs, ...details, ...temps].map((row) => num(get(row, "ID"))))]
      .filter((id): id is number => id !== null && !Number.isNaN(id))
      .sort((a, b) => a - b);
    const boards = ids.map((id, index): BoardDraft => {
      const [dev, detail, temp] = [byId(devs, id), byId(details, id), byId(temps, id)];
      const frequency = num(get(detail, "Frequency"));
      return {
        index,
        hashrateThs: rate(dev, "MHS 5s", "MHS 1m", "MHS av"),
        expectedThs: rate(dev, "Nominal MHS"),
        boardC: num(get(temp, "Board")),
        chipC: num(get(temp, "Chip")),
        chips: num(get(detail, "Chips")),
        frequencyMhz: frequency !== null && frequency > 10_000 ? frequency / 1e6 : frequency,
        voltageV: num(get(detail, "Voltage")),
        hwErrors: num(get(dev, "Hardware Errors")),
        serial: txt(get(dev, "SerialNumber"), 64),
      };
    });
    const name = txt(details.map((row) => get(row, "Model")).find((value) => txt(value) !== null));
    const model = findModel("Bitmain", name, { chips: boards[0]?.chips ?? null });
    const tuning = objects(get(tuner, "TunerChainStatus")).some((chain) => /tuning|testing/i.test(txt(get(chain, "Status")) ?? ""));
    const base = summaryOf(answers);
    const speeds = fans.map((fan) => num(get(fan, "Speed"))).filter((speed) => speed !== null);
    return finish(
      {
        ...NO_IDENTITY,
        make: model?.make ?? (name === null ? null : "Bitmain"),
        model: model?.name ?? name,
        firmware:
          txt(
            rowsOf(answers, "VERSION")
              .flatMap((row) => Object.entries(row))
              .find(([key]) => /^bos/i.test(key))?.[1],
          ) ??
          descriptionsOf(answers)[0] ??
          null,
        boardSerials: boards.map((board) => board.serial ?? null),
      },
      {
        ...base,
        mode: tuning ? "tuning" : base.hashrateThs === null && boards.length === 0 ? "unknown" : "mining",
        powerW: num(get(tuner, "ApproximateMinerPowerConsumption")),
        powerLimitW: num(get(tuner, "PowerLimit")),
        fanPct: speeds.length === 0 ? null : Math.max(...speeds),
        fans: fans.map((fan) => num(get(fan, "RPM"))),
        boards,
        pools: poolsOf(answers),
      },
      model,
    );
  },
};
