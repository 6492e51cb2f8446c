/** Messages with their times moved, so that what was recorded can be played as if it happened now. */
import type { Told } from "./recording.ts";
import { topicOf } from "./wire.ts";

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const valueOf = (payload: Uint8Array): unknown => jsonOf(new TextDecoder().decode(payload));

const shiftedFields = (value: Fields, byMs: number, mark: string): Fields => ({
  ...value,
  ts: Number(value["ts"]) + Math.round(byMs),
  ...(mark !== "" && typeof value["boot"] === "string" ? { boot: value["boot"] + mark } : {}),
});

/** The payload with its top-level `ts` moved by whole `byMs`, and `boot` lengthened by `mark`; as it was where it has no `ts`. */
export const shifted = (payload: Uint8Array, byMs: number, mark = ""): Uint8Array => {
  const value = valueOf(payload);
  return isFields(value) && typeof value["ts"] === "number" ? bytesOf(shiftedFields(value, byMs, mark)) : payload;
};

/** `rigtwin/v1/{site}/{gateway}/signed` */
const SIGNED = /^rigtwin\/v1\/([^/]+)\/[^/]+\/signed$/;

/** What a gateway's batch has in it: a text of its own since version 2, before that a part of what is signed. Undefined where it is none. */
const messagesIn = (envelope: unknown): readonly unknown[] | undefined => {
  if (!isFields(envelope) || typeof envelope["signed"] !== "string") return undefined;
  const { messages } = envelope;
  const batch = typeof messages === "string" ? { messages: jsonOf(messages) } : jsonOf(envelope["signed"]);
  return isFields(batch) && Array.isArray(batch["messages"]) ? batch["messages"] : undefined;
};

/**
 * The message moved by `byMs`. What a gateway has signed cannot be altered and still be signed: its readings come each by itself, without
 * a signature.
 */
export const movedMessages = (message: Told, byMs: number, mark = ""): Told[] => {
  const site = SIGNED.exec(message.topic)?.[1];
  const messages = site === undefined ? undefined : messagesIn(valueOf(message.payload));
  if (site === undefined || messages === undefined) return [{ ...message, payload: shifted(message.payload, byMs, mark) }];
  return messages.flatMap((part) => {
    if (!isFields(part)) return [];
    const { rig, channel, payload } = part;
    if (typeof rig !== "string" || (channel !== "telemetry" && channel !== "answers") || !isFields(payload)) return [];
    return [
      {
        ...message,
        topic: topicOf(site, rig, channel),
        payload: bytesOf(typeof payload["ts"] === "number" ? shiftedFields(payload, byMs, mark) : payload),
      },
    ];
  });
};
