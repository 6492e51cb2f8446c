/**
 * Simulated gateways sign what they send: readings are gathered into batches, one signature each. Their keys follow from the seed,
 * so that the same seed gives the same bytes; keys of a simulation guard nothing.
 */
import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from "node:crypto";
import { signedBytes } from "../server/twin/gateway.ts";
import { topicOf } from "../server/twin/wire.ts";
import { bytesOf, gatewayName, type Message } from "./messages.ts";

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
  n: number;
  prev: string | null;
  sinceTs: number;
  parts: string[];
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
      batch = { gateway, name, key: keyOf(seed, name), n: 0, prev: null, sinceTs: 0, parts: [] };
      batches.set(gateway, batch);
    }
    return batch;
  };
  const flush = function* (batch: Batch, ts: number): Generator<Message> {
    if (batch.parts.length === 0) return;
    const head = JSON.stringify({ v: 1, gateway: batch.name, boot, n: ++batch.n, prev: batch.prev });
    const signed = `${head.slice(0, -1)},"messages":[${batch.parts.join(",")}]}`;
    batch.prev = createHash("sha256").update(signed).digest("hex");
    batch.parts = [];
    const sig = sign(null, signedBytes(signed), batch.key).toString("hex");
    yield {
      ts,
      topic: topicOf(site, batch.name, "signed"),
      payload: bytesOf({ v: 1, signed, sig }),
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
    batch.parts.push(`{"rig":${JSON.stringify(rig)},"channel":"telemetry","payload":${decoder.decode(message.payload)}}`);
    if (batch.parts.length >= MOST_IN_BATCH) yield* flush(batch, message.ts);
  }
  for (const batch of batches.values()) yield* flush(batch, lastTs);
}
