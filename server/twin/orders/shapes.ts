/** Work orders as they go over the wire and into the journal: one set of schemas for requests, answers and the fold. */
import { z } from "zod";
import { plainText, recordPart } from "../api.ts";
import { GROUPS } from "../usage/groups.ts";
import { NAME_PATTERN } from "../wire.ts";
import { MOST_RIGS } from "./limits.ts";
import { CLAIM_STATES, COSTS, LIVE_STATES, ORDER_KINDS, ORDER_STATES, PRIORITIES } from "./words.ts";

const ms = z.int().min(0).describe("ms since 1970 UTC");
const rigName = z.string().regex(NAME_PATTERN);
const badge = plainText(64).describe("a pseudonym: a badge or key id, never a person's name");
const key = z
  .string()
  .regex(/^[A-Za-z0-9-]{8,64}$/)
  .describe("chosen by the sender; the same again changes nothing");
const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const currency = z.string().regex(/^[A-Z]{3,5}$/);

const claimText = z.string().trim().max(300).default("");
const warranty = { state: z.enum(CLAIM_STATES), warrantyUntil: z.iso.date().nullable().default(null) };
export const claim = z.union([
  z.strictObject({ vendor: z.literal("microbt"), ...warranty, rmaNumber: claimText, faultCode: claimText }),
  z.strictObject({ vendor: z.literal("bitmain"), ...warranty, rmaNumber: claimText, claimReason: claimText }),
  z.strictObject({ vendor: z.literal("avalon"), ...warranty, ticketId: claimText, faultDescription: claimText }),
  z.strictObject({ vendor: z.literal("other"), ...warranty, reference: claimText, faultDescription: claimText }),
]);
export type Claim = z.infer<typeof claim>;

export const orderPart = recordPart.extend({ rig: rigName });
export type OrderPart = z.infer<typeof orderPart>;
export const cost = z.object({
  what: z.enum(COSTS),
  amount: z.number().min(0).max(1e9),
  currency,
  note: z.string().trim().max(120).default(""),
});
export const photo = z.object({
  hash: hex64.describe("SHA-256 of the bytes as they are kept"),
  bytes: z.int(),
  media: z.enum(["image/jpeg", "image/png", "image/webp"]),
  caption: z.string().trim().max(200),
});
const item = z.object({ id: z.int().min(1), text: plainText(200), doneBy: z.string().nullable(), doneTs: ms.nullable() });

const fields = {
  title: plainText(140),
  detail: z.string().trim().max(4_000).default(""),
  kind: z.enum(ORDER_KINDS),
  corrective: z.boolean().describe("mends a fault; these count for MTBF and MTTR"),
  priority: z.enum(PRIORITIES).default("normal"),
  assignee: badge.nullable().default(null),
  dueTs: ms.nullable().default(null),
};
const drafted = z.array(z.object({ id: z.int().min(1).nullable().default(null), text: plainText(200) })).max(40);

export const newOrder = z.strictObject({
  key,
  by: badge,
  ...fields,
  rigs: z.array(rigName).min(1).max(MOST_RIGS),
  alarm: z.string().max(300).nullable().default(null).describe("id of the alarm it was opened from"),
  plan: z.string().max(64).nullable().default(null).describe("id of the plan that fell due"),
  faultTs: ms.nullable().default(null).describe("when the fault began, if it is known"),
  checklist: drafted.nullable().default(null).describe("null: the template of the kind"),
});
export type NewOrder = z.output<typeof newOrder>;

export const editFields = z.strictObject({
  title: fields.title.optional(),
  detail: z.string().trim().max(4_000).optional(),
  kind: fields.kind.optional(),
  corrective: fields.corrective.optional(),
  priority: z.enum(PRIORITIES).optional(),
  assignee: badge.nullable().optional(),
  dueTs: ms.nullable().optional(),
  checklist: drafted.optional(),
  parts: z.array(orderPart).max(200).optional(),
  costs: z.array(cost).max(30).optional(),
  claim: claim.nullable().optional(),
});
export type EditFields = z.output<typeof editFields>;

const rev = z.int().min(1).describe("the revision this is based on");
/** One change of an order. Those with `rev` are refused where somebody else was first; the others add and cannot collide. */
export const orderChange = z.union([
  z.strictObject({ what: z.literal("edit"), rev, by: badge, fields: editFields }),
  z.strictObject({
    what: z.literal("move"),
    rev,
    by: badge,
    state: z.enum(LIVE_STATES),
    waitingFor: z.string().trim().max(200).default(""),
  }),
  z.strictObject({
    what: z.literal("close"),
    rev,
    by: badge,
    outcome: z.enum(["done", "cancelled"]),
    performedTs: ms,
    summary: plainText(1_900),
  }),
  z.strictObject({ what: z.literal("tick"), by: badge, item: z.int().min(1), done: z.boolean() }),
  z.strictObject({ what: z.literal("note"), key, by: badge, text: plainText(2_000) }),
  z.strictObject({
    what: z.literal("time"),
    key,
    by: badge,
    minutes: z
      .int()
      .min(1)
      .max(7 * 1_440),
  }),
]);
export type OrderChange = z.output<typeof orderChange>;

export const order = z.object({
  id: z.string().describe("WO-1, WO-2, …"),
  number: z.int(),
  /** Goes up with each edit, move and close. */
  rev: z.int(),
  /** Goes up with everything. */
  changes: z.int(),
  state: z.enum(ORDER_STATES),
  title: z.string(),
  detail: z.string(),
  kind: z.enum(ORDER_KINDS),
  corrective: z.boolean(),
  priority: z.enum(PRIORITIES),
  assignee: z.string().nullable(),
  rigs: z.array(z.string()),
  alarm: z.string().nullable(),
  plan: z.string().nullable(),
  faultTs: ms.nullable(),
  dueTs: ms.nullable(),
  waitingFor: z.string(),
  checklist: z.array(item),
  parts: z.array(orderPart),
  costs: z.array(cost),
  claim: claim.nullable(),
  photos: z.array(photo.extend({ by: z.string(), ts: ms })),
  spentMin: z.int(),
  openedTs: ms,
  openedBy: z.string(),
  changedTs: ms,
  startedTs: ms.nullable(),
  /** ms spent waiting for parts, without the waiting under way. */
  waitedMs: z.int(),
  waitingSinceTs: ms.nullable(),
  closing: z.object({ ts: ms, by: z.string(), performedTs: ms, summary: z.string() }).nullable(),
  /** The sealed records that closing it made, one a rig. */
  records: z.array(z.object({ rig: z.string(), hash: z.string().regex(/^0x[0-9a-f]{64}$/) })),
  log: z.array(
    z.object({
      ts: ms,
      by: z.string(),
      what: z.enum(["open", "edit", "move", "close", "tick", "note", "time", "photo", "sealed"]),
      text: z.string(),
      key: z.string().nullable(),
    }),
  ),
});
export type Order = z.infer<typeof order>;
export type LogLine = Order["log"][number];

export const ordersQuery = z.object({
  state: z.enum([...ORDER_STATES, "live", "all"]).default("live"),
  rig: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(5_000).default(1_000),
});
export type OrdersQuery = z.output<typeof ordersQuery>;
export const orders = z.object({ total: z.int(), orders: z.array(order) });

/** What falls due by itself: after so many running hours since the last work of its kind, or while the rig's alarm "drifting" stands. */
const planTrigger = z.union([
  z.strictObject({ by: z.literal("hours"), runningH: z.number().min(1).max(100_000) }),
  z.strictObject({ by: z.literal("drift") }),
]);
export const plan = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
  name: plainText(100),
  kind: z.enum(ORDER_KINDS),
  trigger: planTrigger,
  model: z.string().max(100).nullable().default(null).describe("only rigs of this model; null: every rig"),
  priority: z.enum(PRIORITIES).default("normal"),
});
export type Plan = z.output<typeof plan>;
export const planChange = z.union([
  z.strictObject({ what: z.literal("set"), by: badge, plan }),
  z.strictObject({ what: z.literal("drop"), by: badge, id: z.string().max(64) }),
]);
export type PlanChange = z.output<typeof planChange>;
const due = z.object({
  plan: z.string(),
  rig: z.string(),
  sinceTs: ms.describe("of the last work of its kind, of first sight where there was none; by drift: when the alarm was raised"),
  isFirst: z.boolean().describe("no work of its kind was sealed yet"),
  ranH: z.number().nullable().describe("running hours since then; null by drift"),
  overPct: z.number(),
  alarm: z.string().nullable(),
  says: z.string().describe("the alarm's words"),
});
export type Due = z.infer<typeof due>;
export const plans = z.object({
  plans: z.array(plan),
  total: z.int().describe("due in all"),
  due: z.array(due).describe("the most overdue first"),
});
export type Plans = z.infer<typeof plans>;

const figure = z.number().nullable();
const reliabilityLine = z.object({
  name: z.string(),
  rigs: z.int(),
  runH: z.number().describe("hours of five-minute rows in which it hashed"),
  thH: z.number(),
  failures: z.int().describe("that began in these days"),
  mended: z.int(),
  mtbfH: figure.describe("running hours ÷ failures"),
  mttrH: figure.describe("mean time from begin to mended"),
  waitedH: figure.describe("of it, waiting for parts"),
  costs: z.array(z.object({ currency: z.string(), amount: z.number(), perThH: figure })).describe("of orders done in these days"),
  alarms: z.int().describe("major and critical ones raised in these days"),
  isRepeat: z.boolean(),
});
export const reliability = z.object({
  by: z.enum(GROUPS),
  fromTs: ms,
  toTs: ms,
  days: z.int().describe("UTC days with readings in them"),
  alarmsFromTs: ms.nullable().describe("older alarms are no longer counted; null: none is missing"),
  total: reliabilityLine,
  lines: z.array(reliabilityLine).describe("most failures first"),
  asOfTs: ms,
});
export type Reliability = z.infer<typeof reliability>;

/** What the server writes under OWN.work. */
export type WorkAct =
  | ({ readonly what: "open" } & NewOrder)
  | ({ readonly order: string } & OrderChange)
  | { readonly what: "photo"; readonly order: string; readonly by: string; readonly photo: z.infer<typeof photo> }
  | { readonly what: "plan"; readonly change: PlanChange };
