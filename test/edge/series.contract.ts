/** What every series store must do; run by duck.test.ts and influx.test.ts on the real thing. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { RigField, SeriesBatch, SeriesStore } from "../../server/twin/series.ts";
import { BOARD_FIELDS, ENERGY_FIELDS, NO_PART, RIG_FIELDS } from "../../server/twin/series.ts";
import { columns, type Row } from "../rows.ts";

export const SITE = "alpha";
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
/** 2026-03-02 00:00 UTC: a day's start, so that buckets are easy to name. */
export const T0 = Date.UTC(2026, 2, 2);

type Values = Partial<Record<string, number>>;
export interface RowLists {
  readonly rigs: readonly Row[];
  readonly boards: readonly Row[];
  readonly energy: readonly Row[];
}
const inOrder = (fields: readonly string[], values: Values): number[] => fields.map((field) => values[field] ?? NaN);
export const rig = (name: string, ts: number, values: Partial<Record<RigField, number>>, site = SITE): Row => ({
  site,
  name,
  part: NO_PART,
  model: "Antminer S19 Pro",
  ts,
  values: inOrder(RIG_FIELDS, values),
});
export const board = (name: string, index: number, ts: number, values: Values): Row => ({
  site: SITE,
  name,
  part: index,
  model: "Antminer S19 Pro",
  ts,
  values: inOrder(BOARD_FIELDS, values),
});
export const energy = (source: string, ts: number, values: Values, site = SITE): Row => ({
  site,
  name: source,
  part: NO_PART,
  model: "",
  ts,
  values: inOrder(ENERGY_FIELDS, values),
});
export const batch = (upTo: number, { rigs, boards, energy: meters }: Partial<RowLists>): SeriesBatch => ({
  rows: { rig: columns(rigs), board: columns(boards), site_energy: columns(meters) },
  upTo,
});

/** Until it no longer throws, 20 s at most. */
export const eventually = async <T>(attempt: () => Promise<T>): Promise<T> => {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
};

/** A seeded shuffle: late and disordered arrival that is the same in each run. */
const shuffled = <T>(rows: readonly T[], seed: number): T[] => {
  const out = [...rows];
  let state = seed;
  for (let i = out.length - 1; i > 0; i--) {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
};

/** Every answer over a stretch, in one value to compare. */
const answers = async (store: SeriesStore, site: string, from: number, to: number): Promise<unknown> => {
  const fields = ["hashrateThs", "powerW", "boardC", "accepted"] as const;
  const widths = [240, 60, 12, 2].map((points) => ({ site, from, to, points }));
  return {
    rigs: await Promise.all(widths.map((query) => store.rigSeries({ ...query, rig: "r1", fields }))),
    boards: await Promise.all(widths.map((query) => store.boardSeries({ ...query, rig: "r1", board: 1, fields: ["chipC", "chips"] }))),
    site: await Promise.all(widths.map((query) => store.siteSeries(query))),
    energy: await Promise.all(widths.map((query) => store.energySeries(query))),
    top: await store.top({ site, from, to, field: "hashrateThs", order: "highest", limit: 10 }),
    odd: await store.rigSeries({ site, rig: "r1", fields, from: from + 12_345, to: to - 54_321, points: 5 }),
    oddTop: await store.top({ site, from: from + 12_345, to: to - 54_321, field: "powerW", order: "lowest", limit: 10 }),
  };
};

/** `open` gives a started store on a place of its own; the name tells places apart and opens the same place again. */
export const seriesContract = (open: (place: string) => Promise<SeriesStore>): void => {
  describe("one store", () => {
    let store: SeriesStore;
    let upTo = 0;
    let day = 0;
    /** A stretch of time that no other test writes to. */
    const free = (): number => T0 + day++ * 24 * HOUR;
    const write = (rows: Partial<RowLists>) => store.write(batch((upTo += 10), rows));
    beforeAll(async () => {
      store = await open("one");
    });
    afterAll(() => store.stop());

    const one = (name: string, from: number, to: number, points: number, fields: readonly RigField[] = ["hashrateThs"]) =>
      store.rigSeries({ site: SITE, rig: name, from, to, points, fields });

    test("keeps the journal position of the newest batch, and an older one does not take it back", async () => {
      expect(await store.cursor()).toBe(0);
      await store.write(batch(7, {}));
      expect(await store.cursor()).toBe(7);
      await store.write(batch(3, {}));
      expect(await store.cursor()).toBe(7);
      upTo = 10;
    });

    test("gives back every field of the newest row of each rig, by name", async () => {
      const t = free();
      const all = Object.fromEntries(RIG_FIELDS.map((field, i) => [field, i + 0.1])) as Record<RigField, number>;
      await write({
        rigs: [
          rig("latest-b", t, { hashrateThs: 1 }, "latest"),
          rig("latest-a", t + 1_000, all, "latest"),
          rig("latest-b", t + 5_000, { skewMs: -40 }, "latest"),
        ],
      });
      await write({ rigs: [rig("latest-b", t + 2_000, { hashrateThs: 99 }, "latest")] });
      const rows = await store.latest("latest");
      expect(rows.map((row) => [row.rig, row.ts])).toEqual([
        ["latest-a", t + 1_000],
        ["latest-b", t + 5_000],
      ]);
      expect(rows[0]?.values).toMatchObject({
        hashrateThs: 0.1,
        powerW: 3.1,
        boardC: 6.1,
        voltageV: 12.1,
        efficiencyJTh: 13.1,
        accepted: 14,
        uptimeS: 18,
        skewMs: 19,
      });
      expect(rows[1]?.values).toMatchObject({ hashrateThs: null, powerW: null, skewMs: -40 });
      expect(await store.latest("nowhere")).toEqual([]);
    });

    test("a bucket holds its start and not its end; a bucket without rows is a gap", async () => {
      const t = free();
      await write({
        rigs: [
          rig("edge", t, { hashrateThs: 10 }),
          rig("edge", t + 59_999, { hashrateThs: 20 }),
          rig("edge", t + MINUTE, { hashrateThs: 40 }),
          rig("edge", t + 3 * MINUTE, { hashrateThs: 80 }),
        ],
      });
      const answer = await one("edge", t, t + 4 * MINUTE, 4);
      expect(answer.bucketMs).toBe(MINUTE);
      expect(answer.ts).toEqual([0, 1, 2, 3].map((i) => t + i * MINUTE));
      expect(answer.fields["hashrateThs"]).toEqual({ min: [10, 40, null, 80], mean: [15, 40, null, 80], max: [20, 40, null, 80] });
      // `to` is exclusive, `from` inclusive.
      expect((await one("edge", t, t + MINUTE, 1)).fields["hashrateThs"]?.max).toEqual([20]);
      expect((await one("edge", t + 1, t + 3 * MINUTE, 4)).fields["hashrateThs"]).toEqual({
        min: [20, 40, null],
        mean: [20, 40, null],
        max: [20, 40, null],
      });
    });

    test("buckets lie on multiples of their width, cover the range and are no more than asked for", async () => {
      const t = free();
      for (const [from, to, points] of [
        [t + 17, t + HOUR + 17, 60],
        [t + 1, t + 24 * HOUR, 7],
        [t, t + 1, 1],
        [t + 30_001, t + 90_001, 2],
      ] as const) {
        const { ts, bucketMs } = await one("nobody", from, to, points);
        expect(ts.length).toBeLessThanOrEqual(points);
        expect(ts.every((start, i) => start % bucketMs === 0 && start === (ts[0] ?? 0) + i * bucketMs)).toBe(true);
        expect(ts[0]).toBeLessThanOrEqual(from);
        expect((ts.at(-1) ?? 0) + bucketMs).toBeGreaterThanOrEqual(to);
      }
    });

    test("a field that was not said is a gap of its own", async () => {
      const t = free();
      await write({ rigs: [rig("partly", t, { powerW: 3_000 }), rig("partly", t + 1_000, { powerW: 3_100, hashrateThs: 5 })] });
      const { fields } = await one("partly", t, t + MINUTE, 1, ["hashrateThs", "powerW", "chipC"]);
      expect(fields["hashrateThs"]).toEqual({ min: [5], mean: [5], max: [5] });
      expect(fields["powerW"]).toEqual({ min: [3_000], mean: [3_050], max: [3_100] });
      expect(fields["chipC"]).toEqual({ min: [null], mean: [null], max: [null] });
    });

    test("the same batch again changes nothing; a second write of a key replaces the first; in a batch the last wins", async () => {
      const t = free();
      const rigs = Array.from({ length: 60 }, (_, i) => rig("again", t + i * 1_000, { hashrateThs: 100 + i }));
      const boards = rigs.map((row) => board("again", 2, row.ts, { chipC: 70 }));
      const meter = rigs.map((row) => energy("solar", row.ts, { powerW: 500 }, "again"));
      for (let i = 0; i < 3; i++) await write({ rigs, boards, energy: meter });
      const top = () => store.top({ site: SITE, from: t, to: t + HOUR, field: "hashrateThs", order: "highest", limit: 3 });
      expect(await top()).toEqual([{ rig: "again", mean: 129.5 }]);
      await write({
        rigs: [
          rig("again", t + 59_000, { hashrateThs: 1 }),
          rig("again", t + 59_000, { hashrateThs: 219 }),
          rig("again", t + 60_000, { hashrateThs: 9 }),
          rig("again", t + 60_000, { hashrateThs: 10 }),
        ],
      });
      expect((await one("again", t, t + 2 * MINUTE, 2)).fields["hashrateThs"]).toEqual({
        min: [100, 10],
        mean: [130.5, 10],
        max: [219, 10],
      });
      expect(
        (await store.boardSeries({ site: SITE, rig: "again", board: 2, fields: ["chipC"], from: t, to: t + MINUTE, points: 1 })).fields[
          "chipC"
        ]?.mean,
      ).toEqual([70]);
      expect((await store.energySeries({ site: "again", from: t, to: t + MINUTE, points: 1 })).sourcesW).toEqual({ solar: [500] });
    });

    test("a row that comes again after its rig's model became known replaces the first", async () => {
      const t = free();
      const unnamed = [0, 1, 2, 3].map((i) => ({ ...rig("renamed", t + i * 1_000, { hashrateThs: 10 }), model: "" }));
      await write({ rigs: unnamed, boards: [{ ...board("renamed", 0, t, { chipC: 50 }), model: "" }] });
      await write({
        rigs: [0, 2].map((i) => rig("renamed", t + i * 1_000, { hashrateThs: 20 })),
        boards: [board("renamed", 0, t, { chipC: 70 })],
      });
      expect((await one("renamed", t, t + MINUTE, 1)).fields["hashrateThs"]).toEqual({ min: [10], mean: [15], max: [20] });
      const { fields } = await store.boardSeries({
        site: SITE,
        rig: "renamed",
        board: 0,
        fields: ["chipC"],
        from: t,
        to: t + MINUTE,
        points: 1,
      });
      expect(fields["chipC"]).toEqual({ min: [70], mean: [70], max: [70] });
    });

    test("any order of arrival gives the same answers, before, between and after roll-ups", async () => {
      const sites = ["order-a", "order-b", "order-c"] as const;
      const t = free();
      const moments = Array.from({ length: 6 * 60 * 3 }, (_, i) => t + i * 10_000 + 137);
      const rigs = (site: string) =>
        moments.flatMap((ts, i) =>
          ["r1", "r2", "r3"].flatMap((name, n) =>
            (i + n) % 7 === 0
              ? []
              : [
                  rig(
                    name,
                    ts + n,
                    {
                      hashrateThs: 90 + ((i * 37 + n) % 1_000) / 100,
                      powerW: 3_000 + ((i * 13 + n) % 70) / 10,
                      boardC: 60 + (i % 13),
                      accepted: i,
                    },
                    site,
                  ),
                ],
          ),
        );
      const boards = (site: string) => moments.map((ts, i) => ({ ...board("r1", 1, ts, { chipC: 70 + (i % 11) / 10, chips: 114 }), site }));
      const meters = (site: string) =>
        moments.flatMap((ts, i) => [
          energy("meter", ts, { powerW: 9_900 + (i % 100), gco2ePerKwh: 300 + (i % 50), pricePerKwh: 0.06 + (i % 7) / 1_000 }, site),
          energy("grid", ts, { powerW: 6_000 + (i % 17) }, site),
        ]);
      // In order, then the same backwards in batches, then shuffled with a roll-up after each batch.
      await write({ rigs: rigs("order-a"), boards: boards("order-a"), energy: meters("order-a") });
      const parts = 6;
      const part = <T>(rows: readonly T[], i: number): readonly T[] =>
        rows.slice(Math.floor((rows.length * i) / parts), Math.floor((rows.length * (i + 1)) / parts));
      for (let i = parts - 1; i >= 0; i--)
        await write({ rigs: part(rigs("order-b"), i), boards: part(boards("order-b"), i), energy: part(meters("order-b"), i) });
      const expected = await answers(store, "order-a", t, t + 4 * HOUR);
      expect(await answers(store, "order-b", t, t + 4 * HOUR)).toEqual(expected);
      for (let i = 0; i < parts; i++) {
        await write({
          rigs: part(shuffled(rigs("order-c"), 5), i),
          boards: part(shuffled(boards("order-c"), 6), i),
          energy: part(shuffled(meters("order-c"), 7), i),
        });
        await store.rollup(t + (i % 2 === 0 ? 90 * MINUTE : 24 * HOUR));
      }
      expect(await answers(store, "order-c", t, t + 4 * HOUR)).toEqual(expected);
      while ((await store.rollup(t + 48 * HOUR)) > 0);
      expect(await store.rollup(t + 48 * HOUR)).toBe(0);
      for (const site of sites) expect(await answers(store, site, t, t + 4 * HOUR)).toEqual(expected);
    });

    test("a late row changes its bucket though that was rolled up", async () => {
      const t = free();
      await write({ rigs: [rig("late", t + 1_000, { hashrateThs: 10 }), rig("late", t + HOUR, { hashrateThs: 50 })] });
      while ((await store.rollup(t + 24 * HOUR)) > 0);
      await write({ rigs: [rig("late", t + 2_000, { hashrateThs: 30 })] });
      const hours = async () => (await one("late", t, t + 2 * HOUR, 2)).fields["hashrateThs"];
      expect(await hours()).toEqual({ min: [10, 50], mean: [20, 50], max: [30, 50] });
      expect(await store.rollup(t + 24 * HOUR)).toBeGreaterThan(0);
      expect(await hours()).toEqual({ min: [10, 50], mean: [20, 50], max: [30, 50] });
    });

    test("adds a site up: each rig's mean, the hottest board, who spoke", async () => {
      const t = free();
      await write({
        rigs: [
          rig("s1", t, { hashrateThs: 100, powerW: 3_000, boardC: 60 }, "sums"),
          rig("s1", t + 10_000, { hashrateThs: 110, powerW: 3_200, boardC: 70 }, "sums"),
          rig("s2", t + 5_000, { hashrateThs: 50, powerW: 1_500, boardC: 81.5 }, "sums"),
          rig("s3", t + 6_000, { skewMs: 12 }, "sums"),
          rig("s1", t + 2 * MINUTE, { hashrateThs: 7 }, "sums"),
          rig("s1", t, { hashrateThs: 1_000_000 }, "other"),
        ],
      });
      const expected = {
        ts: [t, t + MINUTE, t + 2 * MINUTE],
        bucketMs: MINUTE,
        hashrateThs: [155, null, 7],
        powerW: [4_600, null, null],
        boardMaxC: [81.5, null, null],
        boardMeanC: [73.25, null, null],
        rigs: [3, 0, 1],
      };
      expect(await store.siteSeries({ site: "sums", from: t, to: t + 3 * MINUTE, points: 3 })).toEqual(expected);
      while ((await store.rollup(t + 24 * HOUR)) > 0);
      expect(await store.siteSeries({ site: "sums", from: t, to: t + 3 * MINUTE, points: 3 })).toEqual(expected);
    });

    test("gives the energy mix with the meter, carbon and price beside it", async () => {
      const t = free();
      await write({
        energy: [
          energy("meter", t, { powerW: 9_000, ambientC: 21 }, "mix"),
          energy("grid", t, { powerW: 5_000, gco2ePerKwh: 400, pricePerKwh: 0.0612 }, "mix"),
          energy("battery", t, { powerW: -500 }, "mix"),
          energy("grid", t + 30_000, { powerW: 7_000, gco2ePerKwh: 300, pricePerKwh: 0.07 }, "mix"),
        ],
      });
      expect(await store.energySeries({ site: "mix", from: t, to: t + 2 * MINUTE, points: 2 })).toEqual({
        ts: [t, t + MINUTE],
        bucketMs: MINUTE,
        sourcesW: { grid: [6_000, null], battery: [-500, null] },
        meteredW: [9_000, null],
        gco2ePerKwh: [350, null],
        pricePerKwh: [0.0656, null],
      });
      expect((await store.energySeries({ site: "nowhere", from: t, to: t + MINUTE, points: 1 })).meteredW).toEqual([null]);
    });

    test("several meters of a site are summed, before and after the roll-up", async () => {
      const t = free();
      const told = [0, 30_000].flatMap((ms) => [
        energy("a/meter", t + ms, { powerW: 5_000_000 }, "meters"),
        energy("a/grid", t + ms, { powerW: 5_000_000, pricePerKwh: 0.05 }, "meters"),
        // At the same moment as the other, and a second later.
        energy("b/meter", t + ms, { powerW: 3_000_000 }, "meters"),
        energy("b/grid", t + ms + 1_000, { powerW: 3_000_000, pricePerKwh: 0.07 }, "meters"),
      ]);
      await write({ energy: told });
      const query = { site: "meters", from: t, to: t + 10 * MINUTE, points: 10 };
      const expected = { meteredW: [8_000_000], sourcesW: { grid: [8_000_000] }, pricePerKwh: [0.06] };
      const first = async () => {
        const { meteredW, sourcesW, pricePerKwh } = await store.energySeries(query);
        return { meteredW: meteredW.slice(0, 1), sourcesW: { grid: sourcesW.grid?.slice(0, 1) }, pricePerKwh: pricePerKwh.slice(0, 1) };
      };
      expect(await first()).toEqual(expected);
      while ((await store.rollup(t + 24 * HOUR)) > 0);
      expect(await first()).toEqual(expected);
    });

    test("ranks rigs by a mean, equal ones by name, silent ones not", async () => {
      const t = free();
      await write({
        rigs: [
          rig("t2", t, { chipC: 80 }, "rank"),
          rig("t1", t, { chipC: 80 }, "rank"),
          rig("t3", t, { chipC: 91.5 }, "rank"),
          rig("t3", t + 1, { chipC: 90.5 }, "rank"),
          rig("t4", t, { powerW: 1 }, "rank"),
        ],
      });
      const query = { site: "rank", from: t, to: t + MINUTE, field: "chipC", limit: 2 } as const;
      expect(await store.top({ ...query, order: "highest" })).toEqual([
        { rig: "t3", mean: 91 },
        { rig: "t1", mean: 80 },
      ]);
      expect(await store.top({ ...query, order: "lowest" })).toEqual([
        { rig: "t1", mean: 80 },
        { rig: "t2", mean: 80 },
      ]);
    });

    test("keeps the power of a site of hundreds of megawatts and a price in a small currency, in all tiers", async () => {
      const t = free();
      await write({
        energy: [0, 30_000].map((ms) => energy("main/meter", t + ms, { powerW: 999_999_999.9, pricePerKwh: 99_999.12345 }, "large")),
      });
      for (const nowTs of [0, t + HOUR]) {
        while ((await store.rollup(nowTs)) > 0);
        for (const points of [60, 1]) {
          const answer = await store.energySeries({ site: "large", from: t, to: t + HOUR, points });
          expect([answer.meteredW[0], answer.pricePerKwh[0]]).toEqual([999_999_999.9, 99_999.12345]);
        }
      }
    });

    test("refuses for good only what cannot be kept, and keeps the rest", async () => {
      const t = free();
      const rejected = await write({
        rigs: [
          rig("good-1", t, { hashrateThs: 1 }, "sorted"),
          rig("bad", t, { hashrateThs: -Infinity, powerW: 3_000 }, "sorted"),
          rig("bad", t + 1, { powerW: Infinity, boardC: 61 }, "sorted"),
          rig("two\nlines", t, { hashrateThs: 1 }, "sorted"),
          rig("back\\slash", t, { hashrateThs: 1 }, "sorted"),
          rig("", t, { hashrateThs: 1 }, "sorted"),
          rig("early", -5, { hashrateThs: 1 }, "sorted"),
          rig("never", Number.NaN, { hashrateThs: 1 }, "sorted"),
          rig("far", 9e15, { hashrateThs: 1 }, "sorted"),
          rig("huge", t, { powerW: 1e30, hashrateThs: 2 }, "sorted"),
          rig("good-2", t, { hashrateThs: 3 }, "sorted"),
        ],
        boards: [board("good-1", 999, t, { chipC: 1 })],
      });
      expect(rejected).toHaveLength(10);
      for (const word of ["hashrateThs", "powerW", "two\nlines", "back\\slash", "early", "never", "far", "huge", "/999"])
        expect(rejected.some(({ point }) => point.includes(word))).toBe(true);
      expect((await store.latest("sorted")).map((row) => [row.rig, row.values.hashrateThs, row.values.powerW, row.values.boardC])).toEqual([
        ["bad", null, null, 61],
        ["good-1", 1, null, null],
        ["good-2", 3, null, null],
        ["huge", 2, null, null],
      ]);
    });

    test("nasty names are only names", async () => {
      const t = free();
      const names = [
        'a "quoted" rig',
        "it's",
        "a,b=c d",
        "x' OR '1'='1",
        "'; DROP MEASUREMENT rig; --",
        'r1" OR "rig" =~ /.*/ --',
        "=",
        "Grüße-鉱",
        "$rig",
        "{}[]()/*?%_",
      ];
      await write({ rigs: names.map((name, i) => rig(name, t, { hashrateThs: i + 1 }, "nasty, 'site'")) });
      await write({ rigs: [rig("bystander", t, { hashrateThs: 999 }, "nasty-other")] });
      for (const [i, name] of names.entries()) {
        const { fields } = await store.rigSeries({
          site: "nasty, 'site'",
          rig: name,
          from: t,
          to: t + MINUTE,
          points: 1,
          fields: ["hashrateThs"],
        });
        expect([name, fields["hashrateThs"]?.max]).toEqual([name, [i + 1]]);
      }
      expect((await store.latest("nasty, 'site'")).map((row) => row.rig)).toEqual([...names].sort((a, b) => (a < b ? -1 : 1)));
      const payloads = ["x\\' \\' OR rig =~ /.*/ -- ", "x' OR rig =~ /.*/ --", "' OR 1=1 --", "x\\", "%", "nasty, 'site", "x\nOR 1=1"];
      for (const payload of payloads) {
        expect(
          (await store.rigSeries({ site: "nasty, 'site'", rig: payload, from: t, to: t + MINUTE, points: 1, fields: ["hashrateThs"] }))
            .fields["hashrateThs"]?.max,
        ).toEqual([null]);
        expect(await store.latest(payload)).toEqual([]);
        expect(await store.top({ site: payload, from: t, to: t + MINUTE, field: "hashrateThs", order: "highest", limit: 9 })).toEqual([]);
        expect((await store.siteSeries({ site: payload, from: t, to: t + MINUTE, points: 1 })).rigs).toEqual([0]);
      }
      const field = 'hashrateThs") FROM rig --' as RigField;
      await expect(store.rigSeries({ site: SITE, rig: "r", from: t, to: t + 1, points: 1, fields: [field] })).rejects.toMatchObject({
        code: "REQUEST_INVALID",
      });
      await expect(store.top({ site: SITE, from: t, to: t + 1, field, order: "highest", limit: 1 })).rejects.toMatchObject({
        code: "REQUEST_INVALID",
      });
    });

    test("refuses a range that is none", async () => {
      for (const [from, to] of [
        [5, 5],
        [9, 2],
        [Number.NaN, 5],
        [0.5, 5],
        [-1, 5],
        [0, Infinity],
        // Microseconds.
        [T0 * 1_000, (T0 + 60_000) * 1_000],
      ] as const)
        await expect(store.siteSeries({ site: SITE, from, to, points: 10 })).rejects.toMatchObject({ code: "RANGE_INVALID" });
      for (const points of [0, 1.5, 1e9])
        await expect(store.siteSeries({ site: SITE, from: 0, to: 10, points })).rejects.toMatchObject({ code: "REQUEST_INVALID" });
    });

    test("is healthy and says what it is", async () => {
      expect(await store.health()).toMatchObject({ status: "ok", detail: expect.any(String) });
    });
  });

  test("its position is taken back when it is told so, also for who opens it next, and a batch that follows on more than it has is refused", async () => {
    let store = await open("rewound");
    const one = (upTo: number, after?: number) => ({
      ...batch(upTo, { rigs: [rig("r", T0 + upTo, { powerW: upTo })] }),
      ...(after === undefined ? {} : { after }),
    });
    await store.write(one(1_000));
    await store.rewind(3);
    expect(await store.cursor()).toBe(3);
    await store.stop();
    store = await open("rewound");
    expect(await store.cursor()).toBe(3);
    await expect(store.write(one(5, 4))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await eventually(() => store.write(one(5, 3)))).toEqual([]);
    expect(await store.cursor()).toBe(5);
    expect((await store.latest(SITE))[0]?.values.powerW).toBe(1_000);
    await store.stop();
  });

  test("keeps 100 000 rows, over a restart, with what was still to be rolled up", async () => {
    let store = await open("many");
    for (let i = 0; i < 20; i++)
      await store.write(
        batch(i + 1, {
          rigs: Array.from({ length: 5_000 }, (_, k) =>
            rig(`rig-${k % 100}`, T0 + (i * 50 + Math.floor(k / 100)) * 10_000, {
              hashrateThs: 100 + (k % 100) / 100,
              accepted: i * 50 + Math.floor(k / 100),
            }),
          ),
        }),
      );
    const look = async () => ({
      cursor: await store.cursor(),
      latest: (await store.latest(SITE)).length,
      site: await store.siteSeries({ site: SITE, from: T0, to: T0 + 1_000 * 10_000, points: 200 }),
      top: await store.top({ site: SITE, from: T0, to: T0 + HOUR, field: "hashrateThs", order: "highest", limit: 2 }),
    });
    const before = await look();
    expect(before.cursor).toBe(20);
    expect(before.latest).toBe(100);
    expect(before.site.rigs.slice(0, 166).every((rigs) => rigs === 100)).toBe(true);
    expect(before.site.hashrateThs[3]).toBeCloseTo(10_049.5, 5);
    expect(before.top).toEqual([
      { rig: "rig-99", mean: 100.99 },
      { rig: "rig-98", mean: 100.98 },
    ]);
    await store.stop();
    store = await open("many");
    expect(await look()).toEqual(before);
    while ((await store.rollup(T0 + 24 * HOUR)) > 0);
    await store.stop();
    store = await open("many");
    expect(await look()).toEqual(before);
    await store.stop();
  }, 120_000);

  test("drops old raw rows and answers for that time from coarser ones; what comes later than that is refused", async () => {
    const store = await open("old");
    const rows = Array.from({ length: 6 * 60 * 4 }, (_, i) => rig("r1", T0 + i * 10_000, { hashrateThs: 100 + (i % 10) }));
    await store.write(batch(1, { rigs: rows }));
    const day = () => store.rigSeries({ site: SITE, rig: "r1", fields: ["hashrateThs"], from: T0, to: T0 + 4 * HOUR, points: 240 });
    const hours = () => store.siteSeries({ site: SITE, from: T0, to: T0 + 4 * HOUR, points: 4 });
    const before = [await day(), await hours()];
    await store.retain(T0 + 2 * HOUR + 5, T0 + 1 * HOUR);
    expect(await hours()).toEqual(before[1]);
    const after = await store.rigSeries({
      site: SITE,
      rig: "r1",
      fields: ["hashrateThs"],
      from: T0 + HOUR,
      to: T0 + 4 * HOUR,
      points: 240,
    });
    expect(after.bucketMs).toBe(MINUTE);
    expect(after.fields["hashrateThs"]?.mean).toEqual((before[0] as typeof after).fields["hashrateThs"]?.mean.slice(60));
    expect((await day()).bucketMs).toBe(HOUR);
    const rejected = await store.write(
      batch(2, { rigs: [rig("r1", T0 + 5_000, { hashrateThs: 1 }), rig("r1", T0 + 3 * HOUR + 5, { hashrateThs: 100 })] }),
    );
    expect(rejected).toEqual([{ point: expect.stringContaining("r1"), reason: expect.stringContaining("older") }]);
    expect(await hours()).toMatchObject({ rigs: [1, 1, 1, 1] });
    await store.stop();
  });

  test("an empty store answers with gaps, a stopped one with STORE_UNAVAILABLE", async () => {
    const store = await open("empty");
    expect(await store.cursor()).toBe(0);
    expect(await store.latest(SITE)).toEqual([]);
    expect(await store.siteSeries({ site: SITE, from: T0, to: T0 + HOUR, points: 2 })).toMatchObject({
      hashrateThs: [null, null],
      rigs: [0, 0],
    });
    expect(await store.rollup(T0)).toBe(0);
    await store.stop();
    await expect(store.write(batch(1, {}))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await expect(store.latest(SITE)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });
};
