import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { cellsOf, csvCell } from "../../server/twin/csv.ts";
import { nextSlot, placesCsv, positionsCsv, readPositions, rigFinder, type Standing } from "../../server/twin/positions.ts";

const rig = (name: string, at: string | null = null, more: Partial<Standing> = {}): Standing => {
  const [container = "", rack = "", slot = ""] = at?.split("/") ?? [];
  return { rig: name, serial: null, mac: null, position: at === null ? null : { container, rack, slot }, ...more };
};
const RIGS = [rig("r1", "C1/A/1", { serial: "SN-123-456", mac: "aa:bb:cc:00:11:22" }), rig("r2", "C1/A/2"), rig("r3")];
const read = (...lines: string[]) => readPositions(["rig,container,rack,slot", ...lines].join("\r\n"), RIGS);
const faults = (...lines: string[]): [number, string][] => read(...lines).faults.map(({ line, says }) => [line, says]);

describe("positions as a table", () => {
  test("what changes, what is so already; two may swap; an empty place is one that nobody knows", () => {
    const told = read("r1,C1,A,2", "r2,C1,A,1", "r3,,,");
    expect(told).toEqual({
      changes: [
        { rig: "r1", position: { container: "C1", rack: "A", slot: "2" } },
        { rig: "r2", position: { container: "C1", rack: "A", slot: "1" } },
      ],
      same: 1,
      faults: [],
    });
    expect(read("r2,,,").changes).toEqual([{ rig: "r2", position: null }]);
  });
  test("every fault has its line: unknown, twice, half a place, a slot that is somebody's, an open quote, a control character", () => {
    expect(faults("nobody,C,A,1", "r3,C1,A,1", "r3,C,A,2", "r1,C,,1", "r2,C1,A,9", ' r2,"C,A,1', "r2,C,A,1\u0007")).toEqual([
      [2, 'no rig "nobody" is known'],
      [3, "C1 / A / 1 is r1's"],
      [4, "r3 stands in line 3 as well"],
      [5, expect.stringContaining("needs container, rack and slot")],
      [7, expect.any(String)],
      [8, expect.stringContaining("plain letters")],
    ]);
    expect(faults("r1,X,A,1", "r2,X,A,1")).toEqual([[3, "X / A / 1 is r1's in line 2"]]);
    expect(readPositions("name,place\nr1,x", RIGS).faults).toEqual([{ line: 1, says: expect.stringContaining("must name the columns") }]);
  });
  test("semicolons and tabs, a byte order mark, serial or MAC in place of the name, columns in any order", () => {
    for (const [text, name] of [
      ["\ufeffSerial;Slot;Rack;Container\nsn123456;7;B;C2", "r1"],
      ["mac\tcontainer\track\tslot\nAA-BB-CC-00-11-22\tC2\tB\t7", "r1"],
    ] as const)
      expect(readPositions(text, RIGS).changes).toEqual([{ rig: name, position: { container: "C2", rack: "B", slot: "7" } }]);
  });
  test("what is written is read again as it was, whatever the names are", () => {
    const word = fc
      .string({ minLength: 1, maxLength: 12 })
      .map((text) => text.replaceAll(/[\u0000-\u001f\u007f]/g, "x").trim() || "x")
      .filter((text) => !text.startsWith("'"));
    fc.assert(
      fc.property(fc.uniqueArray(word, { minLength: 1, maxLength: 8 }), (slots) => {
        const rigs = slots.map((slot, i) => ({ ...rig(`r${i}`), position: { container: "=C", rack: 'a "b", c', slot } }));
        expect(readPositions(positionsCsv(rigs), rigs)).toEqual({ changes: [], same: rigs.length, faults: [] });
        expect(
          readPositions(
            placesCsv(rigs),
            rigs.map(({ rig: name }) => rig(name)),
          ).changes,
        ).toHaveLength(rigs.length);
      }),
    );
  });
  test("a cell is read as it was written", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ maxLength: 8 }).map((text) =>
            text
              .replaceAll(/[\r\n\t]/g, "")
              .replace(/^['\s]+/, "")
              .trimEnd(),
          ),
          { minLength: 1 },
        ),
        (cells) => {
          expect(cellsOf(cells.map(csvCell).join(","), ",")).toEqual(cells);
        },
      ),
    );
  });
});

test("a scanned code finds its rig by name, serial, MAC, or a serial within what the label says", () => {
  const find = rigFinder([...RIGS, rig("r9", null, { serial: "SN-777-000" }), rig("r8", null, { serial: "SN777000" })]);
  expect(find("R2")).toEqual(["r2"]);
  expect(find("aabbcc001122")).toEqual(["r1"]);
  expect(find("https://maker.example/?sn=SN123456&m=S21")).toEqual(["r1"]);
  expect(find("sn777000")).toEqual(["r9", "r8"]);
  expect(find("12")).toEqual([]);
});

test("the next slot counts on its last number", () => {
  expect(["7", "09", "2-4", "A", "slot 19b"].map(nextSlot)).toEqual(["8", "10", "2-5", "A", "slot 20b"]);
});
