import { mkdirSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import { Refused } from "../../twin/refusal.ts";

/**
 * Takes the data folder for this process; gives the function that lets it go. The lock is the operating system's on an open
 * file, so a killed server leaves none behind. Throws Refused DATA_DIR_IN_USE where another process holds it.
 */
export const lockFolder = (folder: string): (() => void) => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const db = new Database(join(folder, "lock.db"), { timeout: 0 });
  try {
    db.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    db.close();
    throw new Refused(
      "DATA_DIR_IN_USE",
      `Another server is using the data folder ${folder}. Stop it, or give this one another with --data-dir.`,
      { cause },
    );
  }
  return () => {
    db.exec("ROLLBACK");
    db.close();
  };
};
