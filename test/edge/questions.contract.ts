/** Questions about many rigs and the export, on every series store; run by duck.test.ts and influx.test.ts on the real thing. */
import { describe, expect, test } from "@jest/globals";
import { textPieces } from "../../server/flows/export.ts";
import { activityOf, dayLines, performanceLines, stoppedLines, uptimeLines, type Known } from "../../server/twin/activity.ts";
import { RIG_FIELDS, type RowsQuery, type SeriesStore } from "../../server/twin/series.ts";
import { batch, HOUR, MINUTE, rig, T0 } from "./series.contract.ts";
import type { Row } from "../rows.ts";

const SLOT = 10 * MINUTE;
const SITE = "asked";
const NAMEPLATES: Readonly<Record<string, Known>> = {
  steady: { model: "a", nameplateThs: 100, nameplateW: 3_000 },
  flaky: { model: "a", nameplateThs: 100, nameplateW: 3_000 },
  silent: { model: "b", nameplateThs: 200, nameplateW: 5_000 },
  dead: { model: "b", nameplateThs: 200, nameplateW: 5_000 },
};
const knownOf = (name: string): Known => NAMEPLATES[name] ?? { model: "unknown", nameplateThs: null, nameplateW: null };

/** A reading a minute for six hours. `steady` always hashes; `flaky` stops in slots 6 and 20; `silent` says nothing in slots 12 to 17; `dead` never hashes. */
const story = (): Row[] => {
  const rows: Row[] = [];
  for (let minute = 0; minute < 360; minute++) {
    const ts = T0 + minute * MINUTE;
    const slot = Math.floor(minute / 10);
    rows.push(rig("steady", ts, { hashrateThs: 100, powerW: 3_300 }, SITE));
    const stopped = slot === 6 || slot === 20;
    rows.push(rig("flaky", ts, { hashrateThs: stopped ? 0 : 90, powerW: stopped ? 100 : 3_000 }, SITE));
    if (slot < 12 || slot > 17) rows.push(rig("silent", ts, { hashrateThs: 150, powerW: 5_000 }, SITE));
    // A tenth of the nameplate is not reached: fans turn, chips do not.
    rows.push(rig("dead", ts, { hashrateThs: 19.9, powerW: 50 }, SITE));
  }
  return rows;
};

const range = { from: T0, to: T0 + 6 * HOUR };
const ask = async (store: SeriesStore, of = range, one: string | null = null) =>
  activityOf(of, store.slots({ site: SITE, rig: one, ...of }), knownOf, { leastMs: HOUR, limit: 3 });

const every = async (store: SeriesStore): Promise<unknown> => {
  const activity = await ask(store);
  const odd = await ask(store, { from: T0 + 7 * MINUTE + 123, to: T0 + 5 * HOUR + 1 });
  return {
    uptime: uptimeLines(activity),
    runs: activity.runs,
    models: performanceLines(activity, "model"),
    rigs: performanceLines(activity, "rig"),
    days: dayLines(activity),
    stopped: stoppedLines(activity),
    odd: [uptimeLines(odd), odd.runs, performanceLines(odd, "model")],
  };
};

const exported = async (store: SeriesStore, query: Partial<RowsQuery>, format: "csv" | "ndjson" = "csv"): Promise<string> => {
  let text = "";
  const whole = { site: SITE, rigs: null, tier: "raw", ...range, fields: ["hashrateThs", "powerW"], ...query } as const;
  for await (const piece of textPieces(whole, format, store, new AbortController().signal)) text += piece;
  return text;
};

/** Everything that is kept of a site, byte for byte, of each tier. */
const bytesOf = async (store: SeriesStore, site: string, from: number, to: number): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(
      (["raw", "1m", "1h"] as const).map(
        async (tier) => [tier, await exported(store, { site, tier, from, to, fields: RIG_FIELDS }, "ndjson")] as const,
      ),
    ),
  );

export const questionsContract = (open: (place: string) => Promise<SeriesStore>): void => {
  describe("questions about many rigs", () => {
    test("uptime runs, breakdowns, load, J/TH against the nameplate and days, before and after the roll-up", async () => {
      const store = await open("asked");
      await store.write(batch(1, { rigs: story() }));
      const activity = await ask(store);
      expect(uptimeLines(activity)).toEqual([
        expect.objectContaining({
          rig: "dead",
          hashingMs: 0,
          reportedMs: 6 * HOUR,
          runs: 0,
          breakdowns: 0,
          silences: 0,
          uptimePct: 0,
          meanRunMs: null,
        }),
        expect.objectContaining({
          rig: "flaky",
          hashingMs: 34 * SLOT,
          runs: 3,
          breakdowns: 2,
          silences: 0,
          longestRunMs: 15 * SLOT,
          meanRunMs: (34 * SLOT) / 3,
        }),
        expect.objectContaining({
          rig: "silent",
          hashingMs: 30 * SLOT,
          reportedMs: 30 * SLOT,
          runs: 2,
          breakdowns: 0,
          silences: 1,
          uptimePct: 100,
        }),
        expect.objectContaining({ rig: "steady", hashingMs: 6 * HOUR, runs: 1, longestRunMs: 6 * HOUR, breakdowns: 0, silences: 0 }),
      ]);
      expect(activity.runs).toEqual([
        { rig: "steady", fromTs: T0, toTs: T0 + 6 * HOUR },
        { rig: "silent", fromTs: T0 + 18 * SLOT, toTs: T0 + 6 * HOUR },
        { rig: "flaky", fromTs: T0 + 21 * SLOT, toTs: T0 + 6 * HOUR },
      ]);
      expect(stoppedLines(activity)).toEqual([{ rig: "dead", model: "b", reportedMs: 6 * HOUR }]);
      // flaky: 34 of 36 slots at 90 TH/s and 3 000 W, the other two at 0 and 100.
      const flakyThs = (90 * 34) / 36;
      const flakyW = (3_000 * 34 + 100 * 2) / 36;
      expect(performanceLines(activity, "model")).toEqual([
        {
          name: "a",
          rigs: 2,
          meanThs: (100 + flakyThs) / 2,
          meanW: Number(((3_300 + flakyW) / 2).toFixed(1)),
          loadPct: (100 * (100 + flakyThs)) / 200,
          actualJTh: Number(((3_300 + flakyW) / (100 + flakyThs)).toFixed(3)),
          nameplateJTh: 30,
          overNameplatePct: Number((100 * ((3_300 + flakyW) / (100 + flakyThs) / 30 - 1)).toFixed(2)),
          rigDays: 0.5,
          hashingMsPerRigDay: 140 * SLOT,
          meanRunMs: (70 * SLOT) / 4,
          breakdowns: 2,
          silences: 0,
          breakdownsPerRigDay: 4,
        },
        expect.objectContaining({ name: "b", rigs: 2, breakdowns: 0, silences: 1, nameplateJTh: 25 }),
      ]);
      expect(dayLines(activity)).toEqual([
        {
          dayTs: T0,
          model: "a",
          rigs: 2,
          reportedMs: 72 * SLOT,
          hashingMs: 70 * SLOT,
          runs: 4,
          activePct: 97.22,
          hashingMsPerRig: 35 * SLOT,
          meanRunMs: (70 * SLOT) / 4,
        },
        expect.objectContaining({ dayTs: T0, model: "b", rigs: 2, hashingMs: 30 * SLOT }),
      ]);
      expect([...(await ask(store, range, "flaky")).rigs.keys()]).toEqual(["flaky"]);
      expect((await ask(store, range, "nobody")).rigs.size).toBe(0);
      const before = await every(store);
      while ((await store.rollup(T0 + 24 * HOUR)) > 0);
      expect(await every(store)).toEqual(before);
      await store.stop();
    }, 60_000);

    test("names that try to be more than names find nothing", async () => {
      const store = await open("asked-nasty");
      await store.write(batch(1, { rigs: [rig("r1", T0, { hashrateThs: 1 }, SITE), rig("r2", T0, { hashrateThs: 1 }, "other")] }));
      for (const name of ["x' OR '1'='1", 'r1" OR "rig" =~ /.*/ --', "x\\' \\' OR rig =~ /.*/ -- ", "') OR (1=1"]) {
        expect((await ask(store, range, name)).rigs.size).toBe(0);
        expect(await exported(store, { rigs: [name] })).toBe("ts,rig,hashrateThs,powerW\r\n");
        expect(await exported(store, { site: name })).toBe("ts,rig,hashrateThs,powerW\r\n");
      }
      expect(await exported(store, { rigs: ["r1", "r2", "nobody"] })).toBe(`ts,rig,hashrateThs,powerW\r\n${T0},r1,1,\r\n`);
      await store.stop();
    });

    test("refuses ranges that are none, and tiers that are gone", async () => {
      const store = await open("asked-ranges");
      await store.write(batch(1, { rigs: [rig("r1", T0, { hashrateThs: 1 }, SITE), rig("r1", T0 + 5 * HOUR, { hashrateThs: 1 }, SITE)] }));
      await expect(store.rows({ site: SITE, rigs: null, tier: "raw", from: 5, to: 5, fields: ["powerW"] })).rejects.toMatchObject({
        code: "RANGE_INVALID",
      });
      await expect(
        store.rows({ site: SITE, rigs: null, tier: "1h", from: T0 + 1, to: T0 + HOUR, fields: ["powerW"] }),
      ).rejects.toMatchObject({ code: "RANGE_INVALID" });
      await expect(ask(store, { from: 9, to: 2 })).rejects.toMatchObject({ code: "RANGE_INVALID" });
      await store.retain(T0 + 4 * HOUR, T0 + 2 * HOUR);
      await expect(exported(store, {})).rejects.toMatchObject({ code: "RANGE_INVALID", detail: expect.stringContaining("coarser") });
      await expect(exported(store, { tier: "1m" })).rejects.toMatchObject({ code: "RANGE_INVALID" });
      // Nothing has left by then: it can still be answered.
      const pieces = textPieces(
        { site: SITE, rigs: null, tier: "raw", ...range, fields: ["powerW"] },
        "csv",
        store,
        new AbortController().signal,
      );
      await expect(pieces[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "RANGE_INVALID" });
      expect(await exported(store, { tier: "1m", from: T0 + 2 * HOUR })).toContain(`${T0 + 5 * HOUR},r1,1,1,1,1,1`);
      expect((await exported(store, { tier: "1h" })).trim().split("\r\n")).toHaveLength(3);
      // Where minutes are gone slots are hours, and answers go on.
      expect((await ask(store)).slotMs).toBe(HOUR);
      await store.stop();
    }, 60_000);
  });

  test("minutes and hours are the same bytes, live, late or replayed", async () => {
    const store = await open("bytes");
    const t = T0 + 72 * HOUR;
    const rows = (site: string): Row[] =>
      Array.from({ length: 2 * 360 }, (_, i) =>
        ["r1", "r2"].flatMap((name, n) =>
          (i * 7 + n) % 11 === 0
            ? []
            : [
                rig(
                  name,
                  t + i * 10_000 + n * 77,
                  {
                    hashrateThs: 90 + ((i * 37 + n) % 997) / 7,
                    powerW: 3_000 + ((i * 13) % 71) / 3,
                    boardC: 60 + (i % 13) / 3,
                    accepted: i * 3,
                    skewMs: (i % 30) - 9,
                  },
                  site,
                ),
              ],
        ),
      ).flat();
    let upTo = 0;
    const write = (rigs: readonly Row[]) => store.write(batch((upTo += 1), { rigs }));
    const to = t + 2 * HOUR;
    const parts = (all: readonly Row[], n: number): Row[][] =>
      Array.from({ length: n }, (_, i) => all.slice(Math.floor((all.length * i) / n), Math.floor((all.length * (i + 1)) / n)));
    // Live: in order, rolled up as time goes by.
    for (const part of parts(rows("live"), 5)) {
      await write(part);
      await store.rollup(part.at(-1)?.ts ?? 0);
    }
    while ((await store.rollup(to + HOUR)) > 0);
    const live = await bytesOf(store, "live", t, to);
    expect(live["raw"]?.split("\n").length).toBe(rows("live").length + 1);
    expect(live["1m"]?.split("\n").length).toBe(2 * 120 + 1);
    expect(live["1h"]?.split("\n").length).toBe(2 * 2 + 1);
    // Late: the newest part first, rolled up, then what was missing, rolled up after each.
    for (const part of parts(rows("late"), 3).toReversed()) {
      await write(part.toReversed());
      while ((await store.rollup(to + HOUR)) > 0);
    }
    expect(await bytesOf(store, "late", t, to)).toEqual(live);
    // Replayed: all at once, twice, the second time over rows that were rolled up already, and with a value that is put right.
    const wrong = rows("replayed").map((row, i) => (i % 50 === 3 ? { ...row, values: row.values.map((value) => value * 2) } : row));
    await write(wrong);
    while ((await store.rollup(to + HOUR)) > 0);
    expect(await bytesOf(store, "replayed", t, to)).not.toEqual(live);
    await write(rows("replayed"));
    expect(await bytesOf(store, "replayed", t, to)).toEqual(live);
    while ((await store.rollup(to + HOUR)) > 0);
    expect(await bytesOf(store, "replayed", t, to)).toEqual(live);
    await store.stop();
  }, 120_000);

  test("an export is complete, in order, in pieces that do not grow with the range", async () => {
    const store = await open("export");
    const rows = Array.from({ length: 24_000 }, (_, i) =>
      rig(`rig-${i % 40}`, T0 + Math.floor(i / 40) * 10_000 + (i % 40), { hashrateThs: i / 8, powerW: i % 3 === 0 ? NaN : i }, SITE),
    );
    await store.write(batch(1, { rigs: rows }));
    const sizes: number[] = [];
    let text = "";
    const query: RowsQuery = {
      site: SITE,
      rigs: null,
      tier: "raw",
      from: T0 - 24 * HOUR,
      to: T0 + 24 * HOUR,
      fields: ["hashrateThs", "powerW"],
    };
    const counting = async (part: RowsQuery) => {
      const page = await store.rows(part);
      sizes.push(page.ts.length);
      return page;
    };
    for await (const piece of textPieces(query, "csv", { count: store.count, rows: counting }, new AbortController().signal)) text += piece;
    const lines = text.split("\r\n");
    expect(lines[0]).toBe("ts,rig,hashrateThs,powerW");
    expect(lines.slice(1, -1)).toEqual(
      rows.map((row, i) => `${row.ts},${row.name},${Math.round((i / 8) * 1_000) / 1_000},${i % 3 === 0 ? "" : i}`),
    );
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8_000);
    const json = (await exported(store, { rigs: ["rig-3"], from: T0, to: T0 + MINUTE }, "ndjson")).trim().split("\n");
    expect(json.map((line) => JSON.parse(line) as unknown)).toEqual(
      rows
        .filter((row) => row.name === "rig-3" && row.ts < T0 + MINUTE)
        .map((row) => expect.objectContaining({ ts: row.ts, rig: "rig-3" })),
    );
    // Whoever hangs up ends it at the next piece.
    const gone = new AbortController();
    const pieces = textPieces(query, "csv", store, gone.signal)[Symbol.asyncIterator]();
    await pieces.next();
    await pieces.next();
    gone.abort();
    await expect(pieces.next()).rejects.toMatchObject({ name: "AbortError" });
    await store.stop();
  }, 60_000);
};
