/** From closed tail files to chunks: one after the other, in the order of their positions. */
import type { ChunkStore } from "./chunks.ts";
import { timesOf } from "./codec.ts";
import { runsOf, type Frame } from "./frames.ts";
import { isUnreadable, readTail, removeTail, setTailAside } from "./tail.ts";

export type Sealer = ReturnType<typeof createSealer>;

/** A tail file to which nobody writes any more. */
export interface Closed {
  readonly path: string;
  readonly firstPos: number;
  /** First position of the file behind it. */
  readonly nextPos: number;
  readonly bytes: number;
}

const codeOf = (cause: unknown): string => String((cause as { code?: unknown }).code ?? cause);

/**
 * Only files that it is handed are sealed, never what a folder lists: that shows a file before the first entry is written to
 * it. A file goes only when every entry of it can be read from a chunk; one that cannot be made into chunks stays, and is read as it is.
 * `onTrouble` is told what keeps files from going, once.
 */
export const createSealer = (chunks: () => ChunkStore, onTrouble: (trouble: string, cause: unknown) => void) => {
  const closed: Closed[] = [];
  /** No longer needed, and the disk refuses to let them go. */
  let spent: { readonly file: Closed; readonly letGo: (path: string) => Promise<void> }[] = [];
  /** Their place among the chunks is taken. */
  const kept: Closed[] = [];
  let working: Promise<void> = Promise.resolve();
  let trouble: string | null = null;
  let isStuck = false;

  const meet = (what: string, cause: unknown): void => {
    isStuck = true;
    if (what === trouble) return;
    trouble = what;
    onTrouble(what, cause);
  };

  const addRun = async (run: readonly Frame[]): Promise<boolean> => {
    const first = run[0];
    if (first === undefined) return true;
    const raw = Buffer.concat(run.map((frame) => frame.body));
    const count = run.reduce((sum, frame) => sum + frame.count, 0);
    const { firstTs, lastTs } = timesOf(raw, count);
    return chunks().add(first.firstPos, count, firstTs, lastTs, raw);
  };
  const lose = ({ firstPos, nextPos }: Closed, reason: string): void => {
    const last = chunks().last();
    const fromPos = Math.max(firstPos, last === null ? 1 : last.firstPos + last.count);
    if (fromPos < nextPos) chunks().lose(fromPos, nextPos - fromPos, reason);
  };
  const letGo = async (file: Closed, by: (path: string) => Promise<void>): Promise<void> => {
    try {
      await by(file.path);
    } catch (cause) {
      spent.push({ file, letGo: by });
      meet(`a tail file whose entries are in chunks cannot be removed (${codeOf(cause)}): ${file.path}`, cause);
    }
  };

  const seal = async (file: Closed): Promise<void> => {
    const read = await readTail(file.path).catch((cause: unknown) => {
      if (!isUnreadable(cause) && codeOf(cause) !== "ENOENT") throw cause;
      return codeOf(cause);
    });
    if (typeof read === "string" || read.isLost) {
      lose(file, `the tail file cannot be read (${typeof read === "string" ? read : "nothing of it fits its checksum"})`);
      return letGo(file, setTailAside);
    }
    let isHeld = true;
    for (const run of runsOf(read.frames)) isHeld = (await addRun(run)) && isHeld;
    // Acknowledged entries that no longer fit their checksum: whoever mends disks may still want them.
    if (isHeld) await letGo(file, read.isWhole ? removeTail : setTailAside);
    else kept.push(file);
  };

  const work = async (): Promise<void> => {
    isStuck = false;
    const again = spent;
    spent = [];
    for (const { file, letGo: by } of again) await letGo(file, by);
    // A chunk is hashed onto the one before: where one cannot be added, those behind it wait.
    for (let file = closed[0]; file !== undefined; file = closed[0]) {
      await seal(file);
      closed.shift();
    }
  };

  return {
    /**
     * Takes files to which nobody writes any more, oldest first. Resolves when all are sealed, or when the disk refused one: it and those
     * behind it are tried again with the next that is taken, and at the next start.
     */
    take(files: readonly Closed[]): Promise<void> {
      closed.push(...files);
      working = working
        .then(work)
        .catch((cause: unknown) => meet(`closed tail files cannot be made into chunks (${codeOf(cause)})`, cause))
        .then(() => {
          if (!isStuck) trouble = null;
        });
      return working;
    },
    /** Resolves when nothing is under way. */
    idle: (): Promise<void> => working,
    /** Of closed files that are still there. */
    bytes: (): number => [...closed, ...spent.map(({ file }) => file), ...kept].reduce((sum, { bytes }) => sum + bytes, 0),
    /** What keeps closed files from going; null where nothing does. */
    trouble: (): string | null => trouble,
  };
};
