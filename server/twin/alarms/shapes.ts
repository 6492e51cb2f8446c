/** Shapes of the API about alarms, their rules, incidents and commands. */
import { z } from "zod";
import { plainText } from "../api.ts";
import { METHODS, type Method } from "../command.ts";
import { COMMAND_STATES } from "../commands.ts";
import { NAME_PATTERN } from "../wire.ts";
import { CAUSES } from "./incident.ts";
import { ALARM_KINDS, SEVERITIES } from "./kinds.ts";

const ms = z.int().describe("ms since 1970 UTC");
const text = z.string().nullable();
const words = plainText;
const by = words(64).describe("a pseudonym: a badge or key id, never a person's name");
const kind = z.enum(ALARM_KINDS);
const rigName = z.string().regex(NAME_PATTERN);
const id = z.string().min(1).max(300);

export const ruleSetting = z.strictObject({
  enabled: z.boolean().optional(),
  severity: z.enum(SEVERITIES).optional(),
  holdMs: z.int().min(0).max(86_400_000).optional(),
  clearMs: z.int().min(0).max(86_400_000).optional(),
  thresholds: z.record(z.string().max(40), z.number()).optional(),
});

/** What a person does with alarms, rules and maintenance. */
export const alarmAct = z.discriminatedUnion("what", [
  z.strictObject({ what: z.literal("own"), alarm: id, owner: words(64).nullable(), by }),
  z.strictObject({ what: z.literal("comment"), alarm: id, text: words(1_000), by }),
  z.strictObject({ what: z.literal("snooze"), alarm: id, untilTs: ms.nullable(), by }),
  z.strictObject({ what: z.literal("alarm-rule"), kind, setting: ruleSetting.nullable(), by }),
  z.strictObject({
    what: z.literal("maintenance"),
    id: words(64),
    rig: rigName.nullable(),
    container: words(64).nullable(),
    rack: words(64).nullable(),
    fromTs: ms,
    toTs: ms,
    reason: words(300),
    by,
  }),
  z.strictObject({ what: z.literal("maintenance-end"), id: words(64), by }),
  z.strictObject({ what: z.literal("approve-pool"), pool: words(300).describe("host and account with a blank between"), by }),
  z.strictObject({ what: z.literal("pdu"), pdu: words(64), rigs: z.array(rigName).max(1_000), by }),
  z.strictObject({ what: z.literal("relearn"), rig: rigName, by }),
]);

const threshold = z.object({ value: z.number(), standard: z.number(), least: z.number(), most: z.number(), says: z.string() });
export const alarmRule = z.object({
  kind,
  says: z.string(),
  enabled: z.boolean(),
  severity: z.enum(SEVERITIES),
  holdMs: z.int(),
  clearMs: z.int(),
  isChanged: z.boolean(),
  thresholds: z.record(z.string(), threshold),
  active: z.int(),
  fault: z.object({ count: z.int(), lastTs: ms, lastRig: z.string(), message: z.string() }).nullable(),
});
export const maintenance = z.object({
  id: z.string(),
  rig: text,
  container: text,
  rack: text,
  fromTs: ms,
  toTs: ms,
  reason: z.string(),
  by: z.string(),
});
export const alarmRules = z.object({
  rules: z.array(alarmRule),
  maintenance: z.array(maintenance),
  approvedPools: z.array(z.string()),
});

export const incident = z.object({
  id: z.string(),
  site: z.string(),
  scope: z.enum(CAUSES),
  name: z.string(),
  symptom: z.string(),
  severity: z.enum(SEVERITIES),
  says: z.string(),
  openedTs: ms,
  lastTs: ms,
  closedTs: ms.nullable(),
  mergedInto: text,
  members: z.array(z.object({ rig: z.string(), alarm: z.string() })),
});
export const incidents = z.object({ total: z.int(), incidents: z.array(incident) });

export const command = z.object({
  id: z.string(),
  rig: z.string(),
  method: z.enum(METHODS as [Method, ...Method[]]),
  args: z.record(z.string(), z.unknown()),
  by: z.string(),
  why: z.string(),
  batch: z.string(),
  queuedTs: ms,
  dueTs: ms,
  expiresTs: ms,
  state: z.enum(COMMAND_STATES),
  stateTs: ms,
  detail: z.string(),
});
const planned = {
  method: z.enum(METHODS as [Method, ...Method[]]),
  args: z.record(z.string(), z.unknown()).default({}),
  rigs: z.array(rigName).min(1).max(50_000),
  batchSize: z.int().min(1).max(50_000).default(50),
  gapS: z.number().min(0).max(3_600).default(5).describe("s between two batches"),
};
export const commandPlan = z.strictObject(planned);
export const newCommands = z.strictObject({
  ...planned,
  by,
  why: words(300),
  confirm: z
    .int()
    .min(1)
    .optional()
    .describe("a pool switch only: how many rigs it affects, as the plan says; redirecting hashrate is no slip of a finger"),
  expiresS: z.int().min(5).max(86_400).default(120).describe("s from when a command is due; then it must not be carried out"),
});
const held = z.array(z.object({ rig: z.string(), why: z.string() }));
export const plannedCommands = z.object({
  method: z.string(),
  affected: z.array(z.object({ rig: z.string(), dueTs: ms })),
  held,
  lastsS: z.number(),
});
export const orderedCommands = z.object({ batch: z.string(), commands: z.array(command), held });
export const commandsQuery = z.object({ rig: rigName.optional(), limit: z.coerce.number().int().min(1).max(5_000).default(200) });
export const commands = z.object({ total: z.int(), open: z.int(), commands: z.array(command) });

export type AlarmActTold = z.infer<typeof alarmAct>;
export type AlarmRules = z.infer<typeof alarmRules>;
export type AlarmRule = z.infer<typeof alarmRule>;
export type CommandLine = z.infer<typeof command>;
export type CommandPlan = z.infer<typeof commandPlan>;
export type NewCommands = z.infer<typeof newCommands>;
export type CommandsQuery = z.infer<typeof commandsQuery>;
