/**
 * What gateways signed of a rig's day, for strangers. Its lines are threads, of which each line names the one before (threads.ts); of
 * gateways that do not link them, the heads of their batches in a row, one signature at the end of each row, and the lines with what shows
 * that they stand under those heads. Whoever has it comes to the day's rows without the farm's word.
 */
import { bytesToHex } from "@noble/hashes/utils.js";
import type { SignedPart } from "./bundle.ts";
import { dayOf, digestLine, rowsOf, type Digest, type DigestRow } from "./digest.ts";
import { headBytes, headHash, headText, type Head } from "./gateway.ts";
import { readLine, type Line } from "./line.ts";
import { leafHashOfText, verifyInclusion, type Hash } from "./merkle.ts";
import { unpackHashes } from "./packed.ts";
import { note, nothingSeen } from "./seen.ts";
import { openThread, type Thread } from "./threads.ts";

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
  /** What is signed, by which gateway, and the times of the first and last of the day's lines it vouches for, ms UTC. */
  readonly seals: readonly {
    readonly by: { readonly gateway: string; readonly signed: Uint8Array; readonly sig: string };
    readonly fromTs: number;
    readonly toTs: number;
  }[];
  /** Readings that are shown, each once. */
  readonly readings: number;
  /** Places where what a gateway signed does not follow on what came before. */
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

const breaksBetween = (threads: readonly Thread[]): number => {
  const last = new Map<string, string>();
  let breaks = 0;
  for (const thread of threads) {
    const key = `${thread.gateway}\n${thread.boot}\n${thread.rig}`;
    const before = last.get(key);
    if (before !== undefined && thread.prev !== before) breaks += 1;
    last.set(key, thread.last);
  }
  return breaks;
};

const stepsIn = ({ runs, lines, threads = [] }: SignedPart): number =>
  lines.length + runs.reduce((sum, { heads }) => sum + heads.length, 0) + threads.reduce((sum, thread) => sum + thread.lines.length, 0);

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
    parts.reduce((sum, part) => sum + stepsIn(part), 0),
    breathe,
  );
  const digest: Digest = new Map();
  const seen = nothingSeen();
  const all: Run[] = [];
  const threads: Thread[] = [];
  const used = new Map<Run | Thread, { fromTs: number; toTs: number }>();
  let readings = 0;
  let renamed = 0;
  const take = (by: Run | Thread, line: Line): void => {
    const times = used.get(by);
    if (times === undefined) used.set(by, { fromTs: line.ts, toTs: line.ts });
    else {
      times.fromTs = Math.min(times.fromTs, line.ts);
      times.toTs = Math.max(times.toTs, line.ts);
    }
    if (line.rig !== rig) renamed += 1;
    else if (note(seen, line.boot, line.seq, line.ts)) {
      readings += 1;
      digestLine(digest, line, true);
    }
  };
  const isOfDay = (line: Line | undefined): boolean => line !== undefined && dayOf(line.ts) === day;
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
      if (!isOfDay(line)) return "A line is of another day.";
      take(run, line);
    }
    for (const given of part.threads ?? []) {
      const thread = await openThread(given, pace);
      if (typeof thread === "string") return thread;
      // Between them may be some of another day, which came late: the thread has no hole.
      if (!isOfDay(thread.lines[0]) || !isOfDay(thread.lines.at(-1))) return "A line is of another day.";
      threads.push(thread);
      for (const line of thread.lines) if (isOfDay(line)) take(thread, line);
    }
  }
  const rigDay = digest.get(`${day}/1/${rig}`);
  return {
    seals: [...used].map(([by, times]) => ({ by, ...times })),
    readings,
    breaks: breaksIn(all) + breaksBetween(threads),
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
