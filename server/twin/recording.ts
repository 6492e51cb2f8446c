/**
 * The recording format `.mfrec`, version 1: lines of JSON. A header, what the farm was at the start, a row for each message in the
 * order of receipt, a footer. Every line is hashed onto the one before it, and each row carries the first eight digits of its link, so
 * that the first line which was altered is named. docs/recordings.md describes it. Pure: lines in, values out, nothing throws.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { CellLine } from "./snapshot.ts";
import type { Message } from "./twin.ts";

export const RECORDING_VERSION = 1;

/** What can be wrong with a recording; docs/recordings.md has the same list. */
export const RECORDING_FAULTS = {
  NOT_A_RECORDING: "The first line is not the header of a recording.",
  VERSION_UNKNOWN: "The recording's version is not known here.",
  START_UNREADABLE: "The farm at the start cannot be built, or is not the one that was recorded.",
  LINE_INVALID: "A line is not JSON, is too long, or has a missing or wrong field.",
  ROW_OUT_OF_ORDER: "A row's number or time does not follow the row before it.",
  HASH_MISMATCH: "A line was altered after it was recorded.",
  COUNT_WRONG: "The footer counts another number of rows.",
  AFTER_END: "There is something behind the footer.",
  CUT_SHORT: "The footer is missing: the recording was cut short. What stands before the cut can be used.",
  GZIP_BROKEN: "The file's compression is damaged.",
  CSV_INVALID: "A line of the CSV has a missing or wrong column.",
} as const;
export type RecordingCode = keyof typeof RECORDING_FAULTS;

/** `row` is the number of the row (1-based; 0 before the first) at which the fault lies. */
export interface RecordingFault {
  readonly code: RecordingCode;
  readonly row: number;
  readonly detail: string;
}

export interface RecordingHeader {
  readonly site: string;
  /** ms since 1970 UTC, whole. */
  readonly startTs: number;
  /** In words: a journal, a broker's address, a file. */
  readonly source: string;
  /** Whether the journal's ticks are among the rows; else whoever folds makes them. */
  readonly ticks: boolean;
  /** The farm as it was at the start, null where the recording begins with nothing. */
  readonly farm: { readonly snapshot: number; readonly lines: number; readonly cells: number; readonly sha256: string } | null;
  /** Messages that were retained at the start. */
  readonly retained: number;
}

/** MQTT 5 properties as mqtt.js names them; Buffers become `{"$b64": "…"}`. */
export type Properties = Readonly<Record<string, unknown>>;

/** A message with what only some brokers tell. */
export interface Told extends Message {
  readonly properties: Properties | null;
}
export interface Row extends Told {
  /** 1-based. */
  readonly n: number;
  /** Since the start, whole microseconds; never falls. */
  readonly us: number;
}

export type Piece =
  | { readonly kind: "header"; readonly header: RecordingHeader }
  | { readonly kind: "farm"; readonly line: string }
  | { readonly kind: "cells"; readonly cells: readonly CellLine[] }
  | { readonly kind: "retained"; readonly message: Told }
  | { readonly kind: "row"; readonly row: Row }
  | { readonly kind: "end"; readonly rows: number; readonly us: number }
  | { readonly kind: "fault"; readonly fault: RecordingFault };

const encoder = new TextEncoder();
// A byte order mark is part of the payload.
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LINK_DIGITS = 8;
/** `,"h":"01234567"}` */
const LINK = /^(.*),"h":"([0-9a-f]{8})"\}$/s;

/** Bytes as base64. */
export const base64Of = (bytes: Uint8Array): string => {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(text);
};
/** Base64 as bytes, null where it is none. */
export const bytesOfBase64 = (text: string): Uint8Array | null => {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
};
/** The bytes as text where they are UTF-8, else null. */
export const textOf = (bytes: Uint8Array): string | null => {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
};

const linked = (before: Uint8Array, line: string): Uint8Array => sha256.create().update(before).update(encoder.encode(line)).digest();
const genesis = (): Uint8Array => new Uint8Array(32);

const fieldsOf = ({ topic, qos, retain, dup, client, properties, payload }: Told): object => {
  const text = textOf(payload);
  return {
    topic,
    qos,
    ...(retain ? { retain } : {}),
    ...(dup ? { dup } : {}),
    ...(client === "" ? {} : { client }),
    ...(properties === null ? {} : { props: properties }),
    ...(text === null ? { b64: base64Of(payload) } : { text }),
  };
};

/** What stands before the first row. */
export interface Opening {
  readonly site: string;
  readonly startTs: number;
  readonly source: string;
  readonly ticks: boolean;
  /** Lines of the snapshot (JSON), cells of the digest, the farm's hash; `snapshot` is the snapshot's version. */
  readonly farm: {
    readonly snapshot: number;
    readonly lines: readonly string[];
    readonly cells: readonly (readonly CellLine[])[];
    readonly sha256: string;
  } | null;
  readonly retained: readonly Told[];
}

export interface RecordingWriter {
  /** The lines before the first row, without line ends. */
  readonly opening: () => Generator<string>;
  /** A row's line; `ts` in ms UTC, one before the row before it counts as that one's. */
  readonly row: (message: Told, ts: number) => string;
  /** The footer's line; `endTs` (ms UTC) is how far the recording reaches. */
  readonly end: (endTs: number) => string;
  readonly rows: () => number;
}

/** Makes the lines of one recording, in order. The same messages give the same lines. */
export const createRecording = ({ site, startTs, source, ticks, farm, retained }: Opening): RecordingWriter => {
  let chain = genesis();
  let n = 0;
  let us = 0;
  const next = (line: string): string => {
    chain = linked(chain, line);
    return line;
  };
  const sinceStart = (ts: number): number => Math.max(us, Math.round((ts - startTs) * 1_000));
  return {
    *opening() {
      const start =
        farm === null ? null : { snapshot: farm.snapshot, lines: farm.lines.length, cells: farm.cells.length, sha256: farm.sha256 };
      yield next(JSON.stringify({ mfrec: RECORDING_VERSION, site, startTs, source, ticks, farm: start, retained: retained.length }));
      for (const line of farm?.lines ?? []) yield next(`{"farm":${line}}`);
      for (const cells of farm?.cells ?? []) yield next(JSON.stringify({ cells }));
      for (const message of retained) yield next(JSON.stringify({ retained: fieldsOf(message) }));
    },
    row(message, ts) {
      us = sinceStart(ts);
      n += 1;
      const line = next(JSON.stringify({ n, us, ...fieldsOf(message) }));
      return `${line.slice(0, -1)},"h":"${bytesToHex(chain).slice(0, LINK_DIGITS)}"}`;
    },
    end(endTs) {
      us = sinceStart(endTs);
      chain = linked(chain, JSON.stringify({ rows: n, us }));
      return JSON.stringify({ end: { rows: n, us, chain: bytesToHex(chain) } });
    },
    rows: () => n,
  };
};

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isFlag = (value: unknown): value is boolean | undefined => value === undefined || typeof value === "boolean";

/** The message in a line's fields, or what is wrong with it. */
const messageOf = ({ topic, qos, retain, dup, client, props, text, b64 }: Fields): Told | string => {
  if (typeof topic !== "string" || topic === "") return "topic must be a text";
  if (qos !== 0 && qos !== 1 && qos !== 2) return "qos must be 0, 1 or 2";
  if (!isFlag(retain) || !isFlag(dup)) return "retain and dup must be true or false";
  if (client !== undefined && typeof client !== "string") return "client must be a text";
  if (props !== undefined && !isFields(props)) return "props must be an object";
  if ((text === undefined) === (b64 === undefined)) return "one of text and b64 must be there";
  const payload = typeof text === "string" ? encoder.encode(text) : typeof b64 === "string" ? bytesOfBase64(b64) : null;
  if (payload === null) return "text must be a text, b64 must be base64";
  return { topic, qos, retain: retain ?? false, dup: dup ?? false, client: client ?? "", properties: props ?? null, payload };
};

const headerOf = (fields: Fields): RecordingHeader | null => {
  const { site, startTs, source, ticks, farm, retained } = fields;
  if (typeof site !== "string" || !isCount(startTs) || typeof source !== "string" || typeof ticks !== "boolean" || !isCount(retained))
    return null;
  if (farm === null) return { site, startTs, source, ticks, farm, retained };
  if (!isFields(farm) || !isCount(farm.snapshot) || !isCount(farm.lines) || !isCount(farm.cells) || typeof farm.sha256 !== "string")
    return null;
  return {
    site,
    startTs,
    source,
    ticks,
    farm: { snapshot: farm.snapshot, lines: farm.lines, cells: farm.cells, sha256: farm.sha256 },
    retained,
  };
};

const jsonOf = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

export interface RecordingReader {
  /** What the next line says. After a fault every further line is the same fault. */
  readonly line: (text: string) => Piece;
  /**
   * To be called when there are no more lines, with what stood behind the last line end ("" where nothing did): the last piece where
   * that is a whole line, a fault where the footer is missing, null where the footer has been read.
   */
  readonly end: (rest: string) => Piece | null;
  /** Rows read. */
  readonly rows: () => number;
}

/** Reads a recording line by line; holds one line at a time. */
export const readRecording = (): RecordingReader => {
  let chain = genesis();
  let header: RecordingHeader | null = null;
  let opened = 0;
  let rows = 0;
  let us = 0;
  let ended = false;
  let broken: Piece | null = null;

  const fault = (code: RecordingCode, detail: string, row = header === null ? 0 : rows + 1): Piece => ({
    kind: "fault",
    fault: { code, row, detail },
  });

  const first = (text: string): Piece => {
    const fields = jsonOf(text);
    if (!isFields(fields) || !("mfrec" in fields)) return fault("NOT_A_RECORDING", 'it does not begin with {"mfrec":…');
    if (fields.mfrec !== RECORDING_VERSION)
      return fault("VERSION_UNKNOWN", `the file has version ${JSON.stringify(fields.mfrec)}, read is version ${RECORDING_VERSION}`);
    const read = headerOf(fields);
    if (read === null) return fault("LINE_INVALID", "the header has a missing or wrong field");
    header = read;
    chain = linked(chain, text);
    return { kind: "header", header };
  };

  /** The farm and the retained messages; `at` is the line's 0-based place among them. */
  const opening = (text: string, at: number, { farm }: RecordingHeader): Piece => {
    const fields = jsonOf(text);
    const place = `line ${at + 2}`;
    if (!isFields(fields)) return fault("LINE_INVALID", `${place} is not JSON`, 0);
    opened += 1;
    chain = linked(chain, text);
    const lines = farm?.lines ?? 0;
    if (at < lines)
      return text.startsWith('{"farm":')
        ? { kind: "farm", line: text.slice(8, -1) }
        : fault("LINE_INVALID", `${place} ought to be a line of the farm`, 0);
    if (at < lines + (farm?.cells ?? 0))
      return Array.isArray(fields.cells)
        ? { kind: "cells", cells: fields.cells as CellLine[] }
        : fault("LINE_INVALID", `${place} ought to be cells of the digest`, 0);
    const message = isFields(fields.retained) ? messageOf(fields.retained) : "it ought to be a retained message";
    return typeof message === "string" ? fault("LINE_INVALID", `${place}: ${message}`, 0) : { kind: "retained", message };
  };

  const footer = (end: unknown): Piece => {
    if (!isFields(end) || !isCount(end.rows) || !isCount(end.us) || typeof end.chain !== "string")
      return fault("LINE_INVALID", "the footer has a missing or wrong field");
    if (end.rows !== rows) return fault("COUNT_WRONG", `the footer counts ${end.rows} rows, there are ${rows}`);
    if (end.us < us) return fault("ROW_OUT_OF_ORDER", "the footer's time is before the last row's");
    if (bytesToHex(linked(chain, JSON.stringify({ rows: end.rows, us: end.us }))) !== end.chain)
      return fault("HASH_MISMATCH", "the footer does not end the chain of the lines before it", rows);
    ended = true;
    return { kind: "end", rows, us: end.us };
  };

  const next = (text: string): Piece => {
    if (header === null) return first(text);
    if (ended) return fault("AFTER_END", "lines follow the footer");
    if (opened < (header.farm?.lines ?? 0) + (header.farm?.cells ?? 0) + header.retained) return opening(text, opened, header);
    const fields = jsonOf(text);
    if (!isFields(fields)) return fault("LINE_INVALID", "it is not JSON");
    if ("end" in fields) return footer(fields.end);
    const [, body, link] = LINK.exec(text) ?? [];
    if (body === undefined) return fault("LINE_INVALID", 'it does not end with its link "h"');
    if (fields.n !== rows + 1) return fault("ROW_OUT_OF_ORDER", `its number is ${JSON.stringify(fields.n)}`);
    if (!isCount(fields.us)) return fault("LINE_INVALID", "us must be a whole number of microseconds");
    if (fields.us < us) return fault("ROW_OUT_OF_ORDER", `its time ${fields.us} µs is before the ${us} µs of the row before`);
    const message = messageOf(fields);
    if (typeof message === "string") return fault("LINE_INVALID", message);
    const after = linked(chain, `${body}}`);
    if (bytesToHex(after).slice(0, LINK_DIGITS) !== link)
      return fault("HASH_MISMATCH", rows === 0 ? "it, or a line before the first row, is not as recorded" : "it is not as recorded");
    chain = after;
    rows += 1;
    us = fields.us;
    return { kind: "row", row: { n: rows, us, ...message } };
  };

  const line = (text: string): Piece => {
    const piece = broken ?? next(text);
    if (piece.kind === "fault") broken = piece;
    return piece;
  };

  const cut = (): Piece => {
    if (header === null) return fault("CUT_SHORT", "it ends in its header", 0);
    return fault(
      "CUT_SHORT",
      rows === 0 ? "it ends before its first row" : `it ends behind row ${rows}, ${(us / 1_000_000).toFixed(3)} s after its start`,
      rows,
    );
  };

  return {
    line,
    end(rest) {
      if (broken !== null) return broken;
      if (rest === "") return ended ? null : cut();
      // Cut exactly before a line end, the line is whole all the same.
      if (!ended && jsonOf(rest) === undefined) return cut();
      return line(rest);
    },
    rows: () => rows,
  };
};
