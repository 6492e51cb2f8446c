/** Shapes of the API about a rule that is tried on the past, and about what a rig should give. */
import { z } from "zod";
import { NAME_PATTERN } from "../wire.ts";
import { ALARM_KINDS } from "./kinds.ts";
import { ruleSetting } from "./shapes.ts";

const ms = z.int().describe("ms since 1970 UTC");

export const newTrial = z.strictObject({
  kind: z.enum(ALARM_KINDS),
  setting: ruleSetting.nullable().describe("null: as the rule comes"),
  days: z
    .number()
    .min(1 / 1_440)
    .max(31)
    .default(7)
    .describe("how far back"),
});
export const trial = z.object({
  kind: z.enum(ALARM_KINDS),
  setting: ruleSetting.nullable(),
  fromTs: ms,
  toTs: ms,
  state: z.enum(["running", "done", "ended", "failed"]),
  donePart: z.number().describe("0 to 1"),
  raised: z.int().describe("alarms that it would have raised"),
  was: z.int().describe("alarms of this kind that were raised"),
  rigs: z.int().describe("rigs on which it would have"),
  alarms: z
    .array(z.object({ rig: z.string(), raisedTs: ms, clearedTs: ms.nullable(), message: z.string() }))
    .describe("the newest of them, at most 50"),
  detail: z.string().describe("why it failed"),
});
export const trialAnswer = z.object({ trial: trial.nullable() });

export const expectedQuery = z.object({
  from: z.coerce.number().int().min(0).describe("ms since 1970 UTC, inclusive"),
  to: z.coerce.number().int().min(1).describe("ms since 1970 UTC, exclusive"),
  points: z.coerce.number().int().min(2).max(2_000).default(300),
});
export const rigParams = z.object({ rig: z.string().regex(NAME_PATTERN) });

const column = z.array(z.number().nullable());
const line = z.object({
  measured: column,
  expected: column.describe("null while it is being learnt, and where what it follows from was not measured"),
  deviation: column.describe("one standard deviation of what is expected"),
});
export const expectedAnswer = z.object({
  ts: z.array(ms).describe("start of each bucket"),
  bucketMs: z.int(),
  lines: z.object({ hashrateThs: line, powerW: line, boardC: line }),
  learntMinutes: z.int().describe("minutes of work that the model has seen"),
  drifting: z.array(z.enum(["hashrate", "power", "board", "fan"])).describe("what departs for long from what is expected"),
});

export type NewTrial = z.infer<typeof newTrial>;
export type Trial = z.infer<typeof trial>;
export type TrialAnswer = z.infer<typeof trialAnswer>;
export type ExpectedQuery = z.infer<typeof expectedQuery>;
export type ExpectedAnswer = z.infer<typeof expectedAnswer>;
