import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { Status } from "../../server/twin/api.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { startLoad, type Load } from "../servers/device.ts";
import { compareSent, foldedTwice, journalOf, numbersIn, pointsInDuck, wrongPoints } from "../servers/evidence.ts";
import { canMount, mountSmall, type Disk } from "../servers/disk.ts";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { until } from "../servers/until.ts";

const SITE = "full";
const RIGS = 20;
const HOUR_MS = 3_600_000;
(canMount() ? describe : describe.skip)("a full disk", () => {
  let disk: Disk;
  let server: Rigtwin;
  let load: Load | null = null;
  afterEach(async () => {
    load?.abandon();
    disk.free();
    await server.kill9();
    disk.unmount();
  });
  const status = (): Promise<Status> => server.get<Status>(ROUTES.status);
  test("stops the PUBACKs and says why; with room again it goes on by itself, and nothing that was acknowledged is lost", async () => {
    disk = mountSmall(48);
    server = await startRigtwin({ site: SITE, dataDir: join(disk.folder, "data") });
    load = startLoad({ url: server.mqttUrl, site: SITE, rigs: RIGS, perS: 200, fromTs: Date.now() - HOUR_MS });
    for (let round = 1; round <= 2; round++) {
      const before = load.acknowledged();
      await until(() => (load?.acknowledged() ?? 0) > before + 300, "readings are acknowledged");
      disk.fill();
      await until(async () => {
        // What its other parts have let go of is taken, too.
        disk.fill();
        return (await server.api(ROUTES.health)).status === 503;
      }, "the server says that it fails");
      const told = await status();
      expect(told.status).toBe("failing");
      expect(told.ports["journal"]).toMatchObject({ status: "failing", detail: expect.stringMatching(/disk .* is full/) });
      const atFull = load.acknowledged();
      const { headPos } = told.ingest;
      // The publishers keep coming back with what has no PUBACK; turned away, they come again.
      const turnedAway = load.publishers.map((publisher) => publisher.closed());
      await until(
        () => load?.publishers.every((publisher, i) => publisher.closed() > (turnedAway[i] ?? 0) + 2) ?? false,
        "the publishers are turned away",
      );
      expect(load.acknowledged() - atFull).toBeLessThanOrEqual((await status()).ingest.headPos - headPos);
      const sealed = await server.api(`/api/v1/rigs/rig-1/records`, {
        kind: "cleaning",
        performedTs: Date.now(),
        technician: "t-1",
        summary: "Blown out.",
      });
      expect(sealed).toMatchObject({ status: 503, json: { code: "DISK_FULL" } });

      disk.free();
      await until(async () => (await server.api(ROUTES.health)).status === 200, "it recovers by itself");
      const recovered = load.acknowledged();
      await until(() => (load?.acknowledged() ?? 0) > recovered + 300, "readings are acknowledged again");
    }
    await load.settle();
    const sent = load.sent();
    await until(async () => (await status()).ingest.accepted >= sent.length, "everything is folded");
    await until(async () => (await status()).ingest.storeLagS === 0, "everything is stored");
    await until(async () => (await status()).status === "ok", "every part is well again");
    await server.stop();
    const entries = await journalOf(server.dataDir);
    expect(compareSent(sent, numbersIn(entries))).toMatchObject({ lost: [], invented: [] });
    expect(wrongPoints(sent, await pointsInDuck(server.dataDir))).toEqual([]);
    const { farm, saved, fromNothing } = await foldedTwice(server.dataDir, SITE, entries);
    expect(saved).toBe(fromNothing);
    expect(farm.accepted).toBe(sent.length);
  });
});
