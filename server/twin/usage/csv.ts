/** The account as a table for a spreadsheet (RFC 4180). */
import { csvOf } from "../csv.ts";
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

/** Heading, a line each, and the total last. Empty: not known. Money is in the columns `currency` and `hashpriceCurrency`. */
export const csvOfUsage = ({ lines, total, currency, hashpriceCurrency }: Usage): string =>
  csvOf(
    [...COLUMNS, "currency", "hashpriceCurrency"],
    [...lines, { ...total, name: "total" }].map((line) => [...COLUMNS.map((key) => line[key]), currency, hashpriceCurrency]),
  );
