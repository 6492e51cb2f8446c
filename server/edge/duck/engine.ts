/** The database file: opened with bounds, connections to write, to read and to set its bounds, each used by one caller at a time. */
import { renameSync, statSync } from "node:fs";
import { DuckDBInstance, type DuckDBConnection, type DuckDBValue } from "@duckdb/node-api";
import { Refused } from "../../twin/refusal.ts";

export interface EngineOptions {
  readonly file: string;
  readonly memoryMb: number;
  /** The same from a question on until somebody lets go: an answer from many rows ends where it has too little, and is not asked for all the time. */
  readonly askingMb: number;
  readonly threads: number;
}
export type Rows = readonly (readonly DuckDBValue[])[];
export type Binding = Readonly<Record<string, bigint | number | string>>;

/** Callers waiting for a connection at most. */
const MOST_WAITING = 200;
/** What is left of DuckDB's cache when it is told to let go. */
const RESTING_MB = 12;
/** From so much log on it is folded into the file before: what is only in the log must stay in memory. Small farms' files are spared. */
const LARGE_LOG_BYTES = 4 << 20;

export const unavailable = (what: string, cause: unknown): Refused =>
  cause instanceof Refused
    ? cause
    : new Refused("STORE_UNAVAILABLE", `DuckDB could not ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });

/** Size of a file, 0 where there is none. */
export const bytesOf = (file: string): number => {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
};

/** Runs one task after the other; a failed one does not stop the rest. */
export const createQueue = () => {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return <T>(task: () => Promise<T>): Promise<T> => {
    if (waiting >= MOST_WAITING)
      return Promise.reject(new Refused("STORE_UNAVAILABLE", `${waiting} queries are waiting for the series store already.`));
    waiting += 1;
    const run = last.then(task, task).finally(() => (waiting -= 1));
    last = run.catch(() => undefined);
    return run;
  };
};

export type Engine = Awaited<ReturnType<typeof openEngine>>;

/** Gives rows of plain values; numbers are asked for as INTEGER or DOUBLE so that they need no bigint. */
export const rowsOf = async (connection: DuckDBConnection, sql: string, binding: Binding = {}): Promise<Rows> =>
  (await connection.runAndReadAll(sql, { ...binding })).getRows();

/** As `Engine.transaction`, for who has the writing connection already. */
export const transaction = async <T>(
  connection: DuckDBConnection,
  task: (connection: DuckDBConnection) => Promise<() => T>,
): Promise<T> => {
  await connection.run("BEGIN");
  let committed: () => T;
  try {
    committed = await task(connection);
    await connection.run("COMMIT");
  } catch (cause) {
    // After a failed COMMIT there is nothing to roll back, and ROLLBACK says so.
    await connection.run("ROLLBACK").catch(() => undefined);
    throw cause;
  }
  return committed();
};

const create = (options: EngineOptions): Promise<DuckDBInstance> =>
  DuckDBInstance.create(options.file, {
    memory_limit: `${options.memoryMb}MB`,
    threads: String(options.threads),
    // Quarter of the default: less left empty at the end of each column's blocks, and finer to skip.
    default_block_size: "65536",
    checkpoint_threshold: "16MB",
    // What a query needed goes back to the system when it is done; by default so much is kept for the next that a farm at rest seems to need it.
    allocator_flush_threshold: "8MB",
    allocator_bulk_deallocation_flush_threshold: "8MB",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });

/** Where what is damaged of a log is kept, for whoever wants to look at it. */
export const damagedLog = (file: string): string => `${file}.wal.damaged`;

/**
 * As `create`. A log whose end is not what was written, as after a power cut, would keep the file shut for good: it is set aside, and the file is
 * as it was when it was last folded in, with the position that it had then. What it lacks is read again from the journal.
 */
const createWithout = async (options: EngineOptions): Promise<DuckDBInstance> => {
  try {
    return await create(options);
  } catch (cause) {
    if (!/Corrupt WAL file/.test(String(cause))) throw cause;
    renameSync(`${options.file}.wal`, damagedLog(options.file));
    return create(options);
  }
};

export const openEngine = async (options: EngineOptions) => {
  const instance = await createWithout(options);
  const writer = await instance.connect();
  const reader = await instance.connect();
  const keeper = await instance.connect();
  // One call at a time on each: a query that waits inside DuckDB would hold a thread which the journal's fsync needs.
  const writing = createQueue();
  const reading = createQueue();
  const keeping = createQueue();
  /** Connections that callers have for themselves. */
  let extras = 0;
  /** Questions that are answered or wait for it. */
  let asking = 0;
  let limitMb = options.memoryMb;
  const isAsked = (): boolean => asking + extras > 0;
  const wantedMb = (): number => (isAsked() ? options.askingMb : options.memoryMb);
  const setLimit = async (mb: number): Promise<void> => {
    await keeper.run(`SET memory_limit = '${mb}MB'`);
    limitMb = mb;
  };
  /** Before a question is put. It stays so high until somebody lets go: what was read for one question is there for the next. */
  const raiseLimit = (): Promise<void> =>
    keeping(async () => {
      if (limitMb < options.askingMb) await setLimit(options.askingMb);
    }).catch(() => undefined);
  /** What DuckDB's allocator keeps goes back to the system with each setting of the limit; blocks that are kept go where the limit is a low one for a moment. */
  const shrink = (isAlone: () => boolean): Promise<void> =>
    keeping(async () => {
      if (isAlone()) await setLimit(RESTING_MB).catch(() => undefined);
      await setLimit(wantedMb());
    });
  const asked = async <T>(task: () => Promise<T>): Promise<T> => {
    asking += 1;
    try {
      return await reading(async () => {
        await raiseLimit();
        return task();
      });
    } finally {
      asking -= 1;
    }
  };

  return {
    /** In order, alone on the writing connection. */
    write: <T>(task: (connection: DuckDBConnection) => Promise<T>): Promise<T> => writing(() => task(writer)),
    /** All or nothing, in order; the function the task gives runs after COMMIT and before the next write. */
    transaction: <T>(task: (connection: DuckDBConnection) => Promise<() => T>): Promise<T> => writing(() => transaction(writer, task)),
    read: (sql: string, binding: Binding = {}): Promise<Rows> => asked(() => rowsOf(reader, sql, binding)),
    /** As `read`, in columns: of a hundred thousand rows in half the time. */
    columns: (sql: string, binding: Binding = {}): Promise<readonly (readonly DuckDBValue[])[]> =>
      asked(async () => (await reader.runAndReadAll(sql, { ...binding })).getColumns()),
    /** One more connection, for work that may take long; the caller closes it, as often as he likes. */
    extra: (): Promise<{ readonly connection: DuckDBConnection; readonly close: () => void }> =>
      reading(async () => {
        const connection = await instance.connect();
        extras += 1;
        await raiseLimit();
        let isOpen = true;
        const close = (): void => {
          if (!isOpen) return;
          isOpen = false;
          extras -= 1;
          connection.closeSync();
        };
        return { connection, close };
      }),
    /**
     * Lets go of blocks that are kept in case somebody asks for them again. Alone on both connections, and not at all while a caller has
     * one of his own: a query that needs the memory at that moment would end.
     */
    letGo: (): Promise<void> =>
      reading(() =>
        writing(async () => {
          if (extras > 0) return;
          if (bytesOf(`${options.file}.wal`) >= LARGE_LOG_BYTES) await writer.run("CHECKPOINT").catch(() => undefined);
          await shrink(() => true);
        }),
      ),
    /** As `letGo`, for who has the writing connection between two of its statements, and leaving what those need who ask meanwhile. */
    giveBack: (): Promise<void> => shrink(() => !isAsked()).catch(() => undefined),
    /** Waits for what runs, then folds the log into the file and closes it. */
    close: async (): Promise<void> => {
      await reading(async () => reader.closeSync());
      await writing(async () => {
        await writer.run("CHECKPOINT").catch(() => undefined);
        writer.closeSync();
      });
      await keeping(async () => keeper.closeSync());
      instance.closeSync();
    },
  };
};
