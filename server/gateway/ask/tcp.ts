/** One question over TCP: cgminer's port (text, answered until the machine hangs up) and MicroBT's framed one. */
import { connect } from "node:net";

export interface TcpLimits {
  /** For the whole question, ms. */
  readonly timeoutMs: number;
  readonly mostBytes?: number;
}
const MOST_BYTES = 2_000_000;
/** A firmware that answers and keeps the line open has said all it has after such a silence, ms. */
const SETTLED_MS = 300;

/** Thrown for a machine that does not answer, or not whole; the message says what happened. */
export class NoAnswer extends Error {
  /** Whether something listened there. */
  readonly connected: boolean;
  /** Whether it took the connection and broke it off: busy, as single-threaded firmware is, and likely to answer when asked again. */
  readonly dropped: boolean;
  constructor(message: string, connected: boolean, options?: ErrorOptions & { readonly dropped?: boolean }) {
    super(message, options);
    this.name = "NoAnswer";
    this.connected = connected;
    this.dropped = options?.dropped ?? false;
  }
}

/** How much of what has come belongs to the answer: null while more is to come. */
type Complete = (bytes: Buffer, ended: boolean) => Buffer | null;

const exchange = (host: string, port: number, question: Buffer, complete: Complete, settles: boolean, limits: TcpLimits): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const chunks: Buffer[] = [];
    let length = 0;
    let connected = false;
    let settle: NodeJS.Timeout | null = null;
    const finish = (answer: Buffer | NoAnswer): void => {
      clearTimeout(timer);
      if (settle !== null) clearTimeout(settle);
      socket.destroy();
      if (answer instanceof NoAnswer) reject(answer);
      else resolve(answer);
    };
    const look = (ended: boolean): void => {
      const answer = complete(Buffer.concat(chunks, length), ended);
      if (answer !== null) finish(answer);
      else if (ended) finish(new NoAnswer(`${host}:${port} hung up after ${length} bytes`, connected, { dropped: connected }));
    };
    const timer = setTimeout(
      () => finish(new NoAnswer(`${host}:${port} did not answer within ${limits.timeoutMs} ms`, connected)),
      limits.timeoutMs,
    );
    socket.once("connect", () => {
      connected = true;
      socket.write(question);
    });
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > (limits.mostBytes ?? MOST_BYTES)) return finish(new NoAnswer(`${host}:${port} answers without end`, true));
      if (settle !== null) clearTimeout(settle);
      const last = chunk.at(-1);
      // looked at only where it can be whole: a long answer is not joined anew for each of its packets
      if (!settles || last === 0) look(false);
      else if (last === 0x7d || last === 0x5d || last === 0x0a || last === 0x7c) settle = setTimeout(() => look(true), SETTLED_MS);
    });
    socket.once("end", () => look(true));
    socket.once("error", (cause: NodeJS.ErrnoException) =>
      finish(new NoAnswer(`${host}:${port}: ${cause.code ?? cause.message}`, connected, { cause, dropped: connected })),
    );
  });

const untilNul: Complete = (bytes, ended) => {
  const nul = bytes.indexOf(0);
  if (nul > 0) return bytes.subarray(0, nul);
  return ended && bytes.length > 0 ? bytes : null;
};

/** Asks in text; the answer goes to its zero byte, the machine's hanging up, or a silence after a closing bracket. Throws NoAnswer. */
export const askText = async (host: string, port: number, question: string, limits: TcpLimits): Promise<string> =>
  (await exchange(host, port, Buffer.from(question), untilNul, true, limits)).toString("utf8");

const framed: Complete = (bytes) => {
  if (bytes.length < 4) return null;
  const length = bytes.readUInt32LE(0);
  if (length > MOST_BYTES) throw new RangeError("a frame that long is none");
  return bytes.length >= 4 + length ? bytes.subarray(4, 4 + length) : null;
};
const framedOrText: Complete = (bytes, ended) => {
  try {
    return framed(bytes, ended);
  } catch {
    return ended ? bytes : null;
  }
};

/** Asks in a frame, four bytes of length (little-endian) before it, and is answered in one. Throws NoAnswer. */
export const askFramed = async (host: string, port: number, question: string, limits: TcpLimits): Promise<string> => {
  const body = Buffer.from(question);
  const head = Buffer.alloc(4);
  head.writeUInt32LE(body.length);
  return (await exchange(host, port, Buffer.concat([head, body]), framedOrText, false, limits)).toString("utf8");
};

/** Whether somebody listens there: "open", "closed" (refused at once), or "silent". Never throws. */
export const knock = (host: string, port: number, timeoutMs: number): Promise<"open" | "closed" | "silent"> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (found: "open" | "closed" | "silent"): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(found);
    };
    const timer = setTimeout(() => done("silent"), timeoutMs);
    socket.once("connect", () => done("open"));
    socket.once("error", (error: NodeJS.ErrnoException) => done(error.code === "ECONNREFUSED" ? "closed" : "silent"));
  });
