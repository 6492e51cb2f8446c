/** The farm of the last day, kept for replays, on a real disk. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import Database from "libsql";
import { openMoments } from "../../server/edge/journal/moments.ts";
import { openSnapshots } from "../../server/edge/journal/snapshots.ts";

const folder = mkdtempSync(join(tmpdir(), "rigtwin-moments-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const HOUR_MS = 3_600_000;
const T0 = Date.UTC(2026, 10, 21, 9);

test("gives the newest that is not after the moment, also after a restart, and lets go of what is older than a day", async () => {
  let moments = openMoments(folder);
  expect(moments.load(T0)).toBeNull();
  for (let hour = 0; hour < 30; hour++) await moments.save(hour * 10_000 + 1, T0 + hour * HOUR_MS + 0.4, [`{"hour":${hour}}\n`, "{}\n"]);
  moments.close();
  moments = openMoments(folder);
  expect(moments.load(T0 + 12.5 * HOUR_MS)).toEqual({ pos: 120_001, lines: ['{"hour":12}', "{}"], cells: [] });
  expect(moments.load(T0 + 12 * HOUR_MS)?.pos).toBe(120_001);
  expect(moments.load(T0 + 3.9 * HOUR_MS)).toBeNull();
  expect(moments.load(Number.MAX_SAFE_INTEGER)?.pos).toBe(290_001);
  moments.close();
  const db = new Database(join(folder, "moments.db"));
  expect(db.prepare("SELECT min(pos) AS first, count(*) AS n FROM moment_piece").get()).toMatchObject({ first: 40_001, n: 26 });
  db.close();
});

test("one whose bytes are not all there is passed over for the one before it", async () => {
  const own = mkdtempSync(join(tmpdir(), "rigtwin-moments-"));
  const moments = openMoments(own);
  for (const [pos, hour] of [
    [1, 0],
    [2, 1],
    [3, 2],
  ] as const)
    await moments.save(pos, T0 + hour * HOUR_MS, [`{"hour":${hour}}\n`, randomBytes(2 << 20).toString("hex")]);
  const db = new Database(join(own, "moments.db"));
  db.exec("DELETE FROM moment_piece WHERE pos = 3; DELETE FROM moment_piece WHERE pos = 2 AND number > 0");
  db.close();
  expect(moments.load(T0 + 9 * HOUR_MS)).toMatchObject({ pos: 1, lines: ['{"hour":0}', expect.any(String)] });
  moments.close();
  expect(() => moments.load(T0)).toThrow();
  rmSync(own, { recursive: true, force: true });
});

test("takes the bytes of a snapshot for one of its own", async () => {
  const own = mkdtempSync(join(tmpdir(), "rigtwin-moments-"));
  const [moments, snapshots] = [openMoments(own), openSnapshots(own)];
  await snapshots.save(7, T0, ['{"rig":', '"r1"}\n{}\n'], []);
  await moments.keep(7, T0, snapshots.piecesAt(7));
  expect(moments.load(T0)).toEqual({ pos: 7, lines: ['{"rig":"r1"}', "{}"], cells: [] });
  moments.close();
  snapshots.close();
  rmSync(own, { recursive: true, force: true });
});
