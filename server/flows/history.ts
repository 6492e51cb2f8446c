/** A past that is entered in one go: messages with the times they had, and the journal's ticks between them. */
import type { Message } from "../twin/twin.ts";
import { OWN, TICK_MS } from "../twin/wire.ts";

export interface PastMessage {
  /** ms UTC, never falling. */
  readonly ts: number;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
}
export interface HistoryNeeds {
  /** Calls back when the entry is on disk. */
  readonly append: (message: Message, done: (error: Error | null) => void, atTs: number) => void;
  /** Part done, 0 to 1. */
  readonly onProgress: (part: number) => void;
}

const AT_ONCE = 2_000;
const own = (topic: string, payload: Uint8Array): Message => ({ topic, payload, qos: 1, retain: false, dup: false, client: "" });

/** Enters everything between the two times (ms UTC). Resolves when it is on disk; throws what the journal refuses. */
export const enterHistory = async (
  needs: HistoryNeeds,
  messages: AsyncIterable<PastMessage>,
  fromTs: number,
  toTs: number,
): Promise<number> => {
  let nextTick = Math.ceil(fromTs / TICK_MS) * TICK_MS;
  let entered = 0;
  let waiting: Promise<void>[] = [];
  const put = (message: Message, ts: number): void => {
    waiting.push(new Promise((resolve, reject) => needs.append(message, (error) => (error === null ? resolve() : reject(error)), ts)));
    entered += 1;
  };
  const empty = new TextEncoder().encode("{}");
  put(own(OWN.start, empty), fromTs);
  for await (const { ts, topic, payload, retain } of messages) {
    for (; nextTick <= ts; nextTick += TICK_MS) put(own(OWN.tick, empty), nextTick);
    put({ topic, payload, qos: 1, retain, dup: false, client: "history" }, ts);
    if (waiting.length < AT_ONCE) continue;
    await Promise.all(waiting);
    waiting = [];
    needs.onProgress((ts - fromTs) / (toTs - fromTs));
  }
  await Promise.all(waiting);
  return entered;
};
