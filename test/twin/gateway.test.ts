import { createHash } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { verifyNative } from "../../server/edge/ed25519.ts";
import { foldEntry, newFarm, nothingYet, type Farm } from "../../server/twin/farm.ts";
import { headBytes, headHash, headText, keyAt, nextHead, readHead, signedBytes, verifyPure, type Head } from "../../server/twin/gateway.ts";
import { readLine } from "../../server/twin/line.ts";
import { lineOfMessage } from "../../server/twin/parse.ts";
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
    ["another version", { v: 3, signed: two, sig: "0".repeat(128) }, "VERSION_UNKNOWN"],
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

/** A batch of version 2, with something of it changed before or after it was signed. */
const headed = (readings: readonly ReturnType<typeof reading>[], change: Partial<Head> = {}, before: Head | null = null) => {
  const messages = JSON.stringify(readings);
  const lines = readings.map(({ rig, payload }) => lineOfMessage(rig, "telemetry", payload));
  const head = { ...nextHead({ gateway: "gw-1", boot: "g1" }, before, messages, lines), ...change };
  const signed = headText(head);
  return { v: 2, signed, sig: bytesToHex(ed25519.sign(headBytes(signed), SECRET)), lines, messages };
};
const both = [reading("a", 1), reading("b", 2)];

describe("a batch whose head is signed", () => {
  test("gives each of its readings the gateway's word", () => {
    const farm = run([
      [OWN.act, keyAct()],
      [SIGNED, headed(both)],
    ]);
    expect([...farm.twins.values()].map(({ rig, tier, counts }) => [rig, tier, counts.readings])).toEqual([
      ["a", "gateway-signed", 1],
      ["b", "gateway-signed", 1],
    ]);
  });
  test("a line that says something else than its message takes the word from that reading alone", () => {
    const messages = JSON.stringify(both);
    const lines = [lineOfMessage("a", "telemetry", { ...both[0]?.payload, seq: 9 }), lineOfMessage("b", "telemetry", both[1]?.payload)];
    const signed = headText(nextHead({ gateway: "gw-1", boot: "g1" }, null, messages, lines));
    const farm = run([
      [OWN.act, keyAct()],
      [SIGNED, { v: 2, signed, sig: bytesToHex(ed25519.sign(headBytes(signed), SECRET)), lines, messages }],
    ]);
    expect([farm.twins.get("a")?.tier, farm.twins.get("b")?.tier]).toEqual(["self-reported", "gateway-signed"]);
  });
  test.each<[string, object, string]>([
    ["a changed message", { messages: JSON.stringify(both).replace("3000", "3001") }, "PAYLOAD_INVALID"],
    ["a changed line", { lines: headed([reading("a", 1), reading("b", 3)]).lines }, "PAYLOAD_INVALID"],
    ["a line too few", { lines: headed([reading("a", 1)]).lines }, "PAYLOAD_INVALID"],
    ["lines that are none", { lines: [1, 2] }, "PAYLOAD_INVALID"],
    ["no messages", { messages: undefined }, "PAYLOAD_INVALID"],
    ["a head that is signed otherwise", { signed: headed([reading("a", 1)]).signed }, "SIGNATURE_INVALID"],
    ["another gateway's head", headed(both, { gateway: "gw-2" }), "PAYLOAD_INVALID"],
    ["numbers that do not count its messages", headed(both, { last: 7 }), "PAYLOAD_INVALID"],
    ["a root over other lines", headed(both, { root: "0".repeat(64) }), "PAYLOAD_INVALID"],
  ])("is refused whole: %s", (_name, change, code) => {
    const farm = run([
      [OWN.act, keyAct()],
      [SIGNED, { ...headed(both), ...change }],
    ]);
    expect([farm.accepted, farm.inbox.map((line) => line.code)]).toEqual([0, [code]]);
  });
  test("names the head before, and its numbers count on", () => {
    const first = nextHead({ gateway: "g", boot: "b" }, null, "[1,2]", ["", ""]);
    const second = nextHead({ gateway: "g", boot: "b" }, first, "[3]", [""]);
    expect([first.first, first.last, first.prev, second.n, second.first, second.last]).toEqual([1, 2, null, 2, 3, 3]);
    expect(second.prev).toBe(headHash(headText(first)));
  });
  test("a head is read only as it is written", () => {
    const text = headText(nextHead({ gateway: "g", boot: "b" }, null, "[1]", [""]));
    expect(readHead(text)?.gateway).toBe("g");
    for (const other of [` ${text}`, text.replace('"n":1', '"n":1.0'), text.replace('"v":2', '"v":3'), "{}", "null", "", "5"])
      expect(readHead(other)).toBeNull();
  });
  test("a line is read only as it is written", () => {
    const text = lineOfMessage("a", "telemetry", both[0]?.payload);
    expect(readLine(text)).toMatchObject({ rig: "a", seq: 1, hashrateGhs: 100_000, powerW: 3_000, boardDc: null });
    for (const other of [
      "",
      "[]",
      "null",
      ` ${text}`,
      text.replace("100000", "1e5"),
      text.replace("100000", "100000.5"),
      text.replace("]", ",1]"),
    ])
      expect(readLine(other)).toBeNull();
  });
});
