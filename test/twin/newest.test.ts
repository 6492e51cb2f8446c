import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { foldEntry, newFarm, nothingYet, type Farm } from "../../server/twin/farm.ts";
import { farmOfLines, snapshotLines } from "../../server/twin/snapshot.ts";
import { T0 } from "../flows/hands.ts";

const HOUR_MS = 3_600_000;

interface Told {
  readonly boot: string;
  readonly seq: number;
  /** Device time. */
  readonly ts: number;
  readonly receivedTs?: number;
}

/** Folds them one after the other, hours after they were made unless they say when they came. */
const fold = (told: readonly Told[], farm: Farm = newFarm("farm")): Farm => {
  for (const { boot, seq, ts, receivedTs } of told) {
    const pos = farm.asOfPos + 1;
    const payload = new TextEncoder().encode(JSON.stringify({ v: 1, ts, seq, boot, m: { mode: "mining", hashrateThs: 1, powerW: seq } }));
    foldEntry(
      farm,
      {
        pos,
        receivedTs: receivedTs ?? T0 + pos,
        topic: "rigtwin/v1/farm/r1/telemetry",
        payload,
        qos: 1,
        retain: false,
        dup: false,
        client: "",
      },
      nothingYet(),
    );
  }
  return farm;
};
const twinOf = (farm: Farm) => {
  const { boot, lastSeq, lastDeviceTs, latest, counts } = farm.twins.get("r1") ?? {};
  return { boot, lastSeq, lastDeviceTs, powerW: latest?.powerW, readings: counts?.readings, missed: counts?.missed };
};
/** A reading of boot `name`, number `seq`, `s` seconds into an hour that is long past. */
const of =
  (name: string) =>
  (seq: number, s = seq): Told => ({ boot: name, seq, ts: T0 - 5 * HOUR_MS + s * 1_000 });
const [x, c] = [of("x"), of("c")];

/** Up to four boots of readings as they were made, at any device times, and the same with some of each boot told again after all others. */
const history = fc
  .array(fc.array(fc.record({ s: fc.integer({ min: 0, max: 40 }), isLost: fc.boolean() }), { minLength: 1, maxLength: 5 }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((boots) => {
    const used = new Set<number>();
    const unused = (s: number): number => {
      while (used.has(s)) s += 1;
      used.add(s);
      return s;
    };
    const readings = boots.flatMap((boot, b) =>
      boot.map(({ s, isLost }, seq) => ({ ...of(`b${b}`)(seq, unused(s)), isLost: isLost && boot.some((other) => !other.isLost) })),
    );
    return { readings, lost: readings.filter(({ isLost }) => isLost), came: readings.filter(({ isLost }) => !isLost) };
  });

describe("the reading that says what a rig does now", () => {
  test("is the same whichever readings are told again at the end, in whatever order, with a snapshot taken anywhere between", () => {
    fc.assert(
      fc.property(
        history.chain(({ readings, lost, came }) =>
          fc.record({
            readings: fc.constant(readings),
            came: fc.constant(came),
            again: fc.shuffledSubarray(lost, { minLength: lost.length, maxLength: lost.length }),
            cut: fc.nat(readings.length),
          }),
        ),
        ({ readings, came, again, cut }) => {
          const order = [...came, ...again];
          const saved = farmOfLines(snapshotLines(fold(order.slice(0, cut))));
          expect(twinOf(fold(order.slice(cut), saved))).toEqual(twinOf(fold(readings)));
        },
      ),
      { numRuns: 1_500 },
    );
  });

  test("a clock that jumped back before a restart, both sides of it told again", () => {
    const readings = [x(1, 100), x(2, 20), c(29), c(30), c(31), c(32)];
    expect(twinOf(fold(readings))).toMatchObject({ boot: "c", lastSeq: 32 });
    expect(twinOf(fold([x(1, 100), c(30), c(31), c(32)]))).toMatchObject({ boot: "x", lastSeq: 1 });
    expect(twinOf(fold([x(1, 100), c(30), c(31), c(32), x(2, 20), c(29)]))).toEqual(twinOf(fold(readings)));
  });

  test("a boot that was left does not come back, though its clock was ahead", () => {
    expect(twinOf(fold([x(0, 1), c(0, 5), x(1, 9), c(1, 6)]))).toMatchObject({ boot: "c", lastSeq: 1, readings: 4 });
  });

  test("a boot of which a gateway's store tells late is not the present, and the present goes on", () => {
    const farm = fold([c(10), c(11), x(1), x(2)]);
    expect(twinOf(farm)).toMatchObject({ boot: "c", lastSeq: 11, readings: 4 });
    expect(farm.twins.get("r1")?.counts.late).toBe(2);
    expect(twinOf(fold([c(12)], farm))).toMatchObject({ boot: "c", lastSeq: 12 });
  });

  /** Told in the moment it was made, by a clock that is `aheadS` ahead. */
  const live = (boot: string, seq: number, s: number, aheadS = 0): Told => ({
    boot,
    seq,
    ts: T0 + (s + aheadS) * 1_000,
    receivedTs: T0 + s * 1_000 + 50,
  });

  test("a restart that sets right a clock that was ahead is the present at once", () => {
    const farm = fold([live("x", 0, 0, 240), live("x", 1, 10, 240), live("c", 0, 60), live("c", 1, 70)]);
    expect(twinOf(farm)).toMatchObject({ boot: "c", lastSeq: 1 });
    expect(farm.twins.get("r1")).toMatchObject({ state: "hashing", counts: { late: 0 } });
  });

  test("what a rig tells now outweighs a stored boot that was taken for newer", () => {
    // x began with a clock of two hours ago, before the network set it.
    const farm = fold([live("x", 0, 0, -7_200), live("x", 1, 10)]);
    fold([{ boot: "old", seq: 7, ts: T0 - HOUR_MS, receivedTs: T0 + 12_000 }], farm);
    expect(twinOf(farm)).toMatchObject({ boot: "old" });
    fold([live("x", 2, 20)], farm);
    expect(twinOf(farm)).toMatchObject({ boot: "x", lastSeq: 2 });
    fold([{ boot: "old", seq: 8, ts: T0 - HOUR_MS + 1_000, receivedTs: T0 + 21_000 }], farm);
    expect(twinOf(farm)).toMatchObject({ boot: "x", lastSeq: 2 });
  });

  test("a second gateway takes over where the first falls silent, however wrong both their clocks are", () => {
    const wrongS = -40;
    const farm = fold([live("a", 0, 0, wrongS), live("b", 0, 1, wrongS)]);
    for (let i = 1; i <= 6; i++) fold([live("a", i, 10 * i, wrongS), live("b", i, 10 * i + 1, wrongS)], farm);
    expect(twinOf(farm)).toMatchObject({ boot: "b", lastSeq: 6 });
    for (let i = 7; i <= 11; i++) fold([live("a", i, 10 * i, wrongS)], farm);
    expect(twinOf(farm)).toMatchObject({ boot: "b", lastSeq: 6 });
    fold([live("a", 13, 130, wrongS), live("a", 14, 140, wrongS)], farm);
    expect(twinOf(farm)).toMatchObject({ boot: "a", lastSeq: 14 });
  });

  test("two gateways whose clocks differ make no running time", () => {
    for (const aheadS of [-25, 0, 8, 20]) {
      const farm = fold([live("a", 0, 0), live("b", 0, 5, aheadS)]);
      for (let i = 1; i <= 360; i++) fold([live("a", i, 10 * i), live("b", i, 10 * i + 5, aheadS)], farm);
      const ranS = (farm.service.ranMs.get("r1") ?? 0) / 1_000;
      expect([aheadS, Math.abs(ranS - 3_605) <= 30]).toEqual([aheadS, true]);
    }
  });

  test("a restart with a clock of last year is the present when nothing else was heard for a minute, and told faster it is not", () => {
    const yearS = -31_536_000;
    const before = () => fold([live("x", 0, 0), live("x", 1, 10)]);
    const farm = before();
    for (let i = 0; i < 12; i++) fold([live("c", i, 40 + 10 * i, yearS)], farm);
    expect(twinOf(farm)).toMatchObject({ boot: "c", lastSeq: 11 });
    // The same readings out of a store, a second apart.
    const store = before();
    for (let i = 0; i < 12; i++) fold([{ ...live("c", i, 40 + 10 * i, yearS), receivedTs: T0 + 90_000 + i * 1_000 }], store);
    expect(twinOf(store)).toMatchObject({ boot: "x", lastSeq: 1 });
  });

  test("the boot in which a rig is outlives those of which a store tells, and what it told is not counted again", () => {
    const farm = fold([x(0, 100), x(1, 101), ...Array.from({ length: 6 }, (_, i) => of(`w${i}`)(0, i))]);
    fold([x(0, 100), x(1, 101)], farm);
    expect(twinOf(farm)).toMatchObject({ boot: "x", lastSeq: 1, readings: 8 });
    expect(farm.duplicates).toBe(2);
  });

  test("what waits is forgotten when the rig is heard live, and with the boots that are forgotten", () => {
    const farm = fold([live("x", 0, 0), { boot: "w", seq: 1, ts: T0 - HOUR_MS, receivedTs: T0 + 1_000 }]);
    expect(farm.seen.get("r1")?.waiting).toHaveLength(1);
    fold([live("x", 1, 10)], farm);
    expect(farm.seen.get("r1")?.waiting).toBeUndefined();
    const restless = fold([x(0, 100), ...Array.from({ length: 20 }, (_, i) => of(`w${i}`)(0, i))]);
    expect(restless.seen.get("r1")?.waiting?.length).toBeLessThanOrEqual(4);
  });
});
