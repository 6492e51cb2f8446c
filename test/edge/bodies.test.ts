import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import Database from "libsql";
import { bodyOf, openBodies } from "../../server/edge/journal/bodies.ts";
import { openWal } from "../../server/edge/journal/wal.ts";
import { canMount, mountSmall, mountUntold } from "../servers/disk.ts";

let folder = "";
let db: Database.Database;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rigtwin-bodies-"));
  db = new Database(join(folder, "bodies.db"));
  db.exec("CREATE TABLE snapshot (pos INTEGER PRIMARY KEY)");
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

const putRow = (pos: number) => (): void => {
  db.prepare("INSERT OR REPLACE INTO snapshot VALUES (?)").run(pos);
};
const bytes = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text));
const textAt = (pos: number): string => Buffer.concat([...openBodies(db, "snapshot").of(pos)]).toString();
const kept = (): number => (db.prepare("SELECT count(*) AS n FROM snapshot_piece").get() as { n: number }).n;

test("pieces come back in order, however many there are, and none where nothing was ever kept", async () => {
  const bodies = openBodies(db, "snapshot");
  expect([...bodies.of(1)]).toEqual([]);
  bodies.tidy();
  const texts = Array.from({ length: 30 }, (_, i) => `${i},`);
  await bodies.put(1, bytes(...texts), putRow(1));
  await bodies.put(2, bytes(), putRow(2));
  expect(textAt(1)).toBe(texts.join(""));
  expect(textAt(2)).toBe("");
});

test("the row comes behind its pieces, and a second body of a row is nothing but itself", async () => {
  const bodies = openBodies(db, "snapshot");
  await bodies.put(1, bytes("a", "b", "c"), () => {
    expect(textAt(1)).toBe("abc");
    expect(db.prepare("SELECT count(*) AS n FROM snapshot").get()).toMatchObject({ n: 0 });
    putRow(1)();
  });
  await bodies.put(1, bytes("d"), putRow(1));
  expect(textAt(1)).toBe("d");
});

test("of a body that comes to no end, and of one whose row is refused, nothing stays", async () => {
  const bodies = openBodies(db, "snapshot");
  const broken = function* (): Generator<Buffer> {
    yield* bytes("a", "b");
    throw new Error("broken");
  };
  await expect(bodies.put(1, broken(), putRow(1))).rejects.toThrow("broken");
  const refused = bodies.put(2, bytes("a"), () => {
    throw new Error("refused");
  });
  await expect(refused).rejects.toThrow("refused");
  expect(kept()).toBe(0);
});

test("what a killed program left goes with the next tidying, and what is being written stays", async () => {
  const bodies = openBodies(db, "snapshot");
  await bodies.put(1, bytes("a"), putRow(1));
  db.exec("INSERT INTO snapshot_piece VALUES (7, 0, zeroblob(11))");
  let isPut = false;
  const slow = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from("x");
    bodies.tidy();
    await expect(bodies.put(2, bytes("y"), putRow(2))).rejects.toThrow("being written already");
    yield Buffer.from("z");
  };
  await bodies.put(2, slow(), () => {
    isPut = true;
    bodies.tidy();
    putRow(2)();
  });
  expect(isPut).toBe(true);
  expect([textAt(1), textAt(2), textAt(7)]).toEqual(["a", "xz", ""]);
  db.exec("DELETE FROM snapshot WHERE pos = 1");
  bodies.tidy();
  expect(kept()).toBe(2);
});

test("a row of an earlier version has its body itself", () => {
  expect(bodyOf(new Uint8Array([1, 2]).buffer, [])).toEqual(Buffer.from([1, 2]));
  expect(bodyOf(new ArrayBuffer(0), bytes("a", "b"))).toEqual(Buffer.from("ab"));
});

(canMount() ? test : test.skip)(
  "a body for which the disk has no room leaves nothing on it, and a smaller one is kept at once",
  async () => {
    const disk = mountSmall(12);
    const small = openWal(join(disk.folder, "state.db"), "FULL", "CREATE TABLE IF NOT EXISTS snapshot (pos INTEGER PRIMARY KEY)");
    try {
      const bodies = openBodies(small, "snapshot");
      const noise = function* (pieces: number): Generator<Buffer> {
        for (let i = 0; i < pieces; i++) yield randomBytes(1 << 20);
      };
      const put = (pos: number, pieces: number): Promise<void> =>
        bodies.put(pos, noise(pieces), () => void small.prepare("INSERT INTO snapshot VALUES (?)").run(pos));
      await put(1, 2);
      for (const pos of [2, 3, 4]) await expect(put(pos, 20)).rejects.toThrow("room");
      const positions = small.prepare("SELECT DISTINCT pos FROM snapshot_piece");
      expect(positions.all()).toEqual([{ pos: 1 }]);
      await put(5, 2);
      expect([1, 5].map((pos) => Buffer.concat([...bodies.of(pos)]).length)).toEqual([2 << 20, 2 << 20]);
    } finally {
      small.close();
      disk.unmount();
    }
  },
);

(canMount() ? test : test.skip)("a disk that does not tell how large it is is none without room", async () => {
  const disk = mountUntold();
  const own = openWal(join(disk.folder, "state.db"), "FULL", "CREATE TABLE IF NOT EXISTS snapshot (pos INTEGER PRIMARY KEY)");
  try {
    const bodies = openBodies(own, "snapshot");
    await bodies.put(1, bytes("a", "b"), () => void own.prepare("INSERT INTO snapshot VALUES (1)").run());
    expect(Buffer.concat([...bodies.of(1)]).toString()).toBe("ab");
  } finally {
    own.close();
    disk.unmount();
  }
});
