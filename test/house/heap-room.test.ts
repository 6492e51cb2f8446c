import { expect, test } from "@jest/globals";
import { growingPercent } from "../../server/heap-room.ts";

const MB = 1 << 20;

test.each([
  [0, 100],
  [20, 100],
  [128, 16],
  [160, 13],
  [1_000, 10],
])("a heap of %i MB may grow by %i per cent", (mb, percent) => {
  expect(growingPercent(mb * MB)).toBe(percent);
});
