import { createHash } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { verifyNative } from "../../server/edge/ed25519.ts";
import { foldEntry, newFarm, nothingYet, type Farm } from "../../server/twin/farm.ts";
import { keyAt, signedBytes, verifyPure } from "../../server/twin/gateway.ts";
import type { Act } from "../../server/twin/record.ts";
import { OWN, topicOf } from "../../server/twin/wire.ts";

const T0 = 1_790_000_000_000;
const SECRET = new Uint8Array(32).fill(7);
const KEY = bytesToHex(ed25519.getPublicKey(SECRET));
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

const textOf = (messages: readonly unknown[], gateway = "gw-1"): string =>
  JSON.stringify({ v: 1, gateway, boot: "g1", n: 1, prev: null, messages });
const reading = (rig: string, seq: number) => ({
  rig,
  channel: "telemetry",
  payload: { v: 1, ts: T0 + seq * 1_000, seq, boot: "b", m: { mode: "mining", hashrateThs: 100, powerW: 3_000 } },
});
const envelope = (text: string, secret = SECRET) => ({ v: 1, signed: text, sig: bytesToHex(ed25519.sign(signedBytes(text), secret)) });
const keyAct = (over: object = {}): Act => ({
  what: "gateway-key",
  gateway: "gw-1",
  publicKey: KEY,
  fromTs: T0 - 1_000,
  toTs: null,
  by: "test",
  ...over,
});

const run = (puts: readonly (readonly [topic: string, payload: unknown])[], verify = verifyNative): Farm => {
  const farm = newFarm("farm");
  for (const [i, [topic, payload]] of puts.entries())
    foldEntry(
      farm,
      { pos: i + 1, receivedTs: T0 + 60_000, topic, payload: bytes(payload), qos: 1, retain: false, dup: false, client: "" },
      nothingYet(),
      verify,
    );
  return farm;
};
const SIGNED = topicOf("farm", "gw-1", "signed");
const two = textOf([reading("a", 1), reading("b", 2)]);

describe("a signed batch", () => {
  test.each([
    ["pure", verifyPure],
    ["native", verifyNative],
  ] as const)("gives each of its readings the gateway's word (%s)", (_name, verify) => {
    const farm = run(
      [
        [OWN.act, keyAct()],
        [SIGNED, envelope(two)],
      ],
      verify,
    );
    expect([...farm.twins.values()].map(({ rig, tier, counts }) => [rig, tier, counts.readings])).toEqual([
      ["a", "gateway-signed", 1],
      ["b", "gateway-signed", 1],
    ]);
    expect([...farm.digest.values()].map(({ cells }) => cells.filter((cell) => cell === 1).length)).toEqual([4, 4]);
  });
  test("of an unknown gateway is its own word alone", () => {
    expect(run([[SIGNED, envelope(two)]]).twins.get("a")?.tier).toBe("self-reported");
  });
  test("before or after the key's time is the gateway's own word alone", () => {
    for (const over of [{ fromTs: T0 + 61_000 }, { toTs: T0 }])
      expect(
        run([
          [OWN.act, keyAct(over)],
          [SIGNED, envelope(two)],
        ]).twins.get("a")?.tier,
      ).toBe("self-reported");
  });
  test("sent twice counts once; an unsigned copy changes nothing", () => {
    const farm = run([
      [OWN.act, keyAct()],
      [SIGNED, envelope(two)],
      [SIGNED, envelope(two)],
      [topicOf("farm", "a", "telemetry"), reading("a", 1).payload],
    ]);
    expect([farm.accepted, farm.duplicates, farm.twins.get("a")?.tier]).toEqual([2, 3, "gateway-signed"]);
  });
  test("costs a bad message in it itself alone", () => {
    const farm = run([
      [OWN.act, keyAct()],
      [SIGNED, envelope(textOf([reading("a", 1), { rig: "b", channel: "telemetry", payload: { v: 2 } }]))],
    ]);
    expect([farm.accepted, farm.inbox.map(({ code, topic }) => [code, topic])]).toEqual([
      1,
      [["VERSION_UNKNOWN", "rigtwin/v1/farm/b/telemetry"]],
    ]);
  });
  test.each<[string, unknown, string]>([
    ["another's signature", envelope(two, new Uint8Array(32).fill(8)), "SIGNATURE_INVALID"],
    ["a changed text", { ...envelope(two), signed: two.replace("3000", "3001") }, "SIGNATURE_INVALID"],
    ["another gateway's batch", envelope(textOf([reading("a", 1)], "gw-2")), "PAYLOAD_INVALID"],
    ["no signature", { v: 1, signed: two }, "PAYLOAD_INVALID"],
    ["a short signature", { v: 1, signed: two, sig: "ab" }, "PAYLOAD_INVALID"],
    ["no text", { v: 1, signed: {}, sig: "0".repeat(128) }, "PAYLOAD_INVALID"],
    ["another version", { v: 2, signed: two, sig: "0".repeat(128) }, "VERSION_UNKNOWN"],
    ["a channel that has no readings", envelope(textOf([{ ...reading("a", 1), channel: "birth" }])), "PAYLOAD_INVALID"],
    ["a name that is none", envelope(textOf([{ ...reading("a/b", 1) }])), "PAYLOAD_INVALID"],
    ["no JSON", envelope("hello"), "PAYLOAD_INVALID"],
    ["too many messages", envelope(textOf(Array.from({ length: 201 }, (_, i) => reading("a", i)))), "PAYLOAD_INVALID"],
  ])("is refused whole: %s", (_name, payload, code) => {
    const farm = run([
      [OWN.act, keyAct()],
      [SIGNED, payload],
    ]);
    expect([farm.accepted, farm.inbox.map((line) => line.code)]).toEqual([0, [code]]);
  });
});

test("the newest key that covers the time holds", () => {
  const keys = new Map([
    [
      "gw",
      [
        { publicKey: "a", fromTs: 0, toTs: null },
        { publicKey: "b", fromTs: 10, toTs: 20 },
      ],
    ],
  ]);
  expect([5, 10, 19, 20].map((ts) => keyAt(keys, "gw", ts))).toEqual(["a", "b", "b", "a"]);
  expect(keyAt(keys, "other", 5)).toBeNull();
});

test("both checks agree, on what is right and on what was changed", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ maxLength: 200 }),
      fc.nat({ max: 63 }),
      fc.integer({ min: 0, max: 255 }),
      (secret, message, at, by) => {
        const key = ed25519.getPublicKey(secret);
        const signature = ed25519.sign(message, secret);
        signature[at] = (signature[at] ?? 0) ^ by;
        const expected = by === 0;
        expect([verifyPure(signature, message, key), verifyNative(signature, message, key)]).toEqual([expected, expected]);
      },
    ),
    { numRuns: 30 },
  );
  expect(verifyNative(new Uint8Array(5), new Uint8Array(), hexToBytes(KEY))).toBe(false);
  expect(verifyPure(new Uint8Array(5), new Uint8Array(), new Uint8Array(3))).toBe(false);
});

test("a chain of batches names the one before", () => {
  const second = JSON.stringify({
    v: 1,
    gateway: "gw-1",
    boot: "g1",
    n: 2,
    prev: createHash("sha256").update(two).digest("hex"),
    messages: [reading("a", 3)],
  });
  expect(
    run([
      [OWN.act, keyAct()],
      [SIGNED, envelope(two)],
      [SIGNED, envelope(second)],
    ]).accepted,
  ).toBe(3);
});
