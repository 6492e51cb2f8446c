/** What restore takes and what it refuses, and a data folder of an earlier version. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { openAudit } from "../../server/edge/audit.ts";
import { openPeople } from "../../server/edge/people/store.ts";
import { pathOf, ROUTES } from "../../server/twin/wire.ts";
import { ownFolder } from "../servers/chain.ts";
import { journalOf } from "../servers/evidence.ts";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { runBackup } from "../servers/backup.ts";

const FIXTURE = resolve(import.meta.dirname, "../vectors/data-0.1.0");

const servers: Rigtwin[] = [];
const own = ownFolder("backup");
afterEach(async () => {
  for (const server of servers.splice(0)) await server.remove();
  own.remove();
  mkdirSync(own.folder, { recursive: true });
});

const started = async (options: Parameters<typeof startRigtwin>[0]): Promise<Rigtwin> => {
  const server = await startRigtwin(options);
  servers.push(server);
  return server;
};
const auditLines = (folder: string): string[] => {
  const audit = openAudit(folder, Date.now);
  const lines = [...audit.all()].flat().map(({ hash }) => hash);
  audit.close();
  return lines;
};
test("nothing is restored of a damaged file, a part of one, one that is none, or into a folder that is in use", async () => {
  const file = join(FIXTURE, "backup.tar.gz");
  const damaged = join(own.folder, "damaged.tar.gz");
  const bytes = readFileSync(file);
  const flipped = Buffer.from(bytes);
  flipped.writeUInt8((flipped[bytes.length >> 1] ?? 0) ^ 0x55, bytes.length >> 1);
  for (const wrong of [flipped, bytes.subarray(0, bytes.length / 2), Buffer.from("no archive at all"), Buffer.alloc(0)]) {
    writeFileSync(damaged, wrong);
    const { code, out } = await runBackup("restore", damaged, "--data-dir", join(own.folder, "new"));
    expect([code, out.includes("cannot be used"), existsSync(join(own.folder, "new"))]).toEqual([1, true, false]);
  }
  mkdirSync(join(own.folder, "used"));
  writeFileSync(join(own.folder, "used", "a"), "");
  expect(await runBackup("restore", file, "--data-dir", join(own.folder, "used"))).toMatchObject({
    code: 3,
    out: expect.stringMatching(/not empty/),
  });
  expect(await runBackup("backup", join(own.folder, "b.tar.gz"), "--data-dir", own.folder)).toMatchObject({ code: 3 });
  expect(await runBackup("backup", file, "--data-dir", own.folder)).toMatchObject({ code: 3, out: expect.stringMatching(/there already/) });
  expect(readdirSync(own.folder).toSorted()).toEqual(["damaged.tar.gz", "used"]);
});

test("a data folder of version 0.1.0 opens and folds to what it was", async () => {
  const expected = JSON.parse(readFileSync(join(FIXTURE, "expected.json"), "utf8")) as {
    site: string;
    headPos: number;
    rigs: Record<string, number>;
    records: string[];
    people: string[];
    auditHead: string;
  };
  const folder = join(own.folder, "old");
  expect(await runBackup("restore", join(FIXTURE, "backup.tar.gz"), "--data-dir", folder)).toMatchObject({ code: 0 });
  const entries = await journalOf(folder);
  expect(entries.length).toBe(expected.headPos);
  const people = openPeople(folder);
  expect(people.people().map(({ name }) => name)).toEqual(expected.people);
  people.close();
  expect(auditLines(folder).at(-1)).toBe(expected.auditHead);
  const server = await started({ dataDir: folder, site: expected.site });
  for (const [rig, readings] of Object.entries(expected.rigs))
    expect((await server.get<{ counts: { readings: number } }>(pathOf(ROUTES.rig, { rig }))).counts.readings).toBe(readings);
  const kept = await Promise.all(
    Object.keys(expected.rigs).map(
      async (rig) => (await server.get<{ records: { hash: string }[] }>(pathOf(ROUTES.records, { rig }))).records,
    ),
  );
  expect(kept.flat().map(({ hash }) => hash)).toEqual(expected.records);
});
