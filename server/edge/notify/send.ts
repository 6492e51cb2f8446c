/** Gives a notice to its channel's service, and tells what the far end answered, without secrets. */
import type { Notice } from "../../twin/notify/book.ts";
import type { Channel, Secrets } from "../../twin/notify/shapes.ts";
import { sendDiscord } from "./discord.ts";
import { sendEmail } from "./email.ts";
import { Unreachable, type Allowed } from "./guard.ts";
import { letterOf, type Letter } from "./letter.ts";
import { Unheard, type Answered, type Wire } from "./post.ts";
import { sendPush } from "./push.ts";
import type { PushStore } from "./push-store.ts";
import { sendSlack } from "./slack.ts";
import { sendTelegram } from "./telegram.ts";
import { sendWebhook } from "./webhook.ts";

export interface SenderOptions {
  readonly site: string;
  readonly publicUrl: string | null;
  readonly allowed: Allowed;
  readonly secrets: (channel: string) => Secrets;
  /** Browsers that asked to be told. */
  readonly push: PushStore;
  readonly now: () => number;
  readonly timeoutMs?: number;
}
interface Delivery {
  readonly outcome: "sent" | "failed" | "unknown";
  readonly detail: string;
  readonly afterS?: number;
}
const TIMEOUT_MS = 10_000;
const MOST_DETAIL = 300;

/** The far end may give back what it was given. */
const withoutSecrets = (text: string, secrets: Secrets): string => {
  let cleaned = text.replace(/\s+/g, " ").trim();
  for (const secret of Object.values(secrets)) {
    cleaned = cleaned.replaceAll(secret, "•••");
    if (!URL.canParse(secret)) continue;
    const { pathname, search, password } = new URL(secret);
    for (const part of [`${pathname}${search}`, pathname, search, decodeURIComponent(password)])
      if (part.length > 3) cleaned = cleaned.replaceAll(part, "•••");
  }
  return cleaned.length > MOST_DETAIL ? `${cleaned.slice(0, MOST_DETAIL - 1)}…` : cleaned;
};

const NEEDED = { telegram: "token", slack: "url", discord: "url", webhook: "url" } as const;

export const createSender = ({ site, publicUrl, allowed, secrets, push, now, timeoutMs = TIMEOUT_MS }: SenderOptions) => {
  const wire: Wire = { allowed, timeoutMs };
  // Push services want to know whom to ask when something goes wrong.
  const subject = publicUrl?.startsWith("https:") === true ? publicUrl : `mailto:rigtwin@${site}.invalid`;
  const asked = (channel: Exclude<Channel, { kind: "email" | "push" }>, known: Secrets, letter: Letter): Promise<Answered> => {
    const needed = NEEDED[channel.kind];
    if (known[needed] === undefined) throw new Unreachable(`Its ${needed} is not set.`);
    switch (channel.kind) {
      case "telegram":
        return sendTelegram(channel, known, letter, wire);
      case "slack":
        return sendSlack(known, letter, wire);
      case "discord":
        return sendDiscord(known, letter, wire);
      case "webhook":
        return sendWebhook(known, letter, now(), wire);
    }
  };
  /** Never rejects; ends within three times the time limit. */
  return async (channel: Channel, notice: Notice): Promise<Delivery> => {
    const known = secrets(channel.id);
    const letter = letterOf(notice, site, publicUrl);
    try {
      if (channel.kind === "email")
        return { outcome: "sent", detail: withoutSecrets(await sendEmail(channel, known, letter, wire), known) };
      const { status, text, retryAfterS } =
        channel.kind === "push" ? await sendPush(push, letter, subject, now(), wire) : await asked(channel, known, letter);
      const detail = withoutSecrets(`HTTP ${status} ${text}`, known);
      return status >= 200 && status < 300 ? { outcome: "sent", detail } : { outcome: "failed", detail, afterS: retryAfterS };
    } catch (error) {
      const detail = withoutSecrets(error instanceof Error ? error.message : String(error), known);
      return { outcome: error instanceof Unheard ? "unknown" : "failed", detail };
    }
  };
};
