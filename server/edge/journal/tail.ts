/**
 * The journal's newest part: append-only files of frames, one frame a group commit. A plain file and not a table because
 * its write and fdatasync run in the thread pool, while SQLite's would stop the event loop for every fsync.
 */
import { constants } from "node:fs";
import { open, readdir, readFile, rename, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";

// magic u32 · body bytes u32 · first position f64 · count u32 · crc32 of all that follows the crc and of the body u32
export const FRAME_HEAD = 24;
const MAGIC = 0x4c545752; // "RWTL" in the file

export interface Frame {
  readonly firstPos: number;
  readonly count: number;
  readonly body: Buffer;
}

const fileName = (firstPos: number): string => `tail-${String(firstPos).padStart(16, "0")}.log`;

/** Writes the head of a frame into the room before its body. Changes `frame`. */
const putHead = (frame: Buffer, firstPos: number, count: number): void => {
  frame.writeUInt32LE(MAGIC, 0);
  frame.writeUInt32LE(frame.length - FRAME_HEAD, 4);
  frame.writeDoubleLE(firstPos, 8);
  frame.writeUInt32LE(count, 16);
  frame.writeUInt32LE(crc32(frame.subarray(FRAME_HEAD), crc32(frame.subarray(4, 20))) >>> 0, 20);
};

const frameAt = (file: Buffer, at: number): Frame | null => {
  if (at + FRAME_HEAD > file.length || file.readUInt32LE(at) !== MAGIC) return null;
  const end = at + FRAME_HEAD + file.readUInt32LE(at + 4);
  if (end > file.length) return null;
  const body = file.subarray(at + FRAME_HEAD, end);
  if (crc32(body, crc32(file.subarray(at + 4, at + 20))) >>> 0 !== file.readUInt32LE(at + 20)) return null;
  return { firstPos: file.readDoubleLE(at + 8), count: file.readUInt32LE(at + 16), body };
};

const MAGIC_BYTES = Buffer.from([0x52, 0x57, 0x54, 0x4c]);

/**
 * The frames of one file that fit their checksum; what lies between two of them is damage and shows as a gap in the
 * positions. `goodBytes` is the end of the last: behind it is only what a kill cut short.
 */
export const readFrames = (file: Buffer): { frames: Frame[]; goodBytes: number } => {
  const frames: Frame[] = [];
  let at = 0;
  let goodBytes = 0;
  while (at >= 0 && at < file.length) {
    const frame = frameAt(file, at);
    if (frame === null) {
      at = file.indexOf(MAGIC_BYTES, at + 1);
      continue;
    }
    frames.push(frame);
    at += FRAME_HEAD + frame.body.length;
    goodBytes = at;
  }
  return { frames, goodBytes };
};

/** Frames in runs without a gap between them. */
export const runsOf = (frames: readonly Frame[]): Frame[][] => {
  const runs: Frame[][] = [];
  for (const frame of frames) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run !== undefined && last !== undefined && last.firstPos + last.count === frame.firstPos) run.push(frame);
    else runs.push([frame]);
  }
  return runs;
};

/** Tail files of a folder, oldest first. */
export const tailFiles = async (folder: string): Promise<{ path: string; firstPos: number }[]> =>
  (await readdir(folder))
    .flatMap((name) => {
      const match = /^tail-(\d{16})\.log$/.exec(name);
      return match ? [{ path: join(folder, name), firstPos: Number(match[1]) }] : [];
    })
    .toSorted((a, b) => a.firstPos - b.firstPos);

export const readTail = async (path: string): Promise<{ frames: Frame[]; goodBytes: number; totalBytes: number }> => {
  const file = await readFile(path);
  return { ...readFrames(file), totalBytes: file.length };
};

export const removeTail = (path: string): Promise<void> => unlink(path);

/** Keeps a damaged file beside the journal, under a name that is not read. */
export const setTailAside = (path: string): Promise<void> => rename(path, path.replace(/tail-(\d+)\.log$/, "damaged-$1.log"));

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, constants.O_RDONLY).catch(() => null);
  if (handle === null) return; // Windows cannot open a folder; its directory entries are durable with the file's flush
  await handle.sync().catch(() => undefined);
  await handle.close();
};

export interface TailWriter {
  readonly path: string;
  readonly firstPos: number;
  bytes(): number;
  /**
   * Resolves when the frame is on disk: `count` entries, after FRAME_HEAD bytes that are free for the head. After a failure nothing of it
   * counts: the next write starts at the same place.
   */
  write(firstPos: number, count: number, frame: Buffer): Promise<void>;
  close(): Promise<void>;
}

const writerOf = (path: string, firstPos: number, handle: FileHandle, goodBytes: number): TailWriter => {
  let good = goodBytes;
  let dirty = false;
  return {
    path,
    firstPos,
    bytes: () => good,
    async write(pos, count, frame) {
      // A failed fsync may have dropped pages that later reads still show (fsyncgate): never trust them, write them anew.
      if (dirty) await handle.truncate(good);
      dirty = true;
      putHead(frame, pos, count);
      const total = frame.length;
      let written = 0;
      while (written < total) written += (await handle.write(frame, written, total - written, good + written)).bytesWritten;
      await handle.datasync();
      good += total;
      dirty = false;
    },
    close: () => handle.close(),
  };
};

/** Makes the tail file that starts at `firstPos`. Throws where there is one: what is in it must not be cut off. */
export const createTail = async (folder: string, firstPos: number): Promise<TailWriter> => {
  const path = join(folder, fileName(firstPos));
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await handle.sync();
    await syncFolder(folder);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await unlink(path).catch(() => undefined);
    throw error;
  }
  return writerOf(path, firstPos, handle, 0);
};

/** Goes on with a tail file of an earlier run; what stands behind `goodBytes` is cut off. */
export const reopenTail = async (folder: string, firstPos: number, goodBytes: number): Promise<TailWriter> => {
  const path = join(folder, fileName(firstPos));
  const handle = await open(path, constants.O_RDWR);
  await handle.truncate(goodBytes);
  await handle.sync();
  await syncFolder(folder);
  return writerOf(path, firstPos, handle, goodBytes);
};
