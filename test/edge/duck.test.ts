import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { DuckDBInstance } from "@duckdb/node-api";
import { FROM_SCHEMA_1 } from "../../server/edge/duck/schema.ts";
import { createDuckStore } from "../../server/edge/duck/store.ts";
import { RIG_FIELDS, type RowsQuery, type SeriesStore } from "../../server/twin/series.ts";
import { questionsContract } from "./questions.contract.ts";
import { batch, energy, rig, seriesContract, SITE, T0 } from "./series.contract.ts";
import { canMount, mountSmall } from "../servers/disk.ts";
import { builtFor, readingsOf, wholeTo, writeAndKill } from "../servers/series-kill.ts";

const folder = mkdtempSync(join(tmpdir(), "rigtwin-duck-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fileOf = (place: string): string => join(folder, `${place}.duckdb`);
const open = async (place: string) => {
  const store = createDuckStore({ file: fileOf(place), threads: 1 });
  await store.start();
  return store;
};

/** An export, read by another DuckDB. */
const parquetRows = async (store: SeriesStore, query: RowsQuery, select = "*") => {
  const file = join(folder, `${query.tier}.parquet`);
  writeFileSync(file, "");
  for await (const piece of store.parquet(query, new AbortController().signal)) appendFileSync(file, piece);
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(`SELECT ${select} FROM read_parquet('${file}')`)).getRows();
  connection.closeSync();
  instance.closeSync();
  return rows;
};

describe("DuckDB series store", () => {
  seriesContract(open);
  questionsContract(open);

  test("gives Parquet with the rows of the CSV, and leaves no file behind", async () => {
    const store = await open("parquet");
    await store.write(
      batch(1, {
        rigs: Array.from({ length: 500 }, (_, i) =>
          rig(`r${i % 3}`, T0 + i * 1_000, { hashrateThs: 100 + i / 8, ...(i % 2 === 0 ? { accepted: i } : {}) }),
        ),
      }),
    );
    for (const tier of ["raw", "1m"] as const) {
      const query: RowsQuery = {
        site: SITE,
        rigs: ["r0", "r2", "nobody"],
        tier,
        from: T0,
        to: T0 + 600_000,
        fields: ["hashrateThs", "accepted"],
      };
      const rows = await parquetRows(store, query);
      const page = await store.rows(query);
      const width = page.values.length / page.ts.length;
      expect(rows.length).toBeGreaterThan(10);
      expect(rows.map((row) => row.map((cell) => (typeof cell === "bigint" ? Number(cell) : cell)))).toEqual(
        page.ts.map((ts, i) => [ts, page.rig[i], ...page.values.slice(i * width, (i + 1) * width)]),
      );
    }
    const gone = AbortSignal.abort();
    await expect(
      store
        .parquet({ site: SITE, rigs: null, tier: "raw", from: T0, to: T0 + 1, fields: ["powerW"] }, gone)
        [Symbol.asyncIterator]()
        .next(),
    ).rejects.toMatchObject({ name: "AbortError" });
    // Nobody reads on after the first piece.
    for await (const piece of store.parquet(
      { site: SITE, rigs: null, tier: "raw", from: T0, to: T0 + 600_000, fields: ["powerW"] },
      new AbortController().signal,
    )) {
      expect(Buffer.from(piece).subarray(0, 4).toString()).toBe("PAR1");
      break;
    }
    expect(readdirSync(folder).filter((name) => name.includes("export-"))).toEqual([]);
    await store.stop();
  });

  test("rolls up more rigs than it takes at once, a second time as well, and each is answered as it was before", async () => {
    const store = await open("in-parts");
    const name = (i: number): string => `r${String(i).padStart(4, "0")}`;
    const minutes = Array.from({ length: 40 }, (_, minute) => T0 + minute * 60_000);
    const END = T0 + 40 * 60_000;
    const write = (upTo: number, powerW: number): Promise<unknown> =>
      store.write(
        batch(upTo, {
          rigs: minutes.flatMap((ts) =>
            Array.from({ length: 1_100 }, (_, i) => rig(name(i), ts + (i % 50) * 1_000, { hashrateThs: 100 + i / 100, powerW })),
          ),
        }),
      );
    const answers = async (): Promise<unknown> => [
      await store.siteSeries({ site: SITE, from: T0, to: END, points: 40 }),
      ...(await Promise.all(
        [0, 1_023, 1_024, 1_099].map((i) =>
          store.rigSeries({ site: SITE, rig: name(i), from: T0, to: END, points: 40, fields: ["hashrateThs", "powerW"] }),
        ),
      )),
    ];
    for (const [upTo, powerW] of [
      [1, 3_000],
      [2, 3_100],
    ] as const) {
      await write(upTo, powerW);
      const before = await answers();
      expect(before).toMatchObject([{ rigs: Array(40).fill(1_100), powerW: Array(40).fill(1_100 * powerW) }, ...Array(4).fill({})]);
      expect(await store.rollup(END)).toBe(40);
      expect(await answers()).toEqual(before);
      expect(await store.rollup(END)).toBe(0);
      expect((await store.rows({ site: SITE, rigs: null, tier: "1m", from: T0, to: END, fields: ["powerW"] })).ts).toHaveLength(44_000);
    }
    await store.stop();
  });

  test("writes an export in parts that is more than may be sorted at once, in the order of one", async () => {
    const store = await open("in-parts");
    const fields = RIG_FIELDS.slice(0, 14);
    const query: RowsQuery = { site: SITE, rigs: null, tier: "1m", from: T0, to: T0 + 40 * 60_000, fields };
    const rows = await parquetRows(store, query);
    const page = await store.rows(query);
    const width = page.values.length / page.ts.length;
    expect(rows).toHaveLength(44_000);
    expect(rows.length * width).toBeGreaterThan(2_000_000);
    const isOther = (row: readonly unknown[], i: number): boolean =>
      row.some((cell, at) => {
        const wanted = at === 0 ? page.ts[i] : at === 1 ? page.rig[i] : page.values[i * width + at - 2];
        return (typeof cell === "bigint" ? Number(cell) : cell) !== wanted;
      });
    expect(rows.findIndex(isOther)).toBe(-1);
    await store.stop();
  });

  test("writes an export in parts as well where all of its rows are in the last hours of a month", async () => {
    const store = await open("uneven");
    await store.write(batch(1, { rigs: Array.from({ length: 1_000 }, (_, i) => rig(`r${i}`, T0, { powerW: 1 })) }));
    await store.rollup(T0 + 60_000);
    await store.stop();
    const instance = await DuckDBInstance.create(fileOf("uneven"));
    const connection = await instance.connect();
    const figures = RIG_FIELDS.flatMap((field) =>
      ["n", "min", "max", "sum"].map((figure) => `(hash(id + range) % 50000)::INTEGER AS "${field}_${figure}"`),
    );
    await connection.run(
      `INSERT INTO rig_1m BY NAME SELECT id, ts + range * 60000 AS ts, readings, ${figures.join(", ")}
       FROM (SELECT id, ts, readings FROM rig_1m), range(1, 120) ORDER BY range, id`,
    );
    connection.closeSync();
    instance.closeSync();
    await store.start();
    const [from, to] = [T0 - 30 * 86_400_000, T0 + 120 * 60_000];
    const query: RowsQuery = { site: SITE, rigs: null, tier: "1m", from, to, fields: [...RIG_FIELDS] };
    expect(await parquetRows(store, query, "count(*)::INTEGER")).toEqual([[120_000]]);
    await store.stop();
  });

  test("who exports beside another waits for him, and neither lacks memory", async () => {
    const store = await open("uneven");
    const to = T0 + 60 * 60_000;
    const bytesOf = async (signal: AbortSignal): Promise<number> => {
      let bytes = 0;
      const query: RowsQuery = { site: SITE, rigs: null, tier: "1m", from: T0, to, fields: RIG_FIELDS.slice(0, 20) };
      for await (const piece of store.parquet(query, signal)) bytes += piece.byteLength;
      return bytes;
    };
    const { signal } = new AbortController();
    const [one, gone, other] = await Promise.allSettled([bytesOf(signal), bytesOf(AbortSignal.abort()), bytesOf(signal)]);
    expect(gone).toMatchObject({ status: "rejected", reason: { name: "AbortError" } });
    expect(one).toEqual({ status: "fulfilled", value: expect.any(Number) });
    expect(other).toEqual(one);
    await store.stop();
  });

  (canMount() ? test : test.skip)("an export for which the disk has no room gives back what it took of it", async () => {
    const disk = mountSmall(80);
    try {
      copyFileSync(fileOf("uneven"), join(disk.folder, "s.duckdb"));
      const store = createDuckStore({ file: join(disk.folder, "s.duckdb") });
      await store.start();
      const left = (): number => statfsSync(disk.folder).bavail * statfsSync(disk.folder).bsize;
      const query: RowsQuery = { site: SITE, rigs: null, tier: "1m", from: T0, to: T0 + 120 * 60_000, fields: [...RIG_FIELDS] };
      // How much it may write beside the file DuckDB learns when it first does: later others take it.
      await parquetRows(store, query, "count(*)");
      writeFileSync(join(disk.folder, "other"), Buffer.alloc(left() - (12 << 20)));
      const before = left();
      await expect(parquetRows(store, query)).rejects.toThrow("No space left on device");
      await store.cursor();
      expect(left()).toBeGreaterThanOrEqual(before);
      await store.stop();
    } finally {
      disk.unmount();
    }
  });

  test("an export for which DuckDB has too little memory ends in an error, and leaves the file open anew for the next", async () => {
    const store = createDuckStore({ file: fileOf("in-parts"), memoryMb: 16, askingMb: 16 });
    await store.start();
    const query: RowsQuery = { site: SITE, rigs: null, tier: "1m", from: T0, to: T0 + 40 * 60_000, fields: [...RIG_FIELDS] };
    // What is in the log goes into the file when that is closed.
    await store.write(batch(100, { rigs: [rig("r0001", T0 + 39 * 60_000 + 59_000, { powerW: 1 })] }));
    const { mtimeMs } = statSync(fileOf("in-parts"));
    await expect(parquetRows(store, query)).rejects.toThrow("Out of Memory");
    expect(await store.cursor()).toBe(100);
    expect(statSync(fileOf("in-parts")).mtimeMs).toBeGreaterThan(mtimeMs);
    await store.write(batch(101, { rigs: [rig("r0001", T0 + 39 * 60_000 + 59_500, { powerW: 2 })] }));
    await store.stop();
  });

  test("opens its file anew after each retention and each roll-up, and who writes, asks or exports meanwhile notices nothing", async () => {
    const store = await open("renewed");
    const write = (upTo: number) => store.write(batch(upTo, { rigs: [rig("r", T0 + upTo * 1_000, { powerW: upTo })] }));
    for (let upTo = 1; upTo <= 50; upTo++) await write(upTo);
    const query = { site: SITE, rigs: null, tier: "raw", from: T0, to: T0 + 600_000, fields: ["powerW"] } as const;
    const descriptors = (): number =>
      readdirSync("/proc/self/fd").filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`) === fileOf("renewed");
        } catch {
          return false;
        }
      }).length;
    const stats = () => statSync(fileOf("renewed")).mtimeMs;
    const before = stats();
    const pieces: Uint8Array[] = [];
    for await (const piece of store.parquet(query, new AbortController().signal)) {
      if (pieces.length === 0) await store.retain(0, 0);
      pieces.push(piece);
      // Not while somebody reads from it.
      expect(stats()).toBe(before);
    }
    await Promise.all([store.retain(0, 0), write(51), store.rows(query), write(52)]);
    expect(await store.cursor()).toBe(52);
    // An older row is still known to be one, and replaces what was there.
    await store.write(batch(53, { rigs: [rig("r", T0 + 7_000, { powerW: 7 })] }));
    expect((await store.latest(SITE))[0]).toMatchObject({ rig: "r", ts: T0 + 52_000, values: { powerW: 52 } });
    expect((await store.rows(query)).values).toEqual(Array.from({ length: 52 }, (_, i) => i + 1));
    const retained = stats();
    expect(retained).toBeGreaterThan(before);
    while ((await store.rollup(T0 + 600_000)) > 0);
    expect(await store.cursor()).toBe(53);
    expect(stats()).toBeGreaterThan(retained);
    expect(descriptors()).toBe(1);
    await store.stop();
    expect(descriptors()).toBe(0);
  });

  test("where another file, or none, was put in its place while it was closed, that is what is read", async () => {
    const link = fileOf("swapped");
    const point = (place: string): void => {
      rmSync(link, { force: true });
      symlinkSync(fileOf(place), link);
    };
    const older = await open("swapped-older");
    await older.write(batch(1, { rigs: [rig("r", T0, { powerW: 1 })] }));
    await older.stop();
    copyFileSync(fileOf("swapped-older"), fileOf("swapped-now"));
    point("swapped-now");
    const store = await open("swapped");
    await store.write(batch(7, { rigs: [rig("r", T0 + 7_000, { powerW: 7 }), rig("s", T0, { powerW: 7 })] }));
    const names = async () => (await store.latest(SITE)).map(({ rig: name, values }) => [name, values.powerW]);
    for (const [place, upTo, left] of [
      ["swapped-older", 1, [["r", 1]]],
      ["swapped-empty", 0, []],
    ] as const) {
      point(place);
      await store.retain(0, 0);
      await expect(store.cursor()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      expect(await store.cursor()).toBe(upTo);
      expect(await names()).toEqual(left);
      await store.write(batch(upTo + 1, { rigs: [rig("t", T0, { powerW: 9 })] }));
      expect(await names()).toEqual([...left, ["t", 9]]);
    }
    // Nothing of a database at all, for a time.
    writeFileSync(fileOf("swapped-text"), "not a database ".repeat(1_000));
    point("swapped-text");
    await store.retain(0, 0);
    for (let i = 0; i < 2; i++) await expect(store.cursor()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    point("swapped-now");
    expect(await store.cursor()).toBe(7);
    expect(await names()).toEqual([
      ["r", 7],
      ["s", 7],
    ]);
    await store.stop();
  });

  test("after kill -9 of its process it has all batches up to its cursor and no part of another", async () => {
    const built = builtFor("duck");
    let told = 0;
    for (const kept of [3, 57, 20, 101]) {
      told = await writeAndKill(built, "duck", fileOf("killed"), told + 1, kept);
      const store = await open("killed");
      const cursor = await store.cursor();
      expect(cursor).toBeGreaterThanOrEqual(told);
      await wholeTo(store, cursor);
      expect((await readingsOf(store, cursor + 5)).slice(cursor)).toEqual([0, 0, 0, 0, 0]);
      await store.stop();
      told = cursor;
    }
  }, 120_000);

  test("a file that cannot be opened is STORE_UNAVAILABLE, and it recovers when it can", async () => {
    const file = fileOf("broken");
    writeFileSync(file, "this is not a database, and long enough to be looked at as one ".repeat(200));
    const store = createDuckStore({ file });
    await expect(store.start()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await expect(store.write(batch(1, {}))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await store.health()).toMatchObject({ status: "failing", kind: "DuckDB" });
    rmSync(file);
    expect(await store.write(batch(1, { rigs: [rig("r1", T0, { hashrateThs: 1 })] }))).toEqual([]);
    expect(await store.cursor()).toBe(1);
    expect(await store.health()).toMatchObject({ status: "ok" });
    await store.stop();
  });

  test("a log whose end a power cut left as zeros is set aside, and what it had is asked for again", async () => {
    const first = await open("torn");
    await first.write(batch(1, { rigs: [rig("r1", T0, { hashrateThs: 1 })] }));
    await first.stop();
    const writing = await open("torn");
    await writing.write(batch(2, { rigs: [rig("r1", T0 + 1_000, { hashrateThs: 2 })] }));
    const log = readFileSync(`${fileOf("torn")}.wal`);
    copyFileSync(fileOf("torn"), fileOf("cut"));
    writeFileSync(`${fileOf("cut")}.wal`, log.fill(0, log.length - 50));
    await writing.stop();
    const store = await open("cut");
    expect(await store.cursor()).toBe(1);
    await store.write({ ...batch(2, { rigs: [rig("r1", T0 + 1_000, { hashrateThs: 2 })] }), after: 1 });
    const rows = await store.rows({ site: SITE, rigs: null, tier: "raw", from: T0, to: T0 + 60_000, fields: ["hashrateThs"] });
    expect([rows.ts, rows.values]).toEqual([
      [T0, T0 + 1_000],
      [1, 2],
    ]);
    expect((await store.health()).detail).toContain("cut.duckdb.wal.damaged");
    expect(readFileSync(`${fileOf("cut")}.wal.damaged`)).toEqual(log);
    await store.stop();
  });

  test("what an export left behind that ended with its process is gone after the next start, and nothing else is", async () => {
    const left = [fileOf("left"), fileOf("left.more")].map((file) => `${file}.export-5f0e`);
    for (const file of left) writeFileSync(file, "half a file");
    const store = await open("left");
    expect(left.map((file) => existsSync(file))).toEqual([false, true]);
    // Opened anew, as each hour, it may be the file of an export that runs.
    writeFileSync(left[0] ?? "", "half a file");
    await store.retain(0, 0);
    expect(await store.cursor()).toBe(0);
    expect(left.map((file) => existsSync(file))).toEqual([true, true]);
    await store.stop();
  });

  test("takes a file of the first schema, in which a large site's power had no room, and keeps what is in it", async () => {
    const store = await open("narrow");
    await store.write(batch(1, { energy: [energy("main/meter", T0, { powerW: 5_000, pricePerKwh: 0.05 })] }));
    await store.rollup(T0 + 3_600_000);
    await store.stop();
    const instance = await DuckDBInstance.create(fileOf("narrow"));
    const connection = await instance.connect();
    for (const sql of FROM_SCHEMA_1) await connection.run(sql.replace("BIGINT", "INTEGER"));
    await connection.run("UPDATE meta SET value = 1 WHERE key = 'schema'");
    connection.closeSync();
    instance.closeSync();
    for (let start = 0; start < 2; start++) {
      const again = await open("narrow");
      expect(await again.write(batch(2, { energy: [energy("main/meter", T0 + 60_000, { powerW: 300e6, pricePerKwh: 50_000 })] }))).toEqual(
        [],
      );
      await again.rollup(T0 + 3_600_000);
      const { meteredW, pricePerKwh } = await again.energySeries({ site: SITE, from: T0, to: T0 + 120_000, points: 2 });
      expect([meteredW, pricePerKwh]).toEqual([
        [5_000, 300e6],
        [0.05, 50_000],
      ]);
      await again.stop();
    }
  });

  test("does not read a file of another schema, and says what to do", async () => {
    await (await open("schema")).stop();
    const instance = await DuckDBInstance.create(fileOf("schema"));
    const connection = await instance.connect();
    await connection.run("UPDATE meta SET value = 999 WHERE key = 'schema'");
    connection.closeSync();
    instance.closeSync();
    await expect(open("schema")).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("built again from the journal"),
    });
  });

  test("a reading of twenty fields takes at most 35 bytes", async () => {
    const store = await open("size");
    let seed = 7;
    const chance = (): number => (seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32;
    const rigs = Array.from({ length: 1_000 }, (_, i) => ({
      name: `rig-${i}`,
      rated: [95, 110, 141][i % 3] ?? 0,
      chip: 60 + chance() * 10,
      started: Math.floor(chance() * 3_000_000),
      accepted: Math.floor(chance() * 300_000),
      rejected: Math.floor(chance() * 500),
    }));
    const batches = 492;
    for (let n = 0; n < batches; n++) {
      const rows = rigs.map((one, i) => {
        const ts = T0 + n * 10_000 + i * 9;
        const hashrateThs = one.rated * (0.98 + chance() * 0.03);
        const powerW = one.rated * (29 + chance());
        one.accepted += chance() < 0.7 ? 1 : 0;
        return rig(
          one.name,
          ts,
          {
            hashrateThs,
            averageThs: one.rated * 0.995 + chance() * 0.2,
            expectedThs: one.rated,
            powerW,
            intakeC: 24 + chance() * 2,
            outletC: 45 + chance() * 2,
            boardC: one.chip - 12 + chance() * 2,
            chipC: one.chip + chance() * 2,
            psuC: 50 + chance(),
            fanRpm: Math.round(5_400 + chance() * 150),
            fanPct: Math.round(60 + one.chip - 60),
            frequencyMhz: 545,
            voltageV: 13.2 + Math.floor(chance() * 3) / 10,
            efficiencyJTh: powerW / hashrateThs,
            accepted: one.accepted,
            rejected: one.rejected,
            stale: one.rejected >> 1,
            hwErrors: one.rejected * 3,
            uptimeS: one.started + n * 10,
            skewMs: 100 + Math.floor(chance() * 50),
          },
          SITE,
        );
      });
      await store.write(batch(n + 1, { rigs: rows }));
    }
    await store.stop();
    const instance = await DuckDBInstance.create(fileOf("size"));
    const connection = await instance.connect();
    const rows = await connection.runAndReadAll(
      "SELECT (used_blocks * block_size)::DOUBLE, (SELECT count(*) FROM rig)::DOUBLE FROM pragma_database_size()",
    );
    const [bytes, count] = (rows.getRows()[0] ?? []).map(Number);
    connection.closeSync();
    instance.closeSync();
    expect(count).toBe(rigs.length * batches);
    expect(Number(bytes) / rigs.length / batches).toBeLessThanOrEqual(35);
    expect(Number(bytes) / rigs.length / batches).toBeGreaterThan(5);
  }, 120_000);
});
