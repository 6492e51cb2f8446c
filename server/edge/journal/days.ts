/** Sealed days beside the journal, in `days.db`: what was counted, and the trees made of it. Rows are written once and never changed; a tree only before it was sent. */
import { join } from "node:path";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import Database from "libsql";
import type { Tree } from "../../twin/day.ts";
import type { SealedRig } from "../../twin/sealing.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS version (day INTEGER, version INTEGER, rigs INTEGER NOT NULL, PRIMARY KEY (day, version));
  CREATE TABLE IF NOT EXISTS rig_day (day INTEGER, version INTEGER, rig TEXT, body BLOB NOT NULL, PRIMARY KEY (day, version, rig)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS rig_days ON rig_day (rig, day);
  CREATE TABLE IF NOT EXISTS tree (chain TEXT, day INTEGER, number INTEGER, body BLOB NOT NULL, PRIMARY KEY (chain, day, number)) WITHOUT ROWID;
`;

const packed = (value: unknown): Buffer => deflateRawSync(Buffer.from(JSON.stringify(value)), { level: 4 });
const unpacked = <T>(body: Buffer): T => JSON.parse(inflateRawSync(body).toString("utf8")) as T;

export type DayStore = ReturnType<typeof openDays>;

/** Opens the store in the data folder. Every commit is durable (WAL, synchronous FULL). */
export const openDays = (folder: string) => {
  const db = new Database(join(folder, "days.db"));
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.exec(SCHEMA);
  const putVersion = db.prepare("INSERT INTO version VALUES (?, ?, ?)");
  const putRig = db.prepare("INSERT INTO rig_day VALUES (?, ?, ?, ?)");
  const putTree = db.prepare("INSERT OR IGNORE INTO tree VALUES (?, ?, ?, ?)");
  const putInstead = db.prepare("INSERT OR REPLACE INTO tree VALUES (?, ?, ?, ?)");
  const hasVersion = db.prepare("SELECT rigs FROM version WHERE day = ? AND version = ?");
  const rigsOf = db.prepare("SELECT DISTINCT rig FROM rig_day WHERE day = ? AND version <= ? ORDER BY rig");
  const rowsOf = db.prepare("SELECT version, body FROM rig_day WHERE day = ? AND version <= ? ORDER BY version, rig");
  const rowsOfRig = db.prepare("SELECT day, version, body FROM rig_day WHERE rig = ? AND day BETWEEN ? AND ? ORDER BY day, version");
  const getTree = db.prepare("SELECT body FROM tree WHERE chain = ? AND day = ? AND number = ?");

  return {
    /** Writes a version of a day in one transaction; one that is there stays as it is. `breathe` lets others run in between. */
    async keep(day: number, version: number, rigs: readonly SealedRig[], breathe: () => Promise<void>): Promise<void> {
      if (hasVersion.get(day, version) !== undefined) return;
      const bodies: Buffer[] = [];
      for (const rig of rigs) {
        bodies.push(packed(rig));
        if (bodies.length % 50 === 0) await breathe();
      }
      db.transaction(() => {
        for (const [i, { rig }] of rigs.entries()) putRig.run(day, version, rig, bodies[i]);
        putVersion.run(day, version, rigs.length);
      })();
    },
    has: (day: number, version: number): boolean => hasVersion.get(day, version) !== undefined,
    /** Every rig's part of a version, in the order of the names. */
    version: (day: number, version: number): SealedRig[] =>
      (rowsOf.all(day, version) as { version: number; body: Buffer }[])
        .filter((row) => row.version === version)
        .map(({ body }) => unpacked<SealedRig>(body)),
    /** Names of the rigs in a day's versions up to one. */
    rigs: (day: number, upToVersion: number): string[] => (rigsOf.all(day, upToVersion) as { rig: string }[]).map(({ rig }) => rig),
    /** A rig's parts between two days, both inclusive. */
    ofRig: (
      rig: string,
      fromDay: number,
      toDay: number,
    ): { readonly day: number; readonly version: number; readonly sealed: SealedRig }[] =>
      (rowsOfRig.all(rig, fromDay, toDay) as { day: number; version: number; body: Buffer }[]).map(({ day, version, body }) => ({
        day,
        version,
        sealed: unpacked<SealedRig>(body),
      })),
    /** A tree stays as it was first written: what is read back is what is to be anchored. `instead`: of one that nobody has sent. */
    putTree(chain: string, tree: Tree, instead = false): Tree {
      (instead ? putInstead : putTree).run(chain, tree.day, tree.number, packed(tree));
      return unpacked<Tree>((getTree.get(chain, tree.day, tree.number) as { body: Buffer }).body);
    },
    tree: (chain: string, day: number, number: number): Tree | null => {
      const row = getTree.get(chain, day, number) as { body: Buffer } | undefined;
      return row === undefined ? null : unpacked<Tree>(row.body);
    },
    close: (): void => {
      db.close();
    },
  };
};
