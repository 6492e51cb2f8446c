/** A farm as lines of text and back, so that a start need not fold the journal from its first entry. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { canonicalBytes } from "./canonical.ts";
import { activeAlarms } from "./alarms/book.ts";
import type { Watch } from "./alarms/watch.ts";
import { digestKey, joinSpans, rigDayOf, rowsOf, type Digest } from "./digest.ts";
import { cellOf, putCell, SLOTS, type Span } from "./rig-day.ts";
import { newFarm, type Farm } from "./farm.ts";
import { holdValues } from "./hold.ts";
import { packed, plainMeasured } from "./packed-measured.ts";
import { keptVersion } from "./sealing.ts";
import type { Seen } from "./seen.ts";
import type { Twin } from "./twin.ts";

export const SNAPSHOT_VERSION = 6;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const LETTERS = encoder.encode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
const PADDING = "=".charCodeAt(0);
/** RFC 4648, section 4. Not by `btoa`, which wants the bytes as text first: a large farm keeps ten thousand payloads. */
const base64 = (bytes: Uint8Array): string => {
  const text = new Uint8Array(4 * Math.ceil(bytes.length / 3)).fill(PADDING);
  for (let at = 0, to = 0; at < bytes.length; at += 3, to += 4) {
    const three = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text[to] = LETTERS[three >> 18] ?? 0;
    text[to + 1] = LETTERS[(three >> 12) & 63] ?? 0;
    if (at + 1 < bytes.length) text[to + 2] = LETTERS[(three >> 6) & 63] ?? 0;
    if (at + 2 < bytes.length) text[to + 3] = LETTERS[three & 63] ?? 0;
  }
  return decoder.decode(text);
};
const unbase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

const pack = (_key: string, value: unknown): unknown => {
  if (value instanceof Map) return { $map: [...value] };
  if (value instanceof Set) return { $set: [...value] };
  if (value instanceof Uint8Array) return { $bytes: base64(value) };
  return value;
};
const unpack = (_key: string, value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return value;
  if ("$map" in value) return new Map(value.$map as [unknown, unknown][]);
  if ("$set" in value) return new Set(value.$set as unknown[]);
  return "$bytes" in value ? unbase64(value.$bytes as string) : value;
};

/** Entries of a map that are made into text together: about 64 KB, which a collection of the young takes with it. */
const MAP_PIECE = 50;
/** A map in pieces; `textOf` gives the text of an entry. */
function* piecesOf<T>(entries: readonly T[], textOf: (entry: T) => string): Generator<string> {
  yield '{"$map":[';
  for (let from = 0; from < entries.length; from += MAP_PIECE)
    yield `${from === 0 ? "" : ","}${entries
      .slice(from, from + MAP_PIECE)
      .map(textOf)
      .join(",")}`;
  yield "]}";
}

/** What is changed in place and is small: written at once, and waits as bytes. As text it would be what a collector has to move. */
const bytesOf = (value: unknown): Uint8Array<ArrayBuffer> => encoder.encode(JSON.stringify(value, pack));
const textBack = (bytes: Uint8Array<ArrayBuffer>): string => {
  const text = decoder.decode(bytes);
  // By now old for the collector, it would be held until the whole heap is looked at; moved to something young, it goes at once.
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return text;
};

const plainEntry = (entry: readonly [string, unknown]): string => JSON.stringify(entry);
const packedEntry = (entry: readonly [string, unknown]): string => JSON.stringify(entry, pack);

/**
 * The farm as it is now, as lines of JSON in pieces, none of them long: all but the twins first, then a line a twin; the last piece of a line ends
 * with its newline. They may be taken slowly while the farm goes on: what is immutable is only remembered, what is large and changed in place is
 * held (hold.ts), and of the rest the text is made at once. The digest is not in it (see dirtyCells). Run it to its end, or `return()` from it.
 */
export const snapshotTexts = (farm: Farm): Generator<string> => {
  const { twins, digest: _digest, watches, seen, ledger, retained, ...rest } = farm;
  const { records, tokens, ...others } = ledger;
  const small = Object.entries(rest).map(([name, value]) => [name, bytesOf(value)] as const);
  const bookkeeping = bytesOf(others);
  const payloads = [...retained];
  // A record is never changed, but the list of a rig's is.
  const lists = [...records].map(([rig, list]) => [rig, list.slice()] as const);
  const issued = [...tokens];
  // Most of the text, and plain JSON: it is written in a fifth of the time without asking `pack` about each of its values.
  const changing = Object.entries({ watches, seen }).map(([name, map]) => [name, [...map], holdValues<Watch | Seen>(map)] as const);
  const frozen = [...twins.values()];

  function* texts(): Generator<string> {
    try {
      yield "";
      yield `{"version":${SNAPSHOT_VERSION}`;
      for (const [name, bytes] of small.splice(0)) yield `,"${name}":${textBack(bytes)}`;
      yield ',"retained":';
      yield* piecesOf(payloads, packedEntry);
      yield `,"ledger":${textBack(bookkeeping).slice(0, -1)},"records":`;
      yield* piecesOf(lists, plainEntry);
      yield ',"tokens":';
      yield* piecesOf(issued, plainEntry);
      yield "}";
      for (const [name, entries, held] of changing) {
        yield `,"${name}":`;
        yield* piecesOf(entries, ([key, value]) => `[${JSON.stringify(key)},${held.textOf(value)}]`);
      }
      yield "}\n";
      for (const twin of frozen) yield `${JSON.stringify(twin)}\n`;
    } finally {
      for (const [, , held] of changing) held.release();
    }
  }
  const all = texts();
  // Begun: a generator that is not would not come to its end when it is returned from.
  all.next();
  return all;
};

/** As snapshotTexts, a line at a time and without newlines. */
export function* snapshotLines(farm: Farm): Generator<string> {
  let line = "";
  for (const text of snapshotTexts(farm)) {
    if (text.endsWith("\n")) {
      yield line + text.slice(0, -1);
      line = "";
    } else line += text;
  }
}

/** Where the plain part of a first line begins. A text cannot look like it: its quotes would be escaped. */
const PLAIN_PART = ',"watches":{"$map":';
type MapPart = Readonly<Record<string, { readonly $map: [string, never][] }>>;

/** The first line's values. Its plain part, most of the text, is read in a third of the time without asking `unpack` about each value. */
const firstOf = (line: string): { version: number } & Partial<Farm> => {
  const at = line.lastIndexOf(PLAIN_PART);
  if (at < 0) return JSON.parse(line, unpack) as { version: number };
  const maps = Object.entries(JSON.parse(`{${line.slice(at + 1)}`) as MapPart).map(([name, { $map }]) => [name, new Map($map)]);
  return { ...(JSON.parse(`${line.slice(0, at)}}`, unpack) as { version: number }), ...(Object.fromEntries(maps) as Partial<Farm>) };
};

/** Builds the farm again. Throws where the version is another. */
export const farmOfLines = (lines: Iterable<string>): Farm => {
  const farm = newFarm("");
  let first = true;
  for (const line of lines) {
    if (first) {
      const { version, ...rest } = firstOf(line);
      if (version !== SNAPSHOT_VERSION) throw new Error(`snapshot version ${version} is not ${SNAPSHOT_VERSION}`);
      const { ledger, foreign } = rest;
      // What these have learned to keep since the snapshot was written begins empty.
      Object.assign(farm, rest, { ledger: { ...farm.ledger, ...ledger }, foreign: { ...farm.foreign, ...foreign } });
      first = false;
    } else {
      const twin = JSON.parse(line) as Twin;
      farm.twins.set(twin.rig, { ...twin, latest: packed(twin.latest) });
    }
  }
  return farm;
};

/** One changed five-minute cell: rig, day, version, slot, then its integers; or one changed span of sequence numbers. */
export type CellLine =
  | [rig: string, day: number, version: number, slot: number, ...cells: number[]]
  | [rig: string, day: number, version: number, span: Span];

/** Cells changed since the last call; marks them as written. Changes `digest`. */
export const dirtyCells = (digest: Digest): CellLine[] => {
  const lines: CellLine[] = [];
  for (const rigDay of digest.values()) {
    const { rig, day, version, spans, dirty } = rigDay;
    for (const what of dirty) {
      const span = typeof what === "string" ? spans.get(what) : undefined;
      const cell = typeof what === "number" ? cellOf(rigDay, what) : null;
      if (span !== undefined) lines.push([rig, day, version, span]);
      else if (typeof what === "number" && cell !== null) lines.push([rig, day, version, what, ...cell]);
    }
    dirty.clear();
  }
  return lines;
};

/** Cells that were taken and did not get on disk: the next dirtyCells gives them again. Changes `digest`. */
export const untakeCells = (digest: Digest, lines: readonly CellLine[]): void => {
  for (const [rig, day, version, what] of lines)
    digest.get(digestKey(rig, day, version))?.dirty.add(typeof what === "number" ? what : what[0]);
};

/** Puts cells back, in the order they were taken; those of versions that are sealed and on disk stay away. Changes `farm.digest`. */
export const restoreCells = (farm: Farm, lines: readonly CellLine[]): void => {
  for (const [rig, day, version, what, ...cells] of lines) {
    if (version <= keptVersion(farm.ledger.days, day)) continue;
    const rigDay = rigDayOf(farm.digest, rig, day, version);
    if (typeof what !== "number") rigDay.spans.set(what[0], what);
    else if (what < SLOTS) putCell(rigDay, what, cells as number[]);
  }
};

const plainTwin = (twin: Twin): Twin => ({ ...twin, latest: plainMeasured(twin.latest) });

/** SHA-256 over the canonical form of twins, alarms, digest, work orders and energy: equal for two farms that folded the same. */
export const farmHash = (farm: Farm): string => {
  const hash = sha256.create();
  for (const twin of [...farm.twins.values()].toSorted((a, b) => (a.rig < b.rig ? -1 : 1))) hash.update(canonicalBytes(plainTwin(twin)));
  hash.update(canonicalBytes(activeAlarms(farm.alarms).toSorted((a, b) => (a.id < b.id ? -1 : 1))));
  hash.update(canonicalBytes(farm.alarms.history));
  hash.update(canonicalBytes([...farm.alarms.incidents.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))));
  for (const [key, rigDay] of [...farm.digest].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(canonicalBytes([key, rowsOf(rigDay), joinSpans([...rigDay.spans.values()])]));
  hash.update(canonicalBytes([...farm.ledger.days]));
  hash.update(canonicalBytes([...farm.parts.changes].toSorted(([a], [b]) => (a < b ? -1 : 1))));
  // A farm without orders hashes as it did before there were any.
  if (farm.work.orders.size > 0) hash.update(canonicalBytes([...farm.work.orders.values()]));
  if (farm.notes.commented + farm.notes.handedOver > 0) hash.update(canonicalBytes([farm.notes.comments, farm.notes.handovers]));
  if (farm.quotes.size > 0) hash.update(canonicalBytes([...farm.quotes.values()]));
  const { day, kwh, cost, kgco2e } = farm.energy;
  hash.update(canonicalBytes([day, kwh, cost, kgco2e]));
  return bytesToHex(hash.digest());
};

/** SHA-256 of a farm's parts, each over its canonical form, so that who compares two farms sees in which part they differ. */
export interface FarmHashes {
  readonly twins: string;
  /** Active ones, history and incidents. */
  readonly alarms: string;
  /** The five-minute rows and the spans of sequence numbers. */
  readonly digest: string;
  /** Of the whole: see farmHash. */
  readonly farm: string;
}

const hashOfAll = (values: Iterable<unknown>): string => {
  const hash = sha256.create();
  for (const value of values) hash.update(canonicalBytes(value));
  return bytesToHex(hash.digest());
};

/** The hashes by which two farms are compared; equal for two that folded the same. */
export const hashesOf = (farm: Farm): FarmHashes => {
  const byId = <T extends { readonly id: string }>(list: Iterable<T>): T[] => [...list].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return {
    twins: hashOfAll([...farm.twins.values()].toSorted((a, b) => (a.rig < b.rig ? -1 : 1)).map(plainTwin)),
    alarms: hashOfAll([...byId(activeAlarms(farm.alarms)), farm.alarms.history, ...byId(farm.alarms.incidents.values())]),
    digest: hashOfAll(
      [...farm.digest]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, rigDay]) => [key, rowsOf(rigDay), joinSpans([...rigDay.spans.values()])]),
    ),
    farm: farmHash(farm),
  };
};
