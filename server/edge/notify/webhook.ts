/** A webhook of one's own, signed as Standard Webhooks 1.0 says (standardwebhooks.com): id, time and HMAC-SHA256 in headers. */
import { createHmac } from "node:crypto";
import type { Secrets } from "../../twin/notify/shapes.ts";
import type { Letter } from "./letter.ts";
import { post, type Answered, type Wire } from "./post.ts";

const keyOf = (key: string): Buffer => (key.startsWith("whsec_") ? Buffer.from(key.slice(6), "base64") : Buffer.from(key, "utf8"));

/** `v1,` and the base64 HMAC-SHA256 of `{id}.{seconds}.{body}`. */
export const signatureOf = (key: string, id: string, seconds: number, body: string): string =>
  `v1,${createHmac("sha256", keyOf(key)).update(`${id}.${seconds}.${body}`).digest("base64")}`;

export const sendWebhook = ({ url = "", key }: Secrets, letter: Letter, nowTs: number, wire: Wire): Promise<Answered> => {
  const { notice, site, link } = letter;
  const { event, severity, title, lines, queuedTs, about } = notice;
  const body = JSON.stringify({
    type: `incident.${event}`,
    timestamp: new Date(queuedTs).toISOString(),
    data: { id: notice.id, site, severity, title, lines, incidents: about.map(({ incident }) => incident), link },
  });
  const seconds = Math.floor(nowTs / 1_000);
  const headers = { "webhook-id": letter.id, "webhook-timestamp": String(seconds) };
  return post(
    url,
    key === undefined ? headers : { ...headers, "webhook-signature": signatureOf(key, letter.id, seconds, body) },
    body,
    wire,
  );
};
