/**
 * Rows to the series store, at the store's pace. While it keeps up, rows come straight from the fold, in batches of a second.
 * When it was away, what it missed is read again from the journal, behind the live rows, until the gap is closed. The cursor,
 * kept with the data, is the position up to which the store lacks nothing: a kill at any moment costs a repetition, never a row.
 * It is asked for again after every outage: a database that was lost or put back from a copy is filled from the journal.
 */
import { noForeign, type Foreign } from "../twin/dialects/index.ts";
import { isOwn, parseForeign } from "../twin/foreign.ts";
import type { Gateways } from "../twin/gateway.ts";
import { parse, type Parsed } from "../twin/parse.ts";
import type { Reading } from "../twin/reading.ts";
import { Refused } from "../twin/refusal.ts";
import { addEnergy, addReading, countOf, emptied, noRows } from "../twin/rows.ts";
import { note, nothingSeen, type Seen } from "../twin/seen.ts";
import type { RejectedPoint, RowSet, SeriesBatch } from "../twin/series.ts";
import type { Entry } from "../twin/twin.ts";
import { isWaiting } from "../twin/wait.ts";
import type { Clock } from "./clock.ts";

export interface SeriesNeeds {
  readonly site: string;
  readonly clock: Clock;
  readonly write: (batch: SeriesBatch) => Promise<readonly RejectedPoint[]>;
  readonly cursor: () => Promise<number>;
  readonly read: (fromPos: number) => AsyncIterable<readonly Entry[]>;
  readonly headPos: () => number;
  /** Told a position beyond the head that the store has got to: the journal does not give it again. */
  readonly raise: (pos: number) => void;
  /** Whose signatures can be checked when entries are read again. */
  readonly gateways?: () => Gateways;
  /** What is remembered of others' dialects, for entries that are read again. */
  readonly foreign?: () => Foreign;
  /** Model name of a rig, for rows made again from the journal. */
  readonly modelOf: (rig: string) => string | null;
  readonly onRejected: (points: readonly RejectedPoint[]) => void;
  readonly onHealth: (away: string | null) => void;
  /** Live rows that may wait in memory; beyond, they are read from the journal later. */
  readonly mostRows?: number;
}

const WRITE_MS = 1_000;
const RETRY_MS = 2_000;
/** About 150 bytes each. */
const MOST_ROWS = 400_000;
/** So many are written at once, without waiting for the second to be over. */
const FULL_ROWS = 20_000;
/** Rows of one catch-up write; small enough that live rows are not kept waiting behind it. */
const CATCH_UP_ROWS = 5_000;

export const createSeries = (needs: SeriesNeeds) => {
  const most = needs.mostRows ?? MOST_ROWS;
  let live = noRows();
  /** Empty; becomes the live ones while those are written. */
  let spare = noRows();
  /** Everything up to here is in the store; -1 until the store has told it. */
  let stored = 0;
  /** Where the journal stood at the start. */
  let headAtStart = 0;
  /** Journal time of what was stored last, as far as it is known. */
  let storedTs: number | null = null;
  /** Live rows reach from `liveFrom` to `liveTo`; between `stored` and `liveFrom` lies the gap. */
  let liveFrom = 1;
  let liveTo = 0;
  let liveToTs = 0;
  let retryAtTs = 0;
  let away: string | null = null;
  let busy = false;
  let stopWork: () => void = () => undefined;
  let gapReader: AsyncIterator<readonly Entry[]> | null = null;

  const say = (now: string | null): void => {
    if (now !== away) needs.onHealth(now);
    away = now;
  };

  const send = async (rows: RowSet, upTo: number): Promise<void> => {
    const rejected = await needs.write({ rows, upTo });
    if (rejected.length > 0) needs.onRejected(rejected);
  };

  /** What of each rig was read in this gap: of two readings of one moment the first counts, as it does live. */
  let pastSeen = new Map<string, Seen>();
  const isNew = ({ rig, boot, seq, deviceTs }: Reading): boolean => {
    const seen = pastSeen.get(rig) ?? nothingSeen();
    pastSeen.set(rig, seen);
    return note(seen, boot, seq, deviceTs);
  };

  /** The others' names and aliases as they are known now; what they told in the gap is told by the gap itself. */
  let past = noForeign();
  const startPast = (): void => {
    const known = needs.foreign?.();
    past = noForeign();
    pastSeen = new Map();
    if (known === undefined) return;
    past.mappings.push(...known.mappings);
    for (const [name, edge] of structuredClone(known.edges)) {
      for (const device of Object.values(edge.devices)) device.lastTs = 0;
      past.edges.set(name, edge);
    }
  };

  const addEntry = (rows: RowSet, entry: Entry): void => {
    if (entry.topic.startsWith("$")) return;
    const whole: Parsed = isOwn(entry.topic)
      ? parse(entry, needs.site, needs.gateways?.())
      : { kind: "batch", parts: parseForeign(entry, needs.site, past, []).map((parsed) => ({ topic: entry.topic, parsed })) };
    if (whole.kind === "energy") addEnergy(rows, whole.energy);
    for (const parsed of whole.kind === "batch" ? whole.parts.map((part) => part.parsed) : [whole])
      if (parsed.kind === "reading" && isNew(parsed.reading))
        addReading(rows, parsed.reading, parsed.reading.rig, needs.modelOf(parsed.reading.rig));
  };

  /** Writes one batch of the gap; the reader stays open between batches. */
  const closeGap = async (): Promise<void> => {
    if (gapReader === null) startPast();
    gapReader ??= needs.read(stored + 1)[Symbol.asyncIterator]();
    const rows = noRows();
    let upTo = stored;
    while (countOf(rows) < CATCH_UP_ROWS && upTo < liveFrom - 1) {
      const next = await gapReader.next();
      if (next.done === true) {
        // Nothing more is there although the gap is not closed: those entries are lost to damage, which the journal reports.
        upTo = liveFrom - 1;
        break;
      }
      storedTs = next.value.at(-1)?.receivedTs ?? storedTs;
      for (const entry of next.value) if (entry.pos > stored && entry.pos < liveFrom) addEntry(rows, entry);
      upTo = Math.max(upTo, next.value.at(-1)?.pos ?? upTo);
    }
    upTo = Math.min(upTo, liveFrom - 1);
    await send(rows, upTo);
    stored = upTo;
    if (stored < liveFrom - 1) return;
    gapReader = null;
    pastSeen = new Map();
  };

  const flushLive = async (): Promise<void> => {
    if (liveTo < liveFrom) return;
    const rows = live;
    const from = liveFrom;
    const upTo = liveTo;
    const upToTs = liveToTs;
    live = spare;
    const closed = stored >= from - 1;
    try {
      await send(rows, closed ? upTo : stored);
    } catch (error) {
      // They are in the journal: the gap grows over them.
      liveFrom = liveTo + 1;
      gapReader = null;
      throw error;
    } finally {
      spare = emptied(rows);
    }
    if (closed) {
      stored = upTo;
      storedTs = upToTs;
      // Rows may have been dropped meanwhile: then a gap is left.
      liveFrom = Math.max(liveFrom, upTo + 1);
    }
  };

  /** Journal time of a position, of the first where it is 0; null for an empty journal. */
  const timeAt = async (pos: number): Promise<number | null> => {
    for await (const entries of needs.read(Math.max(1, pos))) return entries[0]?.receivedTs ?? null;
    return null;
  };

  /**
   * The store's position. One beyond the journal is of a journal that lost its end or is another one: new entries must not have positions
   * up to it, or they would pass for stored.
   */
  const askStore = async (): Promise<number> => {
    const told = await needs.cursor();
    if (told > needs.headPos()) needs.raise(told);
    return told;
  };

  const findStored = async (): Promise<void> => {
    stored = Math.min(await askStore(), headAtStart);
    storedTs = await timeAt(stored);
  };

  /** Where the store stands after it was away; further back than it was where its data are gone. */
  const askAgain = async (): Promise<void> => {
    const told = await askStore();
    if (told >= stored) return;
    stored = told;
    storedTs = await timeAt(told);
    gapReader = null;
  };

  const work = async (): Promise<void> => {
    if (busy || isWaiting(needs.clock.now(), retryAtTs, RETRY_MS)) return;
    busy = true;
    try {
      if (away !== null) await askAgain();
      await flushLive();
      const untilTs = needs.clock.now() + WRITE_MS / 2;
      while (stored < liveFrom - 1 && needs.clock.now() < untilTs) await closeGap();
      say(null);
    } catch (error) {
      gapReader = null;
      retryAtTs = needs.clock.now() + RETRY_MS;
      say(error instanceof Refused ? error.detail : String(error));
    } finally {
      busy = false;
    }
  };

  return {
    /** Where the rows of the next batch are put. */
    rows: (): RowSet => live,
    /** Takes a folded batch, whose rows stand in `rows()`. */
    take(batch: { readonly firstPos: number; readonly lastPos: number }): void {
      if (liveTo < liveFrom && stored >= liveFrom - 1) liveFrom = Math.min(batch.firstPos, liveFrom);
      liveTo = batch.lastPos;
      liveToTs = needs.clock.now();
      const count = countOf(live);
      if (count > FULL_ROWS && stored >= 0) void work();
      if (count <= most) return;
      live = noRows();
      liveFrom = liveTo + 1;
      gapReader = null;
    },
    /** Finds out where the store stands; everything after it, up to the head now, is a gap. */
    async start(): Promise<void> {
      headAtStart = needs.headPos();
      try {
        await findStored();
      } catch (error) {
        say(error instanceof Refused ? error.detail : String(error));
        stored = -1;
        storedTs = needs.clock.now();
      }
      liveFrom = needs.headPos() + 1;
      liveTo = needs.headPos();
      stopWork = needs.clock.every(WRITE_MS, async () => {
        if (stored < 0) {
          await findStored().catch(() => undefined);
          if (stored < 0) return;
        }
        await work();
      });
    },
    storedPos: (): number => Math.max(0, stored),
    /** Journal time up to which the store lacks nothing while it is catching up; null when it keeps up. */
    behindTs: (): number | null => (stored >= liveFrom - 1 ? null : storedTs),
    away: (): string | null => away,
    /** Writes what is left, once. */
    async stop(): Promise<void> {
      stopWork();
      retryAtTs = 0;
      if (stored >= 0) await work();
    },
  };
};
