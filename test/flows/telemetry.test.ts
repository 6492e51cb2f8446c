/** How often the whole farm is written away: for a start, and for replays that jump. */
import { expect, test } from "@jest/globals";
import { createTelemetry, isMomentDue } from "../../server/flows/telemetry.ts";
import { newFarm, type Farm } from "../../server/twin/farm.ts";
import { Refused } from "../../server/twin/refusal.ts";
import { hashesOf } from "../../server/twin/snapshot.ts";
import { OWN, TICK_MS } from "../../server/twin/wire.ts";
import { handClock, handJournal, T0, telemetry } from "./hands.ts";

const SNAPSHOT_MS = 1_000_000;
const NOTHING = new Uint8Array();

const needsOf = (clock: ReturnType<typeof handClock>, { write, read, subscribe }: ReturnType<typeof handJournal>) => ({
  site: "farm",
  version: "test",
  clock,
  write,
  read,
  subscribe,
  snapshotMs: SNAPSHOT_MS,
});

test("a farm is kept for replays every ten thousand entries, and a snapshot that comes in the second half of the way serves for one", async () => {
  const clock = handClock();
  const journal = handJournal(clock.now);
  const kept: [how: "moment" | "snapshot" | "both", pos: number][] = [];
  const flow = createTelemetry({
    ...needsOf(clock, journal),
    loadSnapshot: () => null,
    saveSnapshot: async (pos, _ts, _texts, _cells, isMoment) => void kept.push([isMoment ? "both" : "snapshot", pos]),
    saveMoment: async (pos) => void kept.push(["moment", pos]),
    onError: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
  await flow.start();
  // Beside the ticks, what nobody reads.
  const pass = async (entries: number): Promise<void> => {
    for (let i = 0; i < entries - SNAPSHOT_MS / TICK_MS; i++) {
      journal.put({ topic: "elsewhere", payload: NOTHING });
      if (i % 100 === 0) await Promise.resolve();
    }
    await clock.pass(SNAPSHOT_MS);
  };
  await pass(4_000);
  expect(kept).toEqual([["snapshot", 4_001]]);
  await pass(2_000);
  expect(kept.slice(1)).toEqual([["both", 6_001]]);
  await pass(10_200);
  expect(kept.slice(2).map(([how]) => how)).toEqual(["moment", "snapshot"]);
  expect(kept[2]?.[1]).toBe(16_001);
  await flow.stop();
});

test.each([
  [0, 10_000],
  [1_000, 10_000],
  [10_000, 370_000],
])("a farm of %i rigs is kept for replays every %i entries", (rigs, entries) => {
  const of = (asOfPos: number) => ({ ...newFarm("farm"), asOfPos, twins: { size: rigs } as ReturnType<typeof newFarm>["twins"] });
  expect(isMomentDue(of(500 + entries - 1), 500)).toBe(false);
  expect(isMomentDue(of(500 + entries), 500)).toBe(true);
});

test("the texts of a snapshot and of a moment that failed before their first piece hold nothing of the farm any more", async () => {
  const clock = handClock();
  const journal = handJournal(clock.now);
  const given: Iterable<string>[] = [];
  const refuse = (_pos: number, _ts: number, texts: Iterable<string>): Promise<void> => {
    given.push(texts);
    return Promise.reject(new Refused("DISK_FULL", "no room"));
  };
  const errors: string[] = [];
  const flow = createTelemetry({
    ...needsOf(clock, journal),
    loadSnapshot: () => null,
    saveSnapshot: refuse,
    saveMoment: refuse,
    onError: (what) => errors.push(what),
  });
  await flow.start();
  for (let i = 0; i < 10_000; i++) journal.put({ topic: "elsewhere", payload: NOTHING });
  await flow.stop();
  expect(errors).toEqual(["a moment for replays was not kept", "the snapshot was not saved"]);
  expect(given.map((texts) => [...texts])).toEqual([[], []]);
});

test("what a snapshot that failed had taken of the day is in the next one", async () => {
  const clock = handClock();
  const journal = handJournal(clock.now);
  let isFull = false;
  let saved: { pos: number; lines: string[] } | null = null;
  const cells: unknown[][] = [];
  const errors: string[] = [];
  const make = () =>
    createTelemetry({
      ...needsOf(clock, journal),
      loadSnapshot: () => (saved === null ? null : { ...saved, cells }),
      saveSnapshot: async (pos, _ts, texts, taken) => {
        await Promise.resolve();
        if (isFull) throw new Refused("DISK_FULL", "no room");
        saved = {
          pos,
          lines: [...texts]
            .join("")
            .split("\n")
            .filter((line) => line !== ""),
        };
        cells.push([...taken]);
      },
      onError: (what) => errors.push(what),
    });
  const flow = make();
  await flow.start();
  journal.put(telemetry("r1", T0, 0));
  await clock.pass(SNAPSHOT_MS);
  isFull = true;
  journal.put(telemetry("r1", T0 + 400_000, 1));
  await clock.pass(SNAPSHOT_MS);
  expect(errors).toEqual(["the snapshot was not saved"]);
  isFull = false;
  journal.put(telemetry("r1", T0 + 800_000, 2));
  // Two at the same time: the one of the stop waits for the other.
  await Promise.all([clock.pass(SNAPSHOT_MS), flow.stop()]);
  const hashesNow = (farm: Farm) => hashesOf(farm).digest;
  const again = make();
  clock.stopAll();
  await again.start();
  expect(again.farm().digest.size).toBeGreaterThan(0);
  expect(hashesNow(again.farm())).toBe(hashesNow(flow.farm()));
});

test("a start on a disk that is full waits with its first entry until there is room", async () => {
  const clock = handClock();
  const journal = handJournal(clock.now);
  let isFull = true;
  const flow = createTelemetry({
    ...needsOf(clock, journal),
    write: (topic, payload) => (isFull ? Promise.reject(new Refused("DISK_FULL", "no room")) : journal.write(topic, payload)),
    loadSnapshot: () => null,
    saveSnapshot: () => Promise.resolve(),
    onError: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
  await flow.start();
  await clock.pass(5 * TICK_MS);
  expect(journal.entries).toEqual([]);
  isFull = false;
  await clock.pass(2 * TICK_MS);
  expect(journal.entries.map(({ topic }) => topic)).toEqual([OWN.start, OWN.tick]);
  expect(JSON.parse(new TextDecoder().decode(journal.entries[0]?.payload))).toEqual({ version: "test", lastTs: 0 });
  await flow.stop();
});
