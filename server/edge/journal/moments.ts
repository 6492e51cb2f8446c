/**
 * The farm every ten thousand entries of the last day, a large one less often, so that a replay need not fold for long wherever it jumps.
 * Views only: without the digest, never read at a start. Losing them costs a replay time, nothing else, so nobody waits for the disk.
 */
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { bodyOf, openBodies } from "./bodies.ts";
import { deflatedPieces } from "./deflated.ts";
import { openWal } from "./wal.ts";

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
  const newest = db.prepare("SELECT pos, body FROM moment WHERE ts <= ? ORDER BY pos DESC LIMIT 1");
  const drop = db.prepare("DELETE FROM moment WHERE ts < ?");

  const bodies = openBodies(db, "moment");
  const keep = async (pos: number, ts: number, pieces: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<void> => {
    await bodies.put(pos, pieces, () => {
      put.run(pos, Math.floor(ts), NOTHING);
    });
    drop.run(Math.floor(ts - KEEP_MS));
    bodies.tidy();
  };

  return {
    /** Keeps the farm as it is after entry `pos`, in the bytes of a snapshot of it, and lets go of what is older than a day. */
    keep,
    /** The same out of its texts (see snapshotTexts). */
    save: (pos: number, ts: number, texts: Iterable<string>): Promise<void> => keep(pos, ts, deflatedPieces(texts)),
    /** Position of the newest; 0 where there is none. */
    newestPos: (): number => (head.get() as { pos: number | null }).pos ?? 0,
    /** The newest that is not after `ts` (ms UTC), null where there is none. */
    load(ts: number): Moment | null {
      const row = newest.get(Math.floor(ts)) as { pos: number; body: ArrayBuffer } | undefined;
      if (row === undefined) return null;
      const text = inflateRawSync(bodyOf(row.body, bodies.of(row.pos))).toString("utf8");
      return { pos: row.pos, lines: text.split("\n").filter((line) => line !== ""), cells: [] };
    },
    close: (): void => {
      db.close();
    },
  };
};
