import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import Database from "libsql";
import { createJournal, type Journal } from "../../server/edge/journal/journal.ts";
import { lockFolder } from "../../server/edge/journal/lock.ts";
import { hashOf, type Damage } from "../../server/edge/journal/chunks.ts";
import { Refused } from "../../server/twin/refusal.ts";
import type { Entry } from "../../server/twin/twin.ts";
import { canMount, mountSmall } from "../servers/disk.ts";

let folder = "";
let clock = 1_700_000_000_000;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rigtwin-journal-"));
  clock = 1_700_000_000_000;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = async (chunkBytes = 4_096): Promise<Journal> => {
  const journal = createJournal({ folder, now: () => clock++, groupMs: 0, chunkBytes });
  await journal.start();
  return journal;
};
const put = (journal: Journal, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    journal.append({ topic: "a/b", payload: Buffer.from(text), qos: 1, retain: false, dup: true, client: "gw-1" }, (error) =>
      error === null ? resolve() : reject(error),
    );
  });
const all = async (journal: Journal, from = 1, onDamage?: (damage: Damage) => void): Promise<Entry[]> => {
  const entries: Entry[] = [];
  for await (const batch of journal.read(from, onDamage)) entries.push(...batch);
  return entries;
};
const texts = (entries: readonly Entry[]): string[] => entries.map((entry) => Buffer.from(entry.payload).toString());
const words = (n: number): string[] => Array.from({ length: n }, (_, i) => `message ${i} ${"x".repeat(i % 97)}`);
const tails = (): string[] => readdirSync(join(folder, "journal")).filter((name) => name.startsWith("tail-"));

describe("journal", () => {
  test("gives back what was appended, in order, over frames, chunks and restarts", async () => {
    let journal = await open();
    const said = words(600);
    await Promise.all(said.slice(0, 300).map((text) => put(journal, text)));
    for (const text of said.slice(300, 420)) await put(journal, text);
    await journal.stop();
    journal = await open();
    for (const text of said.slice(420)) await put(journal, text);
    const entries = await all(journal);
    expect(texts(entries)).toEqual(said);
    expect(entries.map((entry) => entry.pos)).toEqual(said.map((_, i) => i + 1));
    expect(entries[7]).toMatchObject({ topic: "a/b", qos: 1, retain: false, dup: true, client: "gw-1" });
    expect(entries.every((entry, i) => i === 0 || entry.receivedTs >= (entries[i - 1]?.receivedTs ?? 0))).toBe(true);
    expect(texts(await all(journal, 555))).toEqual(said.slice(554));
    expect(await all(journal, 601)).toEqual([]);
    await journal.stop();
  });

  test("lets a group of few wait longer than one under load, and an idle one not at all", async () => {
    let nowTs = clock;
    const groupMs = 60_000;
    const journal = createJournal({ folder, now: () => nowTs, groupMs });
    await journal.start();
    await put(journal, "after a long silence");
    nowTs += groupMs;
    const group = words(200).map((text) => ({ text, written: false }));
    const puts = group.slice(0, 199).map(async (one) => {
      await put(journal, one.text);
      one.written = true;
    });
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(group.filter(({ written }) => written)).toEqual([]);
    expect(journal.head().pos).toBe(1);
    await put(journal, group[199]?.text ?? "");
    await Promise.all(puts);
    expect(texts(await all(journal, 2))).toEqual(words(200));
    await journal.stop();
  });

  test("tells of an entry only in order and after it can be read back by another process's eyes", async () => {
    const journal = await open(1 << 20);
    const order: number[] = [];
    const seen: number[] = [];
    journal.subscribe((entries) => seen.push(...entries.map((entry) => entry.pos)));
    await Promise.all(
      words(50).map(
        (text, i) =>
          new Promise<void>((resolve) => {
            journal.append({ topic: "t", payload: Buffer.from(text), qos: 1, retain: false, dup: false, client: "" }, () => {
              const file = tails()[0] ?? "";
              expect(readFileSync(join(folder, "journal", file)).includes(text)).toBe(true);
              order.push(i);
              resolve();
            });
          }),
      ),
    );
    expect(order).toEqual(words(50).map((_, i) => i));
    expect(seen).toEqual(words(50).map((_, i) => i + 1));
    await journal.stop();
  });

  test("finds a position by time", async () => {
    const journal = await open();
    for (const text of words(300)) await put(journal, text);
    const entries = await all(journal);
    for (const i of [0, 1, 150, 299]) {
      const entry = entries[i] as Entry;
      expect(await journal.positionAt(entry.receivedTs)).toBe(entry.pos);
    }
    expect(await journal.positionAt(clock + 1_000)).toBe(301);
    expect(await journal.positionAt(0)).toBe(1);
    await journal.stop();
  });

  test("knows when it began, from its first entry on and after a start", async () => {
    let journal = await open(1 << 20);
    expect(journal.oldestTs()).toBeNull();
    for (const text of words(3)) await put(journal, text);
    const [first] = await all(journal);
    expect(journal.oldestTs()).toBe(first?.receivedTs);
    await journal.stop();
    journal = await open(2_048);
    expect(journal.oldestTs()).toBe(first?.receivedTs);
    for (const text of words(300)) await put(journal, text);
    expect(journal.oldestTs()).toBe(first?.receivedTs);
    await journal.stop();
  });

  test("a frame cut short by a kill is cut off, and the next one takes its place", async () => {
    let journal = await open(1 << 20);
    for (const text of words(20)) await put(journal, text);
    await journal.stop();
    const path = join(folder, "journal", tails()[0] ?? "");
    const file = readFileSync(path);
    writeFileSync(path, file.subarray(0, file.length - 3));
    journal = await open(1 << 20);
    expect(texts(await all(journal))).toEqual(words(19));
    await put(journal, "after");
    await journal.stop();
    journal = await open(1 << 20);
    expect(texts(await all(journal))).toEqual([...words(19), "after"]);
    await journal.stop();
  });

  test("damage within a tail file costs the frame it hits and is named", async () => {
    let journal = await open(1 << 20);
    for (const text of words(30)) await put(journal, text);
    await journal.stop();
    const path = join(folder, "journal", tails()[0] ?? "");
    const file = readFileSync(path);
    file[file.indexOf("message 10 ")] = 0x4d;
    writeFileSync(path, file);
    journal = await open(1 << 20);
    const damage: Damage[] = [];
    expect(texts(await all(journal, 1, (found) => damage.push(found)))).toEqual(words(30).filter((_, i) => i !== 10));
    expect(damage).toEqual([{ firstPos: 11, count: 1, reason: "lost between two frames" }]);
    await put(journal, "after");
    expect(texts(await all(journal)).at(-1)).toBe("after");
    await journal.stop();
  });

  test("a damaged chunk is found, named and set aside; the others stay", async () => {
    let journal = await open(2_048);
    for (const text of words(400)) await put(journal, text);
    await journal.stop();
    const db = new Database(join(folder, "journal", "chunks.db"));
    const rows = db.prepare("SELECT first_pos, count, body FROM chunk ORDER BY first_pos").all() as {
      first_pos: number;
      count: number;
      body: Buffer;
    }[];
    expect(rows.length).toBeGreaterThan(3);
    const victim = rows[1] as { first_pos: number; count: number; body: Buffer };
    const body = Buffer.from(victim.body);
    body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
    db.prepare("UPDATE chunk SET body = ? WHERE first_pos = ?").run(body, victim.first_pos);
    db.close();
    journal = await open(2_048);
    expect(texts(await all(journal))).toEqual(
      words(400).filter((_, i) => i + 1 < victim.first_pos || i + 1 >= victim.first_pos + victim.count),
    );
    expect(await journal.verify()).toEqual([
      { firstPos: victim.first_pos, count: victim.count, reason: expect.stringMatching(/hash|decompressed/) },
    ]);
    await put(journal, "after");
    await journal.stop();
  });

  test("a chunk that was taken out or put in another's place breaks the chain of hashes", async () => {
    let journal = await open(2_048);
    for (const text of words(400)) await put(journal, text);
    await journal.stop();
    const db = new Database(join(folder, "journal", "chunks.db"));
    db.exec(
      "UPDATE chunk SET prev_hash = zeroblob(32) WHERE first_pos = (SELECT first_pos FROM chunk ORDER BY first_pos LIMIT 1 OFFSET 2)",
    );
    db.close();
    journal = await open(2_048);
    expect(await journal.verify()).toHaveLength(1);
    await journal.stop();
  });

  test("a bit that is flipped in a stored hash costs that chunk, and not the sound one behind it", async () => {
    let journal = await open(2_048);
    for (const text of words(400)) await put(journal, text);
    await journal.stop();
    const db = new Database(join(folder, "journal", "chunks.db"));
    const victim = db.prepare("SELECT first_pos, count, hash FROM chunk ORDER BY first_pos LIMIT 1 OFFSET 2").get() as {
      first_pos: number;
      count: number;
      hash: Buffer;
    };
    const hash = Buffer.from(victim.hash);
    hash[0] = (hash[0] ?? 0) ^ 1;
    db.prepare("UPDATE chunk SET hash = ? WHERE first_pos = ?").run(hash, victim.first_pos);
    db.close();
    journal = await open(2_048);
    expect(await journal.verify()).toEqual([{ firstPos: victim.first_pos, count: victim.count, reason: "its bytes do not fit its hash" }]);
    await journal.stop();
  });

  test("a chunk that does not follow a sound one is found out, also where its own hash fits", async () => {
    let journal = await open(2_048);
    for (const text of words(400)) await put(journal, text);
    await journal.stop();
    const db = new Database(join(folder, "journal", "chunks.db"));
    const [row] = db.prepare("SELECT first_pos, count, body FROM chunk ORDER BY first_pos LIMIT 1 OFFSET 2").all() as {
      first_pos: number;
      count: number;
      body: Buffer;
    }[];
    if (row === undefined) throw new Error("there are too few chunks");
    const prev = Buffer.alloc(32, 1);
    const hash = hashOf(prev, row.first_pos, row.count, inflateRawSync(Buffer.from(row.body)));
    db.prepare("UPDATE chunk SET prev_hash = ?, hash = ? WHERE first_pos = ?").run(prev, hash, row.first_pos);
    db.close();
    journal = await open(2_048);
    const reason = "it does not follow the chunk before it";
    expect((await journal.verify()).map((damage) => [damage.firstPos, damage.reason])).toEqual([
      [row.first_pos, reason],
      [row.first_pos + row.count, reason],
    ]);
    await journal.stop();
  });

  test("when the disk refuses, nothing is acknowledged, and it recovers by itself", async () => {
    const healths: (string | null)[] = [];
    const journal = createJournal({ folder, now: () => clock++, groupMs: 0, onHealth: (failure) => healths.push(failure?.code ?? null) });
    await journal.start();
    await put(journal, "before");
    const { open: openFile } = await import("node:fs/promises");
    const probe = await openFile(join(folder, "probe"), "w");
    const prototype = Object.getPrototypeOf(probe) as { datasync(): Promise<void> };
    await probe.close();
    const real = prototype.datasync;
    prototype.datasync = () => Promise.reject(Object.assign(new Error("no space"), { code: "ENOSPC" }));
    try {
      await expect(put(journal, "refused")).rejects.toMatchObject({ code: "DISK_FULL" });
    } finally {
      prototype.datasync = real;
    }
    await expect(put(journal, "at once")).rejects.toBeInstanceOf(Refused);
    clock += 2_000;
    await put(journal, "after");
    expect(texts(await all(journal))).toEqual(["before", "after"]);
    expect(healths).toEqual(["DISK_FULL", null]);
    await journal.stop();
  });

  /** The flush of entries as `datasync` has it, until the function that is given. */
  const flushesBy = async (datasync: () => Promise<void>): Promise<() => void> => {
    const { open: openFile } = await import("node:fs/promises");
    const probe = await openFile(join(folder, "probe"), "w");
    const prototype = Object.getPrototypeOf(probe) as { datasync(): Promise<void> };
    await probe.close();
    const real = prototype.datasync;
    prototype.datasync = datasync;
    return () => {
      prototype.datasync = real;
    };
  };

  test("a clock that is set back while the disk refuses does not keep it from recovering", async () => {
    const journal = createJournal({ folder, now: () => clock++, groupMs: 0 });
    await journal.start();
    const mend = await flushesBy(() => Promise.reject(Object.assign(new Error("no space"), { code: "ENOSPC" })));
    await expect(put(journal, "refused")).rejects.toMatchObject({ code: "DISK_FULL" });
    mend();
    clock -= 3_600_000;
    await put(journal, "an hour earlier");
    expect(texts(await all(journal))).toEqual(["an hour earlier"]);
    expect(journal.stats().failure).toBeNull();
    await journal.stop();
  });

  test("after a clock that was set back time goes on at half its pace until the clock has come up, and never back, over a restart too", async () => {
    const HOUR = 3_600_000;
    const T0 = clock;
    let [nowTs, passedMs] = [T0, 0];
    const opened = async (): Promise<Journal> => {
      const journal = createJournal({ folder, now: () => nowTs, passedMs: () => passedMs, groupMs: 0 });
      await journal.start();
      return journal;
    };
    const pass = (ms: number): void => {
      nowTs += ms;
      passedMs += ms;
    };
    let journal = await opened();
    await put(journal, "right");
    nowTs += 2 * HOUR;
    await put(journal, "two hours ahead");
    nowTs -= 2 * HOUR;
    await put(journal, "set back");
    for (const text of ["an hour later", "two hours later"]) {
      pass(HOUR);
      await put(journal, text);
    }
    await journal.stop();
    pass(HOUR / 2);
    journal = await opened();
    await put(journal, "after a restart");
    pass(HOUR);
    await put(journal, "another hour later");
    // What is entered of the past does not push time on.
    await new Promise<void>((resolve) =>
      journal.append({ topic: "a/b", payload: Buffer.from("past"), qos: 1, retain: false, dup: false, client: "" }, () => resolve(), T0),
    );
    pass(HOUR);
    await put(journal, "come up");
    const hours = (await all(journal)).map(({ receivedTs }) => (receivedTs - T0) / HOUR);
    expect(hours).toEqual([0, 2, 2, 2.5, 3, 3, 3.5, 3.5, 4.5]);
    await journal.stop();
  });

  test("a disk that neither writes nor refuses is said to fail until it goes on", async () => {
    const healths: (string | null)[] = [];
    let say: () => void = () => undefined;
    const told = () => new Promise<void>((resolve) => (say = resolve));
    const journal = createJournal({
      folder,
      now: () => clock++,
      groupMs: 0,
      slowMs: 20,
      onHealth: (failure) => {
        healths.push(failure?.code ?? null);
        say();
      },
    });
    await journal.start();
    let goOn: () => void = () => undefined;
    const mend = await flushesBy(() => new Promise<void>((resolve) => (goOn = resolve)));
    const standing = told();
    const putting = put(journal, "slow");
    await standing;
    mend();
    expect(healths).toEqual(["JOURNAL_UNAVAILABLE"]);
    expect(journal.stats().failure?.code).toBe("JOURNAL_UNAVAILABLE");
    goOn();
    await putting;
    expect(healths).toEqual(["JOURNAL_UNAVAILABLE", null]);
    expect(journal.stats().failure).toBeNull();
    await journal.stop();
  });

  test("whoever waits for the disk and throws costs the others nothing", async () => {
    const errors: unknown[] = [];
    const journal = createJournal({ folder, now: () => clock++, groupMs: 0, onError: (error) => errors.push(error) });
    await journal.start();
    const heard: string[] = [];
    journal.subscribe((entries) => heard.push(...texts(entries)));
    const bad = new Error("of its own");
    journal.append({ topic: "a/b", payload: Buffer.from("first"), qos: 1, retain: false, dup: false, client: "" }, () => {
      throw bad;
    });
    await put(journal, "second");
    expect(errors).toEqual([bad]);
    await put(journal, "third");
    expect(heard.slice(0, 2)).toEqual(["first", "second"]);
    await journal.stop();
  });

  test("whoever is told of its health and throws costs neither those who wait nor the journal", async () => {
    const errors: unknown[] = [];
    const bad = new Error("of its own");
    let told: () => void = () => undefined;
    const isTold = new Promise<void>((resolve) => (told = resolve));
    const journal = createJournal({
      folder,
      now: () => clock++,
      groupMs: 0,
      slowMs: 20,
      onHealth: () => {
        throw bad;
      },
      onError: (error) => {
        errors.push(error);
        if (errors.length === 3) told();
      },
    });
    await journal.start();
    let mend = await flushesBy(() => Promise.reject(Object.assign(new Error("no space"), { code: "ENOSPC" })));
    await expect(put(journal, "refused")).rejects.toMatchObject({ code: "DISK_FULL" });
    mend();
    clock += 2_000;
    await put(journal, "after");
    let goOn: () => void = () => undefined;
    mend = await flushesBy(() => new Promise<void>((resolve) => (goOn = resolve)));
    const putting = put(journal, "slow");
    await isTold;
    mend();
    goOn();
    await putting;
    expect(errors).toEqual([bad, bad, bad, bad]);
    expect(texts(await all(journal))).toEqual(["after", "slow"]);
    await journal.stop();
  });

  describe("pages of the file that cannot be read cost the chunks on them, which are named", () => {
    const said = Array.from({ length: 1_200 }, (_, i) => `message ${i} ${"x".repeat(i % 97)}`);
    /** 24 chunks on several leaves of the table, in a file without a log, and entries in the tail. */
    const filled = async (): Promise<{ path: string; firsts: number[]; leaves: number[]; pageSize: number }> => {
      const journal = await open(2_048);
      for (let i = 0; i < said.length; i += 50) await Promise.all(said.slice(i, i + 50).map((text) => put(journal, text)));
      await put(journal, "in the tail");
      await journal.stop();
      const path = join(folder, "journal", "chunks.db");
      const db = new Database(path);
      db.pragma("wal_checkpoint(TRUNCATE)");
      const { root } = db.prepare("SELECT rootpage AS root FROM sqlite_schema WHERE name = 'chunk'").get() as { root: number };
      const pageSize = (db.prepare("SELECT page_size AS size FROM pragma_page_size()").get() as { size: number }).size;
      const firsts = (db.prepare("SELECT first_pos FROM chunk ORDER BY first_pos").all() as { first_pos: number }[]).map(
        (row) => row.first_pos,
      );
      db.close();
      const file = readFileSync(path);
      // The root is an interior page, type 5: cells of a child's page number and a key, their places behind the head of 12 bytes.
      const at = (root - 1) * pageSize;
      expect(file[at]).toBe(5);
      const cells = Array.from({ length: file.readUInt16BE(at + 3) }, (_, i) => file.readUInt32BE(at + file.readUInt16BE(at + 12 + 2 * i)));
      const leaves = [...cells, file.readUInt32BE(at + 8)];
      expect(leaves.length).toBeGreaterThan(3);
      return { path, firsts, leaves, pageSize };
    };
    const breakPage = (path: string, page: number, pageSize: number): void => {
      const file = readFileSync(path);
      file.fill(0, (page - 1) * pageSize, page * pageSize);
      writeFileSync(path, file);
    };

    test.each([
      ["the oldest", (leaves: readonly number[]) => leaves[0]],
      ["one in the middle", (leaves: readonly number[]) => leaves[leaves.length >> 1]],
      ["the newest", (leaves: readonly number[]) => leaves.at(-1)],
    ])("%s", async (_which, choose) => {
      const { path, firsts, leaves, pageSize } = await filled();
      breakPage(path, choose(leaves) ?? 0, pageSize);
      const journal = await open(2_048);
      const damage = await journal.verify();
      expect(damage.length).toBeGreaterThan(0);
      expect(damage.every(({ reason }) => /SQLITE_CORRUPT|lost/.test(reason))).toBe(true);
      const kept = new Set(texts(await all(journal)));
      const lost = said.filter((text) => !kept.has(text)).length;
      expect(lost).toBeGreaterThan(0);
      expect(lost).toBeLessThan(said.length / 2);
      // Whole chunks, and all that is lost is named.
      expect(lost % 50).toBe(0);
      const isNamed = (pos: number): boolean => damage.some(({ firstPos, count }) => pos >= firstPos && pos < firstPos + count);
      const unnamed = said.flatMap((text, i) => (kept.has(text) || isNamed(i + 1) ? [] : [i + 1]));
      // Of the newest chunk only the place is known.
      expect(unnamed.length).toBeLessThan(50);
      expect(kept.has("in the tail")).toBe(true);
      expect(journal.head().pos).toBe(said.length + 1);
      for (let i = 0; i < 2 * firsts.length; i++) journal.checkNext();
      expect(journal.oldestPos()).toBe(1);
      expect(journal.beforeTsFor(0)).toBeGreaterThan(0);
      await put(journal, "after");
      const before = firsts[firsts.length - 8] ?? 0;
      journal.prune(before);
      const left = texts(await all(journal));
      expect(left.at(-1)).toBe("after");
      expect(left.length).toBeLessThan(kept.size - 200);
      await journal.stop();
    });

    test("one of the list of damage costs nothing; what is found from then on is named until the next start", async () => {
      const { path, leaves, pageSize } = await filled();
      const db = new Database(path);
      const { root } = db.prepare("SELECT rootpage AS root FROM sqlite_schema WHERE name = 'damaged'").get() as { root: number };
      db.close();
      breakPage(path, root, pageSize);
      const journal = await open(2_048);
      expect(journal.stats().damaged).toEqual([]);
      expect(await journal.verify()).toEqual([]);
      expect(texts(await all(journal))).toEqual([...said, "in the tail"]);
      await journal.stop();
      breakPage(path, leaves[1] ?? 0, pageSize);
      const again = await open(2_048);
      const damage = await again.verify();
      expect(damage.length).toBeGreaterThan(0);
      expect(again.stats().damaged).toEqual(damage);
      await again.stop();
    });

    test("one that the body of the newest chunk runs over", async () => {
      let journal = await open(2_048);
      const random = Array.from({ length: 40 }, () => randomBytes(600).toString("base64"));
      for (let i = 0; i < random.length; i += 10) await Promise.all(random.slice(i, i + 10).map((text) => put(journal, text)));
      await put(journal, "in the tail");
      await journal.stop();
      const path = join(folder, "journal", "chunks.db");
      const db = new Database(path);
      db.pragma("wal_checkpoint(TRUNCATE)");
      const pageSize = (db.prepare("SELECT page_size AS size FROM pragma_page_size()").get() as { size: number }).size;
      const { page } = db
        .prepare("SELECT pageno AS page FROM dbstat WHERE name = 'chunk' AND pagetype = 'overflow' ORDER BY path DESC LIMIT 1")
        .get() as { page: number };
      db.close();
      breakPage(path, page, pageSize);
      journal = await open(2_048);
      expect(await journal.verify()).toMatchObject([{ firstPos: 31, count: 10 }]);
      expect(texts(await all(journal))).toEqual([...random.slice(0, 30), "in the tail"]);
      await journal.stop();
    });
  });

  test("old chunks are pruned, the newest and the tail stay", async () => {
    const journal = await open(2_048);
    for (const text of words(400)) await put(journal, text);
    await journal.stop();
    const again = await open(2_048);
    expect(again.prune(200)).toBeGreaterThan(0);
    const left = await all(again);
    expect(left[0]?.pos).toBeGreaterThan(1);
    expect(left[0]?.pos).toBeLessThanOrEqual(200);
    expect(left.at(-1)?.pos).toBe(400);
    await again.stop();
  });

  test("a second server on the same folder is told so", () => {
    const release = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(/Another server is using the data folder/);
    release();
    lockFolder(folder)();
  });

  test("a lock that cannot be read is not taken for another server's", () => {
    writeFileSync(join(folder, "lock.db"), Buffer.alloc(8_192, 1));
    expect(() => lockFolder(folder)).toThrow(expect.objectContaining({ code: "JOURNAL_UNAVAILABLE" }));
    expect(() => lockFolder(folder)).toThrow(/cannot be locked \(SQLITE_NOTADB\)/);
  });

  (canMount() ? test : test.skip)(
    "a full disk keeps nobody from the lock, whether the folder was in use before or not, nor gives it to two",
    () => {
      const disk = mountSmall(1);
      try {
        for (const name of ["used", "new"]) mkdirSync(join(disk.folder, name));
        lockFolder(join(disk.folder, "used"))();
        disk.fill();
        for (const name of ["used", "new"]) {
          const release = lockFolder(join(disk.folder, name));
          expect(() => lockFolder(join(disk.folder, name))).toThrow(expect.objectContaining({ code: "DATA_DIR_IN_USE" }));
          release();
        }
      } finally {
        disk.unmount();
      }
    },
  );
});
