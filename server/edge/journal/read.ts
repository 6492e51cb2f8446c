/** Reading a journal that is being written, sealed and pruned meanwhile. */
import type { Entry } from "../../twin/twin.ts";
import type { ChunkStore, Damage } from "./chunks.ts";
import { decodeEntries } from "./codec.ts";
import type { Frame } from "./frames.ts";
import { readTail, tailFiles } from "./tail.ts";

export interface Sources {
  readonly folder: string;
  readonly chunks: () => ChunkStore;
  /** Position of the newest entry that is on disk. */
  readonly headPos: () => number;
}

/** Frames of one file; none where it was sealed and removed since it was listed. Throws where the disk does. */
export const framesIn = async (path: string): Promise<readonly Frame[]> => {
  try {
    return (await readTail(path)).frames;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
};

const cut = (raw: Buffer, firstPos: number, count: number, fromPos: number): readonly Entry[] =>
  decodeEntries(raw, firstPos, count).slice(Math.max(0, fromPos - firstPos));

/**
 * Entries from `fromPos` on, in order, in batches of a chunk or a frame; ends at the head as it is when reached. What is not
 * there is told as damage, and only when neither a chunk nor a tail file has it.
 */
export async function* readEntries(
  { folder, chunks, headPos }: Sources,
  fromPos: number,
  onDamage: (damage: Damage) => void,
): AsyncGenerator<readonly Entry[]> {
  let pos = Math.max(1, fromPos);
  const missing = (untilPos: number, reason: string): void => {
    if (untilPos > pos) onDamage({ firstPos: pos, count: untilPos - pos, reason });
    pos = Math.max(pos, untilPos);
  };
  while (pos <= headPos()) {
    const headAtFirst = headPos();
    const chunk = chunks().read(pos);
    if (chunk !== null && chunk.firstPos <= pos) {
      if (chunk.raw === null) onDamage({ firstPos: chunk.firstPos, count: chunk.count, reason: "set aside" });
      else yield cut(chunk.raw, chunk.firstPos, chunk.count, pos);
      pos = chunk.firstPos + chunk.count;
      continue;
    }
    const nextChunk = chunk?.firstPos ?? null;
    const from = pos;
    search: for (const file of await tailFiles(folder)) {
      // What is behind it in the file may still be refused, and written over while the file is being read.
      const durablePos = headPos();
      for (const frame of await framesIn(file.path)) {
        const end = frame.firstPos + frame.count;
        if (end <= pos || frame.firstPos > durablePos || (nextChunk !== null && frame.firstPos >= nextChunk)) continue;
        if (frame.firstPos > pos) {
          // What lies before this frame was sealed since the files were listed: it is found as a chunk.
          if (chunks().nextFrom(pos) !== nextChunk) break search;
          missing(frame.firstPos, "lost between two frames");
        }
        yield cut(frame.body, frame.firstPos, frame.count, pos);
        pos = end;
      }
    }
    if (pos !== from || chunks().nextFrom(pos) !== nextChunk) continue;
    if (nextChunk !== null) missing(nextChunk, "lost between two chunks");
    else missing(headAtFirst + 1, "lost at the end");
  }
}
