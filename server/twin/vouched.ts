/**
 * What gateways signed of a rig's day, for strangers: the heads of their batches in a row, one signature at the end of each row, and the
 * lines of this rig with what shows that they stand under those heads. Whoever has it comes to the day's rows without the farm's word.
 */
import { bytesToHex } from "@noble/hashes/utils.js";
import type { SignedPart } from "./bundle.ts";
import { DAY_MS, digestLine, rowsOf, type Digest, type DigestRow } from "./digest.ts";
import { headBytes, headHash, headText, type Head } from "./gateway.ts";
import { readLine, type Line } from "./line.ts";
import { leafHashOfText, verifyInclusion, type Hash } from "./merkle.ts";
import { note, nothingSeen } from "./seen.ts";

const HASH_BYTES = 32;

/** Hashes one after the other as base64. */
export const packHashes = (hashes: readonly Hash[]): string => {
  let text = "";
  for (const hash of hashes) for (const byte of hash) text += String.fromCharCode(byte);
  return btoa(text);
};

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const NO_LETTER = 64;
const VALUE_OF = new Uint8Array(256).fill(NO_LETTER);
for (let i = 0; i < LETTERS.length; i++) VALUE_OF[LETTERS.charCodeAt(i)] = i;
const valueAt = (text: string, at: number): number => {
  const code = text.charCodeAt(at);
  return code < 256 ? (VALUE_OF[code] as number) : NO_LETTER;
};

/** Gives null where the text is not whole hashes in base64 (RFC 4648 §4). By hand: `atob` costs more than all the hashing of a day. */
export const unpackHashes = (text: string): Hash[] | null => {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const size = (text.length / 4) * 3 - padding;
  if (text.length % 4 !== 0 || size % HASH_BYTES !== 0) return null;
  const bytes = new Uint8Array(size);
  let seen = 0;
  let from = 0;
  let at = 0;
  for (; at + 3 <= size; from += 4, at += 3) {
    const a = valueAt(text, from);
    const b = valueAt(text, from + 1);
    const c = valueAt(text, from + 2);
    const d = valueAt(text, from + 3);
    seen |= a | b | c | d;
    bytes[at] = (a << 2) | (b >> 4);
    bytes[at + 1] = (b << 4) | (c >> 2);
    bytes[at + 2] = (c << 6) | d;
  }
  if (at < size) {
    const a = valueAt(text, from);
    const b = valueAt(text, from + 1);
    const c = at + 1 < size ? valueAt(text, from + 2) : 0;
    seen |= a | b | c;
    bytes[at] = (a << 2) | (b >> 4);
    if (at + 1 < size) bytes[at + 1] = (b << 4) | (c >> 2);
  }
  if (seen >= NO_LETTER) return null;
  const hashes: Hash[] = [];
  for (let at = 0; at < size; at += HASH_BYTES) hashes.push(bytes.subarray(at, at + HASH_BYTES));
  return hashes;
};

type SignedRun = SignedPart["runs"][number];

/** A row of heads, each naming the one before, with what its one signature is over. */
export interface Run {
  readonly gateway: string;
  readonly boot: string;
  readonly firstN: number;
  readonly lastN: number;
  readonly prev: string | null;
  readonly lastHash: string;
  /** Of each head: how many lines, and their root. */
  readonly trees: readonly { readonly size: number; readonly root: Hash }[];
  readonly signed: Uint8Array;
  readonly sig: string;
}

/** Steps of a day's check after which the page may draw. */
const BETWEEN_BREATHS = 128;
/** Is told the steps done and how many there are, every so often; the check waits for it, and ends where it throws. */
export type Breathe = (done: number, of: number) => Promise<void> | void;

/** Counts steps and lets the page breathe. */
const paced = (of: number, breathe: Breathe) => {
  let done = 0;
  return (): Promise<void> | void => {
    done += 1;
    return done % BETWEEN_BREATHS === 0 ? breathe(done, of) : undefined;
  };
};

/** Writes the heads anew out of what they are made of; null where something of it is none. */
const openRun = async ({ gateway, boot, n, first, prev, heads, sig }: SignedRun, pace: () => Promise<void> | void): Promise<Run | null> => {
  const trees: { size: number; root: Hash }[] = [];
  let head: Head | null = null;
  let before = prev;
  let text = "";
  for (const [i, [size, hashes]] of heads.entries()) {
    const paused = pace();
    if (paused !== undefined) await paused;
    const [root, body, ...more] = unpackHashes(hashes) ?? [];
    if (root === undefined || body === undefined || more.length > 0) return null;
    const from: number = head === null ? first : head.last + 1;
    head = { gateway, boot, n: n + i, first: from, last: from + size - 1, prev: before, body: bytesToHex(body), root: bytesToHex(root) };
    text = headText(head);
    before = headHash(text);
    trees.push({ size, root });
  }
  if (head === null || before === null) return null;
  return { gateway, boot, firstN: n, lastN: head.n, prev, lastHash: before, trees, signed: headBytes(text), sig };
};

/** What the evidence of a day comes to. */
export interface Vouched {
  /** Rows of heads that have lines of the rig, and the times of the first and last of those, ms UTC. */
  readonly runs: readonly { readonly run: Run; readonly fromTs: number; readonly toTs: number }[];
  /** Readings that are shown, each once. */
  readonly readings: number;
  /** Places where a gateway's batches do not follow one another. */
  readonly breaks: number;
  /** Lines that bear another name of the machine. */
  readonly renamed: number;
  /** Rows made of the lines alone. */
  readonly rows: readonly DigestRow[];
}

const breaksIn = (runs: readonly Run[]): number => {
  const last = new Map<string, Run>();
  let breaks = 0;
  for (const run of runs) {
    const key = `${run.gateway}\n${run.boot}`;
    const before = last.get(key);
    if (before !== undefined && (run.firstN !== before.lastN + 1 || run.prev !== before.lastHash)) breaks += 1;
    last.set(key, run);
  }
  return breaks;
};

/**
 * Puts the parts of a day's evidence together. Gives a sentence where a line does not stand where it is said to stand. Signatures are not
 * looked at: whose key to believe says the chain.
 */
export const vouchedDay = async (
  day: number,
  rig: string,
  parts: readonly SignedPart[],
  breathe: Breathe = () => undefined,
): Promise<Vouched | string> => {
  const pace = paced(
    parts.reduce((sum, { runs, lines }) => sum + lines.length + runs.reduce((more, { heads }) => more + heads.length, 0), 0),
    breathe,
  );
  const digest: Digest = new Map();
  const seen = nothingSeen();
  const all: Run[] = [];
  const used = new Map<Run, { fromTs: number; toTs: number }>();
  let readings = 0;
  let renamed = 0;
  for (const part of parts) {
    const runs: Run[] = [];
    for (const given of part.runs) {
      const run = await openRun(given, pace);
      if (run === null) return "The heads of a gateway's batches cannot be read.";
      runs.push(run);
      all.push(run);
    }
    for (const [runAt, headAt, place, text, path] of part.lines) {
      const paused = pace();
      if (paused !== undefined) await paused;
      const run = runs[runAt] ?? null;
      const tree = run?.trees[headAt];
      const line: Line | null = readLine(text);
      const proof = unpackHashes(path);
      if (run === null || tree === undefined || line === null || proof === null) return "A line of a reading cannot be read.";
      const leaf = leafHashOfText(text);
      if (!verifyInclusion({ leaf, index: place, size: tree.size, proof, root: tree.root }))
        return "A line does not stand in the batch that it is said to be of.";
      if (Math.floor(line.ts / DAY_MS) !== day) return "A line is of another day.";
      const times = used.get(run);
      used.set(run, { fromTs: Math.min(times?.fromTs ?? line.ts, line.ts), toTs: Math.max(times?.toTs ?? line.ts, line.ts) });
      if (line.rig !== rig) renamed += 1;
      else if (note(seen, line.boot, line.seq, line.ts)) {
        readings += 1;
        digestLine(digest, line, true);
      }
    }
  }
  const rigDay = digest.get(`${day}/1/${rig}`);
  return {
    runs: [...used].map(([run, times]) => ({ run, ...times })),
    readings,
    breaks: breaksIn(all),
    renamed,
    rows: rigDay === undefined ? [] : rowsOf(rigDay),
  };
};

/** Slots in which the rows have signed readings but not as the lines give them; where unsigned ones are among them only the count is told. */
export const differingSlots = (
  rows: readonly DigestRow[],
  ours: readonly DigestRow[],
): { readonly more: number; readonly fewer: number } => {
  let more = 0;
  let fewer = 0;
  for (const [slot, row] of rows.entries()) {
    const mine = ours[slot];
    const signed = mine?.n ?? 0;
    if (signed < row.signed) fewer += row.signed - signed;
    else if (signed > row.signed) more += 1;
    else if (mine !== undefined && row.signed > 0 && row.signed === row.n && !sameRow(row, mine)) more += 1;
  }
  return { more, fewer };
};

const NAMES = [
  "ts",
  "n",
  "paused",
  "signed",
  "hashrateGhs",
  "powerW",
  "boardMaxDc",
  "chipMaxDc",
  "intakeMaxDc",
  "deliveredGh",
  "energyJ",
] as const satisfies readonly (keyof DigestRow)[];
const sameRow = (a: DigestRow, b: DigestRow): boolean => NAMES.every((name) => a[name] === b[name]);
