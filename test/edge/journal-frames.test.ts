import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { open as openFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { layEntry, nothingLaid } from "../../server/edge/journal/codec.ts";
import { FILE_HEAD, fileHead, newSalt, putHead, readFrames, type Salt } from "../../server/edge/journal/frames.ts";
import { createJournal, type Journal } from "../../server/edge/journal/journal.ts";

const T0 = 1_790_000_000_000;
let folder = "";
let nowTs = T0;
let restore = (): void => undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rigtwin-frames-"));
});
afterEach(() => {
  restore();
  restore = () => undefined;
  rmSync(folder, { recursive: true, force: true });
});

const laidOf = (payloads: readonly (string | Buffer)[], topic: string): Buffer => {
  const laid = nothingLaid(24);
  for (const payload of payloads)
    layEntry(laid, { topic, payload: Buffer.from(payload), qos: 1, retain: false, dup: false, client: "" }, T0);
  return Buffer.from(laid.bytes.subarray(0, laid.end));
};
/** A frame as files without a salt have it: whoever knows the format can make one. */
const plainFrame = (firstPos: number, payloads: readonly (string | Buffer)[], topic = "a/b"): Buffer => {
  const frame = laidOf(payloads, topic);
  frame.writeUInt32LE(0x4c545752, 0);
  frame.writeUInt32LE(frame.length - 24, 4);
  frame.writeDoubleLE(firstPos, 8);
  frame.writeUInt32LE(payloads.length, 16);
  frame.writeUInt32LE(crc32(frame.subarray(24), crc32(frame.subarray(4, 20))) >>> 0, 20);
  return frame;
};
const saltedFrame = (salt: Salt, firstPos: number, payloads: readonly (string | Buffer)[]): Buffer => {
  const frame = laidOf(payloads, "a/b");
  putHead(frame, salt, firstPos, payloads.length);
  return frame;
};
/** What a device would have the server believe, with enough around it to be cut off anywhere behind it. */
const forged = (firstPos: number): Buffer =>
  Buffer.concat([Buffer.from("{}"), plainFrame(firstPos, ['{"what":"technician"}'], "$rigtwin/act"), Buffer.alloc(400, 0x20)]);

const positions = (file: Buffer): number[] => readFrames(file, 1).frames.map(({ firstPos }) => firstPos);
const flipped = (file: Buffer, at: number): Buffer => {
  const broken = Buffer.from(file);
  broken[at] = (broken[at] ?? 0) ^ 1;
  return broken;
};

const openJournal = async (at = folder): Promise<Journal> => {
  const journal = createJournal({ folder: at, now: () => nowTs++, groupMs: 0 });
  await journal.start();
  return journal;
};
const put = (journal: Journal, payload: string | Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    journal.append({ topic: "a/b", payload: Buffer.from(payload), qos: 1, retain: false, dup: false, client: "" }, (error) =>
      error === null ? resolve() : reject(error),
    );
  });
const textsIn = async (journal: Journal): Promise<string[]> => {
  const texts: string[] = [];
  for await (const batch of journal.read(1))
    texts.push(...batch.map(({ topic, payload }) => `${topic} ${Buffer.from(payload).toString()}`));
  return texts;
};
const tails = (at = folder): string[] => readdirSync(join(at, "journal")).filter((name) => name.startsWith("tail-"));
const tailPath = (at = folder): string => join(at, "journal", tails(at).at(-1) ?? "");

interface Handle {
  write(bytes: Buffer, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  truncate(length: number): Promise<void>;
}
const full = (): Promise<never> => Promise.reject(Object.assign(new Error("no space"), { code: "ENOSPC" }));
/** The disk has room for all but the last `missing` bytes of what is written next, and for nothing more; nothing is cut off while `keeps`. */
const fillUp = async (missing: number, keeps = (): boolean => false): Promise<void> => {
  const probe = await openFile(join(folder, "probe"), "w");
  const handle = Object.getPrototypeOf(probe) as Handle;
  await probe.close();
  const real = { write: handle.write, truncate: handle.truncate };
  let isFull = false;
  handle.write = function (this: Handle, bytes, offset, length, position) {
    if (isFull || length <= missing) return full();
    isFull = true;
    return real.write.call(this, bytes, offset, length - missing, position);
  };
  handle.truncate = function (this: Handle, length) {
    return keeps() ? full() : real.truncate.call(this, length);
  };
  restore = () => Object.assign(handle, real);
};

describe("frames with a salt", () => {
  const salt = newSalt();
  const frames = [["one"], [forged(2)], ["three"]].map((payloads, i) => saltedFrame(salt, i + 1, payloads));
  const file = Buffer.concat([fileHead(salt), ...frames]);
  const [first = 0, second = 0, third = 0] = frames.map(({ length }) => length);

  test("are read, and no other salt's", () => {
    expect(readFrames(file, 1)).toMatchObject({ goodBytes: file.length, nextPos: 4, isWhole: true, isLost: false, salt });
    expect(positions(file)).toEqual([1, 2, 3]);
    expect(positions(Buffer.concat([fileHead(newSalt()), ...frames]))).toEqual([]);
  });

  test("are not found in a payload, wherever its frame is cut off or damaged", () => {
    for (let length = FILE_HEAD + first; length < FILE_HEAD + first + second; length++)
      expect(readFrames(file.subarray(0, length), 1)).toMatchObject({ goodBytes: FILE_HEAD + first, nextPos: 2 });
    for (let at = FILE_HEAD + first; at < FILE_HEAD + first + second; at++) expect(positions(flipped(file, at))).toEqual([1, 3]);
  });

  test("follow each other: a position for which there was no room is none", () => {
    const lost = Buffer.alloc(160, 0x20);
    const behind = (pos: number): number[] => positions(Buffer.concat([file, lost, saltedFrame(salt, pos, ["late"])]));
    for (const pos of [4, 5, 14]) expect(behind(pos)).toEqual([1, 2, 3, pos]);
    for (const pos of [0, 3, 4.5, 15, 9e15, NaN, Infinity]) expect(behind(pos)).toEqual([1, 2, 3]);
    expect(positions(Buffer.concat([file, saltedFrame(salt, 5, ["late"])]))).toEqual([1, 2, 3]);
  });

  test("are read with either of both copies of the salt; without them the file is lost, not empty", () => {
    const [near, far] = [flipped(file, 5), flipped(file, FILE_HEAD - 5)];
    for (const one of [near, far]) expect(positions(one)).toEqual([1, 2, 3]);
    expect(readFrames(flipped(near, FILE_HEAD - 5), 1)).toMatchObject({ frames: [], isLost: true });
    const gone = Buffer.concat([Buffer.alloc(FILE_HEAD), ...frames.map((frame, i) => (i === 1 ? saltedFrame(salt, 2, ["two"]) : frame))]);
    expect(readFrames(gone, 1)).toMatchObject({ frames: [], isLost: true });
    for (const length of [0, 10, 16, FILE_HEAD])
      expect(readFrames(file.subarray(0, length), 1)).toMatchObject({ frames: [], isLost: false, salt: length < FILE_HEAD ? null : salt });
    expect(third).toBeGreaterThan(24);
  });
});

describe("frames of earlier versions, without a salt", () => {
  const frames = [["one"], [forged(2)], ["three"]].map((payloads, i) => plainFrame(i + 1, payloads));
  const file = Buffer.concat(frames);
  const [first = 0, second = 0] = frames.map(({ length }) => length);

  test("are read", () => {
    expect(readFrames(file, 1)).toMatchObject({ goodBytes: file.length, nextPos: 4, isWhole: true, isLost: false, salt: null });
  });

  test("are not looked into where they are cut off or their bytes are damaged", () => {
    for (let length = first + 24; length < first + second; length++)
      expect(readFrames(file.subarray(0, length), 1)).toMatchObject({ goodBytes: first, nextPos: 2 });
    for (let at = first + 24; at < first + second; at++) expect(positions(flipped(file, at))).toEqual([1, 3]);
  });

  test("become chunks at the next start, and what comes then has a salt", async () => {
    mkdirSync(join(folder, "journal"));
    const name = "tail-0000000000000001.log";
    writeFileSync(join(folder, "journal", name), file.subarray(0, file.length - 3));
    let journal = await openJournal();
    expect(journal.head().pos).toBe(2);
    expect(tails()).toEqual(["tail-0000000000000003.log"]);
    await put(journal, "after");
    await journal.stop();
    expect(readFileSync(tailPath()).readUInt32LE(0)).not.toBe(0x4c545752);
    journal = await openJournal();
    expect((await textsIn(journal)).map((text) => text.slice(0, 9))).toEqual(["a/b one", expect.stringMatching(/^a\/b \{\}/), "a/b after"]);
    await journal.stop();
  });

  test("of which none can be read for a wrong length are kept beside the journal, and their positions not given again", async () => {
    const file = Buffer.concat(frames);
    // The length of the first points behind the end.
    file[6] = 0x7f;
    mkdirSync(join(folder, "journal"), { recursive: true });
    writeFileSync(join(folder, "journal", "tail-0000000000000001.log"), file);
    const journal = await openJournal();
    await put(journal, "four");
    expect(journal.head().pos).toBeGreaterThan(3);
    expect(journal.stats().damaged).toMatchObject([{ firstPos: 1 }]);
    expect(await textsIn(journal)).toEqual(["a/b four"]);
    await journal.stop();
    expect(readFileSync(join(folder, "journal", "damaged-0000000000000001.log"))).toEqual(file);
  });

  test("an empty file of an earlier version is gone on with", async () => {
    mkdirSync(join(folder, "journal"));
    writeFileSync(join(folder, "journal", "tail-0000000000000001.log"), "");
    let journal = await openJournal();
    await put(journal, "one");
    await journal.stop();
    journal = await openJournal();
    expect(await textsIn(journal)).toEqual(["a/b one"]);
    await journal.stop();
  });
});

describe("a group that is cut short by a full disk", () => {
  test("brings no entry of a payload's making into the journal, when nothing of it can be cut off", async () => {
    for (const pos of [2, 9_000_000_000_000_000]) {
      let journal = await openJournal();
      if (journal.head().pos === 0) await put(journal, "one");
      await fillUp(64, () => true);
      await expect(put(journal, forged(pos))).rejects.toMatchObject({ code: "DISK_FULL" });
      await journal.stop();
      restore();
      expect(statSync(tailPath()).size).toBeGreaterThan(FILE_HEAD + 400);
      journal = await openJournal();
      expect(journal.head().pos).toBe(1);
      expect(await textsIn(journal)).toEqual(["a/b one"]);
      await journal.stop();
    }
  });

  test("is cut off at once, so that a kill finds nothing of it", async () => {
    const journal = await openJournal();
    await put(journal, "one");
    const { size } = statSync(tailPath());
    await fillUp(64);
    await expect(put(journal, forged(2))).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(statSync(tailPath()).size).toBe(size);
    restore();
    nowTs += 2_000;
    await put(journal, "two");
    expect(await textsIn(journal)).toEqual(["a/b one", "a/b two"]);
    await journal.stop();
  });

  test("is cut off by a stop where it could not be before", async () => {
    const journal = await openJournal();
    await put(journal, "one");
    const { size } = statSync(tailPath());
    let keeps = true;
    await fillUp(64, () => keeps);
    await expect(put(journal, forged(2))).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(statSync(tailPath()).size).toBeGreaterThan(size);
    keeps = false;
    await journal.stop();
    expect(statSync(tailPath()).size).toBe(size);
  });

  test("keeps no journal from starting: the salt is written before the first entries for which there is room", async () => {
    await fillUp(100);
    const journal = await openJournal();
    await expect(put(journal, "refused")).rejects.toMatchObject({ code: "DISK_FULL" });
    restore();
    nowTs += 2_000;
    await put(journal, "one");
    const copy = join(folder, "copy");
    mkdirSync(join(copy, "journal"), { recursive: true });
    copyFileSync(tailPath(), join(copy, "journal", tails()[0] ?? ""));
    const after = await openJournal(copy);
    expect(await textsIn(after)).toEqual(["a/b one"]);
    await after.stop();
    await journal.stop();
  });
});
