/** The account as a table for a spreadsheet (RFC 4180). */
import type { Usage } from "./shapes.ts";

const COLUMNS = [
  "name",
  "rigs",
  "thH",
  "reportedKwh",
  "wallKwh",
  "cost",
  "kgco2e",
  "costPerThH",
  "gco2ePerThH",
  "efficiencyJTh",
  "revenue",
  "margin",
  "breakEvenPerKwh",
  "runH",
  "pausedH",
] as const satisfies readonly (keyof Usage["lines"][number])[];

/** A cell; one that a spreadsheet would run as a formula is quoted with an apostrophe before it. */
const cell = (value: string | number | null): string => {
  if (value === null) return "";
  if (typeof value === "number") return String(Number(value.toFixed(6)));
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** Heading, a line each, and the total last. Empty: not known. Money is in the columns `currency` and `hashpriceCurrency`. */
export const csvOfUsage = ({ lines, total, currency, hashpriceCurrency }: Usage): string => {
  const rows = [...lines, { ...total, name: "total" }].map((line) =>
    [...COLUMNS.map((key) => cell(line[key])), cell(currency), cell(hashpriceCurrency)].join(","),
  );
  return `${[[...COLUMNS, "currency", "hashpriceCurrency"].join(","), ...rows].join("\r\n")}\r\n`;
};
