/** A small file that is whole or absent: written beside, synced, put in place, and its folder synced. */
import { chmod, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** The file's JSON, null where there is none. Throws where it is no JSON. */
export const readJson = async <T>(path: string): Promise<T | null> => {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
};

const syncFolder = async (path: string): Promise<void> => {
  // Windows has no such thing as syncing a folder.
  const folder = await open(dirname(path), "r").catch(() => null);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
};

/** Readable for the owner alone (0600): what is kept here are keys and signed transactions. */
export const writeJson = async (path: string, value: unknown): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const beside = `${path}.new`;
  const file = await open(beside, "w", 0o600);
  await file.writeFile(JSON.stringify(value));
  await file.sync();
  await file.close();
  await chmod(beside, 0o600);
  await rename(beside, path);
  await syncFolder(path);
};

export const removeFile = async (path: string): Promise<void> => {
  await rm(path, { force: true });
  await syncFolder(path);
};
