/** An answer that leaves in pieces, at the pace of whoever reads it. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Request, Response } from "express";
import type { Streamed } from "../../twin/questions.ts";
import { Refused } from "../../twin/refusal.ts";
import type { Around } from "./route.ts";

type Piece = string | Uint8Array;

/**
 * The first piece. Until it is there nothing can be sent, so that the limit of a line on which nothing happens does not hold: the caller
 * has `beginMs` instead. Throws Refused RANGE_INVALID after that, when `late` is aborted too.
 */
const begun = async (
  request: Request,
  beginMs: number,
  late: AbortController,
  first: () => Promise<IteratorResult<Piece>>,
): Promise<IteratorResult<Piece>> => {
  const { socket } = request;
  const idleMs = socket.timeout ?? 0;
  socket.setTimeout(0);
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const refused = new Refused("RANGE_INVALID", `Nothing was ready after ${Math.round(beginMs / 1_000)} s; ask for a shorter range.`);
      reject(refused);
      late.abort(refused);
    }, beginMs);
  });
  try {
    return await Promise.race([first(), tooLate]);
  } finally {
    clearTimeout(timer);
    socket.setTimeout(idleMs);
  }
};

/**
 * Sends what `give` gives; its signal ends the query. Throws what the first piece throws, while a problem can still be answered; a fault
 * later cuts the connection, so that nobody takes half a file for a whole one, and is thrown as well. A reader that hangs up ends the query
 * and is no fault. Who asks for the head only gets it without a query.
 */
export const stream = async (
  { request, response, signal, beginMs }: Pick<Around, "request" | "response" | "signal" | "beginMs">,
  give: (signal: AbortSignal) => Streamed,
): Promise<void> => {
  const late = new AbortController();
  const streamed = give(AbortSignal.any([signal, late.signal]));
  if (request.method === "HEAD") {
    writeHead(response, streamed);
    response.end();
    return;
  }
  const rest = streamed.pieces[Symbol.asyncIterator]();
  let first: IteratorResult<Piece>;
  try {
    first = await begun(request, beginMs, late, () => rest.next());
  } catch (cause) {
    // It may still be at the piece that nobody waits for any longer.
    rest.return?.().catch(() => undefined);
    throw cause;
  }
  const faults: unknown[] = [];
  const following = (): Promise<IteratorResult<Piece>> =>
    rest.next().catch((error: unknown) => {
      if (!response.req.destroyed) faults.push(error);
      throw error;
    });
  async function* all(): AsyncIterable<Piece> {
    try {
      for (let next = first; next.done !== true; next = await following()) yield next.value;
    } finally {
      await rest.return?.();
    }
  }
  writeHead(response, streamed);
  // One piece ahead at most.
  await pipeline(Readable.from(all(), { highWaterMark: 1 }), response).catch(() => undefined);
  if (faults.length > 0) throw faults[0];
};

const writeHead = (response: Response, { media, name }: Streamed): void => {
  response.setHeader("Cache-Control", "no-store");
  response.setHeader("Content-Disposition", `attachment; filename="${name}"`);
  response.status(200).type(media);
};
