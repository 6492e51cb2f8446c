/** What becomes of windows that are still to be rolled up. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createInfluxStore } from "../../server/edge/influx/store.ts";
import type { SeriesStore } from "../../server/twin/series.ts";
import { needs, pathTo } from "../servers/have.ts";
import { startInflux, type Influx } from "../servers/influx.ts";
import { batch, HOUR, rig, SITE, T0 } from "./series.contract.ts";

const DAY = 24 * HOUR;

needs("influxd")("windows to be rolled up in InfluxDB", () => {
  let influx: Influx;
  const open = async (database: string, keeper = "farm/a"): Promise<SeriesStore> => {
    const store = createInfluxStore({ url: `${influx.url}/${database}`, keeper, backoffMs: 1, mostBackoffMs: 1 });
    await store.start();
    return store;
  };
  const rollAll = async (store: SeriesStore): Promise<void> => {
    while ((await store.rollup(T0 + 40 * DAY)) > 0);
  };
  const ask = async (database: string, q: string): Promise<unknown[][]> => {
    const query = new URLSearchParams({ db: database, q, epoch: "ms" }).toString();
    const { results } = (await (await fetch(`${influx.url}/query?${query}`, { method: "POST" })).json()) as {
      results: { series?: { values: unknown[][] }[] }[];
    };
    return results[0]?.series?.[0]?.values ?? [];
  };
  const powerW = async (store: SeriesStore, from: number, to: number, widthMs: number) =>
    (await store.rigSeries({ site: SITE, rig: "r1", from, to, points: (to - from) / widthMs, fields: ["powerW"] })).fields["powerW"]?.mean;

  beforeAll(async () => {
    influx = await startInflux(pathTo("influxd"));
  }, 60_000);
  afterAll(() => influx.stop());

  test("those taken over from another data folder are still known after a restart, written into meanwhile or not", async () => {
    const old = await open("takeover", "farm/old");
    await old.write(batch(100, { rigs: [rig("r1", T0, { powerW: 1_000 }), rig("r1", T0 + HOUR, { powerW: 3_000 })] }));
    await old.stop();
    const first = await open("takeover", "farm/new");
    await first.write(batch(1, { rigs: [rig("r1", T0 + 10_000, { powerW: 2_000 })] }));
    await first.stop();
    const second = await open("takeover", "farm/new");
    await rollAll(second);
    expect(await powerW(second, T0, T0 + 2 * HOUR, HOUR)).toEqual([1_500, 3_000]);
    expect(await ask("takeover", 'SELECT "powerW_n" FROM "rig_1m"')).toEqual([
      [T0, 2],
      [T0 + HOUR, 1],
    ]);
    // Nothing of it comes back once it is rolled up.
    await second.stop();
    const third = await open("takeover", "farm/new");
    expect(await third.rollup(T0 + 40 * DAY)).toBe(0);
    await third.stop();
  }, 60_000);
});
