import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createSeries } from "../../server/flows/series.ts";
import { foldEntry, newFarm, nothingYet } from "../../server/twin/farm.ts";
import { MEASURES } from "../../server/twin/measures.ts";
import { Refused } from "../../server/twin/refusal.ts";
import type { Rows, SeriesBatch } from "../../server/twin/series.ts";
import type { Entry } from "../../server/twin/twin.ts";
import { rowsIn } from "../rows.ts";
import { birth, energy, handClock, handJournal, T0, telemetry } from "./hands.ts";

const HASHRATE = MEASURES.rig.fields.findIndex(({ name }) => name === "hashrateThs");
const keysOf = (rows: Rows): string[] => rowsIn(rows).map(({ name, ts }) => `${name}@${ts}`);

/** A store that keeps rows by their key, can be away, and holds its cursor like the real ones. */
const handStore = () => {
  const kept = new Map<string, number>();
  const hashrates = new Map<string, number | undefined>();
  let cursor = 0;
  /** `writesLeft`: so many more succeed; `meanwhile`: what happens while one is under way. */
  const state = {
    away: false,
    meanwhile: (): void => undefined,
    writesLeft: Infinity,
    writes: [] as { readonly upTo: number; readonly rigs: readonly string[] }[],
  };
  const refuse = (): void => {
    if (state.away) throw new Refused("STORE_UNAVAILABLE", "The store is away.");
  };
  return {
    state,
    keys: () => [...kept.keys()].toSorted(),
    hashrates: () => [...hashrates.values()],
    cursor: () => Promise.resolve().then(() => (refuse(), cursor)),
    write: (batch: SeriesBatch) =>
      Promise.resolve().then(() => {
        refuse();
        if (state.writesLeft <= 0) throw new Refused("STORE_UNAVAILABLE", "The store is killed.");
        state.writesLeft -= 1;
        state.meanwhile();
        // The rows are the flow's again afterwards.
        state.writes.push({ upTo: batch.upTo, rigs: keysOf(batch.rows.rig) });
        for (const key of keysOf(batch.rows.rig)) kept.set(key, (kept.get(key) ?? 0) + 1);
        for (const { name, ts, values } of rowsIn(batch.rows.rig)) hashrates.set(`${name}@${ts}`, values[HASHRATE]);
        for (const key of keysOf(batch.rows.site_energy)) kept.set(key, 1);
        expect(batch.upTo).toBeGreaterThanOrEqual(cursor);
        cursor = batch.upTo;
        return [];
      }),
    position: () => cursor,
    rewind: (upTo: number) =>
      Promise.resolve().then(() => {
        refuse();
        cursor = upTo;
      }),
    /** As somebody does who puts a copy of before back: the rows after it are gone, and the cursor with them. */
    restore: (upTo: number, keys: readonly string[]): void => {
      cursor = upTo;
      for (const key of kept.keys()) if (!keys.includes(key)) kept.delete(key);
    },
  };
};

const world = (mostRows?: number, freshMs?: number) => {
  const clock = handClock();
  const journal = handJournal(clock.now);
  const store = handStore();
  const farm = newFarm("farm");
  const health: (string | null)[] = [];
  const make = () =>
    createSeries({
      site: "farm",
      clock,
      write: store.write,
      cursor: store.cursor,
      read: journal.read,
      headPos: journal.headPos,
      positionAt: journal.positionAt,
      rewind: store.rewind,
      modelOf: () => null,
      onRejected: () => undefined,
      onHealth: (away) => health.push(away),
      ...(mostRows === undefined ? {} : { mostRows }),
      ...(freshMs === undefined ? {} : { freshMs }),
    });
  const series = make();
  const follow = (to: typeof series) =>
    journal.subscribe((entries: readonly Entry[]) => {
      const out = nothingYet(to.rows());
      for (const entry of entries) foldEntry(farm, entry, out);
      to.take({ firstPos: entries[0]?.pos ?? 0, lastPos: entries.at(-1)?.pos ?? 0 });
    });
  follow(series);
  let seq = 0;
  const published: string[] = [];
  /** One reading now; its key in the store. */
  const say = (): void => {
    journal.put(telemetry("r1", clock.now() + seq, seq));
    published.push(`r1@${clock.now() + seq}`);
    seq += 1;
  };
  return { clock, journal, store, series, make, follow, say, published, health };
};

describe("rows to the store", () => {
  test("are written each second, and the cursor is the last position", async () => {
    const { clock, journal, store, series, say, published } = world();
    await series.start();
    for (let i = 0; i < 5; i++) say();
    journal.put(energy(T0, 0, 5_000));
    await clock.pass(1_000);
    expect(store.keys()).toEqual([...published, `meter-1/grid@${T0}`, `meter-1/meter@${T0}`].toSorted());
    expect(store.position()).toBe(6);
    expect(series.storedPos()).toBe(6);
    expect(store.state.writes).toHaveLength(1);
  });

  test("the last of a burst is written as soon as nothing more comes, and a calm farm's rows each second all the same", async () => {
    const { clock, store, series, say } = world();
    await series.start();
    say();
    await clock.pass(200);
    expect(store.position()).toBe(0);
    for (let i = 0; i < 20_000; i++) say();
    for (let i = 0; i < 100; i++) say();
    await clock.pass(400);
    expect(store.position()).toBe(20_101);
    expect(store.state.writes).toHaveLength(2);
    say();
    await clock.pass(100);
    expect(store.position()).toBe(20_101);
    await clock.pass(300);
    expect(store.position()).toBe(20_102);
  });

  test("rows that are dropped while a write is slow are read again from the journal", async () => {
    const { clock, store, series, say, published } = world(20);
    await series.start();
    for (let i = 0; i < 10; i++) say();
    store.state.meanwhile = () => {
      store.state.meanwhile = () => undefined;
      for (let i = 0; i < 55; i++) say();
    };
    await clock.pass(5_000);
    expect(store.keys()).toEqual(published.toSorted());
    expect(store.position()).toBe(65);
  });

  test("a clock that is set back does not leave the store alone", async () => {
    let backMs = 0;
    const { clock, store, series, say, published } = world();
    const now = clock.now;
    clock.now = () => now() - backMs;
    await series.start();
    say();
    store.state.away = true;
    await clock.pass(1_000);
    store.state.away = false;
    backMs = 3_600_000;
    await clock.pass(3_000);
    expect(store.keys()).toEqual(published);
  });

  test("live rows do not wait for a whole gap where the clock is set back while that is being closed", async () => {
    const { clock, store, series, say, published } = world(20);
    await series.start();
    for (let i = 0; i < 16_000; i++) say();
    let backMs = 0;
    const now = clock.now;
    clock.now = () => now() - backMs;
    store.state.meanwhile = () => void (backMs += 3_600_000);
    await clock.pass(1_000);
    expect(series.storedPos()).toBeLessThan(11_000);
    store.state.meanwhile = () => undefined;
    await clock.pass(4_000);
    expect(store.keys()).toEqual(published.toSorted());
  });

  test("a store that was away for hours gets every row once it is back, live rows first", async () => {
    const { clock, store, series, say, published, health } = world(20);
    await series.start();
    say();
    await clock.pass(1_000);
    store.state.away = true;
    for (let i = 0; i < 100; i++) {
      say();
      await clock.pass(700);
    }
    expect(health.at(-1)).toBe("The store is away.");
    expect(series.storedPos()).toBe(1);
    store.state.away = false;
    store.state.writes.length = 0;
    say();
    await clock.pass(5_000);
    expect(store.state.writes[0]?.rigs).toContain(published.at(-1));
    expect(store.state.writes[0]?.upTo).toBeLessThan(101);
    expect(store.keys()).toEqual(published.toSorted());
    expect(store.position()).toBe(102);
    expect(health.at(-1)).toBeNull();
  });

  test("of what it missed, the last hour comes before what is older, and a kill in between costs a repetition, never a row", async () => {
    for (const writesLeft of [Infinity, 2, 3, 4]) {
      const { clock, journal, store, series, make, follow, say, published } = world(1_000, 60_000);
      await series.start();
      store.state.away = true;
      // More than one batch in the last minute, and more than one before it.
      for (let second = 0; second < 120; second++) {
        for (let n = 0; n < 100; n++) say();
        await clock.pass(1_000);
      }
      const freshFrom = journal.entries.findIndex(({ receivedTs }) => receivedTs >= clock.now() - 60_000);
      Object.assign(store.state, { away: false, writesLeft, writes: [] });
      say();
      await clock.pass(3_000);
      const [live, ...others] = store.state.writes;
      expect(live?.upTo).toBe(0);
      expect(live?.rigs).toContain(published.at(-1));
      const isFresh = ({ rigs }: { readonly rigs: readonly string[] }): boolean =>
        rigs.length > 0 && published.indexOf(rigs[0] ?? "") >= freshFrom;
      expect(others.slice(0, 2).every((write) => isFresh(write) && write.upTo === 0)).toBe(true);
      // Then all of it, the last hour too: what that says may lie further back.
      if (others.length > 2) expect(others[2]?.rigs[0]).toBe(published[0]);
      if (writesLeft !== Infinity) {
        expect(store.keys().length).toBeLessThan(published.length);
        // The one that was killed does nothing more; its successor knows only what is on disk.
        clock.stopAll();
        store.state.writesLeft = Infinity;
        const second = make();
        await second.start();
        follow(second);
        await clock.pass(5_000);
      }
      expect(store.keys()).toEqual(published.toSorted());
      expect(store.position()).toBe(journal.headPos());
      if (writesLeft === Infinity) expect(series.behindTs()).toBeNull();
    }
  });

  test("live rows that were written beside a gap are written again where the store comes back older", async () => {
    const { clock, journal, store, series, say, published } = world(1_000);
    await series.start();
    for (let i = 0; i < 10; i++) say();
    await clock.pass(1_000);
    const [upTo, keys] = [store.position(), store.keys()];
    store.state.away = true;
    for (let second = 0; second < 70; second++) {
      for (let n = 0; n < 100; n++) say();
      await clock.pass(1_000);
    }
    // The live rows and one batch of the gap, and in the next the store is lost.
    Object.assign(store.state, { away: false, writesLeft: 2 });
    say();
    await clock.pass(1_000);
    expect(store.state.writesLeft).toBe(0);
    store.restore(upTo, keys);
    store.state.writesLeft = Infinity;
    say();
    await clock.pass(5_000);
    expect(store.keys()).toEqual(published.toSorted());
    expect(store.position()).toBe(journal.headPos());
  });

  test("what it lacks is told to whoever drops old entries, from the moment it is away", async () => {
    const { clock, store, series, say } = world();
    store.state.away = true;
    say();
    await series.start();
    // Nobody knows what it has.
    expect(series.storedTs()).toBe(0);
    store.state.away = false;
    await clock.pass(5_000);
    expect(series.storedTs()).toBe(Infinity);
    store.state.away = true;
    say();
    const saidTs = clock.now();
    await clock.pass(5_000);
    expect(series.storedTs()).toBeLessThanOrEqual(saidTs);
    store.state.away = false;
    await clock.pass(5_000);
    expect(series.storedTs()).toBe(Infinity);
  });

  test("a store that comes back with a copy of before, or with nothing, is filled again from the journal", async () => {
    for (const kept of [0, 4]) {
      const { clock, store, series, say, published } = world();
      await series.start();
      for (let i = 0; i < 10; i++) say();
      await clock.pass(1_000);
      expect(store.position()).toBe(10);
      store.state.away = true;
      for (let i = 0; i < 3; i++) say();
      await clock.pass(2_000);
      store.restore(kept, published.slice(0, kept));
      store.state.away = false;
      store.state.writes.length = 0;
      say();
      await clock.pass(5_000);
      expect(store.state.writes[0]).toMatchObject({ upTo: kept, rigs: [published.at(-1)] });
      expect(store.keys()).toEqual(published.toSorted());
      expect(store.position()).toBe(14);
      expect(series.behindTs()).toBeNull();
    }
  });

  test("a store that has got further than the journal ever came: nothing new passes for stored, at whatever moment it tells", async () => {
    for (const isAwayAtStart of [false, true]) {
      const first = world(2);
      const { clock, journal, store, series, say, published } = first;
      store.restore(50, []);
      journal.put(birth("r1"));
      store.state.away = isAwayAtStart;
      await series.start();
      for (let i = 0; i < 3; i++) say();
      await clock.pass(2_000);
      store.state.away = false;
      await clock.pass(3_000);
      for (let i = 0; i < 3; i++) say();
      // Killed before these are written.
      journal.subscribe(() => undefined);
      const second = first.make();
      await second.start();
      first.follow(second);
      await clock.pass(2_000);
      expect(store.keys()).toEqual(published.toSorted());
      expect(store.position()).toBe(journal.headPos());
    }
  });

  test("of two readings of one moment the first counts, whether they come live or are read again", async () => {
    for (const isAway of [false, true]) {
      const { clock, journal, store, series, make, follow } = world();
      await series.start();
      store.state.away = isAway;
      for (const [seq, hashrateThs] of [
        [1, 100],
        [2, 7],
        [1, 8],
      ] as const)
        journal.put(telemetry("r1", T0, seq, { hashrateThs }));
      await clock.pass(1_000);
      store.state.away = false;
      const second = make();
      await second.start();
      follow(second);
      await clock.pass(3_000);
      expect(store.hashrates()).toEqual([100]);
    }
  });

  test("how far the store is behind is told from the moment it is, also where it is away at the start", async () => {
    const { clock, store, series, make, follow, say } = world();
    await series.start();
    say();
    await clock.pass(1_000);
    expect(series.behindTs()).toBeNull();
    const storedTs = clock.now();
    store.state.away = true;
    for (let i = 0; i < 10; i++) {
      await clock.pass(1_000);
      say();
    }
    expect(series.behindTs()).toBeGreaterThanOrEqual(storedTs - 1_000);
    expect(series.behindTs()).toBeLessThanOrEqual(storedTs);
    const second = make();
    await second.start();
    follow(second);
    expect(second.behindTs()).toBe(clock.now());
    store.state.away = false;
    await clock.pass(5_000);
    expect(second.behindTs()).toBeNull();
  });

  test("what a killed server had not written is read again from the journal at the next start", async () => {
    const first = world();
    await first.series.start();
    for (let i = 0; i < 10; i++) first.say();
    await first.clock.pass(1_000);
    // From here on the first is dead: nothing is told to it.
    first.journal.subscribe(() => undefined);
    for (let i = 0; i < 10; i++) first.say();
    const second = first.make();
    await second.start();
    first.follow(second);
    first.say();
    await first.clock.pass(2_000);
    expect(first.store.keys()).toEqual(first.published.toSorted());
    expect(second.storedPos()).toBe(21);
  });

  test("a store that is away at the start is found later", async () => {
    const { clock, store, series, say, published } = world();
    store.state.away = true;
    say();
    await series.start();
    say();
    await clock.pass(3_000);
    expect(store.keys()).toEqual([]);
    store.state.away = false;
    await clock.pass(4_000);
    expect(store.keys()).toEqual(published.toSorted());
    expect(series.storedPos()).toBe(2);
  });

  test("stop writes what is left behind a write that is under way", async () => {
    const { clock, series, store, say, published } = world();
    await series.start();
    say();
    const stops: Promise<void>[] = [];
    store.state.meanwhile = () => {
      if (stops.length > 0) return;
      say();
      stops.push(series.stop());
    };
    await clock.pass(1_000);
    expect(stops).toHaveLength(1);
    await Promise.all(stops);
    expect(store.keys()).toEqual(published.toSorted());
  });

  test("stop writes what is left", async () => {
    const { series, store, say, published } = world();
    await series.start();
    say();
    await series.stop();
    expect(store.keys()).toEqual(published);
  });

  test("whatever the moment of a kill: the cursor is never ahead of what is there, and in the end nothing is missing", async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ what: fc.constant("say" as const), n: fc.integer({ min: 1, max: 30 }) }) },
      { weight: 4, arbitrary: fc.record({ what: fc.constant("pass" as const), n: fc.integer({ min: 1, max: 3_000 }) }) },
      { weight: 2, arbitrary: fc.record({ what: fc.constant("away" as const), n: fc.constant(0) }) },
      { weight: 2, arbitrary: fc.record({ what: fc.constant("back" as const), n: fc.constant(0) }) },
      // In the middle of a round of work, so that what it had done until then is all there is.
      { weight: 3, arbitrary: fc.record({ what: fc.constant("die" as const), n: fc.integer({ min: 0, max: 3 }) }) },
      { weight: 2, arbitrary: fc.record({ what: fc.constant("kill" as const), n: fc.constant(0) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const { clock, store, make, follow, say, published } = world(25, 2_000);
        let series = make();
        follow(series);
        await series.start();
        const upToDate = (): void => {
          const kept = new Set(store.keys());
          // Positions are given one by one here, in the order of publishing.
          expect(published.slice(0, store.position()).filter((key) => !kept.has(key))).toEqual([]);
        };
        for (const { what, n } of steps) {
          if (what === "say") for (let i = 0; i < n; i++) say();
          if (what === "pass") await clock.pass(n);
          if (what === "away" || what === "back") store.state.away = what === "away";
          if (what === "die") store.state.writesLeft = n;
          if (what === "back") store.state.writesLeft = Infinity;
          if (what === "kill") {
            // The one that was killed does nothing more; its successor knows only what is on disk.
            clock.stopAll();
            series = make();
            follow(series);
            await series.start();
          }
          upToDate();
        }
        Object.assign(store.state, { away: false, writesLeft: Infinity });
        await clock.pass(30_000);
        upToDate();
        expect(store.keys()).toEqual(published.toSorted());
        expect(store.position()).toBe(published.length);
      }),
      { numRuns: 60 },
    );
  });
});
