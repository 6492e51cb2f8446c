/** The journal's older part: compressed chunks in SQLite, each hashed onto the one before. */
import { createHash, randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { deflateRaw, inflateRawSync } from "node:zlib";
import Database from "libsql";
import { remakeIndex } from "./remade.ts";

export interface ChunkInfo {
  readonly firstPos: number;
  readonly count: number;
  readonly firstTs: number;
  readonly lastTs: number;
  readonly hash: Buffer;
}
export interface Damage {
  readonly firstPos: number;
  readonly count: number;
  readonly reason: string;
}
interface Place {
  first_pos: number;
  count: number;
}
interface Row {
  first_pos: number;
  count: number;
  first_ts: number;
  last_ts: number;
  prev_hash: Buffer;
  hash: Buffer;
  body: Buffer;
}

/** Readings of one farm repeat themselves: higher levels cost twice the time for a tenth of the bytes. */
const CHUNK_LEVEL = 3;
const GENESIS = Buffer.alloc(32);
const deflate = promisify(deflateRaw) as (data: Buffer, options: { level: number }) => Promise<Buffer>;

/** What a chunk is hashed to: onto the one before it. */
export const hashOf = (prev: Buffer, firstPos: number, count: number, raw: Buffer): Buffer =>
  createHash("sha256").update(prev).update(`${firstPos}:${count}:`).update(raw).digest();

const TIME_INDEX = "CREATE INDEX IF NOT EXISTS chunk_time ON chunk (last_ts)";
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS chunk (
    first_pos INTEGER PRIMARY KEY, count INTEGER NOT NULL, first_ts INTEGER NOT NULL, last_ts INTEGER NOT NULL,
    prev_hash BLOB NOT NULL, hash BLOB NOT NULL, body BLOB NOT NULL);
  ${TIME_INDEX};
  CREATE TABLE IF NOT EXISTS damaged (first_pos INTEGER PRIMARY KEY, count INTEGER NOT NULL, reason TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS origin (id TEXT NOT NULL);
`;

const codeOf = (cause: unknown): string => String((cause as { code?: unknown }).code);
/** Whether SQLite could not read a page, or not make sense of it. */
const isBroken = (cause: unknown): boolean => /^SQLITE_(CORRUPT|IOERR)/.test(codeOf(cause));
/** What `ask` gives, or `otherwise` where it meets a broken page. */
const unlessBroken = <T, U>(ask: () => T, otherwise: () => U): T | U => {
  try {
    return ask();
  } catch (cause) {
    if (isBroken(cause)) return otherwise();
    throw cause;
  }
};

const inflated = (body: Buffer): Buffer | null => {
  try {
    return inflateRawSync(body);
  } catch {
    return null;
  }
};

export type ChunkStore = ReturnType<typeof openChunks>;

/** Opens the chunk store at `path`. Every commit is durable (WAL, synchronous FULL). */
export const openChunks = (path: string) => {
  const db = new Database(path);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.exec(SCHEMA);
  /** Prepared anew each time: one that has met a broken page gives that error for whatever it is asked from then on. */
  const asked = (sql: string) => ({
    get: (...bound: number[]): unknown => db.prepare(sql).get(...bound),
    all: (...bound: number[]): unknown[] => db.prepare(sql).all(...bound),
    iterate: (...bound: number[]): Iterable<unknown> => db.prepare(sql).iterate(...bound) as Iterable<unknown>,
  });
  const newest = asked("SELECT first_pos, count, first_ts, last_ts, hash FROM chunk ORDER BY first_pos DESC LIMIT 1");
  const whole = asked("SELECT * FROM chunk WHERE first_pos = ?");
  const after = asked("SELECT first_pos, count FROM chunk WHERE first_pos > ? ORDER BY first_pos LIMIT 1");
  const before = asked("SELECT first_pos, count, hash FROM chunk WHERE first_pos < ? ORDER BY first_pos DESC LIMIT 1");
  const place = asked("SELECT first_pos, count FROM chunk WHERE first_pos <= ? ORDER BY first_pos DESC LIMIT 1");
  const atTime = asked("SELECT first_pos FROM chunk WHERE last_ts >= ? ORDER BY last_ts LIMIT 1");
  // The index by time names every chunk on pages of its own: with it what lies behind broken pages of the table is found.
  const named = asked("SELECT first_pos FROM chunk INDEXED BY chunk_time WHERE first_pos > ? ORDER BY first_pos");
  const nextNamed = asked("SELECT first_pos, last_ts FROM chunk INDEXED BY chunk_time WHERE first_pos > ? ORDER BY first_pos LIMIT 1");
  const lastNamed = asked("SELECT first_pos, last_ts FROM chunk INDEXED BY chunk_time ORDER BY first_pos DESC LIMIT 1");
  const damagedRows = asked("SELECT first_pos, count, reason FROM damaged ORDER BY first_pos");
  const first = asked("SELECT first_pos, first_ts FROM chunk ORDER BY first_pos LIMIT 1");
  const lengthAfter = asked("SELECT first_pos, last_ts, length(body) AS bytes FROM chunk WHERE first_pos > ? ORDER BY first_pos LIMIT 1");
  const size = db.prepare(
    "SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()",
  );

  const infoOf = (row: Row): ChunkInfo => ({
    firstPos: row.first_pos,
    count: row.count,
    firstTs: row.first_ts,
    lastTs: row.last_ts,
    hash: Buffer.from(row.hash),
  });
  const last = (): ChunkInfo | null =>
    unlessBroken(
      () => {
        const row = newest.get() as Row | undefined;
        return row === undefined ? null : infoOf(row);
      },
      () => {
        // How many entries it has is not known; the tail's file begins behind them.
        const { first_pos: firstPos, last_ts: ts } = lastNamed.get() as { first_pos: number; last_ts: number };
        return { firstPos, count: 1, firstTs: ts, lastTs: ts, hash: GENESIS };
      },
    );
  const oldest = (): { firstPos: number; firstTs: number } | null => {
    const row = unlessBroken(
      () => first.get() as { first_pos: number; first_ts: number } | undefined,
      () => {
        const { first_pos, last_ts } = nextNamed.get(-1) as { first_pos: number; last_ts: number };
        return { first_pos, first_ts: last_ts };
      },
    );
    return row === undefined ? null : { firstPos: row.first_pos, firstTs: row.first_ts };
  };

  /** Damage that the list on disk has no room for, or that stands on a page that is broken itself. */
  const unlisted = new Map<number, Damage>();
  const note = (firstPos: number, count: number, reason: string): void => {
    try {
      db.prepare("INSERT OR IGNORE INTO damaged VALUES (?, ?, ?)").run(firstPos, count, reason);
    } catch {
      // It must not end the reading.
      unlisted.set(firstPos, { firstPos, count, reason });
    }
  };
  const damaged = (): Damage[] => {
    const rows = unlessBroken(
      () => damagedRows.all() as { first_pos: number; count: number; reason: string }[],
      () => [],
    );
    const listed = rows.map((row) => ({ firstPos: row.first_pos, count: row.count, reason: row.reason }));
    const isListed = new Set(listed.map(({ firstPos }) => firstPos));
    const more = [...unlisted.values()].filter(({ firstPos }) => !isListed.has(firstPos));
    return more.length === 0 ? listed : [...listed, ...more].toSorted((a, b) => a.firstPos - b.firstPos);
  };

  let isRemade = false;
  /** What `ask` gives, where it needs the index: what that had on broken pages can be made of the table; once, for it reads all of that. */
  const withIndex = <T>(ask: () => T): T => {
    try {
      return ask();
    } catch (cause) {
      if (!isBroken(cause) || isRemade) throw cause;
      isRemade = true;
      try {
        remakeIndex(db, "chunk_time", TIME_INDEX);
      } catch {
        throw cause;
      }
      return ask();
    }
  };
  /** Whether these very bytes are a chunk, or were one that has been pruned. */
  const hasAlready = (firstPos: number, count: number, raw: Buffer): boolean => {
    if (place.get(firstPos) === undefined) return firstPos + count <= (oldest()?.firstPos ?? 0);
    const row = whole.get(firstPos) as Row | undefined;
    return row?.count === count && inflated(row.body)?.equals(raw) === true;
  };

  const beforeOf = (pos: number): { first_pos: number; count: number; hash: Buffer } | undefined =>
    unlessBroken(
      () => before.get(pos) as { first_pos: number; count: number; hash: Buffer } | undefined,
      () => undefined,
    );

  /** Whether a chunk's bytes can be read and are what they were hashed from. */
  const isSound = (firstPos: number): boolean =>
    unlessBroken(
      () => {
        const row = whole.get(firstPos) as Row | undefined;
        const raw = row === undefined ? null : inflated(row.body);
        return (
          row !== undefined && raw !== null && hashOf(Buffer.from(row.prev_hash), firstPos, row.count, raw).equals(Buffer.from(row.hash))
        );
      },
      () => false,
    );

  const readable = (pos: number): (ChunkInfo & { raw: Buffer | null }) | null => {
    let at = place.get(pos) as Place | undefined;
    if (at === undefined || at.first_pos + at.count <= pos) at = after.get(pos) as Place | undefined;
    if (at === undefined) return null;
    const row = whole.get(at.first_pos) as Row;
    const info = infoOf(row);
    const previous = beforeOf(info.firstPos);
    let raw = inflated(row.body);
    let reason = "its body cannot be decompressed";
    if (raw !== null && !hashOf(Buffer.from(row.prev_hash), info.firstPos, info.count, raw).equals(info.hash)) {
      raw = null;
      reason = "its bytes do not fit its hash";
    }
    if (
      raw !== null &&
      previous !== undefined &&
      previous.first_pos + previous.count === info.firstPos &&
      !Buffer.from(previous.hash).equals(Buffer.from(row.prev_hash)) &&
      // One that is damaged says nothing about those behind it.
      isSound(previous.first_pos)
    ) {
      reason = "it does not follow the chunk before it";
      raw = null;
    }
    if (raw === null) note(info.firstPos, info.count, reason);
    if (previous !== undefined) {
      const lost = info.firstPos - previous.first_pos - previous.count;
      if (lost > 0) note(previous.first_pos + previous.count, lost, "lost between two chunks");
    }
    return { ...info, raw };
  };

  const placeAt = (pos: number): Place | undefined =>
    unlessBroken(
      () => place.get(pos) as Place | undefined,
      () => undefined,
    );
  /** What cannot be read from `pos` on, up to what can be; null where nothing is left behind it. */
  const unreadable = (pos: number, cause: unknown): (ChunkInfo & { raw: null }) | null => {
    const lost = (firstPos: number, count: number): ChunkInfo & { raw: null } => {
      note(firstPos, count, `its page cannot be read (${codeOf(cause)})`);
      return { firstPos, count, firstTs: 0, lastTs: 0, hash: GENESIS, raw: null };
    };
    const at = placeAt(pos);
    if (at !== undefined && at.first_pos + at.count > pos) return lost(at.first_pos, at.count);
    let newest = pos - 1;
    for (const { first_pos: next } of named.iterate(pos - 1) as Iterable<{ first_pos: number }>) {
      if (next > pos && placeAt(next) !== undefined) return lost(pos, next - pos);
      newest = next;
    }
    return newest < pos ? null : lost(pos, newest - pos + 1);
  };

  /** Names this journal among others, from its first opening on; another one each time where that cannot be read. */
  const id = unlessBroken(() => {
    db.prepare("INSERT INTO origin SELECT ? WHERE NOT EXISTS (SELECT 1 FROM origin)").run(randomUUID());
    return (db.prepare("SELECT id FROM origin").get() as { id: string }).id;
  }, randomUUID);

  return {
    id,
    last,
    /**
     * Adds the chunk that follows the last one. True where it can be read from here afterwards, which is so too for one that was here
     * before (a kill between commit and clean-up); false where its place is taken by others, and nothing is added. Compressed in the
     * thread pool: a megabyte takes longer than a group commit.
     */
    async add(firstPos: number, count: number, firstTs: number, lastTs: number, raw: Buffer): Promise<boolean> {
      const body = await deflate(raw, { level: CHUNK_LEVEL });
      // From here on in one turn: nothing is added between the look at the last chunk and the one that is hashed onto it.
      const previous = last();
      if (previous !== null && firstPos < previous.firstPos + previous.count) return hasAlready(firstPos, count, raw);
      const prev = previous?.hash ?? GENESIS;
      const row = [firstPos, count, Math.floor(firstTs), Math.floor(lastTs), prev, hashOf(prev, firstPos, count, raw), body];
      withIndex(() => db.prepare("INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?)").run(...row));
      return true;
    },
    /** Enters entries in the list of damage. */
    lose: note,
    /**
     * The chunk that holds `pos` or, where none does, the next one; null behind the last. A chunk which does not fit its own hash or the
     * chunk before it is entered in the list of damage and given back without `raw`; so is what is missing before it, and so are those on
     * pages of the file that cannot be read.
     */
    read(pos: number): (ChunkInfo & { raw: Buffer | null }) | null {
      try {
        // Once more: a disk may fail to read once.
        return unlessBroken(
          () => readable(pos),
          () => readable(pos),
        );
      } catch (cause) {
        if (!isBroken(cause)) throw cause;
        return unreadable(pos, cause);
      }
    },
    /** First position of the chunk that `read` would give. */
    nextFrom(pos: number): number | null {
      const row = placeAt(pos);
      if (row !== undefined && row.first_pos + row.count > pos) return row.first_pos;
      const next = unlessBroken(
        () => after.get(pos),
        () => nextNamed.get(pos),
      );
      return (next as { first_pos: number } | undefined)?.first_pos ?? null;
    },
    /** First position of the first chunk whose newest entry is not older than `ts`. */
    positionAt: (ts: number): number | null => withIndex(() => atTime.get(ts) as { first_pos: number } | undefined)?.first_pos ?? null,
    oldest,
    damaged,
    /**
     * Time up to which chunks would have to go, oldest first, so that `bytes` are freed; null where none need to. Looks at no more chunks
     * than would go, and at their lengths only.
     */
    endOfOldest(bytes: number): number | null {
      let freed = 0;
      let endTs: number | null = null;
      for (let pos = -1; freed < bytes;) {
        const at = pos;
        // One whose length cannot be read is passed over as if it took nothing.
        const row = unlessBroken(
          () => lengthAfter.get(at),
          () => {
            const next = nextNamed.get(at);
            return next === undefined ? undefined : { ...next, bytes: 0 };
          },
        ) as { first_pos: number; last_ts: number; bytes: number } | undefined;
        if (row === undefined) break;
        freed += row.bytes;
        endTs = row.last_ts;
        pos = row.first_pos;
      }
      return endTs;
    },
    /** Deletes whole chunks that end before `pos`; what stands on broken pages stays there. */
    prune(pos: number): number {
      return unlessBroken(
        () =>
          // The first condition is what follows from the second: with it only what goes is looked at.
          db
            .prepare("DELETE FROM chunk WHERE first_pos < ? AND first_pos + count <= ? AND first_pos < (SELECT max(first_pos) FROM chunk)")
            .run(pos, pos).changes,
        () => {
          let deleted = 0;
          const names = (named.all(-1) as { first_pos: number }[]).slice(0, -1).map((row) => row.first_pos);
          for (const name of names) {
            const at = placeAt(name);
            if (at === undefined) continue;
            if (at.first_pos + at.count > pos) break;
            deleted += unlessBroken(
              () => db.prepare("DELETE FROM chunk WHERE first_pos = ?").run(name).changes,
              () => 0,
            );
          }
          return deleted;
        },
      );
    },
    /** Of the pages in use; what chunks that were dropped have left in the file is written over. */
    bytes: (): number => (size.get() as { bytes: number }).bytes,
    close: (): void => {
      db.close();
    },
  };
};
