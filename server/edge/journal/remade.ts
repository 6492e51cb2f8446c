/** What a database can be mended of by itself. */
import type Database from "libsql";

/**
 * Makes an index with broken pages anew of its table, in one transaction; `create` is its CREATE INDEX. Throws where the table cannot be read
 * either, and leaves all as it was. REINDEX and DROP INDEX would have to read the pages that they let go; here those stay in the file, unused.
 */
export const remakeIndex = (db: Database.Database, name: string, create: string): void => {
  db.exec("BEGIN IMMEDIATE");
  try {
    db.exec(
      `PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE type = 'index' AND name = '${name}'; PRAGMA writable_schema = RESET`,
    );
    db.exec(create);
    db.exec("COMMIT");
  } catch (cause) {
    if (db.inTransaction) db.exec("ROLLBACK");
    db.exec("PRAGMA writable_schema = RESET");
    throw cause;
  }
};
