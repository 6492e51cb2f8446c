/**
 * Simulated gateways sign what they send: readings are gathered into batches, one signature each. Their keys follow from the seed,
 * so that the same seed gives the same bytes; keys of a simulation guard nothing.
 */
import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from "node:crypto";
import { headBytes, headText, linkLines, nextHead, type Head } from "../server/twin/gateway.ts";
import { lineOfMessage } from "../server/twin/parse.ts";
import { topicOf } from "../server/twin/wire.ts";
import { bytesOf, type Message } from "./messages.ts";
import { gatewayName } from "./plant/layout.ts";

/** PrivateKeyInfo of an Ed25519 key up to its 32 bytes (RFC 8410). */
const PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const MOST_IN_BATCH = 20;
/** A live gateway gathers what a second brings. */
const LIVE_WAIT_MS = 1_000;

const keyOf = (seed: number, name: string): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([PREFIX, createHash("sha256").update(`rigtwin simulated gateway ${seed} ${name}`).digest()]),
    format: "der",
    type: "pkcs8",
  });

/** The public key of a simulated gateway, 32 bytes as hex; `gateway` is 0-based. */
export const publicKeyOf = (seed: number, gateway: number): string =>
  createPublicKey(keyOf(seed, gatewayName(gateway)))
    .export({ format: "der", type: "spki" })
    .subarray(-32)
    .toString("hex");

interface Batch {
  readonly gateway: number;
  readonly name: string;
  readonly key: KeyObject;
  before: Head | null;
  readonly newest: Map<string, string>;
  sinceTs: number;
  parts: string[];
  lines: { readonly rig: string; readonly line: string }[];
}

const decoder = new TextDecoder();

/** The same messages with the readings of each gateway in signed batches; what else it says keeps its place among them. */
export function* signedMessages(
  source: Iterable<Message>,
  {
    site,
    seed,
    boot,
    waitMs = LIVE_WAIT_MS,
  }: { readonly site: string; readonly seed: number; readonly boot: string; readonly waitMs?: number },
): Generator<Message> {
  const batches = new Map<number, Batch>();
  const batchOf = (gateway: number): Batch => {
    let batch = batches.get(gateway);
    if (batch === undefined) {
      const name = gatewayName(gateway);
      batch = { gateway, name, key: keyOf(seed, name), before: null, newest: new Map(), sinceTs: 0, parts: [], lines: [] };
      batches.set(gateway, batch);
    }
    return batch;
  };
  const flush = function* (batch: Batch, ts: number): Generator<Message> {
    if (batch.parts.length === 0) return;
    const text = `[${batch.parts.join(",")}]`;
    const lines = linkLines(batch.newest, batch.lines);
    const head = nextHead({ gateway: batch.name, boot }, batch.before, text, lines);
    const signed = headText(head);
    const sig = sign(null, headBytes(signed), batch.key).toString("hex");
    const payload = bytesOf({ v: 2, signed, sig, lines, messages: text });
    batch.before = head;
    batch.parts = [];
    batch.lines = [];
    yield {
      ts,
      topic: topicOf(site, batch.name, "signed"),
      payload,
      retain: false,
      gateway: batch.gateway,
    };
  };
  let lastTs = 0;
  for (const message of source) {
    lastTs = message.ts;
    for (const batch of batches.values())
      if (batch.parts.length > 0 && message.ts - batch.sinceTs >= waitMs) yield* flush(batch, message.ts);
    const batch = batchOf(message.gateway);
    const [rig, channel] = message.topic.split("/").slice(3);
    if (channel !== "telemetry") {
      yield* flush(batch, message.ts);
      yield message;
      continue;
    }
    if (batch.parts.length === 0) batch.sinceTs = message.ts;
    const payload = decoder.decode(message.payload);
    batch.parts.push(`{"rig":${JSON.stringify(rig)},"channel":"telemetry","payload":${payload}}`);
    batch.lines.push({ rig: rig ?? "", line: lineOfMessage(rig ?? "", "telemetry", JSON.parse(payload)) });
    if (batch.parts.length >= MOST_IN_BATCH) yield* flush(batch, message.ts);
  }
  for (const batch of batches.values()) yield* flush(batch, lastTs);
}
