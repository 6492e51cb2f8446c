/**
 * Bitdeer's D40 container: topics are the container's id with a suffix and nothing between (`C024_D40MainData`), numbers are texts,
 * powers in kW, temperatures in °C, a tank's oil in two heights. A socket of a PDU is a meter, and so is the container's feed.
 */
import { num } from "../formats/answers.ts";
import { RANGES, verdictOf } from "../plausible.ts";
import { isObject, rigNameFrom, type Dialect, type Memory, type Told } from "./dialect.ts";

const TOPIC = /^([A-Za-z0-9][\w.-]{0,48}?)(MainData|RunningInfo|PDUData|TacticsData|ParameterData)$/;

const kilowatts = (value: unknown): number | null => {
  const told = num(value);
  // a container takes two megawatts at most
  return told === null || !(told >= 0 && told <= 5_000) ? null : Math.round(told * 1e6) / 1e3;
};
const degrees = (value: unknown): number | null => {
  const told = num(value);
  // 0.0 stands for a sensor that is not built in
  return told === null || told === 0 || verdictOf(RANGES.airC, told) !== "ok" ? null : told;
};
const extreme = (values: readonly (number | null)[], pick: (...all: number[]) => number): number | null => {
  const told = values.filter((value): value is number => value !== null);
  return told.length === 0 ? null : pick(...told);
};

const rowsOf = (json: Readonly<Record<string, unknown>>): readonly Readonly<Record<string, unknown>>[] => {
  const rows = json["PDU"] ?? json["PDUData"] ?? (Array.isArray(json["data"]) ? json["data"] : []);
  return Array.isArray(rows) ? rows.filter(isObject).slice(0, 64) : [];
};

export const bitdeer: Dialect<Memory> = {
  name: "bitdeer-d40",
  hear: ({ levels, json, receivedTs }) => {
    const [, id, suffix] = levels.length === 1 ? (TOPIC.exec(levels[0] ?? "") ?? []) : [];
    if (id === undefined || !isObject(json)) return null;
    const container = rigNameFrom(id);
    if (container === null) return null;
    const told: Told[] = [];
    const meter = (name: string, powerW: number | null): void => {
      if (powerW !== null)
        told.push({ kind: "meter", meter: { meter: name, ts: receivedTs, powerW, totalKwh: null, format: "bitdeer-d40" } });
    };
    if (suffix === "PDUData")
      rowsOf(json).forEach((row, place) => {
        const pdu = num(row["PDUIndex"]) ?? place;
        const powers = Array.isArray(row["PowerData"]) ? (row["PowerData"] as readonly unknown[]).slice(0, 64) : [];
        powers.forEach((power, socket) => meter(`${container}.pdu${pdu}.${socket}`, kilowatts(power)));
      });
    const power = json["PowerData"];
    if (isObject(power)) meter(container, kilowatts(power["TotalPower"]));
    const heat = json["TemperatureData"];
    if (isObject(heat)) {
      const of = (name: string): number | null => degrees(heat[name]);
      const coolant = {
        supplyC: extreme([of("Tank1OilL"), of("Tank2OilL")], Math.max),
        returnC: extreme([of("Tank1OilH"), of("Tank2OilH")], Math.max),
        ambientC: of("ContainerTemperature"),
      };
      told.push({ kind: "coolant", container, ts: receivedTs, coolant });
    }
    return told;
  },
};
