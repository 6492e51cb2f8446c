/** Every alarm that was cleared, in `alarms.db` beside the journal. It follows from the journal: lost, it is made anew. */
import { join } from "node:path";
import Database from "libsql";
import type { Alarm } from "../twin/twin.ts";
import { cursorOf, searchTextOf, type AlarmFilter, type AlarmPage } from "../twin/alarms/history.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS alarm (
    id TEXT PRIMARY KEY, raised INTEGER NOT NULL, rig TEXT NOT NULL, kind TEXT NOT NULL, severity TEXT NOT NULL, says TEXT NOT NULL, body TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS alarm_raised ON alarm (raised DESC, id DESC);
  CREATE INDEX IF NOT EXISTS alarm_rig ON alarm (rig, raised DESC, id DESC);
  CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, pos INTEGER NOT NULL);
`;

const whereOf = ({ rig, kind, severity, search, from, to }: AlarmFilter): { text: string; values: (string | number)[] } => {
  const parts: [string, string | number][] = [];
  if (rig !== undefined) parts.push(["rig = ?", rig]);
  if (kind !== undefined) parts.push(["kind = ?", kind]);
  if (severity !== undefined) parts.push(["severity = ?", severity]);
  if (from !== undefined) parts.push(["raised >= ?", from]);
  if (to !== undefined) parts.push(["raised < ?", to]);
  if (search !== undefined) parts.push(["instr(says, ?) > 0", search.toLowerCase()]);
  return { text: ["1", ...parts.map(([part]) => part)].join(" AND "), values: parts.map(([, value]) => value) };
};

/** Opens it in the data folder. Throws what SQLite says where the disk refuses. */
export const openAlarmHistory = (folder: string) => {
  const db = new Database(join(folder, "alarms.db"));
  try {
    db.pragma("journal_mode = WAL");
    // A lost commit is made good by the journal, up to the mark: that alone has to be on disk.
    db.pragma("synchronous = NORMAL");
    db.exec(SCHEMA);
  } catch (error) {
    db.close();
    throw error;
  }
  const put = db.prepare("INSERT OR REPLACE INTO alarm VALUES (?, ?, ?, ?, ?, ?, ?)");
  const putMark = db.prepare("INSERT OR REPLACE INTO mark VALUES ('folded', ?)");
  const getMark = db.prepare("SELECT pos FROM mark WHERE name = 'folded'");
  const one = db.prepare("SELECT body FROM alarm WHERE id = ?");
  const rowsOf = (alarms: readonly Alarm[]): void => {
    for (const alarm of alarms)
      put.run(alarm.id, alarm.raisedTs, alarm.rig, alarm.kind, alarm.severity, searchTextOf(alarm), JSON.stringify(alarm));
  };
  return {
    keep: (alarms: readonly Alarm[]): void => db.transaction(() => rowsOf(alarms))(),
    /** All alarms of entries up to `pos` are kept: durable when it returns. */
    mark(pos: number): void {
      db.pragma("synchronous = FULL");
      try {
        putMark.run(pos);
      } finally {
        db.pragma("synchronous = NORMAL");
      }
    },
    /** 0: nothing was kept yet. */
    marked: (): number => (getMark.get() as { pos: number } | undefined)?.pos ?? 0,
    alarm(id: string): Alarm | null {
      const row = one.get(id) as { body: string } | undefined;
      return row === undefined ? null : (JSON.parse(row.body) as Alarm);
    },
    /** Newest first. */
    page(filter: AlarmFilter, after: string | undefined, limit: number): AlarmPage {
      const { text, values } = whereOf(filter);
      const { total } = db.prepare(`SELECT count(*) AS total FROM alarm WHERE ${text}`).get(...values) as { total: number };
      const from = after === undefined ? null : cursorOf(after);
      const rows = db
        .prepare(
          `SELECT body FROM alarm WHERE ${text}${from === null ? "" : " AND (raised, id) < (?, ?)"} ORDER BY raised DESC, id DESC LIMIT ?`,
        )
        .all(...values, ...(from === null ? [] : [from.raisedTs, from.id]), limit) as { body: string }[];
      return { total, alarms: rows.map(({ body }) => JSON.parse(body) as Alarm) };
    },
    close: (): void => void db.close(),
  };
};
