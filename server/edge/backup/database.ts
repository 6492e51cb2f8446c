/** A SQLite file as it is at one moment, copied beside a server that goes on writing. */
import { existsSync } from "node:fs";
import Database from "libsql";

/** Copies the database `from` into the new file `to` in one read transaction (SQLite's VACUUM INTO). False where there is none. */
export const copyDatabase = (from: string, to: string): boolean => {
  if (!existsSync(from)) return false;
  const db = new Database(from, { timeout: 30_000 });
  try {
    db.prepare("VACUUM INTO ?").run(to);
  } finally {
    db.close();
  }
  return true;
};
