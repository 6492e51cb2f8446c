/** What a site says of its energy where no meter does: sources by the clock, price, the grid's carbon, powers of rigs and models. */
import type { Intensity, Planned } from "./energy-truth.ts";
import { findModel, modelById } from "./models.ts";
import { ENERGY_SOURCES, type EnergySource } from "./reading.ts";

export interface EnergySettings {
  /** In the order of the day, UTC. */
  readonly plan: readonly Planned[];
  readonly pricePerKwh: number | null;
  readonly gridGco2ePerKwh: number | null;
  /** W at the wall by rig, and by catalogue id of the model; a rig's own outranks its model's. */
  readonly rigsW: Readonly<Record<string, number>>;
  readonly modelsW: Readonly<Record<string, number>>;
}
export const NO_ENERGY_SETTINGS: EnergySettings = { plan: [], pricePerKwh: null, gridGco2ePerKwh: null, rigsW: {}, modelsW: {} };

/** What is known beside the meters: the settings, and the newest carbon feed in the order of time. */
export interface EnergyKnown {
  readonly settings: EnergySettings;
  readonly feed: readonly Intensity[];
}
export const NOTHING_KNOWN: EnergyKnown = { settings: NO_ENERGY_SETTINGS, feed: [] };

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const isIn = (value: unknown, least: number, most: number): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= least && value <= most;

const MOST_W = 100_000;
const MOST_PRICE = 10;
const MOST_GCO2E = 3_000;
const MOST_LINES = 288;
const KNOWN = ["plan", "pricePerKwh", "gridGco2ePerKwh", "rigsW", "modelsW"];

/** Notes a fault and gives what stands in for what it is about. */
const noted = <T>(faults: string[], fault: string, instead: T): T => {
  faults.push(fault);
  return instead;
};

const minuteOf = (from: unknown): number | null => {
  const [, hour = "", minute = ""] = typeof from === "string" ? (/^([01]\d|2[0-3]):([0-5]\d)$/.exec(from) ?? []) : [];
  return hour === "" ? null : Number(hour) * 60 + Number(minute);
};

const lineOf = (line: unknown, at: string, faults: string[]): Planned | null => {
  if (!isObject(line)) return noted(faults, `${at}: must be {"from": "HH:MM", "shares": {…}}`, null);
  const fromMinute = minuteOf(line["from"]);
  if (fromMinute === null) faults.push(`${at}.from: must be a time of the UTC day, like "06:30"`);
  const { shares } = line;
  if (!isObject(shares) || Object.keys(shares).length === 0) return noted(faults, `${at}.shares: must name at least one source`, null);
  for (const [source, share] of Object.entries(shares)) {
    if (!ENERGY_SOURCES.includes(source as EnergySource)) faults.push(`${at}.shares.${source}: there is ${ENERGY_SOURCES.join(", ")}`);
    else if (!isIn(share, 0, 1e6)) faults.push(`${at}.shares.${source}: must be a number from 0`);
  }
  if (Object.values(shares).every((share) => share === 0)) faults.push(`${at}.shares: at least one must be more than 0`);
  return fromMinute === null ? null : { fromMinute, shares: shares as Planned["shares"] };
};

const powersIn = (value: unknown, at: string, nameOf: (name: string) => string | null, faults: string[]): Record<string, number> => {
  if (value === undefined) return {};
  if (!isObject(value)) return noted(faults, `${at}: must be an object of names and watts`, {});
  const powers: Record<string, number> = {};
  for (const [name, watts] of Object.entries(value)) {
    const known = nameOf(name);
    if (known === null) faults.push(`${at}.${name.slice(0, 64)}: is not known`);
    else if (!isIn(watts, 0, MOST_W)) faults.push(`${at}.${name.slice(0, 64)}: must be W, 0 to ${MOST_W}`);
    else powers[known] = watts;
  }
  return powers;
};

/** Reads the settings' JSON. Throws RangeError with every fault in it, a line each. */
export const readEnergySettings = (text: string): EnergySettings => {
  let json: unknown;
  try {
    json = JSON.parse(text) as unknown;
  } catch (error) {
    throw new RangeError(`is no JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (!isObject(json)) throw new RangeError("must be a JSON object");
  const faults = Object.keys(json)
    .filter((name) => !KNOWN.includes(name))
    .map((name) => `${name.slice(0, 64)}: there is ${KNOWN.join(", ")}`);
  const lines = json["plan"] ?? [];
  const plan: Planned[] = [];
  if (!Array.isArray(lines) || lines.length > MOST_LINES) faults.push(`plan: must be a list of at most ${MOST_LINES} lines`);
  else
    for (const [i, line] of (lines as unknown[]).entries()) {
      const read = lineOf(line, `plan[${i}]`, faults);
      if (read !== null && plan.some(({ fromMinute }) => fromMinute === read.fromMinute)) faults.push(`plan[${i}].from: is there twice`);
      if (read !== null) plan.push(read);
    }
  const number = (name: string, most: number): number | null => {
    const value = json[name] ?? null;
    if (value === null || isIn(value, 0, most)) return value;
    faults.push(`${name}: must be a number from 0 to ${most}`);
    return null;
  };
  const settings = {
    plan: plan.toSorted((a, b) => a.fromMinute - b.fromMinute),
    pricePerKwh: number("pricePerKwh", MOST_PRICE),
    gridGco2ePerKwh: number("gridGco2ePerKwh", MOST_GCO2E),
    rigsW: powersIn(json["rigsW"], "rigsW", (name) => name, faults),
    modelsW: powersIn(json["modelsW"], "modelsW", (name) => (modelById(name) ?? findModel(null, name))?.id ?? null, faults),
  };
  if (faults.length > 0) throw new RangeError(faults.join("\n"));
  return settings;
};
