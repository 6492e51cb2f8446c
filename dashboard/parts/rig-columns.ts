/** The columns of the rig table, what they are ordered by, and the same as a file. Pure. */
import { csvOf } from "../../server/twin/csv.ts";
import { RIG_STATES, SEVERITIES } from "../../server/twin/twin.ts";
import type { Farm } from "../state.ts";
import { say } from "../texts.ts";

type Told = string | number | null;
type Read<T> = (farm: Farm, index: number, now: number) => T;

export interface Column {
  readonly key: string;
  readonly label: string;
  /** Shown once in the head and in the CSV's. */
  readonly unit: string;
  readonly width: string;
  readonly numeric: boolean;
  readonly digits: number;
  /** What it is ordered by; null and NaN stand last either way. */
  readonly value: Read<Told>;
  /** What stands in the file, where that is not the value. */
  readonly filed?: Read<Told>;
  readonly filedAs?: string;
}
const text = say.columns;

const figure = (key: string, label: string, unit: string, digits: number, value: Read<Told>, width = "minmax(62px, 1fr)"): Column => ({
  key,
  label,
  unit,
  digits,
  value,
  width,
  numeric: true,
});
const words = (key: string, label: string, width: string, value: Read<Told>, filed?: Read<Told>): Column => ({
  key,
  label,
  unit: "",
  digits: 0,
  value,
  width,
  numeric: false,
  ...(filed === undefined ? {} : { filed }),
});
const live = (key: keyof Farm["numbers"], label: string, unit: string, digits: number): Column =>
  figure(key, label, unit, digits, (farm, i) => farm.numbers[key][i] ?? null);
const told = (key: "model" | "serial" | "mac" | "ip" | "firmware" | "tier", label: string, width: string): Column =>
  words(key, label, width, (farm, i) => farm.roster[i]?.[key] ?? null);

const place: Read<Told> = (farm, i) => {
  const position = farm.roster[i]?.position ?? null;
  return position === null ? null : say.place(position);
};
const share: Read<Told> = (farm, i) => (100 * (farm.numbers.hashrateThs[i] ?? Number.NaN)) / (farm.roster[i]?.nameplateThs ?? Number.NaN);
const jth: Read<Told> = (farm, i) => {
  const ths = farm.numbers.hashrateThs[i] ?? 0;
  return ths > 0 ? (farm.numbers.powerW[i] ?? Number.NaN) / ths : null;
};
const utc: Read<Told> = (farm, i) => {
  const ts = farm.lastSeenTs[i] ?? Number.NaN;
  return Number.isNaN(ts) ? null : new Date(ts).toISOString();
};

export const COLUMNS: readonly Column[] = [
  words("rig", text.rig, "minmax(96px, 1.3fr)", (farm, i) => farm.roster[i]?.rig ?? null),
  words(
    "state",
    text.state,
    "84px",
    (farm, i) => farm.state[i] ?? 0,
    (farm, i) => RIG_STATES[farm.state[i] ?? 0] ?? null,
  ),
  words(
    "alarm",
    text.alarm,
    "92px",
    (farm, i) => farm.alarm[i] ?? 0,
    (farm, i) => SEVERITIES[(farm.alarm[i] ?? 0) - 1] ?? null,
  ),
  told("model", text.model, "minmax(118px, 1.6fr)"),
  words("place", text.place, "minmax(112px, 1.5fr)", place),
  live("hashrateThs", text.hashrate, "TH/s", 1),
  figure("share", text.share, "%", 1, share, "minmax(78px, 1fr)"),
  live("boardC", text.boardC, "°C", 1),
  live("chipC", text.chipC, "°C", 1),
  live("intakeC", text.intakeC, "°C", 1),
  live("powerW", text.power, "W", 0),
  figure("efficiency", text.efficiency, "J/TH", 1, jth, "minmax(80px, 1fr)"),
  live("fanRpm", text.fan, "RPM", 0),
  {
    ...figure("seen", text.seen, "", 0, (farm, i, now) => now - (farm.lastSeenTs[i] ?? Number.NaN), "86px"),
    filed: utc,
    filedAs: text.seenUtc,
  },
  told("serial", text.serial, "minmax(120px, 1.2fr)"),
  told("ip", text.ip, "120px"),
  told("mac", text.mac, "140px"),
  told("firmware", text.firmware, "minmax(110px, 1fr)"),
  told("tier", text.source, "120px"),
  figure("token", text.token, "", 0, (farm, i) => farm.roster[i]?.tokenId ?? null, "76px"),
];
/** The column by which a row is known; it is always there. */
export const NAME_COLUMN = "rig";
export const SHOWN_AT_FIRST: readonly string[] = [
  "rig",
  "state",
  "model",
  "place",
  "hashrateThs",
  "share",
  "boardC",
  "chipC",
  "intakeC",
  "powerW",
  "efficiency",
  "seen",
];

export const isMissing = (value: Told): value is null =>
  value === null || value === "" || (typeof value === "number" && Number.isNaN(value));

/** Puts rig indexes in order by a column; missing values always last, equal ones in the order of the farm. */
export const ordered = (
  indexes: readonly number[],
  { value }: Column,
  descending: boolean,
  farm: Farm,
  now: number,
  compare: (a: string, b: string) => number,
): number[] => {
  const sign = descending ? -1 : 1;
  const keyed = indexes.map((index) => ({ index, value: value(farm, index, now) }));
  keyed.sort((a, b) => {
    if (isMissing(a.value) || isMissing(b.value)) return Number(isMissing(a.value)) - Number(isMissing(b.value)) || a.index - b.index;
    const by = typeof a.value === "number" && typeof b.value === "number" ? a.value - b.value : compare(String(a.value), String(b.value));
    return sign * by || a.index - b.index;
  });
  return keyed.map(({ index }) => index);
};

const filedAs = (value: Told): string | number | null =>
  isMissing(value) ? null : typeof value === "number" ? Number(value.toFixed(3)) : value;

/** The table as RFC 4180 text: units in the head, times as ISO 8601 UTC, missing as empty. */
export const csvOfRigs = (indexes: readonly number[], columns: readonly Column[], farm: Farm, now: number): string =>
  csvOf(
    columns.map((column) => column.filedAs ?? (column.unit === "" ? column.label : `${column.label} (${column.unit})`)),
    indexes.map((index) => columns.map((column) => filedAs((column.filed ?? column.value)(farm, index, now)))),
  );
