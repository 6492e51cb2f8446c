import { describe, expect, test } from "@jest/globals";
import { foldAnnounced, foldBirth, foldReading, foldTick, mergeIdentity, newTwin, OFFLINE_MS } from "../../server/twin/fold.ts";
import { NO_IDENTITY, NOTHING_MEASURED, type BoardReading, type Measured, type Reading } from "../../server/twin/reading.ts";
import type { Twin } from "../../server/twin/twin.ts";

const T = 1_750_000_000_000;
const nameplate = { hashrateThs: 100, powerW: 3_000, boards: 3, chips: 110, fans: 4 };
const reading = (ts: number, measured: Partial<Measured>, more: Partial<Reading> = {}): Reading => ({
  site: "farm",
  rig: "r1",
  deviceTs: ts,
  receivedTs: ts + 40,
  seq: null,
  boot: null,
  tier: "self-reported",
  format: "native",
  measured: { ...NOTHING_MEASURED, ...measured },
  quality: {},
  identity: null,
  ...more,
});
const EMPTY_BOARD: BoardReading = {
  index: 0,
  hashrateThs: null,
  expectedThs: null,
  boardC: null,
  chipC: null,
  inletC: null,
  outletC: null,
  chips: null,
  expectedChips: null,
  frequencyMhz: null,
  voltageV: null,
  hwErrors: null,
  serial: null,
  chipMap: [],
};
const born = (): Twin =>
  foldBirth(newTwin("farm", "r1", 0, T), { identity: { make: "Bitmain", model: "X" }, nameplate, position: null }, null, false);
const after = (measured: Partial<Measured>): Twin => foldReading(born(), reading(T, measured), null, 0, 0);

describe("a twin's state", () => {
  test.each([
    [{ mode: "mining", hashrateThs: 99 }, "hashing"],
    [{ mode: "mining", hashrateThs: 80 }, "hashing"],
    [{ mode: "mining", hashrateThs: 79.9 }, "low"],
    [{ mode: "mining", hashrateThs: 0 }, "hung"],
    [{ mode: "mining", hashrateThs: null }, "low"],
    [{ mode: "unknown", hashrateThs: 99 }, "hashing"],
    [{ mode: "paused", hashrateThs: 0 }, "paused"],
    [{ mode: "tuning", hashrateThs: 20 }, "tuning"],
    [{ mode: "fault", hashrateThs: 0 }, "fault"],
  ] as [Partial<Measured>, string][])("%j is %s", (measured, state) => {
    expect(after(measured).state).toBe(state);
  });

  test("throttled on purpose is not low; throttled by a lost board is", () => {
    const board = (index: number, hashrateThs: number) => ({ ...EMPTY_BOARD, index, hashrateThs });
    const throttled = { mode: "mining" as const, hashrateThs: 49, expectedThs: 50 };
    expect(after({ ...throttled, boards: [board(0, 16), board(1, 17), board(2, 16)] }).state).toBe("hashing");
    expect(after({ ...throttled, boards: [board(0, 25), board(1, 24), board(2, 0)] }).state).toBe("low");
    expect(after({ ...throttled, boards: [board(0, 25), board(1, 24)] }).state).toBe("low");
    expect(after(throttled).state).toBe("low");
    expect(after({ mode: "mining", hashrateThs: 99, expectedThs: 200, boards: [board(0, 33), board(1, 33), board(2, 33)] }).state).toBe(
      "hashing",
    );
  });

  test("silence makes it offline, but not while nobody listened", () => {
    const twin = after({ mode: "mining", hashrateThs: 99 });
    const lastSeen = twin.lastSeenTs as number;
    expect(foldTick(twin, lastSeen + OFFLINE_MS, 0)).toBe(twin);
    expect(foldTick(twin, lastSeen + OFFLINE_MS + 1, 0)).toMatchObject({ state: "offline", stateSinceTs: lastSeen + OFFLINE_MS + 1 });
    const resumed = lastSeen + 3_600_000;
    expect(foldTick(twin, resumed + 1_000, resumed).state).toBe("hashing");
    expect(foldTick(twin, resumed + OFFLINE_MS + 1, resumed).state).toBe("offline");
  });

  test("its Will makes it offline at once, the next reading brings it back", () => {
    const lost = foldAnnounced(after({ mode: "mining", hashrateThs: 99 }), "lost", T + 1_000, 0);
    expect(lost.state).toBe("offline");
    expect(foldReading(lost, reading(T + 5_000, { mode: "mining", hashrateThs: 99 }), null, 0, 0)).toMatchObject({
      state: "hashing",
      announced: "online",
    });
  });

  test("a late reading is counted and leaves the present alone", () => {
    const twin = after({ mode: "mining", hashrateThs: 99 });
    const later = foldReading(twin, reading(T - 60_000, { mode: "mining", hashrateThs: 5 }), null, 0, 0);
    expect(later).toMatchObject({ state: "hashing", counts: { readings: 2, late: 1 } });
    expect(later.latest.hashrateThs).toBe(99);
    expect(later.lastDeviceTs).toBe(T);
  });

  test("a fold leaves the twin it was given as it was", () => {
    const twin = after({ mode: "mining", hashrateThs: 99 });
    const frozen = JSON.stringify(twin);
    foldReading(twin, reading(T + 1, { mode: "mining", hashrateThs: 1 }), null, 3, 0);
    foldTick(twin, T + 1e9, 0);
    expect(JSON.stringify(twin)).toBe(frozen);
  });

  test("one message from a spool does not look like a wrong clock", () => {
    let twin = after({ mode: "mining", hashrateThs: 99 });
    twin = foldReading(twin, { ...reading(T + 1_000, {}), receivedTs: T + 3_600_000 }, null, 0, 0);
    expect(Math.abs(twin.skewMs as number)).toBeLessThan(1_000);
  });

  test("after hours out of a spool, or a first sight of them, one reading that comes as it is made sets the clock's skew right", () => {
    const late = (hours: number) => Array.from({ length: hours * 360 }, (_, i) => T + i * 10_000);
    for (const first of [[T], []]) {
      let twin = newTwin("s", "r", 0, T);
      const now = T + 5 * 3_600_000;
      for (const ts of first) twin = foldReading(twin, { ...reading(ts, {}), receivedTs: ts + 40 }, null, 0, 0);
      for (const ts of late(5).slice(1)) twin = foldReading(twin, { ...reading(ts, {}), receivedTs: now }, null, 0, 0);
      twin = foldReading(twin, { ...reading(now + 10_000, {}), receivedTs: now + 10_040 }, null, 0, 0);
      expect(twin.skewMs).toBe(40);
    }
  });

  test("a clock that was minutes ahead for one reading, or ours that was as much behind, is not seen for hours after", () => {
    let twin = after({ mode: "mining", hashrateThs: 99 });
    twin = foldReading(twin, { ...reading(T + 10_000, {}), receivedTs: T + 10_040 }, null, 0, 0);
    twin = foldReading(twin, { ...reading(T + 20_000, {}), receivedTs: T - 220_000 }, null, 0, 0);
    expect(twin.skewMs).toBe(-240_000);
    twin = foldReading(twin, { ...reading(T + 30_000, {}), receivedTs: T + 30_040 }, null, 0, 0);
    expect(twin.skewMs).toBe(40);
  });
});

describe("identity", () => {
  test("what is told is put over what was known, nothing is forgotten", () => {
    const known = { ...NO_IDENTITY, make: "Bitmain", serial: "S1", boardSerials: ["a", "b"] };
    expect(mergeIdentity(known, { serial: null, firmware: "2" })).toEqual({ ...known, firmware: "2" });
    expect(mergeIdentity(known, { make: "Bitmain", boardSerials: ["a", "b"] })).toBe(known);
    expect(mergeIdentity(known, { boardSerials: ["a", "c"] }).boardSerials).toEqual(["a", "c"]);
  });

  test("a position that an operator assigned outranks the device's", () => {
    const position = { container: "c1", rack: "r1", slot: "1" };
    const told = { identity: {}, nameplate: null, position };
    expect(foldBirth(born(), told, null, false).position).toEqual(position);
    expect(foldBirth(born(), told, null, true).position).toBeNull();
  });
});
