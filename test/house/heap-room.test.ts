import { expect, test } from "@jest/globals";
import { growingPercent } from "../../server/heap-room.ts";

const MB = 1 << 20;

test.each([
  [0, 100],
  [40, 100],
  [128, 31],
  [160, 25],
  [1_000, 20],
])("a heap of %i MB may grow by %i per cent", (mb, percent) => {
  expect(growingPercent(mb * MB)).toBe(percent);
});
