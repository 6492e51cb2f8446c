import type { Entry, Message } from "../../twin/twin.ts";

// length u32 · receivedTs f64 · flags u8 · client length u8 · topic length u16
const HEAD_BYTES = 16;
const RETAIN = 4;
const DUP = 8;
/** Bytes at most of a character of a string in UTF-8 (one of four bytes counts as two). */
const MOST_UTF8 = 3;

/** Entries laid end to end in one buffer that grows, so that a group of thousands costs no allocation and no copy of its own. */
export interface Laid {
  /** Room before the first entry, bytes: for what the writer puts in front. */
  readonly headBytes: number;
  bytes: Buffer;
  /** End of the last entry. */
  end: number;
}
const FIRST_BYTES = 65_536;

export const nothingLaid = (headBytes: number): Laid => ({ headBytes, bytes: Buffer.allocUnsafe(FIRST_BYTES), end: headBytes });

const withRoom = (laid: Laid, more: number): Buffer => {
  if (laid.end + more <= laid.bytes.length) return laid.bytes;
  const grown = Buffer.allocUnsafe(Math.max(2 * laid.bytes.length, laid.end + more));
  laid.bytes.copy(grown, 0, 0, laid.end);
  laid.bytes = grown;
  return grown;
};

/** Lays one entry behind the others; little endian. Its position is not part of it: it follows from the frame's first position. */
export const layEntry = (laid: Laid, message: Message, receivedTs: number): void => {
  const client = message.client.length > 63 ? message.client.slice(0, 63) : message.client;
  const { payload, topic } = message;
  const out = withRoom(laid, HEAD_BYTES + MOST_UTF8 * (client.length + topic.length) + payload.length);
  const at = laid.end;
  const body = at + HEAD_BYTES;
  const clientBytes = client.length > 0 ? out.write(client, body) : 0;
  const topicBytes = out.write(topic, body + clientBytes);
  const bytes = HEAD_BYTES + clientBytes + topicBytes + payload.length;
  out.writeUInt32LE(bytes, at);
  out.writeDoubleLE(receivedTs, at + 4);
  out[at + 12] = message.qos | (message.retain ? RETAIN : 0) | (message.dup ? DUP : 0);
  out[at + 13] = clientBytes;
  out.writeUInt16LE(topicBytes, at + 14);
  out.set(payload, body + clientBytes + topicBytes);
  laid.end += bytes;
};

/** Decodes entries laid end to end. Payloads are views into `raw`. Throws RangeError where a length does not fit. */
export const decodeEntries = (raw: Buffer, firstPos: number, count: number): Entry[] => {
  const entries: Entry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const bytes = raw.readUInt32LE(at);
    const clientBytes = raw[at + 13] ?? 0;
    const topicBytes = raw.readUInt16LE(at + 14);
    const body = at + HEAD_BYTES;
    if (bytes < HEAD_BYTES + clientBytes + topicBytes || at + bytes > raw.length) throw new RangeError("an entry's length does not fit");
    const flags = raw[at + 12] ?? 0;
    entries.push({
      pos: firstPos + i,
      receivedTs: raw.readDoubleLE(at + 4),
      topic: raw.toString("utf8", body + clientBytes, body + clientBytes + topicBytes),
      payload: raw.subarray(body + clientBytes + topicBytes, at + bytes),
      qos: (flags & 3) as 0 | 1 | 2,
      retain: (flags & RETAIN) !== 0,
      dup: (flags & DUP) !== 0,
      client: clientBytes > 0 ? raw.toString("utf8", body, body + clientBytes) : "",
    });
    at += bytes;
  }
  if (at !== raw.length) throw new RangeError("bytes are left over behind the last entry");
  return entries;
};

/** First and last receive time without decoding the rest. */
export const timesOf = (raw: Buffer, count: number): { firstTs: number; lastTs: number } => {
  let at = 0;
  for (let i = 1; i < count; i++) at += raw.readUInt32LE(at);
  return { firstTs: raw.readDoubleLE(4), lastTs: raw.readDoubleLE(at + 4) };
};
