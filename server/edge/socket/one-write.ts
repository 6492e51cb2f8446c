import type { Socket } from "socket.io";

/** RFC 6455, 5.2. */
const FINAL = 0x80;
const TEXT = 1;
const BINARY = 2;
const LONGEST_SHORT = 125;
const LONGEST_U16 = 65_535;

/** Head of a message in one frame of a server's, which masks nothing (RFC 6455, 5.1 and 5.2). */
const headOf = (opcode: number, length: number): Buffer => {
  if (length <= LONGEST_SHORT) return Buffer.of(FINAL | opcode, length);
  if (length <= LONGEST_U16) {
    const head = Buffer.of(FINAL | opcode, 126, 0, 0);
    head.writeUInt16BE(length, 2);
    return head;
  }
  const head = Buffer.of(FINAL | opcode, 127, 0, 0, 0, 0, 0, 0, 0, 0);
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
};

/** An event with one binary part as it stands on the line: text and bytes of Socket.IO 5 in a message of Engine.IO 4 each, in WebSocket frames. */
export const lineBytesOf = (event: string, value: unknown, bytes: Uint8Array): Buffer => {
  const text = Buffer.from(`451-${JSON.stringify([event, value, { _placeholder: true, num: 0 }])}`);
  return Buffer.concat([headOf(TEXT, text.length), text, headOf(BINARY, bytes.length), bytes]);
};

/** The part of engine.io's socket to which socket.io itself hands such bytes; test/edge/socket-one-write.test.ts holds the pinned library to it. */
interface Inside {
  write(data: Uint8Array, options: { readonly compress: boolean; readonly wsPreEncodedFrame: readonly Uint8Array[] }): unknown;
}

/**
 * Sends an event with one binary part to all of these: put into words and frames once, and one write each, where text and bytes would be
 * two packets of four pieces. Sockets of other transports than WebSocket, or with compression, must not be among them.
 */
export const sendToAll = (sockets: Iterable<Socket>, event: string, value: unknown, bytes: Uint8Array): void => {
  const line = lineBytesOf(event, value, bytes);
  const options = { compress: false, wsPreEncodedFrame: [line] };
  for (const { conn } of sockets) (conn as unknown as Inside).write(line, options);
};
