/**
 * What is not yet acknowledged by the broker, on disk: a file for each batch, its messages one a line, in the order of their numbers.
 * Every batch passes through here, so that neither a broker that is away nor a kill of the gateway loses what was read. When the room
 * is full the oldest minutes are thinned, every second reading of each rig first, then every second of those; the numbers of what
 * went (`seq`) are missing in what comes, and so the twin counts them.
 */
import { mkdirSync, readdirSync, statSync, unlinkSync } from "node:fs";
import { readFile, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface SpoolOptions {
  readonly folder: string;
  readonly mostBytes: number;
  /** Told how many messages were taken out to make room. */
  readonly onThinned: (messages: number) => void;
}

interface Held {
  readonly number: number;
  /** When its first message was read, ms UTC. */
  readonly ts: number;
  /** How often it was thinned; MOST_LEVEL: it cannot be thinned further. */
  readonly level: number;
  readonly bytes: number;
}

const WINDOW_MS = 60_000;
const MOST_LEVEL = 99;
/** Thinned until so much of the room is left, so that it is not thinned again at once. */
const ENOUGH = 0.9;
const NAME = /^(\d{12})-(\d{13})-(\d{1,2})\.jsonl$/;
const nameOf = ({ number, ts, level }: Pick<Held, "number" | "ts" | "level">): string =>
  `${String(number).padStart(12, "0")}-${String(ts).padStart(13, "0")}-${level}.jsonl`;

const rigOf = (line: string): string => /^\{"rig":"([^"]*)"/.exec(line)?.[1] ?? "";

/** Every second message of each rig, the first of them kept. */
export const thinned = (lines: readonly string[]): readonly string[] => {
  const seen = new Map<string, number>();
  return lines.filter((line) => {
    const rig = rigOf(line);
    const nth = seen.get(rig) ?? 0;
    seen.set(rig, nth + 1);
    return nth % 2 === 0;
  });
};

/** Opens the folder, made where it is not there. Throws what the disk throws. */
export const openSpool = ({ folder, mostBytes, onThinned }: SpoolOptions) => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const held = new Map<number, Held>();
  for (const name of readdirSync(folder)) {
    const [, number, ts, level] = NAME.exec(name) ?? [];
    if (number === undefined) continue;
    const entry = { number: Number(number), ts: Number(ts), level: Number(level), bytes: statSync(join(folder, name)).size };
    const other = held.get(entry.number);
    // A kill in the midst of thinning left a batch as it was and as it is: with what was taken together with it, the thinned one has all.
    const [kept, spent] = other !== undefined && other.level > entry.level ? [other, entry] : [entry, other];
    held.set(entry.number, kept);
    if (spent !== undefined) unlinkSync(join(folder, nameOf(spent)));
  }
  let order = [...held.keys()].sort((a, b) => a - b);
  let next = (order.at(-1) ?? 0) + 1;
  let bytes = [...held.values()].reduce((sum, { bytes: size }) => sum + size, 0);
  /** Batches on their way to the broker are left as they are: their numbers are signed. */
  const away = new Set<number>();

  const write = async (entry: Omit<Held, "bytes">, lines: readonly string[]): Promise<void> => {
    const text = lines.join("\n");
    const path = join(folder, nameOf(entry));
    await writeFile(`${path}.part`, text, { mode: 0o600 });
    await rename(`${path}.part`, path);
    const size = Buffer.byteLength(text);
    held.set(entry.number, { ...entry, bytes: size });
    bytes += size;
  };
  const remove = async (number: number): Promise<void> => {
    const entry = held.get(number);
    if (entry === undefined) return;
    held.delete(number);
    order = order[0] === number ? order.slice(1) : order.filter((other) => other !== number);
    bytes -= entry.bytes;
    await unlink(join(folder, nameOf(entry))).catch(() => undefined);
  };
  const read = async (number: number): Promise<readonly string[]> => {
    const entry = held.get(number);
    if (entry === undefined) return [];
    const text = await readFile(join(folder, nameOf(entry)), "utf8");
    return text === "" ? [] : text.split("\n");
  };

  /** The oldest minute of those thinned least. */
  const window = (): readonly Held[] => {
    const free = [...held.values()].filter(({ number }) => !away.has(number));
    const level = Math.min(...free.map((entry) => entry.level));
    const same = free.filter((entry) => entry.level === level).sort((a, b) => a.number - b.number);
    const minute = Math.floor((same[0]?.ts ?? 0) / WINDOW_MS);
    return same.filter(({ ts }) => Math.floor(ts / WINDOW_MS) === minute);
  };

  const makeRoom = async (): Promise<void> => {
    let gone = 0;
    while (bytes > mostBytes * ENOUGH) {
      const entries = window();
      const [first] = entries;
      if (first === undefined) break;
      const lines = (await Promise.all(entries.map(({ number }) => read(number)))).flat();
      const kept = first.level >= MOST_LEVEL ? [] : thinned(lines);
      gone += lines.length - kept.length;
      const level = kept.length === lines.length ? MOST_LEVEL : first.level + 1;
      // What stays is on disk before anything goes: a kill in between costs a repetition.
      if (kept.length > 0) await write({ number: first.number, ts: first.ts, level }, kept);
      else {
        held.delete(first.number);
        order = order.filter((number) => number !== first.number);
      }
      bytes -= first.bytes;
      await unlink(join(folder, nameOf(first))).catch(() => undefined);
      for (const { number } of entries.slice(1)) await remove(number);
    }
    if (gone > 0) onThinned(gone);
  };

  let work: Promise<unknown> = Promise.resolve();
  /** One after the other: thinning and taking must not meet. */
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const done = work.then(task);
    work = done.catch(() => undefined);
    return done;
  };

  return {
    /** Keeps a batch; gives its number. Rejects with what the disk said. */
    put: (lines: readonly string[], ts: number): Promise<number> =>
      inTurn(async () => {
        const number = next++;
        await write({ number, ts, level: 0 }, lines);
        order.push(number);
        if (bytes > mostBytes) await makeRoom();
        return number;
      }),
    /** The oldest batch that is not on its way, and marks it as being so; null where there is none. */
    take: (): Promise<{ readonly number: number; readonly lines: readonly string[] } | null> =>
      inTurn(async () => {
        const number = order.find((candidate) => !away.has(candidate));
        if (number === undefined) return null;
        away.add(number);
        return { number, lines: await read(number) };
      }),
    /** The broker has it. */
    done: (number: number): Promise<void> =>
      inTurn(async () => {
        away.delete(number);
        await remove(number);
      }),
    /** It did not get there: it is taken again. */
    back: (number: number): void => void away.delete(number),
    waiting: (): number => held.size,
    bytes: (): number => bytes,
    settled: (): Promise<void> => inTurn(async () => undefined),
  };
};
export type Spool = ReturnType<typeof openSpool>;
