/** An answer that leaves in pieces, at the pace of whoever reads it. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Response } from "express";
import type { Streamed } from "../../twin/questions.ts";

/**
 * Sends it. Throws what the first piece throws, while a problem can still be answered; a fault later cuts the connection, so that
 * nobody takes half a file for a whole one, and is thrown as well. A reader that hangs up ends the query and is no fault.
 */
export const stream = async (response: Response, { media, name, pieces }: Streamed): Promise<void> => {
  const rest = pieces[Symbol.asyncIterator]();
  const first = await rest.next();
  const faults: unknown[] = [];
  const following = (): Promise<IteratorResult<string | Uint8Array>> =>
    rest.next().catch((error: unknown) => {
      if (!response.req.destroyed) faults.push(error);
      throw error;
    });
  async function* all(): AsyncIterable<string | Uint8Array> {
    try {
      for (let next = first; next.done !== true; next = await following()) yield next.value;
    } finally {
      await rest.return?.();
    }
  }
  response.setHeader("Cache-Control", "no-store");
  response.setHeader("Content-Disposition", `attachment; filename="${name}"`);
  response.status(200).type(media);
  // One piece ahead at most.
  await pipeline(Readable.from(all(), { highWaterMark: 1 }), response).catch(() => undefined);
  if (faults.length > 0) throw faults[0];
};
