/** What becomes of windows that are still to be rolled up. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createInfluxStore } from "../../server/edge/influx/store.ts";
import type { SeriesStore } from "../../server/twin/series.ts";
import { needs, pathTo } from "../servers/have.ts";
import { startInflux, type Influx } from "../servers/influx.ts";
import { batch, board, eventually, HOUR, MINUTE, rig, SITE, T0 } from "./series.contract.ts";

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
  const put = (database: string, line: string): Promise<Response> =>
    fetch(`${influx.url}/write?db=${database}&precision=ms`, { method: "POST", body: line });
  const powerW = async (store: SeriesStore, from: number, to: number, widthMs: number) =>
    (await store.rigSeries({ site: SITE, rig: "r1", from, to, points: (to - from) / widthMs, fields: ["powerW"] })).fields["powerW"]?.mean;
  const hour = async (store: SeriesStore) =>
    (await store.rows({ site: SITE, rigs: ["r1"], tier: "1h", from: T0, to: T0 + HOUR, fields: ["hashrateThs"] })).values;

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

  test("one whose rows are refused stays as it is and is told of, the others are rolled up, and it follows when its cause is gone", async () => {
    const store = await open("refused");
    await store.write(batch(1, { rigs: Array.from({ length: 30 }, (_, m) => rig("r1", T0 + m * MINUTE, { powerW: 1_000 })) }));
    await store.write(batch(2, { rigs: [rig("r1", T0 + 3 * DAY, { powerW: 2_000 })] }));
    // Another program's integer fixes the field's type for that day: more minutes of it than are rolled up in one call.
    await put("refused", `rig_1m,site=x,rig=x,model=x powerW_n=1i ${T0}`);
    await expect(rollAll(store)).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      detail: expect.stringContaining("field type conflict"),
    });
    expect(await ask("refused", `SELECT "powerW_sum" FROM "rig_1m" WHERE "site" = '${SITE}'`)).toEqual([[T0 + 3 * DAY, 2_000]]);
    expect(await ask("refused", `SELECT "powerW_sum" FROM "rig_1h" WHERE "site" = '${SITE}'`)).toEqual([[T0 + 3 * DAY, 2_000]]);
    expect((await store.health()).detail).toMatch(/refuses the rows of 30 minutes or hours.*field type conflict/);
    // Told once; whoever tries again in vain each hour drops no raw row of it.
    expect(await store.rollup(T0 + 40 * DAY)).toBe(0);
    await store.retain(T0 + 2 * DAY, T0 + 2 * DAY);
    expect(await powerW(store, T0, T0 + 30 * MINUTE, 30 * MINUTE)).toEqual([1_000]);
    await store.stop();

    const again = await open("refused");
    await expect(rollAll(again)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await ask("refused", 'DROP MEASUREMENT "rig_1m"');
    await again.retain(T0, T0);
    await rollAll(again);
    expect(await ask("refused", 'SELECT count("powerW_n") FROM "rig_1m"')).toEqual([[0, 30]]);
    expect(await ask("refused", `SELECT "powerW_n" FROM "rig_1h" WHERE time < ${T0 + DAY}ms`)).toEqual([[T0, 30]]);
    expect((await again.health()).detail).not.toContain("refuses");
    await again.stop();
  }, 60_000);

  test("a batch whose marks are refused is not taken for kept, and says why", async () => {
    const store = await open("marks");
    await put("marks", `rigtwin_dirty,keeper=x,window=1m dirty=1i ${T0}`);
    const rows = batch(7, { rigs: [rig("r1", T0, { powerW: 1_000 })] });
    await expect(store.write(rows)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", detail: expect.stringContaining("rigtwin_dirty") });
    expect(await store.cursor()).toBe(0);
    await ask("marks", 'DROP MEASUREMENT "rigtwin_dirty"');
    expect(await eventually(() => store.write(rows))).toEqual([]);
    expect(await store.cursor()).toBe(7);
    await store.stop();
  }, 60_000);

  test("what lies beyond the retention of the database's owner holds nothing up", async () => {
    const now = Math.floor(Date.now() / HOUR) * HOUR;
    const store = await open("short");
    await ask("short", 'ALTER RETENTION POLICY "rigtwin" ON "short" DURATION 30d');
    const rejected = await store.write(batch(1, { rigs: [rig("r1", now - 90 * DAY, { powerW: 1 }), rig("r1", now - DAY, { powerW: 2 })] }));
    expect(rejected).toMatchObject([
      { point: expect.stringContaining(`@${now - 90 * DAY}`), reason: expect.stringContaining("retention") },
    ]);
    while ((await store.rollup(now)) > 0);
    expect(await ask("short", 'SELECT "powerW_n" FROM "rig_1m"')).toEqual([[now - DAY, 1]]);
    await store.stop();
  }, 60_000);

  test.each([["in one go"], ["with a restart between"]])(
    "minutes and hours under a model that was replaced do not stay beside the new ones, %s",
    async (how) => {
      const database = `stale-${how.length}`;
      let store = await open(database);
      const of = (model: string, to: number) => ({
        rigs: Array.from({ length: to }, (_, i) => ({ ...rig("r1", T0 + 5 * i * MINUTE, { hashrateThs: i < 6 ? 50 : 100 }), model })),
        boards: Array.from({ length: to }, (_, i) => ({ ...board("r1", 1, T0 + 5 * i * MINUTE, { chipC: 70 }), model })),
      });
      const boards = async () =>
        (await store.boardSeries({ site: SITE, rig: "r1", board: 1, from: T0, to: T0 + HOUR, points: 1, fields: ["chipC"] })).fields;
      await store.write(batch(1, of("unknown", 12)));
      // A rig of the same time whose model changes for good keeps the rows of both.
      await store.write(
        batch(2, {
          rigs: [
            { ...rig("r2", T0, { powerW: 1 }), model: "a" },
            { ...rig("r2", T0 + 1, { powerW: 3 }), model: "b" },
          ],
        }),
      );
      await rollAll(store);
      for (const [upTo, rows] of [
        [3, 6],
        [4, 12],
      ] as const) {
        await store.write(batch(upTo, of("S19", rows)));
        expect(await hour(store)).toEqual([12, 12, 50, 75, 100]);
        if (how !== "in one go") {
          await store.stop();
          store = await open(database);
        }
        await rollAll(store);
        expect(await hour(store)).toEqual([12, 12, 50, 75, 100]);
        expect(await boards()).toMatchObject({ chipC: { mean: [70] } });
        const counted = await ask(database, `SELECT sum("readings") FROM "board_1m" WHERE time < ${T0 + HOUR}ms`);
        expect(counted).toEqual([[expect.anything(), 12]]);
      }
      const names = await ask(database, 'SHOW TAG VALUES FROM "rig_1m", "rig_1h" WITH KEY = "model" WHERE "rig" = \'r1\'');
      expect(names).toEqual([["model", "S19"]]);
      expect(await ask(database, `SELECT sum("powerW_n") FROM "rig_1h" WHERE "rig" = 'r2'`)).toEqual([[expect.anything(), 2]]);
      await store.stop();
    },
    60_000,
  );
});
