import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { DAY_MS } from "../../server/twin/days.ts";
import { dayOf, digestReading, forgetOldest, forgetVersions, markWhole, rigDayOf, rowsOf, type Digest } from "../../server/twin/digest.ts";
import { SLOT_MS, SLOTS } from "../../server/twin/rig-day.ts";
import { foldEntry, newFarm, nothingYet, type Farm } from "../../server/twin/farm.ts";
import { NOTHING_MEASURED } from "../../server/twin/reading.ts";
import { dirtyCells, restoreCells } from "../../server/twin/snapshot.ts";
import { OWN, topicOf } from "../../server/twin/wire.ts";

const DAY = 20_000;
const counted = (rig: string, deviceTs: number) => ({ rig, deviceTs, boot: null, seq: null, signed: false });
const measured = (hashrateThs: number | null, powerW: number | null = 3_000, boardC: number | null = 61.24) => ({
  ...NOTHING_MEASURED,
  hashrateThs,
  powerW,
  boardC,
});

describe("digest", () => {
  test("a day has a row for each five minutes, the silent ones too", () => {
    const digest: Digest = new Map();
    digestReading(digest, counted("r1", DAY * DAY_MS + 7 * SLOT_MS), measured(100));
    digestReading(digest, counted("r1", DAY * DAY_MS + 8 * SLOT_MS - 1), measured(110, null));
    const rows = rowsOf(rigDayOf(digest, "r1", DAY));
    expect(rows).toHaveLength(SLOTS);
    expect(rows[7]).toEqual({
      ts: DAY * DAY_MS + 7 * SLOT_MS,
      n: 2,
      paused: 0,
      signed: 0,
      hashrateGhs: 105_000,
      powerW: 3_000,
      boardMaxDc: 612,
      chipMaxDc: null,
      intakeMaxDc: null,
      deliveredGh: 31_500_000,
      energyJ: 900_000,
    });
    expect(rows[8]).toEqual({
      ts: DAY * DAY_MS + 8 * SLOT_MS,
      n: 0,
      paused: 0,
      signed: 0,
      hashrateGhs: null,
      powerW: null,
      boardMaxDc: null,
      chipMaxDc: null,
      intakeMaxDc: null,
      deliveredGh: 0,
      energyJ: 0,
    });
  });

  test("the order of arrival changes nothing", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: DAY_MS - 1 }), fc.double({ min: 0, max: 300, noNaN: true })), { maxLength: 50 }),
        (pairs) => {
          const [forward, backward]: Digest[] = [new Map(), new Map()];
          for (const [ts, ths] of pairs) digestReading(forward as Digest, counted("r", DAY * DAY_MS + ts), measured(ths));
          for (const [ts, ths] of pairs.toReversed()) digestReading(backward as Digest, counted("r", DAY * DAY_MS + ts), measured(ths));
          expect(rowsOf(rigDayOf(forward as Digest, "r", DAY))).toEqual(rowsOf(rigDayOf(backward as Digest, "r", DAY)));
        },
      ),
    );
  });

  test("old days are forgotten", () => {
    const digest: Digest = new Map();
    for (const day of [DAY - 2, DAY - 1, DAY]) digestReading(digest, counted("r", day * DAY_MS), measured(1));
    forgetOldest(digest, 2);
    expect([...digest.values()].map((rigDay) => rigDay.day)).toEqual([DAY - 1, DAY]);
    forgetOldest(digest, 2);
    expect(digest.size).toBe(2);
    expect(dayOf(DAY * DAY_MS - 1)).toBe(DAY - 1);
  });

  test("nothing of today is forgotten because the clock was once two months ahead", () => {
    const farm = newFarm("farm");
    const put = (topic: string, receivedTs: number, value: object): void =>
      foldEntry(
        farm,
        {
          pos: farm.asOfPos + 1,
          receivedTs,
          topic,
          payload: Buffer.from(JSON.stringify(value)),
          qos: 1,
          retain: false,
          dup: false,
          client: "",
        },
        nothingYet(),
      );
    const nowTs = DAY * DAY_MS + 3_600_000;
    put(OWN.start, nowTs, {});
    for (let seq = 0; seq < 3; seq++) {
      put(OWN.tick, nowTs + 60 * DAY_MS + seq, {});
      put(topicOf("farm", "r", "telemetry"), nowTs + 60 * DAY_MS + seq, { v: 1, ts: nowTs + seq, seq, boot: "b", m: { hashrateThs: 1 } });
    }
    put(OWN.tick, nowTs + 60 * DAY_MS + 9, {});
    expect(rowsOf(rigDayOf(farm.digest, "r", DAY)).reduce((sum, { n }) => sum + n, 0)).toBe(3);
  });

  test("a day that is to be written away anew is so with all its slots, whatever the hour it begins in", () => {
    const [digest, copy]: [Digest, Farm] = [new Map(), newFarm("farm")];
    for (const slot of [170, 171, 250])
      digestReading(digest, { ...counted("r", DAY * DAY_MS + slot * SLOT_MS), boot: "b", seq: slot }, measured(slot));
    dirtyCells(digest);
    for (const rigDay of digest.values()) markWhole(rigDay);
    restoreCells(copy, dirtyCells(digest));
    expect(rowsOf(rigDayOf(copy.digest, "r", DAY))).toEqual(rowsOf(rigDayOf(digest, "r", DAY)));
    expect([...rigDayOf(copy.digest, "r", DAY).spans]).toEqual([["b", ["b", 170, 250, 3]]]);
  });

  test("what comes for a day that was forgotten is counted anew, and for a day before the last as well", () => {
    const digest: Digest = new Map();
    const count = (day: number, version: number): void => digestReading(digest, counted("r", day * DAY_MS), measured(1), version);
    count(DAY, 1);
    forgetVersions(digest, DAY, 1);
    expect(digest.size).toBe(0);
    count(DAY, 1);
    count(DAY, 2);
    count(DAY - 1, 1);
    count(DAY, 1);
    expect([...digest].map(([key, rigDay]) => [key, rowsOf(rigDay)[0]?.n])).toEqual([
      [`${DAY}/1/r`, 2],
      [`${DAY}/2/r`, 1],
      [`${DAY - 1}/1/r`, 1],
    ]);
  });
});
