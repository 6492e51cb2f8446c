/**
 * The journal's oldest part without its messages. Before chunks are dropped, what the server itself wrote in them (records, what the
 * chain said, acts, seals) and what was retained is set aside in `pruned.db`: a fold from the beginning still finds every record.
 */
import { join } from "node:path";
import type { Entry } from "../../twin/twin.ts";
import { OWN } from "../../twin/wire.ts";
import type { Journal } from "./journal.ts";
import { openWal } from "./wal.ts";

const SCHEMA =
  "CREATE TABLE IF NOT EXISTS entry (pos INTEGER PRIMARY KEY, received_ts INTEGER NOT NULL, topic TEXT NOT NULL, payload BLOB NOT NULL, qos INTEGER NOT NULL, retain INTEGER NOT NULL, client TEXT NOT NULL)";
const AT_ONCE = 1_000;
/** Chunks that are dropped in one commit. */
const PART = 50;
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Row {
  readonly pos: number;
  readonly received_ts: number;
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: number;
  readonly client: string;
}

const isToStay = ({ topic, retain }: Entry): boolean => (topic.startsWith("$rigtwin/") ? topic !== OWN.tick : retain);
const entryOf = (row: Row): Entry => ({
  pos: row.pos,
  receivedTs: row.received_ts,
  topic: row.topic,
  payload: row.payload,
  qos: row.qos,
  retain: row.retain === 1,
  dup: false,
  client: row.client,
});

/** Opens the store beside a journal that is started. */
export const openPruned = (folder: string, journal: Pick<Journal, "read" | "prune" | "positionAt" | "oldestPos">) => {
  const db = openWal(join(folder, "pruned.db"), "FULL", SCHEMA);
  const put = db.prepare("INSERT OR IGNORE INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)");
  const between = db.prepare(`SELECT * FROM entry WHERE pos >= ? AND pos < ? ORDER BY pos LIMIT ${AT_ONCE}`);
  let isClosed = false;
  return {
    /** What is left from `fromPos` on, in order: what was set aside, then the journal. */
    async *read(fromPos: number): AsyncGenerator<readonly Entry[]> {
      let pos = fromPos;
      function* setAside(beforePos: number): Generator<readonly Entry[]> {
        while (pos < beforePos) {
          const rows = between.all(pos, beforePos) as Row[];
          pos = rows.length === 0 ? beforePos : (rows.at(-1)?.pos ?? beforePos) + 1;
          if (rows.length > 0) yield rows.map(entryOf);
        }
      }
      yield* setAside(journal.oldestPos());
      for await (const entries of journal.read(pos)) {
        // What is missing before them was dropped since the last ones were read, and set aside before that.
        yield* setAside(entries[0]?.pos ?? pos);
        yield entries;
        pos = (entries.at(-1)?.pos ?? pos - 1) + 1;
      }
    },
    /**
     * Drops whole chunks of the journal that are older than `beforeTs`; gives how many. In parts, each of them whole on disk, with turns for
     * others after every chunk: what is to stay is set aside, then its chunks go. A kill costs the part that was under way.
     */
    async prune(beforeTs: number): Promise<number> {
      const beforePos = await journal.positionAt(beforeTs);
      if (beforePos <= journal.oldestPos()) return 0;
      let staying: Entry[] = [];
      let batches = 0;
      let dropped = 0;
      const drop = (pos: number): void => {
        db.transaction(() => {
          for (const { pos: at, receivedTs, topic, payload, qos, retain, client } of staying)
            put.run(at, receivedTs, topic, payload, qos, retain ? 1 : 0, client);
        })();
        staying = [];
        batches = 0;
        dropped += journal.prune(pos);
      };
      for await (const entries of journal.read(journal.oldestPos())) {
        if (isClosed) return dropped;
        for (const entry of entries)
          // Without the bytes of the chunk around it.
          if (entry.pos < beforePos && isToStay(entry)) staying.push({ ...entry, payload: Buffer.from(entry.payload) });
        const nextPos = (entries.at(-1)?.pos ?? 0) + 1;
        if (nextPos >= beforePos) break;
        batches += 1;
        if (batches >= PART || staying.length >= AT_ONCE) drop(nextPos);
        await breathe();
      }
      if (isClosed) return dropped;
      drop(beforePos);
      return dropped;
    },
    close: (): void => {
      isClosed = true;
      db.close();
    },
  };
};
