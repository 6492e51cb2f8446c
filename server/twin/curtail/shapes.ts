/** Curtailment as the API and the journal have it: what the rigs together may draw, who wishes it, what came of it. */
import { z } from "zod";
import { plainText } from "../api.ts";
import { isZone } from "../wall-time.ts";
import { NAME_PATTERN } from "../wire.ts";

const ms = z.int().describe("ms since 1970 UTC");
const by = plainText(64).describe("a pseudonym: a badge or key id, never a person's name");
const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "is no time like 17:00");

/** mw: the rigs together draw at most so many MW. pct: at most so much of what they drew when it began. rigs: these are paused. */
export const target = z.discriminatedUnion("of", [
  z.strictObject({ of: z.literal("mw"), value: z.number().min(0).max(10_000).describe("MW, as the rigs report it") }),
  z.strictObject({ of: z.literal("pct"), value: z.number().min(0).max(100).describe("% of what they drew when it began; 0: all pause") }),
  z.strictObject({ of: z.literal("rigs"), rigs: z.array(z.string().regex(NAME_PATTERN)).min(1).max(50_000) }),
]);
export type Target = z.output<typeof target>;
const limit = z.union([target.options[0], target.options[1]]);

export const curtailSettings = z.strictObject({
  zone: z.string().max(64).refine(isZone, "is no time zone like Europe/Vienna").default("UTC"),
  batchSize: z.int().min(1).max(50_000).default(20).describe("rigs at once, down and up"),
  gapS: z.number().min(0).max(3_600).default(5).describe("s between two batches"),
  schedule: z
    .array(
      z.strictObject({
        days: z.array(z.int().min(0).max(6)).min(1).max(7).describe("0 is Sunday"),
        from: clockTime,
        to: clockTime,
        target: limit,
      }),
    )
    .max(50)
    .default([]),
  price: z
    .strictObject({
      above: z.number().describe("per kWh: it begins at this price and above"),
      back: z.number().describe("per kWh: it ends below this"),
      leastMin: z.number().min(0).max(1_440).default(10).describe("min that it lasts at least"),
      target: limit,
    })
    .nullable()
    .default(null),
  mqtt: z
    .strictObject({
      topic: z
        .string()
        .min(1)
        .max(200)
        .regex(/^[^+#$][^+#]*$/, "is a filter, not a topic")
        .default("maestro/target"),
      staleS: z
        .int()
        .min(10)
        .max(86_400)
        .default(240)
        .describe("s of silence after which its last word is called old; it holds all the same"),
    })
    .nullable()
    .default(null),
});
export type CurtailSettings = z.output<typeof curtailSettings>;

export const curtailAct = z.discriminatedUnion("what", [
  z.strictObject({ what: z.literal("target"), target, untilTs: ms.nullable().default(null), why: plainText(300), by }),
  z.strictObject({ what: z.literal("end"), by }),
  z.strictObject({ what: z.literal("settings"), settings: curtailSettings, by }),
]);
export type CurtailAct = z.output<typeof curtailAct>;

/** Of pausing a rig that wakes by itself again: each time costs the machine a start. */
export const MOST_WAKES = 3;

export const SOURCES = ["operator", "schedule", "price", "mqtt"] as const;
export type WishSource = (typeof SOURCES)[number];
export const MEMBER_STATES = ["ordered", "paused", "refused", "waking", "back", "missing"] as const;
export type MemberState = (typeof MEMBER_STATES)[number];

const wish = z.object({ source: z.enum(SOURCES), target, by: z.string(), why: z.string(), untilTs: ms.nullable() });
const number = z.number().nullable();
const event = z.object({
  id: z.string(),
  fromTs: ms,
  endTs: ms.nullable().describe("when nobody wished it any more, and the rigs were woken"),
  doneTs: ms.nullable(),
  phase: z.enum(["down", "held", "up", "done"]),
  wishes: z.array(wish).describe("that hold now, or held last"),
  baselineW: z.number().describe("what the rigs drew when it began"),
  limitW: number,
  drawnW: z.number().describe("what they draw now, or drew at the end"),
  counts: z.record(z.enum(MEMBER_STATES), z.int()),
  pausedRigs: z.int().describe("rigs that paused for it"),
  savedKwh: z.number(),
  saved: number.describe("at the price of each moment; null where it was not known all the while"),
  currency: z.string().nullable(),
  savedKgco2e: number,
  forgoneThH: z.number(),
  members: z.array(
    z.object({ rig: z.string(), state: z.enum(MEMBER_STATES), beforeW: z.number(), beforeThs: z.number(), detail: z.string() }),
  ),
});
export type CurtailEvent = z.input<typeof event>;
export const curtailment = z.object({
  settings: curtailSettings,
  active: event.nullable(),
  past: z.array(event).describe("newest first; members only of those that did not obey or did not come back"),
  pricePerKwh: number,
  currency: z.string().nullable(),
  mqtt: z
    .object({ targetPct: number, targetMw: number, heardTs: ms, isOld: z.boolean() })
    .nullable()
    .describe("what was last heard of the topic"),
});
export type Curtailment = z.input<typeof curtailment>;
export const curtailPlan = z.strictObject({ target });
export const curtailPlanned = z.object({
  drawnW: z.number(),
  limitW: z.number(),
  afterW: z.number().describe("expected"),
  rigs: z.array(z.object({ rig: z.string(), powerW: z.number(), efficiencyJTh: number })).describe("in the order in which they are paused"),
  lastsS: z.number(),
  reaches: z.boolean().describe("false: even with all of them paused it stays above"),
});
