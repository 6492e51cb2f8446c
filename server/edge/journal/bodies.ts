/**
 * Long bodies of a table's rows, kept in pieces in a table beside it: written and read as one, a body would be in memory several times over. The
 * pieces are there before their row, so that a row is whole; those without one are of a write that came to no end.
 */
import { statSync, statfsSync } from "node:fs";
import type Database from "libsql";
import { Refused } from "../../twin/refusal.ts";

/** Of the disk's room for what gives room back: without any, pieces of a body that came to no end could not be deleted. */
const LEFT_BYTES = 256 << 10;

/**
 * Throws where the disk has no room for so many bytes more: in the log first, later in the file, to which what is in the log before them has to go
 * too. What was deleted in the file gives room there, none in the log. A file system that does not tell how large it is, as some over a network, is
 * written to until it refuses.
 */
const checkRoom = (db: Database.Database, bytes: number): void => {
  const [{ file }] = db.pragma("database_list") as [{ file: string }];
  const told = (name: string): number => Object.values(db.prepare(`PRAGMA ${name}`).get() as Record<string, number>)[0] ?? 0;
  const pageBytes = told("page_size");
  const toCome = Math.max(0, told("page_count") * pageBytes - statSync(file).size);
  const growth = Math.max(0, bytes - told("freelist_count") * pageBytes);
  const { blocks, bavail, bsize } = statfsSync(file);
  if (blocks > 0 && bavail * bsize < toCome + bytes + growth + LEFT_BYTES)
    throw new Refused("DISK_FULL", `There is no room for ${file} on the disk.`);
};

export const openBodies = (db: Database.Database, table: "snapshot" | "moment") => {
  const pieces = `${table}_piece`;
  const isMade = (): boolean => db.prepare("SELECT 1 FROM sqlite_master WHERE name = ?").get(pieces) !== undefined;
  const dropAll = (pos: number): void => {
    db.prepare(`DELETE FROM ${pieces} WHERE pos = ?`).run(pos);
  };
  /** Positions whose row is on its way. */
  const underWay = new Set<number>();

  return {
    /**
     * Keeps the pieces of the row at `pos`, each on disk before the next is asked for; then has `putRow` put the row. Where either throws, the pieces
     * are gone.
     */
    async put(pos: number, given: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, putRow: () => Promise<void> | void): Promise<void> {
      if (underWay.has(pos)) throw new Error(`the ${table} at ${pos} is being written already`);
      underWay.add(pos);
      try {
        // Made here and not at the opening: a full disk keeps no file of an earlier version from being opened.
        db.exec(`CREATE TABLE IF NOT EXISTS ${pieces} (pos INTEGER, number INTEGER, body BLOB NOT NULL, PRIMARY KEY (pos, number))`);
        dropAll(pos);
        const insert = db.prepare(`INSERT INTO ${pieces} VALUES (?, ?, ?)`);
        let number = 0;
        for await (const piece of given) {
          checkRoom(db, piece.byteLength);
          insert.run(pos, number++, piece);
        }
        await putRow();
      } catch (error) {
        // Where even that fails they go with the next `tidy`.
        try {
          dropAll(pos);
        } catch {
          throw error;
        }
        throw error;
      } finally {
        underWay.delete(pos);
      }
    },
    /** In order; none where the row has its body itself, as rows of earlier versions do, and no more where it goes meanwhile. Throws where one cannot be read. */
    *of(pos: number): Generator<Buffer> {
      if (!isMade()) return;
      // Prepared anew: a statement of libsql's that once met a broken page finds every other broken as well.
      const numbers = db.prepare(`SELECT number FROM ${pieces} WHERE pos = ? ORDER BY number`).all(pos) as { number: number }[];
      for (const { number } of numbers) {
        const row = db.prepare(`SELECT body FROM ${pieces} WHERE pos = ? AND number = ?`).get(pos, number) as
          | { body: ArrayBuffer }
          | undefined;
        if (row === undefined) return;
        yield Buffer.from(row.body);
      }
    },
    /** Lets go of pieces whose row is gone or never came. */
    tidy(): void {
      if (!isMade()) return;
      const kept = [...underWay].map((pos) => ` AND pos <> ${pos}`).join("");
      db.exec(`DELETE FROM ${pieces} WHERE pos NOT IN (SELECT pos FROM ${table})${kept}`);
    },
  };
};

/** The body of a row: its own where it has one, else that of its pieces. */
export const bodyOf = (own: ArrayBuffer, pieces: Iterable<Buffer>): Buffer =>
  own.byteLength > 0 ? Buffer.from(own) : Buffer.concat([...pieces]);
