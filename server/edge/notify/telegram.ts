/** Telegram's Bot API, or a Bot API server of one's own: https://core.telegram.org/bots/api#sendmessage */
import type { Channel, Secrets } from "../../twin/notify/shapes.ts";
import { plainText, type Letter } from "./letter.ts";
import { post, type Answered, type Wire } from "./post.ts";

const MOST = 4_096;

export const sendTelegram = (
  { chat, server }: Extract<Channel, { kind: "telegram" }>,
  { token = "" }: Secrets,
  letter: Letter,
  wire: Wire,
): Promise<Answered> => {
  // Without parse_mode the text is shown as it is.
  const body = { chat_id: chat, text: plainText(letter).slice(0, MOST), link_preview_options: { is_disabled: true } };
  return post(`${server.replace(/\/$/, "")}/bot${token}/sendMessage`, {}, JSON.stringify(body), wire);
};
