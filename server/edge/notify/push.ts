/** Gives a notice to every browser that asked for it. One that is gone is forgotten; the others are told all the same. */
import { PUSH_TTL_S, pushText } from "../../twin/notify/push.ts";
import type { Letter } from "./letter.ts";
import { post, Unheard, type Answered, type Wire } from "./post.ts";
import type { PushStore } from "./push-store.ts";
import { encrypted, topicOf, vapidHeader } from "./web-push.ts";

/** What push services answer where a browser has given its subscription up. */
const GONE = new Set([404, 410]);

/** Status 201 where at least one browser has it; otherwise the answer, or the fault, of the last. */
export const sendPush = async (store: PushStore, letter: Letter, subject: string, nowTs: number, wire: Wire): Promise<Answered> => {
  const devices = store.devices();
  if (devices.length === 0) return { status: 404, text: "No browser has asked to be told.", retryAfterS: 0 };
  const { notice } = letter;
  const text = pushText(notice, letter.site);
  const topic = topicOf(notice.about.map(({ incident }) => incident).join("\n") || notice.id);
  const answers = await Promise.all(
    devices.map(async (device): Promise<Answered | Error> => {
      try {
        const headers = {
          authorization: vapidHeader(device.endpoint, store.keys(), subject, nowTs),
          "content-encoding": "aes128gcm",
          "content-type": "application/octet-stream",
          ttl: String(PUSH_TTL_S),
          urgency: notice.severity === "critical" || notice.severity === "major" ? "high" : "normal",
          topic,
        };
        const answer = await post(device.endpoint, headers, encrypted(text, device), wire);
        if (GONE.has(answer.status)) await store.drop(device.id);
        return answer;
      } catch (error) {
        return error instanceof Error ? error : new Error(String(error));
      }
    }),
  );
  const heard = answers.filter((answer): answer is Answered => !(answer instanceof Error));
  const told = heard.filter(({ status }) => status >= 200 && status < 300).length;
  const gone = heard.filter(({ status }) => GONE.has(status)).length;
  if (told > 0) return { status: 201, text: `${told} of ${devices.length} browsers${gone > 0 ? `, ${gone} gone` : ""}`, retryAfterS: 0 };
  const unheard = answers.find((answer) => answer instanceof Unheard);
  if (unheard !== undefined) throw unheard;
  const last = answers.at(-1);
  if (last === undefined || last instanceof Error) throw last ?? new Error("nobody answered");
  return last;
};
