/** Whatsminers with API v3 on TCP 4433: `get.device.info` and `get.miner.status` (summary, edevs, pools). Rates in TH/s. */
import { findModel } from "../models.ts";
import { NO_IDENTITY, type Mode } from "../reading.ts";
import { RANGES } from "../plausible.ts";
import { dig, get, isObject, list, mac, num, nums, objects, txt, truth, type Answers, type Json } from "./answers.ts";
import { finish, highest, type BoardDraft, type Format, type PoolDraft } from "./draft.ts";
import { aroundIt, nameOf } from "./whatsminer.ts";
import { whatsminerFaults } from "./whatsminer-faults.ts";

const isAnswer = (part: Json): boolean => typeof part["desc"] === "string" && "msg" in part;
/** What all answers say together: `{miner, network, power, system, summary, edevs, pools, error-code}`. */
const toldBy = (answers: Answers): Json =>
  Object.assign(
    {},
    ...answers.parts
      .filter(isAnswer)
      .map((part) => part["msg"])
      .filter(isObject),
  ) as Json;

const poolOf = (row: Json): PoolDraft => ({
  url: txt(row["url"], 512),
  worker: txt(row["account"], 256),
  active: truth(row["stratum-active"]),
  alive: truth(row["status"]),
  accepted: num(row["accepted"]),
  rejected: num(row["rejected"]),
  stale: num(row["stale"]),
});

const boardsOf = (told: Json): readonly BoardDraft[] => {
  const temperatures = nums(dig(told, "summary", "board-temperature"));
  return objects(told["edevs"]).map((row, position): BoardDraft => {
    const slot = num(get(row, "slot", "id"));
    const index = slot !== null && Number.isInteger(slot) && slot >= 0 && slot < 16 ? slot : position;
    return {
      index,
      hashrateThs: num(get(row, "hash-realtime", "hash-average")),
      expectedThs: num(get(row, "factory-hash")),
      boardC: temperatures[index] ?? null,
      chipC: num(get(row, "chip-temp-max")),
      chips: num(get(row, "effective-chips")),
      frequencyMhz: num(get(row, "freq")),
      serial: txt(dig(told, "miner", `pcbsn${index}`), 64),
    };
  });
};

const modeOf = (told: Json): Mode => {
  const working = truth(dig(told, "miner", "working"));
  if (working === false) return "paused";
  if (num(dig(told, "summary", "up-freq-finish")) === 0) return "tuning";
  return working === true || isObject(told["summary"]) ? "mining" : "unknown";
};

const serialsOf = (told: Json, boards: readonly BoardDraft[]): readonly (string | null)[] => {
  if (boards.length > 0) return boards.map((board) => board.serial ?? null);
  const count = Math.min(16, num(dig(told, "miner", "board-num")) ?? 0);
  return Array.from({ length: count > 0 ? count : 0 }, (_, index) => txt(dig(told, "miner", `pcbsn${index}`), 64));
};

export const whatsminer3: Format = {
  name: "whatsminer3",
  score: (answers) => (answers.parts.some((part) => isAnswer(part) && /^get\.(?:device|miner|system)/.test(String(part["desc"]))) ? 97 : 0),
  parse: (answers) => {
    const told = toldBy(answers);
    const summary = isObject(told["summary"]) ? told["summary"] : null;
    const boards = boardsOf(told);
    const type = txt(dig(told, "miner", "type"));
    const model = findModel("MicroBT", type);
    const [fanIn, fanOut] = [num(get(summary, "fan-speed-in")), num(get(summary, "fan-speed-out"))];
    const still = (fanIn ?? 0) === 0 && (fanOut ?? 0) === 0 && model !== null && model.cooling !== "air";
    const vout = num(dig(told, "power", "vout"));
    return finish(
      {
        ...NO_IDENTITY,
        make: "MicroBT",
        model: nameOf(model, type),
        firmware: txt(dig(told, "system", "fwversion")),
        serial: txt(dig(told, "miner", "miner-sn"), 64),
        mac: mac(dig(told, "network", "mac")),
        ip: txt(dig(told, "network", "ip"), 64),
        hostname: txt(dig(told, "network", "hostname")),
        psuSerial: txt(dig(told, "power", "sn"), 64),
        boardSerials: serialsOf(told, boards),
      },
      {
        mode: modeOf(told),
        hashrateThs: num(get(summary, "hash-realtime", "hash-1min", "hash-average")),
        averageThs: num(get(summary, "hash-average")),
        expectedThs: num(get(summary, "factory-hash")),
        powerW: num(get(summary, "power-realtime", "power-5min")) ?? num(dig(told, "power", "pin")),
        powerLimitW: num(get(summary, "power-limit")),
        intakeC: aroundIt(num(get(summary, "environment-temperature")), num(get(summary, "chip-temp-max"))),
        outletC: num(dig(told, "power", "liquid-temperature")),
        boardC: highest(RANGES.partC, nums(get(summary, "board-temperature"))),
        chipC: num(get(summary, "chip-temp-max")),
        psuC: num(dig(told, "power", "temp0")),
        voltageV: vout !== null && vout > 100 ? vout / 100 : vout,
        frequencyMhz: num(get(summary, "freq-avg")),
        uptimeS: num(get(summary, "elapsed", "bootup-time")),
        fans: (fanIn === null && fanOut === null) || still ? [] : [fanIn, fanOut],
        boards,
        pools: objects(told["pools"]).map(poolOf),
        errors: whatsminerFaults(list(told["error-code"])),
      },
      model,
    );
  },
};
