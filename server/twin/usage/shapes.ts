/** Use, cost and estimated revenue as the API tells them. */
import { z } from "zod";
import { GROUPS } from "./groups.ts";
import { quote } from "./quotes.ts";

const number = z.number().nullable();
const ms = z.int().describe("ms since 1970 UTC");

export const usageQuery = z.object({
  from: z.coerce.number().int().min(0).describe("ms since 1970 UTC; the UTC day it is in is the first"),
  to: z.coerce.number().int().min(1).describe("ms since 1970 UTC, exclusive; the day before it is the last"),
  by: z.enum(GROUPS).default("rack"),
});
export type UsageQuery = z.output<typeof usageQuery>;

export const usageLine = z.object({
  name: z.string(),
  rigs: z.int(),
  thH: z.number(),
  reportedKwh: z.number(),
  wallKwh: z.number().describe("its share of the site's meter, as reported where there is none"),
  cost: number.describe("of what was bought; null where part of the energy has no price"),
  kgco2e: number,
  costPerThH: number,
  gco2ePerThH: number,
  efficiencyJTh: number,
  revenue: number.describe("estimated at the entered hashprice, before pool fees and luck"),
  margin: number,
  breakEvenPerKwh: number,
  runH: z.number(),
  pausedH: z.number(),
});
export const curtailmentLine = z.object({
  fromTs: ms,
  toTs: ms,
  rigs: z.int(),
  avoidedKwh: z.number(),
  saved: number,
  savedKgco2e: number,
  forgoneThH: z.number(),
});
export const usage = z.object({
  site: z.string(),
  by: z.enum(GROUPS),
  fromTs: ms,
  toTs: ms,
  /** UTC days with readings in them. */
  days: z.int(),
  currency: z.string().nullable(),
  hashpriceCurrency: z.string().nullable(),
  comparable: z.boolean(),
  /** What holds now, with its source and when it was entered. */
  hashprice: quote.nullable(),
  total: usageLine,
  lines: z.array(usageLine).describe("worst margin per TH·h first, or most cost per TH·h where no margin is known"),
  curtailments: z.array(curtailmentLine),
  asOfTs: ms,
});
export type Usage = z.infer<typeof usage>;
