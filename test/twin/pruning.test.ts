import { describe, expect, test } from "@jest/globals";
import { DAY_MS } from "../../server/twin/days.ts";
import { newTwin } from "../../server/twin/fold.ts";
import { prunableBeforeTs, usualDeviceTs } from "../../server/twin/pruning.ts";

const NOW = 20_000 * DAY_MS;
const AGE = { nowTs: NOW, toldTs: NOW, days: 30, bySizeTs: 0, sealedTs: NOW, storedTs: Infinity, savedTs: NOW };

describe("how much of the journal may go", () => {
  test.each([
    ["what is older than it may be", {}, NOW - 30 * DAY_MS],
    ["more, where it is larger than it may be", { bySizeTs: NOW - 2 * DAY_MS }, NOW - 2 * DAY_MS],
    [
      "no more because a clock is two months ahead",
      { nowTs: NOW + 60 * DAY_MS, sealedTs: NOW + 60 * DAY_MS, savedTs: NOW + 60 * DAY_MS },
      NOW - 30 * DAY_MS,
    ],
    ["nothing of a day that is not sealed", { bySizeTs: NOW - 2 * DAY_MS, sealedTs: NOW - 3 * DAY_MS }, NOW - 3 * DAY_MS],
    ["nothing that the series store lacks", { bySizeTs: NOW - 2 * DAY_MS, storedTs: NOW - 5 * DAY_MS }, NOW - 5 * DAY_MS],
    [
      "nothing that is folded in no snapshot, as where the disk takes small writes only",
      { bySizeTs: NOW - 2 * DAY_MS, savedTs: NOW - 4 * DAY_MS },
      NOW - 4 * DAY_MS,
    ],
    ["nothing while there is no snapshot", { savedTs: 0 }, 0],
    ["nothing while nobody knows what it lacks", { storedTs: 0 }, 0],
  ])("%s", (_name, given, wanted) => {
    expect(prunableBeforeTs({ ...AGE, ...given })).toBe(wanted);
  });
});

describe("what time the rigs tell", () => {
  const heard = (n: number, lastSeenTs: number, lastDeviceTs: number) =>
    Array.from({ length: n }, (_, i) => ({ ...newTwin("farm", `r${lastSeenTs}-${i}`, i, lastSeenTs), lastSeenTs, lastDeviceTs }));

  test("is not held back by rigs that were taken away, nor moved by a few wrong clocks", () => {
    const gone = heard(1_000, NOW - 90 * DAY_MS, NOW - 90 * DAY_MS);
    expect(usualDeviceTs([...gone, ...heard(300, NOW - 5_000, NOW - 6_000)], NOW)).toBe(NOW - 6_000);
    expect(usualDeviceTs([...gone, ...heard(300, NOW, NOW - 6_000), ...heard(50, NOW, NOW + 90 * DAY_MS)], NOW)).toBe(NOW - 6_000);
  });

  test("is what they told last where none was heard for a day", () => {
    expect(usualDeviceTs(heard(3, NOW - 9 * DAY_MS, NOW - 9 * DAY_MS), NOW)).toBe(NOW - 9 * DAY_MS);
    expect(usualDeviceTs([], NOW)).toBe(0);
    expect(usualDeviceTs([newTwin("farm", "r1", 0, NOW)], NOW)).toBe(0);
  });
});
