/** Discord's webhooks: https://discord.com/developers/docs/resources/webhook#execute-webhook */
import type { Secrets } from "../../twin/notify/shapes.ts";
import { plainText, type Letter } from "./letter.ts";
import { post, type Answered, type Wire } from "./post.ts";

const MOST = 2_000;

export const sendDiscord = ({ url = "" }: Secrets, letter: Letter, wire: Wire): Promise<Answered> =>
  // Without `parse` no name mentions anybody.
  post(url, {}, JSON.stringify({ content: plainText(letter).slice(0, MOST), allowed_mentions: { parse: [] } }), wire);
