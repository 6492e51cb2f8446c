import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { open as openFile, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import Database from "libsql";
import { createJournal, type Journal } from "../../server/edge/journal/journal.ts";
import type { Damage } from "../../server/edge/journal/chunks.ts";
import { until } from "../servers/until.ts";

interface Handle {
  sync(): Promise<void>;
  datasync(): Promise<void>;
}
const T0 = 1_700_000_000_000;
let folder = "";
let restore = (): void => undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rigtwin-sealing-"));
});
afterEach(() => {
  restore();
  restore = () => undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** Numbers that look like chance, the same for one seed (mulberry32). */
const chanceOf = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

const handles = async (): Promise<Handle> => {
  const probe = await openFile(join(folder, "probe"), "w");
  await probe.close();
  return Object.getPrototypeOf(probe) as Handle;
};

/** A tail file that is being opened waits so long for its disk. */
const slowOpens = async (delay: () => Promise<unknown>): Promise<void> => {
  const prototype = await handles();
  const real = prototype.sync;
  prototype.sync = async function (this: Handle) {
    await real.call(this);
    await delay();
  };
  restore = () => {
    prototype.sync = real;
  };
};

/** Flushes of entries are refused, as on a full disk, until `restore`. */
const fullDisk = async (): Promise<void> => {
  const prototype = await handles();
  const real = prototype.datasync;
  prototype.datasync = () => Promise.reject(Object.assign(new Error("no space"), { code: "ENOSPC" }));
  restore = () => {
    prototype.datasync = real;
  };
};

let nowTs = T0;
const openJournal = async (at = folder, chunkBytes = 2_000): Promise<Journal> => {
  const journal = createJournal({ folder: at, now: () => nowTs, groupMs: 0, chunkBytes });
  await journal.start();
  return journal;
};
const put = (journal: Journal, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    journal.append({ topic: "a/b", payload: Buffer.from(text), qos: 1, retain: false, dup: false, client: "" }, (error) =>
      error === null ? resolve() : reject(error),
    );
  });
/** The numbers that the texts begin with, and what was told to be damaged. */
const numbersIn = async (journal: Journal, from = 1): Promise<{ numbers: number[]; damage: Damage[] }> => {
  const numbers: number[] = [];
  const damage: Damage[] = [];
  for await (const batch of journal.read(from, (found) => damage.push(found)))
    numbers.push(...batch.map(({ payload }) => Number.parseInt(Buffer.from(payload).toString(), 10)));
  return { numbers, damage };
};
const upTo = (n: number, from = 1): number[] => Array.from({ length: n - from + 1 }, (_, i) => from + i);

/** The journal's files as a kill in this very turn leaves them: the pool may be writing or removing one. */
const copyTorn = (to: string): void => {
  mkdirSync(join(to, "journal"));
  for (const name of readdirSync(join(folder, "journal")))
    try {
      copyFileSync(join(folder, "journal", name), join(to, "journal", name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
};
const tails = (): string[] => readdirSync(join(folder, "journal")).filter((name) => name.startsWith("tail-"));

test("a tail file that is being opened while closed ones are sealed is not taken for one of them", async () => {
  const journal = await openJournal();
  // The first file takes long to compress: meanwhile the second one is closed, and sealed with it.
  await put(journal, `1 ${randomBytes(6_000_000).toString("hex")}`);
  await put(journal, `2 ${"x".repeat(3_000)}`);
  await put(journal, "3 in the third file");
  expect(tails()).toHaveLength(3);
  let isOpening = false;
  let open = (): void => undefined;
  const gate = new Promise<void>((done) => (open = done));
  await slowOpens(() => {
    isOpening = true;
    return gate;
  });
  await put(journal, `4 ${"x".repeat(3_000)}`);
  await until(() => isOpening && tails().length <= 2, "the first two are sealed");
  for (let turn = 0; turn < 50; turn++) await readdir(folder);
  restore();
  open();
  await put(journal, "5 in the fourth file");
  expect(await numbersIn(journal)).toEqual({ numbers: upTo(5), damage: [] });
  await put(journal, `6 ${"x".repeat(3_000)}`);
  await put(journal, "7");
  await journal.stop();
  const after = await openJournal();
  expect(await numbersIn(after)).toEqual({ numbers: upTo(7), damage: [] });
  await after.stop();
});

test.each([4, 5])("whatever is rolled, sealed, read and killed at once, nothing acknowledged is lost (seed %i)", async (seed) => {
  const chance = chanceOf(seed);
  await slowOpens(() => new Promise((done) => setTimeout(done, chance() * 20)));
  let journal = await openJournal();
  let given = 0;
  let acknowledged = 0;
  const reads: Promise<void>[] = [];
  const wrong: string[] = [];
  const told = (what: string, found: { numbers: number[]; damage: Damage[] }, wanted: readonly number[]): void => {
    if (found.damage.length > 0) wrong.push(`${what}: ${JSON.stringify(found.damage)}`);
    if (found.numbers.some((n, i) => n !== (wanted[0] ?? 1) + i) || found.numbers.length < wanted.length)
      wrong.push(`${what}: ${found.numbers.length} of ${wanted.length}`);
  };
  for (let round = 0; round < 80; round++) {
    const sent = upTo(given + 1 + Math.floor(chance() * 12), given + 1).map(async (n) => {
      // A few large ones, so that one file is still being compressed while others are begun.
      const noise = chance() < 0.02 ? randomBytes(400_000).toString("hex") : "";
      await put(journal, `${n} ${"x".repeat(Math.floor(chance() * 400))}${noise}`);
      acknowledged = Math.max(acknowledged, n);
    });
    given += sent.length;
    if (chance() < 0.2) {
      const from = 1 + Math.floor(chance() * acknowledged);
      const wanted = upTo(acknowledged, from);
      reads.push(numbersIn(journal, from).then((found) => told(`read from ${from}`, found, wanted)));
    }
    if (chance() < 0.7) await Promise.all(sent);
    else await sent[0];
    if (chance() < 0.1) {
      const copy = mkdtempSync(join(tmpdir(), "rigtwin-sealing-"));
      copyTorn(copy);
      const wanted = upTo(acknowledged);
      const after = await openJournal(copy);
      told("after a kill", await numbersIn(after), wanted);
      await after.stop();
      rmSync(copy, { recursive: true });
    }
    if (chance() < 0.03) {
      await Promise.all([...sent, ...reads]);
      await journal.stop();
      journal = await openJournal();
    }
    await Promise.all(chance() < 0.5 ? sent : []);
  }
  await Promise.all(reads);
  await journal.stop();
  const after = await openJournal();
  told("at the end", await numbersIn(after), upTo(given));
  expect(await after.verify()).toEqual([]);
  await after.stop();
  expect(wrong).toEqual([]);
  expect(tails()).toHaveLength(1);
});

test("a reader gets what was acknowledged, not what was refused and written over while it read", async () => {
  const journal = await openJournal(folder, 1 << 20);
  await put(journal, "1");
  await fullDisk();
  await expect(put(journal, "90 refused")).rejects.toMatchObject({ code: "DISK_FULL" });
  restore();
  nowTs += 2_000;
  const reader = journal.read(1);
  const text = async (): Promise<string[]> =>
    (((await reader.next()).value ?? []) as readonly { payload: Uint8Array }[]).map(({ payload }) => Buffer.from(payload).toString());
  expect(await text()).toEqual(["1"]);
  await put(journal, "2");
  expect(await text()).toEqual(["2"]);
  expect(await text()).toEqual([]);
  await journal.stop();
});

/** Twenty entries in a tail file whose last frame is damaged since. */
const withLastDamaged = async (): Promise<{ readonly path: string; readonly file: Buffer }> => {
  const journal = await openJournal(folder, 1 << 20);
  for (const n of upTo(20)) await put(journal, `${n} entry`);
  await journal.stop();
  const path = join(folder, "journal", tails()[0] ?? "");
  const file = readFileSync(path);
  file[file.length - 1] = 0x21;
  writeFileSync(path, file);
  return { path, file };
};

test("no position is given twice where the last frame of a closed file is damaged, and what is left of the file is kept", async () => {
  const { path, file } = await withLastDamaged();
  writeFileSync(path.replace(/\d+\.log$/, `${String(21).padStart(16, "0")}.log`), "");
  let journal = await openJournal(folder, 1 << 20);
  expect(journal.head().pos).toBe(20);
  await put(journal, "21 after");
  const damage = [{ firstPos: 20, count: 1, reason: "lost between two frames" }];
  expect(await numbersIn(journal)).toEqual({ numbers: [...upTo(19), 21], damage });
  await journal.stop();
  expect(readFileSync(join(folder, "journal", "damaged-0000000000000001.log"))).toEqual(file);
  journal = await openJournal(folder, 20);
  for (const n of upTo(24, 22)) await put(journal, `${n} entry`);
  await journal.stop();
  journal = await openJournal(folder, 20);
  expect(await journal.verify()).toEqual([{ firstPos: 20, count: 1, reason: "lost between two chunks" }]);
  await journal.stop();
});

test("positions that a reader has got to are not given again where the newest frame is damaged, and what is lost is named", async () => {
  const { file } = await withLastDamaged();
  let journal = createJournal({ folder, now: () => nowTs, groupMs: 0, chunkBytes: 1 << 20, floorPos: 20 });
  await journal.start();
  expect(journal.head().pos).toBe(20);
  const damage = [{ firstPos: 20, count: 1, reason: "lost at the end" }];
  expect(journal.stats().damaged).toEqual(damage);
  await put(journal, "21 after");
  expect((await numbersIn(journal)).numbers).toEqual([...upTo(19), 21]);
  await journal.stop();
  expect(readFileSync(join(folder, "journal", "damaged-0000000000000001.log"))).toEqual(file);
  journal = createJournal({ folder, now: () => nowTs, groupMs: 0, chunkBytes: 1 << 20, floorPos: 21 });
  await journal.start();
  expect([journal.head().pos, journal.stats().damaged]).toEqual([21, damage]);
  await journal.stop();
});

test("a tail file whose place in the chunks is taken stays, and is read", async () => {
  let journal = await openJournal(folder, 1 << 20);
  for (const n of upTo(5)) await put(journal, `${n} entry`);
  await journal.stop();
  const [tail = ""] = tails();
  const file = readFileSync(join(folder, "journal", tail));
  journal = await openJournal(folder, 20);
  for (const n of upTo(9, 6)) await put(journal, `${n} entry`);
  await journal.stop();
  const db = new Database(join(folder, "journal", "chunks.db"));
  db.exec("DELETE FROM chunk WHERE first_pos <= 5");
  // Its beginning is there as a chunk, as if one had been made too early.
  db.exec("INSERT INTO chunk SELECT 1, 2, first_ts, last_ts, prev_hash, hash, body FROM chunk LIMIT 1");
  db.close();
  writeFileSync(join(folder, "journal", tail), file);
  journal = await openJournal(folder, 20);
  const damage = [{ firstPos: 6, count: 1, reason: "lost between two chunks" }];
  expect(await numbersIn(journal, 3)).toEqual({ numbers: [3, 4, 5, 7, 8, 9], damage });
  expect(tails()).toContain(tail);
  await journal.stop();
});

test("a tail file that cannot be read is an error of reading, not the end of the journal", async () => {
  const journal = await openJournal();
  await put(journal, "1");
  mkdirSync(join(folder, "journal", "tail-0000000000000002.log"));
  await expect(numbersIn(journal)).rejects.toMatchObject({ code: "EISDIR" });
  await journal.stop();
});

const bytesReadBy = async (work: () => Promise<unknown>): Promise<number> => {
  const read = (): number => Number(/rchar: (\d+)/.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);
  const before = read();
  await work();
  return read() - before;
};

test("what is read when a journal is opened does not grow with it", async () => {
  const openings: number[] = [];
  let journal = await openJournal();
  for (const chunks of [10, 200]) {
    for (let n = 0; n < chunks; n++) await put(journal, randomBytes(5_000).toString("hex"));
    await journal.stop();
    journal = createJournal({ folder, now: () => nowTs, groupMs: 0, chunkBytes: 2_000 });
    openings.push(await bytesReadBy(() => journal.start()));
    openings.push(journal.stats().bytes);
  }
  await journal.stop();
  const [few = 0, small = 0, many = 0, large = 0] = openings;
  expect(large).toBeGreaterThan(10 * small);
  expect(many).toBeLessThan(few + 64_000);
});

/** Makes a page of zeros of the root of a table or an index, or of the newest leaf of the table of chunks. */
const breakPage = (of: "chunk_time" | "newest chunks"): void => {
  const path = join(folder, "journal", "chunks.db");
  const db = new Database(path);
  db.pragma("wal_checkpoint(TRUNCATE)");
  const pages = db.prepare("SELECT pageno, name, pagetype FROM dbstat ORDER BY path").all() as {
    pageno: number;
    name: string;
    pagetype: string;
  }[];
  const { size } = db.prepare("SELECT page_size AS size FROM pragma_page_size()").get() as { size: number };
  db.close();
  const page =
    of === "chunk_time"
      ? pages.find(({ name }) => name === of)
      : pages.findLast(({ name, pagetype }) => name === "chunk" && pagetype === "leaf");
  const file = readFileSync(path);
  file.fill(0, ((page?.pageno ?? 0) - 1) * size, (page?.pageno ?? 0) * size);
  writeFileSync(path, file);
};
/** Noise that fills a tail file of 2,000 bytes, and the number it begins with. */
const large = (n: number): string => `${n} ${randomBytes(1_500).toString("hex")}`;
const withTroubles = async (): Promise<{ readonly journal: Journal; readonly told: string[] }> => {
  const told: string[] = [];
  const journal = createJournal({
    folder,
    now: () => nowTs,
    groupMs: 0,
    chunkBytes: 2_000,
    onError: (error) => told.push(String((error as Error).message)),
  });
  await journal.start();
  return { journal, told };
};

test("a tail file that the disk does not let go holds up none behind it, is told of once, and goes when it can", async () => {
  await withLastDamaged();
  // What is left of the damaged file is to go under this name.
  const taken = join(folder, "journal", "damaged-0000000000000001.log");
  mkdirSync(taken);
  writeFileSync(join(folder, "journal", "tail-0000000000000021.log"), "");
  let { journal, told } = await withTroubles();
  for (const n of upTo(25, 21)) await put(journal, large(n));
  await journal.stop();
  expect(tails()).toEqual(["tail-0000000000000001.log", "tail-0000000000000026.log"]);
  expect(told).toEqual([expect.stringMatching(/^The journal: a tail file .* cannot be removed \(EISDIR\): .*tail-0000000000000001/)]);
  ({ journal, told } = await withTroubles());
  expect(journal.stats().sealing).toMatch(/EISDIR/);
  const bytes = journal.stats().bytes;
  expect((await numbersIn(journal)).numbers).toEqual([...upTo(19), ...upTo(25, 21)]);
  rmdirSync(taken);
  await put(journal, large(26));
  await until(() => existsSync(taken), "the damaged file is set aside");
  await until(() => journal.stats().sealing === null, "nothing is told any more");
  await journal.stop();
  ({ journal, told } = await withTroubles());
  expect([tails(), told]).toEqual([["tail-0000000000000027.log"], []]);
  expect(bytes - journal.stats().bytes).toBeLessThan(20_000);
  expect((await numbersIn(journal)).numbers).toEqual([...upTo(19), ...upTo(26, 21)]);
  await journal.stop();
});

test.each([
  ["the next chunk is added", false],
  ["a time is looked for", true],
])("a broken page of the index of chunks is made anew when %s", async (_when, isAsked) => {
  const before = await openJournal();
  for (const n of upTo(6)) await put(before, large(n));
  await before.stop();
  breakPage("chunk_time");
  const { journal, told } = await withTroubles();
  if (isAsked) expect(await journal.positionAt(nowTs)).toBe(1);
  for (const n of upTo(12, 7)) await put(journal, large(n));
  await until(() => tails().length === 1, "all is sealed");
  expect(await journal.positionAt(nowTs)).toBe(1);
  expect(await numbersIn(journal)).toEqual({ numbers: upTo(12), damage: [] });
  expect(journal.prune(8)).toBe(7);
  expect([told, journal.stats().sealing, await journal.verify()]).toEqual([[], null, []]);
  await journal.stop();
});

test("where no chunk can be added, tail files wait, are counted and told of, and are read", async () => {
  let journal = await openJournal();
  for (const n of upTo(6)) await put(journal, large(n));
  await journal.stop();
  breakPage("newest chunks");
  let told: string[];
  ({ journal, told } = await withTroubles());
  const before = journal.stats().bytes;
  for (const n of upTo(12, 7)) await put(journal, large(n));
  await until(() => journal.stats().sealing !== null, "it is told");
  expect(journal.stats().sealing).toBe("closed tail files cannot be made into chunks (SQLITE_CORRUPT)");
  expect(journal.stats().bytes - before).toBeGreaterThan(6 * 3_000);
  const { numbers } = await numbersIn(journal);
  expect(numbers.slice(-6)).toEqual(upTo(12, 7));
  await journal.stop();
  expect(told).toEqual(["The journal: closed tail files cannot be made into chunks (SQLITE_CORRUPT)."]);
  expect(tails()).toHaveLength(7);
  ({ journal, told } = await withTroubles());
  expect([told.length, journal.head().pos]).toEqual([1, 12]);
  expect(journal.stats().bytes - before).toBeGreaterThan(6 * 3_000);
  await journal.stop();
});

test("a tail file that cannot be read costs its own entries, which are named; the others are read, and written behind", async () => {
  let journal = await openJournal(folder, 1 << 20);
  for (const n of upTo(5)) await put(journal, `${n} entry`);
  await journal.stop();
  const [tail = ""] = tails();
  const journalFolder = join(folder, "journal");
  // The disk's own errors cannot be had here; a folder in the file's place cannot be read either.
  for (const name of [tail, "tail-0000000000000009.log"]) {
    rmSync(join(journalFolder, name), { force: true });
    mkdirSync(join(journalFolder, name));
  }
  writeFileSync(join(journalFolder, "tail-0000000000000004.log"), "");
  writeFileSync(join(journalFolder, "tail-0000000000000006.log"), "");
  journal = await openJournal(folder, 1 << 20);
  const reason = "the tail file cannot be read (EISDIR)";
  const [first, second] = journal.stats().damaged;
  expect(first).toEqual({ firstPos: 1, count: 3, reason });
  // How many were in the newest one is not known: their positions are not given again.
  expect(second).toEqual({ firstPos: 9, count: journal.head().pos - 8, reason });
  expect(second?.count).toBeGreaterThan(0);
  expect(readdirSync(journalFolder).filter((name) => name.startsWith("damaged-"))).toEqual([
    "damaged-0000000000000001.log",
    "damaged-0000000000000009.log",
  ]);
  await put(journal, "10 entry");
  expect((await numbersIn(journal)).numbers).toEqual([10]);
  const { pos } = journal.head();
  await journal.stop();
  journal = await openJournal(folder, 1 << 20);
  expect([journal.head().pos, (await numbersIn(journal, 9)).numbers]).toEqual([pos, [10]]);
  expect(journal.stats().damaged).toEqual([first, second]);
  await journal.stop();
});

test("a tail file without its salt is set aside, and none of its positions is given again", async () => {
  let journal = await openJournal(folder, 1 << 20);
  for (const n of upTo(20)) await put(journal, `${n} entry`);
  await journal.stop();
  const path = join(folder, "journal", tails()[0] ?? "");
  const file = readFileSync(path);
  file[5] = (file[5] ?? 0) ^ 1;
  file[4_096 + 5] = (file[4_096 + 5] ?? 0) ^ 1;
  writeFileSync(path, file);
  journal = await openJournal(folder, 1 << 20);
  expect(journal.head().pos).toBeGreaterThanOrEqual(20);
  expect(journal.stats().damaged).toEqual([
    { firstPos: 1, count: journal.head().pos, reason: "the tail file cannot be read (nothing of it fits its checksum)" },
  ]);
  await put(journal, "21 entry");
  expect((await numbersIn(journal)).numbers).toEqual([21]);
  expect(readFileSync(join(folder, "journal", "damaged-0000000000000001.log"))).toEqual(file);
  await journal.stop();
});
