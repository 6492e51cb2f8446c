import type { Entry, Message } from "../../twin/twin.ts";

// length u32 · receivedTs f64 · flags u8 · client length u8 · topic length u16
const HEAD_BYTES = 16;
const RETAIN = 4;
const DUP = 8;

/** Encodes one entry; little endian. The position is not part of it: it follows from the frame's first position. */
export const encodeEntry = (message: Message, receivedTs: number): Buffer => {
  const client = message.client.length > 0 ? Buffer.from(message.client.slice(0, 63)) : EMPTY;
  const topicBytes = Buffer.byteLength(message.topic);
  const bytes = HEAD_BYTES + client.length + topicBytes + message.payload.length;
  const out = Buffer.allocUnsafe(bytes);
  out.writeUInt32LE(bytes, 0);
  out.writeDoubleLE(receivedTs, 4);
  out[12] = message.qos | (message.retain ? RETAIN : 0) | (message.dup ? DUP : 0);
  out[13] = client.length;
  out.writeUInt16LE(topicBytes, 14);
  client.copy(out, HEAD_BYTES);
  out.write(message.topic, HEAD_BYTES + client.length);
  out.set(message.payload, HEAD_BYTES + client.length + topicBytes);
  return out;
};
const EMPTY = Buffer.alloc(0);

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
