import type { ReactNode } from "react";
import { RIG_STATES, SEVERITIES } from "../../server/twin/twin.ts";
import { fixed, lasting, MISSING } from "../format.ts";
import type { Farm } from "../state.ts";
import { say } from "../texts.ts";
import { SeverityMark, StateMark } from "./value.tsx";

export interface Column {
  readonly key: string;
  readonly label: string;
  /** Shown once in the head and in the CSV's. */
  readonly unit: string;
  readonly width: string;
  readonly numeric: boolean;
  /** What it is ordered by; null and NaN stand last either way. */
  readonly value: (farm: Farm, index: number, now: number) => string | number | null;
  readonly cell?: (farm: Farm, index: number, now: number) => ReactNode;
  readonly digits?: number;
  readonly always?: true;
}
const live = (key: keyof Farm["numbers"], label: string, unit: string, digits: number): Column => ({
  key,
  label,
  unit,
  digits,
  numeric: true,
  width: "minmax(62px, 1fr)",
  value: (farm, i) => farm.numbers[key][i] ?? null,
});
const told = (key: "make" | "model" | "serial" | "mac" | "ip" | "firmware", label: string, width: string): Column => ({
  key,
  label,
  unit: "",
  numeric: false,
  width,
  value: (farm, i) => farm.roster[i]?.[key] ?? null,
});
const place = (farm: Farm, i: number): string | null => {
  const position = farm.roster[i]?.position ?? null;
  return position === null ? null : say.place(position);
};
const share = (farm: Farm, i: number): number =>
  (100 * (farm.numbers.hashrateThs[i] ?? Number.NaN)) / (farm.roster[i]?.nameplateThs ?? Number.NaN);
const jth = (farm: Farm, i: number): number => {
  const ths = farm.numbers.hashrateThs[i] ?? 0;
  return ths > 0 ? (farm.numbers.powerW[i] ?? Number.NaN) / ths : Number.NaN;
};
const text = say.columns;

export const COLUMNS: readonly Column[] = [
  {
    key: "rig",
    label: text.rig,
    unit: "",
    numeric: false,
    width: "minmax(96px, 1.3fr)",
    always: true,
    value: (farm, i) => farm.roster[i]?.rig ?? null,
  },
  {
    key: "state",
    label: text.state,
    unit: "",
    numeric: false,
    width: "84px",
    value: (farm, i) => farm.state[i] ?? 0,
    cell: (farm, i) => <StateMark state={RIG_STATES[farm.state[i] ?? 0] ?? "new"} />,
  },
  {
    key: "alarm",
    label: text.alarm,
    unit: "",
    numeric: false,
    width: "92px",
    value: (farm, i) => farm.alarm[i] ?? 0,
    cell: (farm, i) => {
      const severity = SEVERITIES[(farm.alarm[i] ?? 0) - 1];
      return severity === undefined ? null : <SeverityMark severity={severity} />;
    },
  },
  told("model", text.model, "minmax(118px, 1.6fr)"),
  { key: "place", label: text.place, unit: "", numeric: false, width: "minmax(112px, 1.5fr)", value: place },
  live("hashrateThs", text.hashrate, "TH/s", 1),
  { key: "share", label: text.share, unit: "%", numeric: true, digits: 1, width: "minmax(78px, 1fr)", value: share },
  live("boardC", text.boardC, "°C", 1),
  live("chipC", text.chipC, "°C", 1),
  live("intakeC", text.intakeC, "°C", 1),
  live("powerW", text.power, "W", 0),
  { key: "efficiency", label: text.efficiency, unit: "J/TH", numeric: true, digits: 1, width: "minmax(80px, 1fr)", value: jth },
  live("fanRpm", text.fan, "RPM", 0),
  {
    key: "seen",
    label: text.seen,
    unit: "",
    numeric: true,
    width: "86px",
    value: (farm, i, now) => now - (farm.lastSeenTs[i] ?? Number.NaN),
    cell: (farm, i, now) => {
      const age = now - (farm.lastSeenTs[i] ?? Number.NaN);
      return (
        <span className="age" data-old={age > 60_000}>
          {Number.isFinite(age) ? lasting(age) : say.never}
        </span>
      );
    },
  },
  told("serial", text.serial, "minmax(120px, 1.2fr)"),
  told("ip", text.ip, "120px"),
  told("mac", text.mac, "140px"),
  told("firmware", text.firmware, "minmax(110px, 1fr)"),
  {
    key: "tier",
    label: text.source,
    unit: "",
    numeric: false,
    width: "120px",
    value: (farm, i) => farm.roster[i]?.tier ?? null,
    cell: (farm, i) => {
      const tier = farm.roster[i]?.tier;
      return tier === undefined ? null : say.tiers[tier];
    },
  },
  {
    key: "token",
    label: text.token,
    unit: "",
    numeric: true,
    width: "76px",
    digits: 0,
    value: (farm, i) => farm.roster[i]?.tokenId ?? null,
  },
];
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

const missing = (value: string | number | null): boolean =>
  value === null || value === "" || (typeof value === "number" && Number.isNaN(value));

/** What a cell shows. */
export const cellOf = (column: Column, farm: Farm, index: number, now: number): ReactNode => {
  if (column.cell !== undefined) return column.cell(farm, index, now);
  const value = column.value(farm, index, now);
  if (missing(value)) return <span className="faint">{MISSING}</span>;
  return typeof value === "number" ? fixed(value, column.digits ?? 0) : value;
};

/** Puts rig indexes in order by a column; missing values always last. */
export const ordered = (
  indexes: readonly number[],
  column: Column,
  descending: boolean,
  farm: Farm,
  now: number,
  compare: (a: string, b: string) => number,
): number[] => {
  const sign = descending ? -1 : 1;
  const keyed = indexes.map((index) => ({ index, value: column.value(farm, index, now) }));
  keyed.sort((a, b) => {
    if (missing(a.value) || missing(b.value)) return Number(missing(a.value)) - Number(missing(b.value)) || a.index - b.index;
    const by = typeof a.value === "number" && typeof b.value === "number" ? a.value - b.value : compare(String(a.value), String(b.value));
    return sign * by || a.index - b.index;
  });
  return keyed.map(({ index }) => index);
};

// A spreadsheet runs what begins with these (CWE-1236).
const quoted = (value: string): string => `"${(/^[=+\-@\t\r]/.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`;

/** The table as RFC 4180 text: units in the head, times as ISO 8601 UTC, missing as empty. */
export const csvOf = (indexes: readonly number[], columns: readonly Column[], farm: Farm, now: number): string => {
  const head = columns.map(({ key, label, unit }) => quoted(key === "seen" ? text.seenUtc : unit === "" ? label : `${label} (${unit})`));
  const line = (index: number): string =>
    columns
      .map((column) => {
        if (column.key === "seen") {
          const ts = farm.lastSeenTs[index] ?? Number.NaN;
          return Number.isNaN(ts) ? "" : new Date(ts).toISOString();
        }
        if (column.key === "state") return RIG_STATES[farm.state[index] ?? 0] ?? "";
        if (column.key === "alarm") return SEVERITIES[(farm.alarm[index] ?? 0) - 1] ?? "";
        const value = column.value(farm, index, now);
        if (missing(value)) return "";
        return typeof value === "number" ? String(Number(value.toFixed(3))) : quoted(value ?? "");
      })
      .join(",");
  return `${[head.join(","), ...indexes.map(line)].join("\r\n")}\r\n`;
};
