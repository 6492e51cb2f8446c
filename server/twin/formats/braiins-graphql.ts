/** Braiins OS 21.09 to 25.05: its GraphQL answers, `{data: {bos, bosminer}}`. Rates in MH/s. */
import { findModel } from "../models.ts";
import { NO_IDENTITY } from "../reading.ts";
import { dig, isObject, mac, num, objects, partWhere, truth, txt, type Answers, type Json } from "./answers.ts";
import { braiinsFault } from "./braiins.ts";
import { finish, type BoardDraft, type Format, type PoolDraft, type Raw } from "./draft.ts";

/** All answers laid over one another, for each was asked for another part of the same tree. */
const treeOf = (answers: Answers): readonly Json[] =>
  answers.parts
    .flatMap((part) => [part["data"], part])
    .filter(isObject)
    .filter((tree) => isObject(tree["bos"]) || isObject(tree["bosminer"]) || Array.isArray(dig(tree, "events", "appeals")));
const told = (trees: readonly Json[], ...path: readonly string[]): unknown =>
  trees.map((tree) => dig(tree, ...path)).find((value) => value !== undefined && value !== null);

const mega = (value: unknown): number | null => {
  const rate = num(value);
  return rate === null ? null : rate * 1e-6;
};

const sensor = (row: Json, ...names: readonly string[]): Raw => {
  for (const name of names) {
    // "MAX_BOARD" of older firmware is "Max Board" of newer
    const found = objects(row["temperatures"]).find((entry) => txt(entry["name"])?.toUpperCase().replace(/\W+/g, "_") === name);
    if (found !== undefined) return num(found["degreesC"]);
  }
  return null;
};

const boardOf = (row: Json, index: number): BoardDraft => ({
  index,
  hashrateThs: mega(dig(row, "realHashrate", "mhs5S") ?? dig(row, "realHashrate", "mhs1M")),
  expectedThs: mega(row["nominalMhs"]),
  boardC: sensor(row, "MAX_BOARD", "BOARD"),
  chipC: sensor(row, "MAX_CHIP", "CHIP"),
  inletC: sensor(row, "INLET"),
  outletC: sensor(row, "OUTLET"),
  chips: num(dig(row, "hwDetails", "chips")),
  frequencyMhz: num(dig(row, "hwDetails", "frequencyMhz")),
  voltageV: num(dig(row, "hwDetails", "voltageV")),
  serial: txt(dig(row, "hwDetails", "hbSerialNumber"), 64),
});

const poolOf = (row: Json): PoolDraft => ({
  url: txt(row["url"], 512),
  worker: txt(row["user"], 256),
  active: truth(row["active"]),
  alive: truth(row["status"]),
  accepted: num(dig(row, "shares", "acceptedSolutions")),
  rejected: num(dig(row, "shares", "rejectedSolutions")),
  stale: num(dig(row, "shares", "staleSolutions")),
});

export const braiinsGraphql: Format = {
  name: "braiins-graphql",
  score: (answers) => (treeOf(answers).length > 0 ? 98 : 0),
  parse: (answers) => {
    const trees = treeOf(answers);
    const boards = objects(told(trees, "bosminer", "info", "workSolver", "childSolvers")).map(boardOf);
    const name = txt(told(trees, "bosminer", "info", "modelName") ?? told(trees, "bos", "info", "modelName"));
    const model = findModel("Bitmain", name, { chips: boards[0]?.chips ?? null });
    const groups = objects(told(trees, "bosminer", "info", "poolGroups"));
    const fans = objects(told(trees, "bosminer", "info", "fans"));
    const hashrateThs = mega(told(trees, "bosminer", "info", "workSolver", "realHashrate", "mhs5S"));
    const speeds = fans.map((fan) => num(fan["speed"])).filter((speed) => speed !== null);
    const net = partWhere(answers, (part) => "macaddr" in part);
    return finish(
      {
        ...NO_IDENTITY,
        make: "Bitmain",
        model: model?.name ?? name,
        firmware: txt(told(trees, "bos", "info", "version", "full")),
        mac: mac(net?.["macaddr"]),
        hostname: txt(told(trees, "bos", "hostname")),
        boardSerials: boards.map((board) => board.serial ?? null),
      },
      {
        mode: (hashrateThs ?? 0) > 0 ? "mining" : "unknown",
        hashrateThs,
        expectedThs: mega(told(trees, "bosminer", "info", "workSolver", "nominalMhs")),
        powerW: num(told(trees, "bosminer", "info", "summary", "power", "approxConsumptionW")),
        powerLimitW: num(told(trees, "bosminer", "info", "summary", "power", "limitW")),
        fanPct: speeds.length === 0 ? null : Math.max(...speeds),
        uptimeS: num(told(trees, "bos", "uptime", "durationS")),
        fans: fans.map((fan) => num(fan["rpm"])),
        boards,
        pools: groups.flatMap((group) => objects(group["pools"])).map(poolOf),
        errors: objects(told(trees, "events", "appeals")).map((row) =>
          braiinsFault(txt(row["message"], 400) ?? txt(row["text"], 400) ?? "", "", null),
        ),
      },
      model,
    );
  },
};
