import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import type { z } from "zod";
import * as api from "../../server/twin/api.ts";
import { pathOf, ROUTES, topicOf } from "../../server/twin/wire.ts";
import { ownFolder } from "../servers/chain.ts";
import { createPublisher, startLoad, type Load, type Publisher } from "../servers/device.ts";
import { foldedTwice, journalOf, pointsInInflux, wrongPoints } from "../servers/evidence.ts";
import { needs, pathTo } from "../servers/have.ts";
import { startInflux, type Influx } from "../servers/influx.ts";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { until } from "../servers/until.ts";
import { createViewer } from "../servers/viewer.ts";

const SITE = "series";
const RIGS = 20;
const HOUR_MS = 3_600_000;

type Series = z.infer<typeof api.series>;

needs("influxd")("InfluxDB that is away", () => {
  let influx: Influx;
  let server: Rigtwin;
  let load: Load | null = null;
  let device: Publisher | null = null;
  const own = ownFolder("influx");
  afterEach(async () => {
    own.remove();
    load?.abandon();
    device?.end();
    await server.remove();
    await influx.stop();
  });
  const status = (): Promise<api.Status> => server.get<api.Status>(ROUTES.status);
  const foldedMore = (more: number): Promise<void> => {
    let from = -1;
    return until(async () => {
      const { accepted } = (await status()).ingest;
      if (from < 0) from = accepted;
      return accepted >= from + more;
    }, `${more} more readings are folded`);
  };
  /** Everything that is in the journal now is in the store too; what came within the last second may wait for its batch. */
  const stored = async (): Promise<void> => {
    const { headPos } = (await status()).ingest;
    await until(
      async () => {
        const { ingest, ports } = await status();
        return ingest.storedPos >= headPos && ports["series"]?.status === "ok";
      },
      "everything is stored",
      60_000,
    );
  };
  const query = (rig: string): string =>
    `${pathOf(ROUTES.series, { rig })}?from=${Date.now() - 2 * HOUR_MS}&to=${Date.now()}&points=100&fields=hashrateThs`;

  test("at the start, in mid-load and over a kill -9 of the server: live goes on, queries say so, and at the end every point is there once", async () => {
    influx = await startInflux(pathTo("influxd"));
    await influx.kill9();
    server = await startRigtwin({ site: SITE, influxUrl: `${influx.url}/rigtwin` });
    load = startLoad({ url: server.mqttUrl, site: SITE, rigs: RIGS, perS: 300, fromTs: Date.now() - HOUR_MS });
    await foldedMore(300);

    const away = await server.api(query("rig-1"));
    expect(away).toMatchObject({
      status: 503,
      type: expect.stringContaining("application/problem+json"),
      json: { code: "STORE_UNAVAILABLE", status: 503 },
    });
    expect(api.problem.parse(away.json).detail.length).toBeGreaterThan(10);
    const told = await status();
    expect(told.ports["series"]).toMatchObject({ status: "away" });
    expect(told.status).toBe("degraded");
    expect((await server.api(ROUTES.health)).status).toBe(200);
    await until(async () => (await status()).ingest.storeLagS >= 1, "the lag shows");
    const rule = { what: "alarm-rule", kind: "store-away", setting: { holdMs: 0, clearMs: 0 }, by: "test" };
    expect((await server.api(ROUTES.alarmRules, rule)).status).toBe(200);
    const alarms = async (state: string): Promise<number> =>
      (await server.get<z.infer<typeof api.alarms>>(`${ROUTES.alarms}?kind=store-away&state=${state}`)).total;
    await until(async () => (await alarms("active")) === 1, "its alarm is raised");
    const viewer = createViewer(server.url);
    viewer.watch({ view: "live" });
    await until(() => viewer.frames().filter(({ columns }) => columns.count > 0).length >= 2, "live frames go on");
    viewer.close();

    await influx.restart();
    await until(async () => (await status()).ports["series"]?.status === "ok", "the store is found");
    await foldedMore(300);
    await influx.kill9();
    await foldedMore(600);
    // While it is away the server is killed too: what it had not written is only in the journal now.
    await server.kill9();
    await server.restart();
    await foldedMore(300);
    await influx.restart();
    await foldedMore(100);
    // And once more while it is catching up.
    await server.kill9();
    await server.restart();
    await load.settle();
    const sent = load.sent();
    await until(async () => (await status()).ingest.accepted >= sent.length, "everything is folded");
    await stored();
    expect((await status()).ingest.accepted).toBe(sent.length);
    await until(async () => (await alarms("active")) === 0, "its alarm is cleared");
    expect(await alarms("cleared")).toBeGreaterThan(0);
    const series = await server.get<Series>(query("rig-1"));
    expect(series.fields["hashrateThs"]?.mean.some((value) => value !== null)).toBe(true);
    expect(wrongPoints(sent, await pointsInInflux(`${influx.url}/rigtwin`))).toEqual([]);
    await server.stop();
    const { saved, fromNothing } = await foldedTwice(server.dataDir, SITE, await journalOf(server.dataDir));
    expect(saved).toBe(fromNothing);
  });

  test("a rig that tells its model later, or another one, has every reading once all the same", async () => {
    influx = await startInflux(pathTo("influxd"));
    await influx.kill9();
    server = await startRigtwin({ site: SITE, influxUrl: `${influx.url}/rigtwin` });
    device = createPublisher(server.mqttUrl, "device");
    const fromTs = Date.now() - HOUR_MS;
    const birth = (model: string): Promise<void> =>
      (device as Publisher).publish(
        topicOf(SITE, "rig", "birth"),
        JSON.stringify({ v: 1, ts: Date.now(), boot: "b", identity: { make: "Bitmain", model } }),
        { retain: true },
      );
    let seq = 0;
    const speak = async (): Promise<void> => {
      for (let i = 0; i < 30; i++) {
        seq += 1;
        await (device as Publisher).send(SITE, "rig", "b", seq, fromTs + seq * 1_000);
      }
    };
    await speak();
    await birth("Antminer S19");
    await speak();
    await influx.restart();
    await stored();
    await speak();
    await birth("Antminer S21");
    await speak();
    await server.kill9();
    await server.restart();
    await speak();
    await stored();
    await until(async () => (await status()).ingest.accepted === seq, "everything is folded");
    await server.stop();
    await server.restart();
    await stored();
    expect(wrongPoints(device.sent, await pointsInInflux(`${influx.url}/rigtwin`))).toEqual([]);
  });

  test("a database that was lost is filled again; one that is ahead of the journal lets nothing new pass for written", async () => {
    influx = await startInflux(pathTo("influxd"));
    server = await startRigtwin({ site: SITE, influxUrl: `${influx.url}/rigtwin` });
    let publisher = (device = createPublisher(server.mqttUrl, "device"));
    const fromTs = Date.now() - HOUR_MS;
    let seq = 0;
    const speak = async (): Promise<void> => {
      for (let i = 0; i < 30; i++) {
        seq += 1;
        await publisher.send(SITE, "rig", "b", seq, fromTs + seq * 1_000);
      }
    };
    await speak();
    await stored();
    const dropped = await fetch(`${influx.url}/query`, { method: "POST", body: new URLSearchParams({ q: 'DROP DATABASE "rigtwin"' }) });
    expect(dropped.status).toBe(200);
    await speak();
    await stored();
    expect(wrongPoints(publisher.sent, await pointsInInflux(`${influx.url}/rigtwin`))).toEqual([]);

    // An older copy of the data folder is put back: its journal is behind what the database has of it.
    publisher.end();
    await server.stop();
    const copy = join(own.folder, "copy");
    cpSync(server.dataDir, copy, { recursive: true });
    await server.restart();
    const sent = [...publisher.sent];
    publisher = device = createPublisher(server.mqttUrl, "device");
    await speak();
    await stored();
    sent.push(...publisher.sent);
    publisher.end();
    await server.stop();
    rmSync(server.dataDir, { recursive: true });
    cpSync(copy, server.dataDir, { recursive: true });
    await server.restart();
    publisher = device = createPublisher(server.mqttUrl, "device");
    await speak();
    // What was not written yet is now in the journal only, and must not pass for written.
    await server.kill9();
    await server.restart();
    await stored();
    expect(wrongPoints([...sent, ...publisher.sent], await pointsInInflux(`${influx.url}/rigtwin`))).toEqual([]);
  });

  test("two servers of one site in one database: what one has written does not pass for written by the other", async () => {
    influx = await startInflux(pathTo("influxd"));
    server = await startRigtwin({ site: SITE, influxUrl: `${influx.url}/rigtwin` });
    const other = await startRigtwin({ site: SITE, influxUrl: `${influx.url}/rigtwin` });
    try {
      device = createPublisher(server.mqttUrl, "device");
      const second = createPublisher(other.mqttUrl, "device");
      const fromTs = Date.now() - HOUR_MS;
      for (let seq = 1; seq <= 100; seq++) await device.send(SITE, "rig-a", "b", seq, fromTs + seq * 1_000);
      await stored();
      for (let seq = 1; seq <= 30; seq++) await second.send(SITE, "rig-b", "b", seq, fromTs + seq * 1_000);
      await other.kill9();
      second.end();
      await device.send(SITE, "rig-a", "b", 101, fromTs + 101_000);
      await stored();
      await other.restart();
      await until(async () => {
        const { headPos, storedPos } = (await other.get<api.Status>(ROUTES.status)).ingest;
        return storedPos >= headPos - 1 && headPos > 30;
      }, "the other has stored what it has");
      expect(wrongPoints([...device.sent, ...second.sent], await pointsInInflux(`${influx.url}/rigtwin`))).toEqual([]);
    } finally {
      await other.remove();
    }
  });
});
