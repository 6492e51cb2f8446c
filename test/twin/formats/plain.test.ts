import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { messages } from "../../../simulators/messages.ts";
import { loadScenario } from "../../../simulators/scenario-files.ts";
import { MOST, MOST_TEXT, readTelemetry, type Telemetry } from "../../../server/twin/formats/native.ts";
import { NO_MOULD } from "../../../server/twin/formats/mould.ts";
import { newSender, readPlain, type Sender } from "../../../server/twin/formats/plain.ts";
import { plainMeasured } from "../../../server/twin/packed-measured.ts";
import { RANGES } from "../../../server/twin/plausible.ts";
import { NOTHING_MEASURED, type Measured } from "../../../server/twin/reading.ts";
import { readingPayload } from "../../bench/payload.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const usual = (payload: Uint8Array) => {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch {
    return null;
  }
  const told = readTelemetry(json);
  return "code" in told ? null : told;
};
const objectOf = (told: Telemetry | null) => (told === null ? null : { ...told, measured: plainMeasured(told.measured) });
/** All that is tested, said by one sender. */
const talker = newSender();
/** Both find the same wherever the quick way finds anything, whatever the sender said before; gives whether it did. */
const isSame = (payload: Uint8Array, before: Sender = talker): boolean => {
  const plain = readPlain(payload);
  expect(objectOf(readPlain(payload, before))).toStrictEqual(objectOf(plain));
  if (plain === null) return false;
  const found = usual(payload);
  expect(objectOf(plain)).toStrictEqual(found);
  for (const name of Object.keys(NOTHING_MEASURED) as (keyof Measured)[]) expect(plain.measured[name]).toStrictEqual(found?.measured[name]);
  // A farm's snapshot lists the fields in their order.
  expect(JSON.stringify(plain)).toBe(JSON.stringify(found));
  return true;
};

/** One of the first most of the time; `odd` in a hundred are of the second. */
const mixed = <T>(usually: fc.Arbitrary<T>, seldom: fc.Arbitrary<T>, odd: number): fc.Arbitrary<T> =>
  odd === 0 ? usually : fc.oneof({ arbitrary: usually, weight: 100 - odd }, { arbitrary: seldom, weight: odd });
const ODD_NUMBERS = [-0, 0, 0.1, 1e-7, 1e21, -1, -40, -50.5, 127, 255, 65_535, 999_999_999_999_999, 1e15, Number.MAX_SAFE_INTEGER];
const ODD_VALUES = fc.constantFrom<unknown[]>(true, false, "12", [], {}, [1], 3.5, -1);

/** A message in which so many of a hundred values are not what they should be. */
const messageOf = (odd: number): fc.Arbitrary<object> => {
  const whole = fc.integer({ min: 1, max: 99 });
  const usual = fc.oneof(
    whole,
    fc.integer({ min: 100, max: 9_900 }).map((n) => n / 100),
    fc.constant(null),
  );
  const strange = fc.oneof(fc.constantFrom<(number | null)[]>(...ODD_NUMBERS), fc.double({ noNaN: true, noDefaultInfinity: true }));
  const numbers = mixed<number | null>(usual, strange, odd);
  const counts = mixed<number | null>(whole, strange, odd);
  const texts = mixed<string | null>(
    fc.constantFrom("a", "stratum+tcp://pool.example:3333", null, "x".repeat(MOST_TEXT.serial)),
    fc.oneof(
      fc.constantFrom("", "x".repeat(MOST_TEXT.url + 1)),
      fc.string({ unit: "grapheme", maxLength: 8 }),
      fc.string({ unit: "binary-ascii" }),
    ),
    odd,
  );
  const some = (fields: Readonly<Record<string, fc.Arbitrary<unknown>>>, requiredKeys: string[] = []): fc.Arbitrary<object> =>
    fc
      .record(Object.fromEntries(Object.entries(fields).map(([name, values]) => [name, mixed(values, ODD_VALUES, odd)])), { requiredKeys })
      .chain((record) =>
        mixed<object>(
          fc.constant(record),
          fc.oneof(
            // In another order than theirs, and with a field that nobody knows.
            fc.shuffledSubarray(Object.entries(record)).map((entries) => Object.fromEntries(entries)),
            fc.constant({ ...record, more: 1 }),
          ),
          odd,
        ),
      );
  const all = (names: readonly string[], values: fc.Arbitrary<unknown>) => Object.fromEntries(names.map((name) => [name, values]));
  const rows = (row: fc.Arbitrary<object>) =>
    mixed<unknown>(
      fc.array(row, { maxLength: 4 }).map((list) => list.map((one, index) => ("index" in one ? { ...one, index } : one))),
      fc.oneof(fc.constant(null), fc.array(row, { maxLength: 4 })),
      odd,
    );
  const place = fc.integer({ min: 0, max: 3 });
  const m = some({
    mode: mixed<string | null>(fc.constantFrom("mining", "paused", null), fc.string(), odd),
    ...all(["hashrateThs", "averageThs", "expectedThs", "powerW", "powerLimitW", "intakeC", "outletC", "boardC", "chipC", "psuC"], numbers),
    ...all(["voltageV", "frequencyMhz", "fanPct"], numbers),
    ...all(["accepted", "rejected", "stale", "hwErrors"], counts),
    ...all(["hwErrorPct", "uptimeS"], numbers),
    fans: rows(some({ index: place, rpm: counts })),
    boards: rows(
      some({
        index: place,
        ...all(["hashrateThs", "expectedThs", "boardC", "chipC", "inletC", "outletC"], numbers),
        ...all(["chips", "expectedChips"], counts),
        ...all(["frequencyMhz", "voltageV"], numbers),
        hwErrors: counts,
        serial: texts,
        chipMap: mixed<unknown>(fc.constantFrom<unknown[]>([], null), fc.constant([{ index: 0, tempC: 60 }]), odd),
      }),
    ),
    pools: rows(
      some({
        index: place,
        url: texts,
        worker: texts,
        active: fc.boolean(),
        alive: fc.constantFrom<unknown[]>(true, null),
        ...all(["accepted", "rejected", "stale"], counts),
      }),
    ),
    errors: mixed<unknown>(fc.constantFrom<unknown[]>([], null), fc.constant([{ code: "E1" }]), odd),
  });
  const head = {
    v: fc.constant(1),
    ts: fc.nat({ max: 2_000_000_000 }),
    seq: fc.nat(),
    boot: mixed<string | null>(fc.constant("b1"), texts, odd),
    m,
  };
  return some(head, odd < 5 ? Object.keys(head) : []);
};

describe("a plain reading, straight from its bytes", () => {
  test.each([
    [0, 1_000, 900],
    [1, 2_000, 200],
    [20, 2_000, 0],
  ])("is what JSON.parse and the usual checks make of it: %i odd values in a hundred", (odd, numRuns, atLeast) => {
    let plain = 0;
    fc.assert(
      fc.property(messageOf(odd), fc.constantFrom(undefined, 1, "\t", "\r\n "), (told, space) => {
        plain += isSame(bytesOf(JSON.stringify(told, null, space))) ? 1 : 0;
      }),
      { numRuns },
    );
    // Else the property would hold of nothing.
    expect(plain).toBeGreaterThanOrEqual(atLeast);
  });

  test("broken in any byte it is left to the usual way, or is the same", () => {
    const good = readingPayload(7, 3, 1_763_700_000_000);
    const byte = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...bytesOf('{}[]",:.-+eE0159tfnu\\ \n')));
    fc.assert(
      fc.property(fc.nat({ max: good.length }), fc.constantFrom(0, 1, 2, 7), fc.array(byte, { maxLength: 3 }), (at, out, put) => {
        const before = newSender();
        readPlain(good, before);
        isSame(Buffer.concat([good.subarray(0, at), Buffer.from(put), good.subarray(at + out)]), before);
      }),
      { numRuns: 20_000 },
    );
    for (let length = 0; length < good.length; length++) expect(readPlain(good.subarray(0, length))).toBeNull();
  });

  test("messages that differ in their numbers and texts alone fit one mould; two are remembered", () => {
    const before = newSender();
    const say = (m: object, seq: number) => isSame(bytesOf(JSON.stringify({ v: 1, ts: seq, seq, boot: `b${seq}`, m })), before);
    const pool = { url: "a", worker: "w", active: true };
    expect(say({ mode: "mining", powerW: 3_000, pools: [pool] }, 1)).toBe(true);
    const one = before.last;
    expect(say({ mode: "mining", powerW: 1.5, pools: [{ ...pool, worker: "another" }] }, 23)).toBe(true);
    expect(before).toMatchObject({ last: one, before: NO_MOULD });
    // Absent, null, or with one thing more it is another; back again, the first is known still.
    expect(say({ mode: "mining", powerW: null, pools: [pool] }, 4)).toBe(true);
    const other = before.last;
    expect(before.before).toBe(one);
    expect(other).not.toBe(one);
    expect(say({ mode: "mining", powerW: 7, pools: [pool] }, 5)).toBe(true);
    expect(before.last).toBe(one);
    expect(before.before).toBe(other);
    // The same firmware elsewhere.
    const elsewhere = newSender();
    expect(
      readPlain(
        bytesOf('{"v":1,"ts":9,"seq":9,"boot":"z","m":{"mode":"mining","powerW":9,"pools":[{"url":"b","worker":"c","active":true}]}}'),
        elsewhere,
      ),
    ).not.toBeNull();
    expect(elsewhere.last).toBe(one);
  });

  test("a text that was told before is taken again only where it is not too long, and only as many as there are", () => {
    const say = (m: object) => bytesOf(JSON.stringify({ v: 1, ts: 1, seq: 1, boot: "b", m }));
    const sender = newSender();
    const url = "u".repeat(MOST_TEXT.serial + 1);
    expect(isSame(say({ boards: [{ serial: "s" }] }), sender)).toBe(true);
    expect(isSame(say({ pools: [{ url, worker: "w" }] }), sender)).toBe(true);
    expect(isSame(say({ boards: [{ serial: url }] }), sender)).toBe(false);
    expect(isSame(say({ pools: [{ url: "s", worker: "w" }] }), sender)).toBe(true);
    expect(isSame(say({ boards: [{ serial: "s" }] }), sender)).toBe(true);
    expect(sender.texts).toEqual(["s"]);
  });

  test("however many shapes are sent, the newest thousand are remembered, and one that was replaced is not taken for another", () => {
    const shape = (n: number) => bytesOf(`{"v":1,"ts":${n},"seq":${n},"boot":"b",${" ".repeat(n)}"m":{"powerW":${n + 1}}}`);
    const [early, late] = [newSender(), newSender()];
    expect(isSame(shape(0), early)).toBe(true);
    const numbers = new Set<number>();
    for (let n = 1; n <= 2_500; n++) {
      expect(readPlain(shape(n), late)?.measured.powerW).toBe(n + 1);
      numbers.add(late.last);
    }
    expect(numbers.size).toBe(1_000);
    expect(isSame(shape(0), early)).toBe(true);
    // Too long to be remembered, and read all the same.
    expect(isSame(shape(5_000), late)).toBe(true);
    expect(late.last).toBe(NO_MOULD);
  });

  test("a decimal of up to fifteen digits is the number that JSON.parse reads", () => {
    const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: 14 });
    fc.assert(
      fc.property(fc.nat({ max: 1_999 }), digits, (whole, fraction) => {
        const written = `${whole}.${fraction}`;
        const plain = readPlain(bytesOf(`{"v":1,"ts":1,"seq":0,"boot":"b","m":{"hashrateThs":${written}}}`));
        if (written.length <= 16) expect(plain?.measured.hashrateThs).toBe(JSON.parse(written));
        else expect(plain).toBeNull();
      }),
      { numRuns: 5_000 },
    );
  });

  test.each([
    ["a field twice", '{"v":1,"ts":1,"ts":2,"seq":0,"boot":"b","m":{}}'],
    ["a zero in front", '{"v":1,"ts":01,"seq":0,"boot":"b","m":{}}'],
    ["a sign and nothing", '{"v":1,"ts":1,"seq":-,"boot":"b","m":{}}'],
    ["a comma too many", '{"v":1,"ts":1,"seq":0,"boot":"b","m":{},}'],
    ["something behind it", '{"v":1,"ts":1,"seq":0,"boot":"b","m":{}} x'],
    ["a zero byte behind it", '{"v":1,"ts":1,"seq":0,"boot":"b","m":{}}\0'],
    ["a field that nobody knows", '{"v":1,"ts":1,"seq":0,"boot":"b","m":{"__proto__":{}}}'],
    ["a board twice", '{"v":1,"ts":1,"seq":0,"boot":"b","m":{"boards":[{"index":0},{"index":0}]}}'],
    ["a place of null", '{"v":1,"ts":1,"seq":0,"boot":"b","m":{"fans":[{"index":null}]}}'],
    [
      "too many fans",
      `{"v":1,"ts":1,"seq":0,"boot":"b","m":{"fans":[${Array(MOST.fans + 1)
        .fill("{}")
        .join(",")}]}}`,
    ],
    ["a value out of its range", `{"v":1,"ts":1,"seq":0,"boot":"b","m":{"powerW":${RANGES.powerW.hi + 1}}}`],
    ["a sentinel", '{"v":1,"ts":1,"seq":0,"boot":"b","m":{"chipC":127}}'],
    ["a letter beyond ASCII", '{"v":1,"ts":1,"seq":0,"boot":"é","m":{}}'],
    ["an escape", '{"v":1,"ts":1,"seq":0,"boot":"\\u0041","m":{}}'],
  ])("%s is not plain", (_what, text) => {
    expect(readPlain(bytesOf(text))).toBeNull();
    expect(readPlain(bytesOf(text), talker)).toBeNull();
  });

  test("two texts with one hash are two texts", () => {
    // 31 · "A" + "a" = 31 · "B" + "B".
    const bootOf = (boot: string) => readPlain(bytesOf(`{"v":1,"ts":1,"seq":0,"boot":"${boot}","m":{}}`))?.boot;
    expect([bootOf("Aa"), bootOf("BB"), bootOf("Aa"), bootOf("BB")]).toEqual(["Aa", "BB", "Aa", "BB"]);
  });

  test("all that the simulator says of its rigs is plain", () => {
    const startTs = Date.UTC(2026, 0, 1);
    let readings = 0;
    const span = { fromTs: startTs, toTs: startTs + 600_000, intervalMs: 60_000 };
    for (const { topic, payload } of messages({ site: "farm", seed: 1, rigs: 40, scenario: loadScenario("calm-day"), ...span })) {
      if (!topic.endsWith("/telemetry")) continue;
      readings += 1;
      expect(isSame(payload)).toBe(true);
    }
    expect(readings).toBeGreaterThan(300);
  });
});
