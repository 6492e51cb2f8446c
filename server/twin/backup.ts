/** What a backup says of itself: its parts, each with its size and hash. */
import { z } from "zod";

/** Format of the archive; one that is newer is refused. */
export const BACKUP_FORMAT = 1;
/** Name of the manifest in the archive; it comes first. */
export const MANIFEST = "rigtwin-backup.json";

const PATH = /^(?!\.)[\w.-]+(\/(?!\.)[\w.-]+)*$/;

const part = z.object({
  path: z.string().max(300).regex(PATH).describe("within the data folder, with forward slashes"),
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export const manifest = z.object({
  format: z.literal(BACKUP_FORMAT),
  version: z.string().describe("of the program that made it"),
  takenTs: z.int().describe("ms since 1970 UTC"),
  headPos: z.int().min(0).describe("position of the newest entry of the journal in it"),
  parts: z.array(part).max(10_000_000),
});
export type Part = z.infer<typeof part>;
export type Manifest = z.infer<typeof manifest>;

/** What is wrong with the parts that were found, in words, one line each; empty where all fit. */
export const partFaults = (wanted: readonly Part[], found: readonly Part[]): string[] => {
  const there = new Map(found.map((one) => [one.path, one]));
  const named = new Set(wanted.map(({ path }) => path));
  return [
    ...wanted.flatMap(({ path, bytes, sha256 }) => {
      const one = there.get(path);
      if (one === undefined) return [`${path} is missing`];
      if (one.bytes !== bytes) return [`${path} has ${one.bytes} bytes, not ${bytes}`];
      return one.sha256 === sha256 ? [] : [`${path} has another hash than when it was made`];
    }),
    ...found.flatMap(({ path }) => (named.has(path) ? [] : [`${path} is not in the manifest`])),
  ];
};
