/**
 * Rows of a recording in one piece of memory, with what could be parsed of them: from the thread that reads and checks to the one that
 * folds. Unpacked, they are the very rows.
 */
import { nextOf, packReading, unpackReading, type Numbers } from "./packed-reading.ts";
import { parse } from "./parse.ts";
import type { Properties, RecordingHeader, Row } from "./recording.ts";

/** Texts are told once; a table this long is begun anew, for a recording may name ever new ones. */
const MOST_TEXTS = 50_000;
const RETAIN = 4;
const DUP = 8;
const READING = 16;

export interface PackedRows {
  readonly count: number;
  /** Of the first row. */
  readonly n: number;
  readonly values: Float64Array<ArrayBuffer>;
  readonly payloads: Uint8Array<ArrayBuffer>;
  /** Texts not told before; `isAnew`: the table begins with them. */
  readonly texts: readonly string[];
  readonly isAnew: boolean;
  /** By place among the rows, where a row has any. */
  readonly properties: readonly (readonly [at: number, Properties])[];
}

const TELEMETRY = "/telemetry";

/** Packs batches of rows; with `readings` those of our own dialect parsed, as the fold of that site would parse them. */
export const createPacking = ({ site, startTs }: RecordingHeader) => {
  const numbers = new Map<string, number>();
  return (rows: readonly Row[], readings: boolean): PackedRows => {
    const isAnew = numbers.size > MOST_TEXTS;
    if (isAnew) numbers.clear();
    const texts: string[] = [];
    const numberOf = (text: string): number => {
      let number = numbers.get(text);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(text, number);
        texts.push(text);
      }
      return number;
    };
    const values: number[] = [];
    const properties: [number, Properties][] = [];
    let size = 0;
    for (const { payload } of rows) size += payload.length;
    const payloads = new Uint8Array(size);
    let end = 0;
    for (const [i, row] of rows.entries()) {
      const { us, topic, client, qos, retain, dup, payload, text } = row;
      payloads.set(payload, end);
      end += payload.length;
      const flagsAt = values.length + 4;
      const flags = qos | (retain ? RETAIN : 0) | (dup ? DUP : 0);
      values.push(us, numberOf(topic), numberOf(client), payload.length, flags);
      if (row.properties !== null) properties.push([i, row.properties]);
      if (!readings || !topic.endsWith(TELEMETRY) || !topic.startsWith("rigtwin/")) continue;
      const parsed = parse(
        { pos: 0, receivedTs: startTs + us / 1_000, topic, payload, qos, retain, dup, client, ...(text === undefined ? {} : { text }) },
        site,
      );
      if (parsed.kind === "reading" && packReading(parsed.reading, numberOf, values)) values[flagsAt] = flags | READING;
    }
    return { count: rows.length, n: rows[0]?.n ?? 0, values: Float64Array.from(values), payloads, texts, isAnew, properties };
  };
};

/** Unpacks what `createPacking` of the same recording packed, in the same order. */
export const createUnpacking = ({ site, startTs }: RecordingHeader) => {
  let known: string[] = [];
  return ({ count, n, values, payloads, texts, isAnew, properties }: PackedRows): Row[] => {
    if (isAnew) known = [];
    for (const text of texts) known.push(text);
    const from: Numbers = { values, texts: known, at: 0 };
    const told = new Map(properties);
    const rows: Row[] = [];
    let begin = 0;
    for (let i = 0; i < count; i++) {
      const us = nextOf(from);
      const topic = known[nextOf(from)] ?? "";
      const client = known[nextOf(from)] ?? "";
      const length = nextOf(from);
      const flags = nextOf(from);
      const payload = payloads.subarray(begin, begin + length);
      begin += length;
      rows.push({
        n: n + i,
        us,
        topic,
        qos: (flags & 3) as 0 | 1 | 2,
        retain: (flags & RETAIN) !== 0,
        dup: (flags & DUP) !== 0,
        client,
        properties: told.get(i) ?? null,
        payload,
        reading: (flags & READING) === 0 ? null : unpackReading(from, site, startTs + us / 1_000),
      });
    }
    return rows;
  };
};
