import type { Socket } from "socket.io";

/** The inside of engine.io's socket; test/edge/socket-one-write.test.ts holds the pinned library to this. */
interface Inside {
  readonly transport: { writable: boolean };
  flush(): void;
}

/**
 * Runs `send`, and hands what it sent to the kernel in one write a socket. The text and the rows of a binary event are two packets; engine.io
 * would give the first to its transport at once and the second a turn of the event loop later. A transport that is busy is left alone.
 */
export const inOneWrite = (sockets: readonly Socket[], send: () => void): void => {
  const lines = sockets.map(({ request }) => request.socket);
  const free = sockets.map(({ conn }) => conn as unknown as Inside).filter(({ transport }) => transport.writable);
  for (const line of lines) line.cork();
  for (const { transport } of free) transport.writable = false;
  try {
    send();
  } finally {
    for (const { transport } of free) transport.writable = true;
    try {
      for (const conn of free) conn.flush();
    } finally {
      for (const line of lines) line.uncork();
    }
  }
};
