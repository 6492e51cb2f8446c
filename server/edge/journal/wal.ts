/** Databases beside the journal. One in whose file nothing can be read any more is set aside, for whoever wants to look at it. */
import { existsSync, renameSync, rmSync } from "node:fs";
import Database from "libsql";

/** Opens a database in WAL mode, with its tables; where that throws, nothing is left open. */
export const openWal = (path: string, synchronous: "FULL" | "NORMAL" | "OFF", schema: string): Database.Database => {
  const db = new Database(path);
  try {
    db.pragma("journal_mode = WAL");
    db.pragma(`synchronous = ${synchronous}`);
    db.exec(schema);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};

/** Whether SQLite found that what is in the file is no database, as where its first page did not get on disk before the power went. */
export const isUnreadable = (error: unknown): boolean =>
  /^SQLITE_(NOTADB|CORRUPT)/.test(String((error as { readonly code?: unknown } | null)?.code));

/** Renames a database that nobody has open, and its log with it: another one's log must not be found beside a new file. Gives the new path. */
export const setAside = (path: string, nowTs: number): string => {
  const aside = `${path}.damaged-${nowTs}`;
  renameSync(path, aside);
  if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${aside}-wal`);
  rmSync(`${path}-shm`, { force: true });
  return aside;
};
