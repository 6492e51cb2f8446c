import { describe, expect, test } from "@jest/globals";
import { NEVER_SEEN, packRows, unpackRows, type LiveRow } from "../../server/twin/delta.ts";
import { RIG_STATES } from "../../server/twin/twin.ts";

const rows: LiveRow[] = [
  {
    index: 0,
    numbers: { hashrateThs: 104.5, powerW: 3068, boardC: 61, chipC: 76, intakeC: 24.5, fanRpm: 5000 },
    lastSeenTs: 1_000_000,
    state: "hashing",
    alarm: null,
  },
  {
    index: 4_000_000,
    numbers: { hashrateThs: null, powerW: 0, boardC: -40, chipC: null, intakeC: null, fanRpm: null },
    lastSeenTs: null,
    state: "offline",
    alarm: "critical",
  },
];

describe("live columns", () => {
  test("what is packed is what is unpacked", () => {
    const columns = unpackRows(packRows(rows, 1_005_000));
    expect(columns.count).toBe(2);
    expect(Array.from(columns.index)).toEqual([0, 4_000_000]);
    expect(columns.numbers.hashrateThs[0]).toBeCloseTo(104.5);
    expect(columns.numbers.hashrateThs[1]).toBeNaN();
    expect(columns.numbers.boardC[1]).toBe(-40);
    expect(Array.from(columns.lastSeen)).toEqual([5_000, NEVER_SEEN]);
    expect(RIG_STATES[columns.state[1] ?? -1]).toBe("offline");
    expect(Array.from(columns.alarm)).toEqual([0, 4]);
  });

  test("a buffer cut short or too long is refused", () => {
    const packed = packRows(rows, 0);
    expect(() => unpackRows(packed.slice(0, 10))).toThrow(RangeError);
    expect(() => unpackRows(packed.slice(0, -1))).toThrow(RangeError);
    expect(() => unpackRows(new ArrayBuffer(packed.byteLength + 1))).toThrow(RangeError);
  });
});
