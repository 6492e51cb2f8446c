import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import Database from "libsql";
import { createJournal } from "../../server/edge/journal/journal.ts";
import { openSnapshots, type DayVersion, type SnapshotStore } from "../../server/edge/journal/snapshots.ts";
import { createTelemetry } from "../../server/flows/telemetry.ts";
import { rowsOf } from "../../server/twin/digest.ts";
import { foldEntry, newFarm, nothingYet, type Farm } from "../../server/twin/farm.ts";
import { farmHash } from "../../server/twin/snapshot.ts";
import { handClock, telemetry } from "../flows/hands.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rigtwin-snapshots-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const DAY = 86_400_000;
/** As it is read at a start. */
const loaded = (store: SnapshotStore, ts = Number.MAX_SAFE_INTEGER) => {
  const found = store.load(ts);
  return found === null ? null : { ...found, cells: [...found.cells] };
};

test("gives back lines and cells over a restart, the newest that is not after the time asked", async () => {
  let store = openSnapshots(folder);
  expect(store.load(Number.MAX_SAFE_INTEGER)).toBeNull();
  await store.save(10, 1_000, ["a\n", "b\n"], [["r1", 1, 2, 3]]);
  await store.save(
    20,
    2_000,
    Array.from({ length: 1_000 }, (_, i) => `line ${i}\n`),
    [],
  );
  store.close();
  store = openSnapshots(folder);
  expect([store.newestPos(), store.newestTs()]).toEqual([20, 2_000]);
  expect(loaded(store)).toMatchObject({ pos: 20, ts: 2_000, cells: [[["r1", 1, 2, 3]], []] });
  expect(store.load(Number.MAX_SAFE_INTEGER)?.lines).toHaveLength(1_000);
  expect(loaded(store, 1_999)).toMatchObject({ pos: 10, lines: ["a", "b"], cells: [[["r1", 1, 2, 3]]] });
  expect(store.load(999)).toBeNull();
  store.close();
});

test("one that was damaged is passed over for the one before it", async () => {
  const store = openSnapshots(folder);
  await store.save(10, 1_000, ["good"], []);
  await store.save(20, 2_000, ["bad"], []);
  store.close();
  const db = new Database(join(folder, "state.db"));
  db.exec("UPDATE snapshot_piece SET body = zeroblob(5) WHERE pos = 20");
  db.close();
  const again = openSnapshots(folder);
  expect(again.load(Number.MAX_SAFE_INTEGER)).toMatchObject({ pos: 10, lines: ["good"] });
  again.close();
});

test("those that an earlier version wrote, each in one piece, are read and let go of like the others", async () => {
  const store = openSnapshots(folder);
  await store.save(20, 2_000, ["new\n"], []);
  const body = deflateRawSync("old\nlines\n");
  const db = new Database(join(folder, "state.db"));
  db.prepare("INSERT INTO snapshot VALUES (10, 1000, ?, ?)").run(createHash("sha256").update(body).digest(), body);
  db.close();
  expect(store.load(1_500)).toMatchObject({ pos: 10, lines: ["old", "lines"] });
  expect(store.load(2_500)).toMatchObject({ pos: 20, lines: ["new"] });
  store.thin(30 * DAY);
  expect(store.load(1_500)).toBeNull();
  expect(store.load(2_500)).toMatchObject({ pos: 20, lines: ["new"] });
  store.close();
});

test("one whose texts end in an error, and one that a kill cut off, leave the one before as the newest", async () => {
  let store = openSnapshots(folder);
  await store.save(10, 1_000, ["good\n"], []);
  const noise = randomBytes(3 << 20).toString("hex");
  const broken = function* (): Generator<string> {
    yield noise;
    throw new Error("broken");
  };
  await expect(store.save(20, 2_000, broken(), [["r1", 1, 2, 3]])).rejects.toThrow("broken");
  expect(loaded(store)).toMatchObject({ pos: 10, lines: ["good"], cells: [[]] });
  expect([...store.piecesAt(20)]).toEqual([]);
  store.close();
  const db = new Database(join(folder, "state.db"));
  db.exec("INSERT INTO snapshot_piece VALUES (30, 0, zeroblob(100))");
  db.close();
  store = openSnapshots(folder);
  expect([store.newestPos(), loaded(store)?.pos]).toEqual([10, 10]);
  await store.save(40, 4_000, [noise], []);
  expect([...store.piecesAt(30)]).toEqual([]);
  expect([...store.piecesAt(40)].length).toBeGreaterThan(1);
  expect(store.load(5_000)?.lines).toEqual([noise]);
  store.close();
});

test("one that is saved again is not gone where that fails, and its cells are the later ones", async () => {
  const store = openSnapshots(folder);
  await store.save(10, 1_000, ["good\n"], [["r1", 1, 2, 3]]);
  const broken = function* (): Generator<string> {
    yield "bad\n";
    throw new Error("broken");
  };
  await store.save(10, 1_000, broken(), [["r1", 1, 2, 4]]).catch(() => undefined);
  expect(loaded(store)).toMatchObject({ pos: 10, lines: ["good"], cells: [[["r1", 1, 2, 4]]] });
  store.close();
  const db = new Database(join(folder, "state.db"));
  db.exec("UPDATE snapshot_piece SET body = zeroblob(5)");
  db.close();
  const again = openSnapshots(folder);
  await again.save(10, 1_000, ["good\n"], []);
  expect(loaded(again)).toMatchObject({ pos: 10, lines: ["good"], cells: [[]] });
  again.close();
});

/** Writes zeros over a page in the middle of the newest `n` snapshots of state.db. */
const breakNewest = (n: number): void => {
  const path = join(folder, "state.db");
  const db = new Database(path);
  db.pragma("wal_checkpoint(TRUNCATE)");
  const pages = db
    .prepare("SELECT path, pageno FROM dbstat WHERE name = 'snapshot_piece' AND pagetype = 'overflow' ORDER BY path")
    .all() as {
    path: string;
    pageno: number;
  }[];
  db.close();
  const file = readFileSync(path);
  const cells = [...new Set(pages.map((page) => page.path.split("+")[0] ?? ""))];
  for (const cell of cells.slice(-n)) {
    const page = pages.filter((one) => one.path.startsWith(`${cell}+`))[3]?.pageno ?? 0;
    file.fill(0, (page - 1) * 4_096, page * 4_096);
  }
  writeFileSync(path, file);
};

test.each([
  [1, 30],
  [2, 20],
])("where a page of the newest %i cannot be read, the one before is taken", async (broken, pos) => {
  const store = openSnapshots(folder);
  for (const at of [10, 20, 30, 40]) await store.save(at, at, [randomBytes(60_000).toString("hex")], []);
  store.close();
  breakNewest(broken);
  const again = openSnapshots(folder);
  expect(again.load(Number.MAX_SAFE_INTEGER)?.pos).toBe(pos);
  // And once more: what met a broken page has not spoilt what is sound.
  expect(again.load(35)?.pos).toBe(Math.min(pos, 30));
  again.close();
});

test("that none is sound is told", async () => {
  const store = openSnapshots(folder);
  for (const at of [10, 20]) await store.save(at, at, [randomBytes(60_000).toString("hex")], []);
  store.close();
  breakNewest(2);
  const again = openSnapshots(folder);
  expect(() => again.load(Number.MAX_SAFE_INTEGER)).toThrow("none is sound");
  expect(again.load(5)).toBeNull();
  again.close();
});

test("thins to all of the last hour and one an hour of the last week", async () => {
  const HOUR = 3_600_000;
  const now = 1_000 * HOUR;
  const store = openSnapshots(folder);
  for (let i = 0; i < 60; i++) await store.save(i + 1, now - 10 * HOUR + i * 600_000, ["x"], []);
  await store.save(100, now - 200 * HOUR, ["old"], []);
  store.thin(now);
  const db = new Database(join(folder, "state.db"));
  const kept = (db.prepare("SELECT ts FROM snapshot ORDER BY ts").all() as { ts: number }[]).map(({ ts }) => ts);
  db.close();
  store.close();
  expect(kept.filter((ts) => ts >= now - HOUR)).toHaveLength(6);
  expect(kept.filter((ts) => ts < now - HOUR && ts > now - 100 * HOUR)).toHaveLength(9);
});

const DAY_0 = 20_000;
const cellsOfDay = (day: number, version = 1) => [["r1", day, version, 3, 1]];

test("cells of a day that is not on disk elsewhere stay and are read for as long as it is not; those of other days for some days", async () => {
  const store = openSnapshots(folder);
  const save = async (pos: number, day: number, cells: unknown[], open: DayVersion[]): Promise<void> => {
    await store.save(pos, day * DAY, ["x"], cells, open);
    store.thin(day * DAY);
  };
  await save(1, DAY_0, cellsOfDay(DAY_0), [[DAY_0, 1]]);
  // Weeks later, of two days and of what came late for one of them.
  const isOpen: DayVersion[] = [
    [DAY_0, 1],
    [DAY_0 + 30, 1],
    [DAY_0 - 1, 2],
  ];
  await save(2, DAY_0 + 30, [...cellsOfDay(DAY_0 + 30), ...cellsOfDay(DAY_0 - 1, 2)], isOpen);
  expect(loaded(store)?.cells).toHaveLength(2);
  await save(3, DAY_0 + 37, [], [[DAY_0 - 1, 2]]);
  expect(loaded(store)?.cells).toEqual([[...cellsOfDay(DAY_0 + 30), ...cellsOfDay(DAY_0 - 1, 2)], []]);
  await save(4, DAY_0 + 38, [], []);
  expect(loaded(store)?.cells).toEqual([[], []]);
  store.close();
});

test("cells that a program wrote which noted no days are read from the first day on that is not on disk elsewhere", async () => {
  let store = openSnapshots(folder);
  for (const day of [0, 1, 2]) await store.save(day + 1, (DAY_0 + day) * DAY + 1, ["x"], cellsOfDay(DAY_0 + day));
  store.close();
  const db = new Database(join(folder, "state.db"));
  db.exec("DROP TABLE cells_from");
  db.close();
  store = openSnapshots(folder);
  await store.save(10, (DAY_0 + 8) * DAY, ["x"], [], [[DAY_0 + 1, 1]]);
  expect(loaded(store)?.cells).toEqual([cellsOfDay(DAY_0 + 1), cellsOfDay(DAY_0 + 2), []]);
  store.close();
});

test("a server that was off for days, and off again before it could seal the last one, has all that was counted of it", async () => {
  const T0 = DAY_0 * DAY + 18 * 3_600_000;
  const clock = handClock(T0);
  const run = async (work: (write: (message: { topic: string; payload: Uint8Array }) => Promise<void>) => Promise<void>): Promise<Farm> => {
    const journal = createJournal({ folder, now: clock.now, groupMs: 0 });
    await journal.start();
    const snapshots = openSnapshots(folder);
    const flow = createTelemetry({
      site: "farm",
      version: "test",
      clock,
      write: journal.write,
      read: journal.read,
      subscribe: journal.subscribe,
      loadSnapshot: (ts) => snapshots.load(ts),
      saveSnapshot: async (pos, ts, texts, cells, _isMoment, open) => {
        await snapshots.save(pos, ts, texts, cells, open);
        snapshots.thin(ts);
      },
      snapshotMs: DAY,
      onError: (what, error) => {
        throw new Error(what, { cause: error });
      },
    });
    await flow.start();
    await work(({ topic, payload }) => journal.write(topic, payload));
    await flow.stop();
    snapshots.close();
    const anew = newFarm("farm");
    for await (const entries of journal.read(1)) for (const entry of entries) foldEntry(anew, entry, nothingYet());
    expect(farmHash(flow.farm())).toBe(farmHash(anew));
    await journal.stop();
    return flow.farm();
  };
  await run(async (write) => {
    for (let seq = 0; seq < 3; seq++) await write(telemetry("r1", T0 + seq, seq));
  });
  await clock.pass(13 * DAY);
  await run(async () => undefined);
  await clock.pass(60_000);
  const farm = await run(async () => undefined);
  expect([...farm.digest.values()].map((rigDay) => [rigDay.day, rowsOf(rigDay).reduce((sum, { n }) => sum + n, 0)])).toEqual([[DAY_0, 3]]);
});
