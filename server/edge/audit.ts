/**
 * Who did what, when, from where: lines that are only ever added, each with the hash of the one before it, in `audit.db` of the data
 * folder. Apart from the journal, because the addresses in it are personal data and the journal stays for good.
 */
import { createHash } from "node:crypto";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import { auditBytes, NO_LINE, type AuditLine } from "../twin/audit.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS line (n INTEGER PRIMARY KEY, bytes TEXT NOT NULL, hash TEXT NOT NULL);
  CREATE TRIGGER IF NOT EXISTS no_update BEFORE UPDATE ON line BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;
  CREATE TRIGGER IF NOT EXISTS no_delete BEFORE DELETE ON line BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;
`;
const PAGE = 1_000;

interface Row {
  readonly n: number;
  readonly bytes: string;
  readonly hash: string;
}

/** Opens it; a line is durable when `add` returns. */
export const openAudit = (folder: string, now: () => number) => {
  const file = join(folder, "audit.db");
  const db = new Database(file);
  chmodSync(file, 0o600);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.exec(SCHEMA);
  const last = db.prepare("SELECT n, bytes, hash FROM line ORDER BY n DESC LIMIT 1");
  const put = db.prepare("INSERT INTO line VALUES (?, ?, ?)");
  const page = db.prepare("SELECT n, bytes, hash FROM line WHERE n > ? ORDER BY n LIMIT ?");
  const newest = db.prepare("SELECT n, bytes, hash FROM line ORDER BY n DESC LIMIT ?");
  return {
    add(who: string, what: string, detail: Readonly<Record<string, unknown>>, address: string): void {
      const before = last.get() as Row | undefined;
      const line: AuditLine = { n: (before?.n ?? 0) + 1, prev: before?.hash ?? NO_LINE, ts: now(), who, what, detail, address };
      const bytes = auditBytes(line);
      put.run(line.n, bytes, createHash("sha256").update(bytes).digest("hex"));
    },
    /** The newest lines, newest first. */
    newest: (most: number): AuditLine[] => (newest.all(most) as Row[]).map(({ bytes }) => JSON.parse(bytes) as AuditLine),
    /** All lines, oldest first, as their exact bytes with their hashes, a page at a time. */
    *all(): Generator<readonly { readonly bytes: string; readonly hash: string }[]> {
      for (let after = 0; ;) {
        const rows = page.all(after, PAGE) as Row[];
        if (rows.length === 0) return;
        yield rows;
        after = rows.at(-1)?.n ?? after;
      }
    },
    close: (): void => void db.close(),
  };
};
