import { mkdirSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import { Refused } from "../../twin/refusal.ts";

const failureOf = (cause: unknown, folder: string): Refused => {
  const code = (cause as { readonly code?: string }).code ?? String(cause);
  if (code.startsWith("SQLITE_BUSY"))
    return new Refused(
      "DATA_DIR_IN_USE",
      `Another server is using the data folder ${folder}. Stop it, or give this one another with --data-dir.`,
      { cause },
    );
  return code === "SQLITE_FULL"
    ? new Refused("DISK_FULL", `The disk of the data folder ${folder} is full: make room, and start again.`, { cause })
    : new Refused(
        "JOURNAL_UNAVAILABLE",
        `The data folder ${folder} cannot be locked (${code}): check its disk and its permissions. Its lock.db holds nothing, and may be removed while no server runs.`,
        { cause },
      );
};

/**
 * Takes the data folder for this process; gives the function that lets it go. The lock is the operating system's on an open
 * file, so a killed server leaves none behind. Throws Refused DATA_DIR_IN_USE where another process holds it, DISK_FULL, JOURNAL_UNAVAILABLE.
 */
export const lockFolder = (folder: string): (() => void) => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let db: Database.Database | null = null;
  try {
    db = new Database(join(folder, "lock.db"), { timeout: 0 });
    // Of an empty file SQLite lays out the first page, and would first put on disk how to undo that: a full disk has no room for it.
    db.pragma("journal_mode = MEMORY");
    db.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    db?.close();
    throw failureOf(cause, folder);
  }
  const held = db;
  return () => {
    held.exec("ROLLBACK");
    held.close();
  };
};
