/** The local chain's folder copied while its process writes: a LevelDB as it stood at one moment, and the small files beside it. */
import { copyFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

const TRIES = 20;
const WAIT_MS = 250;
/** What the server keeps beside the chain. */
const SMALL = /\.json$/;
/** Made anew by whoever opens it. */
const LEFT_OUT = /^(LOCK|LOG|LOG\.old|.*\.new|.*\.dbtmp)$/;

/** What says which tables and which log are current; it changes whenever any of them is made or dropped. */
const stateOf = async (folder: string): Promise<string> => {
  const current = await readFile(join(folder, "CURRENT"), "latin1").catch(() => "");
  const manifest = current === "" ? "" : await readFile(join(folder, current.trim()), "latin1");
  return `${current}\n${manifest}`;
};

/**
 * Copies the folder. Tables are never changed once written and the log is only added to, a block being one record of it; so a copy between
 * whose beginning and end the manifest stayed the same is the chain after some block. Where it did not, it is tried again. False where there
 * is no such folder. Throws where the chain was never at rest.
 */
export const copyChain = async (from: string, to: string): Promise<boolean> => {
  for (let tries = 0; tries < TRIES; tries++) {
    const names = await readdir(from, { withFileTypes: true }).catch(() => null);
    if (names === null) return false;
    await rm(to, { recursive: true, force: true });
    await mkdir(to, { recursive: true, mode: 0o700 });
    try {
      const before = await stateOf(from);
      // The small files first: a transaction that is under way must not be ahead of the chain it was signed for.
      const files = names.filter((entry) => entry.isFile() && !LEFT_OUT.test(entry.name)).map(({ name }) => name);
      for (const name of files.toSorted((a, b) => Number(SMALL.test(b)) - Number(SMALL.test(a))))
        await copyFile(join(from, name), join(to, name));
      if ((await stateOf(from)) === before) return true;
    } catch (error) {
      // A table that was merged into another one meanwhile.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
  throw new Error("the chain was never at rest while it was copied; try again");
};
