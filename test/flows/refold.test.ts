/** The same input gives the same farm: live, at the pace of the recording, and as fast as it goes. */
import { describe, expect, test } from "@jest/globals";
import { createRefold, openRecording, paced, RecordingBroken, through, type Lines } from "../../server/flows/refold.ts";
import { createTelemetry } from "../../server/flows/telemetry.ts";
import { createRecording, type Opening } from "../../server/twin/recording.ts";
import { NO_NETWORK_FAULTS } from "../../server/twin/recording-faults.ts";
import { openingFarmOf } from "../../server/twin/recording-start.ts";
import { farmHash, farmOfLines, snapshotLines } from "../../server/twin/snapshot.ts";
import type { Entry } from "../../server/twin/twin.ts";
import { TICK_MS } from "../../server/twin/wire.ts";
import { birth, energy, handClock, handJournal, T0, telemetry, text } from "./hands.ts";

const MINUTE = 60_000;

/** Ten minutes of a live farm; at `splitMs` what a recorder would begin with is kept. */
const live = async (splitMs: number) => {
  const clock = handClock();
  const journal = handJournal(clock.now);
  const flow = createTelemetry({
    site: "farm",
    version: "1",
    clock,
    write: journal.write,
    read: journal.read,
    subscribe: journal.subscribe,
    loadSnapshot: () => null,
    saveSnapshot: () => Promise.resolve(),
    snapshotMs: 60 * MINUTE,
    onError: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
  await flow.start();
  let start: { readonly farm: NonNullable<Opening["farm"]>; readonly from: number; readonly ts: number } | null = null;
  for (let n = 0; n < 60; n++) {
    if (n * 10_000 === splitMs) start = { farm: openingFarmOf(flow.farm()), from: journal.entries.length, ts: clock.now() };
    if (n === 0) journal.put(birth("a"));
    journal.put(telemetry("a", clock.now(), n + 1, { hashrateThs: n > 12 && n < 35 ? 20 : 100 }));
    if (n < 20 || n > 40) journal.put(telemetry("b", clock.now() - 700, n + 1));
    if (n % 3 === 0) journal.put(energy(clock.now(), n, 6_000 + n));
    if (n === 25) journal.put(text("rigtwin/v1/farm/a/telemetry", "{"));
    if (n === 26) journal.put(telemetry("a", clock.now() - 10_000, 26));
    await clock.pass(10_000);
  }
  await flow.stop();
  if (start === null) throw new Error("splitMs is not among the moments");
  return { farm: flow.farm(), entries: journal.entries, start, endTs: clock.now() };
};

const linesOf = (lines: readonly string[]): Lines => ({
  lines: (async function* () {
    for (let at = 0; at < lines.length; at += 7) yield await Promise.resolve(lines.slice(at, at + 7));
  })(),
  rest: () => "",
});
const recorded = (entries: readonly Entry[], startTs: number, endTs: number, more: Partial<Opening> = {}): string[] => {
  const recording = createRecording({ site: "farm", startTs, source: "a test", ticks: true, farm: null, retained: [], ...more });
  const lines = [...recording.opening(), ...entries.map((entry) => recording.row({ ...entry, properties: null }, entry.receivedTs))];
  return [...lines, recording.end(endTs)];
};

const refolded = async (lines: readonly string[]) => {
  const opened = await openRecording(linesOf(lines));
  const refold = createRefold(opened.beginning);
  for await (const rows of opened.batches) for (const row of rows) refold.row(row);
  refold.until(opened.endUs());
  return refold;
};

describe("a recording folded", () => {
  test.each([0, 4 * MINUTE, 9 * MINUTE])("from %i ms on is the very farm that ran live", async (splitMs) => {
    const { farm, entries, start, endTs } = await live(splitMs);
    const refold = await refolded(recorded(entries.slice(start.from), start.ts, endTs, { farm: start.farm }));
    expect(farmHash(refold.farm())).toBe(farmHash(farm));
    expect([...snapshotLines(refold.farm())]).toEqual([...snapshotLines(farm)]);
    if (splitMs === 0)
      expect(refold.played().alarms.map(({ rig, kind, cleared }) => [rig, kind, cleared !== null])).toEqual([
        ["a", "low-hashrate", true],
        ["b", "offline", true],
      ]);
  });

  test("makes ticks where it has none, and the silence at its end counts", async () => {
    const { entries, start, endTs } = await live(0);
    const messages = entries.slice(start.from).filter(({ topic }) => !topic.startsWith("$"));
    const untilSilent = messages.filter(({ receivedTs }) => receivedTs < T0 + 5 * MINUTE);
    const refold = await refolded(recorded(untilSilent, T0, endTs, { ticks: false }));
    expect(refold.farm().asOfTs).toBe(endTs - (endTs % TICK_MS));
    expect([...refold.farm().twins.values()].map(({ state }) => state)).toEqual(["offline", "offline"]);
  });

  test("at its own pace on a clock and as fast as it goes it is the same", async () => {
    const { entries, start, endTs } = await live(2 * MINUTE);
    const lines = recorded(entries.slice(start.from), start.ts, endTs, { farm: start.farm });
    const clock = handClock(0);
    const opened = await openRecording(linesOf(lines));
    const refold = createRefold(opened.beginning);
    const reached: number[] = [];
    const playing = (async () => {
      for await (const rows of paced(opened.batches, { clock, speed: 1 }))
        for (const row of rows) {
          reached.push(clock.now() - row.us / 1_000);
          refold.row(row);
        }
    })();
    let over = false;
    void playing.then(() => (over = true));
    while (!over) {
      await clock.pass(1);
      await new Promise((resolve) => setImmediate(resolve));
      if (clock.now() > 20 * MINUTE) throw new Error("the replay does not end");
      if (clock.now() % 1_000 === 0) continue;
      await clock.pass(999);
    }
    await playing;
    expect(farmHash(refold.farm())).toBe(farmHash((await refolded(lines)).farm()));
    // None came before its time.
    expect(Math.min(...reached)).toBeGreaterThanOrEqual(0);
  });

  test("with the same faults it is the same, with others it is not", async () => {
    const { entries, start, endTs } = await live(0);
    const lines = recorded(entries.slice(start.from), start.ts, endTs, { farm: start.farm });
    const hashWith = async (seed: number): Promise<string> => {
      const opened = await openRecording(linesOf(lines));
      const refold = createRefold(opened.beginning);
      const faults = { ...NO_NETWORK_FAULTS, seed, loss: 0.2, dup: 0.2, reorder: 0.2 };
      for await (const rows of through(opened, faults)) for (const row of rows) refold.row(row);
      return farmHash(refold.farm());
    };
    expect(await hashWith(1)).toBe(await hashWith(1));
    expect(await hashWith(1)).not.toBe(await hashWith(2));
  });

  test("a window gives no row after its end, and none waits before its begin", async () => {
    const { entries, start, endTs } = await live(0);
    const opened = await openRecording(linesOf(recorded(entries.slice(start.from), start.ts, endTs, { farm: start.farm })));
    const clock = handClock(0);
    const given: number[] = [];
    for await (const rows of paced(opened.batches, { clock, speed: 1, fromUs: 120_000_000, toUs: 120_000_000 }))
      for (const row of rows) given.push(row.us);
    expect(given.length).toBeGreaterThan(10);
    expect(Math.max(...given)).toBe(120_000_000);
    expect(clock.now()).toBe(0);
  });
});

describe("a recording that is not right", () => {
  const broken = async (lines: readonly string[]): Promise<string> =>
    refolded(lines).then(
      () => "nothing",
      (error: unknown) => (error instanceof RecordingBroken ? `${error.fault.code} ${error.fault.row}` : String(error)),
    );
  test("says so with its code and row", async () => {
    const { entries, start, endTs } = await live(4 * MINUTE);
    const lines = recorded(entries.slice(start.from), start.ts, endTs, { farm: start.farm });
    const head = lines[0] ?? "";
    const first = lines.findIndex((line) => line.startsWith('{"n":'));
    expect(await broken(lines)).toBe("nothing");
    expect(await broken([])).toBe("CUT_SHORT 0");
    expect(await broken([head.replace('"mfrec":1', '"mfrec":9'), ...lines.slice(1)])).toBe("VERSION_UNKNOWN 0");
    expect(await broken([head.replace('"snapshot":', '"snapshot":9'), ...lines.slice(1)])).toMatch("START_UNREADABLE 0");
    expect(await broken(lines.toSpliced(1, 1, (lines[1] ?? "").replace('"duplicates":', '"duplicates":1')))).toMatch(
      /HASH_MISMATCH 1|START_UNREADABLE 0/,
    );
    expect(await broken(lines.toSpliced(first + 9, 1))).toBe("ROW_OUT_OF_ORDER 10");
    const act = createRecording({ site: "farm", startTs: T0, source: "a test", ticks: true, farm: null, retained: [] });
    const own = {
      topic: "$rigtwin/act",
      payload: new Uint8Array([123]),
      qos: 1 as const,
      retain: false,
      dup: false,
      client: "",
      properties: null,
    };
    expect(await broken([...act.opening(), act.row(own, T0), act.end(T0)])).toBe("LINE_INVALID 1");
  });
  test("cut short it is folded up to the cut", async () => {
    const { entries, start, endTs } = await live(0);
    const lines = recorded(entries.slice(start.from), start.ts, endTs, { farm: start.farm });
    const opened = await openRecording(linesOf(lines.slice(0, -20)));
    let rows = 0;
    for await (const batch of opened.batches) rows = batch.at(-1)?.n ?? rows;
    expect(opened.cut()).toMatchObject({ code: "CUT_SHORT", row: rows });
    expect(rows).toBe(entries.length - start.from - 19);
  });
  test("the farm at its start comes back as it was", async () => {
    const { farm } = await live(0);
    const { lines, sha256 } = openingFarmOf(farm);
    expect(sha256).toBe(farmHash(farm));
    expect([...snapshotLines(farmOfLines(lines))]).toEqual(lines);
  });
});
