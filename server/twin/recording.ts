/**
 * The recording format `.mfrec`, version 1: lines of JSON. A header, what the farm was at the start, a row for each message in the
 * order of receipt, a footer. Every line is hashed onto the one before it, and each row carries the first eight digits of its link, so
 * that the first line which was altered is named. docs/recordings.md describes it; recording-read.ts reads it. Pure: messages in, lines out.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Reading } from "./reading.ts";
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
  /** The payload as text, where a recording has it so and the bytes say the very same. */
  readonly text?: string;
  readonly properties: Properties | null;
}
export interface Row extends Told {
  /** 1-based. */
  readonly n: number;
  /** Since the start, whole microseconds; never falls. */
  readonly us: number;
  /** What the header's site parses it to, where that was done already; else it is parsed when it is folded. */
  readonly reading?: Reading | null;
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

/** SHA-256 over `before` and the line's UTF-8 bytes. */
export type Link = (before: Uint8Array, line: string) => Uint8Array;
/** The same everywhere; whoever has the platform's own hands that in: it is four times as fast. */
export const linkPure: Link = (before, line) => sha256.create().update(before).update(encoder.encode(line)).digest();
/** What stands before the first line. */
export const genesis = (): Uint8Array => new Uint8Array(32);
/** A row carries so many hex digits of its link. */
export const LINK_DIGITS = 8;

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
export const createRecording = ({ site, startTs, source, ticks, farm, retained }: Opening, link: Link = linkPure): RecordingWriter => {
  let chain = genesis();
  let n = 0;
  let us = 0;
  const next = (line: string): string => {
    chain = link(chain, line);
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
      chain = link(chain, JSON.stringify({ rows: n, us }));
      return JSON.stringify({ end: { rows: n, us, chain: bytesToHex(chain) } });
    },
    rows: () => n,
  };
};
