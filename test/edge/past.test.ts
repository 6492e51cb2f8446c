/** A journal read beside the one that writes it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createJournal } from "../../server/edge/journal/journal.ts";
import { openPast, type Past } from "../../server/edge/journal/past.ts";
import { openPruned } from "../../server/edge/journal/pruned.ts";
import { openSnapshots } from "../../server/edge/journal/snapshots.ts";
import { farmOfLines, snapshotTexts } from "../../server/twin/snapshot.ts";
import { newFarm } from "../../server/twin/farm.ts";
import type { Entry } from "../../server/twin/twin.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const open = async (chunkBytes = 4_096) => {
  const folder = mkdtempSync(join(tmpdir(), "rigtwin-past-"));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  let ts = 1_000;
  const journal = createJournal({ folder, now: () => ts, groupMs: 1, chunkBytes });
  await journal.start();
  ends.push(() => journal.stop());
  const write = async (n: number): Promise<void> => {
    for (let i = 0; i < n; i++) {
      ts += 10;
      await journal.write(`t/${journal.head().pos + 1}`, new Uint8Array(200).fill(i));
    }
  };
  return { folder, journal, write };
};
const past = (folder: string, onGap?: (pos: number, count: number) => void): Past => {
  const opened = openPast(folder, onGap);
  if (opened === null) throw new Error("there is no journal");
  ends.push(() => opened.close());
  return opened;
};
const collect = async (batches: AsyncIterable<readonly Entry[]>): Promise<Entry[]> => {
  const entries: Entry[] = [];
  for await (const batch of batches) entries.push(...batch);
  return entries;
};

describe("the past of a data folder", () => {
  test("is what its journal reads, from any position, while it is being written", async () => {
    const { folder, journal, write } = await open();
    const reader = past(folder);
    for (let round = 0; round < 6; round++) {
      await write(17);
      const from = 1 + round * 13;
      expect(await collect(reader.read(from))).toEqual(await collect(journal.read(from)));
    }
    expect((await reader.oldest())?.pos).toBe(1);
    expect(readdirSync(join(folder, "journal")).some((name) => name.startsWith("tail-"))).toBe(true);
  });

  test("is without gaps also while chunks are made of what is being read", async () => {
    const { folder, write } = await open(1_024);
    const reader = past(folder, (pos) => {
      throw new Error(`a gap at ${pos}`);
    });
    await write(20);
    const writing = write(150);
    for (let i = 0; i < 25; i++) {
      const entries = await collect(reader.read(1));
      expect(entries.map(({ pos }) => pos)).toEqual(entries.map((_, at) => at + 1));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writing;
    expect(await collect(reader.read(1))).toHaveLength(170);
  });

  test("changes nothing on disk", async () => {
    const { folder, journal, write } = await open();
    await write(60);
    await journal.stop();
    ends.splice(1, 1);
    const bytes = (): string[] =>
      readdirSync(join(folder, "journal"))
        .filter((name) => !/-(wal|shm)$/.test(name))
        .map((name) => `${name} ${readFileSync(join(folder, "journal", name)).toString("base64")}`);
    const before = bytes();
    const reader = openPast(folder);
    if (reader === null) throw new Error("there is no journal");
    expect(await collect(reader.read(1))).toHaveLength(60);
    reader.close();
    expect(bytes()).toEqual(before);
  });

  test("tells which positions a damaged chunk has taken", async () => {
    const { folder, journal, write } = await open();
    await write(60);
    await journal.stop();
    ends.splice(1, 1);
    const db = new Database(join(folder, "journal", "chunks.db"));
    const { first_pos: first, count } = db.prepare("SELECT first_pos, count FROM chunk ORDER BY first_pos LIMIT 1 OFFSET 1").get() as {
      first_pos: number;
      count: number;
    };
    db.prepare("UPDATE chunk SET hash = zeroblob(32) WHERE first_pos = ?").run(first);
    db.close();
    const gaps: number[][] = [];
    const entries = await collect(past(folder, (pos, n) => gaps.push([pos, n])).read(1));
    expect(gaps).toEqual([[first, count]]);
    expect(entries).toHaveLength(60 - count);
  });

  test("has what was set aside at pruning", async () => {
    const { folder, journal, write } = await open();
    await journal.write("$rigtwin/record", new Uint8Array([1]));
    await write(80);
    const pruned = openPruned(folder, journal);
    ends.push(() => pruned.close());
    expect(await pruned.prune(1_600)).toBeGreaterThan(0);
    const expected = await collect(pruned.read(1));
    const read = await collect(past(folder).read(1));
    expect(read.map(({ pos, topic }) => [pos, topic])).toEqual(expected.map(({ pos, topic }) => [pos, topic]));
    expect(read[0]?.topic).toBe("$rigtwin/record");
  });

  test("has the newest sound snapshot before a time", async () => {
    const { folder } = await open();
    const snapshots = openSnapshots(folder);
    ends.push(() => snapshots.close());
    for (const ts of [100, 200, 300]) await snapshots.save(ts, ts, snapshotTexts({ ...newFarm("farm"), asOfPos: ts }), [[ts]]);
    const reader = past(folder);
    expect(reader.loadSnapshot(99)).toBeNull();
    const found = reader.loadSnapshot(250);
    expect(found?.pos).toBe(200);
    expect(farmOfLines(found?.lines ?? []).asOfPos).toBe(200);
    expect([...(found?.cells ?? [])]).toEqual([[[100]], [[200]]]);
  });

  test("is nothing where there is no journal", () => {
    expect(openPast(join(tmpdir(), "rigtwin-there-is-none"))).toBeNull();
  });
});
