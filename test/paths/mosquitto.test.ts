import { afterEach, expect, test } from "@jest/globals";
import type { Status } from "../../server/twin/api.ts";
import { pathOf, ROUTES } from "../../server/twin/wire.ts";
import { createPublisher, startLoad, type Load } from "../servers/device.ts";
import { compareSent, foldedTwice, journalOf, numbersIn, pointsInDuck, wrongPoints } from "../servers/evidence.ts";
import { needs, pathTo } from "../servers/have.ts";
import { startMosquitto, type Mosquitto } from "../servers/mosquitto.ts";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { until } from "../servers/until.ts";

const SITE = "outside";
const RIGS = 20;
const HOUR_MS = 3_600_000;

needs("mosquitto")("an outside Mosquitto", () => {
  let broker: Mosquitto;
  let server: Rigtwin;
  let load: Load | null = null;
  afterEach(async () => {
    load?.abandon();
    await server.remove();
    await broker.stop();
  });
  const status = (): Promise<Status> => server.get<Status>(ROUTES.status);
  const missed = async (): Promise<number> => {
    const twins = Array.from({ length: RIGS }, (_, i) =>
      server.get<{ counts: { missed: number } }>(pathOf(ROUTES.rig, { rig: `rig-${i}` })),
    );
    return (await Promise.all(twins)).reduce((sum, { counts }) => sum + counts.missed, 0);
  };
  const folded = (more: number): Promise<void> => {
    let from = -1;
    return until(async () => {
      const { ingest } = await status();
      if (from < 0) from = ingest.accepted;
      return ingest.accepted >= from + more;
    }, `${more} more readings are folded`);
  };

  test("kill -9 of the server, of the broker and of both: what had no PUBACK comes again, nothing is lost or counted twice", async () => {
    broker = await startMosquitto(pathTo("mosquitto"));
    server = await startRigtwin({ site: SITE, mqttUrl: broker.url });
    load = startLoad({ url: broker.url, site: SITE, rigs: RIGS, perS: 400, fromTs: Date.now() - HOUR_MS });
    await folded(300);

    await server.kill9();
    const meanwhile = load.acknowledged();
    await until(() => (load?.acknowledged() ?? 0) > meanwhile + 500, "the broker takes readings for a server that is away");
    await server.restart();
    await folded(600);
    await server.kill9();
    await server.restart();
    // The broker has forgotten what was acknowledged to it, and no device sends it again: it must be in the journal by now, or it is lost.
    const told = load.acknowledged();
    await until(async () => (await status()).ingest.accepted >= told, "all that devices were told is kept is folded");
    // One by one: what has come since makes up for a lost one in the sum, but not in its rig's numbers.
    await until(async () => (await missed()) === 0, "no number of any rig is missing");

    await broker.kill9();
    await until(async () => (await server.api(ROUTES.health)).status === 503, "the server says that the broker is gone");
    expect((await status()).ports["mqtt"]).toMatchObject({ status: "failing" });
    await broker.restart();
    await until(async () => (await server.api(ROUTES.health)).status === 200, "the server is joined to it again");
    await folded(300);

    await Promise.all([server.kill9(), broker.kill9()]);
    await broker.restart();
    await server.restart();
    await folded(300);
    await load.settle();
    const sent = load.sent();
    // Mosquitto acknowledges what it has in memory: what its kill cost, a device tells again out of its own store, and more than that.
    const again = createPublisher(broker.url, "again");
    await Promise.all(sent.map(({ rig, boot, seq, ts }) => again.send(SITE, rig, boot, seq, ts)));
    again.end();
    await until(async () => (await status()).ingest.accepted >= sent.length, "everything is folded");
    await until(async () => (await status()).ingest.storeLagS === 0, "everything is stored");
    await server.stop();

    const entries = await journalOf(server.dataDir);
    const compared = compareSent(sent, numbersIn(entries));
    expect(compared).toMatchObject({ lost: [], invented: [] });
    expect(wrongPoints(sent, await pointsInDuck(server.dataDir))).toEqual([]);
    const { farm, saved, fromNothing } = await foldedTwice(server.dataDir, SITE, entries);
    expect(saved).toBe(fromNothing);
    // What the broker sent again while the server stopped is in the journal, and folded at the next start.
    const { redelivered } = compareSent(sent, numbersIn(entries.filter(({ pos }) => pos <= farm.asOfPos)));
    expect(farm).toMatchObject({ accepted: sent.length, duplicates: redelivered });
  });
});
