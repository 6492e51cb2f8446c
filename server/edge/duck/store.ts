/** The embedded series store: one DuckDB file, written by one process. */
import { basename } from "node:path";
import { Refused } from "../../twin/refusal.ts";
import type { SeriesStore, StoreHealth } from "../../twin/series.ts";
import { lacks, sift } from "../../twin/sift.ts";
import { bytesOf, damagedLog, openEngine, unavailable, type Engine } from "./engine.ts";
import { isKnown, loadMemory, makeTables, type Memory } from "./memory.ts";
import { createReader } from "./read.ts";
import { createRowReader, removeExports } from "./rows.ts";
import { retain, rollup } from "./compute.ts";
import { setPosition, writeBatch } from "./write.ts";

export interface DuckStoreOptions {
  readonly file: string;
  /** What DuckDB may hold in memory while nobody asks; beyond, it spills beside the file. */
  readonly memoryMb?: number;
  /** From a question on, for a minute at most. */
  readonly askingMb?: number;
  readonly threads?: number;
}

interface Open {
  readonly engine: Engine;
  readonly memory: Memory;
  readonly reader: ReturnType<typeof createReader>;
  readonly rows: ReturnType<typeof createRowReader>;
}

/**
 * For the roll-up of ten minutes of ten thousand rigs the process grows by this and some 40 MB, for three seconds or so; with 128 MB by twice as
 * much, and no answer comes sooner.
 */
const MEMORY_MB = 64;
/** From a question on until the store lets go: the course of two hours of ten thousand rigs, and what they told in them as an export, need more than half of this. */
const ASKING_MB = 128;
/** With a second one a roll-up of ten thousand rigs takes twice the CPU to be done in the same time, and no question is answered sooner. */
const THREADS = 1;

/**
 * After one of these DuckDB's count of what it has written beside the file is wrong, and nothing finds room there until the file is opened again; and
 * what it wrote there when the disk was full stays on the full disk until then.
 */
const isShort = (cause: unknown): boolean =>
  cause instanceof Error && /Out of Memory|duckdb_temp_storage.*No space left on device/.test(cause.message);
/** After a fatal error DuckDB refuses everything until the file is opened again. */
const isFatal = (cause: unknown): boolean => cause instanceof Error && /FATAL|invalidated/i.test(cause.message);

export const createDuckStore = (options: DuckStoreOptions): SeriesStore => {
  let opened: Promise<Open> | null = null;
  let started = false;
  let failure: string | null = null;
  /** Calls and answers in parts that are under way. */
  let running = 0;
  let isDue = false;

  /** `known`: what is remembered of the file, where this process wrote it last. */
  const open = async (known: Memory | null = null): Promise<Open> => {
    const memoryMb = options.memoryMb ?? MEMORY_MB;
    const askingMb = options.askingMb ?? Math.max(memoryMb, ASKING_MB);
    const engine = await openEngine({ file: options.file, memoryMb, askingMb, threads: options.threads ?? THREADS });
    try {
      await engine.write(makeTables);
      if (known !== null && !(await engine.write((connection) => isKnown(connection, known))))
        throw new Refused("STORE_UNAVAILABLE", "The series file is not as it was left: it is read anew.");
      const memory = known ?? (await engine.write(loadMemory));
      return { engine, memory, reader: createReader(engine, memory), rows: createRowReader(engine, memory, options.file) };
    } catch (cause) {
      await engine.close();
      throw cause;
    }
  };

  /**
   * DuckDB keeps in memory what it knows of every block that it wrote or read for as long as the file is open: with ten thousand rigs 15 MB
   * more each hour. Opened anew, as it is after each ten minutes' roll-up, it knows only what is asked for. Calls that come meanwhile wait a tenth of
   * a second for it.
   */
  const renew = (): void => {
    isDue = false;
    opened &&= opened.then(async ({ engine, memory }) => {
      await engine.close();
      return open(memory);
    });
    opened?.catch(() => undefined);
  };
  const ended = (): void => {
    running -= 1;
    if (running === 0 && isDue) renew();
  };

  /** Runs a task on the open file; opens it again where the last try failed. */
  const using = async <T>(what: string, task: (store: Open) => T | Promise<T>): Promise<T> => {
    if (!started) throw new Refused("STORE_UNAVAILABLE", "The series store is not started.");
    running += 1;
    try {
      opened ??= open();
      const given = await task(await opened);
      failure = null;
      return given;
    } catch (cause) {
      if (cause instanceof Refused && cause.code !== "STORE_UNAVAILABLE") throw cause;
      failure = cause instanceof Error ? cause.message : String(cause);
      isDue ||= isShort(cause);
      const was = opened;
      const alive = await was?.then(
        () => true,
        () => false,
      );
      if (opened === was && (alive !== true || isFatal(cause))) {
        opened = null;
        await was?.then(({ engine }) => engine.close()).catch(() => undefined);
      }
      throw unavailable(what, cause);
    } finally {
      ended();
    }
  };

  /** As `using`, for an answer in parts. */
  async function* parts<T>(what: string, given: (store: Open) => AsyncIterable<T>): AsyncIterable<T> {
    running += 1;
    try {
      yield* await using(what, given);
    } catch (cause) {
      isDue ||= isShort(cause);
      // Whoever gave up knows why.
      throw cause instanceof DOMException ? cause : unavailable(what, cause);
    } finally {
      ended();
    }
  }

  const health = async (): Promise<StoreHealth> => {
    if (!started) return { status: "away", kind: "DuckDB", detail: "not started" };
    if (failure !== null) return { status: "failing", kind: "DuckDB", detail: failure };
    return using("tell its health", ({ memory }) => ({
      status: "ok",
      kind: "DuckDB",
      detail: `${(bytesOf(options.file) / 1e6).toFixed(1)} MB, ${memory.series.length} series, journal position ${memory.upTo}, ${memory.dirty["1m"].size} minutes to roll up${bytesOf(damagedLog(options.file)) > 0 ? `; its log was damaged once, and is kept as ${basename(damagedLog(options.file))}` : ""}`,
    }));
  };

  return {
    start: () => {
      started = true;
      // Only now: while the file is another process's, its exports are under way.
      return using("open its file", () => removeExports(options.file));
    },
    stop: async () => {
      started = false;
      const was = opened;
      opened = null;
      await was?.then(
        ({ engine }) => engine.close(),
        () => undefined,
      );
    },
    write: (batch) =>
      using("keep a batch", ({ engine, memory }) =>
        engine.transaction(async (connection) => {
          if (memory.upTo < (batch.after ?? 0)) throw lacks(batch.after ?? 0, memory.upTo);
          const sifted = sift(batch, memory.rawFromTs);
          const committed = await writeBatch(connection, memory, sifted, batch.upTo);
          return () => {
            committed();
            return sifted.rejected;
          };
        }),
      ),
    rewind: (upTo) =>
      using("take its position back", ({ engine, memory }) =>
        engine.transaction(async (connection) => {
          await setPosition(connection, upTo);
          return () => {
            memory.upTo = upTo;
          };
        }),
      ),
    cursor: () => using("tell its position", ({ memory }) => memory.upTo),
    latest: (site) => using("answer", ({ reader }) => reader.latest(site)),
    rigSeries: (query) => using("answer", ({ reader }) => reader.rigSeries(query)),
    boardSeries: (query) => using("answer", ({ reader }) => reader.boardSeries(query)),
    siteSeries: (query) => using("answer", ({ reader }) => reader.siteSeries(query)),
    energySeries: (query) => using("answer", ({ reader }) => reader.energySeries(query)),
    top: (query) => using("answer", ({ reader }) => reader.top(query)),
    slots: (query) => parts("answer", ({ rows }) => rows.slots(query)),
    count: (query) => using("answer", ({ rows }) => rows.count(query)),
    rows: (query) => using("answer", ({ rows }) => rows.rows(query)),
    parquet: (query, signal) => parts("write an export", ({ rows }) => rows.parquet(query, signal)),
    rollup: (nowTs) =>
      using("roll up", async ({ engine, memory }) => {
        const windows = await rollup(engine, memory, nowTs);
        // The rows are there whether or not this comes to its turn.
        await engine.letGo().catch(() => undefined);
        if (windows === 0) isDue = true;
        return windows;
      }),
    letGo: () => using("let go of memory", ({ engine }) => engine.letGo()),
    retain: (rawBeforeTs, minuteBeforeTs) =>
      using("drop old rows", async ({ engine, memory }) => {
        while ((await rollup(engine, memory, rawBeforeTs)) > 0);
        await retain(engine, memory, rawBeforeTs, minuteBeforeTs);
        isDue = true;
      }),
    health,
  };
};
