/**
 * The journal's newest part: append-only files of frames, one frame a group commit. A plain file and not a table because
 * its write and fdatasync run in the thread pool, while SQLite's would stop the event loop for every fsync.
 */
import { constants } from "node:fs";
import { open, readdir, readFile, rename, stat, unlink, type FileHandle } from "node:fs/promises";
import { basename, join } from "node:path";
import { FILE_HEAD, fileHead, mostEntries, newSalt, putHead, readFrames, type Frames, type Salt } from "./frames.ts";

const pathOf = (folder: string, firstPos: number): string => join(folder, `tail-${String(firstPos).padStart(16, "0")}.log`);
const NAME = /^tail-(\d{16})\.log$/;

/** Tail files of a folder, oldest first. */
export const tailFiles = async (folder: string): Promise<{ path: string; firstPos: number }[]> =>
  (await readdir(folder))
    .flatMap((name) => {
      const match = NAME.exec(name);
      return match ? [{ path: join(folder, name), firstPos: Number(match[1]) }] : [];
    })
    .toSorted((a, b) => a.firstPos - b.firstPos);

/** Whether the disk has the file and cannot give what is in it: EIO, and what XFS and ext4 say of their own checksums (EBADMSG, EUCLEAN). */
export const isUnreadable = (error: unknown): boolean =>
  /^(EIO|EISDIR|EBADMSG|EUCLEAN|Unknown system error -(74|117))$/.test(String((error as NodeJS.ErrnoException).code));

/** A disk that is being found again, as after a loose cable, fails to read for a moment. */
const AGAIN_MS = [50, 500, 2_000];
const readPatiently = async (path: string): Promise<Buffer> => {
  for (const ms of AGAIN_MS) {
    try {
      return await readFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EIO") throw error;
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
  }
  return readFile(path);
};

export const readTail = async (path: string): Promise<Frames & { totalBytes: number }> => {
  const file = await readPatiently(path);
  return { ...readFrames(file, Number(NAME.exec(basename(path))?.[1])), totalBytes: file.length };
};

/** No file is larger: of what waits for the disk. */
const MOST_BYTES = 64 << 20;
/** How many entries a file that cannot be read held at most. */
export const mostIn = async (path: string): Promise<number> =>
  mostEntries(
    await stat(path).then(
      ({ size }) => size,
      () => MOST_BYTES,
    ),
  );

const unlessGone = (error: NodeJS.ErrnoException): void => {
  if (error.code !== "ENOENT") throw error;
};
export const removeTail = (path: string): Promise<void> => unlink(path).catch(unlessGone);

/** Keeps a damaged file beside the journal, under a name that is not read. */
export const setTailAside = (path: string): Promise<void> =>
  rename(path, path.replace(/tail-(\d+)\.log$/, "damaged-$1.log")).catch(unlessGone);

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

const writeAll = async (handle: FileHandle, bytes: Buffer, at: number): Promise<void> => {
  for (let written = 0; written < bytes.length;)
    written += (await handle.write(bytes, written, bytes.length - written, at + written)).bytesWritten;
};

interface Opened {
  readonly folder: string;
  readonly firstPos: number;
  readonly handle: FileHandle;
  readonly salt: Salt;
  /** End of what is to stay of an earlier run. */
  readonly goodBytes: number;
}

/** Gives a file that has none its head, on disk before any frame is written; what is behind `goodBytes` is cut off. */
const begin = async ({ folder, handle, salt, goodBytes }: Opened): Promise<void> => {
  await handle.truncate(goodBytes);
  if (goodBytes < FILE_HEAD) await writeAll(handle, fileHead(salt), 0);
  await handle.sync();
  await syncFolder(folder);
};

const isFull = (error: unknown): boolean => /^(ENOSPC|EDQUOT)$/.test(String((error as NodeJS.ErrnoException).code));

const writerOf = async (opened: Opened): Promise<TailWriter> => {
  const { handle, salt, firstPos } = opened;
  let good = Math.max(FILE_HEAD, opened.goodBytes);
  let dirty = false;
  // A full disk keeps no server from starting: the head is written with the first entries for which there is room.
  let isBegun = await begin(opened).then(
    () => true,
    (error: unknown) => {
      if (isFull(error)) return false;
      throw error;
    },
  );
  const clean = async (): Promise<void> => {
    if (!isBegun) await begin(opened);
    isBegun = true;
    if (dirty) await handle.truncate(good);
    dirty = false;
  };
  return {
    path: pathOf(opened.folder, firstPos),
    firstPos,
    bytes: () => good - FILE_HEAD,
    async write(pos, count, frame) {
      // A failed fsync may have dropped pages that later reads still show (fsyncgate): never trust them, write them anew.
      if (dirty || !isBegun) await clean();
      dirty = true;
      putHead(frame, salt, pos, count);
      try {
        await writeAll(handle, frame, good);
        await handle.datasync();
      } catch (error) {
        // What was refused is not to be there at the next start; where that fails as well, it is tried again before the next write.
        await clean().catch(() => undefined);
        throw error;
      }
      good += frame.length;
      dirty = false;
    },
    async close() {
      if (dirty) await clean().catch(() => undefined);
      await handle.close();
    },
  };
};

/** Makes the tail file that starts at `firstPos`. Throws where there is one: what is in it must not be cut off. */
export const createTail = async (folder: string, firstPos: number): Promise<TailWriter> => {
  const path = pathOf(folder, firstPos);
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    return await writerOf({ folder, firstPos, handle, salt: newSalt(), goodBytes: 0 });
  } catch (error) {
    await handle.close().catch(() => undefined);
    await unlink(path).catch(() => undefined);
    throw error;
  }
};

/** Goes on with a tail file of an earlier run that has a salt or no frames; what stands behind `goodBytes` is cut off. */
export const reopenTail = async (
  folder: string,
  firstPos: number,
  { salt, goodBytes }: Pick<Frames, "salt" | "goodBytes">,
): Promise<TailWriter> =>
  writerOf({ folder, firstPos, handle: await open(pathOf(folder, firstPos), constants.O_RDWR), salt: salt ?? newSalt(), goodBytes });
