/** Raw DEFLATE (RFC 1951) of a long text that comes in pieces. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createDeflateRaw } from "node:zlib";

/** Of text between two turns of the event loop, and of compressed bytes in one buffer. */
const PIECE = 128 << 10;

function* gathered(texts: Iterable<string>): Generator<Buffer> {
  let parts: string[] = [];
  let length = 0;
  for (const text of texts) {
    parts.push(text);
    length += text.length;
    if (length < PIECE) continue;
    yield Buffer.from(parts.join(""));
    parts = [];
    length = 0;
  }
  if (length > 0) yield Buffer.from(parts.join(""));
}

/** In memory is what is compressed already and the piece at hand, never the whole text; readings that come meanwhile are not held up. */
export const deflated = async (texts: Iterable<string>): Promise<Buffer> => {
  const parts: Buffer[] = [];
  await pipeline(
    Readable.from(gathered(texts)),
    createDeflateRaw({ level: 1, chunkSize: PIECE }),
    async (source: AsyncIterable<Buffer>) => {
      for await (const part of source) parts.push(part);
    },
  );
  return Buffer.concat(parts);
};
