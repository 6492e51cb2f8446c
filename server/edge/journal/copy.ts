/** The journal copied beside the server that writes it: what is acknowledged when the copy begins is in the copy. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import Database from "libsql";
import { readFrames } from "./frames.ts";
import { tailFiles } from "./tail.ts";

/**
 * Copies the tail files of `from` (a data folder) into `to`, each cut at its last whole frame, then has `copyDatabase` copy the chunks. In
 * this order a tail file that is made into a chunk meanwhile is in one of both, and never in neither. Gives the newest position.
 */
export const copyJournal = async (from: string, to: string, copyDatabase: (from: string, to: string) => boolean): Promise<number> => {
  await mkdir(join(to, "journal"), { recursive: true, mode: 0o700 });
  let headPos = 0;
  for (const { path, firstPos } of await tailFiles(join(from, "journal")).catch(() => [])) {
    const file = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
    if (file === null) continue;
    const { frames, goodBytes } = readFrames(file, firstPos);
    const last = frames.at(-1);
    if (last !== undefined) headPos = Math.max(headPos, last.firstPos + last.count - 1);
    await writeFile(join(to, "journal", basename(path)), file.subarray(0, goodBytes), { mode: 0o600 });
  }
  const chunks = join(to, "journal", "chunks.db");
  if (!copyDatabase(join(from, "journal", "chunks.db"), chunks)) return headPos;
  const db = new Database(chunks);
  const newest = db.prepare("SELECT first_pos + count - 1 AS pos FROM chunk ORDER BY first_pos DESC LIMIT 1").get() as
    | { readonly pos: number }
    | undefined;
  db.close();
  return Math.max(headPos, newest?.pos ?? 0);
};
