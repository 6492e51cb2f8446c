/**
 * What a gateway signs: a batch of readings, so that one signature (Ed25519, RFC 8032) vouches for many. Of version 2 the head is signed:
 * it has the hash of the messages, the root of a tree (RFC 9162) over their lines, their numbers, and the hash of the head before. So one
 * signature vouches for all heads that lead to it, and a stranger is shown one rig's lines without the rest. Of version 1 the whole text
 * is signed: it vouches towards the farm, and cannot be shown in part.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { linkedText } from "./line.ts";
import { leafHashOfText, rootOf, type Hash } from "./merkle.ts";
import { refusal, type Refusal } from "./refusal.ts";
import { hashText } from "./small-hash.ts";
import { NAME_PATTERN } from "./wire.ts";

export const SIGNED_CONTEXT = "rigtwin/gateway/v1\n";
export const HEAD_CONTEXT = "rigtwin/gateway/v2\n";
/** Messages in one batch. */
export const MOST_MESSAGES = 200;
/** Characters of a line, its link included. */
export const MOST_LINE = 400;

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

// Whoever checks a day checks a signature or a few; the library's table for the base point would take as long as forty of them.
ed25519.Point.BASE.precompute(1);

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

const encoder = new TextEncoder();
const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** The bytes that are signed of version 1. */
export const signedBytes = (text: string): Uint8Array => utf8(SIGNED_CONTEXT + text);
/** The bytes that are signed of version 2. */
export const headBytes = (head: string): Uint8Array => utf8(HEAD_CONTEXT + head);

/** What is signed of a batch of version 2. */
export interface Head {
  readonly gateway: string;
  readonly boot: string;
  /** Counts the gateway's batches within a boot, from 1. */
  readonly n: number;
  /** Numbers of its first and last message; they count on over the batches of a boot, from 1. */
  readonly first: number;
  readonly last: number;
  /** SHA-256 of the head before, hex; null for the first of a boot. */
  readonly prev: string | null;
  /** SHA-256 of the messages' text, and the root over their lines, hex. */
  readonly body: string;
  readonly root: string;
}

/** The RFC 8785 text of a head. */
export const headText = ({ gateway, boot, n, first, last, prev, body, root }: Head): string =>
  `{"body":"${body}","boot":${JSON.stringify(boot)},"first":${first},"gateway":"${gateway}","last":${last},"n":${n},"prev":${prev === null ? "null" : `"${prev}"`},"root":"${root}","v":2}`;

export const headHash = (text: string): string => bytesToHex(hashText(text));

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
const isHash = (value: unknown): value is string => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
const BOOT = /^[^"\\\u0000-\u001f]{1,64}$/;

/** A head out of its text, null where it is none or not written as `headText` writes it. */
export const readHead = (text: string): Head | null => {
  try {
    const head = JSON.parse(text) as Head;
    const fits =
      typeof head.gateway === "string" &&
      NAME_PATTERN.test(head.gateway) &&
      typeof head.boot === "string" &&
      BOOT.test(head.boot) &&
      [head.n, head.first, head.last].every(isCount) &&
      head.last >= head.first &&
      (head.prev === null || isHash(head.prev)) &&
      isHash(head.body) &&
      isHash(head.root);
    return fits && headText(head) === text ? head : null;
  } catch {
    return null;
  }
};

/** Under what the contract knows a gateway. */
export const gatewayId = (gateway: string): `0x${string}` => `0x${bytesToHex(keccak_256(utf8(gateway)))}`;

/** A key as the contract keeps it, seconds since 1970 UTC, `fromS` included, `toS` not. */
export interface KeyEntry {
  readonly publicKey: `0x${string}`;
  readonly fromS: number;
  readonly toS: number;
}
/** The contract's end of time (uint40). */
export const UNTIL_FURTHER_NOTICE_S = 0xff_ffff_ffff;

/** A gateway's keys as entries for the contract, in the order in which they were set. */
export const keyEntries = (keys: readonly GatewayKey[]): KeyEntry[] =>
  keys.map(({ publicKey, fromTs, toTs }) => ({
    publicKey: `0x${publicKey}`,
    fromS: Math.floor(fromTs / 1_000),
    toS: toTs === null ? UNTIL_FURTHER_NOTICE_S : Math.floor(toTs / 1_000),
  }));

/** Leaves of the tree over a batch's lines. */
export const lineLeaves = (lines: readonly string[]): Hash[] => lines.map((line) => leafHashOfText(line));

/**
 * Links the lines of a gateway's next batch to those before them (line.ts). `newest`: the leaf's hash of the newest line of each rig in
 * this boot; changes. A line of "" stays.
 */
export const linkLines = (newest: Map<string, string>, lines: readonly { readonly rig: string; readonly line: string }[]): string[] =>
  lines.map(({ rig, line }) => {
    if (line === "") return line;
    const linked = linkedText(line, newest.get(rig) ?? "");
    newest.set(rig, bytesToHex(leafHashOfText(linked)));
    return linked;
  });

/** The next batch of a gateway: `messages` is the text of a JSON array of SignedMessage, `lines` the line of each, "" for one without. */
export const nextHead = (
  of: { readonly gateway: string; readonly boot: string },
  before: Head | null,
  messages: string,
  lines: readonly string[],
): Head => ({
  ...of,
  n: (before?.n ?? 0) + 1,
  first: (before?.last ?? 0) + 1,
  last: (before?.last ?? 0) + lines.length,
  prev: before === null ? null : headHash(headText(before)),
  body: headHash(messages),
  root: bytesToHex(rootOf(lineLeaves(lines))),
});

export interface SignedMessage {
  readonly rig: string;
  readonly channel: "telemetry" | "answers";
  readonly payload: unknown;
  /** What the gateway says of it in whole numbers (line.ts); null where it is not for strangers (version 1). */
  readonly line: string | null;
}
/** The text's value. `n` counts a gateway's batches within a boot; `prev` is the SHA-256 of the text before, null for the first. */
export interface SignedBatch {
  readonly v: 1;
  readonly gateway: string;
  readonly boot: string;
  readonly n: number;
  readonly prev: string | null;
  readonly messages: readonly Omit<SignedMessage, "line">[];
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const isMessage = (value: unknown): value is Omit<SignedMessage, "line"> =>
  isObject(value) &&
  typeof value["rig"] === "string" &&
  NAME_PATTERN.test(value["rig"]) &&
  (value["channel"] === "telemetry" || value["channel"] === "answers") &&
  isObject(value["payload"]);

const messagesIn = (value: unknown, lines: readonly string[] | null): readonly SignedMessage[] | null =>
  Array.isArray(value) && value.length > 0 && value.length <= MOST_MESSAGES && value.every(isMessage)
    ? value.map(({ rig, channel, payload }, i) => ({ rig, channel, payload, line: lines?.[i] ?? null }))
    : null;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** What was read of an envelope before its signature is looked at. */
interface Opened {
  readonly gateway: string;
  readonly messages: readonly SignedMessage[];
}

const openWhole = (signed: string): Opened | string => {
  const value = parsed(signed);
  const messages = isObject(value) && value["v"] === 1 ? messagesIn(value["messages"], null) : null;
  return isObject(value) && messages !== null && typeof value["gateway"] === "string"
    ? { gateway: value["gateway"], messages }
    : `signed must be JSON with v 1, gateway and 1 to ${MOST_MESSAGES} messages of {rig, channel: telemetry or answers, payload}.`;
};

const openHead = (signed: string, { messages: text, lines }: Record<string, unknown>): Opened | string => {
  const head = readHead(signed);
  if (head === null) return "signed must be a head in RFC 8785 form: body, boot, first, gateway, last, n, prev, root, v 2.";
  if (typeof text !== "string" || headHash(text) !== head.body) return "messages must be the text whose SHA-256 is the head's body.";
  if (!Array.isArray(lines) || !lines.every((line) => typeof line === "string" && line.length <= MOST_LINE))
    return `lines must be texts of at most ${MOST_LINE} characters.`;
  const messages = messagesIn(parsed(text), lines as string[]);
  if (messages === null) return `messages must be 1 to ${MOST_MESSAGES} of {rig, channel: telemetry or answers, payload}.`;
  if (lines.length !== messages.length || head.last - head.first + 1 !== lines.length)
    return "There must be a line for each message, and the head's numbers must be as many.";
  if (bytesToHex(rootOf(lineLeaves(lines as string[]))) !== head.root) return "The lines do not give the head's root.";
  return { gateway: head.gateway, messages };
};

/**
 * Reads `{v: 1, signed, sig}` or `{v: 2, signed, sig, lines, messages}` that came from `gateway`. `isSigned` is false where no key is known:
 * then it is the gateway's word alone.
 */
export const readSigned = (
  json: unknown,
  gateway: string,
  receivedTs: number,
  { keys, verify }: Gateways,
): { readonly messages: readonly SignedMessage[]; readonly isSigned: boolean } | Refusal => {
  if (!isObject(json)) return refusal("PAYLOAD_INVALID", "The payload is not an object.");
  const { v, signed, sig } = json;
  if (v !== 1 && v !== 2) return refusal("VERSION_UNKNOWN", `v is ${JSON.stringify(v) ?? "missing"}; this server reads 1 and 2.`);
  if (typeof signed !== "string") return refusal("PAYLOAD_INVALID", "signed must be the text that was signed.");
  if (typeof sig !== "string" || !/^[0-9a-f]{128}$/.test(sig))
    return refusal("PAYLOAD_INVALID", "sig must be 128 lower-case hex digits (Ed25519).");
  const key = keyAt(keys, gateway, receivedTs);
  const bytes = v === 1 ? signedBytes(signed) : headBytes(signed);
  if (key !== null && !verify(hexToBytes(sig), bytes, hexToBytes(key)))
    return refusal("SIGNATURE_INVALID", `The signature is not that of the key registered for gateway ${gateway}.`);
  const opened = v === 1 ? openWhole(signed) : openHead(signed, json);
  if (typeof opened === "string") return refusal("PAYLOAD_INVALID", opened);
  if (opened.gateway !== gateway)
    return refusal("PAYLOAD_INVALID", `signed is of gateway "${opened.gateway.slice(0, 64)}", the topic says "${gateway}".`);
  return { messages: opened.messages, isSigned: key !== null };
};
