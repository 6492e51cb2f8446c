import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import Database from "libsql";
import type { z } from "zod";
import type { alarms, Status } from "../../server/twin/api.ts";
import { OWN, ROUTES, TICK_MS } from "../../server/twin/wire.ts";
import { openAlarmHistory } from "../../server/edge/alarm-history.ts";
import { createJournal } from "../../server/edge/journal/journal.ts";
import { openSnapshots } from "../../server/edge/journal/snapshots.ts";
import { runRigtwin, startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { ownFolder } from "../servers/chain.ts";
import { until } from "../servers/until.ts";

const T0 = Date.now() - 3_600_000;
const own = ownFolder("damaged");
let server: Rigtwin | null = null;
afterEach(async () => {
  await server?.remove();
  own.remove();
});

const journalWith = async (chunkBytes: number): Promise<ReturnType<typeof createJournal>> => {
  const journal = createJournal({ folder: own.folder, now: () => Date.now(), groupMs: 0, chunkBytes });
  await journal.start();
  return journal;
};

test("a damaged chunk is found without being asked for, named on the status page and in /metrics, and the rest goes on", async () => {
  let journal = await journalWith(2_000);
  for (let seq = 0; seq < 300; seq++)
    await journal.write(
      "rigtwin/v1/farm/rig-1/telemetry",
      Buffer.from(JSON.stringify({ v: 1, ts: T0 + seq * 1_000, seq, boot: "b", m: {} })),
    );
  await journal.stop();
  // Tail files become chunks when the journal is opened anew.
  journal = await journalWith(2_000);
  await journal.stop();

  const db = new Database(join(own.folder, "journal", "chunks.db"));
  const chunks = db.prepare("SELECT first_pos, count, body FROM chunk ORDER BY first_pos").all() as {
    first_pos: number;
    count: number;
    body: ArrayBuffer;
  }[];
  expect(chunks.length).toBeGreaterThan(3);
  const bad = chunks[2];
  if (bad === undefined) throw new Error("there is no third chunk");
  const body = Buffer.from(bad.body);
  body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 0xff;
  db.prepare("UPDATE chunk SET body = ? WHERE first_pos = ?").run(body, bad.first_pos);
  db.close();

  server = await startRigtwin({ dataDir: own.folder, site: "farm" });
  const status = (): Promise<Status> => (server as Rigtwin).get<Status>(ROUTES.status);
  await until(async () => (await status()).ingest.damagedEntries > 0, "the damage is found");
  expect((await status()).ingest).toMatchObject({ damagedEntries: bad.count, accepted: 300 - bad.count });
  await until(
    async () => (await status()).ports["journal"]?.detail.includes(`entries ${bad.first_pos} to ${bad.first_pos + bad.count - 1}`) ?? false,
    "the journal's line names it",
  );
  expect((await status()).ports["journal"]?.status).toBe("ok");
  const metrics = (await server.api(ROUTES.metrics)).text;
  expect(metrics).toContain(`rigtwin_journal_damaged_entries ${bad.count}`);
  expect(metrics).toContain('rigtwin_part_up{part="journal"} 1');
});

/** As after a power cut before its first page was written. */
const withoutFirstPage = (name: string): void => {
  const path = join(own.folder, name);
  // What is in its log stands for what is in the file.
  const db = new Database(path);
  db.pragma("wal_checkpoint(TRUNCATE)");
  db.close();
  const file = readFileSync(path);
  expect(file.length).toBeGreaterThan(4_096);
  writeFileSync(path, file.fill(0, 0, 4_096));
};
/** A rig that is heard, silent for twenty minutes, and heard again. */
const enterSilence = async (chunkBytes: number): Promise<void> => {
  const journal = await journalWith(chunkBytes);
  let waiting: Promise<void>[] = [];
  const put = (topic: string, said: unknown, ts: number): void => {
    const message = { topic, payload: Buffer.from(JSON.stringify(said)), qos: 1 as const, retain: false, dup: false, client: "" };
    waiting.push(new Promise((done, fail) => journal.append(message, (error) => (error === null ? done() : fail(error)), ts)));
  };
  put(OWN.start, {}, T0);
  for (let n = 0; n < 180; n++) {
    const ts = T0 + n * TICK_MS;
    put(OWN.tick, {}, ts);
    const said = { v: 1, ts, seq: n, boot: "b", m: { mode: "mining", hashrateThs: 100, powerW: 3_000 } };
    if (n < 12 || n > 132) put("rigtwin/v1/farm/rig-1/telemetry", said, ts);
    if (n % 20 > 0) continue;
    await Promise.all(waiting);
    waiting = [];
  }
  await Promise.all(waiting);
  await journal.stop();
};

test("what is made of the journal is made anew where its file has no first page any more, and that is told", async () => {
  await enterSilence(1 << 20);
  server = await startRigtwin({ dataDir: own.folder, site: "farm" });
  const read = async () => {
    const { ingest, ports } = await (server as Rigtwin).get<Status>(ROUTES.status);
    const past = await (server as Rigtwin).get<z.infer<typeof alarms>>(`${ROUTES.alarms}?state=cleared`);
    return { accepted: ingest.accepted, alarms: past.alarms, journal: ports["journal"] };
  };
  const before = await read();
  expect(before.accepted).toBe(59);
  expect(before.alarms.map(({ kind }) => kind)).toContain("offline");
  await server.stop();
  for (const names of [["state.db", "moments.db"], ["alarms.db"]]) {
    for (const name of names) withoutFirstPage(name);
    await server.restart();
    const after = await read();
    expect({ names, accepted: after.accepted, alarms: after.alarms }).toEqual({ names, accepted: before.accepted, alarms: before.alarms });
    expect(after.journal?.status).toBe("ok");
    for (const name of names) expect(after.journal?.detail).toContain(`${name} was damaged and is made anew`);
    await server.stop();
  }
  const aside = readdirSync(own.folder).flatMap((name) => /^(.*)\.damaged-\d+$/.exec(name)?.[1] ?? []);
  expect(aside.toSorted()).toEqual(["alarms.db", "moments.db", "state.db"]);
});

test("what can no longer be made anew, as the journal's old messages are gone, ends the start with a sentence and stays as it is", async () => {
  await enterSilence(2_000);
  const journal = await journalWith(2_000);
  expect(journal.prune(100)).toBeGreaterThan(0);
  await journal.stop();
  for (const [name, open] of [
    ["state.db", openSnapshots],
    ["alarms.db", openAlarmHistory],
  ] as const) {
    open(own.folder).close();
    withoutFirstPage(name);
    const { code, output } = await runRigtwin({ dataDir: own.folder, site: "farm" });
    expect(code).toBe(1);
    expect(output).toContain(`${join(own.folder, name)} is damaged`);
    expect(output).not.toMatch(/SQLITE|^\s+at /m);
    expect(readdirSync(own.folder).filter((file) => file.includes(".damaged-"))).toEqual([]);
    rmSync(join(own.folder, name));
  }
});
