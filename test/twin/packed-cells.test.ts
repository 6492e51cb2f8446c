import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { blockEnd, packBlock, unpackBlock, unpackColumn } from "../../server/twin/packed-cells.ts";

const SHAPE = { rows: 3, columns: 2 };
const cells = (values: readonly number[]): Int32Array => Int32Array.from(values);
const INT32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });

describe("packed cells", () => {
  test("any integers of 32 bits come back, block behind block, whole or one column", () => {
    const block = fc.array(fc.oneof(INT32, fc.integer({ min: 0, max: 300 }), fc.constant(7)), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 4 }), (blocks) => {
        const packed = Uint8Array.from(blocks.flatMap((values) => [...packBlock(cells(values), SHAPE)]));
        let at = 0;
        for (const values of blocks) {
          const into = new Int32Array(8).fill(99);
          unpackBlock(packed, at, SHAPE, into, 1);
          expect([...into]).toEqual([99, ...values, 99]);
          const column = new Int32Array(3);
          unpackColumn(packed, at, SHAPE, 1, column);
          expect([...column]).toEqual([values[1], values[3], values[5]]);
          at = blockEnd(packed, at, SHAPE);
        }
        expect(at).toBe(packed.length);
      }),
    );
  });

  test("a column takes as many bytes a row as its range needs", () => {
    const bytesOf = (most: number): number =>
      packBlock(cells([5, 0, 5, most, 5, 0]), SHAPE).length - packBlock(cells([5, 0, 5, 0, 5, 0]), SHAPE).length;
    expect([1, 255, 256, 65_535, 65_536, 0xff_ffff, 0x100_0000].map(bytesOf)).toEqual([3, 3, 6, 6, 9, 9, 12]);
  });
});
