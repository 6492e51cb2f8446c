/** An answer that is written as it is made: a reader that is slow holds up its own answer and nothing else. */
import type { Response } from "express";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

export const isPieces = (given: unknown): given is AsyncIterable<string> =>
  typeof given === "object" && given !== null && Symbol.asyncIterator in given;

/**
 * Writes pieces of one JSON text. What fails before the first piece is thrown; later the connection is broken off, so that nobody takes a
 * part for the whole, and `onFault` is told, unless it was the reader who left.
 */
export const sendPieces = async (response: Response, pieces: AsyncIterable<string>, onFault: (error: unknown) => void): Promise<void> => {
  const iterator = pieces[Symbol.asyncIterator]();
  const first = await iterator.next();
  response.type("application/json");
  async function* all(): AsyncGenerator<string> {
    for (let piece = first; piece.done !== true; piece = await iterator.next()) yield piece.value;
  }
  try {
    await pipeline(Readable.from(all(), { objectMode: false, encoding: "utf8" }), response);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") onFault(error);
  } finally {
    await iterator.return?.();
  }
};
