/** One act on many alarms, or on all alarms of incidents. */
import { z } from "zod";
import { plainText } from "./api.ts";

const ms = z.int().describe("ms since 1970 UTC");
const ids = z.array(z.string().min(1).max(300)).max(5_000).default([]);
const of = {
  alarms: ids,
  incidents: ids.describe("all alarms of these that still stand"),
  by: plainText(64).describe("a pseudonym: a badge or key id, never a person's name"),
};
export const alarmActs = z.discriminatedUnion("what", [
  z.strictObject({ what: z.literal("acknowledge"), ...of }),
  z.strictObject({ what: z.literal("own"), owner: plainText(64).nullable(), ...of }),
  z.strictObject({ what: z.literal("comment"), text: plainText(1_000), ...of }),
  z.strictObject({ what: z.literal("snooze"), untilTs: ms.nullable(), ...of }),
]);
export type AlarmActs = z.output<typeof alarmActs>;
export const alarmActsDone = z.object({
  alarms: z.int().describe("so many alarms it was done to"),
  unknown: z.int().describe("names of none"),
});
