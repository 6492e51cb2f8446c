/** Files in which a site says of its energy what no meter tells; one of them grows. */
import { readFile, stat } from "node:fs/promises";

/** Reads a text file. Rejects with what the system says. */
export const readText = (file: string): Promise<string> => readFile(file, "utf8");

/** Reads a file again whenever it has changed: gives null where it has not. Rejects with what the system says. */
export const createWatchedFile = (file: string): (() => Promise<string | null>) => {
  let seen = "";
  return async () => {
    const { mtimeMs, size } = await stat(file);
    const mark = `${mtimeMs} ${size}`;
    if (mark === seen) return null;
    const text = await readFile(file, "utf8");
    seen = mark;
    return text;
  };
};
