/** Bitaxe (AxeOS) and its Nerd children on HTTP `/api/system/info` and `/api/system/asic`. `hashRate` in GH/s, voltages in mV, −1 for a sensor that cannot be read. */
import { faultOf } from "../faults.ts";
import { findModel } from "../models.ts";
import { NO_IDENTITY, type DeviceError, type Mode } from "../reading.ts";
import { dig, get, mac, num, nums, objects, partWhere, truth, txt, type Json } from "./answers.ts";
import { finish, fitted, type BoardDraft, type ChipDraft, type Format, type PoolDraft, type Raw } from "./draft.ts";

const isInfo = (part: Json): boolean =>
  ("hashRate" in part || "ASICModel" in part) &&
  ["stratumURL", "bestDiff", "sharesAccepted", "boardVersion", "deviceModel", "coreVoltage", "macAddr"].some((name) => name in part);
const isAsic = (part: Json): boolean => "ASICModel" in part && ("asicCount" in part || "deviceModel" in part);

const hostAndPort = (url: string | null, port: unknown): string | null => {
  const number = num(port);
  return url === null ? null : /:\d+$/.test(url) || number === null || Number.isNaN(number) ? url : `${url}:${number}`;
};

const poolsOf = (info: Json): readonly PoolDraft[] => {
  const fallback = truth(info["isUsingFallbackStratum"]) === true;
  const connected = objects(dig(info, "stratum", "pools")).map((pool) => truth(get(pool, "connected")));
  const shares = { accepted: num(info["sharesAccepted"]), rejected: num(info["sharesRejected"]) };
  const own: readonly PoolDraft[] = [
    {
      url: hostAndPort(txt(info["stratumURL"], 500), info["stratumPort"]),
      worker: txt(info["stratumUser"], 256),
      active: !fallback,
      alive: connected[0] ?? null,
      ...(fallback ? {} : shares),
    },
    {
      url: hostAndPort(txt(info["fallbackStratumURL"], 500), info["fallbackStratumPort"]),
      worker: txt(info["fallbackStratumUser"], 256),
      active: fallback,
      alive: connected[1] ?? null,
      ...(fallback ? shares : {}),
    },
  ];
  return own.filter((pool) => pool.url !== null);
};

const chipsOf = (info: Json): readonly ChipDraft[] => {
  const asics = objects(dig(info, "hashrateMonitor", "asics"));
  const heat = nums(info["asicTemps"]);
  return Array.from({ length: Math.min(64, Math.max(asics.length, heat.length)) }, (_, index): ChipDraft => {
    const total = num(asics[index]?.["total"]);
    return {
      index,
      hashrateGhs: total,
      errors: num(asics[index]?.["errorCount"]),
      tempC: heat[index] ?? null,
      frequencyMhz: num(asics[index]?.["frequency"]),
      working: total === null ? null : total > 0,
    };
  });
};

/** 5175 mV → 5.175 V; some children write volts. */
const volts = (value: number | null): number | null => (value !== null && value > 100 ? value / 1000 : value);

const errorsOf = (info: Json): DeviceError[] => {
  const errors: DeviceError[] = [];
  const said = (name: string): string | null => {
    const value = info[name];
    if (typeof value === "string") return txt(value, 300);
    return truth(value) === true ? name : null;
  };
  if (truth(info["overheat_mode"]) === true) errors.push(faultOf("DEVICE_OVER_TEMPERATURE", "overheat_mode"));
  const power = said("power_fault");
  if (power !== null) errors.push(faultOf("PSU_FAULT", `power_fault ${power}`));
  const hardware = said("hardware_fault");
  if (hardware !== null) errors.push(faultOf("HASHBOARD_FAULT", `hardware_fault ${hardware}`, 0));
  const board = num(info["boardError"]);
  if (board !== null && board !== 0) errors.push(faultOf("UNMAPPED", `boardError ${board}`));
  if (truth(info["isUsingFallbackStratum"]) === true) errors.push(faultOf("POOL_FALLBACK", "isUsingFallbackStratum"));
  return errors;
};

const modeOf = (info: Json): Mode => {
  if (truth(info["overheat_mode"]) === true) return "fault";
  if (truth(info["miningPaused"]) === true || truth(info["shutdown"]) === true) return "paused";
  return "hashRate" in info ? "mining" : "unknown";
};

const hottest = (info: Json): Raw => {
  const said = [num(info["temp"]), num(info["temp2"]), ...nums(info["asicTemps"])].filter((value): value is number => value !== null);
  const good = said.filter((value) => value > 0);
  return good.length > 0 ? Math.max(...good) : (said[0] ?? null);
};

export const axeos: Format = {
  name: "axeos",
  score: (answers) => (answers.parts.some((part) => isInfo(part)) ? 95 : answers.parts.some(isAsic) ? 70 : 0),
  parse: (answers) => {
    const info: Json = { ...partWhere(answers, isAsic), ...partWhere(answers, (part) => isInfo(part) && "hashRate" in part) };
    const asic = txt(info["ASICModel"] ?? info["asicModel"]);
    const device = txt(info["deviceModel"]);
    const asics = num(info["asicCount"]);
    const model =
      (device === null ? null : findModel("NerdAxe", device)) ??
      (device === null ? findModel("Bitaxe", null, { asic, asics, boardVersion: txt(info["boardVersion"]) }) : findModel("Bitaxe", device));
    const [frequency, cores] = [num(info["frequency"]), num(info["smallCoreCount"])];
    const computed = frequency !== null && cores !== null ? (frequency * cores * (asics ?? 1)) / 1e6 : null;
    const told = num(info["expectedHashrate"]);
    const about = model?.nameplate.hashrateThs ?? (computed !== null && computed > 0 ? computed : null);
    const rate = (...names: readonly string[]): number | null =>
      fitted(names.map((name) => num(info[name])).find((value) => value !== null) ?? null, [1e-3, 1e-6, 1e-9, 1e-12], about);
    const chipMap = chipsOf(info);
    const board: BoardDraft = {
      index: 0,
      hashrateThs: rate("hashRate"),
      expectedThs: told === null ? computed : told * 1e-3,
      chipC: hottest(info),
      chips: asics ?? (chipMap.length > 0 ? chipMap.length : null),
      frequencyMhz: num(info["actualFrequency"]) ?? frequency,
      voltageV: volts(num(info["coreVoltageActual"]) ?? num(info["coreVoltage"])),
      chipMap,
    };
    const second = num(info["fan2rpm"] ?? info["fanrpm2"]);
    const fans: readonly Raw[] = [num(info["fanrpm"]), ...((second ?? 0) > 0 || (model?.nameplate.fans ?? 1) > 1 ? [second] : [])].filter(
      (rpm) => rpm !== null,
    );
    const errors = chipMap.map((chip) => chip.errors ?? null);
    return finish(
      {
        ...NO_IDENTITY,
        make: device === null || /bitaxe/i.test(device) ? "Bitaxe" : "NerdAxe",
        model: model?.name ?? device ?? (asic === null ? null : `Bitaxe ${asic}`),
        firmware: txt(info["version"] ?? info["axeOSVersion"]),
        mac: mac(info["macAddr"]),
        ip: txt(info["ipv4"] ?? info["hostip"], 64),
        hostname: txt(info["hostname"]),
        boardSerials: [null],
      },
      {
        mode: modeOf(info),
        hashrateThs: rate("hashRate"),
        averageThs: rate("hashRate_1h", "hashRate_10m", "hashRate_1d"),
        expectedThs: told === null ? computed : told * 1e-3,
        powerW: num(info["power"]),
        chipC: hottest(info),
        psuC: num(info["vrTemp"]),
        voltageV: volts(num(info["voltage"])),
        frequencyMhz: num(info["actualFrequency"]) ?? frequency,
        fanPct: num(info["fanspeed"]),
        accepted: num(info["sharesAccepted"]),
        rejected: num(info["sharesRejected"]),
        hwErrors: errors.length === 0 || errors.includes(null) ? null : errors.reduce<number>((sum, value) => sum + (value ?? 0), 0),
        hwErrorPct: num(info["errorPercentage"]),
        uptimeS: num(info["uptimeSeconds"]),
        fans,
        boards: [board],
        pools: poolsOf(info),
        errors: errorsOf(info),
      },
      model,
    );
  },
};
