/** A backup taken beside a server that works, and what another server is that is made of it. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { unpack } from "../../server/edge/backup/archive.ts";
import { openAudit } from "../../server/edge/audit.ts";
import { readerOf } from "../../server/edge/chain/reader.ts";
import type * as api from "../../server/twin/api.ts";
import { dateOf } from "../../server/twin/day.ts";
import { farmHash } from "../../server/twin/snapshot.ts";
import { verifyBundle } from "../../server/twin/verify.ts";
import { pathOf, ROUTES } from "../../server/twin/wire.ts";
import { ownFolder } from "../servers/chain.ts";
import { startLoad, type Load } from "../servers/device.ts";
import { compareSent, foldAll, foldedTwice, journalOf, numbersIn } from "../servers/evidence.ts";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { until } from "../servers/until.ts";
import { runBackup } from "../servers/backup.ts";

const SITE = "kept";

const servers: Rigtwin[] = [];
let load: Load | null = null;
const own = ownFolder("backup-load");
afterEach(async () => {
  load?.abandon();
  for (const server of servers.splice(0)) await server.remove();
  own.remove();
});

const started = async (options: Parameters<typeof startRigtwin>[0]): Promise<Rigtwin> => {
  const server = await startRigtwin({ site: SITE, ...options });
  servers.push(server);
  return server;
};
const auditLines = (folder: string): string[] => {
  const audit = openAudit(folder, Date.now);
  const lines = [...audit.all()].flat().map(({ hash }) => hash);
  audit.close();
  return lines;
};
type Days = { readonly days: readonly { readonly day: number; readonly state: string; readonly txHash: string | null }[] };

test("taken under load, restored elsewhere after a kill, it is the same farm with the same proofs", async () => {
  const server = await started({ rigs: 2, intervalS: 60, backfillH: 30 });
  const rig = (await server.get<{ rigs: readonly { rig: string }[] }>(ROUTES.rigs)).rigs[0]?.rig ?? "";
  const recorded = await server.api(pathOf(ROUTES.records, { rig }), {
    kind: "cleaning",
    performedTs: Date.now() - 60_000,
    technician: "badge-1",
    summary: "Dust removed",
    parts: [],
  });
  expect(recorded.status).toBe(201);
  const someDays = { from: String(Date.now() - 5 * 86_400_000), to: String(Date.now()) };
  const daysOf = ({ get }: Rigtwin): Promise<Days> =>
    get<Days>(`${pathOf(ROUTES.days, { tokenId: 1 })}?${new URLSearchParams(someDays).toString()}`);
  await until(async () => (await daysOf(server)).days.some(({ txHash }) => txHash !== null), "a day is anchored", 90_000);
  await until(
    async () =>
      (await server.get<{ records: { status: string }[] }>(pathOf(ROUTES.records, { rig }))).records.every(
        ({ status }) => status === "final",
      ),
    "the record is final",
    60_000,
  );
  load = startLoad({ url: server.mqttUrl, site: SITE, rigs: 10, perS: 200, fromTs: Date.now() - 3_600_000 });
  await until(() => (load?.acknowledged() ?? 0) > 1_500, "readings come");

  const before = load.sent().filter(({ acknowledged }) => acknowledged);
  const days = await daysOf(server);
  const anchored = days.days.find(({ txHash }) => txHash !== null)?.day ?? 0;
  expect(days.days).toContainEqual(expect.objectContaining({ day: anchored }));
  const dayPath = pathOf(ROUTES.day, { tokenId: 1, day: dateOf(anchored) });
  const day = await server.get(dayPath);
  const records = await server.get(pathOf(ROUTES.records, { rig }));
  const alarms = await server.get<{ alarms: readonly { id: string }[] }>(`${ROUTES.alarms}?state=all&limit=10000`);
  const file = join(own.folder, "rigtwin.tar.gz");
  const made = await runBackup("backup", file, "--data-dir", server.dataDir);
  expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/Written: .* the journal up to entry/) });
  expect(statSync(file).mode & 0o077).toBe(0);
  expect(load.sent().filter(({ acknowledged }) => acknowledged).length).toBeGreaterThan(before.length);
  await server.kill9();
  load.abandon();

  const folder = join(own.folder, "elsewhere");
  expect(await runBackup("restore", file, "--data-dir", folder)).toMatchObject({ code: 0, out: expect.stringMatching(/all as hashed/) });
  const { headPos } = await unpack(file, join(own.folder, "looked-at"), () => undefined);
  expect(readdirSync(own.folder).toSorted()).toEqual(["elsewhere", "looked-at", "rigtwin.tar.gz"]);

  const original = (await journalOf(server.dataDir)).filter(({ pos }) => pos <= headPos);
  const restored = await journalOf(folder);
  expect(restored.length).toBe(headPos);
  expect(restored.findIndex((entry, i) => Buffer.compare(entry.payload, original[i]?.payload ?? new Uint8Array()) !== 0)).toBe(-1);
  expect(compareSent(before, numbersIn(restored))).toMatchObject({ lost: [] });
  expect(farmHash(foldAll(SITE, restored))).toBe(farmHash(foldAll(SITE, original)));
  const folded = await foldedTwice(folder, SITE, restored);
  expect(folded.saved).toBe(folded.fromNothing);
  expect(auditLines(folder)).toEqual(auditLines(server.dataDir).slice(0, auditLines(folder).length));
  for (const secret of ["people.db", "audit.db", "chain/keys.json"])
    expect([secret, statSync(join(folder, secret)).mode & 0o077]).toEqual([secret, 0]);

  const again = await started({ dataDir: folder });
  expect(await again.get(pathOf(ROUTES.records, { rig }))).toEqual(records);
  expect(await again.get(dayPath)).toEqual(day);
  const known = new Set(
    (await again.get<{ alarms: { id: string }[] }>(`${ROUTES.alarms}?state=all&limit=10000`)).alarms.map(({ id }) => id),
  );
  expect(alarms.alarms.filter(({ id }) => !known.has(id))).toEqual([]);
  const bundle = await again.get<{ chain: { contract: `0x${string}` } }>(
    `${pathOf(ROUTES.bundle, { tokenId: 1 })}?${new URLSearchParams({ from: String(anchored * 86_400_000), to: String((anchored + 1) * 86_400_000) }).toString()}`,
  );
  const { verdict } = await verifyBundle(bundle, readerOf(`${again.url}${ROUTES.rpc}`, bundle.chain.contract));
  expect(verdict).toBe("verified");
  // The series were left out and are counted again from the journal.
  await until(async () => (await again.get<api.Status>(ROUTES.status)).ingest.storeLagS === 0, "the series are there again");
}, 300_000);
