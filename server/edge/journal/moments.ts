/**
 * The farm every ten thousand entries of the last day, a large one less often, so that a replay need not fold for long wherever it jumps.
 * Views only: without the digest, never read at a start. Losing them costs a replay time, nothing else, so nobody waits for the disk.
 */
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { bodyOf, openBodies } from "./bodies.ts";
import { deflatedPieces } from "./deflated.ts";
import { isUnreadable, openWal } from "./wal.ts";

const SCHEMA = "CREATE TABLE IF NOT EXISTS moment (pos INTEGER PRIMARY KEY, ts INTEGER NOT NULL, body BLOB NOT NULL);";
/** A day and the hour that it takes to look at it. */
const KEEP_MS = 25 * 3_600_000;
const NOTHING = Buffer.alloc(0);

export interface Moment {
  readonly pos: number;
  readonly lines: readonly string[];
  readonly cells: readonly never[];
}

/** Opens `moments.db` in the data folder. */
export const openMoments = (folder: string) => {
  const db = openWal(join(folder, "moments.db"), "OFF", SCHEMA);
  const head = db.prepare("SELECT max(pos) AS pos FROM moment");
  const put = db.prepare("INSERT OR REPLACE INTO moment VALUES (?, ?, ?)");
  const newest = db.prepare("SELECT pos FROM moment WHERE ts <= ? ORDER BY pos DESC LIMIT 5");
  const drop = db.prepare("DELETE FROM moment WHERE ts < ?");

  const bodies = openBodies(db, "moment");
  const keep = async (pos: number, ts: number, pieces: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<void> => {
    await bodies.put(pos, pieces, () => {
      put.run(pos, Math.floor(ts), NOTHING);
    });
    drop.run(Math.floor(ts - KEEP_MS));
    bodies.tidy();
  };

  /** Null where its bytes cannot be read, or are not all there. */
  const textAt = (pos: number): string | null => {
    try {
      // Prepared anew: a statement of libsql's that once met a broken page finds every other broken as well.
      const row = db.prepare("SELECT body FROM moment WHERE pos = ?").get(pos) as { body: ArrayBuffer };
      return inflateRawSync(bodyOf(row.body, bodies.of(pos))).toString("utf8");
    } catch (error) {
      if (isUnreadable(error) || String((error as NodeJS.ErrnoException).code).startsWith("Z_")) return null;
      throw error;
    }
  };

  return {
    /** Keeps the farm as it is after entry `pos`, in the bytes of a snapshot of it, and lets go of what is older than a day. */
    keep,
    /** The same out of its texts (see snapshotTexts). */
    save: (pos: number, ts: number, texts: Iterable<string>): Promise<void> => keep(pos, ts, deflatedPieces(texts)),
    /** Position of the newest; 0 where there is none. */
    newestPos: (): number => (head.get() as { pos: number | null }).pos ?? 0,
    /** The newest that is not after `ts` (ms UTC) and can be read, null where there is none among the last five. */
    load(ts: number): Moment | null {
      for (const { pos } of newest.all(Math.floor(ts)) as { pos: number }[]) {
        const text = textAt(pos);
        if (text !== null) return { pos, lines: text.split("\n").filter((line) => line !== ""), cells: [] };
      }
      return null;
    },
    close: (): void => {
      db.close();
    },
  };
};
