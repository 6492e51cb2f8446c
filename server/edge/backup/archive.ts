/** A backup's file: a gzip'd tar with the manifest first, so that any tar can open it. Readable by its owner alone. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { lstat, mkdir, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { create, Parser, type ReadEntry } from "tar";
import { MANIFEST, manifest as manifestShape, partFaults, type Manifest, type Part } from "../../twin/backup.ts";

/** The archive cannot be used, in words. */
export class BackupBroken extends Error {}

const MOST_MANIFEST = 2_000_000_000;

/** Paths of all files below `folder`, with forward slashes, in order. */
const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .split(sep)
        .join("/"),
    )
    .toSorted();

const partOf = async (folder: string, path: string): Promise<Part> => {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const piece of createReadStream(join(folder, path)) as AsyncIterable<Buffer>) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { path, bytes, sha256: hash.digest("hex") };
};

const durable = async (path: string): Promise<void> => {
  const file = await open(path, "r+");
  await file.sync();
  await file.close();
};

/** Packs the folder's files into `file`, which is whole or absent. `onBytes` is told how many of the parts' bytes went in. */
export const pack = async (
  folder: string,
  file: string,
  about: Omit<Manifest, "parts">,
  onBytes: (done: number, all: number) => void,
): Promise<Manifest> => {
  const parts: Part[] = [];
  for (const path of await filesIn(folder)) parts.push(await partOf(folder, path));
  const whole: Manifest = { ...about, parts };
  await writeFile(join(folder, MANIFEST), JSON.stringify(whole, null, 1), { mode: 0o600 });
  const all = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  const draft = `${file}.partial`;
  try {
    const packed = create(
      {
        gzip: { level: 6 },
        cwd: folder,
        portable: true,
        onWriteEntry: (entry) => {
          done += entry.stat?.size ?? 0;
          onBytes(Math.min(done, all), all);
        },
      },
      [MANIFEST, ...parts.map(({ path }) => path)],
    );
    await pipeline(packed as unknown as AsyncIterable<Buffer>, createWriteStream(draft, { flags: "w", mode: 0o600 }));
    await durable(draft);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return whole;
};

const bytesOf = async (entry: ReadEntry, most: number): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of entry as unknown as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > most) throw new BackupBroken("its manifest is too long");
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
};

const manifestIn = (bytes: Buffer): Manifest => {
  let said: unknown;
  try {
    said = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new BackupBroken("its manifest is no JSON");
  }
  const read = manifestShape.safeParse(said);
  if (read.success) return read.data;
  const { format } = said as { format?: unknown };
  if (typeof format === "number" && format > 1) throw new BackupBroken(`it was made by a newer version (format ${format})`);
  throw new BackupBroken(`its manifest does not fit: ${read.error.issues[0]?.path.join(".")}: ${read.error.issues[0]?.message}`);
};

/**
 * Unpacks `file` into `folder`, which is made. Only what the manifest names is written, never more bytes than it names, each compared with
 * its hash on the way. Throws BackupBroken; the caller removes the folder then.
 */
export const unpack = async (file: string, folder: string, onBytes: (done: number, all: number) => void): Promise<Manifest> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const root = resolve(folder);
  let known: Manifest | null = null;
  let wanted = new Map<string, Part>();
  const found: Part[] = [];
  let done = 0;
  let all = 0;

  const take = async (entry: ReadEntry): Promise<void> => {
    if (known === null) {
      if (entry.path !== MANIFEST) throw new BackupBroken("it is no backup of Rigtwin: its manifest does not come first");
      known = manifestIn(await bytesOf(entry, MOST_MANIFEST));
      wanted = new Map(known.parts.map((part) => [part.path, part]));
      all = known.parts.reduce((sum, { bytes }) => sum + bytes, 0);
      return;
    }
    const part = wanted.get(entry.path);
    if (part === undefined || entry.type !== "File") throw new BackupBroken(`${entry.path} is not in the manifest`);
    const place = resolve(root, part.path);
    if (!place.startsWith(root + sep)) throw new BackupBroken(`${entry.path} leads out of the folder`);
    await mkdir(dirname(place), { recursive: true, mode: 0o700 });
    const hash = createHash("sha256");
    let bytes = 0;
    await pipeline(
      entry as unknown as AsyncIterable<Buffer>,
      async function* (pieces: AsyncIterable<Buffer>) {
        for await (const piece of pieces) {
          bytes += piece.length;
          if (bytes > part.bytes) throw new BackupBroken(`${part.path} is longer than the manifest says`);
          hash.update(piece);
          onBytes((done += piece.length), all);
          yield piece;
        }
      },
      createWriteStream(place, { flags: "wx", mode: 0o600 }),
    );
    await durable(place);
    found.push({ path: part.path, bytes, sha256: hash.digest("hex") });
  };

  await entriesOf(file, take);
  if (known === null) throw new BackupBroken("it is empty");
  const faults = partFaults((known as Manifest).parts, found);
  if (faults.length > 0) throw new BackupBroken(faults.slice(0, 5).join("; "));
  return known;
};

/** Hands each entry over in order; a broken archive and whatever `take` throws end the reading. */
const entriesOf = (file: string, take: (entry: ReadEntry) => Promise<void>): Promise<void> =>
  new Promise((done, fail) => {
    let turn: Promise<void> = Promise.resolve();
    const source = createReadStream(file);
    const end = (error: unknown): void => {
      source.destroy();
      fail(error instanceof Error ? error : new Error(String(error)));
    };
    const parser = new Parser({
      strict: true,
      onReadEntry: (entry) => {
        turn = turn.then(() => take(entry));
        turn.catch(end);
      },
    });
    parser.on("error", (error: Error) => end(new BackupBroken(`it is damaged or no gzip'd tar: ${error.message}`)));
    parser.on("end", () => void turn.then(done, end));
    source.on("error", end);
    source.pipe(parser as unknown as NodeJS.WritableStream);
  });

/** True where the folder is not there or has nothing in it. Throws where it is something else. */
export const isEmpty = async (folder: string): Promise<boolean> => {
  const there = await lstat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  return there === null || (await readdir(folder)).length === 0;
};
