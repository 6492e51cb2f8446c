/** Channels, routes and what is told by them, as the API and the settings on disk have them. A secret goes in and never comes out. */
import { z } from "zod";
import { plainText } from "../api.ts";
import { SEVERITIES } from "../alarms/kinds.ts";
import { isZone } from "../wall-time.ts";
import { NAME_PATTERN } from "../wire.ts";

const ms = z.int().describe("ms since 1970 UTC");
const words = plainText;
export const channelId = z.string().regex(NAME_PATTERN).describe("name of the channel, made by whoever sets it");
/** Left out: as it was. */
const secret = z.string().min(1).max(2_000).optional().describe("left out: it stays as it is; never shown again");
const mail = z
  .string()
  .max(254)
  .regex(/^[^\s<>"(),:;@]+@[^\s<>"(),:;@]+$/, "is no e-mail address");

export const CHANNEL_KINDS = ["email", "telegram", "slack", "discord", "webhook", "push"] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

const head = { id: channelId, label: words(60), isOn: z.boolean().default(true) };
const email = {
  kind: z.literal("email"),
  host: z.string().min(1).max(253),
  port: z.int().min(1).max(65_535).default(587),
  security: z.enum(["tls", "starttls", "none"]).default("starttls").describe("`none` sends the password in the clear"),
  user: z.string().max(254).default(""),
  from: mail,
  to: z.array(mail).min(1).max(20),
};
const telegram = {
  kind: z.literal("telegram"),
  chat: z
    .string()
    .regex(/^(-?\d{1,20}|@\w{1,64})$/, "is a number or @name")
    .describe("the chat's number or @name"),
  server: z.url({ protocol: /^https?$/ }).default("https://api.telegram.org"),
};

/** A channel as it is kept: nothing secret. */
export const channel = z.discriminatedUnion("kind", [
  z.object({ ...head, ...email }),
  z.object({ ...head, ...telegram }),
  z.object({ ...head, kind: z.literal("slack") }),
  z.object({ ...head, kind: z.literal("discord") }),
  z.object({ ...head, kind: z.literal("webhook") }),
  z.object({ ...head, kind: z.literal("push") }),
]);
export type Channel = z.output<typeof channel>;

/** Which secrets a kind has. */
export const SECRETS = {
  email: ["password"],
  telegram: ["token"],
  slack: ["url"],
  discord: ["url"],
  webhook: ["url", "key"],
  push: [],
} as const satisfies Record<ChannelKind, readonly string[]>;
export type Secrets = Readonly<Record<string, string>>;

const address = z
  .url({ protocol: /^https?$/ })
  .max(2_000)
  .optional()
  .describe("left out: it stays as it is; only its host is shown again");
export const newChannel = z.discriminatedUnion("kind", [
  z.strictObject({ ...head, ...email, secrets: z.strictObject({ password: secret }).default({}) }),
  z.strictObject({ ...head, ...telegram, secrets: z.strictObject({ token: secret }).default({}) }),
  z.strictObject({ ...head, kind: z.literal("slack"), secrets: z.strictObject({ url: address }).default({}) }),
  z.strictObject({ ...head, kind: z.literal("discord"), secrets: z.strictObject({ url: address }).default({}) }),
  z.strictObject({ ...head, kind: z.literal("webhook"), secrets: z.strictObject({ url: address, key: secret }).default({}) }),
  z.strictObject({ ...head, kind: z.literal("push"), secrets: z.strictObject({}).default({}) }).describe("browsers that asked to be told"),
]);
export type NewChannel = z.output<typeof newChannel>;

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "is no time like 08:00");
export const notifyRoute = z.strictObject({
  channel: channelId,
  least: z.enum(SEVERITIES).describe("this severity and graver ones"),
  sites: z.array(z.string().regex(NAME_PATTERN)).max(100).default([]).describe("empty: every site"),
  days: z.array(z.int().min(0).max(6)).min(1).max(7).default([0, 1, 2, 3, 4, 5, 6]).describe("0 is Sunday, in the site's zone"),
  from: clockTime.default("00:00"),
  to: clockTime.default("00:00").describe("the same as `from`: the whole day"),
  when: z.enum(["at-once", "digest"]).default("at-once"),
});
export type NotifyRoute = z.output<typeof notifyRoute>;

export const notifyRules = z.strictObject({
  zone: z.string().max(64).refine(isZone, "is no time zone like Europe/Vienna").default("UTC"),
  digestAt: clockTime.default("08:00"),
  repeatH: z.number().min(0).max(168).default(4).describe("h until what nobody acknowledged is told again; 0: never"),
  gatherS: z.int().min(0).max(600).default(30).describe("s in which others of the same cause may join before an incident is told"),
  perHour: z.int().min(1).max(1_000).default(20).describe("messages of a channel within an hour; what is more is told together"),
  routes: z.array(notifyRoute).max(100).default([]),
});
export type NotifyRules = z.output<typeof notifyRules>;

/** All of it as it is on disk. */
export const notifySettings = z.object({ channels: z.array(channel).max(50), rules: notifyRules, sinceTs: ms });
export type NotifySettings = z.output<typeof notifySettings>;
export const NO_SETTINGS: NotifySettings = { channels: [], rules: notifyRules.parse({}), sinceTs: 0 };

export const NOTICE_STATES = ["waiting", "trying", "sent", "uncertain", "given-up"] as const;
export const NOTICE_EVENTS = ["opened", "worse", "repeat", "cleared", "several", "digest"] as const;
const notice = z.object({
  id: z.string(),
  channel: z.string(),
  event: z.enum(NOTICE_EVENTS),
  severity: z.enum(SEVERITIES),
  title: z.string(),
  lines: z.array(z.string()),
  queuedTs: ms,
  state: z.enum(NOTICE_STATES),
  stateTs: ms,
  tries: z.int(),
  nextTs: ms,
  detail: z.string().describe("the far end's own answer, or what stood in the way"),
});
const channelLine = z.object({
  channel,
  /** `set` or `not set` of each secret. */
  secrets: z.record(z.string(), z.enum(["set", "not set"])),
  host: z.string().nullable().describe("whom it talks to"),
  state: z.enum(["off", "incomplete", "untried", "ok", "failing"]),
  says: z.string(),
  lastOkTs: ms.nullable(),
  lastFailTs: ms.nullable(),
  waiting: z.int().describe("messages that have not got through yet"),
});
export const notifications = z.object({
  rules: notifyRules,
  channels: z.array(channelLine),
  recent: z.array(notice).describe("newest first"),
});
export type Notifications = z.input<typeof notifications>;
export type ChannelLine = z.input<typeof channelLine>;
export const testAnswer = z.object({ ok: z.boolean(), says: z.string(), tookMs: z.int() });
export const channelParams = z.object({ channel: channelId });
