import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import Database from "libsql";
import { openSnapshots } from "../../server/edge/journal/snapshots.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rigtwin-snapshots-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

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
  expect(store.load(Number.MAX_SAFE_INTEGER)).toMatchObject({ pos: 20, ts: 2_000, cells: [[["r1", 1, 2, 3]], []] });
  expect(store.load(Number.MAX_SAFE_INTEGER)?.lines).toHaveLength(1_000);
  expect(store.load(1_999)).toMatchObject({ pos: 10, lines: ["a", "b"], cells: [[["r1", 1, 2, 3]]] });
  expect(store.load(999)).toBeNull();
  store.close();
});

test("one that was damaged is passed over for the one before it", async () => {
  const store = openSnapshots(folder);
  await store.save(10, 1_000, ["good"], []);
  await store.save(20, 2_000, ["bad"], []);
  store.close();
  const db = new Database(join(folder, "state.db"));
  db.exec("UPDATE snapshot SET body = zeroblob(5) WHERE pos = 20");
  db.close();
  const again = openSnapshots(folder);
  expect(again.load(Number.MAX_SAFE_INTEGER)).toMatchObject({ pos: 10, lines: ["good"] });
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
