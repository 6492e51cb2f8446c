import { spawnSync } from "node:child_process";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { z } from "zod";
import * as api from "../../server/twin/api.ts";
import { canonicalBytes } from "../../server/twin/canonical.ts";
import { plainMeasured } from "../../server/twin/packed-measured.ts";
import { pathOf, ROUTES } from "../../server/twin/wire.ts";
import { startLoad, type Load } from "../servers/device.ts";
import { compareSent, foldAll, foldedTwice, journalOf, numbersIn, pointsInDuck, wrongPoints } from "../servers/evidence.ts";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { until } from "../servers/until.ts";

const SITE = "killed";
const RIGS = 20;
const HOUR_MS = 3_600_000;

let server: Rigtwin;
let load: Load | null = null;
afterEach(async () => {
  load?.abandon();
  await server.remove();
});

type Twin = z.infer<typeof api.twin>;
const twinsOf = (names: readonly string[]): Promise<Twin[]> =>
  Promise.all(names.map(async (rig) => api.twin.parse(await server.get(pathOf(ROUTES.rig, { rig })))));
const status = (): Promise<api.Status> => server.get<api.Status>(ROUTES.status);
/** Processes that were started for this server: by its folder or by its broker's address. */
const childrenLeft = ({ dataDir, mqttUrl, pid }: Rigtwin): string[] =>
  spawnSync("ps", ["-e", "-o", "pid=,args="], { encoding: "utf8" })
    .stdout.split("\n")
    .filter((line) => (line.includes(`${dataDir}/chain`) || line.includes(mqttUrl)) && Number.parseInt(line, 10) !== pid());
const text = (value: object): string => Buffer.from(canonicalBytes(value)).toString();

describe("kill -9 of the server under load", () => {
  test("loses nothing that was acknowledged, counts nothing twice, and folds to the same twins", async () => {
    server = await startRigtwin({ site: SITE });
    const fromTs = Date.now() - HOUR_MS;
    load = startLoad({ url: server.mqttUrl, site: SITE, rigs: RIGS, perS: 600, fromTs, twiceEvery: 7 });
    // Each time at another point of its work: in mid-load, right after the start, while it is still starting.
    for (const more of [400, 1_500, 1, 800, 50]) {
      const before = load.acknowledged();
      await until(() => (load?.acknowledged() ?? 0) >= before + more, `${more} more readings are acknowledged`);
      // What people say is answered when it is on disk, like all that they do.
      const said = await server.api(ROUTES.comments, {
        about: { of: "moment", ts: fromTs },
        text: `@badge-21 before the kill after ${more}`,
        by: "badge-17",
      });
      expect(said.status).toBe(201);
      await server.kill9();
      await server.restart();
    }
    await load.settle();
    const sent = load.sent();
    expect(sent.every(({ acknowledged }) => acknowledged)).toBe(true);

    await until(async () => (await status()).ingest.accepted >= sent.length, "everything is folded");
    await until(async () => (await status()).ingest.storeLagS === 0, "everything is stored");
    const { ingest } = await status();
    expect(ingest.accepted).toBe(sent.length);
    expect(ingest.refused).toBe(0);
    expect(await server.get(`${ROUTES.mentions}?name=badge-21`)).toMatchObject({
      unseen: 5,
      comments: [50, 800, 1, 1_500, 400].map((more, k) => ({ number: 5 - k, text: `@badge-21 before the kill after ${more}` })),
    });
    const twins = await twinsOf(Array.from({ length: RIGS }, (_, i) => `rig-${i}`));
    for (const twin of twins) {
      const own = sent.filter(({ rig }) => rig === twin.rig);
      expect(twin.counts).toMatchObject({ readings: own.length, missed: 0 });
      expect(twin.lastSeq).toBe(own.length - 1);
    }
    await server.stop();

    const entries = await journalOf(server.dataDir);
    const numbers = numbersIn(entries);
    const compared = compareSent(sent, numbers);
    expect(compared).toMatchObject({ lost: [], lostAcknowledged: [], invented: [] });
    expect(ingest.duplicates).toBe(compared.redelivered);
    // Copies within a batch, and before and after a kill.
    expect(compared.redelivered).toBeGreaterThan(100);
    expect(wrongPoints(sent, await pointsInDuck(server.dataDir))).toEqual([]);

    const folded = await foldedTwice(server.dataDir, SITE, entries);
    expect(folded.saved).toBe(folded.fromNothing);
    // A twin as the API told it is the one that the journal gives at that revision: the last one, for nothing came after it.
    const again = foldAll(SITE, entries);
    for (const twin of twins) {
      const known = again.twins.get(twin.rig);
      const same = known && { ...known, latest: plainMeasured(known.latest) };
      if (same?.rev === twin.rev) expect(text(same)).toBe(text(twin));
      else expect(same).toMatchObject({ lastSeq: twin.lastSeq, counts: twin.counts, latest: twin.latest });
    }
  });

  test("while it starts, leaves no child behind that would hold the folder or speak for the farm", async () => {
    server = await startRigtwin({ site: SITE, rigs: 5 });
    // The moment is the point: right after the ready line the simulator is being loaded, some time before it the chain.
    for (const afterMs of [null, null, 250, 350, 450, 600, 800]) {
      await server.kill9();
      const started = server.restart().catch(() => undefined);
      await (afterMs === null ? started : new Promise((done) => setTimeout(done, afterMs)));
      await server.kill9();
      await started;
    }
    await server.restart();
    await until(async () => (await status()).ports["chain"]?.status === "ok", "the chain answers");
    const { ingest } = await status();
    await until(async () => (await status()).ingest.accepted > ingest.accepted + 20, "the rigs speak");
    await until(
      () => childrenLeft(server).length === 2,
      () => `one chain and one simulator are left\n${childrenLeft(server).join("\n")}`,
    );
    await server.stop();
    await until(() => childrenLeft(server).length === 0, "its children are gone");
  });
});
