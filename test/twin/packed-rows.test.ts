/** What one thread packs, the other unpacks: the very rows, and the very readings that parse.ts makes of them. */
import { describe, expect, test } from "@jest/globals";
import { plainMeasured } from "../../server/twin/packed-measured.ts";
import type { Reading } from "../../server/twin/reading.ts";
import { createPacking, createUnpacking } from "../../server/twin/packed-rows.ts";
import { parse } from "../../server/twin/parse.ts";
import type { RecordingHeader, Row } from "../../server/twin/recording.ts";
import { messages } from "../../simulators/messages.ts";
import { loadScenario } from "../../simulators/scenario-files.ts";

const START = Date.UTC(2026, 10, 21, 9);
const HEADER: RecordingHeader = { site: "farm", startTs: START, source: "a test", ticks: true, farm: null, retained: 0 };
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

/** What a plant says, and what it would hardly ever say. */
const rowsOf = (scenario: string): Row[] => {
  const span = { seed: 3, rigs: 6, site: "farm", fromTs: START, toTs: START + 4 * 60_000, intervalMs: 10_000 };
  const told = [...messages({ ...span, scenario: loadScenario(scenario) })];
  const m = { hashrateThs: 100, boards: [{ serial: "A", hashrateThs: -0 }, {}], fans: [{ rpm: null }], pools: [{ url: "", alive: null }] };
  const telemetry = (of: object, ts = START): Uint8Array => bytes({ v: 1, ts, seq: 1, boot: "b", m: of });
  const odd: [string, Uint8Array][] = [
    ["rigtwin/v1/farm/x/telemetry", telemetry(m)],
    ["rigtwin/v1/farm/x/telemetry", telemetry({ boardC: 255, chipC: -273 })],
    ["rigtwin/v1/farm/x/telemetry", telemetry({ errors: [{ code: "FAN_FAILED", raw: "fan" }] })],
    ["rigtwin/v1/farm/x/telemetry", telemetry({ boards: [{ chipMap: [{ tempC: 60 }] }] })],
    ["rigtwin/v1/farm/x/telemetry", telemetry({}, START + 3_600_000)],
    ["rigtwin/v1/other/x/telemetry", telemetry(m)],
    ["rigtwin/v1/farm/x/telemetry", bytes("{")],
    ["rigtwin/v1/farm/x/telemetry", new Uint8Array([0xff, 0xfe])],
    ["elsewhere/telemetry", telemetry(m)],
    ["$rigtwin/tick", bytes("{}")],
  ];
  const all = [
    ...told.map(({ ts, topic, payload, retain }) => ({ ts, topic, payload, retain })),
    ...odd.map(([topic, payload]) => ({ ts: START + 240_000, topic, payload, retain: false })),
  ];
  return all.map(({ ts, topic, payload, retain }, i) => ({
    n: i + 1,
    us: Math.round((ts - START) * 1_000) + (i % 7),
    topic,
    qos: (i % 3) as 0 | 1 | 2,
    retain,
    dup: i % 11 === 0,
    client: i % 5 === 0 ? `client-${i % 4}` : "",
    properties: i % 13 === 0 ? { contentType: "json" } : null,
    payload,
  }));
};
const turned = (rows: readonly Row[], readings: boolean): Row[] => {
  const [pack, unpack] = [createPacking(HEADER), createUnpacking(HEADER)];
  return Array.from({ length: Math.ceil(rows.length / 37) }, (_, i) =>
    // some batches come unparsed: whoever waits parses
    unpack(structuredClone(pack(rows.slice(i * 37, i * 37 + 37), readings && i % 4 !== 3))),
  ).flat();
};

const plain = (reading: Reading): Reading => ({ ...reading, measured: plainMeasured(reading.measured) });

describe.each(["bogus-sensors", "clock-skew"])("rows of %s", (scenario) => {
  const rows = rowsOf(scenario);
  test("come out as they went in", () => {
    expect(turned(rows, false).map(({ reading, ...row }) => [row, reading])).toEqual(rows.map((row) => [row, null]));
  });
  test("bring readings that are those of the parser, field by field and in its order", () => {
    let packed = 0;
    for (const [i, row] of turned(rows, true).entries()) {
      const { topic, payload, qos, retain, dup, client } = rows[i] as Row;
      const parsed = parse({ pos: 0, receivedTs: START + row.us / 1_000, topic, payload, qos, retain, dup, client }, "farm");
      if (row.reading === null || row.reading === undefined) continue;
      packed += 1;
      expect(parsed.kind === "reading" && plain(parsed.reading)).toEqual(plain(row.reading));
      expect(JSON.stringify(row.reading)).toBe(JSON.stringify(parsed.kind === "reading" ? parsed.reading : null));
    }
    expect(packed).toBeGreaterThan(50);
  });
});

test("texts are begun anew before there are too many, and both sides know", () => {
  const rows: Row[] = Array.from({ length: 120_000 }, (_, i) => ({
    n: i + 1,
    us: i,
    topic: `t/${i}`,
    qos: 0,
    retain: false,
    dup: false,
    client: "",
    properties: null,
    payload: new Uint8Array(),
  }));
  const [pack, unpack] = [createPacking(HEADER), createUnpacking(HEADER)];
  let anew = 0;
  for (let at = 0; at < rows.length; at += 1_000) {
    const packed = pack(rows.slice(at, at + 1_000), true);
    if (packed.isAnew) anew += 1;
    expect(unpack(packed).map(({ topic }) => topic)).toEqual(rows.slice(at, at + 1_000).map(({ topic }) => topic));
  }
  expect(anew).toBe(2);
});
