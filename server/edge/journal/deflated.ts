/** Raw DEFLATE (RFC 1951) of a long text that comes in pieces. */
import { finished } from "node:stream/promises";
import { createDeflateRaw } from "node:zlib";

/** Of text between two turns of the event loop, and of compressed bytes in one buffer. */
const PIECE = 128 << 10;
/** Compressed bytes that are given together, about. */
const GIVEN = 1 << 20;

const encoder = new TextEncoder();

/**
 * The compressed bytes, a megabyte at a time. In memory are the piece at hand and what is not taken yet, never the whole; readings that come
 * meanwhile are not held up. The text at hand lies in the same bytes each time: in bytes of its own each would wait for the collector, nearly the
 * whole text at once.
 */
export async function* deflatedPieces(texts: Iterable<string>): AsyncGenerator<Buffer> {
  const packer = createDeflateRaw({ level: 1, chunkSize: PIECE });
  let parts: Buffer[] = [];
  let bytes = 0;
  packer.on("data", (part: Buffer) => {
    parts.push(part);
    bytes += part.length;
  });
  const take = (): Buffer => {
    const piece = Buffer.concat(parts);
    parts = [];
    bytes = 0;
    return piece;
  };
  const ended = finished(packer);
  // Where it fails, a write says so first.
  ended.catch(() => undefined);
  const room = new Uint8Array(PIECE);
  let at = 0;
  const pack = (): Promise<void> =>
    new Promise((resolve, reject) => {
      // Called back when the bytes were read: from then on they may be written over.
      packer.write(room.subarray(0, at), (error) => (error ? reject(error) : resolve()));
      at = 0;
    });
  try {
    for (const text of texts) {
      let from = 0;
      while (from < text.length) {
        const { read, written } = encoder.encodeInto(from === 0 ? text : text.slice(from), room.subarray(at));
        from += read;
        at += written;
        if (from < text.length) await pack();
        if (bytes >= GIVEN) yield take();
      }
    }
    if (at > 0) await pack();
    packer.end();
    await ended;
    yield take();
  } finally {
    packer.destroy();
  }
}

/** As `deflatedPieces`, in one. */
export const deflated = async (texts: Iterable<string>): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of deflatedPieces(texts)) pieces.push(piece);
  return Buffer.concat(pieces);
};
