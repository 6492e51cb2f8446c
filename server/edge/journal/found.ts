/** What a start finds in the tail files that the run before has left. */
import type { ChunkInfo } from "./chunks.ts";
import { timesOf } from "./codec.ts";
import type { Frames } from "./frames.ts";
import { isUnreadable, mostIn, readTail, tailFiles } from "./tail.ts";

export interface Found {
  readonly headPos: number;
  readonly headTs: number;
  /** Of the oldest entry that is not in a chunk; null where there is none. */
  readonly tailTs: number | null;
  readonly files: readonly { readonly path: string; readonly firstPos: number; readonly bytes: number }[];
  /** The newest file, where it can be gone on with. */
  readonly newest: (Frames & { readonly firstPos: number }) | null;
}

/** Reads all tail files of the folder; `last` is the newest chunk. One that cannot be read costs its own entries. */
export const findTails = async (folder: string, last: ChunkInfo | null): Promise<Found> => {
  const chunksEnd = last === null ? 0 : last.firstPos + last.count - 1;
  let headPos = chunksEnd;
  let headTs = last?.lastTs ?? 0;
  let tailTs: number | null = null;
  let newest: Found["newest"] = null;
  const files: Found["files"][number][] = [];
  for (const { path, firstPos } of await tailFiles(folder)) {
    const read = await readTail(path).catch((error: unknown) => {
      if (!isUnreadable(error)) throw error;
      return null;
    });
    files.push({ path, firstPos, bytes: read?.totalBytes ?? 0 });
    // A file begins behind the newest entry that was acknowledged: no position is given twice, whatever became of that entry.
    headPos = Math.max(headPos, firstPos - 1);
    newest = null;
    if (read === null || read.isLost) {
      // Nor are those that may have been given to what was in it.
      if (firstPos > chunksEnd) headPos = Math.max(headPos, firstPos - 1 + (await mostIn(path)));
      continue;
    }
    for (const frame of read.frames) {
      if (frame.firstPos + frame.count - 1 <= headPos) continue;
      headPos = frame.firstPos + frame.count - 1;
      const { firstTs, lastTs } = timesOf(frame.body, frame.count);
      headTs = lastTs;
      tailTs ??= firstTs;
    }
    const canGoOn = read.salt !== null || read.frames.length === 0;
    if (canGoOn && firstPos > chunksEnd && read.nextPos === headPos + 1) newest = { ...read, firstPos };
  }
  return { headPos, headTs, tailTs, files, newest };
};
