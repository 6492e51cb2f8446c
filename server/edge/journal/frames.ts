/**
 * How groups of entries stand in a tail file. Payloads come from anybody, and a group that was cut short is looked through for frames
 * behind it: each file has a salt, and nobody outside can make bytes that pass for one of its frames.
 */
import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

// file: salt, and once more a page on, since without it nothing of the file can be read; then frames
// salt: "RWTS" u32 · magic of its frames u32 · seed u32 · crc32 of both u32
// frame: magic u32 · body bytes u32 · first position f64 · count u32 · crc32, begun with the seed, of what is between magic and crc and of the body u32
export const FRAME_HEAD = 24;
const SALT_MAGIC = 0x53545752;
const SALT_BYTES = 16;
const SALT_APART = 4_096;
/** Bytes of a file before its first frame. */
export const FILE_HEAD = SALT_APART + SALT_BYTES;
/** Of an entry without client, topic and payload. */
const LEAST_ENTRY = 16;

/** How many entries have room in so many bytes of a file, none too few. */
export const mostEntries = (bytes: number): number => Math.max(1, Math.ceil(bytes / LEAST_ENTRY));

export interface Salt {
  readonly magic: number;
  readonly seed: number;
}
/** Files of earlier versions have no head; "RWTL" in the file. */
const PLAIN: Salt = { magic: 0x4c545752, seed: 0 };

export interface Frame {
  readonly firstPos: number;
  readonly count: number;
  readonly body: Buffer;
}

export interface Frames {
  readonly frames: Frame[];
  /** End of the last frame: behind it is only what a kill cut short. */
  readonly goodBytes: number;
  /** Position that follows the last frame. */
  readonly nextPos: number;
  /** Whether frames are all that the file holds. */
  readonly isWhole: boolean;
  /** With which the file can be gone on with; null where it is to have a new one. */
  readonly salt: Salt | null;
  /** Whether something is there, and no frame of it can be read. */
  readonly isLost: boolean;
}

export const newSalt = (): Salt => {
  const bytes = randomBytes(8);
  return { magic: bytes.readUInt32LE(0), seed: bytes.readUInt32LE(4) };
};

/** What stands before the first frame. */
export const fileHead = ({ magic, seed }: Salt): Buffer => {
  const head = Buffer.alloc(FILE_HEAD);
  for (const at of [0, SALT_APART]) {
    head.writeUInt32LE(SALT_MAGIC, at);
    head.writeUInt32LE(magic, at + 4);
    head.writeUInt32LE(seed, at + 8);
    head.writeUInt32LE(crc32(head.subarray(at + 4, at + 12)) >>> 0, at + 12);
  }
  return head;
};

/** Writes the head of a frame into the room before its body. Changes `frame`. */
export const putHead = (frame: Buffer, salt: Salt, firstPos: number, count: number): void => {
  frame.writeUInt32LE(salt.magic, 0);
  frame.writeUInt32LE(frame.length - FRAME_HEAD, 4);
  frame.writeDoubleLE(firstPos, 8);
  frame.writeUInt32LE(count, 16);
  frame.writeUInt32LE(crc32(frame.subarray(FRAME_HEAD), crc32(frame.subarray(4, 20), salt.seed)) >>> 0, 20);
};

const hasMagic = (file: Buffer, at: number, magic: number): boolean => at + 4 <= file.length && file.readUInt32LE(at) === magic;

const saltIn = (file: Buffer): Salt | null => {
  if (hasMagic(file, 0, PLAIN.magic)) return PLAIN;
  // A shorter one has no frames: its making was cut short.
  const places = file.length < FILE_HEAD ? [] : [0, SALT_APART].filter((at) => hasMagic(file, at, SALT_MAGIC));
  for (const at of places)
    if (crc32(file.subarray(at + 4, at + 12)) >>> 0 === file.readUInt32LE(at + 12))
      return { magic: file.readUInt32LE(at + 4), seed: file.readUInt32LE(at + 8) };
  return places.length > 0 ? null : PLAIN;
};

interface Head {
  readonly firstPos: number;
  readonly count: number;
  readonly bodyBytes: number;
}

const headAt = (file: Buffer, at: number, salt: Salt): Head | null =>
  at + FRAME_HEAD <= file.length && hasMagic(file, at, salt.magic)
    ? { bodyBytes: file.readUInt32LE(at + 4), firstPos: file.readDoubleLE(at + 8), count: file.readUInt32LE(at + 16) }
    : null;

/** Whether it may follow `nextPos` where `lostBytes` between them cannot be read: no more positions are missing than had room there. */
const follows = ({ firstPos, count, bodyBytes }: Head, nextPos: number, lostBytes: number): boolean =>
  Number.isSafeInteger(firstPos) &&
  firstPos >= nextPos &&
  (firstPos - nextPos) * LEAST_ENTRY <= lostBytes &&
  count > 0 &&
  count * LEAST_ENTRY <= bodyBytes;

const bodyAt = (file: Buffer, at: number, { bodyBytes }: Head, salt: Salt): Buffer | null => {
  const end = at + FRAME_HEAD + bodyBytes;
  if (end > file.length) return null;
  const body = file.subarray(at + FRAME_HEAD, end);
  return crc32(body, crc32(file.subarray(at + 4, at + 20), salt.seed)) >>> 0 === file.readUInt32LE(at + 20) ? body : null;
};

/** Where the next frame may begin behind `at`, where none holds whose head is `head`; -1 where none does. */
const searchFrom = (file: Buffer, at: number, head: Head | null, salt: Salt): number => {
  if (salt === PLAIN && head !== null) {
    const end = at + FRAME_HEAD + head.bodyBytes;
    // Without a salt whoever sent a payload may have put a frame into it: one whose end is known is not looked into.
    if (end >= file.length) return -1;
    if (hasMagic(file, end, PLAIN.magic)) return end;
  }
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(salt.magic);
  return file.indexOf(magic, at + 1);
};

/**
 * The frames of a file named after `firstPos` that fit their checksum and follow each other; what lies between two of them is damage and
 * shows as a gap in the positions.
 */
export const readFrames = (file: Buffer, firstPos: number): Frames => {
  const found = saltIn(file);
  const salt = found === PLAIN ? null : found;
  const frames: Frame[] = [];
  let nextPos = firstPos;
  let goodBytes = salt === null ? 0 : FILE_HEAD;
  let lostBytes = 0;
  for (let at = found === null ? -1 : goodBytes; found !== null && at >= 0 && at < file.length;) {
    const seen = headAt(file, at, found);
    const head = seen !== null && follows(seen, nextPos, at - goodBytes) ? seen : null;
    const body = head === null ? null : bodyAt(file, at, head, found);
    if (head === null || body === null) {
      at = searchFrom(file, at, head, found);
      continue;
    }
    lostBytes += at - goodBytes;
    frames.push({ firstPos: head.firstPos, count: head.count, body });
    nextPos = head.firstPos + head.count;
    at += FRAME_HEAD + body.length;
    goodBytes = at;
  }
  return {
    frames,
    goodBytes,
    nextPos,
    isWhole: lostBytes === 0 && goodBytes === file.length,
    salt,
    isLost: salt === null && frames.length === 0 && (file.length > FILE_HEAD || hasMagic(file, 0, PLAIN.magic)),
  };
};

/** Frames in runs without a gap between them. */
export const runsOf = (frames: readonly Frame[]): Frame[][] => {
  const runs: Frame[][] = [];
  for (const frame of frames) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run !== undefined && last !== undefined && last.firstPos + last.count === frame.firstPos) run.push(frame);
    else runs.push([frame]);
  }
  return runs;
};
