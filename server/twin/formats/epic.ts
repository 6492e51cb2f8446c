/** ePIC PowerPlay on HTTP port 4028: `summary`, `capabilities`, `network`. Board rates in MH/s, board voltage in mV, power in W. */
import { faultOf } from "../faults.ts";
import { findModel } from "../models.ts";
import { RANGES } from "../plausible.ts";
import { NO_IDENTITY, type Mode } from "../reading.ts";
import { dig, get, list, mac, num, nums, objects, partWhere, truth, txt, type Answers, type Json } from "./answers.ts";
import { finish, fitted, type BoardDraft, type ChipDraft, type Format, type PoolDraft, type Raw } from "./draft.ts";

const summaryOf = (answers: Answers): Json | null =>
  partWhere(answers, (part) => Array.isArray(part["HBs"]) && ("Session" in part || "Power Supply Stats" in part || "Status" in part));
const capabilitiesOf = (answers: Answers): Json | null =>
  partWhere(answers, (part) => "Model Subtype" in part || "Board Serial Numbers" in part || ("Model" in part && "Chip Type" in part));

const STATES: readonly (readonly [state: RegExp, mode: Mode])[] = [
  [/^mining|^hashing/i, "mining"],
  [/tun|calib|ramp|init|boot|start/i, "tuning"],
  [/^idl|stop|sleep|paus/i, "paused"],
  [/fail|error|fault/i, "fault"],
];

const millivolts = (value: number | null): Raw => (value !== null && value > 100 ? value / 1000 : value);

const poolsOf = (summary: Json | null): readonly PoolDraft[] => {
  const current = num(dig(summary, "Stratum", "Config Id"));
  const configured = objects(get(summary, "StratumConfigs"));
  const rows =
    configured.length > 0
      ? configured
      : [{ pool: dig(summary, "Stratum", "Current Pool"), login: dig(summary, "Stratum", "Current User") }];
  return rows
    .map((row, index): PoolDraft => {
      const active = configured.length === 0 || index === current;
      return {
        url: txt(row["pool"], 512),
        worker: txt(row["login"], 256),
        active,
        alive: active ? truth(dig(summary, "Stratum", "IsPoolConnected")) : null,
        ...(active ? { accepted: num(dig(summary, "Session", "Accepted")), rejected: num(dig(summary, "Session", "Rejected")) } : {}),
      };
    })
    .filter((pool) => pool.url !== null);
};

/** `[{Index, Data: […]}]` of hashrate (`[MH/s, % of expected, …]` a chip) and clocks (MHz), by board. */
const chipListsOf = (
  answers: Answers,
): readonly [rates: ReadonlyMap<number, readonly number[]>, clocks: ReadonlyMap<number, readonly number[]>] => {
  const [rates, clocks] = [new Map<number, readonly number[]>(), new Map<number, readonly number[]>()];
  for (const part of answers.parts) {
    const [index, data] = [num(part["Index"]), list(part["Data"])];
    if (index === null || data.length === 0) continue;
    if (data.every(Array.isArray))
      rates.set(
        index,
        data.map((chip) => num(list(chip)[0]) ?? Number.NaN),
      );
    else if (data.length > 2 && nums(data).every((value) => value >= RANGES.frequencyMhz.lo && value > 150)) clocks.set(index, nums(data));
  }
  return [rates, clocks];
};

export const epic: Format = {
  name: "epic",
  score: (answers) => (summaryOf(answers) !== null ? 93 : 0),
  parse: (answers) => {
    const [summary, capabilities] = [summaryOf(answers), capabilitiesOf(answers)];
    const name = txt(get(capabilities, "Model")) ?? txt(get(summary, "Type", "Model"));
    const model = findModel("Bitmain", name);
    const rows = objects(get(summary, "HBs"));
    const [chipRates, chipClocks] = chipListsOf(answers);
    const expectedChips = num(dig(capabilities, "Performance Estimator", "Chip Count"));
    const about = model === null ? null : model.nameplate.hashrateThs / model.nameplate.boards;
    const serials = list(get(capabilities, "Board Serial Numbers"));
    const boards = rows.map((row, position): BoardDraft => {
      const index = num(get(row, "Index")) ?? position;
      const [rates, clocks] = [chipRates.get(index) ?? [], chipClocks.get(index) ?? []];
      return {
        index,
        hashrateThs: fitted(num(list(get(row, "Hashrate"))[0]), [1e-6, 1e-3], about),
        boardC: num(get(row, "Temperature")),
        expectedChips,
        chips: rates.length > 0 ? rates.filter((rate) => rate > 0).length : null,
        chipMap: Array.from({ length: Math.max(rates.length, clocks.length) }, (_, chip): ChipDraft => {
          const megahash = rates[chip];
          return {
            index: chip,
            hashrateGhs: megahash === undefined ? null : megahash / 1000,
            frequencyMhz: clocks[chip] ?? null,
            working: megahash === undefined ? null : megahash > 0,
          };
        }),
        frequencyMhz: num(get(row, "Core Clock Avg", "Core Clock")),
        voltageV: millivolts(num(get(row, "Input Voltage"))),
        serial: txt(serials[position], 64),
      };
    });
    // a board that was switched off, or did not answer, is only in this list
    const silent = objects(get(summary, "HBStatus"))
      .filter((row) => !boards.some(({ index }) => index === num(get(row, "Index"))))
      .filter((row) => Number.isInteger(num(get(row, "Index"))))
      .map((row) => ({ index: num(get(row, "Index")) ?? 0, found: truth(get(row, "Detected")) !== false }));
    const all = [
      ...boards,
      ...silent.map(({ index, found }): BoardDraft => ({ index, hashrateThs: 0, chips: found ? null : 0, expectedChips })),
    ];
    const average = num(dig(summary, "Session", "Average MHs"));
    const fans = get(summary, "Fans Rpm");
    const network = partWhere(
      answers,
      (part) => dig(part, "dhcp", "mac_address") !== undefined || dig(part, "static", "mac_address") !== undefined,
    );
    const state = txt(dig(summary, "Status", "Operating State")) ?? "";
    return finish(
      {
        ...NO_IDENTITY,
        make: "Bitmain",
        model: model?.name ?? name,
        firmware: txt(get(summary, "Software")),
        controlBoardSerial: txt(dig(capabilities, "Control Board Version", "cpuSerial"), 64),
        mac: mac(dig(network, "dhcp", "mac_address")) ?? mac(dig(network, "static", "mac_address")),
        ip: txt(dig(network, "dhcp", "address") ?? dig(network, "static", "address"), 64),
        hostname: txt(get(summary, "Hostname")),
        boardSerials: all.map((board) => board.serial ?? null),
      },
      {
        mode: STATES.find(([words]) => words.test(state))?.[1] ?? "unknown",
        averageThs: average === null ? null : average * 1e-6,
        powerW: num(dig(summary, "Power Supply Stats", "Input Power")),
        voltageV: num(dig(summary, "Power Supply Stats", "Output Voltage")),
        fanPct: num(dig(summary, "Fans", "Fans Speed")),
        accepted: num(dig(summary, "Session", "Accepted")),
        rejected: num(dig(summary, "Session", "Rejected")),
        uptimeS: num(dig(summary, "Session", "Uptime")),
        fans:
          typeof fans === "object" && fans !== null
            ? Object.values(fans)
                .map(num)
                .filter((rpm) => rpm !== null)
            : [],
        boards: all.toSorted((a, b) => a.index - b.index),
        errors: silent
          .filter(({ found }) => !found)
          .map(({ index }) => faultOf("HASHBOARD_NOT_PRESENT", `HBStatus ${index}: not detected`, index)),
        pools: poolsOf(summary),
      },
      model,
    );
  },
};
