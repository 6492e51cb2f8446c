/** Files of lines, gzip'd or plain, one piece in memory at a time. */
import { once } from "node:events";
import { createReadStream, createWriteStream, statSync } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { StringDecoder } from "node:string_decoder";
import { constants, createGunzip, createGzip } from "node:zlib";

/** The compressed bytes do not fit. */
export class GzipBroken extends Error {
  readonly code = "GZIP_BROKEN";
}

/** Read and unpacked in one go. */
const PIECE_BYTES = 262_144;
/** A line longer than this is no line. */
const MOST_LINE = 128 * 1_048_576;

/** The standard input, as a file's name. */
export const STDIN = "-";

const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b;
const headOf = async (path: string): Promise<Uint8Array> => {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
};
/** What a pipe begins with, put back for who reads it. */
const headOfStdin = (): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const { stdin } = process;
    const done = (head: Uint8Array): void => {
      stdin.off("readable", look).off("end", ended).off("error", reject);
      resolve(head);
    };
    const look = (): void => {
      const head = stdin.read(2) as Buffer | null;
      if (head === null) return;
      stdin.unshift(head);
      done(head);
    };
    const ended = (): void => done(new Uint8Array());
    stdin.on("readable", look).on("end", ended).on("error", reject);
  });

/** Size and how much of it has been read, for a progress bar. */
export interface Reading {
  readonly chunks: AsyncIterable<Buffer>;
  readonly totalBytes: number;
  readonly readBytes: () => number;
}

/**
 * Opens a file, gzip'd or not, as its first bytes say; "-" is the standard input, whose size nobody knows (0). A file that was cut short
 * gives what is left. Throws what the disk throws.
 */
export const openFile = async (path: string): Promise<Reading> => {
  const piped = path === STDIN;
  const head = piped ? await headOfStdin() : await headOf(path);
  const totalBytes = piped ? 0 : statSync(path).size;
  const source: Readable & { readonly bytesRead?: number } = piped ? process.stdin : createReadStream(path, { highWaterMark: PIECE_BYTES });
  const readBytes = (): number => source.bytesRead ?? 0;
  if (!isGzip(head)) return { chunks: source, totalBytes, readBytes };
  // With a sync flush at the end zlib does not call an end that is missing an error.
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: PIECE_BYTES });
  source.on("error", (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  async function* chunks(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of gunzip) yield chunk as Buffer;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      throw code.startsWith("Z_") ? new GzipBroken(`the compressed data is damaged (${code})`, { cause: error }) : error;
    } finally {
      source.destroy();
    }
  }
  return { chunks: chunks(), totalBytes, readBytes };
};

/** Whole lines in batches; `rest` is what stood behind the last line end, once all have been read. */
export const linesOf = (chunks: AsyncIterable<Buffer>): { lines: AsyncIterable<readonly string[]>; rest: () => string } => {
  let rest = "";
  async function* lines(): AsyncGenerator<readonly string[]> {
    const decoder = new StringDecoder("utf8");
    for await (const chunk of chunks) {
      const parts = (rest + decoder.write(chunk)).split("\n");
      rest = parts.pop() ?? "";
      if (rest.length > MOST_LINE) throw new GzipBroken(`a line is longer than ${MOST_LINE / 1_048_576} MiB`);
      if (parts.length > 0) yield parts;
    }
    rest += decoder.end();
  }
  return { lines: lines(), rest: () => rest };
};

export interface FileWriter {
  /** Resolves when there is room for more. */
  readonly line: (text: string) => Promise<void>;
  /** Brings what was written so far to the disk, so that a kill leaves it readable. */
  readonly flush: () => void;
  readonly close: () => Promise<void>;
  /** Bytes in the file so far. */
  readonly bytes: () => number;
}

/** Writes a new file of lines. Throws EEXIST where there is one and `overwrite` is not wished. */
export const createFile = async (path: string, { gzip, overwrite }: { gzip: boolean; overwrite: boolean }): Promise<FileWriter> => {
  const file = createWriteStream(path, { flags: overwrite ? "w" : "wx" });
  await once(file, "open");
  const packed = gzip ? createGzip({ level: 6 }) : null;
  packed?.pipe(file);
  const sink = packed ?? file;
  const failures: Error[] = [];
  const fail = (error: Error): void => {
    failures.push(error);
    packed?.destroy();
  };
  const check = (): void => {
    for (const failure of failures) throw failure;
  };
  file.on("error", fail);
  packed?.on("error", fail);
  const drained = (): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        sink.off("drain", done);
        file.off("close", done);
        resolve();
      };
      sink.on("drain", done);
      file.on("close", done);
    });
  return {
    async line(text) {
      check();
      if (!sink.write(`${text}\n`)) await drained();
      check();
    },
    flush: () => packed?.flush(constants.Z_SYNC_FLUSH),
    async close() {
      check();
      sink.end();
      await finished(file);
    },
    bytes: () => file.bytesWritten,
  };
};
