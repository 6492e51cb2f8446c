/** Raw DEFLATE (RFC 1951) of a long text that comes in pieces. */
import { finished } from "node:stream/promises";
import { createDeflateRaw } from "node:zlib";

/** Of text between two turns of the event loop, and of compressed bytes in one buffer. */
const PIECE = 128 << 10;

const encoder = new TextEncoder();

/**
 * In memory is what is compressed already and the piece at hand, never the whole text; readings that come meanwhile are not held up. The
 * piece at hand lies in the same bytes each time: in bytes of its own each would wait for the collector, nearly the whole text at once.
 */
export const deflated = async (texts: Iterable<string>): Promise<Buffer> => {
  const packer = createDeflateRaw({ level: 1, chunkSize: PIECE });
  const parts: Buffer[] = [];
  packer.on("data", (part: Buffer) => parts.push(part));
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
      }
    }
    if (at > 0) await pack();
    packer.end();
    await ended;
  } catch (error) {
    packer.destroy();
    throw error;
  }
  return Buffer.concat(parts);
};
