/**
 * Rows to the series store, at the store's pace. While it keeps up, rows come straight from the fold, in batches of a second.
 * When it was away, what it missed is read again from the journal, behind the live rows, until the gap is closed: once the last hour,
 * which is looked at, then all of it from the oldest on. The cursor, kept with the data, is the position up to which the store lacks nothing: a kill
 * at any moment costs a repetition, never a row.
 * It is asked for again after every outage: a database that was lost or put back from a copy is filled from the journal.
 */
import { Refused } from "../twin/refusal.ts";
import { countOf, emptied, noRows } from "../twin/rows.ts";
import type { RejectedPoint, RowSet, SeriesBatch } from "../twin/series.ts";
import { isWaiting } from "../twin/wait.ts";
import type { Clock } from "./clock.ts";
import { createReread, type RereadNeeds } from "./reread.ts";

export interface SeriesNeeds extends RereadNeeds {
  readonly clock: Clock;
  readonly write: (batch: SeriesBatch) => Promise<readonly RejectedPoint[]>;
  readonly cursor: () => Promise<number>;
  /** Takes the store's position back. */
  readonly rewind: (upTo: number) => Promise<void>;
  readonly headPos: () => number;
  /** Position at or before the first entry of a time; nothing is put first where it is not given. */
  readonly positionAt?: (ts: number) => Promise<number>;
  readonly onRejected: (points: readonly RejectedPoint[]) => void;
  readonly onHealth: (away: string | null) => void;
  /** Live rows that may wait in memory; beyond, they are read from the journal later. */
  readonly mostRows?: number;
  /** Of a gap, what is not older than this comes first, ms; an hour. */
  readonly freshMs?: number;
}

const WRITE_MS = 1_000;
const RETRY_MS = 2_000;
/** About 150 bytes each. */
const MOST_ROWS = 400_000;
/** So many are written at once, without waiting for the second to be over … */
const FULL_ROWS = 20_000;
/** … and so is the last of such a burst, when nothing has come for so long. */
const PAUSE_MS = 50;
/** Rows of one catch-up write; small enough that live rows are not kept waiting behind it. */
const CATCH_UP_ROWS = 5_000;
const FRESH_MS = 3_600_000;
/** The last part of a gap is put first again not before so long: where a store comes and goes, the gap is closed from the oldest on, of which the cursor keeps what is done. */
const FRESH_AGAIN_MS = 3_600_000;

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
  /** Rows up to here were sent as live ones. */
  let sentTo = 0;
  /** How far the gap's last part is written before all of it is; null where it is not, or is done. */
  let freshTo: number | null = null;
  let freshNotBeforeTs = 0;
  let retryAtTs = 0;
  let away: string | null = null;
  let working: Promise<void> | null = null;
  const stops: (() => void)[] = [];
  /** Rows have come faster than a second's, and what is left of them waits. */
  let isBurst = false;
  /** Something came since it was looked at last. */
  let hasCome = false;
  const reread = createReread(needs);

  const say = (now: string | null): void => {
    if (now !== away) needs.onHealth(now);
    away = now;
  };

  const send = async (rows: RowSet, upTo: number): Promise<void> => {
    const rejected = await needs.write({ rows, upTo, after: stored });
    if (rejected.length > 0) needs.onRejected(rejected);
  };

  /** Rows of some entries from `fromPos` on, up to the position and time of the last; null where live rows were dropped meanwhile, and the gap has grown. */
  const nextOfGap = async (fromPos: number, lastPos: number): Promise<{ rows: RowSet; upTo: number; ts: number | null } | null> => {
    const rows = noRows();
    let upTo = fromPos - 1;
    let ts: number | null = null;
    while (countOf(rows) < CATCH_UP_ROWS && upTo < lastPos) {
      const read = await reread.next(rows, fromPos, lastPos + 1);
      if (read === "closed") return null;
      // Nothing more is there although the gap is not closed: those entries are lost to damage, which the journal reports.
      if (read === "at its end") return { rows, upTo: lastPos, ts };
      if (read.pos >= fromPos) ts = read.ts;
      upTo = Math.max(upTo, read.pos);
    }
    return { rows, upTo: Math.min(upTo, lastPos), ts };
  };

  /** Where the gap is longer than the last hour, that hour is put first. */
  const putFreshFirst = async (): Promise<void> => {
    const nowTs = needs.clock.now();
    if (freshTo !== null || needs.positionAt === undefined || isWaiting(nowTs, freshNotBeforeTs, FRESH_AGAIN_MS)) return;
    freshNotBeforeTs = nowTs + FRESH_AGAIN_MS;
    const from = await needs.positionAt(nowTs - (needs.freshMs ?? FRESH_MS));
    if (from <= stored + 1 || from >= liveFrom) return;
    freshTo = from - 1;
    reread.close();
  };

  /**
   * Writes one batch of the gap. What came first is written once more with the rest: what that says, of mappings and by devices of one value a
   * message, may lie further back than is read before a first row.
   */
  const closeGap = async (): Promise<void> => {
    await putFreshFirst();
    const end = liveFrom - 1;
    const batch = await nextOfGap((freshTo ?? stored) + 1, end);
    if (batch === null) return;
    const isDone = batch.upTo >= end;
    await send(batch.rows, freshTo === null ? batch.upTo : stored);
    if (freshTo === null) {
      stored = batch.upTo;
      storedTs = batch.ts ?? storedTs;
    } else freshTo = isDone ? null : batch.upTo;
    if (isDone) reread.close();
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
      reread.close();
      throw error;
    } finally {
      spare = emptied(rows);
    }
    sentTo = upTo;
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

  /** Where the store stands at the start. Beyond the journal, as where a copy of that was put back, new entries would pass for stored. */
  const findStored = async (): Promise<void> => {
    const told = await needs.cursor();
    if (told > headAtStart) await needs.rewind(headAtStart);
    stored = Math.min(told, headAtStart);
    storedTs = await timeAt(stored);
  };

  /** Where it stands after it was away; further back than it was where its data are gone. */
  const askAgain = async (): Promise<void> => {
    const told = await needs.cursor();
    if (told > needs.headPos()) await needs.rewind(stored);
    if (told >= stored) return;
    stored = told;
    storedTs = await timeAt(told);
    reread.close();
  };

  const round = async (): Promise<void> => {
    try {
      if (away !== null) await askAgain();
      await flushLive();
      const untilTs = needs.clock.now() + WRITE_MS / 2;
      while (stored < liveFrom - 1 && isWaiting(needs.clock.now(), untilTs, WRITE_MS / 2)) await closeGap();
      say(null);
    } catch (error) {
      // The store may be an older one when it is back: the gap grows over the live rows that were sent before it was closed.
      freshTo = null;
      liveFrom = Math.max(liveFrom, sentTo + 1);
      reread.close();
      retryAtTs = needs.clock.now() + RETRY_MS;
      say(error instanceof Refused ? error.detail : String(error));
    }
  };
  const work = (): Promise<void> => {
    if (working !== null || isWaiting(needs.clock.now(), retryAtTs, RETRY_MS)) return Promise.resolve();
    working = round().finally(() => {
      working = null;
    });
    return working;
  };

  return {
    /** Where the rows of the next batch are put. */
    rows: (): RowSet => live,
    /** Takes a folded batch, whose rows stand in `rows()`. */
    take(batch: { readonly firstPos: number; readonly lastPos: number }): void {
      if (liveTo < liveFrom && stored >= liveFrom - 1) liveFrom = Math.min(batch.firstPos, liveFrom);
      liveTo = batch.lastPos;
      liveToTs = needs.clock.now();
      hasCome = true;
      const count = countOf(live);
      if (count > FULL_ROWS && stored >= 0) {
        isBurst = true;
        void work();
      }
      if (count <= most) return;
      live = noRows();
      liveFrom = liveTo + 1;
      reread.close();
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
      stops.push(
        needs.clock.every(WRITE_MS, async () => {
          if (stored < 0) {
            await findStored().catch(() => undefined);
            if (stored < 0) return;
          }
          await work();
        }),
        needs.clock.every(PAUSE_MS, async () => {
          const isOver = isBurst && !hasCome;
          hasCome = false;
          if (!isOver || working !== null) return;
          isBurst = false;
          await work();
        }),
      );
    },
    storedPos: (): number => Math.max(0, stored),
    /** Journal time up to which the store lacks nothing while it is catching up; null when it keeps up. */
    behindTs: (): number | null => (stored >= liveFrom - 1 ? null : storedTs),
    /** Journal time before which the store lacks nothing: Infinity while it keeps up, 0 while it has not told where it stands. */
    storedTs: (): number => (stored < 0 ? 0 : stored >= liveFrom - 1 ? Infinity : (storedTs ?? 0)),
    away: (): string | null => away,
    /** Writes what is left, once, behind what is being written. */
    async stop(): Promise<void> {
      for (const stop of stops.splice(0)) stop();
      await working;
      retryAtTs = 0;
      if (stored >= 0) await work();
    },
  };
};
