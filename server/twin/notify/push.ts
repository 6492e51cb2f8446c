/** Push messages to browsers: what the API takes of a browser, and what it is sent. */
import { z } from "zod";
import type { NewNotice } from "./book.ts";

const ms = z.int().describe("ms since 1970 UTC");
const key = (bytes: number) =>
  z
    .string()
    .max(200)
    .regex(/^[A-Za-z0-9_-]+=*$/, "is not base64url")
    .refine((text) => Math.floor((text.replace(/=+$/, "").length * 6) / 8) === bytes, `is not ${bytes} bytes`);

/** A browser's subscription, as its PushManager gives it. */
export const newPushDevice = z.strictObject({
  endpoint: z.url({ protocol: /^https?$/ }).max(1_000),
  p256dh: key(65).describe("its public key, base64url"),
  auth: key(16),
});
export type NewPushDevice = z.output<typeof newPushDevice>;
export const pushDeviceParams = z.object({ device: z.string().regex(/^[0-9a-f]{16}$/, "is no device's id") });

export const pushAnswer = z.object({
  key: z.string().describe("this server's public key, for PushManager.subscribe"),
  devices: z
    .array(z.object({ id: z.string(), by: z.string(), host: z.string().describe("its push service"), addedTs: ms }))
    .describe("browsers that are told"),
  channel: z.string().nullable().describe("the channel of the kind `push`, by which routes reach them; null: there is none yet"),
});
export type PushAnswer = z.input<typeof pushAnswer>;

/** So long a push service keeps a message for a browser that is away: after a night it is news no more. */
export const PUSH_TTL_S = 4 * 3_600;
const MOST_BODY = 1_200;

/** What the service worker gets, as JSON; well below what one record holds. */
export const pushText = (
  { title, lines, severity, about, id }: Pick<NewNotice, "title" | "lines" | "severity" | "about" | "id">,
  site: string,
): string => {
  const body = [...lines].join("\n");
  return JSON.stringify({
    title: title.slice(0, 200),
    body: body.length > MOST_BODY ? `${body.slice(0, MOST_BODY - 1)}…` : body,
    site,
    severity,
    tag: (about[0]?.incident ?? id).slice(0, 300),
    path: "/alarms",
  });
};
