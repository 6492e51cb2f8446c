/**
 * A data folder's journal and snapshots, read beside the server that may be writing them, or without one. Takes no lock and changes
 * nothing: the databases are in WAL mode, where readers and the writer do not wait for each other, and are opened for queries only; of a
 * tail file only frames count that fit their checksum. A tail file that is sealed meanwhile is found as a chunk.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import Database from "libsql";
import type { Entry } from "../../twin/twin.ts";
import { hashOf } from "./chunks.ts";
import { decodeEntries } from "./codec.ts";
import { framesIn } from "./read.ts";
import { cellsOf, newestSound } from "./snapshots.ts";
import { tailFiles } from "./tail.ts";

interface ChunkRow {
  readonly first_pos: number;
  readonly count: number;
  readonly prev_hash: ArrayBuffer;
  readonly hash: ArrayBuffer;
  readonly body: ArrayBuffer;
}
interface PrunedRow {
  readonly pos: number;
  readonly received_ts: number;
  readonly topic: string;
  readonly payload: ArrayBuffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: number;
  readonly client: string;
}

/** A server that is just committing may hold a lock for a moment. */
const BUSY_MS = 5_000;

const forQueries = (path: string) => {
  const db = new Database(path, { timeout: BUSY_MS });
  db.pragma("query_only = ON");
  return db;
};
const rawOf = (row: ChunkRow): Buffer | null => {
  try {
    const raw = inflateRawSync(Buffer.from(row.body));
    return hashOf(Buffer.from(row.prev_hash), row.first_pos, row.count, raw).equals(Buffer.from(row.hash)) ? raw : null;
  } catch {
    return null;
  }
};

export type Past = NonNullable<ReturnType<typeof openPast>>;

/** Opens what is in the data folder; null where it holds no journal. `onGap` is told of positions that cannot be read. */
export const openPast = (folder: string, onGap: (firstPos: number, count: number) => void = () => undefined) => {
  const chunkPath = join(folder, "journal", "chunks.db");
  if (!existsSync(chunkPath)) return null;
  const chunks = forQueries(chunkPath);
  const pruned = existsSync(join(folder, "pruned.db")) ? forQueries(join(folder, "pruned.db")) : null;
  const state = existsSync(join(folder, "state.db")) ? forQueries(join(folder, "state.db")) : null;
  const from = chunks.prepare(
    "SELECT first_pos, count, prev_hash, hash, body FROM chunk WHERE first_pos + count > ? ORDER BY first_pos LIMIT 1",
  );
  const oldest = chunks.prepare("SELECT first_pos, first_ts FROM chunk ORDER BY first_pos LIMIT 1");

  const tailFrames = async () => {
    const frames = [];
    // A file that was sealed and removed since it was listed is a chunk by now.
    for (const file of await tailFiles(join(folder, "journal"))) frames.push(...(await framesIn(file.path)));
    return frames;
  };

  async function* readJournal(fromPos: number): AsyncGenerator<readonly Entry[]> {
    let pos = fromPos;
    const give = (raw: Buffer, firstPos: number, count: number): readonly Entry[] => {
      if (firstPos > pos) onGap(pos, firstPos - pos);
      const entries = decodeEntries(raw, firstPos, count).slice(Math.max(0, pos - firstPos));
      pos = firstPos + count;
      return entries;
    };
    for (;;) {
      const row = from.get(pos) as ChunkRow | undefined;
      if (row !== undefined) {
        const raw = rawOf(row);
        if (raw !== null) yield give(raw, row.first_pos, row.count);
        else {
          onGap(Math.max(pos, row.first_pos), row.first_pos + row.count - Math.max(pos, row.first_pos));
          pos = row.first_pos + row.count;
        }
        continue;
      }
      const before = pos;
      for (const frame of await tailFrames()) {
        if (frame.firstPos + frame.count <= pos) continue;
        // What lies before this frame was sealed while the files were being listed.
        if (frame.firstPos > pos && from.get(pos) !== undefined) break;
        yield give(frame.body, frame.firstPos, frame.count);
      }
      if (pos === before && from.get(pos) === undefined) return;
    }
  }

  function* readPruned(fromPos: number, beforePos: number): Generator<readonly Entry[]> {
    const rows = pruned?.prepare("SELECT * FROM entry WHERE pos >= ? AND pos < ? ORDER BY pos").iterate(fromPos, beforePos) ?? [];
    for (const row of rows as Iterable<PrunedRow>)
      yield [
        {
          pos: row.pos,
          receivedTs: row.received_ts,
          topic: row.topic,
          payload: new Uint8Array(row.payload),
          qos: row.qos,
          retain: row.retain === 1,
          dup: false,
          client: row.client,
        },
      ];
  }

  /** Position and time of the oldest entry with its messages, null where nothing has been written yet. */
  const oldestOf = async (): Promise<{ pos: number; ts: number } | null> => {
    const row = oldest.get() as { first_pos: number; first_ts: number } | undefined;
    if (row !== undefined) return { pos: row.first_pos, ts: row.first_ts };
    const frame = (await tailFrames())[0];
    const entry = frame === undefined ? undefined : decodeEntries(frame.body, frame.firstPos, frame.count)[0];
    return entry === undefined ? null : { pos: entry.pos, ts: entry.receivedTs };
  };

  return {
    oldest: oldestOf,
    /** Entries from `fromPos` on, in order, up to the newest that is on disk; what was set aside at pruning comes first. */
    async *read(fromPos: number): AsyncGenerator<readonly Entry[]> {
      const first = (await oldestOf())?.pos ?? 1;
      if (fromPos < first) yield* readPruned(fromPos, first);
      yield* readJournal(Math.max(fromPos, first));
    },
    /** The newest sound snapshot whose time is not after `ts`, with the cells up to it; null where there is none. */
    loadSnapshot(ts: number): { pos: number; lines: string[]; cells: Iterable<unknown> } | null {
      if (state === null) return null;
      const { sound } = newestSound(state, ts);
      return sound === null ? null : { ...sound, cells: cellsOf(state, sound) };
    },
    close(): void {
      for (const db of [chunks, pruned, state]) db?.close();
    },
  };
};
