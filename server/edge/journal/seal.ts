/** From closed tail files to chunks: one after the other, in the order of their positions. */
import type { ChunkStore } from "./chunks.ts";
import { timesOf } from "./codec.ts";
import { FRAME_HEAD, readTail, removeTail, runsOf, setTailAside } from "./tail.ts";

export type Sealer = ReturnType<typeof createSealer>;

/**
 * Only files that it is handed are sealed, never what a folder lists: that shows a file before the first entry is written to
 * it. A file goes only when every entry of it can be read from a chunk; one that cannot be made into chunks stays, and is read as it is.
 */
export const createSealer = (chunks: () => ChunkStore) => {
  const closed: string[] = [];
  let working: Promise<void> = Promise.resolve();

  const seal = async (path: string): Promise<void> => {
    const { frames, totalBytes } = await readTail(path);
    let isHeld = true;
    for (const run of runsOf(frames)) {
      const first = run[0];
      if (first === undefined) continue;
      const raw = Buffer.concat(run.map((frame) => frame.body));
      const count = run.reduce((sum, frame) => sum + frame.count, 0);
      const { firstTs, lastTs } = timesOf(raw, count);
      isHeld = (await chunks().add(first.firstPos, count, firstTs, lastTs, raw)) && isHeld;
    }
    if (!isHeld) return;
    const goodBytes = frames.reduce((sum, frame) => sum + FRAME_HEAD + frame.body.length, 0);
    // Acknowledged entries that no longer fit their checksum: whoever mends disks may still want them.
    await (goodBytes === totalBytes ? removeTail(path) : setTailAside(path));
  };

  const work = async (): Promise<void> => {
    for (let path = closed[0]; path !== undefined; path = closed[0]) {
      await seal(path);
      closed.shift();
    }
  };

  return {
    /**
     * Takes files to which nobody writes any more, oldest first. Resolves when all are sealed, or when the disk refused one: it and those
     * behind it are tried again with the next that is taken, and at the next start.
     */
    take(paths: readonly string[]): Promise<void> {
      closed.push(...paths);
      working = working.then(work).catch(() => undefined);
      return working;
    },
    /** Resolves when nothing is under way. */
    idle: (): Promise<void> => working,
  };
};
