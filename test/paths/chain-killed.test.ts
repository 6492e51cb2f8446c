import { spawnSync } from "node:child_process";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { z } from "zod";
import * as api from "../../server/twin/api.ts";
import { verifyRecord } from "../../server/twin/seal.ts";
import { pathOf, ROUTES, topicOf } from "../../server/twin/wire.ts";
import { createPublisher, startLoad, type Load, type Publisher } from "../servers/device.ts";
import { foldedTwice, journalOf } from "../servers/evidence.ts";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { until } from "../servers/until.ts";

const SITE = "records";
const RIGS = 6;
const HOUR_MS = 3_600_000;

type Records = z.infer<typeof api.records>;
type TwinRecord = Records["records"][number];
type Twin = z.infer<typeof api.twin>;

let server: Rigtwin;
let load: Load | null = null;
let gateway: Publisher | null = null;
afterEach(async () => {
  load?.abandon();
  gateway?.end();
  await server.remove();
});

/** The chain's process of this server, by the folder it was given; null while there is none. */
const chainPid = (): number | null => {
  const { stdout } = spawnSync("ps", ["-e", "-o", "pid=,args="], { encoding: "utf8" });
  const line = stdout.split("\n").find((one) => one.includes(`--data-dir ${server.dataDir}/chain`));
  return line === undefined ? null : Number.parseInt(line, 10);
};
const status = (): Promise<api.Status> => server.get<api.Status>(ROUTES.status);
const recordsOf = async (rig: string): Promise<TwinRecord[]> => (await server.get<Records>(pathOf(ROUTES.records, { rig }))).records;
const seal = async (rig: string, summary: string): Promise<TwinRecord> => {
  const answer = await server.api(pathOf(ROUTES.records, { rig }), {
    kind: "cleaning",
    performedTs: Date.now(),
    technician: "badge-7",
    summary,
  });
  expect(answer).toMatchObject({ status: 201 });
  return api.record.parse(answer.json);
};
const names = Array.from({ length: RIGS }, (_, i) => `rig-${i}`);

describe("kill -9 of the chain's process while records are added", () => {
  test("records are sealed all the same, readings go on, and every record is final once, after the chain is back", async () => {
    server = await startRigtwin({ site: SITE });
    gateway = createPublisher(server.mqttUrl, "births");
    for (const rig of names) {
      const identity = { make: "Bitmain", model: "Antminer S19", serial: `SN-${rig}` };
      await gateway.publish(topicOf(SITE, rig, "birth"), JSON.stringify({ v: 1, ts: Date.now(), boot: "boot-1", identity }), {
        retain: true,
      });
    }
    load = startLoad({ url: server.mqttUrl, site: SITE, rigs: RIGS, perS: 60, fromTs: Date.now() - HOUR_MS });
    const sealed: TwinRecord[] = [];
    for (let round = 0; round < 4; round++) {
      await until(() => chainPid() !== null, "the chain's process runs");
      // At another place of its work each time: while it deploys, mints, writes, and while it is idle.
      for (let i = 0; i < round * 3; i++) sealed.push(await seal(names[i % RIGS] as string, `before kill ${round}, ${i}`));
      process.kill(chainPid() as number, "SIGKILL");
      const { accepted } = (await status()).ingest;
      for (let i = 0; i < 4; i++) sealed.push(await seal(names[(round + i) % RIGS] as string, `after kill ${round}, ${i}`));
      await until(async () => (await status()).ingest.accepted > accepted + 60, "readings go on");
      expect((await server.api(ROUTES.health)).status).toBe(200);
    }
    await server.kill9();
    await server.restart();
    sealed.push(await seal("rig-0", "after the kill of the server"));
    await until(
      async () => (await Promise.all(names.map(recordsOf))).flat().every((record) => record.status === "final"),
      "every record is final",
      60_000,
    );
    await until(async () => (await status()).ports["chain"]?.status === "ok", "the chain is well");

    const tokens = new Set<number>();
    for (const rig of names) {
      const records = await recordsOf(rig);
      const wanted = sealed.filter(({ body }) => body.rig === rig).map(({ hash }) => hash);
      const own = records.filter(({ body }) => body.kind === "registration");
      expect(own).toHaveLength(1);
      expect(records.filter((record) => !own.includes(record)).map(({ hash }) => hash)).toEqual(wanted);
      for (const [i, record] of records.entries()) {
        expect(record.body).toMatchObject({ number: i + 1, prev: records[i - 1]?.hash ?? null });
        expect(verifyRecord(record.bytes, record.hash)).toMatchObject({ ok: true });
        expect(record).toMatchObject({
          status: "final",
          txHash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
          blockNumber: expect.any(Number),
        });
      }
      const { tokenId } = await server.get<Twin>(pathOf(ROUTES.rig, { rig }));
      tokens.add(tokenId as number);
      const passport = api.twinPassport.parse(await server.get(pathOf(ROUTES.twin, { tokenId: tokenId as number })));
      expect(passport).toMatchObject({ tokenId, twin: { rig }, chain: { away: false } });
      expect(passport.records).toHaveLength(records.length);
    }
    expect(tokens.size).toBe(RIGS);
    await load.settle();
    await server.stop();
    const { saved, fromNothing } = await foldedTwice(server.dataDir, SITE, await journalOf(server.dataDir));
    expect(saved).toBe(fromNothing);
  });

  test("in the middle of its first start, with the server waiting for it, costs a moment and not the server", async () => {
    server = await startRigtwin({ site: SITE });
    await server.stop();
    const started = server.restart();
    await until(() => chainPid() !== null, "the chain's process runs");
    process.kill(chainPid() as number, "SIGKILL");
    await started;
    await until(async () => (await status()).ports["chain"]?.status === "ok", "the chain is well");
    await server.stop();
  });
});
