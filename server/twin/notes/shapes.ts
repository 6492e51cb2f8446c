/** What people tell each other about the farm: comments on a rig, an incident or a moment, and what one shift hands to the next. */
import { z } from "zod";
import { plainText } from "../api.ts";
import { NAME_PATTERN } from "../wire.ts";

const ms = z.int().min(0).describe("ms since 1970 UTC");
const by = plainText(64).describe("a pseudonym: a badge or key id, never a person's name");
const rig = z.string().regex(NAME_PATTERN);
const limit = z.coerce.number().int().min(1).max(500).default(100);

export const MOST_COMMENT = 2_000;
export const MOST_HANDOVER = 8_000;

/** What a comment is about. */
export const about = z.discriminatedUnion("of", [
  z.strictObject({ of: z.literal("rig"), rig }),
  z.strictObject({ of: z.literal("incident"), incident: z.string().min(1).max(300) }),
  z.strictObject({ of: z.literal("moment"), ts: ms }),
]);
export type About = z.output<typeof about>;

export const newComment = z.strictObject({
  about,
  text: plainText(MOST_COMMENT).describe("`@name` mentions somebody"),
  by,
});
export type NewComment = z.output<typeof newComment>;

export const comment = z.object({
  number: z.int(),
  about,
  text: z.string(),
  by: z.string(),
  ts: ms,
  mentions: z.array(z.string()).describe("lower case"),
});
export type Comment = z.output<typeof comment>;

export const commentsQuery = z.strictObject({
  rig: rig.optional(),
  incident: z.string().min(1).max(300).optional(),
  limit,
});
export type CommentsQuery = z.output<typeof commentsQuery>;
export const comments = z.object({ total: z.int(), comments: z.array(comment).describe("newest first") });

/** Whose mentions: the account's own; a caller of this machine without one names its badge. */
export const mentionsQuery = z.strictObject({ name: z.string().trim().max(64).default("") });
export const mentions = z.object({
  name: z.string(),
  unseen: z.int(),
  comments: z.array(comment).describe("newest first"),
  seenTo: z.int(),
});
export type Mentions = z.output<typeof mentions>;
export const seenMentions = z.strictObject({ by, to: z.int().min(0).describe("number of the newest comment that was seen") });
export type SeenMentions = z.output<typeof seenMentions>;

export const newHandover = z.strictObject({
  shift: plainText(40).describe("which one ends, as people here call it"),
  text: plainText(MOST_HANDOVER),
  by,
});
export type NewHandover = z.output<typeof newHandover>;

/** What stood open when a note was written. */
export const standing = z.object({
  alarms: z.object({ critical: z.int(), major: z.int(), minor: z.int(), info: z.int() }),
  incidents: z
    .array(z.object({ id: z.string(), name: z.string(), severity: z.string(), rigs: z.int() }))
    .describe("the newest, at most 20"),
  orders: z.array(z.object({ id: z.string(), title: z.string(), state: z.string() })).describe("the newest, at most 50"),
});
export type Standing = z.output<typeof standing>;
export const handover = z.object({ number: z.int(), shift: z.string(), text: z.string(), by: z.string(), ts: ms, stood: standing });
export type Handover = z.output<typeof handover>;
export const handoversQuery = z.strictObject({ limit });
export const handovers = z.object({
  total: z.int(),
  handovers: z.array(handover).describe("newest first"),
  stands: standing.describe("now"),
});
export type Handovers = z.output<typeof handovers>;

/** What the server writes under OWN.note. */
export type NoteNews =
  | ({ readonly what: "comment" } & NewComment)
  | ({ readonly what: "seen" } & SeenMentions)
  | ({ readonly what: "handover" } & NewHandover);
