/** Folded state beside the journal, so that a start reads only what came after. Losing it costs time, never data. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import type Database from "libsql";
import { DAY_MS } from "../../twin/days.ts";
import { bodyOf, openBodies } from "./bodies.ts";
import { deflated, deflatedPieces } from "./deflated.ts";
import { isUnreadable, openWal } from "./wal.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS snapshot (pos INTEGER PRIMARY KEY, ts INTEGER NOT NULL, sha256 BLOB NOT NULL, body BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS cells (pos INTEGER PRIMARY KEY, ts INTEGER NOT NULL, body BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS cursor (name TEXT PRIMARY KEY, pos INTEGER NOT NULL);
`;
/** Made with the first snapshot and not at the opening: a full disk keeps no file of an earlier version from being opened. */
const CELLS_FROM =
  "CREATE TABLE IF NOT EXISTS cells_from (day INTEGER, version INTEGER, pos INTEGER NOT NULL, PRIMARY KEY (day, version)) WITHOUT ROWID";
const KEEP_ALL_MS = 3_600_000;
const KEEP_HOURLY_MS = 7 * DAY_MS;
const HOUR_MS = 3_600_000;
/** Cells of the last days before a snapshot are read with it … */
const CELLS_MS = 4 * DAY_MS;
/** … and those from the first on that holds something of a day's version which is not sealed and on disk, however long ago that was. */
const CELLS = "FROM cells WHERE pos <= ? AND (ts >= ? OR pos >= (SELECT min(pos) FROM cells_from))";
/** A device's clock may be so far ahead: what it tells of a day can come before the day. */
const MOST_AHEAD_MS = 300_000;

/** libsql gives an ArrayBuffer where its typings say Buffer. */
type Blob = ArrayBuffer;
const inflated = (body: Blob | Buffer): string => inflateRawSync(body).toString("utf8");
const NOTHING = Buffer.alloc(0);

export interface Snapshot {
  readonly pos: number;
  readonly ts: number;
  readonly lines: string[];
}

/** A version of a day: days since 1970 UTC, and its number. */
export type DayVersion = readonly [day: number, version: number];

/**
 * The cells that belong to a snapshot, in the order they were taken, each read when it is asked for: those of weeks are more than should be in memory
 * at once. `db` is state.db, open.
 */
export const cellsOf = (db: Database.Database, { pos, ts }: { readonly pos: number; readonly ts: number }): Iterable<unknown> => {
  // A program before this one made no such table.
  const isNoted = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'cells_from'").get() !== undefined;
  const rows = (
    isNoted ? db.prepare(`SELECT pos ${CELLS} ORDER BY pos`) : db.prepare("SELECT pos FROM cells WHERE pos <= ? AND ts >= ? ORDER BY pos")
  ).all(pos, ts - CELLS_MS) as { pos: number }[];
  const bodyAt = db.prepare("SELECT body FROM cells WHERE pos = ?");
  return {
    *[Symbol.iterator]() {
      for (const row of rows) {
        const found = bodyAt.get(row.pos) as { body: Blob } | undefined;
        if (found !== undefined) yield JSON.parse(inflated(found.body)) as unknown;
      }
    },
  };
};

/** Null where it is gone, its bytes cannot be read, or do not fit their hash. */
const soundAt = (db: Database.Database, pos: number): { readonly ts: number; readonly body: Buffer } | null => {
  try {
    // Prepared anew: a statement of libsql's that once met a broken page finds every other broken as well.
    const row = db.prepare("SELECT ts, sha256, body FROM snapshot WHERE pos = ?").get(pos) as
      | { ts: number; sha256: Blob; body: Blob }
      | undefined;
    if (row === undefined) return null;
    const body = bodyOf(row.body, openBodies(db, "snapshot").of(pos));
    return createHash("sha256").update(body).digest().equals(Buffer.from(row.sha256)) ? { ts: row.ts, body } : null;
  } catch (error) {
    if (isUnreadable(error)) return null;
    throw error;
  }
};

/**
 * The newest snapshot whose time is not after `ts` (ms UTC) and whose bytes fit their hash, among the last five; null where none of them is sound.
 * `found`: the position of the last of them, null where there are none. `db` is state.db, open.
 */
export const newestSound = (db: Database.Database, ts: number): { readonly found: number | null; readonly sound: Snapshot | null } => {
  const last = db.prepare("SELECT pos FROM snapshot WHERE ts <= ? ORDER BY pos DESC LIMIT 5").all(Math.floor(ts)) as { pos: number }[];
  const found = last[0]?.pos ?? null;
  for (const { pos } of last) {
    const one = soundAt(db, pos);
    if (one === null) continue;
    const lines = inflated(one.body)
      .split("\n")
      .filter((line) => line.length > 0);
    return { found, sound: { pos, ts: one.ts, lines } };
  }
  return { found, sound: null };
};

export type SnapshotStore = ReturnType<typeof openSnapshots>;

/** Opens `state.db` in the data folder. */
export const openSnapshots = (folder: string) => {
  const db = openWal(join(folder, "state.db"), "FULL", SCHEMA);
  const bodies = openBodies(db, "snapshot");
  const put = db.prepare("INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?)");
  const putCells = db.prepare("INSERT OR REPLACE INTO cells VALUES (?, ?, ?)");
  const putCursor = db.prepare("INSERT OR REPLACE INTO cursor VALUES (?, ?)");
  const getCursor = db.prepare("SELECT pos FROM cursor WHERE name = ?");
  const head = db.prepare("SELECT max(pos) AS pos FROM snapshot");
  const headTs = db.prepare("SELECT ts FROM snapshot ORDER BY pos DESC LIMIT 1");
  const standsAt = db.prepare("SELECT 1 FROM snapshot WHERE pos = ?");
  const firstSince = db.prepare("SELECT min(pos) AS pos FROM cells WHERE ts >= ?");

  /** Notes from where on cells of the days are kept that are open now. What opens does so with the cells at `pos`, unless nothing was noted yet. */
  const noteOpen = (pos: number, open: readonly DayVersion[]): void => {
    const keyOf = (day: number, version: number): string => `${day}/${version}`;
    db.exec(CELLS_FROM);
    const noted = db.prepare("SELECT day, version FROM cells_from");
    const note = db.prepare("INSERT INTO cells_from VALUES (?, ?, ?)");
    const unnote = db.prepare("DELETE FROM cells_from WHERE day = ? AND version = ?");
    const before = (noted.all() as { day: number; version: number }[]).map(({ day, version }): DayVersion => [day, version]);
    const known = new Set(before.map(([day, version]) => keyOf(day, version)));
    const now = new Set(open.map(([day, version]) => keyOf(day, version)));
    for (const [day, version] of before) if (!now.has(keyOf(day, version))) unnote.run(day, version);
    for (const [day, version] of open) {
      if (known.has(keyOf(day, version))) continue;
      const since = version === 1 ? (firstSince.get(day * DAY_MS - MOST_AHEAD_MS) as { pos: number | null }).pos : null;
      note.run(day, version, since ?? pos);
    }
  };

  return {
    /**
     * Saves the snapshot (`texts`: see snapshotTexts) and the digest cells changed since the one before, both or none; `open`: the versions of days of
     * which there are cells and that are not on disk elsewhere.
     */
    async save(
      pos: number,
      ts: number,
      texts: Iterable<string>,
      cells: readonly unknown[],
      open: readonly DayVersion[] = [],
    ): Promise<void> {
      const keepCells = async (putRow: () => void): Promise<void> => {
        const cellBody = await deflated([JSON.stringify(cells)]);
        db.transaction(() => {
          putCells.run(pos, Math.floor(ts), cellBody);
          noteOpen(pos, open);
          putRow();
        })();
      };
      // As where only what came behind it failed. At one position the farm is always the same, and to write it again would be to have none until that is done.
      if (standsAt.get(pos) !== undefined && soundAt(db, pos) !== null) return keepCells(() => undefined);
      const hash = createHash("sha256");
      async function* hashed(): AsyncGenerator<Buffer> {
        for await (const piece of deflatedPieces(texts)) {
          hash.update(piece);
          yield piece;
        }
      }
      // What an earlier one left behind on a full disk may be the room that this one needs.
      bodies.tidy();
      await bodies.put(pos, hashed(), () => keepCells(() => put.run(pos, Math.floor(ts), hash.digest(), NOTHING)));
    },
    /** The bytes of the snapshot at `pos`, as they are kept. */
    piecesAt: (pos: number): Iterable<Buffer> => bodies.of(pos),
    /** Position of the newest snapshot; 0 where there is none. */
    newestPos: (): number => (head.get() as { pos: number | null }).pos ?? 0,
    /** Its time, ms UTC; 0 where there is none. */
    newestTs: (): number => (headTs.get() as { ts: number } | undefined)?.ts ?? 0,
    /**
     * The newest snapshot whose time is not after `ts` and whose bytes fit their hash, with the cells up to it; for a view without them. Null where
     * there is none; throws where there are some and the newest five are all damaged.
     */
    load(ts: number, forView = false): (Snapshot & { cells: Iterable<unknown> }) | null {
      const { found, sound } = newestSound(db, ts);
      if (sound !== null) return { ...sound, cells: forView ? [] : cellsOf(db, sound) };
      if (found !== null) throw new Error(`state.db: of the snapshots up to position ${found} none is sound`);
      return null;
    },
    /** Thins: all of the last hour, one an hour of the last week, none older. The newest always stays, and with it the cells that it needs. */
    thin(nowTs: number): void {
      db.exec(CELLS_FROM);
      db.prepare(
        `DELETE FROM snapshot WHERE pos < (SELECT max(pos) FROM snapshot) AND (ts < ? OR (ts < ? AND pos NOT IN
           (SELECT min(pos) FROM snapshot GROUP BY ts / ${HOUR_MS})))`,
      ).run(Math.floor(nowTs - KEEP_HOURLY_MS), Math.floor(nowTs - KEEP_ALL_MS));
      bodies.tidy();
      db.prepare("DELETE FROM cells WHERE ts < ? AND pos < coalesce((SELECT min(pos) FROM cells_from), pos + 1)").run(
        Math.floor(nowTs - KEEP_HOURLY_MS - CELLS_MS),
      );
    },
    /** Journal position up to which a reader has got, 0 where it has not begun. */
    cursor: (name: string): number => (getCursor.get(name) as { pos: number } | undefined)?.pos ?? 0,
    setCursor(name: string, pos: number): void {
      putCursor.run(name, pos);
    },
    close: (): void => {
      db.close();
    },
  };
};
