/** Photos of work orders beside the journal: one file each, named by its SHA-256, so that the same picture is kept once and never changed. */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Refused } from "../../twin/refusal.ts";

const HASH = /^[0-9a-f]{64}$/;

/** Opens the store in the data folder; nothing is made before the first picture. */
export const openPhotos = (folder: string) => {
  const placeOf = (hash: string): string => join(folder, "photos", hash.slice(0, 2), hash);
  return {
    /** Resolves with the hash when the bytes are on disk. Throws Refused DISK_FULL or JOURNAL_UNAVAILABLE. */
    async keep(bytes: Uint8Array): Promise<string> {
      const hash = createHash("sha256").update(bytes).digest("hex");
      const place = placeOf(hash);
      const known = await stat(place).catch(() => null);
      if (known?.size === bytes.length) return hash;
      const draft = `${place}.${randomUUID()}`;
      try {
        await mkdir(dirname(place), { recursive: true });
        const file = await open(draft, "wx", 0o600);
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(draft, place);
      } catch (cause) {
        await rm(draft, { force: true }).catch(() => undefined);
        const full = (cause as NodeJS.ErrnoException).code === "ENOSPC";
        throw new Refused(full ? "DISK_FULL" : "JOURNAL_UNAVAILABLE", "The picture could not be written to the data folder.", { cause });
      }
      return hash;
    },
    /** null where there is none of that hash, or its bytes are no longer those. */
    async read(hash: string): Promise<Uint8Array | null> {
      if (!HASH.test(hash)) return null;
      const bytes = await readFile(placeOf(hash)).catch(() => null);
      return bytes !== null && createHash("sha256").update(bytes).digest("hex") === hash ? bytes : null;
    },
  };
};
