import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createDuckStore } from "../../server/edge/duck/store.ts";
import { addressOf } from "../../server/edge/influx/address.ts";
import { createInfluxStore } from "../../server/edge/influx/store.ts";
import type { SeriesStore } from "../../server/twin/series.ts";
import { needs, pathTo } from "../servers/have.ts";
import { startInflux, type Influx } from "../servers/influx.ts";
import { freePort } from "../servers/mosquitto.ts";
import { builtFor, readingsOf, wholeTo, writeAndKill } from "../servers/series-kill.ts";
import { questionsContract } from "./questions.contract.ts";
import { batch, board, energy, eventually, HOUR, MINUTE, rig, seriesContract, SITE, T0 } from "./series.contract.ts";

const collected = async <T>(parts: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const part of parts) all.push(part);
  return all;
};
const unavailable = { code: "STORE_UNAVAILABLE" };

/** Hands everything on to `url`; where `isLost` says so of a body, what was answered to it never arrives. */
const lossy = async (url: string, isLost: (body: string) => boolean): Promise<{ readonly url: string; readonly close: () => void }> => {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const body = Buffer.concat(pieces);
      const { method = "GET", headers } = request;
      void fetch(`${url}${request.url ?? ""}`, {
        method,
        headers: { "content-type": headers["content-type"] ?? "text/plain" },
        ...(body.length > 0 ? { body } : {}),
      }).then(async (answer) => {
        const text = await answer.text();
        if (isLost(body.toString())) return request.socket.destroy();
        response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "text/plain" }).end(text);
        return undefined;
      });
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
};

needs("influxd")("InfluxDB series store", () => {
  let influx: Influx;
  const open = async (place: string): Promise<SeriesStore> => {
    const store = createInfluxStore({ url: `${influx.url}/${place}`, backoffMs: 10, mostBackoffMs: 100 });
    await store.start();
    return store;
  };
  const ask = async (database: string, q: string): Promise<{ results: { series?: { columns: string[]; values: unknown[][] }[] }[] }> =>
    (
      await fetch(`${influx.url}/query?${new URLSearchParams({ db: database, q, epoch: "ms" }).toString()}`, { method: "POST" })
    ).json() as never;
  const put = (database: string, lines: string): Promise<Response> =>
    fetch(`${influx.url}/write?db=${database}&precision=ms`, { method: "POST", body: lines });

  beforeAll(async () => {
    influx = await startInflux(pathTo("influxd"));
  }, 60_000);
  afterAll(() => influx.stop());

  seriesContract(open);
  questionsContract(open);

  test("says that it gives no Parquet", async () => {
    const store = await open("parquet");
    const pieces = store.parquet(
      { site: SITE, rigs: null, tier: "raw", from: T0, to: T0 + 1, fields: ["powerW"] },
      new AbortController().signal,
    );
    await expect(pieces[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "FORMAT_UNSUPPORTED" });
    await store.stop();
  });

  test("gives the very figures of the embedded store", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rigtwin-same-"));
    const duck = createDuckStore({ file: join(folder, "same.duckdb"), threads: 1 });
    await duck.start();
    const own = await open("same");
    const rows = {
      rigs: Array.from({ length: 3 * 360 }, (_, i) =>
        [1, 2, 3].map((n) =>
          rig(`r${n}`, T0 + i * 10_000 + n * 111, {
            hashrateThs: 100.0004 + ((i * 7 + n) % 100) / 7,
            powerW: 3_000.04 + (i % 91) / 3,
            boardC: 60 + (i % 17) / 3,
            voltageV: 13.14159,
            accepted: i * n,
            skewMs: -7 + (i % 15),
          }),
        ),
      ).flat(),
      boards: Array.from({ length: 360 }, (_, i) => board("r1", 0, T0 + i * 10_000, { chipC: 70 + (i % 9) / 7, frequencyMhz: 545.55 })),
      energy: Array.from({ length: 360 }, (_, i) => [
        energy("meter", T0 + i * 10_000, { powerW: 9_999.99 - i / 3, gco2ePerKwh: 381.27, pricePerKwh: 0.061234 }),
        energy("wind", T0 + i * 10_000, { powerW: i / 7 }),
      ]).flat(),
    };
    for (const store of [own, duck]) expect(await store.write(batch(1, rows))).toEqual([]);
    const look = async (store: SeriesStore): Promise<unknown> => {
      const to = T0 + 3 * HOUR - 77;
      const query = { site: SITE, from: T0 + 55, to };
      return Promise.all([
        store.latest(SITE),
        ...[3, 30, 300, 1_200].flatMap((points) => [
          store.rigSeries({ ...query, points, rig: "r2", fields: ["hashrateThs", "powerW", "voltageV", "accepted", "skewMs"] }),
          store.boardSeries({ ...query, points, rig: "r1", board: 0, fields: ["chipC", "frequencyMhz"] }),
          store.siteSeries({ ...query, points }),
          store.energySeries({ ...query, points }),
        ]),
        store.top({ ...query, field: "powerW", order: "lowest", limit: 5 }),
        collected(store.slots({ site: SITE, rig: "r2", from: query.from, to })),
        ...(["raw", "1m", "1h"] as const).map((tier) =>
          store.rows({ site: SITE, rigs: ["r1", "r3"], tier, from: T0, to: T0 + 3 * HOUR, fields: ["hashrateThs", "voltageV", "skewMs"] }),
        ),
      ]);
    };
    expect(await look(own)).toEqual(await look(duck));
    for (const store of [own, duck]) while ((await store.rollup(T0 + 24 * HOUR)) > 0);
    expect(await look(own)).toEqual(await look(duck));
    await own.stop();
    await duck.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  test("a point that InfluxDB refuses is found and given back; all others of its batch are kept", async () => {
    const store = await open("conflict");
    // Another program has written integers: the type of the field is fixed for its shard.
    await put("conflict", `rig,site=${SITE},rig=other,model=x fanRpm=5i ${T0}`);
    const rigs = Array.from({ length: 500 }, (_, i) =>
      rig(`r${i}`, T0 + i, i % 250 === 7 ? { hashrateThs: 1, fanRpm: 5_000 } : { hashrateThs: 1 }),
    );
    const rejected = await store.write(batch(9, { rigs }));
    expect(rejected.map(({ point }) => point).sort()).toEqual([`rig ${SITE}/r257 @${T0 + 257}`, `rig ${SITE}/r7 @${T0 + 7}`]);
    expect(rejected[0]?.reason).toContain("field type conflict");
    expect((await store.siteSeries({ site: SITE, from: T0, to: T0 + MINUTE, points: 1 })).hashrateThs).toEqual([498]);
    expect(await store.cursor()).toBe(9);
    // A batch in which nothing can be kept is not asked for point by point.
    const all = await store.write(batch(10, { rigs: rigs.map((row) => rig(row.name, row.ts + 1_000, { fanRpm: 1 })) }));
    expect(all).toHaveLength(500);
    await store.stop();
  });

  test("every field is a float from the first, whole number or not; text never breaks out of its tag", async () => {
    const store = await open("types");
    await store.write(batch(1, { rigs: [rig("a=b,c d", T0, { hashrateThs: 5, accepted: 7, fanRpm: 5_000 })] }));
    const { results } = await ask("types", "SHOW FIELD KEYS FROM rig");
    expect(new Set(results[0]?.series?.[0]?.values.map(([, type]) => type))).toEqual(new Set(["float"]));
    expect((await ask("types", "SHOW TAG VALUES FROM rig WITH KEY = rig")).results[0]?.series?.[0]?.values).toEqual([["rig", "a=b,c d"]]);
    await store.stop();
  });

  test("away is STORE_UNAVAILABLE at once; back again it takes writes and answers", async () => {
    const store = await open("away");
    await store.write(batch(1, { rigs: [rig("r1", T0, { hashrateThs: 1 })] }));
    await influx.kill9();
    await expect(store.write(batch(2, { rigs: [rig("r1", T0 + 1_000, { hashrateThs: 2 })] }))).rejects.toMatchObject(unavailable);
    await expect(store.latest(SITE)).rejects.toMatchObject(unavailable);
    await expect(store.write(batch(2, {}))).rejects.toMatchObject({ ...unavailable, message: expect.not.stringContaining("undefined") });
    expect(await store.health()).toMatchObject({ status: "away", kind: "InfluxDB" });
    await influx.restart();
    await eventually(() => store.write(batch(2, { rigs: [rig("r1", T0 + 1_000, { hashrateThs: 2 })] })));
    expect((await eventually(() => store.latest(SITE)))[0]?.values.hashrateThs).toBe(2);
    expect(await store.cursor()).toBe(2);
    expect(await store.health()).toMatchObject({ status: "ok" });
    await store.stop();
  }, 60_000);

  test("a store that was started while InfluxDB was away works when that is there", async () => {
    await influx.kill9();
    const store = createInfluxStore({ url: `${influx.url}/late`, backoffMs: 10, mostBackoffMs: 50 });
    await expect(store.start()).rejects.toMatchObject(unavailable);
    await expect(store.cursor()).rejects.toMatchObject(unavailable);
    await influx.restart();
    expect(await eventually(() => store.cursor())).toBe(0);
    expect(await eventually(() => store.write(batch(3, { rigs: [rig("r1", T0, { hashrateThs: 1 })] })))).toEqual([]);
    await store.stop();
  }, 60_000);

  test("a window that was said to be clean, and of which nobody heard, is rolled up again with what comes after", async () => {
    let losing = true;
    const between = await lossy(influx.url, (body) => {
      const isLost = losing && / dirty=0 /.test(body);
      if (isLost) losing = false;
      return isLost;
    });
    const openThere = async (): Promise<SeriesStore> => {
      const store = createInfluxStore({ url: `${between.url}/unheard`, backoffMs: 1, mostBackoffMs: 1 });
      await store.start();
      return store;
    };
    let store = await openThere();
    await store.write(batch(1, { rigs: [rig("r1", T0, { powerW: 1_000 })] }));
    await expect(store.rollup(T0 + 24 * HOUR)).rejects.toMatchObject(unavailable);
    expect(losing).toBe(false);
    // Into that very minute: it must be marked anew, although a memory of before still has it as dirty.
    await eventually(() => store.write(batch(2, { rigs: [rig("r1", T0 + 10_000, { powerW: 3_000 })] })));
    await store.stop();
    store = await openThere();
    while ((await store.rollup(T0 + 24 * HOUR)) > 0);
    const { results } = await ask("unheard", "SELECT * FROM rig_1m");
    const [series] = results[0]?.series ?? [];
    expect(series?.values.map((row) => row[series.columns.indexOf("powerW_n")])).toEqual([2]);
    await store.stop();
    between.close();
  }, 60_000);

  test("a roll-up that was under way when a write failed leaves the marks alone that were read anew", async () => {
    let isToLose = (_body: string): boolean => false;
    const between = await lossy(influx.url, (body) => isToLose(body));
    const store = createInfluxStore({ url: `${between.url}/overtaken`, backoffMs: 1, mostBackoffMs: 1 });
    await store.start();
    await store.write(batch(1, { rigs: [rig("r1", T0, { powerW: 1_000 }), rig("r1", T0 + MINUTE, { powerW: 1_000 })] }));
    isToLose = (body) => body.includes("powerW=5000");
    // Queued between the two minutes of the roll-up; its answer is lost, and the marks are read anew.
    const rolling = store.rollup(T0 + 24 * HOUR).catch((error: unknown) => error);
    const writing = store.write(batch(2, { rigs: [rig("r1", T0 + 20_000, { powerW: 5_000 })] }));
    await expect(writing).rejects.toMatchObject(unavailable);
    expect(await rolling).toMatchObject(unavailable);
    isToLose = () => false;
    await eventually(() => store.write(batch(2, { rigs: [rig("r1", T0 + 20_000, { powerW: 5_000 })] })));
    while ((await store.rollup(T0 + 24 * HOUR)) > 0);
    const { results } = await ask("overtaken", "SELECT * FROM rig_1m");
    const [series] = results[0]?.series ?? [];
    expect(series?.values.map((row) => row[series.columns.indexOf("powerW_n")])).toEqual([2, 1]);
    await store.stop();
    between.close();
  }, 60_000);

  test("keepers of one database know what of their own is there, and a new one takes over what was not rolled up", async () => {
    const openAs = async (keeper: string): Promise<SeriesStore> => {
      const store = createInfluxStore({ url: `${influx.url}/keepers`, keeper });
      await store.start();
      return store;
    };
    const powerN = async (): Promise<unknown[]> => {
      const [series] = (await ask("keepers", "SELECT * FROM rig_1m")).results[0]?.series ?? [];
      return (series?.values ?? []).map((row) => row[series?.columns.indexOf("powerW_n") ?? -1]);
    };
    const first = await openAs("farm/a");
    await first.write(batch(1_000, { rigs: [rig("r1", T0, { powerW: 1_000 })] }));
    const second = await openAs("farm/b");
    await second.write(batch(7, { rigs: [rig("r2", T0, { powerW: 1_000 })] }));
    expect([await first.cursor(), await second.cursor()]).toEqual([1_000, 7]);
    while ((await first.rollup(T0 + 24 * HOUR)) > 0);
    expect(await powerN()).toEqual([1, 1]);
    await first.write(batch(1_001, { rigs: [rig("r1", T0 + 2 * HOUR, { powerW: 1_000 })] }));
    await first.retain(T0 + HOUR, T0);
    await first.stop();
    await second.stop();
    const third = await openAs("farm/c");
    expect(await third.cursor()).toBe(0);
    while ((await third.rollup(T0 + 24 * HOUR)) > 0);
    expect(await powerN()).toEqual([1, 1, 1]);
    // What others have dropped stays dropped.
    expect(await third.write(batch(1, { rigs: [rig("r9", T0, { powerW: 1_000 })] }))).toMatchObject([
      { point: expect.stringContaining("r9") },
    ]);
    await third.stop();
    const again = await openAs("farm/a");
    expect(await again.cursor()).toBe(1_001);
    await again.stop();
  });

  test("one that was dropped and made again between two writes is noticed before the position goes on", async () => {
    const store = await open("replaced");
    await store.write(batch(5, { rigs: [rig("r1", T0, { hashrateThs: 1 })] }));
    await ask("replaced", 'DROP DATABASE "replaced"');
    await ask("replaced", 'CREATE DATABASE "replaced"');
    await expect(store.write(batch(6, { rigs: [rig("r1", T0 + 1, { hashrateThs: 1 })] }))).rejects.toMatchObject(unavailable);
    expect(await eventually(() => store.cursor())).toBe(0);
    await store.stop();
  });

  test("sites of one database drop and roll up their own rows only", async () => {
    const openOf = async (site: string): Promise<SeriesStore> => {
      const store = createInfluxStore({ url: `${influx.url}/sites`, site, keeper: `${site}/a` });
      await store.start();
      return store;
    };
    const [a, b] = [await openOf("a"), await openOf("b")];
    await a.write(batch(1, { rigs: [rig("r1", T0, { powerW: 1_000 }, "a")] }));
    await b.write(batch(1, { rigs: [rig("r1", T0, { powerW: 2_000 }, "b")] }));
    await a.retain(T0 + 24 * HOUR, T0 - HOUR);
    const hours = async (store: SeriesStore, site: string) =>
      (await store.rows({ site, rigs: null, tier: "1h", from: T0, to: T0 + HOUR, fields: ["powerW"] })).values;
    expect(await hours(a, "b")).toEqual([]);
    while ((await b.rollup(T0 + 24 * HOUR)) > 0);
    expect([await hours(a, "a"), await hours(b, "b")]).toMatchObject([expect.arrayContaining([1_000]), expect.arrayContaining([2_000])]);
    const raw = (await ask("sites", 'SELECT "powerW" FROM rig')).results[0]?.series?.[0]?.values;
    expect(raw?.map(([, power]) => power)).toEqual([2_000]);
    await a.stop();
    await b.stop();
  });

  test("a database that was dropped is made again", async () => {
    const store = await open("dropped");
    await store.write(batch(5, { rigs: [rig("r1", T0, { hashrateThs: 1 })] }));
    await ask("dropped", 'DROP DATABASE "dropped"');
    await expect(store.write(batch(6, { rigs: [rig("r1", T0 + 1, { hashrateThs: 1 })] }))).rejects.toMatchObject(unavailable);
    // Whoever asks hears that nothing is there, and fills it again.
    expect(await store.cursor()).toBe(0);
    await eventually(() => store.write(batch(6, { rigs: [rig("r1", T0 + 1, { hashrateThs: 1 })] })));
    expect((await store.latest(SITE)).length).toBe(1);
    await store.stop();
  });

  test("after kill -9 of the server or of InfluxDB no batch up to the cursor is missing, and none counts twice when it comes again", async () => {
    const built = builtFor("influx");
    let next = 1;
    for (const kept of [5, 60]) {
      const told = await writeAndKill(built, "influx", `${influx.url}/killed`, next, kept);
      await influx.kill9();
      await influx.restart();
      const store = await open("killed");
      const cursor = await store.cursor();
      expect(cursor).toBeGreaterThanOrEqual(told);
      await wholeTo(store, cursor);
      const after = (await readingsOf(store, cursor + 5)).slice(cursor);
      // At most the one batch that was on its way.
      expect(after.slice(1)).toEqual([0, 0, 0, 0]);
      while ((await store.rollup(T0 + 24 * HOUR)) > 0);
      await wholeTo(store, cursor);
      await store.stop();
      next = cursor + 1;
    }
  }, 120_000);
});

needs("influxd")("InfluxDB with passwords", () => {
  test("writes and reads with the address's credentials, and says so when they are wrong, without telling them", async () => {
    const influx = await startInflux(pathTo("influxd"), { auth: { username: "farm", password: "s3cret+x" } });
    try {
      const url = new URL(`${influx.url}/own`);
      [url.username, url.password] = ["farm", "s3cret+x"];
      const store = createInfluxStore({ url: url.href });
      await store.start();
      expect(await store.write(batch(1, { rigs: [rig("r1", T0, { hashrateThs: 1 })] }))).toEqual([]);
      expect(await store.latest(SITE)).toHaveLength(1);
      await store.stop();
      url.password = "wr0ng-one";
      const stranger = createInfluxStore({ url: url.href });
      const error = await stranger.start().catch((cause: Error) => cause);
      expect(error).toMatchObject(unavailable);
      expect(String(error)).toMatch(/401|authorization/i);
      expect(String(error)).not.toContain("wr0ng-one");
      await stranger.stop();
    } finally {
      await influx.stop();
    }
  }, 60_000);
});

describe("InfluxDB address", () => {
  test("is taken apart", () => {
    expect(addressOf("http://u%40x:p%2F@db.farm:8086/twins")).toMatchObject({
      base: "http://db.farm:8086",
      host: "db.farm",
      port: 8086,
      database: "twins",
      username: "u@x",
      password: "p/",
    });
    expect(addressOf("https://db.farm/proxy/influx/twins")).toMatchObject({
      base: "https://db.farm/proxy/influx",
      port: 443,
      path: "/proxy/influx",
      database: "twins",
      username: null,
    });
    expect(addressOf("http://127.0.0.1:8086")).toMatchObject({ database: "rigtwin" });
  });
  test("is refused where it is none, or its database's name could be more than a name", () => {
    for (const text of ["", "influx", "ftp://a/b", "http://a/b%22%3BDROP", "http://a/b%20c"])
      expect(() => createInfluxStore({ url: text })).toThrow(/CONFIG_INVALID/);
  });
  test("where nobody listens is STORE_UNAVAILABLE", async () => {
    const store = createInfluxStore({ url: `http://127.0.0.1:${await freePort()}/x` });
    await expect(store.start()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", message: expect.stringContaining("ECONNREFUSED") });
    expect(await store.health()).toMatchObject({ status: "away" });
    await store.stop();
  });
});
