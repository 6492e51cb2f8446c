/**
 * The journal: everything that happened, in order, as the bytes that came. An entry is told of ("done", then to the
 * subscriber) only when its bytes are on disk. Newest part: tail files of frames (tail.ts); older part: hashed chunks (chunks.ts).
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Entry, Message } from "../../twin/twin.ts";
import { Refused } from "../../twin/refusal.ts";
import { isWaiting } from "../../twin/wait.ts";
import { layEntry, nothingLaid, type Laid } from "./codec.ts";
import { openChunks, type ChunkStore, type Damage } from "./chunks.ts";
import { findTails } from "./found.ts";
import { FRAME_HEAD } from "./frames.ts";
import { readEntries } from "./read.ts";
import { createSealer } from "./seal.ts";
import { createSteadyTime, type PassedMs } from "./steady.ts";
import { createTail, reopenTail, type TailWriter } from "./tail.ts";

export interface JournalOptions {
  readonly folder: string;
  /** ms since 1970 UTC. */
  readonly now: () => number;
  readonly passedMs?: PassedMs;
  /** Least time between two fsyncs under load, ms. */
  readonly groupMs?: number;
  /** A tail file is made into a chunk at this size, bytes. */
  readonly chunkBytes?: number;
  /** Waiting for the disk at most; beyond, appends are refused. */
  readonly pendingBytes?: number;
  /** Told on a failed write, or one that does not end, and again when it works, for the status page. */
  readonly onHealth?: (failure: Refused | null) => void;
  /** Told what a `done` or `onHealth` has thrown: it costs the others nothing; and what keeps old tail files from going. */
  readonly onError?: (error: unknown) => void;
  /** Position that some reader has got to: where less is left than that, the rest was lost, and its positions are not given again. */
  readonly floorPos?: number;
  /** A write that takes longer is told of, ms. */
  readonly slowMs?: number;
}

type Done = (error: Refused | null) => void;
interface Pending {
  readonly message: Message;
  readonly receivedTs: number;
  readonly done: Done;
}

const RETRY_MS = 1_000;
const SLOW_MS = 5_000;
/** A group of fewer entries is not load: it waits so many times as long, for a commit costs the same whatever is in it. */
const FEW = 200;
const CALM = 5;
/** A buffer that one large group has grown is not kept for the next … */
const KEEP_BYTES = 4 << 20;
/** … and one that load has grown not for a calm time. */
const KEEP_CALM_BYTES = 256 << 10;

const failureOf = (cause: unknown): Refused => {
  const code = (cause as NodeJS.ErrnoException).code;
  return code === "ENOSPC" || code === "EDQUOT"
    ? new Refused("DISK_FULL", "The disk of the data folder is full: nothing is acknowledged until there is room.", { cause })
    : new Refused("JOURNAL_UNAVAILABLE", `The journal cannot be written (${code ?? String(cause)}): nothing is acknowledged.`, { cause });
};

export type Journal = ReturnType<typeof createJournal>;

export const createJournal = (options: JournalOptions) => {
  const groupMs = options.groupMs ?? 20;
  const chunkBytes = options.chunkBytes ?? 1 << 20;
  const mostPending = options.pendingBytes ?? 64 << 20;
  const folder = join(options.folder, "journal");

  let chunks: ChunkStore | null = null;
  let tail: TailWriter | null = null;
  let headPos = 0;
  let headTs = 0;
  /** Of the oldest entry in the tail files. */
  let tailTs: number | null = null;
  const time = createSteadyTime(options.passedMs);
  let pending: Pending[] = [];
  /** What is pending, as its frame will be; while that is being written the next group is laid into the other one. */
  let laid: Laid = nothingLaid(FRAME_HEAD);
  let spare: Laid = nothingLaid(FRAME_HEAD);
  let writing: Promise<void> | null = null;
  let timer: NodeJS.Timeout | NodeJS.Immediate | null = null;
  let lastFlushTs = 0;
  let failure: Refused | null = null;
  /** A write that does not end; the disk refuses nothing, and yet nothing is acknowledged. */
  let standstill: Refused | null = null;
  let watch: NodeJS.Timeout | null = null;
  let retryAtTs = 0;
  let subscriber: (entries: readonly Entry[]) => void = () => undefined;
  let stopped = true;
  /** Up to where chunks were looked at in this round of checking. */
  let checkedTo = 0;

  const chunkStore = (): ChunkStore => {
    if (chunks === null) throw new Refused("JOURNAL_UNAVAILABLE", "The journal is not open.");
    return chunks;
  };

  const newSealer = () => createSealer(chunkStore, (trouble, cause) => options.onError?.(new Error(`The journal: ${trouble}.`, { cause })));
  let sealer = newSealer();
  const roll = async (): Promise<void> => {
    const old = tail;
    if (old === null) return;
    tail = await createTail(folder, headPos + 1);
    // All that it holds is on disk since its last write: an error of closing it loses nothing.
    await old.close().catch(() => undefined);
    void sealer.take([{ path: old.path, firstPos: old.firstPos, nextPos: headPos + 1, bytes: old.bytes() }]);
  };

  const pendingBytes = (): number => laid.end - FRAME_HEAD;
  /** Whoever shows it and throws costs those who wait nothing. */
  const tell = (now: Refused | null): void => {
    try {
      options.onHealth?.(now);
    } catch (thrown) {
      options.onError?.(thrown);
    }
  };
  const settle = (batch: readonly Pending[], error: Refused | null): void => {
    for (const { done } of batch) {
      try {
        done(error);
      } catch (thrown) {
        options.onError?.(thrown);
      }
    }
  };
  const fail = (batch: readonly Pending[], error: Refused): void => {
    failure = error;
    retryAtTs = options.now() + RETRY_MS;
    tell(error);
    settle(batch, error);
  };
  const watchWrite = (): void => {
    watch = setTimeout(() => {
      standstill = new Refused("JOURNAL_UNAVAILABLE", "The disk does not finish a write of the journal: nothing is acknowledged.");
      tell(standstill);
    }, options.slowMs ?? SLOW_MS);
  };
  const unwatchWrite = (): void => {
    if (watch !== null) clearTimeout(watch);
    watch = null;
  };

  const flush = async (): Promise<void> => {
    const batch = pending;
    if (batch.length === 0 || tail === null) return;
    pending = [];
    const group = laid;
    laid = spare;
    lastFlushTs = options.now();
    const firstPos = headPos + 1;
    try {
      await tail.write(firstPos, batch.length, group.bytes.subarray(0, group.end));
    } catch (cause) {
      fail(batch, failureOf(cause));
      return;
    } finally {
      if (group.bytes.length > (batch.length < FEW ? KEEP_CALM_BYTES : KEEP_BYTES)) spare = nothingLaid(FRAME_HEAD);
      else {
        group.end = FRAME_HEAD;
        spare = group;
      }
    }
    headPos += batch.length;
    tailTs ??= batch[0]?.receivedTs ?? null;
    headTs = batch.at(-1)?.receivedTs ?? headTs;
    if (failure !== null || standstill !== null) {
      failure = null;
      standstill = null;
      tell(null);
    }
    settle(batch, null);
    subscriber(
      batch.map(({ message, receivedTs }, i) => ({
        pos: firstPos + i,
        receivedTs,
        topic: message.topic,
        payload: message.payload,
        qos: message.qos,
        retain: message.retain,
        dup: message.dup,
        client: message.client,
      })),
    );
    if (tail.bytes() >= chunkBytes) await roll().catch((cause: unknown) => fail([], failureOf(cause)));
  };

  const schedule = (): void => {
    if (timer !== null || writing !== null || pending.length === 0) return;
    const spacingMs = pending.length < FEW ? CALM * groupMs : groupMs;
    const wait = pendingBytes() > chunkBytes ? 0 : lastFlushTs + spacingMs - options.now();
    const run = (): void => {
      timer = null;
      watchWrite();
      writing = flush().finally(() => {
        unwatchWrite();
        writing = null;
        schedule();
      });
    };
    // An idle journal commits at once: the group is whatever this turn of the event loop brings.
    timer = wait <= 0 ? setImmediate(run) : setTimeout(run, Math.min(wait, spacingMs));
  };

  /** What was to wait for a calm group waits no longer than one under load. */
  const hasten = (): void => {
    clearTimeout(timer as NodeJS.Timeout);
    clearImmediate(timer as NodeJS.Immediate);
    timer = null;
  };

  /** `atTs` is for what happened earlier and is entered now (a simulated past); time never goes back behind the newest entry. */
  const append = (message: Message, done: Done, atTs?: number): void => {
    if (stopped) return done(new Refused("JOURNAL_UNAVAILABLE", "The journal is not open."));
    if (failure !== null && isWaiting(options.now(), retryAtTs, RETRY_MS)) return done(failure);
    if (pendingBytes() > mostPending) return done(new Refused("JOURNAL_UNAVAILABLE", "Too much is waiting for the disk."));
    const receivedTs = atTs === undefined ? time.now(options.now()) : time.at(atTs);
    layEntry(laid, message, receivedTs);
    pending.push({ message, receivedTs, done });
    if (pending.length === FEW) hasten();
    schedule();
  };

  const waitIdle = async (): Promise<void> => {
    while (writing !== null || pending.length > 0) {
      if (writing !== null) await writing;
      else await new Promise((resolve) => setImmediate(resolve));
    }
  };

  /** Entries from `fromPos` on, in order, in batches of a chunk or a frame; ends at the head as it is when reached. */
  const read = (fromPos: number, onDamage: (damage: Damage) => void = () => undefined): AsyncGenerator<readonly Entry[]> =>
    readEntries({ folder, chunks: chunkStore, headPos: () => headPos }, fromPos, onDamage);

  return {
    append,
    read,
    /** Called with every batch right after it is on disk, in order. */
    subscribe(to: (entries: readonly Entry[]) => void): void {
      subscriber = to;
    },
    /** Appends one entry of our own and resolves when it is on disk. Throws Refused. */
    write(topic: string, payload: Uint8Array): Promise<void> {
      return new Promise((resolve, reject) => {
        append({ topic, payload, qos: 1, retain: false, dup: false, client: "" }, (error) => (error === null ? resolve() : reject(error)));
      });
    },
    /** Names this journal among others, over restarts and in copies. */
    id: (): string => chunkStore().id,
    head: (): { pos: number; ts: number } => ({ pos: headPos, ts: headTs }),
    /** Position from which to read so that nothing received at or after `ts` is missed; the head + 1 where there is none. */
    async positionAt(ts: number): Promise<number> {
      const chunk = chunkStore().positionAt(ts);
      for await (const entries of read(chunk ?? chunkStore().last()?.firstPos ?? 1))
        for (const entry of entries) if (entry.receivedTs >= ts) return entry.pos;
      return headPos + 1;
    },
    /** Position of the oldest entry that is still there, 1 where nothing was pruned. */
    oldestPos: (): number => chunkStore().oldest()?.firstPos ?? 1,
    oldestTs: (): number | null => chunkStore().oldest()?.firstTs ?? tailTs,
    stats: () => ({
      headPos,
      headTs,
      bytes: chunkStore().bytes() + sealer.bytes() + (tail?.bytes() ?? 0),
      pendingBytes: pendingBytes(),
      failure: failure ?? standstill,
      /** What keeps older tail files from becoming chunks or from going, for the status page; entries are written all the same. */
      sealing: sealer.trouble(),
      damaged: chunkStore().damaged(),
    }),
    /**
     * Looks at the next chunk, after the last one again at the first: damage is found while the bytes can still be had from elsewhere, and
     * not on the day on which somebody reads them.
     */
    checkNext(): void {
      const chunk = chunkStore().read(checkedTo + 1);
      checkedTo = chunk === null ? 0 : chunk.firstPos + chunk.count - 1;
    },
    /** Reads everything once and names what is damaged. */
    async verify(): Promise<Damage[]> {
      for await (const entries of read(1)) void entries;
      return chunkStore().damaged();
    },
    /** Time before which entries must go for the chunks to take no more than `bytes`; 0 where they do not. For `prune`. */
    beforeTsFor: (bytes: number): number => (chunkStore().endOfOldest(chunkStore().bytes() - bytes) ?? -1) + 1,
    prune: (beforePos: number): number => chunkStore().prune(beforePos),
    async start(): Promise<void> {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      chunks = openChunks(join(folder, "chunks.db"));
      const found = await findTails(folder, chunks.last());
      ({ headPos, headTs, tailTs } = found);
      const isCut = headPos < (options.floorPos ?? 0);
      if (isCut) {
        chunks.lose(headPos + 1, (options.floorPos ?? 0) - headPos, "lost at the end");
        headPos = options.floorPos ?? 0;
      }
      const writer =
        found.newest === null || isCut
          ? await createTail(folder, headPos + 1)
          : await reopenTail(folder, found.newest.firstPos, found.newest);
      tail = writer;
      time.at(headTs);
      stopped = false;
      sealer = newSealer();
      const left = found.files.filter(({ path }) => path !== writer.path);
      await sealer.take(left.map((file, i) => ({ ...file, nextPos: left[i + 1]?.firstPos ?? writer.firstPos })));
    },
    async stop(): Promise<void> {
      await waitIdle();
      stopped = true;
      await sealer.idle();
      await tail?.close();
      chunks?.close();
      chunks = null;
      tail = null;
    },
  };
};
