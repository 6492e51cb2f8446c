import { describe, expect, test } from "@jest/globals";
import { createSeries } from "../../server/flows/series.ts";
import { foldEntry, newFarm, nothingYet } from "../../server/twin/farm.ts";
import { MEASURES, type MeasureName } from "../../server/twin/measures.ts";
import { Refused } from "../../server/twin/refusal.ts";
import type { SeriesBatch } from "../../server/twin/series.ts";
import type { Entry } from "../../server/twin/twin.ts";
import { OWN } from "../../server/twin/wire.ts";
import { rowsIn } from "../rows.ts";
import { energy, handClock, handJournal, T0, telemetry, text } from "./hands.ts";

/** A store that keeps the rows themselves, by name and ms since T0. */
const keepingStore = () => {
  const rows = new Map<string, Readonly<Record<string, number | undefined>>>();
  /** `writesLeft`: so many more succeed before its server is killed. */
  const state = { away: false, cursor: 0, writesLeft: Infinity };
  const refuse = (): void => {
    if (state.away || state.writesLeft <= 0) throw new Refused("STORE_UNAVAILABLE", "The store is away.");
  };
  const put = (measure: MeasureName, { rows: { [measure]: of } }: SeriesBatch): void => {
    for (const { name, ts, values } of rowsIn(of))
      rows.set(`${name}@${ts - T0}`, Object.fromEntries(MEASURES[measure].fields.map((field, i) => [field.name, values[i]])));
  };
  return {
    state,
    count: () => rows.size,
    told: (...fields: string[]) =>
      Object.fromEntries([...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, row]) => [key, fields.map((field) => row[field])])),
    cursor: async () => {
      refuse();
      return state.cursor;
    },
    rewind: async (upTo: number) => {
      refuse();
      state.cursor = upTo;
    },
    write: async (batch: SeriesBatch) => {
      refuse();
      state.writesLeft -= 1;
      put("rig", batch);
      put("site_energy", batch);
      state.cursor = Math.max(state.cursor, batch.upTo);
      return [];
    },
  };
};

const world = (mostRows?: number, onReadOn: () => void = () => undefined, freshMs?: number) => {
  const clock = handClock();
  const journal = handJournal(clock.now);
  const store = keepingStore();
  const farm = newFarm("farm");
  const health: (string | null)[] = [];
  const start = async () => {
    const series = createSeries({
      site: "farm",
      clock,
      write: store.write,
      cursor: store.cursor,
      rewind: store.rewind,
      read: async function* (fromPos) {
        for await (const entries of journal.read(fromPos)) {
          onReadOn();
          yield entries;
        }
      },
      headPos: journal.headPos,
      ...(freshMs === undefined ? {} : { positionAt: journal.positionAt, freshMs }),
      modelOf: () => null,
      foreign: () => farm.foreign,
      onRejected: () => undefined,
      onHealth: (away) => health.push(away),
      ...(mostRows === undefined ? {} : { mostRows }),
    });
    await series.start();
    journal.subscribe((entries: readonly Entry[]) => {
      const out = nothingYet(series.rows());
      for (const entry of entries) foldEntry(farm, entry, out);
      series.take({ firstPos: entries[0]?.pos ?? 0, lastPos: entries.at(-1)?.pos ?? 0 });
    });
    return series;
  };
  return { clock, journal, store, farm, health, start };
};
type World = ReturnType<typeof world>;

/** What the store has after `before` came live, and `within` live as well, or while it was away. */
const bothWays = async (before: (of: World) => void, within: (of: World) => void | Promise<void>, ...fields: string[]) => {
  const told = [];
  for (const isAway of [false, true]) {
    const of = world();
    await of.start();
    before(of);
    await of.clock.pass(1_000);
    of.store.state.away = isAway;
    await within(of);
    await of.clock.pass(2_000);
    of.store.state.away = false;
    await of.clock.pass(5_000);
    told.push(of.store.told(...fields));
  }
  const [live, reread] = told;
  expect(Object.keys(live ?? {}).length).toBeGreaterThan(0);
  expect(reread).toEqual(live);
  return live;
};

const hashrate = (ths: number) => text("miner_aabbccddeeff/hashrate", String(ths));

describe("rows that are read again from the journal are those that came live", () => {
  test("of a device that tells one value a message", async () => {
    const rows = await bothWays(
      ({ journal }) => {
        journal.put(text("miner_aabbccddeeff/wattage", "3000"));
        journal.put(hashrate(100));
      },
      ({ journal }) => journal.put(hashrate(101)),
      "hashrateThs",
      "powerW",
    );
    expect(Object.values(rows ?? {}).at(-1)).toEqual([101, 3_000]);
  });

  test("also where what came last is written first, and rests on what lies further back than is read before it", async () => {
    const { clock, journal, store, start } = world(1, undefined, 60_000);
    await start();
    store.state.away = true;
    journal.put(text("miner_aabbccddeeff/wattage", "3000"));
    journal.put(hashrate(100));
    for (let i = 0; i < 20_100; i++) journal.put(text("rigtwin/x", ""));
    await clock.pass(100_000);
    journal.put(hashrate(101));
    for (let i = 0; i < 3; i++) journal.put(telemetry("r1", clock.now() + i, i));
    await clock.pass(3_000);
    store.state.away = false;
    await clock.pass(10_000);
    const rows = Object.entries(store.told("hashrateThs", "powerW")).filter(([key]) => !key.startsWith("r1"));
    expect(rows.slice(-2).map(([, row]) => row)).toEqual([
      [100, 3_000],
      [101, 3_000],
    ]);
  });

  test("where two messages without a time of their own come within a millisecond, the store going away between them", async () => {
    const rows = await bothWays(
      ({ journal, clock }) => journal.put(hashrate(100), clock.now() + 999),
      ({ journal, clock }) => journal.put(hashrate(200), clock.now() - 1),
      "hashrateThs",
    );
    expect(new Set(Object.values(rows ?? {}).flat())).toEqual(new Set([100, 200]));
  });

  test("of messages that waited for a mapping, which was made and taken back while the store was away", async () => {
    const act = (body: object) => text(OWN.act, JSON.stringify({ by: "admin", ...body }));
    const said = (value: number) => text("shed/7/x", `{"hr":${value}}`);
    const rows = await bothWays(
      ({ journal }) => journal.put(said(100)),
      async ({ journal, clock }) => {
        const fields = [{ path: "$.hr", field: "hashrateThs", factor: 1 }];
        journal.put(act({ what: "map", mapping: { topic: "shed/7/x", rig: "shed-7", as: "rig", fields } }));
        await clock.pass(10);
        journal.put(said(101));
        journal.put(act({ what: "unmap", topic: "shed/7/x" }));
        await clock.pass(10);
        journal.put(said(102));
      },
      "hashrateThs",
    );
    expect(Object.values(rows ?? {})).toEqual([[100], [101]]);
  });

  test("of a message that comes again, and of a second gateway's, the first of which was stored before", async () => {
    const rows = await bothWays(
      ({ journal }) => journal.put(telemetry("r1", T0, 1, { hashrateThs: 100 })),
      async ({ journal, clock }) => {
        await clock.pass(60_000);
        journal.put(telemetry("r1", T0, 1, { hashrateThs: 100 }));
        journal.put(telemetry("r1", T0, 2, { hashrateThs: 7 }));
      },
      "hashrateThs",
      "skewMs",
    );
    expect(rows).toEqual({ "r1@0": [100, 0] });
  });

  test("of a meter that says two things of one moment", async () => {
    const rows = await bothWays(
      () => undefined,
      ({ journal }) => {
        journal.put(energy(T0, 1, 5_000));
        journal.put(energy(T0, 1, 9_000));
      },
      "powerW",
    );
    expect(rows?.["meter-1/meter@0"]).toEqual([5_000]);
  });

  test("of another dialect's messages that are sent again because nobody heard the acknowledgement", async () => {
    const rows = await bothWays(
      ({ journal }) => {
        for (const ths of [100, 101, 102]) journal.put(hashrate(ths));
      },
      async ({ journal, clock, farm }) => {
        await clock.pass(1_000);
        for (const ths of [100, 101, 102, 103]) journal.put({ ...hashrate(ths), dup: true });
        // Said once more, and not sent again.
        journal.put(hashrate(102));
        expect([farm.accepted, farm.duplicates]).toEqual([5, 3]);
      },
      "hashrateThs",
    );
    expect(Object.values(rows ?? {}).flat()).toEqual([100, 101, 102, 103, 102]);
  });
});

test("a store that is ahead of the journal is taken back to it, so that a kill before the gap is closed costs nothing", async () => {
  const { clock, journal, store, start } = world(1_000);
  store.state.cursor = 1_000_000;
  store.state.away = true;
  await start();
  for (let i = 0; i < 12_000; i++) journal.put(telemetry(`r${i % 50}`, T0 + i, i));
  await clock.pass(2_000);
  store.state.away = false;
  store.state.writesLeft = 2;
  await clock.pass(3_000);
  expect(store.count()).toBeLessThan(12_000);
  clock.stopAll();
  store.state.writesLeft = Infinity;
  journal.put(text(OWN.start, "{}"));
  const second = await start();
  await clock.pass(10_000);
  expect([store.count(), second.behindTs()]).toEqual([12_000, null]);
});

test("live rows that are dropped while the gap is read make it longer, and nothing else", async () => {
  let burst = 0;
  let seq = 0;
  const say = (): void => {
    journal.put(telemetry("r1", T0 + seq, seq));
    seq += 1;
  };
  const { clock, journal, store, health, start } = world(20, () => {
    if (burst-- > 0) for (let i = 0; i < 25; i++) say();
  });
  for (let i = 0; i < 30; i++) say();
  await start();
  burst = 1;
  await clock.pass(10_000);
  expect([store.count(), health.filter((away) => away !== null)]).toEqual([55, []]);
});
