/**
 * Readings of our own dialect straight from their bytes, without the text and the tree of objects that JSON.parse makes on the way. Only
 * what is plain is read here: ASCII, known fields, each once, every value of the right type and within its range. Whatever is not,
 * broken JSON included, is left to JSON.parse and native.ts, which find the same in what is plain and say what is wrong in the rest:
 * test/twin/formats/plain.test.ts holds the two together.
 */
import { MODES, NO_TEXT, PackedMeasured } from "../packed-measured.ts";
import { NO_QUALITY } from "../packed-reading.ts";
import { RANGES, type Range } from "../plausible.ts";
import { MOST, MOST_TEXT, type Telemetry } from "./native.ts";
import { fill, mouldOf, NO_MOULD, within, type Mark, type Numeric, type Values } from "./mould.ts";
import { enters, FALSE, goesOn, isAt, NULL, numberAt, peek, take, takeWord, textAt, TRUE, UNUSUAL, type From } from "./plain-json.ts";

const encoder = new TextEncoder();

/** How a field is read. Numbers, for the next value's kind is asked for forty times a message. */
const [NUMBER, TEXT, TRUTH, MODE, PLACE, NOTHING] = [0, 1, 2, 3, 4, 5] as const;
interface Field extends Numeric {
  readonly key: Uint8Array;
  readonly kind: number;
  /** Longest text, or first place that is not one. */
  readonly most: number;
  /** What is told where the field is not. */
  readonly absent: number;
}
const fieldOf = (key: string, kind: number, most: number, absent: number, { lo, hi, integer, sentinels }: Range): Field => ({
  key: encoder.encode(key),
  kind,
  lo,
  hi,
  integer,
  sentinels: sentinels.filter((value) => value >= lo && value <= hi),
  most,
  absent,
});
const number = (key: string, range: Range): Field => fieldOf(key, NUMBER, 0, NaN, range);
const text = (key: string, most: number): Field => fieldOf(key, TEXT, most, NO_TEXT, RANGES.place);
const truth = (key: string): Field => fieldOf(key, TRUTH, 0, NaN, RANGES.place);
const place = (key: string, most: number): Field => fieldOf(key, PLACE, most, NaN, RANGES.place);
const nothing = (key: string): Field => fieldOf(key, NOTHING, 0, NaN, RANGES.place);

/** Which field's name stands here, `from` being left behind its colon. Fields come in the order in which they are listed most of the time: the search begins at `next`. */
const fieldAt = (from: From, fields: readonly Field[], next: number): number => {
  if (peek(from) !== 34) throw UNUSUAL;
  const { bytes, at } = from;
  for (let tried = 0; tried < fields.length; tried++) {
    const place = next + tried < fields.length ? next + tried : next + tried - fields.length;
    const { key } = fields[place] as Field;
    if (bytes[at + 1 + key.length] !== 34 || !isAt(bytes, at + 1, key)) continue;
    from.at = at + key.length + 2;
    take(from, 58);
    return place;
  }
  throw UNUSUAL;
};

/** What is read of the message at hand. */
const told: Values = { numbers: [], texts: [], head: new Float64Array(5), headText: "" };
/** While it is read for the first time: as packed-measured.ts lays it out, `at` being where the next value goes. */
const room = { values: Array.from({ length: 1_024 }, () => NaN), texts: [] as string[], at: 0 };

/** The numbers and texts of the message at hand. */
let marks: Mark[] = [];

/** The value of a field as a number, which goes to `to`; null is what is told where there is no field. */
const valueAt = (from: From, field: Field, to: number): number => {
  const { kind, most, absent } = field;
  if (peek(from) === 110) {
    if (!takeWord(from, NULL) || kind === PLACE) throw UNUSUAL;
    return absent;
  }
  switch (kind) {
    case NUMBER: {
      const { at } = from;
      const value = numberAt(from);
      if (!within(field, value)) throw UNUSUAL;
      marks.push({ at, end: from.at, to, most: -1, field });
      return value;
    }
    case TEXT: {
      const { at } = from;
      const text = textAt(from, most);
      marks.push({ at, end: from.at, to, most, field });
      if (to >= 0) return room.texts.push(text) - 1;
      told.headText = text;
      return NaN;
    }
    case TRUTH:
      if (takeWord(from, TRUE)) return 1;
      if (takeWord(from, FALSE)) return 0;
      throw UNUSUAL;
    case MODE: {
      const mode = (MODES as readonly string[]).indexOf(textAt(from, most));
      if (mode < 0) throw UNUSUAL;
      return mode;
    }
    case PLACE: {
      const value = numberAt(from);
      if (!Number.isInteger(value) || value < 0 || value >= most) throw UNUSUAL;
      return value;
    }
    default:
      if (enters(from, 91, 93)) throw UNUSUAL;
      return absent;
  }
};

/** What a row of a list has, its index first, in the order of packed-reading.ts; what lies beyond `width` is read and not kept. */
interface Row {
  readonly fields: readonly Field[];
  readonly width: number;
  readonly most: number;
}
const row = (fields: readonly Field[], width: number, most: number): Row => ({ fields, width, most });

const INDEX = "index";
const LISTS: readonly Row[] = [
  row([place(INDEX, MOST.fans), number("rpm", RANGES.rpm)], 2, MOST.fans),
  row(
    [
      place(INDEX, MOST.boards),
      number("hashrateThs", RANGES.boardThs),
      number("expectedThs", RANGES.boardThs),
      number("boardC", RANGES.partC),
      number("chipC", RANGES.partC),
      number("inletC", RANGES.airC),
      number("outletC", RANGES.airC),
      number("chips", RANGES.chips),
      number("expectedChips", RANGES.chips),
      number("frequencyMhz", RANGES.frequencyMhz),
      number("voltageV", RANGES.boardV),
      number("hwErrors", RANGES.count),
      text("serial", MOST_TEXT.serial),
      nothing("chipMap"),
    ],
    13,
    MOST.boards,
  ),
  row(
    [
      place(INDEX, MOST.pools),
      text("url", MOST_TEXT.url),
      text("worker", MOST_TEXT.worker),
      truth("active"),
      truth("alive"),
      number("accepted", RANGES.count),
      number("rejected", RANGES.count),
      number("stale", RANGES.count),
    ],
    8,
    MOST.pools,
  ),
];

/** Longer than every mode, characters. */
const MOST_MODE = 16;
/** Of `m`: values, then the lists in the order of LISTS, then errors. */
const MEASURED: readonly Field[] = [
  fieldOf("mode", MODE, MOST_MODE, 0, RANGES.place),
  number("hashrateThs", RANGES.rigThs),
  number("averageThs", RANGES.rigThs),
  number("expectedThs", RANGES.rigThs),
  number("powerW", RANGES.powerW),
  number("powerLimitW", RANGES.powerW),
  number("intakeC", RANGES.airC),
  number("outletC", RANGES.airC),
  number("boardC", RANGES.partC),
  number("chipC", RANGES.partC),
  number("psuC", RANGES.partC),
  number("voltageV", RANGES.voltageV),
  number("frequencyMhz", RANGES.frequencyMhz),
  number("fanPct", RANGES.percent),
  number("accepted", RANGES.count),
  number("rejected", RANGES.count),
  number("stale", RANGES.count),
  number("hwErrors", RANGES.count),
  number("hwErrorPct", RANGES.percent),
  number("uptimeS", RANGES.uptimeS),
  nothing("fans"),
  nothing("boards"),
  nothing("pools"),
  nothing("errors"),
];
const VALUES = MEASURED.findIndex(({ kind }) => kind === NOTHING);
const ERRORS = MEASURED.length - 1;

/** Notes that a field came; twice is not plain. */
const seenWith = (seen: number, place: number): number => {
  if ((seen & (1 << place)) !== 0) throw UNUSUAL;
  return seen | (1 << place);
};

/** Reads an object's fields into `room` from `room.at` on, one number a field. */
const rowAt = (from: From, fields: readonly Field[], position: number): void => {
  const { values, at } = room;
  for (let i = 0; i < fields.length; i++) values[at + i] = (fields[i] as Field).absent;
  // Without an index a row is counted.
  values[at] = position;
  let seen = 0;
  let next = 0;
  for (let more = enters(from, 123, 125); more; more = goesOn(from, 125)) {
    const place = fieldAt(from, fields, next);
    seen = seenWith(seen, place);
    next = place + 1;
    values[at + place] = valueAt(from, fields[place] as Field, at + place);
  }
};

/** A list of objects into `room`: how many, then their fields. No place may be there twice. */
const rowsAt = (from: From, { fields, width, most }: Row): void => {
  const { values } = room;
  const count = room.at++;
  const first = room.at;
  let rows = 0;
  if (peek(from) === 110) {
    if (!takeWord(from, NULL)) throw UNUSUAL;
  } else
    for (let more = enters(from, 91, 93); more; more = goesOn(from, 93)) {
      if (rows === most) throw UNUSUAL;
      rowAt(from, fields, rows);
      for (let at = first; at < room.at; at += width) if (values[at] === values[room.at]) throw UNUSUAL;
      room.at += width;
      rows += 1;
    }
  values[count] = rows;
};

/** `m` into `room`. Lists that come in another order than that of LISTS are not plain. */
const measuredAt = (from: From): void => {
  const { values } = room;
  for (let i = 0; i < VALUES; i++) values[i] = (MEASURED[i] as Field).absent;
  room.at = VALUES;
  let seen = 0;
  let next = 0;
  let lists = 0;
  for (let more = enters(from, 123, 125); more; more = goesOn(from, 125)) {
    const place = fieldAt(from, MEASURED, next);
    seen = seenWith(seen, place);
    next = place + 1;
    if (place < VALUES) values[place] = valueAt(from, MEASURED[place] as Field, place);
    else if (place === ERRORS) valueAt(from, MEASURED[place] as Field, place);
    else {
      if (place - VALUES < lists) throw UNUSUAL;
      while (lists < place - VALUES) {
        values[room.at++] = 0;
        lists += 1;
      }
      rowsAt(from, LISTS[lists++] as Row);
    }
  }
  for (; lists < LISTS.length; lists++) values[room.at++] = 0;
};

const WHOLE: Range = { lo: 0, hi: Number.MAX_SAFE_INTEGER, sentinels: [], integer: true };
const HEAD: readonly Field[] = [
  number("v", { lo: 1, hi: 1, sentinels: [], integer: true }),
  number("ts", WHOLE),
  number("seq", WHOLE),
  text("boot", MOST_TEXT.boot),
  nothing("m"),
];
const [V, TS, SEQ, M] = [0, 1, 2, 4] as const;
const ALL_OF_HEAD = (1 << HEAD.length) - 1;

/** A whole message, its `m` into `room`. */
const read = (from: From): void => {
  const { head } = told;
  let seen = 0;
  let next = 0;
  for (let more = enters(from, 123, 125); more; more = goesOn(from, 125)) {
    const place = fieldAt(from, HEAD, next);
    seen = seenWith(seen, place);
    next = place + 1;
    if (place === M) measuredAt(from);
    else head[place] = valueAt(from, HEAD[place] as Field, place - head.length);
  }
  if (seen !== ALL_OF_HEAD || peek(from) !== 0 || from.at < from.bytes.length) throw UNUSUAL;
  if ([V, TS, SEQ].some((place) => Number.isNaN(head[place])) || told.headText === "") throw UNUSUAL;
};

const from: From = { bytes: new Uint8Array(0), at: 0 };

/** Reads a message name by name; gives the number of its mould. */
const readAnew = (): number => {
  marks = [];
  room.texts.length = 0;
  told.headText = "";
  from.at = 0;
  read(from);
  told.numbers = room.values.slice(0, room.at);
  told.texts = room.texts.slice();
  return mouldOf(from.bytes, marks, told.numbers);
};

/** What one sender's messages were like: the numbers of the moulds that they fitted last, the newest first, and the texts of the last one. */
export interface Sender {
  last: number;
  before: number;
  texts: readonly string[];
  headText: string;
}
export const newSender = (): Sender => ({ last: NO_MOULD, before: NO_MOULD, texts: [], headText: "" });

/** What `readTelemetry` gives for JSON.parse of the same bytes, or null where they are not plain. Changes `sender`. */
export const readPlain = (payload: Uint8Array, sender: Sender = newSender()): Telemetry | null => {
  from.bytes = payload;
  try {
    const { last, before } = sender;
    if (!fill(last, from, told, sender)) {
      sender.last = fill(before, from, told, sender) ? before : readAnew();
      sender.before = last;
    }
    if (told.headText === "") return null;
  } catch (thrown) {
    if (thrown === UNUSUAL) return null;
    throw thrown;
  }
  const { head, headText: boot, numbers, texts } = told;
  sender.texts = texts;
  sender.headText = boot;
  return { ts: head[TS] as number, seq: head[SEQ] as number, boot, measured: new PackedMeasured(numbers, texts), quality: NO_QUALITY };
};
