import { randomBytes } from "node:crypto";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createJournal, type Journal } from "../../server/edge/journal/journal.ts";
import { openPruned } from "../../server/edge/journal/pruned.ts";
import type { Entry } from "../../server/twin/twin.ts";
import { OWN } from "../../server/twin/wire.ts";
import { ownFolder } from "../servers/chain.ts";

const T0 = 1_790_000_000_000;
let nowTs = T0;
let own: ReturnType<typeof ownFolder>;
let journal: Journal;
let pruned: ReturnType<typeof openPruned>;

beforeEach(async () => {
  nowTs = T0;
  own = ownFolder("pruned");
  journal = createJournal({ folder: own.folder, now: () => nowTs, groupMs: 0, chunkBytes: 400 });
  await journal.start();
  pruned = openPruned(own.folder, journal);
});
afterEach(async () => {
  pruned.close();
  await journal.stop();
  own.remove();
});

const put = (topic: string, text: string, retain = false): Promise<void> =>
  new Promise((resolve, reject) =>
    journal.append({ topic, payload: Buffer.from(text), qos: 1, retain, dup: false, client: "c" }, (error) =>
      error === null ? resolve() : reject(error),
    ),
  );
const all = async (fromPos = 1): Promise<Entry[]> => {
  const found: Entry[] = [];
  for await (const entries of pruned.read(fromPos)) found.push(...entries);
  return found;
};
const shown = (entries: readonly Entry[]): string[] =>
  entries.map(({ pos, topic, payload }) => `${pos} ${topic} ${Buffer.from(payload).toString()}`);

test("what the server wrote and what was retained outlives the messages around it", async () => {
  for (let hour = 0; hour < 40; hour++) {
    nowTs = T0 + hour * 3_600_000;
    await put("rigtwin/v1/farm/a/telemetry", "x".repeat(60));
    if (hour === 3) await put(OWN.record, "a record");
    if (hour === 4) await put("rigtwin/v1/farm/a/birth", "born", true);
    await put(OWN.tick, "{}");
  }
  // Tail files become chunks when the journal is opened anew.
  await journal.stop();
  await journal.start();
  const before = await all();
  expect(await pruned.prune(T0 + 30 * 3_600_000)).toBeGreaterThan(0);
  const after = await all();
  const oldest = journal.oldestPos();
  expect(oldest).toBeGreaterThan(20);
  expect(shown(after.filter(({ pos }) => pos < oldest))).toEqual([expect.stringContaining("a record"), expect.stringContaining("born")]);
  expect(shown(after.filter(({ pos }) => pos >= oldest))).toEqual(shown(before.filter(({ pos }) => pos >= oldest)));
  expect(before.filter(({ receivedTs }) => receivedTs >= T0 + 30 * 3_600_000).every(({ pos }) => pos >= oldest)).toBe(true);
  expect(shown(await all(oldest + 1))).toEqual(shown(before.filter(({ pos }) => pos > oldest)));
  expect(await pruned.prune(T0 + 30 * 3_600_000)).toBe(0);
});

test("what was set aside before the chunks went is not read twice", async () => {
  await put(OWN.record, "a record");
  const early = openPruned(own.folder, { ...journal, prune: () => 0, oldestPos: () => 0, positionAt: () => Promise.resolve(2) });
  await early.prune(nowTs);
  early.close();
  expect(shown(await all())).toEqual([`1 ${OWN.record} a record`]);
});

test("by size: as many of the oldest chunks go as must, and no more", async () => {
  for (let hour = 0; hour < 60; hour++) {
    nowTs = T0 + hour * 3_600_000;
    // Noise, so that chunks have a size of their own.
    await put("rigtwin/v1/farm/a/telemetry", randomBytes(3_000).toString("hex"));
    if (hour === 1) await put(OWN.record, "a record");
  }
  await journal.stop();
  await journal.start();
  const before = journal.stats().bytes;
  expect(journal.beforeTsFor(before)).toBe(0);
  expect(journal.beforeTsFor(10 * before)).toBe(0);
  const most = before - 60_000;
  const beforeTs = journal.beforeTsFor(most);
  expect(await pruned.prune(beforeTs)).toBeGreaterThan(0);
  const { bytes } = journal.stats();
  expect(bytes).toBeLessThanOrEqual(most);
  // An entry takes about 3.1 kB here, and SQLite whole pages of 4.
  expect(bytes).toBeGreaterThan(most - 32_768);
  expect(journal.beforeTsFor(most)).toBe(0);
  expect(shown(await all()).slice(0, 1)).toEqual([`3 ${OWN.record} a record`]);
});

test("a reader that is overtaken by pruning still gets what was set aside", async () => {
  for (let hour = 0; hour < 60; hour++) {
    nowTs = T0 + hour * 3_600_000;
    await put("rigtwin/v1/farm/a/telemetry", "x".repeat(390));
    if (hour % 10 === 5) await put(OWN.record, `record ${hour}`);
  }
  await journal.stop();
  await journal.start();
  const before = await all();
  const reader = pruned.read(1);
  const found = [...(((await reader.next()).value ?? []) as readonly Entry[])];
  expect(await pruned.prune(T0 + 50 * 3_600_000)).toBeGreaterThan(0);
  const oldest = journal.oldestPos();
  for await (const entries of reader) found.push(...entries);
  expect(shown(found)).toEqual(
    shown(before.filter(({ pos, topic }) => pos <= (before[0]?.pos ?? 0) || pos >= oldest || topic === OWN.record)),
  );
});

/** Entries of 200 chunks, one in thirty to stay. */
const writeMany = async (): Promise<void> => {
  for (let hour = 0; hour < 200; hour++) {
    nowTs = T0 + hour * 3_600_000;
    await put("rigtwin/v1/farm/a/telemetry", "x".repeat(400));
    if (hour % 30 === 7) await put(OWN.record, `record ${hour}`);
  }
  await journal.stop();
  await journal.start();
};

test("others have their turn while chunks are dropped", async () => {
  await writeMany();
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const dropped = await pruned.prune(T0 + 180 * 3_600_000);
  isOver = true;
  expect(dropped).toBeGreaterThan(170);
  expect(turns).toBeGreaterThan(dropped / 2);
});

test("a kill while chunks are dropped costs nothing that is to stay, and what has gone is gone", async () => {
  await writeMany();
  const before = await all();
  const copies: string[] = [];
  const copy = (): void => {
    const to = join(own.folder, `copy-${copies.length}`);
    for (const name of ["journal", "pruned.db", "pruned.db-wal"]) cpSync(join(own.folder, name), join(to, name), { recursive: true });
    copies.push(to);
  };
  const watched = openPruned(own.folder, {
    ...journal,
    prune: (pos) => {
      copy();
      const dropped = journal.prune(pos);
      copy();
      return dropped;
    },
  });
  expect(await watched.prune(T0 + 180 * 3_600_000)).toBeGreaterThan(170);
  watched.close();
  expect(copies.length).toBeGreaterThanOrEqual(8);
  let oldest = 1;
  for (const [i, folder] of copies.entries()) {
    const left = createJournal({ folder, now: () => nowTs, groupMs: 0, chunkBytes: 400 });
    await left.start();
    const again = openPruned(folder, left);
    const found: Entry[] = [];
    for await (const entries of again.read(1)) found.push(...entries);
    const from = left.oldestPos();
    expect(shown(found)).toEqual(shown(before.filter(({ pos, topic }) => pos >= from || topic === OWN.record)));
    if (i % 2 === 1) expect(from).toBeGreaterThan(oldest);
    oldest = from;
    again.close();
    await left.stop();
  }
});

test("a stop while chunks are dropped ends it", async () => {
  await writeMany();
  const pruning = pruned.prune(T0 + 180 * 3_600_000);
  while (journal.oldestPos() === 1) await new Promise((resolve) => setImmediate(resolve));
  pruned.close();
  const dropped = await pruning;
  expect(dropped).toBeGreaterThan(0);
  expect(dropped).toBeLessThan(170);
  pruned = openPruned(own.folder, journal);
});
