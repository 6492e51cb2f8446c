/**
 * Avalons of Canaan: cgminer's port 4028, where `stats`, `estats` and `litestats` carry whole modules as one text, "MM ID0" =
 * "Ver[…] Temp[30] TMax[77] … PVT_T0[…]". Rates in GH/s, sensors in °C, chip voltages in mV, `PS` in hundredths of a volt and watts.
 */
import { faultOf } from "../faults.ts";
import { findModel, type Model } from "../models.ts";
import { RANGES } from "../plausible.ts";
import { NO_IDENTITY, type DeviceError, type Identity, type Mode, type Quality } from "../reading.ts";
import { get, isObject, mac, num, nums, rowsOf, txt, type Answers, type Json } from "./answers.ts";
import { poolsOf, summaryOf } from "./cgminer-rows.ts";
import { finish, highest, zeroIsNone, type BoardDraft, type ChipDraft, type Format, type Raw } from "./draft.ts";

/** One controller with its boards: its bracketed fields by name. */
type Module = ReadonlyMap<string, string>;

const BRACKETED = /([A-Za-z_][A-Za-z0-9_ ]{0,40}?)\[([^\][]*)\]/g;

const bracketed = (text: string): [string, string][] =>
  [...text.slice(0, 200_000).matchAll(BRACKETED)].map(([, name = "", value = ""]) => [name.trim(), value]);

/** Some gateways hand over the module already taken apart, `{"PVT_T0": [66, 65], "Temp": 31}`: written back as the machine has it. */
const written = (value: unknown): string => (Array.isArray(value) ? (value as readonly unknown[]).map(String).join(" ") : String(value));
const fieldsOf = (value: unknown): [string, string][] => {
  if (typeof value === "string") return bracketed(value);
  if (!isObject(value)) return [];
  const inner = isObject(value["STATS"]) ? value["STATS"] : value;
  return Object.entries(inner).map(([name, told]) => [name, written(told)]);
};

const MODULE = /^MM ID(\d+)(?::Summary)?$/;

const modulesOf = (answers: Answers): readonly Module[] => {
  const found = new Map<string, Map<string, string>>();
  for (const row of rowsOf(answers, "STATS")) {
    for (const [name, value] of Object.entries(row)) {
      const id = MODULE.exec(name)?.[1];
      if (id === undefined) continue;
      const module = found.get(id) ?? new Map<string, string>();
      // the same module may be told by stats and litestats; the first is kept
      for (const [field, told] of fieldsOf(value)) if (!module.has(field)) module.set(field, told);
      found.set(id, module);
    }
    // one board a key: "HBinfo": "'HB0':{PVT_T0[…] PVT_V0[…] MW0[…]}"
    const info = row["HBinfo"];
    const module = found.get("0") ?? found.values().next().value;
    if (module === undefined || info === undefined) continue;
    const perBoard = isObject(info) ? Object.values(info).flatMap(fieldsOf) : fieldsOf(info);
    for (const [field, told] of perBoard) if (!module.has(field)) module.set(field, told);
  }
  return [...found.values()];
};

const one = (module: Module | undefined, name: string): number | null => num(module?.get(name)?.trim().split(/\s+/)[0]);
const all = (module: Module | undefined, name: string): readonly number[] =>
  nums(
    (module?.get(name) ?? "")
      .trim()
      .split(/\s+/)
      .filter((text) => text !== ""),
  );
const gigahash = (value: number | null | undefined): number | null => (value === null || value === undefined ? null : value * 1e-3);

const working = (module: Module): string => module.get("SYSTEMSTATU") ?? "";
const isOff = (module: Module): boolean => /in\s+idle|standby/i.test(working(module)) || (one(module, "SoftOFF") ?? 0) > 0;

const modeOf = (modules: readonly Module[], summary: boolean): Mode => {
  if (modules.length === 0) return summary ? "mining" : "unknown";
  if (modules.every(isOff)) return "paused";
  return modules.some((module) => /init|prepar|tun|calibr/i.test(working(module))) ? "tuning" : "mining";
};

const boardCount = (module: Module): number => {
  const told = num(/Hash Board:\s*(\d+)/i.exec(working(module))?.[1]);
  const listed = Math.max(...["MGHS", "MTmax", "MTavg", "EEPROM", "ECHU"].map((name) => all(module, name).length), 0);
  const detailed = [...module.keys()].filter((name) => /^PVT_T\d+$/.test(name)).length;
  return Math.min(16, Math.max(listed, detailed, told ?? 0));
};

const chipsOf = (module: Module, board: number): readonly ChipDraft[] => {
  const [heat, volts, works] = [all(module, `PVT_T${board}`), all(module, `PVT_V${board}`), all(module, `MW${board}`)];
  return heat.map((tempC, index) => {
    const work = works[index];
    const mv = volts[index];
    return { index, tempC, voltageV: mv === undefined ? null : mv / 1000, working: work === undefined ? null : work > 0 };
  });
};

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

const boardsOf = (module: Module, first: number): readonly BoardDraft[] => {
  const off = isOff(module) && (one(module, "GHSspd") ?? 0) === 0;
  const single = boardCount(module) === 1;
  return Array.from({ length: boardCount(module) }, (_, board): BoardDraft => {
    const at = (name: string): Raw => all(module, name)[board] ?? null;
    const chipMap = chipsOf(module, board);
    const rate = at("MGHS");
    const sides = [at("HBITemp"), at("HBOTemp")].map(zeroIsNone);
    const millivolts = at("MVavg");
    return {
      index: first + board,
      // MGHS is an average since the start, so that it does not fall when the machine is switched off
      hashrateThs: off ? 0 : gigahash(rate ?? null),
      expectedThs: single ? gigahash(one(module, "GHSmm")) : null,
      boardC: highest(RANGES.partC, sides),
      inletC: sides[0] ?? null,
      outletC: sides[1] ?? null,
      chipC: highest(RANGES.partC, [
        at("MTmax") ?? (single ? one(module, "TMax") : null),
        ...(off ? [] : chipMap.map((chip) => chip.tempC)),
      ]),
      chips: at("EEPROM") ?? (chipMap.length > 0 ? chipMap.length : single ? one(module, "TA") : null),
      frequencyMhz: off ? null : (mean(all(module, `SF${board}`)) ?? mean(all(module, `ATABD${board}`)) ?? one(module, "Freq")),
      voltageV: typeof millivolts === "number" ? millivolts / 1000 : null,
      chipMap,
    };
  });
};

const flagged = (module: Module, name: string): readonly { readonly value: number; readonly index: number }[] =>
  all(module, name)
    .map((value, index) => ({ value, index }))
    .filter(({ value }) => value !== 0 && Number.isFinite(value));

/** ECHU: one word a board; 128 is heat, 513 a board out of order, the rest is told as it is. */
const errorsOf = (module: Module, first: number): DeviceError[] => [
  ...flagged(module, "ECHU").map(({ value, index }) => {
    const known = (value & 128) !== 0 ? "HASHBOARD_OVER_TEMPERATURE" : value === 513 ? "HASHBOARD_FAULT" : "UNMAPPED";
    return faultOf(known, `ECHU[${module.get("ECHU") ?? ""}]`, first + index);
  }),
  ...flagged(module, "HASHS").map(({ index }) => faultOf("HASHBOARD_FAULT", `HASHS[${module.get("HASHS") ?? ""}]`, first + index)),
  ...flagged(module, "ECMM").map(() => faultOf("CONTROL_BOARD_FAULT", `ECMM[${module.get("ECMM") ?? ""}]`)),
  ...flagged(module, "POWS").map(() => faultOf("PSU_FAULT", `POWS[${module.get("POWS") ?? ""}]`)),
  ...flagged(module, "PCOMM_E").map(() => faultOf("PSU_COMMUNICATION_LOST", `PCOMM_E[${module.get("PCOMM_E") ?? ""}]`)),
  ...flagged(module, "FanErr").map(() => faultOf("FAN_FAILED", `FanErr[${module.get("FanErr") ?? ""}]`)),
  ...flagged(module, "POOLS").map(() => faultOf("POOL_UNREACHABLE", `POOLS[${module.get("POOLS") ?? ""}]`)),
  ...((all(module, "PS")[0] ?? 0) > 0 ? [faultOf("PSU_FAULT", `PS[${module.get("PS") ?? ""}]`)] : []),
];

const fansOf = (modules: readonly Module[]): readonly Raw[] =>
  modules.flatMap((module) => {
    const numbered = Array.from({ length: 8 }, (_, index) => one(module, `Fan${index + 1}`)).filter((rpm) => rpm !== null);
    const single = one(module, "Fan");
    return numbered.length > 0 ? numbered : single === null ? [] : [single];
  });

/** Where `PS` has the power at the wall, by what the module calls itself: the first home machine has none of the voltages before it. */
const POWER_AT: readonly (readonly [module: RegExp, place: number])[] = [
  [/^nano3s/i, 6],
  [/^nano3/i, 5],
];

/** PS = [error, controller V/100, board V/100, board A, board W, set V/100, …]; WALLPOWER where the firmware measures the wall. */
const powerOf = (modules: readonly Module[]): number | null => {
  const each = modules.map((module) => {
    const place = POWER_AT.find(([known]) => known.test(module.get("Ver") ?? ""))?.[1] ?? 4;
    return one(module, "WALLPOWER") ?? all(module, "PS")[place] ?? null;
  });
  return each.length === 0 || each.includes(null) ? null : each.reduce<number>((sum, value) => sum + (value ?? 0), 0);
};

const versionOf = (answers: Answers): Json | undefined =>
  rowsOf(answers, "VERSION").find((row) => "MODEL" in row || "PROD" in row || "MAC" in row) ?? rowsOf(answers, "VERSION")[0];

const identityOf = (answers: Answers, modules: readonly Module[], boards: number): Identity & { readonly catalogued: Model | null } => {
  const version = versionOf(answers);
  const product = txt(get(version, "PROD"));
  const type = product ?? txt(get(version, "MODEL")) ?? txt(/^([A-Za-z0-9]+)-/.exec(modules[0]?.get("Ver") ?? "")?.[1]);
  const model = findModel("Canaan", product) ?? findModel("Canaan", txt(get(version, "MODEL"))) ?? findModel("Canaan", type);
  return {
    ...NO_IDENTITY,
    make: "Canaan",
    model: model?.name ?? (type === null || /avalon/i.test(type) ? type : `AvalonMiner ${type}`),
    firmware: txt(get(version, "VERSION", "LVERSION", "CGVERSION")) ?? txt(modules[0]?.get("Ver")),
    serial:
      [get(version, "DNA"), modules[0]?.get("DNA"), modules[0]?.get("HDNA")]
        .map((dna) => txt(dna, 64))
        .find((dna) => dna !== null && /[^0]/.test(dna)) ?? null,
    mac: mac(get(version, "MAC")),
    boardSerials: Array.from({ length: boards }, () => null),
    catalogued: model,
  };
};

const most = (values: readonly (number | null)[]): Raw => highest(RANGES.partC, values.map(zeroIsNone));
const sumThs = (modules: readonly Module[], name: string): number | null => {
  const each = modules.map((module) => one(module, name));
  return each.length === 0 || each.includes(null) ? null : each.reduce<number>((sum, value) => sum + (value ?? 0), 0) * 1e-3;
};

export const avalon: Format = {
  name: "avalon",
  score: (answers) => {
    if (rowsOf(answers, "STATS").some((row) => Object.keys(row).some((name) => MODULE.test(name)))) return 94;
    if (rowsOf(answers, "VERSION").some((row) => /avalon/i.test(txt(row["PROD"]) ?? "") || /^MM\d/.test(txt(row["SWTYPE"]) ?? "")))
      return 93;
    return [...rowsOf(answers, "DEVS"), ...rowsOf(answers, "DEVDETAILS")].some((row) => /^(?:AVA\d|AVALON)/.test(txt(row["Name"]) ?? ""))
      ? 88
      : 0;
  },
  parse: (answers) => {
    const modules = modulesOf(answers);
    const boards = modules.reduce<readonly BoardDraft[]>((before, module) => [...before, ...boardsOf(module, before.length)], []);
    const { catalogued, ...identity } = identityOf(answers, modules, boards.length);
    const base = summaryOf(answers);
    const device = rowsOf(answers, "DEVS")[0];
    const [main] = modules;
    const off = modules.length > 0 && modules.every(isOff);
    const quality: Record<string, Quality> = {};
    // chip sensors of a machine that is off keep what they last showed
    if (off) for (const board of boards) if ((board.chipMap?.length ?? 0) > 0) quality[`boards.${board.index}.chipMap`] = "frozen";
    const volts = all(main, "PS")[2];
    const limit = modules
      .map((module) => one(module, "MPO"))
      .reduce<number | null>((sum, value) => (value === null || value <= 0 ? sum : (sum ?? 0) + value), null);
    const firsts = modules.reduce<readonly number[]>((before, module) => [...before, (before.at(-1) ?? 0) + boardCount(module)], [0]);
    return finish(
      identity,
      {
        ...base,
        mode: modeOf(modules, base.hashrateThs !== null),
        hashrateThs: sumThs(modules, "GHSspd") ?? base.hashrateThs ?? null,
        averageThs: sumThs(modules, "GHSavg") ?? base.averageThs ?? null,
        expectedThs: sumThs(modules, "GHSmm"),
        powerW: powerOf(modules),
        powerLimitW: limit,
        intakeC: zeroIsNone(one(main, "ITemp") ?? one(main, "Temp")),
        boardC: main === undefined ? num(get(device, "Temperature", "Tenperature")) : null,
        chipC: most(modules.map((module) => one(module, "TMax"))),
        // what has no such figure says 0
        voltageV: volts === undefined || volts === 0 ? null : volts / 100,
        frequencyMhz: off || one(main, "Freq") === 0 ? null : one(main, "Freq"),
        fanPct: one(main, "FanR"),
        hwErrorPct: one(main, "DH") ?? base.hwErrorPct ?? null,
        uptimeS: base.uptimeS ?? one(main, "Elapsed"),
        fans: fansOf(modules),
        boards,
        pools: poolsOf(answers),
        errors: modules.flatMap((module, index) => errorsOf(module, firsts[index] ?? 0)),
        quality,
      },
      catalogued,
    );
  },
};
