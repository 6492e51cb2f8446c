/** Shapes of the questions about the whole site's history: the same schemas check the requests and make the OpenAPI document. */
import { z } from "zod";
import { EXPORT_FORMATS } from "./export.ts";
import { RIG_FIELDS } from "./series.ts";
import { NAME_PATTERN } from "./wire.ts";

const number = z.number().nullable();
const ms = z.int().describe("ms since 1970 UTC");
const lasting = z.int().describe("ms");
export const from = z.coerce.number().int().min(0).describe("ms since 1970 UTC, inclusive");
export const to = z.coerce.number().int().min(1).describe("ms since 1970 UTC, exclusive");
const limit = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual);
/** A list in one parameter, of these fields. */
export const fieldList = (usual: string) =>
  z
    .string()
    .default(usual)
    .transform((list) => [...new Set(list.split(",").map((name) => name.trim()))])
    .pipe(z.array(z.enum(RIG_FIELDS)).min(1))
    .describe(`comma-separated, of: ${RIG_FIELDS.join(", ")}`);

export const latestQuery = z.object({
  hashrateBelowPct: z.coerce.number().min(0).max(1_000).optional().describe("only rigs below so many % of their nameplate"),
  tempAbovePct: z.coerce.number().min(0).max(1_000).optional().describe("only rigs with a board or chip above so many % of its limit"),
  limit: limit(100_000, 10_000),
});
export const latestAnswer = z.object({
  total: z.int().describe("rigs that fit, before the limit"),
  rigs: z.array(
    z.object({
      rig: z.string(),
      model: z.string(),
      ts: ms,
      hashratePct: number.describe("of the nameplate"),
      tempPct: number.describe("the board's or chip's, whichever is closer to its limit"),
      values: z.record(z.enum(RIG_FIELDS), number),
    }),
  ),
});

export const topQuery = z.object({
  from,
  to,
  field: z.enum(RIG_FIELDS).default("hashrateThs"),
  order: z.enum(["highest", "lowest"]).default("highest"),
  limit: limit(1_000, 20),
});
export const topAnswer = z.object({ rigs: z.array(z.object({ rig: z.string(), mean: z.number() })) });

export const spanQuery = z.object({ from, to });
const spanned = { from: ms, to: ms, slotMs: lasting };
export const stoppedAnswer = z.object({
  ...spanned,
  rigs: z.array(z.object({ rig: z.string(), model: z.string(), reportedMs: lasting })),
});

export const uptimeQuery = z.object({
  from,
  to,
  rig: z.string().regex(NAME_PATTERN).optional().describe("one rig; all without it"),
  leastMs: z.coerce.number().int().min(0).default(0).describe("shortest run that is listed, ms"),
  limit: limit(10_000, 100).describe("runs that are listed, the longest first"),
});
export const uptimeAnswer = z.object({
  ...spanned,
  rigs: z.array(
    z.object({
      rig: z.string(),
      model: z.string(),
      reportedMs: lasting.describe("of slots in which it told its hashrate"),
      hashingMs: lasting,
      uptimePct: number.describe("hashing of reported"),
      runs: z.int(),
      longestRunMs: lasting,
      meanRunMs: number,
      breakdowns: z.int().describe("runs that ended while it went on speaking"),
      silences: z.int().describe("runs that ended in a slot of silence or more"),
    }),
  ),
  runs: z.array(z.object({ rig: z.string(), fromTs: ms, toTs: ms })),
});

export const performanceQuery = z.object({ from, to, by: z.enum(["model", "rig"]).default("model") });
export const performanceAnswer = z.object({
  ...spanned,
  site: z.string(),
  lines: z.array(
    z.object({
      name: z.string().describe("of the model, or the rig"),
      rigs: z.int(),
      meanThs: number.describe("TH/s of one rig, of those that told it"),
      meanW: number.describe("W of one rig, of those that told it"),
      loadPct: number.describe("hashrate of the nameplate's"),
      actualJTh: number.describe("of rigs that told both power and hashrate"),
      nameplateJTh: number,
      overNameplatePct: number.describe("how much more J/TH than the nameplate says"),
      rigDays: z.number().describe("of each day on which a rig spoke, the part within the range"),
      hashingMsPerRigDay: number,
      meanRunMs: number,
      breakdowns: z.int(),
      silences: z.int(),
      breakdownsPerRigDay: number,
    }),
  ),
});

export const activityAnswer = z.object({
  ...spanned,
  days: z.array(
    z.object({
      dayTs: ms.describe("start of the UTC day"),
      model: z.string(),
      rigs: z.int(),
      reportedMs: lasting,
      hashingMs: lasting,
      runs: z.int().describe("that began on this day"),
      activePct: number,
      hashingMsPerRig: number,
      meanRunMs: number.describe("of what of each run lies on this day"),
    }),
  ),
});

export const drawnQuery = z.object({
  from,
  to,
  points: z.coerce.number().int().min(3).max(2_000).default(300).describe("at most this many of each field"),
  fields: fieldList("hashrateThs,boardC"),
});
export const drawnAnswer = z.object({
  bucketMs: lasting.describe("of the means that the points were chosen from"),
  fields: z.record(z.string(), z.object({ ts: z.array(ms), values: z.array(number).describe("null: the line is broken here") })),
});

export const exportQuery = z.object({
  from,
  to,
  format: z.enum(EXPORT_FORMATS).default("csv"),
  tier: z.enum(["raw", "1m", "1h"]).default("raw").describe("readings, or the figures of minutes or hours"),
  rigs: z
    .string()
    .transform((list) => [...new Set(list.split(",").map((name) => name.trim()))])
    .pipe(z.array(z.string().regex(NAME_PATTERN)).min(1).max(200))
    .optional()
    .describe("comma-separated, at most 200; all without it"),
  fields: fieldList(RIG_FIELDS.join(",")),
});

type Asked<S extends z.ZodType> = z.output<S>;
type Given<S extends z.ZodType> = z.input<S>;
type Range = Asked<typeof spanQuery>;
/** What leaves in pieces instead of as one answer. */
export interface Streamed {
  readonly media: string;
  /** Of the file, as a browser would save it. */
  readonly name: string;
  readonly pieces: AsyncIterable<string | Uint8Array>;
}

/** Each throws Refused RANGE_INVALID, REQUEST_INVALID or STORE_UNAVAILABLE. */
export interface Questions {
  readonly latest: (query: Asked<typeof latestQuery>) => Promise<Given<typeof latestAnswer>>;
  readonly top: (query: Asked<typeof topQuery>) => Promise<Given<typeof topAnswer>>;
  readonly stopped: (query: Range, signal: AbortSignal) => Promise<Given<typeof stoppedAnswer>>;
  /** Throws RIG_UNKNOWN as well. */
  readonly uptime: (query: Asked<typeof uptimeQuery>, signal: AbortSignal) => Promise<Given<typeof uptimeAnswer>>;
  readonly performance: (query: Asked<typeof performanceQuery>, signal: AbortSignal) => Promise<Given<typeof performanceAnswer>>;
  readonly activity: (query: Range, signal: AbortSignal) => Promise<Given<typeof activityAnswer>>;
  /** Throws RIG_UNKNOWN as well. */
  readonly drawn: (query: Asked<typeof drawnQuery> & { readonly rig: string }) => Promise<Given<typeof drawnAnswer>>;
  /** Throws RIG_UNKNOWN, FORMAT_UNSUPPORTED, TOO_MANY_REQUESTS as well. `signal`: nobody waits any longer. */
  readonly exported: (query: Asked<typeof exportQuery>, signal: AbortSignal) => Streamed;
}
