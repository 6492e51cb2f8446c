/** What a stopped server left on its disk, and what must follow from it. Works on copies: the evidence stays as it was found. */
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Damage } from "../../server/edge/journal/chunks.ts";
import { createJournal } from "../../server/edge/journal/journal.ts";
import { openSnapshots } from "../../server/edge/journal/snapshots.ts";
import { restoreFarm } from "../../server/flows/telemetry.ts";
import { foldEntry, newFarm, nothingYet, type Farm } from "../../server/twin/farm.ts";
import { farmHash } from "../../server/twin/snapshot.ts";
import type { Entry } from "../../server/twin/twin.ts";
import { keyOf, type Sent } from "./device.ts";

const withCopy = async <T>(dataDir: string, work: (copy: string) => Promise<T>): Promise<T> => {
  const copy = mkdtempSync(join(tmpdir(), "rigtwin-evidence-"));
  try {
    cpSync(dataDir, copy, { recursive: true });
    return await work(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
};

/** Every entry of the journal, in order. Throws where anything of it is damaged or missing. */
export const journalOf = (dataDir: string): Promise<Entry[]> =>
  withCopy(dataDir, async (folder) => {
    const journal = createJournal({ folder, now: Date.now });
    await journal.start();
    const entries: Entry[] = [];
    const damage: Damage[] = [];
    for await (const batch of journal.read(1, (found) => damage.push(found))) entries.push(...batch);
    await journal.stop();
    if (damage.length > 0) throw new Error(`the journal is damaged: ${JSON.stringify(damage)}`);
    const wrong = entries.findIndex((entry, i) => entry.pos !== i + 1 || entry.receivedTs < (entries[i - 1]?.receivedTs ?? 0));
    if (wrong >= 0)
      throw new Error(`entry ${wrong + 1} of the journal has position ${entries[wrong]?.pos} at ${entries[wrong]?.receivedTs}`);
    return entries;
  });

/** Readings of our own dialect by rig, boot and number, and how often each came. */
export const numbersIn = (entries: readonly Entry[]): Map<string, number> => {
  const counts = new Map<string, number>();
  const decoder = new TextDecoder();
  for (const { topic, payload } of entries) {
    const rig = /^rigtwin\/v1\/[^/]+\/([^/]+)\/telemetry$/.exec(topic)?.[1];
    if (rig === undefined) continue;
    try {
      const { boot, seq } = JSON.parse(decoder.decode(payload)) as { boot: string; seq: number };
      const key = keyOf({ rig, boot, seq });
      counts.set(key, (counts.get(key) ?? 0) + 1);
    } catch {
      // nonsense is counted as refused by the server, not here
    }
  }
  return counts;
};

/** How published messages and the journal agree: every acknowledged one must be there, and nothing that was not published. */
export const compareSent = (sent: readonly Sent[], inJournal: ReadonlyMap<string, number>) => {
  const published = new Set(sent.map(keyOf));
  return {
    lostAcknowledged: sent.filter((one) => one.acknowledged && !inJournal.has(keyOf(one))).map(keyOf),
    lost: sent.filter((one) => !inJournal.has(keyOf(one))).map(keyOf),
    invented: [...inJournal.keys()].filter((key) => !published.has(key)),
    redelivered: [...inJournal.values()].reduce((sum, n) => sum + n - 1, 0),
  };
};

/** Folds entries from nothing, up to and with `upToPos`. */
export const foldAll = (site: string, entries: readonly Entry[], upToPos = Infinity): Farm => {
  const farm = newFarm(site);
  const out = nothingYet();
  for (const entry of entries) {
    if (entry.pos > upToPos) break;
    foldEntry(farm, entry, out);
    Object.assign(out, { rigs: [], boards: [], energy: [], alarms: [], refused: [] });
  }
  return farm;
};

/** The farm that the server itself saved last. */
export const savedFarm = (dataDir: string, site: string): Promise<Farm> =>
  withCopy(dataDir, (folder) => {
    const snapshots = openSnapshots(folder);
    const farm = restoreFarm(site, snapshots.load(Number.MAX_SAFE_INTEGER));
    snapshots.close();
    return Promise.resolve(farm);
  });

/** The saved farm and its hash, and the hash of the journal folded from nothing up to there: they must be equal. */
export const foldedTwice = async (dataDir: string, site: string, entries: readonly Entry[]) => {
  const saved = await savedFarm(dataDir, site);
  return { farm: saved, saved: farmHash(saved), fromNothing: farmHash(foldAll(site, entries, saved.asOfPos)) };
};

/** Points of measurement `rig` in the embedded store: rig → device time → how many. */
export const pointsInDuck = (dataDir: string): Promise<Map<string, Map<number, number>>> =>
  withCopy(dataDir, async (folder) => {
    const file = join(folder, "series.duckdb");
    if (!existsSync(file)) throw new Error("there is no series.duckdb");
    const instance = await DuckDBInstance.create(file);
    const connection = await instance.connect();
    const rows = (
      await connection.runAndReadAll("SELECT series.name, rig.ts, count(*) FROM rig JOIN series USING (id) GROUP BY ALL")
    ).getRows();
    connection.closeSync();
    instance.closeSync();
    return gathered(rows.map(([rig, ts, n]) => [String(rig), Number(ts), Number(n)]));
  });

const gathered = (rows: readonly (readonly [rig: string, ts: number, n: number])[]): Map<string, Map<number, number>> => {
  const points = new Map<string, Map<number, number>>();
  for (const [rig, ts, n] of rows) {
    const times = points.get(rig) ?? new Map<number, number>();
    times.set(ts, (times.get(ts) ?? 0) + n);
    points.set(rig, times);
  }
  return points;
};

/** As pointsInDuck, asked of InfluxDB over its own API. */
export const pointsInInflux = async (url: string): Promise<Map<string, Map<number, number>>> => {
  const address = new URL(url);
  const db = address.pathname.slice(1);
  const query = `${address.origin}/query?epoch=ms&db=${db}&q=${encodeURIComponent('SELECT "readings" FROM "rig" GROUP BY "rig", "model"')}`;
  const { results } = (await (await fetch(query)).json()) as {
    results: { series?: { tags: { rig: string; model: string }; columns: string[]; values: (number | null)[][] }[]; error?: string }[];
  };
  if (results[0]?.error !== undefined) throw new Error(results[0].error);
  return gathered(
    (results[0]?.series ?? []).flatMap(({ tags, values }) => values.map(([ts]): [string, number, number] => [tags.rig, Number(ts), 1])),
  );
};

/** What is wrong with the points for these readings: none there, more than one, or one that nobody sent. Empty where all is well. */
export const wrongPoints = (sent: readonly Sent[], points: ReadonlyMap<string, ReadonlyMap<number, number>>): string[] => {
  const wrong: string[] = [];
  const wanted = new Map<string, Set<number>>();
  for (const { rig, ts } of sent) {
    const times = wanted.get(rig) ?? new Set<number>();
    wanted.set(rig, times.add(ts));
  }
  for (const [rig, times] of wanted)
    for (const ts of times) {
      const n = points.get(rig)?.get(ts) ?? 0;
      if (n !== 1) wrong.push(`${rig} @${ts}: ${n} points`);
    }
  for (const [rig, times] of points)
    for (const ts of times.keys()) if (wanted.get(rig)?.has(ts) !== true) wrong.push(`${rig} @${ts}: nobody sent it`);
  return wrong;
};
