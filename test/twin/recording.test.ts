import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { base64Of, bytesOfBase64, createRecording, type Opening, type Piece, type Row, type Told } from "../../server/twin/recording.ts";
import { readRecording } from "../../server/twin/recording-read.ts";

const START = Date.UTC(2026, 10, 21, 9);
const told = (payload: Uint8Array, more: Partial<Told> = {}): Told => ({
  topic: "rigtwin/v1/farm/a/telemetry",
  payload,
  qos: 1,
  retain: false,
  dup: false,
  client: "",
  properties: null,
  ...more,
});
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const opening = (more: Partial<Opening> = {}): Opening => ({
  site: "farm",
  startTs: START,
  source: "a test",
  ticks: false,
  farm: null,
  retained: [],
  ...more,
});

const written = (messages: readonly { readonly ms: number; readonly message: Told }[], head = opening()): string => {
  const recording = createRecording(head);
  const lines = [
    ...recording.opening(),
    ...messages.map(({ ms, message }) => recording.row(message, START + ms)),
    recording.end(START + 10_000_000),
  ];
  return lines.map((line) => `${line}\n`).join("");
};
const readAll = (text: string): Piece[] => {
  const reader = readRecording();
  const lines = text.split("\n");
  let rest = lines.pop() ?? "";
  const pieces = lines.map((line) => reader.line(line));
  for (;;) {
    const piece = reader.end(rest);
    if (piece === null) return pieces;
    pieces.push(piece);
    if (piece.kind === "fault") return pieces;
    rest = "";
  }
};
const rowsIn = (pieces: readonly Piece[]): Row[] => pieces.flatMap((piece) => (piece.kind === "row" ? [piece.row] : []));
const faultIn = (pieces: readonly Piece[]) => pieces.flatMap((piece) => (piece.kind === "fault" ? [piece.fault] : []))[0] ?? null;

const messages = fc.record({
  topic: fc.string({ minLength: 1, unit: "binary" }),
  payload: fc.oneof(fc.uint8Array(), fc.string({ unit: "binary" }).map(utf8)),
  qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
  retain: fc.boolean(),
  dup: fc.boolean(),
  client: fc.string(),
  properties: fc.option(
    fc.dictionary(
      fc.string().filter((name) => name !== "__proto__"),
      fc.oneof(fc.string(), fc.integer(), fc.boolean()),
      { noNullPrototype: true },
    ),
  ),
});

const SMALL = written(
  [
    { ms: 0, message: told(utf8('{"a":1}'), { retain: true }) },
    { ms: 12, message: told(new Uint8Array([0xff, 0])) },
    { ms: 12, message: told(utf8("é\u2028")) },
  ],
  opening({ retained: [told(utf8("x"), { retain: true })] }),
);

/** Without the payload as text, which must be its bytes decoded as the parser decodes them. */
const bare = <T extends Told>({ text, ...rest }: T) => {
  if (text !== undefined) expect(new TextDecoder("utf-8", { fatal: true }).decode(rest.payload)).toBe(text);
  return rest;
};

describe("a recording", () => {
  test("gives back every message, whatever is in it, in order and at its time", () => {
    fc.assert(
      fc.property(fc.array(messages, { maxLength: 8 }), fc.array(messages, { maxLength: 3 }), (sent, retained) => {
        const pieces = readAll(
          written(
            sent.map((message, i) => ({ ms: i * 7.25, message })),
            opening({ retained }),
          ),
        );
        expect(faultIn(pieces)).toBeNull();
        expect(rowsIn(pieces).map(bare)).toEqual(sent.map((message, i) => ({ n: i + 1, us: i * 7_250, ...message })));
        expect(pieces.flatMap((piece) => (piece.kind === "retained" ? [bare(piece.message)] : []))).toEqual(retained);
        expect(pieces.at(-1)).toEqual({ kind: "end", rows: sent.length, us: 10_000_000_000 });
      }),
    );
  });

  test.each([
    ["nothing", new Uint8Array()],
    ["a byte order mark", utf8("\ufeff{}")],
    ["zero bytes", utf8("\0\0")],
    ["line ends of all kinds", utf8("a\nb\r\nc\u2028d\u2029e\u0085")],
    ["what looks like a link", utf8('","h":"01234567"}')],
    ["an overlong form", new Uint8Array([0xc0, 0xaf])],
    ["half of a surrogate pair in UTF-8", new Uint8Array([0xed, 0xa0, 0x80])],
    ["a cut letter", new Uint8Array([0xe2, 0x82])],
    ["all byte values", Uint8Array.from({ length: 256 }, (_, i) => i)],
    ["much", new Uint8Array(100_000).fill(0xfe)],
  ])("keeps a payload of %s byte for byte", (_, payload) => {
    const [row] = rowsIn(readAll(written([{ ms: 0, message: told(payload) }])));
    expect(bare(row as Row).payload).toEqual(payload);
  });

  test("takes times that go back as the row's before", () => {
    expect(
      rowsIn(
        readAll(
          written([
            { ms: 10, message: told(utf8("a")) },
            { ms: 5, message: told(utf8("b")) },
          ]),
        ),
      ).map(({ us }) => us),
    ).toEqual([10_000, 10_000]);
  });

  test("cut at any byte is readable up to the cut, and says so", () => {
    const whole = rowsIn(readAll(SMALL));
    const bytes = utf8(SMALL);
    for (let length = 0; length < bytes.length - 1; length++) {
      const pieces = readAll(new TextDecoder().decode(bytes.subarray(0, length)));
      const rows = rowsIn(pieces);
      expect(rows).toEqual(whole.slice(0, rows.length));
      const lineEnds = new TextDecoder().decode(bytes.subarray(0, length)).split("\n").length - 1;
      expect(rows.length).toBeGreaterThanOrEqual(Math.max(0, lineEnds - 2));
      expect(faultIn(pieces)).toMatchObject({ code: "CUT_SHORT", row: rows.length });
    }
    expect(faultIn(readAll(SMALL.slice(0, -1)))).toBeNull();
  });

  test("altered in any one letter is found, and no row behind it is given", () => {
    const whole = rowsIn(readAll(SMALL));
    for (let at = 0; at < SMALL.length - 1; at++) {
      if (SMALL[at] === "\n") continue;
      const altered = SMALL.slice(0, at) + (SMALL[at] === "1" ? "2" : "1") + SMALL.slice(at + 1);
      const pieces = readAll(altered);
      expect(faultIn(pieces)).not.toBeNull();
      const before = SMALL.slice(0, at).split("\n").length - 1;
      expect(rowsIn(pieces)).toEqual(whole.slice(0, Math.max(0, before - 2)));
    }
  });

  test("names the row and the reason", () => {
    const lines = SMALL.trimEnd().split("\n");
    const at = (change: (lines: string[]) => void) => {
      const copy = [...lines];
      change(copy);
      const found = faultIn(readAll(copy.map((line) => `${line}\n`).join("")));
      return found === null ? null : `${found.code} ${found.row}`;
    };
    expect(at(() => undefined)).toBeNull();
    expect(at((copy) => copy.splice(3, 1))).toBe("ROW_OUT_OF_ORDER 2");
    expect(at((copy) => copy.splice(3, 2, lines[4] ?? "", lines[3] ?? ""))).toBe("ROW_OUT_OF_ORDER 2");
    expect(at((copy) => copy.splice(3, 1, (lines[3] ?? "").replace('"us":12000', '"us":12001')))).toBe("HASH_MISMATCH 2");
    expect(at((copy) => copy.splice(1, 1, (lines[1] ?? "").replace('"x"', '"y"')))).toBe("HASH_MISMATCH 1");
    expect(at((copy) => copy.splice(4, 1))).toBe("COUNT_WRONG 3");
    expect(at((copy) => copy.push("{}"))).toBe("AFTER_END 4");
    expect(at((copy) => copy.splice(3, 1, "{"))).toBe("LINE_INVALID 2");
    expect(at((copy) => copy.splice(0, 1, (lines[0] ?? "").replace('"mfrec":1', '"mfrec":2')))).toBe("VERSION_UNKNOWN 0");
    expect(at((copy) => copy.splice(0, 1, "hello"))).toBe("NOT_A_RECORDING 0");
  });

  test("never throws, whatever the lines are", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.json(), fc.string(), fc.constantFrom(...SMALL.split("\n")))),
        (lines) => void readAll(lines.join("\n")),
      ),
    );
  });
});

test("base64 comes back, and what is none is none", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => expect(bytesOfBase64(base64Of(bytes))).toEqual(bytes)));
  expect(bytesOfBase64("a")).toBeNull();
  expect(bytesOfBase64("a*==")).toBeNull();
});
