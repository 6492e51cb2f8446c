/** Slack's incoming webhooks, and what speaks the same (Mattermost, Rocket.Chat): https://docs.slack.dev/messaging/formatting-message-text */
import type { Secrets } from "../../twin/notify/shapes.ts";
import { plainText, type Letter } from "./letter.ts";
import { post, type Answered, type Wire } from "./post.ts";

/** So that no name mentions anybody or becomes a link. */
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

export const sendSlack = ({ url = "" }: Secrets, letter: Letter, wire: Wire): Promise<Answered> =>
  post(url, {}, JSON.stringify({ text: escaped(plainText(letter)), unfurl_links: false }), wire);
