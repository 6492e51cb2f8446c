/** How often the whole farm is written away: for a start, and for replays that jump. */
import { expect, test } from "@jest/globals";
import { createTelemetry, isMomentDue } from "../../server/flows/telemetry.ts";
import { newFarm } from "../../server/twin/farm.ts";
import { TICK_MS } from "../../server/twin/wire.ts";
import { handClock, handJournal } from "./hands.ts";

const SNAPSHOT_MS = 1_000_000;
const NOTHING = new Uint8Array();

test("a farm is kept for replays every ten thousand entries, and a snapshot that comes in the second half of the way serves for one", async () => {
  const clock = handClock();
  const journal = handJournal(clock.now);
  const kept: [how: "moment" | "snapshot" | "both", pos: number][] = [];
  const flow = createTelemetry({
    site: "farm",
    version: "test",
    clock,
    write: journal.write,
    read: journal.read,
    subscribe: journal.subscribe,
    loadSnapshot: () => null,
    saveSnapshot: async (pos, _ts, _texts, _cells, isMoment) => void kept.push([isMoment ? "both" : "snapshot", pos]),
    saveMoment: async (pos) => void kept.push(["moment", pos]),
    snapshotMs: SNAPSHOT_MS,
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
  [10_000, 154_000],
])("a farm of %i rigs is kept for replays every %i entries", (rigs, entries) => {
  const of = (asOfPos: number) => ({ ...newFarm("farm"), asOfPos, twins: { size: rigs } as ReturnType<typeof newFarm>["twins"] });
  expect(isMomentDue(of(500 + entries - 1), 500)).toBe(false);
  expect(isMomentDue(of(500 + entries), 500)).toBe(true);
});
