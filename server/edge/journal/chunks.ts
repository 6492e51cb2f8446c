/** The journal's older part: compressed chunks in SQLite, each hashed onto the one before. */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { deflateRaw, inflateRawSync } from "node:zlib";
import Database from "libsql";

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

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS chunk (
    first_pos INTEGER PRIMARY KEY, count INTEGER NOT NULL, first_ts INTEGER NOT NULL, last_ts INTEGER NOT NULL,
    prev_hash BLOB NOT NULL, hash BLOB NOT NULL, body BLOB NOT NULL);
  CREATE INDEX IF NOT EXISTS chunk_time ON chunk (last_ts);
  CREATE TABLE IF NOT EXISTS damaged (first_pos INTEGER PRIMARY KEY, count INTEGER NOT NULL, reason TEXT NOT NULL);
`;

const codeOf = (cause: unknown): string => String((cause as { code?: unknown }).code);
/** Whether SQLite could not read a page, or not make sense of it. */
const isBroken = (cause: unknown): boolean => /^SQLITE_(CORRUPT|IOERR)/.test(codeOf(cause));

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
  const asked = (sql: string) => ({ get: (pos: number): unknown => db.prepare(sql).get(pos) });
  const insert = db.prepare("INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?)");
  const newest = db.prepare("SELECT first_pos, count, first_ts, last_ts, hash FROM chunk ORDER BY first_pos DESC LIMIT 1");
  const holding = asked("SELECT * FROM chunk WHERE first_pos <= ? ORDER BY first_pos DESC LIMIT 1");
  const after = asked("SELECT first_pos FROM chunk WHERE first_pos > ? ORDER BY first_pos LIMIT 1");
  const before = asked("SELECT first_pos, count, hash FROM chunk WHERE first_pos < ? ORDER BY first_pos DESC LIMIT 1");
  const place = asked("SELECT first_pos, count FROM chunk WHERE first_pos <= ? ORDER BY first_pos DESC LIMIT 1");
  const atTime = db.prepare("SELECT first_pos FROM chunk WHERE last_ts >= ? ORDER BY last_ts LIMIT 1");
  const named = db.prepare("SELECT first_pos FROM chunk INDEXED BY chunk_time WHERE first_pos > ? ORDER BY first_pos");
  const setAside = db.prepare("INSERT OR IGNORE INTO damaged VALUES (?, ?, ?)");
  const damagedRows = db.prepare("SELECT first_pos, count, reason FROM damaged ORDER BY first_pos");
  const oldest = db.prepare("SELECT first_pos, first_ts FROM chunk ORDER BY first_pos LIMIT 1");
  const lengthAfter = db.prepare(
    "SELECT first_pos, last_ts, length(body) AS bytes FROM chunk WHERE first_pos > ? ORDER BY first_pos LIMIT 1",
  );
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
  const last = (): ChunkInfo | null => {
    const row = newest.get() as Row | undefined;
    return row === undefined ? null : infoOf(row);
  };

  const note = (firstPos: number, count: number, reason: string): void => {
    try {
      setAside.run(firstPos, count, reason);
    } catch {
      // A full disk must not end the reading; the next round of checking finds it again.
    }
  };
  /** Whether these very bytes are a chunk, or were one that has been pruned. */
  const hasAlready = (firstPos: number, count: number, raw: Buffer): boolean => {
    const row = holding.get(firstPos) as Row | undefined;
    if (row === undefined) return firstPos + count <= ((oldest.get() as { first_pos: number } | undefined)?.first_pos ?? 0);
    return row.first_pos === firstPos && row.count === count && inflated(row.body)?.equals(raw) === true;
  };

  const beforeOf = (pos: number): { first_pos: number; count: number; hash: Buffer } | undefined => {
    try {
      return before.get(pos) as { first_pos: number; count: number; hash: Buffer } | undefined;
    } catch (cause) {
      if (isBroken(cause)) return undefined;
      throw cause;
    }
  };
  const readable = (pos: number): (ChunkInfo & { raw: Buffer | null }) | null => {
    let row = holding.get(pos) as Row | undefined;
    if (row === undefined || row.first_pos + row.count <= pos) {
      const next = after.get(pos) as { first_pos: number } | undefined;
      if (next === undefined) return null;
      row = holding.get(next.first_pos) as Row;
    }
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
      !Buffer.from(previous.hash).equals(Buffer.from(row.prev_hash))
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
  /** The index by time names every chunk on pages of its own: with it what lies behind broken pages is found. */
  const unreadable = (pos: number, cause: unknown): ChunkInfo & { raw: null } => {
    if (!isBroken(cause)) throw cause;
    for (const { first_pos: next } of named.iterate(pos) as Iterable<{ first_pos: number }>) {
      try {
        place.get(next);
        holding.get(next);
      } catch (other) {
        if (isBroken(other)) continue;
        throw other;
      }
      note(pos, next - pos, `its page cannot be read (${codeOf(cause)})`);
      return { firstPos: pos, count: next - pos, firstTs: 0, lastTs: 0, hash: GENESIS, raw: null };
    }
    throw cause;
  };

  return {
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
      insert.run(firstPos, count, Math.floor(firstTs), Math.floor(lastTs), prev, hashOf(prev, firstPos, count, raw), body);
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
        return readable(pos);
      } catch (cause) {
        return unreadable(pos, cause);
      }
    },
    /** First position of the chunk that `read` would give. */
    nextFrom(pos: number): number | null {
      const row = place.get(pos) as { first_pos: number; count: number } | undefined;
      if (row !== undefined && row.first_pos + row.count > pos) return row.first_pos;
      return (after.get(pos) as { first_pos: number } | undefined)?.first_pos ?? null;
    },
    /** First position of the first chunk whose newest entry is not older than `ts`. */
    positionAt: (ts: number): number | null => (atTime.get(ts) as { first_pos: number } | undefined)?.first_pos ?? null,
    oldest: (): { firstPos: number; firstTs: number } | null => {
      const row = oldest.get() as { first_pos: number; first_ts: number } | undefined;
      return row === undefined ? null : { firstPos: row.first_pos, firstTs: row.first_ts };
    },
    damaged: (): Damage[] =>
      (damagedRows.all() as { first_pos: number; count: number; reason: string }[]).map((row) => ({
        firstPos: row.first_pos,
        count: row.count,
        reason: row.reason,
      })),
    /**
     * Time up to which chunks would have to go, oldest first, so that `bytes` are freed; null where none need to. Looks at no more chunks
     * than would go, and at their lengths only.
     */
    endOfOldest(bytes: number): number | null {
      let freed = 0;
      let endTs: number | null = null;
      for (let pos = -1; freed < bytes;) {
        const row = lengthAfter.get(pos) as { first_pos: number; last_ts: number; bytes: number } | undefined;
        if (row === undefined) break;
        freed += row.bytes;
        endTs = row.last_ts;
        pos = row.first_pos;
      }
      return endTs;
    },
    /** Deletes whole chunks that end before `pos`. */
    prune(pos: number): number {
      return db.prepare("DELETE FROM chunk WHERE first_pos + count <= ? AND first_pos < (SELECT max(first_pos) FROM chunk)").run(pos)
        .changes;
    },
    /** Of the pages in use; what chunks that were dropped have left in the file is written over. */
    bytes: (): number => (size.get() as { bytes: number }).bytes,
    close: (): void => {
      db.close();
    },
  };
};
