/** How much room a disk has. */
import { statfs } from "node:fs/promises";

/** Bytes free for us, and in all, on the disk of `folder`. Throws where the folder is gone. */
export const spaceOf = async (folder: string): Promise<{ freeBytes: number; totalBytes: number }> => {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
};
