/**
 * What a gateway signs: a batch of readings as one text, so that one signature (Ed25519, RFC 8032) vouches for many. The bytes signed are
 * a context line and the text as it came; nothing is written anew before it is checked.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { hexToBytes } from "@noble/hashes/utils.js";
import { refusal, type Refusal } from "./refusal.ts";
import { NAME_PATTERN } from "./wire.ts";

export const SIGNED_CONTEXT = "rigtwin/gateway/v1\n";
/** Messages in one batch. */
export const MOST_MESSAGES = 200;

/** When a gateway's key is to be believed, ms UTC; `toTs` null: until further notice. The newest entry that covers a time holds. */
export interface GatewayKey {
  /** 32 bytes as lower-case hex. */
  readonly publicKey: string;
  readonly fromTs: number;
  readonly toTs: number | null;
}
export type GatewayKeys = Map<string, GatewayKey[]>;

/** Whether `signature` is the key's over `bytes`. Never throws. */
export type Verify = (signature: Uint8Array, bytes: Uint8Array, publicKey: Uint8Array) => boolean;

/** The check as RFC 8032 has it, in pure JavaScript: the same everywhere, some milliseconds each. */
export const verifyPure: Verify = (signature, bytes, publicKey) => {
  try {
    return ed25519.verify(signature, bytes, publicKey, { zip215: false });
  } catch {
    return false;
  }
};

/** What a reader of the journal knows of gateways. */
export interface Gateways {
  readonly keys: GatewayKeys;
  readonly verify: Verify;
}
export const NO_GATEWAYS: Gateways = { keys: new Map(), verify: () => false };

export const keyAt = (keys: GatewayKeys, gateway: string, ts: number): string | null =>
  keys.get(gateway)?.findLast(({ fromTs, toTs }) => ts >= fromTs && (toTs === null || ts < toTs))?.publicKey ?? null;

/** The bytes that are signed. */
export const signedBytes = (text: string): Uint8Array => new TextEncoder().encode(SIGNED_CONTEXT + text);

export interface SignedMessage {
  readonly rig: string;
  readonly channel: "telemetry" | "answers";
  readonly payload: unknown;
}
/** The text's value. `n` counts a gateway's batches within a boot; `prev` is the SHA-256 of the text before, null for the first. */
export interface SignedBatch {
  readonly v: 1;
  readonly gateway: string;
  readonly boot: string;
  readonly n: number;
  readonly prev: string | null;
  readonly messages: readonly SignedMessage[];
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const isMessage = (value: unknown): value is SignedMessage =>
  isObject(value) &&
  typeof value["rig"] === "string" &&
  NAME_PATTERN.test(value["rig"]) &&
  (value["channel"] === "telemetry" || value["channel"] === "answers") &&
  isObject(value["payload"]);

const batchOf = (text: string): SignedBatch | null => {
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value) || value["v"] !== 1 || typeof value["gateway"] !== "string" || !Array.isArray(value["messages"])) return null;
    return value["messages"].length <= MOST_MESSAGES && value["messages"].every(isMessage) ? (value as unknown as SignedBatch) : null;
  } catch {
    return null;
  }
};

/** Reads `{v, signed, sig}` that came from `gateway`. `isSigned` is false where no key is known: then it is the gateway's word alone. */
export const readSigned = (
  json: unknown,
  gateway: string,
  receivedTs: number,
  { keys, verify }: Gateways,
): { readonly messages: readonly SignedMessage[]; readonly isSigned: boolean } | Refusal => {
  if (!isObject(json)) return refusal("PAYLOAD_INVALID", "The payload is not an object.");
  const { v, signed, sig } = json;
  if (v !== 1) return refusal("VERSION_UNKNOWN", `v is ${JSON.stringify(v) ?? "missing"}; this server reads 1.`);
  if (typeof signed !== "string") return refusal("PAYLOAD_INVALID", "signed must be the text that was signed.");
  if (typeof sig !== "string" || !/^[0-9a-f]{128}$/.test(sig))
    return refusal("PAYLOAD_INVALID", "sig must be 128 lower-case hex digits (Ed25519).");
  const key = keyAt(keys, gateway, receivedTs);
  if (key !== null && !verify(hexToBytes(sig), signedBytes(signed), hexToBytes(key)))
    return refusal("SIGNATURE_INVALID", `The signature is not that of the key registered for gateway ${gateway}.`);
  const batch = batchOf(signed);
  if (batch === null)
    return refusal(
      "PAYLOAD_INVALID",
      `signed must be JSON with v 1, gateway and at most ${MOST_MESSAGES} messages of {rig, channel: telemetry or answers, payload}.`,
    );
  if (batch.gateway !== gateway)
    return refusal("PAYLOAD_INVALID", `signed is of gateway "${batch.gateway.slice(0, 64)}", the topic says "${gateway}".`);
  return { messages: batch.messages, isSigned: key !== null };
};
