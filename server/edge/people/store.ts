/** People, their sessions, tokens and devices, in `people.db` of the data folder; what opens a door is kept as a hash only. */
import { chmodSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import type { Role, Scope } from "../../twin/rights.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS person (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL, password TEXT, totp TEXT, totpStep INTEGER NOT NULL DEFAULT 0,
    wallet TEXT UNIQUE, createdTs INTEGER NOT NULL, disabledTs INTEGER);
  CREATE TABLE IF NOT EXISTS session (
    hash TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, person INTEGER NOT NULL REFERENCES person(id), createdTs INTEGER NOT NULL, seenTs INTEGER NOT NULL,
    untilTs INTEGER NOT NULL, address TEXT NOT NULL, agent TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS token (
    hash TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, person INTEGER NOT NULL REFERENCES person(id), name TEXT NOT NULL, scopes TEXT NOT NULL,
    createdTs INTEGER NOT NULL, untilTs INTEGER NOT NULL, usedTs INTEGER) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS recovery (
    person INTEGER NOT NULL REFERENCES person(id), hash TEXT NOT NULL, PRIMARY KEY (person, hash)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS device (
    name TEXT PRIMARY KEY, hash TEXT NOT NULL, topics TEXT NOT NULL, createdTs INTEGER NOT NULL, rotatedTs INTEGER, seenTs INTEGER) WITHOUT ROWID;
`;

export interface PersonRow {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly password: string | null;
  readonly totp: string | null;
  /** The newest TOTP step that was used, so that a code opens once. */
  readonly totpStep: number;
  /** Lower case. */
  readonly wallet: string | null;
  readonly createdTs: number;
  readonly disabledTs: number | null;
}
export interface SessionRow {
  readonly hash: string;
  /** By which it is named to its owner; opens nothing. */
  readonly id: string;
  readonly person: number;
  readonly createdTs: number;
  readonly seenTs: number;
  readonly untilTs: number;
  readonly address: string;
  readonly agent: string;
}
export interface TokenRow {
  readonly hash: string;
  readonly id: string;
  readonly person: number;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly createdTs: number;
  readonly untilTs: number;
  readonly usedTs: number | null;
}
export interface DeviceRow {
  readonly name: string;
  readonly hash: string;
  /** Of rigs, sites' meters and foreign topics that are its own. */
  readonly topics: readonly string[];
  readonly createdTs: number;
  readonly rotatedTs: number | null;
  /** When it last came or left; null: never yet. */
  readonly seenTs: number | null;
}

type Packed<T, K extends keyof T> = Omit<T, K> & Readonly<Record<K, string>>;
const unpackToken = (row: Packed<TokenRow, "scopes">): TokenRow => ({ ...row, scopes: JSON.parse(row.scopes) as Scope[] });
const unpackDevice = (row: Packed<DeviceRow, "topics">): DeviceRow => ({ ...row, topics: JSON.parse(row.topics) as string[] });

export type PeopleStore = ReturnType<typeof openPeople>;

/** Opens it; every change is durable when the call returns. Readable by the server's user only. */
export const openPeople = (folder: string) => {
  const file = join(folder, "people.db");
  const db = new Database(file);
  chmodSync(file, 0o600);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.exec(SCHEMA);
  // Folders of 0.1.0 have devices without it.
  const columns = db.prepare("SELECT name FROM pragma_table_info('device')").all() as { readonly name: string }[];
  if (!columns.some(({ name }) => name === "seenTs")) db.exec("ALTER TABLE device ADD COLUMN seenTs INTEGER");
  const get = (sql: string) => db.prepare(sql);
  const byId = get("SELECT * FROM person WHERE id = ?");
  const byName = get("SELECT * FROM person WHERE name = ?");
  const byWallet = get("SELECT * FROM person WHERE wallet = ?");
  const everybody = get("SELECT * FROM person ORDER BY name");
  const addPerson = get("INSERT INTO person (name, role, password, wallet, createdTs) VALUES (?, ?, ?, ?, ?)");
  const setPerson = get("UPDATE person SET role = ?, password = ?, totp = ?, totpStep = ?, wallet = ?, disabledTs = ? WHERE id = ?");
  const session = get("SELECT * FROM session WHERE hash = ?");
  const sessionsOf = get("SELECT * FROM session WHERE person = ? AND untilTs > ? ORDER BY seenTs DESC");
  const addSession = get("INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  const seeSession = get("UPDATE session SET seenTs = ? WHERE hash = ?");
  const endSession = get("DELETE FROM session WHERE id = ? AND person = ?");
  const endSessions = get("DELETE FROM session WHERE person = ?");
  const sweep = get("DELETE FROM session WHERE untilTs <= ?");
  const token = get("SELECT * FROM token WHERE hash = ?");
  const tokensOf = get("SELECT * FROM token WHERE person = ? ORDER BY createdTs");
  const addToken = get("INSERT INTO token VALUES (?, ?, ?, ?, ?, ?, ?, NULL)");
  const useToken = get("UPDATE token SET usedTs = ? WHERE hash = ?");
  const endToken = get("DELETE FROM token WHERE id = ? AND person = ?");
  const forgetRecovery = get("DELETE FROM recovery WHERE person = ?");
  const addRecovery = get("INSERT INTO recovery VALUES (?, ?)");
  const useRecovery = get("DELETE FROM recovery WHERE person = ? AND hash = ?");
  const countRecovery = get("SELECT count(*) AS n FROM recovery WHERE person = ?");
  const renewRecovery = db.transaction((person: number, hashes: readonly string[]) => {
    forgetRecovery.run(person);
    for (const hash of hashes) addRecovery.run(person, hash);
  });
  const device = get("SELECT * FROM device WHERE name = ?");
  const devices = get("SELECT * FROM device ORDER BY name");
  const putDevice = get("INSERT OR REPLACE INTO device (name, hash, topics, createdTs, rotatedTs, seenTs) VALUES (?, ?, ?, ?, ?, ?)");
  const seeDevice = get("UPDATE device SET seenTs = ? WHERE name = ?");
  const endDevice = get("DELETE FROM device WHERE name = ?");

  return {
    person: (id: number) => (byId.get(id) as PersonRow | undefined) ?? null,
    personByName: (name: string) => (byName.get(name) as PersonRow | undefined) ?? null,
    personByWallet: (wallet: string) => (byWallet.get(wallet) as PersonRow | undefined) ?? null,
    people: () => everybody.all() as PersonRow[],
    /** Gives the id. */
    addPerson: (name: string, role: Role, password: string | null, wallet: string | null, nowTs: number): number =>
      Number(addPerson.run(name, role, password, wallet, nowTs).lastInsertRowid),
    setPerson: ({ id, role, password, totp, totpStep, wallet, disabledTs }: PersonRow): void =>
      void setPerson.run(role, password, totp, totpStep, wallet, disabledTs, id),
    session: (hash: string) => (session.get(hash) as SessionRow | undefined) ?? null,
    sessionsOf: (person: number, nowTs: number) => sessionsOf.all(person, nowTs) as SessionRow[],
    addSession({ hash, id, person, createdTs, seenTs, untilTs, address, agent }: SessionRow): void {
      sweep.run(createdTs);
      addSession.run(hash, id, person, createdTs, seenTs, untilTs, address, agent);
    },
    seeSession: (hash: string, nowTs: number): void => void seeSession.run(nowTs, hash),
    endSession: (id: string, person: number): boolean => endSession.run(id, person).changes > 0,
    endSessions: (person: number): void => void endSessions.run(person),
    token(hash: string): TokenRow | null {
      const row = token.get(hash) as Packed<TokenRow, "scopes"> | undefined;
      return row === undefined ? null : unpackToken(row);
    },
    tokensOf: (person: number) => (tokensOf.all(person) as Packed<TokenRow, "scopes">[]).map(unpackToken),
    addToken: ({ hash, id, person, name, scopes, createdTs, untilTs }: Omit<TokenRow, "usedTs">): void =>
      void addToken.run(hash, id, person, name, JSON.stringify(scopes), createdTs, untilTs),
    useToken: (hash: string, nowTs: number): void => void useToken.run(nowTs, hash),
    endToken: (id: string, person: number): boolean => endToken.run(id, person).changes > 0,
    /** In place of all before. */
    setRecovery: (person: number, hashes: readonly string[]): void => renewRecovery(person, hashes),
    /** True where there was such a code; there is none afterwards. */
    useRecovery: (person: number, hash: string): boolean => useRecovery.run(person, hash).changes > 0,
    recoveryLeft: (person: number): number => (countRecovery.get(person) as { readonly n: number }).n,
    device(name: string): DeviceRow | null {
      const row = device.get(name) as Packed<DeviceRow, "topics"> | undefined;
      return row === undefined ? null : unpackDevice(row);
    },
    devices: () => (devices.all() as Packed<DeviceRow, "topics">[]).map(unpackDevice),
    putDevice: ({ name, hash, topics, createdTs, rotatedTs, seenTs }: DeviceRow): void =>
      void putDevice.run(name, hash, JSON.stringify(topics), createdTs, rotatedTs, seenTs),
    seeDevice: (name: string, nowTs: number): void => void seeDevice.run(nowTs, name),
    endDevice: (name: string): boolean => endDevice.run(name).changes > 0,
    close: (): void => void db.close(),
  };
};
