import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Told } from "../../server/twin/recording.ts";
import { CSV_HEAD, csvLineOf, readCsv, type CsvPiece } from "../../server/twin/recording-csv.ts";

const readAll = (text: string, step = text.length || 1): CsvPiece[] => {
  const reader = readCsv();
  const found: CsvPiece[] = [];
  const letters = [...text];
  for (let at = 0; at < letters.length; at += step) found.push(...reader.text(letters.slice(at, at + step).join("")));
  return [...found, ...reader.end()];
};
const faultOf = (text: string): string | null => {
  const piece = readAll(text).find(({ kind }) => kind === "fault");
  return piece?.kind === "fault" ? `row ${piece.fault.row}: ${piece.fault.detail}` : null;
};

const messages = fc.record({
  topic: fc.string({ minLength: 1 }),
  payload: fc.oneof(
    fc.uint8Array(),
    fc.string({ unit: "binary" }).map((text) => new TextEncoder().encode(text)),
  ),
  qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
  retain: fc.boolean(),
  dup: fc.constant(false),
  client: fc.constant(""),
  properties: fc.constant(null),
}) satisfies fc.Arbitrary<Told>;
const times = fc.integer({ min: 0, max: 4_000_000_000_000 });

describe("the recorders' CSV", () => {
  test("gives back every message, in pieces of any size, with either line end", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(messages, times), { maxLength: 6 }),
        fc.integer({ min: 1, max: 50 }),
        fc.constantFrom("\n", "\r\n"),
        (sent, step, end) => {
          const text = [CSV_HEAD, ...sent.map(([message, ts]) => csvLineOf(message, ts))].join(end) + end;
          expect(readAll(text, step)).toEqual(sent.map(([message, ts]) => ({ kind: "message", read: { ts, message } })));
        },
      ),
    );
  });
  test("is read as other recorders write it", () => {
    const [piece] = readAll('timestamp,topic,payload,qos,retain\n2026-11-21T09:00:00.250+01:00,a/b,"{""x"":1}",0,False');
    expect(piece).toMatchObject({
      kind: "message",
      read: { ts: Date.UTC(2026, 10, 21, 8, 0, 0, 250), message: { topic: "a/b", qos: 0, retain: false } },
    });
  });
  test("a text that begins like base64 is still that text", () => {
    const line = csvLineOf(
      { topic: "a", payload: new TextEncoder().encode("b64:x"), qos: 0, retain: false, dup: false, client: "", properties: null },
      0,
    );
    expect(line).toContain("b64:YjY0Ong=");
  });
  test.each([
    ["yesterday,a,b,0,false", /^row 1: "yesterday" is not a time/],
    ["2026-11-21T09:00:00.000Z,a,b,0,false\n2026-11-21T09:00:00.000Z,a,b,3,false", /^row 2: qos/],
    ["2026-11-21T09:00:00.000Z,a,b,0,perhaps", /^row 1: retain/],
    ["2026-11-21T09:00:00.000Z,,b,0,false", /^row 1: the topic/],
    ["2026-11-21T09:00:00.000Z,a,b64:?,0,false", /^row 1: the payload/],
    ["2026-11-21T09:00:00.000Z,a", /^row 1: it has 2 columns/],
    ['2026-11-21T09:00:00.000Z,a,"b', /^row 1: the file ends inside quotes/],
    ['2026-11-21T09:00:00.000Z,a,"b"c,0,false', /^row 1: text follows/],
  ])("%s is refused with its row", (text, fault) => {
    expect(faultOf(text)).toMatch(fault);
  });
});
