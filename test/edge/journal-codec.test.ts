/** Entries as they lie in a frame of the journal. */
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { decodeEntries, layEntry, nothingLaid } from "../../server/edge/journal/codec.ts";

test("whatever a topic, a client and a payload are made of, they are read back as they were", () => {
  const message = fc.record({
    topic: fc.string({ unit: "grapheme", maxLength: 80 }),
    payload: fc.uint8Array({ maxLength: 400 }),
    qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
    retain: fc.boolean(),
    dup: fc.boolean(),
    client: fc.string({ unit: "grapheme", maxLength: 20 }),
  });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 400 }), fc.nat(40), (messages, headBytes) => {
      const laid = nothingLaid(headBytes);
      messages.forEach((each, i) => layEntry(laid, each, 1_700_000_000_000 + i));
      const entries = decodeEntries(laid.bytes.subarray(headBytes, laid.end), 7, messages.length);
      expect(entries.map((entry) => ({ ...entry, payload: [...entry.payload] }))).toEqual(
        messages.map((each, i) => ({
          pos: 7 + i,
          receivedTs: 1_700_000_000_000 + i,
          ...each,
          payload: [...each.payload],
          client: each.client.slice(0, 63),
        })),
      );
    }),
  );
});

test("the longest topic of the longest characters finds room in a frame that is nearly full", () => {
  const laid = nothingLaid(24);
  const topic = "\u{20ac}".repeat(21_845);
  const whole = { topic, payload: new Uint8Array(3), qos: 1 as const, retain: false, dup: false, client: "\u{20ac}".repeat(63) };
  layEntry(laid, { ...whole, topic: "a" }, 1);
  layEntry(laid, whole, 2);
  const [, entry] = decodeEntries(laid.bytes.subarray(24, laid.end), 1, 2);
  expect(entry?.topic).toBe(topic);
  expect(entry?.client).toBe(whole.client);
});
