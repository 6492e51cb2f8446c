import { expect, test } from "@jest/globals";
import { growingPercent } from "../../server/heap-room.ts";

const MB = 1 << 20;

test.each([
  [0, 100],
  [64, 100],
  [128, 50],
  [160, 40],
  [1_000, 20],
])("a heap of %i MB may grow by %i per cent", (mb, percent) => {
  expect(growingPercent(mb * MB)).toBe(percent);
});
