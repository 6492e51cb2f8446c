import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import Database from "libsql";
import type { Status } from "../../server/twin/api.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { createJournal } from "../../server/edge/journal/journal.ts";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
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
