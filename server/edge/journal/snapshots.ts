/** Folded state beside the journal, so that a start reads only what came after. Losing it costs time, never data. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import Database from "libsql";
import { deflated } from "./deflated.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS snapshot (pos INTEGER PRIMARY KEY, ts INTEGER NOT NULL, sha256 BLOB NOT NULL, body BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS cells (pos INTEGER PRIMARY KEY, ts INTEGER NOT NULL, body BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS cursor (name TEXT PRIMARY KEY, pos INTEGER NOT NULL);
`;
const KEEP_ALL_MS = 3_600_000;
const KEEP_HOURLY_MS = 7 * 86_400_000;
const HOUR_MS = 3_600_000;
const CELLS_MS = 4 * 86_400_000;

/** libsql gives an ArrayBuffer where its typings say Buffer. */
type Blob = ArrayBuffer;
const inflated = (body: Blob): string => inflateRawSync(Buffer.from(body)).toString("utf8");

export interface Snapshot {
  readonly pos: number;
  readonly ts: number;
  readonly lines: string[];
}

export type SnapshotStore = ReturnType<typeof openSnapshots>;

/** Opens `state.db` in the data folder. */
export const openSnapshots = (folder: string) => {
  const db = new Database(join(folder, "state.db"));
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.exec(SCHEMA);
  const put = db.prepare("INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?)");
  const putCells = db.prepare("INSERT OR REPLACE INTO cells VALUES (?, ?, ?)");
  const putCursor = db.prepare("INSERT OR REPLACE INTO cursor VALUES (?, ?)");
  const getCursor = db.prepare("SELECT pos FROM cursor WHERE name = ?");
  const newest = db.prepare("SELECT pos, ts, sha256, body FROM snapshot WHERE ts <= ? ORDER BY pos DESC LIMIT 5");
  const head = db.prepare("SELECT max(pos) AS pos FROM snapshot");
  const cellsUpTo = db.prepare("SELECT body FROM cells WHERE pos <= ? AND ts >= ? ORDER BY pos");

  return {
    /**
     * Saves in one transaction: the snapshot (`texts`: see snapshotTexts) and the digest cells changed since the one before. Gives the
     * snapshot's bytes, as they are kept.
     */
    async save(pos: number, ts: number, texts: Iterable<string>, cells: readonly unknown[]): Promise<Buffer> {
      const body = await deflated(texts);
      const cellBody = await deflated([JSON.stringify(cells)]);
      db.transaction(() => {
        putCells.run(pos, Math.floor(ts), cellBody);
        put.run(pos, Math.floor(ts), createHash("sha256").update(body).digest(), body);
      })();
      return body;
    },
    /** Position of the newest snapshot; 0 where there is none. */
    newestPos: (): number => (head.get() as { pos: number | null }).pos ?? 0,
    /** The newest snapshot whose time is not after `ts` and whose bytes fit their hash, with the cells up to it; for a view without them. */
    load(ts: number, forView = false): (Snapshot & { cells: unknown[] }) | null {
      for (const row of newest.all(Math.floor(ts)) as { pos: number; ts: number; sha256: Blob; body: Blob }[]) {
        if (!createHash("sha256").update(Buffer.from(row.body)).digest().equals(Buffer.from(row.sha256))) continue;
        const lines = inflated(row.body)
          .split("\n")
          .filter((line) => line.length > 0);
        const cells = (forView ? [] : (cellsUpTo.all(row.pos, row.ts - CELLS_MS) as { body: Blob }[])).map(
          ({ body }) => JSON.parse(inflated(body)) as unknown,
        );
        return { pos: row.pos, ts: row.ts, lines, cells };
      }
      return null;
    },
    /** Thins: all of the last hour, one an hour of the last week, none older. The newest always stays. */
    thin(nowTs: number): void {
      db.prepare(
        `DELETE FROM snapshot WHERE pos < (SELECT max(pos) FROM snapshot) AND (ts < ? OR (ts < ? AND pos NOT IN
           (SELECT min(pos) FROM snapshot GROUP BY ts / ${HOUR_MS})))`,
      ).run(Math.floor(nowTs - KEEP_HOURLY_MS), Math.floor(nowTs - KEEP_ALL_MS));
      db.prepare("DELETE FROM cells WHERE ts < ?").run(Math.floor(nowTs - KEEP_HOURLY_MS - CELLS_MS));
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
