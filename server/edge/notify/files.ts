/** Small files with secrets, readable by their owner alone. */
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";

/** Its text; null where there is none. Takes away what others might read. */
export const textOf = (path: string): string | null => {
  try {
    chmodSync(path, 0o600);
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
};

/** Whole and on disk, or as it was before. */
export const put = async (path: string, text: string): Promise<void> => {
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
};

/** As `put`, in one turn: for what is written once and has to be on disk before anybody is told of it. */
export const putAtOnce = (path: string, text: string): void => {
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  const file = openSync(draft, "wx", 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
};
