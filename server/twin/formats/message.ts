/** The head that every message of our own dialect has, and the first words of checking one. */
import type { Quality } from "../reading.ts";
import { refusal, type Refusal } from "../refusal.ts";

export type Json = Record<string, unknown>;

/** First fault met, and the qualities found so far; one per message. */
export interface Check {
  fault: Refusal | null;
  quality: Record<string, Quality> | null;
}

export const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

export const kindOf = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);

/** Only the first fault is told. */
export const invalid = (check: Check, detail: string): void => {
  check.fault ??= refusal("PAYLOAD_INVALID", detail);
};

/** What stands at the head of every message; null where the message has no such field. */
export interface Head {
  readonly ts: number;
  readonly seq: number;
  readonly boot: string;
}

const got = (value: unknown): string => (typeof value === "number" ? String(value) : kindOf(value));

/** Checks `v`, `ts` and, where asked for, `seq` and `boot`. */
export const headOf = (json: unknown, asked: { readonly seq: boolean; readonly boot: boolean }): Head | Refusal => {
  if (!isObject(json)) return refusal("PAYLOAD_INVALID", `The message: expected an object, got ${kindOf(json)}.`);
  const { v, ts, seq, boot } = json;
  if (v !== 1)
    return refusal("VERSION_UNKNOWN", `v: this server reads version 1, got ${typeof v === "string" ? `"${v.slice(0, 40)}"` : got(v)}.`);
  if (typeof ts !== "number" || !Number.isSafeInteger(ts) || ts < 0)
    return refusal("PAYLOAD_INVALID", `ts: expected an integer, ms since 1970 UTC, got ${got(ts)}.`);
  if (asked.seq && !(typeof seq === "number" && Number.isSafeInteger(seq) && seq >= 0))
    return refusal("PAYLOAD_INVALID", `seq: expected an integer from 0, counting up within a boot, got ${got(seq)}.`);
  if (asked.boot && !(typeof boot === "string" && boot.length > 0 && boot.length <= 64))
    return refusal(
      "PAYLOAD_INVALID",
      `boot: expected a string of 1 to 64 characters, got ${typeof boot === "string" ? `one of ${boot.length}` : got(boot)}.`,
    );
  return { ts, seq: typeof seq === "number" ? seq : 0, boot: typeof boot === "string" ? boot : "" };
};
