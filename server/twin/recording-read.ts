/** Reads a recording, line by line, and names the first fault with its row. Pure: lines in, values out, nothing throws. */
import { bytesToHex } from "@noble/hashes/utils.js";
import {
  bytesOfBase64,
  genesis,
  linkPure,
  LINK_DIGITS,
  RECORDING_VERSION,
  type Link,
  type RecordingCode,
  type RecordingHeader,
  type Piece,
  type Told,
} from "./recording.ts";
import type { CellLine } from "./snapshot.ts";

const encoder = new TextEncoder();
/** `,"h":"01234567"}` */
const LINK = /^,"h":"([0-9a-f]{8})"\}$/;
const LINK_LENGTH = ',"h":"01234567"}'.length;

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
  const told = { topic, qos, retain: retain ?? false, dup: dup ?? false, client: client ?? "", properties: props ?? null } as const;
  // As many bytes as letters: plain ASCII, which decoded is the same text again.
  return typeof text === "string" && payload.length === text.length ? { ...told, payload, text } : { ...told, payload };
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
export const readRecording = (link: Link = linkPure): RecordingReader => {
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
    chain = link(chain, text);
    return { kind: "header", header };
  };

  /** The farm and the retained messages; `at` is the line's 0-based place among them. */
  const opening = (text: string, at: number, { farm }: RecordingHeader): Piece => {
    const fields = jsonOf(text);
    const place = `line ${at + 2}`;
    if (!isFields(fields)) return fault("LINE_INVALID", `${place} is not JSON`, 0);
    opened += 1;
    chain = link(chain, text);
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
    if (bytesToHex(link(chain, JSON.stringify({ rows: end.rows, us: end.us }))) !== end.chain)
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
    const told = LINK.exec(text.slice(-LINK_LENGTH))?.[1];
    if (told === undefined) return fault("LINE_INVALID", 'it does not end with its link "h"');
    if (fields.n !== rows + 1) return fault("ROW_OUT_OF_ORDER", `its number is ${JSON.stringify(fields.n)}`);
    if (!isCount(fields.us)) return fault("LINE_INVALID", "us must be a whole number of microseconds");
    if (fields.us < us) return fault("ROW_OUT_OF_ORDER", `its time ${fields.us} µs is before the ${us} µs of the row before`);
    const message = messageOf(fields);
    if (typeof message === "string") return fault("LINE_INVALID", message);
    const after = link(chain, `${text.slice(0, -LINK_LENGTH)}}`);
    if (bytesToHex(after.subarray(0, LINK_DIGITS / 2)) !== told)
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
      if (rest === "" && header === null) return fault("CUT_SHORT", "it is empty", 0);
      if (rest === "") return ended ? null : cut();
      // Cut exactly before a line end, the line is whole all the same.
      if (!ended && jsonOf(rest) === undefined) return cut();
      return line(rest);
    },
    rows: () => rows,
  };
};
