/** A part that is another one than before is a question, until a record or a reason explains it. Through the whole fold. */
import { describe, expect, test } from "@jest/globals";
import { foldEntry, newFarm, nothingYet, type Farm } from "../../server/twin/farm.ts";
import { changesOf } from "../../server/twin/part-changes.ts";
import type { Act, ReplacedPart } from "../../server/twin/record.ts";
import { sealRecord, type Sealed } from "../../server/twin/seal.ts";
import { farmHash, farmOfLines, snapshotLines } from "../../server/twin/snapshot.ts";
import { OWN, topicOf } from "../../server/twin/wire.ts";

const T0 = 1_790_000_000_000;
const utf8 = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

/** A rig whose story is told message by message. */
const story = () => {
  const farm: Farm = newFarm("farm");
  const puts: [topic: string, payload: Uint8Array][] = [];
  let seq = 0;
  let last: Sealed | null = null;
  const put = (topic: string, payload: unknown): void => {
    puts.push([topic, utf8(payload)]);
    const pos = puts.length;
    foldEntry(
      farm,
      { pos, receivedTs: T0 + pos * 1_000, topic, payload: utf8(payload), qos: 1, retain: false, dup: false, client: "" },
      nothingYet(),
    );
  };
  const it = {
    farm,
    puts,
    birth: (identity: object): void => put(topicOf("farm", "a", "birth"), { v: 1, ts: T0, boot: "b", identity }),
    boards: (...serials: (string | null)[]): void =>
      put(topicOf("farm", "a", "telemetry"), {
        v: 1,
        ts: T0 + ++seq * 1_000,
        seq,
        boot: "b",
        m: { mode: "mining", hashrateThs: 100, boards: serials.map((serial, index) => ({ index, hashrateThs: 33, serial })) },
      }),
    record: (parts: readonly ReplacedPart[]): void => {
      const sealed = sealRecord(
        {
          site: "farm",
          rig: "a",
          serial: null,
          kind: "part-replaced",
          performedTs: T0,
          sealedTs: T0,
          technician: "badge-17",
          summary: "x",
          parts,
        },
        last,
      );
      last = sealed;
      put(OWN.record, sealed.bytes);
    },
    act: (act: Act): void => put(OWN.act, act),
    open: () => changesOf(farm.parts, "a").filter(({ explained }) => explained === null),
    all: () => changesOf(farm.parts, "a"),
  };
  return it;
};
const PSU = { part: "psu", index: null, oldSerial: "P1", newSerial: "P2" } as const;

describe("a question is raised", () => {
  test("by another PSU in the birth message, once", () => {
    const it = story();
    it.birth({ psuSerial: "P1" });
    it.birth({ psuSerial: "P1" });
    expect(it.all()).toEqual([]);
    it.birth({ psuSerial: "P2" });
    it.birth({ psuSerial: "P2" });
    expect(it.open()).toEqual([{ number: 1, ...PSU, seenTs: T0 + 3_000, explained: null }]);
  });
  test("by another board in the telemetry", () => {
    const it = story();
    it.boards("B1", "B2", "B3");
    it.boards("B1", "B9", "B3");
    expect(it.open()).toMatchObject([{ part: "board", index: 1, oldSerial: "B2", newSerial: "B9" }]);
  });
  test("by another control board, and by going back", () => {
    const it = story();
    it.birth({ controlBoardSerial: "C1" });
    it.birth({ controlBoardSerial: "C2" });
    it.birth({ controlBoardSerial: "C1" });
    expect(it.open().map(({ number, oldSerial, newSerial }) => [number, oldSerial, newSerial])).toEqual([
      [1, "C1", "C2"],
      [2, "C2", "C1"],
    ]);
  });
});

describe("no question is raised", () => {
  test.each<[string, (it: ReturnType<typeof story>) => void]>([
    [
      "when a serial is told for the first time",
      (it) => (it.birth({ psuSerial: "P1" }), it.boards("B1", "B2"), it.boards("B1", "B2", "B3")),
    ],
    [
      "when boards leave out what they told",
      (it) => (it.boards("B1", "B2"), it.boards(null, null), it.boards("B1"), it.boards("B1", "B2")),
    ],
    ["when boards change their places", (it) => (it.boards("B1", "B2"), it.boards("B2", "B1"))],
    [
      "by placeholders",
      (it) => (
        it.birth({ psuSerial: "P1" }),
        it.birth({ psuSerial: "0000" }),
        it.birth({ psuSerial: "N/A" }),
        it.birth({ psuSerial: "P1" })
      ),
    ],
    ["when the record was there before", (it) => (it.birth({ psuSerial: "P1" }), it.record([PSU]), it.birth({ psuSerial: "P2" }))],
  ])("%s", (_name, tell) => {
    const it = story();
    tell(it);
    expect(it.open()).toEqual([]);
  });
});

describe("a question is answered", () => {
  const swapped = () => {
    const it = story();
    it.birth({ psuSerial: "P1" });
    it.birth({ psuSerial: "P2" });
    return it;
  };
  test("by a record of old and new serial, also where the old one was not noted", () => {
    for (const oldSerial of ["P1", null]) {
      const it = swapped();
      it.record([{ ...PSU, oldSerial }]);
      expect([it.open(), it.all()[0]?.explained?.how]).toEqual([[], "record"]);
    }
  });
  test("not by a record of something else", () => {
    const it = swapped();
    it.record([{ ...PSU, newSerial: "P3" }]);
    it.record([{ ...PSU, part: "fan" }]);
    it.record([{ ...PSU, oldSerial: "P0" }]);
    it.record([{ ...PSU, newSerial: null }]);
    expect(it.open()).toHaveLength(1);
  });
  test("by a stated reason, once, and no other question with it", () => {
    const it = swapped();
    it.birth({ controlBoardSerial: "C1" });
    it.birth({ controlBoardSerial: "C2" });
    const act = (number: number, reason: string): Act => ({ what: "part-reason", rig: "a", number, reason, by: "badge-17" });
    it.act(act(1, "Label read wrongly."));
    it.act(act(1, "Another."));
    it.act(act(7, "None."));
    expect(it.all()[0]?.explained).toMatchObject({ how: "reason", reason: "Label read wrongly.", by: "badge-17" });
    expect(it.open().map(({ part }) => part)).toEqual(["control-board"]);
  });
});

test("the same journal gives the same questions, and a snapshot keeps them", () => {
  const it = story();
  it.boards("B1", "B2");
  it.boards("B1", "B8");
  it.birth({ psuSerial: "P1" });
  const restored = farmOfLines(snapshotLines(it.farm));
  expect(restored.parts).toEqual(it.farm.parts);
  const again = newFarm("farm");
  for (const [i, [topic, payload]] of it.puts.entries())
    foldEntry(
      again,
      { pos: i + 1, receivedTs: T0 + (i + 1) * 1_000, topic, payload, qos: 1, retain: false, dup: false, client: "" },
      nothingYet(),
    );
  expect(again.parts).toEqual(it.farm.parts);
  expect(farmHash(again)).toBe(farmHash(it.farm));
});
