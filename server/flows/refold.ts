/**
 * A recording through the same fold that runs live, with the recording's times as the clock: as fast as it goes, or paced. Ticks come
 * from the recording; where it has none they are made, every TICK_MS of its own time. Nothing here writes anywhere.
 */
import { foldEntry, nothingYet, type Farm, type RefusedEntry } from "../twin/farm.ts";
import { verifyPure, type Verify } from "../twin/gateway.ts";
import { dayOfEnergy, MOST_REFUSALS, playedOf, type Played, type PlayedDay } from "../twin/played.ts";
import { linkPure, type Link, type Piece, type RecordingFault, type RecordingHeader, type Row, type Told } from "../twin/recording.ts";
import { readRecording } from "../twin/recording-read.ts";
import { createNetwork, type NetworkFaults } from "../twin/recording-faults.ts";
import type { Reading } from "../twin/reading.ts";
import { farmOfOpening } from "../twin/recording-start.ts";
import type { CellLine } from "../twin/snapshot.ts";
import type { Alarm, Message } from "../twin/twin.ts";
import { OWN, TICK_MS } from "../twin/wire.ts";
import type { Clock } from "./clock.ts";

/** A recording that cannot be read on; `fault.row` says where. */
export class RecordingBroken extends Error {
  readonly fault: RecordingFault;
  constructor(fault: RecordingFault) {
    super(`${fault.code} at row ${fault.row}: ${fault.detail}`);
    this.name = "RecordingBroken";
    this.fault = fault;
  }
}

/** What a recording begins with. */
export interface Beginning {
  readonly header: RecordingHeader;
  readonly lines: readonly string[];
  readonly cells: readonly (readonly CellLine[])[];
  readonly retained: readonly Told[];
}
export interface Opened {
  readonly beginning: Beginning;
  /** The rows, in order, in batches; to be read once. Throws RecordingBroken. */
  readonly batches: AsyncGenerator<readonly Row[]>;
  /** How far the recording reaches, µs since its start: after the last row, from its footer; where that is missing, the last row's time. */
  readonly endUs: () => number;
  /** After the last row: the fault of a recording that was cut short, else null. */
  readonly cut: () => RecordingFault | null;
}

/** Lines as they come from a file: whole ones, and at last what stood behind the last line end. Damaged compression is thrown with the code GZIP_BROKEN. */
export interface Lines {
  readonly lines: AsyncIterable<readonly string[]>;
  readonly rest: () => string;
}

async function* piecesOf({ lines, rest }: Lines, link: Link): AsyncGenerator<readonly Piece[]> {
  const reader = readRecording(link);
  const batches = lines[Symbol.asyncIterator]();
  for (;;) {
    const { value: batch, done } = await batches.next().catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== "GZIP_BROKEN") throw error;
      throw new RecordingBroken({
        code: "GZIP_BROKEN",
        row: reader.rows() + 1,
        detail: error instanceof Error ? error.message : String(error),
      });
    });
    if (done === true) break;
    const pieces: Piece[] = [];
    for (const line of batch) {
      const piece = reader.line(line);
      pieces.push(piece);
      if (piece.kind === "fault") break;
    }
    yield pieces;
    if (pieces.at(-1)?.kind === "fault") return;
  }
  let left = rest();
  for (;;) {
    const piece = reader.end(left);
    if (piece === null) return;
    yield [piece];
    if (piece.kind === "fault") return;
    left = "";
  }
}

/** Reads a recording up to its first row; `link` may be another implementation of the same hash. Throws RecordingBroken. */
export const openRecording = async (source: Lines, link: Link = linkPure): Promise<Opened> => {
  const pieces = piecesOf(source, link);
  const lines: string[] = [];
  const cells: (readonly CellLine[])[] = [];
  const retained: Told[] = [];
  let header: RecordingHeader | null = null;
  let ahead: readonly Piece[] = [];
  let endUs = 0;
  let cut: RecordingFault | null = null;
  const wanted = (): number => (header === null ? 1 : (header.farm?.lines ?? 0) + (header.farm?.cells ?? 0) + header.retained);
  const isOpen = (): boolean => header === null || lines.length + cells.length + retained.length < wanted();
  while (isOpen() && ahead.length === 0) {
    const { value: batch, done } = await pieces.next();
    if (done === true) break;
    for (const [i, piece] of batch.entries()) {
      if (piece.kind === "fault" && isOpen()) throw new RecordingBroken(piece.fault);
      if (piece.kind === "header") ({ header } = piece);
      else if (piece.kind === "farm") lines.push(piece.line);
      else if (piece.kind === "cells") cells.push(piece.cells);
      else if (piece.kind === "retained") retained.push(piece.message);
      else {
        ahead = batch.slice(i);
        break;
      }
    }
  }
  if (header === null) throw new RecordingBroken({ code: "NOT_A_RECORDING", row: 0, detail: "the file is empty" });
  const take = (batch: readonly Piece[]): { readonly rows: readonly Row[]; readonly fault: RecordingFault | null } => {
    const rows: Row[] = [];
    for (const piece of batch) {
      if (piece.kind === "row") {
        rows.push(piece.row);
        endUs = piece.row.us;
      }
      if (piece.kind === "end") endUs = piece.us;
      if (piece.kind === "fault") {
        if (piece.fault.code !== "CUT_SHORT") return { rows, fault: piece.fault };
        cut = piece.fault;
      }
    }
    return { rows, fault: null };
  };
  async function* batches(): AsyncGenerator<readonly Row[]> {
    for (let batch = ahead; ;) {
      const { rows, fault } = take(batch);
      if (rows.length > 0) yield rows;
      if (fault !== null) throw new RecordingBroken(fault);
      const next = await pieces.next();
      if (next.done === true) return;
      batch = next.value;
    }
  }
  return { beginning: { header, lines, cells, retained }, batches: batches(), endUs: () => endUs, cut: () => cut };
};

/** The rows after a network that misbehaves. */
export async function* through(opened: Pick<Opened, "batches" | "endUs">, faults: NetworkFaults): AsyncGenerator<readonly Row[]> {
  const network = createNetwork(faults);
  for await (const rows of opened.batches) yield rows.flatMap((row) => network.take(row));
  yield network.rest(opened.endUs());
}

const waitFor = (clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      stop();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const stop = clock.every(Math.max(1, ms), done);
    signal?.addEventListener("abort", done);
  });

/** Longest wait in one go: a timer of Node fires at once beyond 2³¹ ms. */
const LONGEST_MS = 60_000;

/**
 * Gives rows when their time has come: the first at once, the others at `speed` times the pace of the recording; Infinity: all at once.
 * Rows before `fromUs` come at once, those after `toUs` not at all. Ends early when `signal` aborts.
 */
export async function* paced(
  batches: AsyncIterable<readonly Row[]>,
  {
    clock,
    speed,
    fromUs = 0,
    toUs = Infinity,
    signal,
  }: { clock: Clock; speed: number; fromUs?: number; toUs?: number; signal?: AbortSignal },
): AsyncGenerator<readonly Row[]> {
  const stopped = (): boolean => signal?.aborted ?? false;
  let zeroTs: number | null = null;
  for await (const batch of batches) {
    const over = batch.findIndex(({ us }) => us > toUs);
    const rows = over < 0 ? batch : batch.slice(0, over);
    if (stopped()) return;
    let given = 0;
    if (speed !== Infinity)
      for (const [i, row] of rows.entries()) {
        if (row.us <= fromUs) continue;
        zeroTs ??= clock.now();
        const dueTs = zeroTs + (row.us - fromUs) / 1_000 / speed;
        if (dueTs > clock.now() && i > given) {
          yield rows.slice(given, i);
          given = i;
        }
        for (let leftMs = dueTs - clock.now(); leftMs > 0 && !stopped(); leftMs = dueTs - clock.now())
          await waitFor(clock, Math.min(leftMs, LONGEST_MS), signal);
        if (stopped()) return;
      }
    if (given < rows.length) yield given === 0 ? rows : rows.slice(given);
    if (over >= 0) return;
  }
}

export interface Refold {
  readonly farm: () => Farm;
  readonly row: (row: Row) => void;
  /** Brings the clock up to `us` since the start: what happens when nothing comes any more. */
  readonly until: (us: number) => void;
  /** What came of it; with `exact` its farmHash too. */
  readonly played: (exact?: boolean) => Played;
}

/** Entries folded into one Outcome: what it holds for a store is made once for all of them. */
const GATHERED = 500;
const NOTHING = new TextEncoder().encode("{}");
const tickMessage: Message = { topic: OWN.tick, payload: NOTHING, qos: 1, retain: false, dup: false, client: "" };

/** Folds a recording from its beginning. Throws RecordingBroken where the farm at the start is not to be had. */
export const createRefold = ({ header, lines, cells, retained }: Beginning, verify: Verify = verifyPure): Refold => {
  const farm = farmOfOpening(header, lines, cells);
  if ("code" in farm) throw new RecordingBroken(farm);
  const { startTs } = header;
  const alarms = new Map<string, Alarm>();
  const days = new Map<string, PlayedDay>();
  const refusals: RefusedEntry[] = [];
  let nextTickTs = Math.ceil(startTs / TICK_MS) * TICK_MS;

  let out = nothingYet();
  let gathered = 0;
  const gather = (): void => {
    for (const alarm of out.alarms) alarms.set(alarm.id, alarm);
    for (const line of out.refused) if (refusals.length < MOST_REFUSALS) refusals.push(line);
    out = nothingYet();
    gathered = 0;
  };
  // What was parsed already was parsed for the header's site.
  const isParsed = farm.site === header.site;
  const fold = ({ topic, payload, qos, retain, dup, client }: Message, receivedTs: number, reading: Reading | null = null): void => {
    const before = out.rows.site_energy.ts.length;
    foldEntry(farm, { pos: farm.asOfPos + 1, receivedTs, topic, payload, qos, retain, dup, client }, out, verify, reading);
    if (out.rows.site_energy.ts.length > before) {
      const day = dayOfEnergy(farm.energy);
      days.set(day.day, day);
    }
    if (++gathered === GATHERED) gather();
  };
  const tickUpTo = (ts: number): void => {
    if (!header.ticks) for (; nextTickTs <= ts; nextTickTs += TICK_MS) fold(tickMessage, nextTickTs);
  };
  // With a farm at the start, what was retained then is in it.
  if (header.farm === null) for (const message of retained) fold(message, startTs);

  return {
    farm: () => farm,
    row(row) {
      const ts = startTs + row.us / 1_000;
      tickUpTo(ts);
      try {
        fold(row, ts, isParsed ? (row.reading ?? null) : null);
      } catch (error) {
        // Only what a server writes itself is folded without doubt; a recording may have been made by anybody.
        throw new RecordingBroken({
          code: "LINE_INVALID",
          row: row.n,
          detail: `${row.topic} cannot be folded: ${error instanceof Error ? error.message : String(error)}`,
        });
      }
    },
    until: (us) => tickUpTo(startTs + us / 1_000),
    played(exact = false) {
      gather();
      return playedOf(farm, startTs, alarms.values(), refusals, days.values(), exact);
    },
  };
};
