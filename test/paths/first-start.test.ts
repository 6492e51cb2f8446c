import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { z } from "zod";
import * as api from "../../server/twin/api.ts";
import { ROUTES, pathOf } from "../../server/twin/wire.ts";
import { foldedTwice, journalOf } from "../servers/evidence.ts";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { until } from "../servers/until.ts";
import { createViewer, stateOf } from "../servers/viewer.ts";

const RIGS = 12;
const HOUR_MS = 3_600_000;

let server: Rigtwin;
beforeAll(async () => {
  server = await startRigtwin({ rigs: RIGS, intervalS: 1, backfillH: 2, site: "north" });
});
afterAll(() => server.remove());

type Rigs = z.infer<typeof api.rigs>;
type Site = z.infer<typeof api.site>;
type Series = z.infer<typeof api.series>;
type Alarms = z.infer<typeof api.alarms>;
type Energy = z.infer<typeof api.energy>;
type SiteSeries = z.infer<typeof api.siteSeries>;

const rigs = (): Promise<Rigs> => server.get<Rigs>(ROUTES.rigs);
const status = (): Promise<api.Status> => server.get<api.Status>(ROUTES.status);
const filled = (column: readonly (number | null)[] | undefined): number => (column ?? []).filter((value) => value !== null).length;

describe("a first start with simulated rigs and a past", () => {
  test("every rig is there, hashes, and has its place, model and serial number", async () => {
    await until(async () => (await rigs()).rigs.filter(({ state }) => state === "hashing").length >= RIGS / 2, "half of the rigs hash");
    const told = api.rigs.parse(await rigs());
    expect(told.total).toBe(RIGS);
    for (const rig of told.rigs) expect(rig).toMatchObject({ model: expect.any(String), position: { container: expect.any(String) } });
    const twin = api.twin.parse(await server.get(pathOf(ROUTES.rig, { rig: told.rigs[0]?.rig ?? "" })));
    expect(twin).toMatchObject({ site: "north", tier: "gateway-signed", format: "native", identity: { serial: expect.any(String) } });
    expect(twin.latest.boards.length).toBeGreaterThan(0);
  });

  test("the figures of the site are the sums of its rigs, at one moment", async () => {
    const site = api.site.parse(await server.get<Site>(ROUTES.site));
    expect(site.rigs).toBe(RIGS);
    expect(Object.values(site.byState).reduce((sum, n) => sum + n, 0)).toBe(RIGS);
    expect(site.hashrateThs).toBeGreaterThan(0);
    expect(site.meteredW).toBeGreaterThan(0);
    expect(site.efficiencyJTh).toBeGreaterThan(5);
    expect(site.efficiencyJTh).toBeLessThan(100);
  });

  test("series reach from the past into the present without a hole between them", async () => {
    const rig = (await rigs()).rigs.find(({ state }) => state === "hashing")?.rig ?? "";
    const ask = (from: number, to: number, points: number): Promise<Series> =>
      server.get(`${pathOf(ROUTES.series, { rig })}?from=${from}&to=${to}&points=${points}&fields=hashrateThs,powerW,boardC`);
    const startTs = Date.now();
    await until(async () => (await status()).ingest.storeLagS === 0, "the past is stored");
    const past = api.series.parse(await ask(startTs - 2 * HOUR_MS, startTs, 60));
    expect(past.ts.length).toBeGreaterThanOrEqual(24);
    // The past begins within the first bucket or the second.
    expect(filled(past.fields["hashrateThs"]?.mean)).toBeGreaterThanOrEqual(past.ts.length - 2);
    await until(
      async () => filled((await ask(startTs, Date.now() + 1_000, 60)).fields["powerW"]?.mean) >= 3,
      "three seconds of the present are stored",
    );
    const site = api.siteSeries.parse(
      await server.get<SiteSeries>(`${ROUTES.siteSeries}?from=${startTs - 2 * HOUR_MS}&to=${startTs}&points=60`),
    );
    expect(Math.max(...site.rigs)).toBe(RIGS);
    expect(filled(site.hashrateThs)).toBeGreaterThanOrEqual(site.ts.length - 2);
  });

  test("the energy mix has a history, and its sources add up to the meter", async () => {
    const toTs = Date.now();
    const energy = api.energy.parse(await server.get<Energy>(`${ROUTES.energy}?from=${toTs - 2 * HOUR_MS}&to=${toTs}&points=12`));
    const i = energy.meteredW.findIndex((watts) => watts !== null);
    expect(i).toBeGreaterThanOrEqual(0);
    const sources = Object.values(energy.sourcesW).reduce((sum, column) => sum + (column?.[i] ?? 0), 0);
    expect(sources / (energy.meteredW[i] ?? 0)).toBeCloseTo(1, 1);
  });

  test("a browser gets the whole, then consecutive frames that make up the same farm", async () => {
    const viewer = createViewer(server.url);
    try {
      viewer.watch({ view: "live" });
      await until(() => viewer.frames().length >= 6, "six frames came");
      expect(viewer.told[0]?.event).toBe("snapshot");
      expect(viewer.snapshots()).toHaveLength(1);
      const [whole] = viewer.snapshots();
      expect(whole?.meta.clock).toMatchObject({ view: "live", playing: true });
      expect(whole?.meta.roster.map(({ rig }) => rig).toSorted()).toEqual((await rigs()).rigs.map(({ rig }) => rig).toSorted());
      expect(viewer.frames().some(({ columns }) => columns.count > 0)).toBe(true);
      const seen = stateOf(viewer.told);
      expect(seen.size).toBe(RIGS);
      const twin = (await rigs()).rigs.find(({ state, hashrateThs }) => state === "hashing" && (hashrateThs ?? 0) > 0);
      const row = seen.get(twin?.rig ?? "");
      expect((row?.hashrateThs ?? 0) / (twin?.hashrateThs ?? 1)).toBeCloseTo(1, 0);
    } finally {
      viewer.close();
    }
  });

  test("alarms, metrics, OpenAPI and the reference answer", async () => {
    const alarms = api.alarms.parse(await server.get<Alarms>(`${ROUTES.alarms}?state=all`));
    expect(alarms.total).toBe(alarms.alarms.length);
    const metrics = await server.api(ROUTES.metrics);
    expect(metrics.status).toBe(200);
    expect(metrics.text).toMatch(/^rigtwin_\S+ \d/m);
    const openapi = await server.get<{ openapi: string; paths: Record<string, unknown> }>(ROUTES.openapi);
    expect(openapi.openapi).toMatch(/^3\.1/);
    expect(Object.keys(openapi.paths)).toContain("/api/v1/rigs/{rig}");
    const reference = await server.api(ROUTES.reference);
    expect(reference).toMatchObject({ status: 200, type: expect.stringContaining("text/html") });
    expect(await server.api(ROUTES.health)).toMatchObject({ status: 200, json: { status: "ok" } });
  });
});

describe("Ctrl-C and a start on the same folder", () => {
  test("ends with code 0 and keeps twins, counters and series; what it kept is what the journal folds to", async () => {
    const before = await status();
    const names = (await rigs()).rigs.map(({ rig }) => rig);
    await server.stop();
    const entries = await journalOf(server.dataDir);
    const folded = await foldedTwice(server.dataDir, "north", entries);
    expect(folded.farm.asOfPos).toBeGreaterThan(before.ingest.headPos - 1);
    expect(folded.saved).toBe(folded.fromNothing);

    await server.restart();
    expect(server.output()).not.toContain("simulated past");
    const after = await status();
    expect(after.ingest.headPos).toBeGreaterThan(entries.length);
    expect(after.ingest.accepted).toBeGreaterThanOrEqual(before.ingest.accepted);
    expect(after.ingest.duplicates).toBe(before.ingest.duplicates);
    expect((await rigs()).rigs.map(({ rig }) => rig)).toEqual(names);

    const rig = names[0] ?? "";
    const toTs = Date.now();
    const series = await server.get<Series>(`${pathOf(ROUTES.series, { rig })}?from=${toTs - 2 * HOUR_MS}&to=${toTs}&points=60`);
    expect(filled(series.fields["hashrateThs"]?.mean)).toBeGreaterThanOrEqual(series.ts.length - 2);
    await until(async () => (await status()).ingest.accepted > after.ingest.accepted + RIGS, "the rigs go on");
    await server.stop();
  });
});
