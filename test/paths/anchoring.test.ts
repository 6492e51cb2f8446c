/** From readings to anchors on a real chain, through kills, silence, lateness and another chain. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { DayLeaf } from "../../server/twin/day.ts";
import { verifyBundle } from "../../server/twin/verify.ts";
import { readerOf } from "../../server/edge/chain/reader.ts";
import { at, D0, openBench, type Bench } from "./day-bench.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

const leafOf = (tokenId: number, day: number): DayLeaf =>
  JSON.parse(bench.parts().provenance.day(tokenId, day).tree?.leaf ?? "null") as DayLeaf;
const bundleOf = (tokenId: number) => bench.bundle(tokenId, at(0, 0), at(9, 0));
const verdictOf = async (tokenId: number) => {
  const bundle = await bundleOf(tokenId);
  const { verdict, steps } = await verifyBundle(structuredClone(bundle), readerOf(bench.rpcUrl(), bundle.chain.contract as `0x${string}`));
  return { verdict, wrong: steps.filter(({ result }) => result !== "passed" && result !== "stated") };
};

/** Two rigs born at noon of day 0, registered the same day, with a reading an hour. */
const firstDay = async (): Promise<void> => {
  for (const rig of ["a", "b"]) bench.birth(rig);
  for (let hour = 12; hour < 24; hour++) {
    bench.to(at(0, hour));
    for (const rig of ["a", "b"]) bench.reading(rig);
    if (hour === 12) await bench.settle();
  }
};

describe("a day", () => {
  test("is anchored after midnight and its grace, not before, and a stranger verifies it", async () => {
    await firstDay();
    bench.to(at(1, 0.2));
    await bench.settle();
    expect(bench.farm().ledger.days.size).toBe(0);
    bench.to(at(1, 0.26));
    await bench.settle();
    expect(bench.errors).toEqual([]);
    expect(bench.farm().ledger.days.get(D0)?.anchors).toMatchObject([
      { number: 0, treeSize: 2, readings: 24, txHash: expect.stringMatching(/^0x/) },
    ]);
    expect(await bench.parts().chain.anchorOf(D0)).toMatchObject({
      treeSize: 2,
      readings: 24,
      root: bench.farm().ledger.days.get(D0)?.anchors[0]?.root,
    });
    expect(leafOf(1, D0)).toMatchObject({
      tokenId: 1,
      rig: "a",
      n: 12,
      tier: "self-reported",
      fromTs: at(0, 12),
      deliveredGh: 12 * 100_000 * 300,
      energyJ: 12 * 3_000 * 300,
      nameplateGhs: 110_000,
    });
    expect(await verdictOf(1)).toEqual({ verdict: "verified", wrong: [] });
    expect(await verdictOf(2)).toEqual({ verdict: "verified", wrong: [] });
    expect((await bench.parts().provenance.days(1, at(0, 0), at(1, 0))).days).toMatchObject([
      { state: "anchored", n: 12, totals: { deliveredThH: 100, energyKwh: 3, slots: 144, upSlots: 12 } },
    ]);
  });

  test("a silent rig has a leaf, and one registered in the middle of the day counts", async () => {
    await firstDay();
    bench.to(at(1, 0.3));
    await bench.settle();
    bench.to(at(1, 15));
    bench.birth("c");
    bench.reading("c");
    await bench.settle();
    bench.to(at(2, 0.3));
    await bench.settle();
    expect(leafOf(1, D0 + 1)).toMatchObject({ n: 0, gaps: [[0, 288]], deliveredGh: 0 });
    expect(leafOf(3, D0 + 1)).toMatchObject({ rig: "c", n: 1, fromTs: at(1, 15) });
    expect(bench.farm().ledger.days.get(D0 + 1)?.anchors).toMatchObject([{ treeSize: 3 }]);
    for (const token of [1, 3]) expect(await verdictOf(token)).toEqual({ verdict: "verified", wrong: [] });
  });

  test("late readings become a correction; the anchor stays and both are verified", async () => {
    await firstDay();
    bench.to(at(1, 0.3));
    await bench.settle();
    const anchored = bench.farm().ledger.days.get(D0)?.anchors[0];
    bench.to(at(1, 5));
    bench.reading("a", at(0, 13.5));
    await bench.settle();
    const [first, second] = bench.farm().ledger.days.get(D0)?.anchors ?? [];
    expect(first).toEqual(anchored);
    expect(second).toMatchObject({ number: 1, version: 2, readings: 25 });
    const day = bench.parts().provenance.day(1, D0);
    expect(day.state).toBe("corrected");
    expect(leafOf(1, D0).n).toBe(13);
    expect(day.earlier.map(({ leaf }) => (JSON.parse(leaf) as DayLeaf).n)).toEqual([12]);
    expect(await bench.parts().chain.anchorOf(D0)).toMatchObject({ root: anchored?.root });
    expect(await verdictOf(1)).toEqual({ verdict: "verified", wrong: [] });
    expect(bench.errors).toEqual([]);
  });

  test("late readings become a correction after the clock was set back, too", async () => {
    await bench.close();
    bench = await openBench(3_600_000);
    await firstDay();
    bench.to(at(1, 20));
    await bench.settle();
    bench.to(at(1, 5));
    bench.reading("a", at(0, 13.5));
    await bench.settle();
    expect(bench.errors).toEqual([]);
    expect(bench.farm().ledger.days.get(D0)?.anchors).toMatchObject([{ readings: 24 }, { number: 1, readings: 25 }]);
  });

  test("days without a server are sealed and anchored as silence, one after the other", async () => {
    await firstDay();
    bench.to(at(5, 3));
    bench.restart();
    await bench.settle();
    expect([...bench.farm().ledger.days.keys()]).toEqual([0, 1, 2, 3, 4].map((i) => D0 + i));
    expect(await bench.parts().chain.lastAnchoredDay()).toBe(D0 + 4);
    expect(leafOf(2, D0 + 3).n).toBe(0);
    expect(await verdictOf(2)).toEqual({ verdict: "verified", wrong: [] });
    expect(bench.parts().anchoring.prunableBeforeTs()).toBe(at(5, 0));
  });

  test("a retired rig leaves the trees; the others keep their place", async () => {
    await firstDay();
    bench.to(at(1, 2));
    await bench.settle();
    await bench.parts().records.seal("a", { kind: "retired", performedTs: at(1, 2), technician: "badge-1", summary: "Sold.", parts: [] });
    await bench.settle();
    bench.to(at(1, 9));
    bench.reading("b");
    bench.to(at(2, 0.3));
    await bench.settle();
    expect(bench.errors).toEqual([]);
    expect(bench.farm().ledger.days.get(D0 + 1)?.anchors[0]).toMatchObject({ treeSize: 1 });
    expect(bench.parts().provenance.day(2, D0 + 1).tree).toMatchObject({ index: 0, size: 1 });
    expect(await verdictOf(2)).toEqual({ verdict: "verified", wrong: [] });
  });
});

describe("a correction that was signed and not sent", () => {
  test.each([false, true])("comes onto the chain once, and the next one behind it (killed: %s)", async (killed) => {
    await firstDay();
    bench.to(at(1, 0.3));
    await bench.settle();
    bench.to(at(1, 5));
    bench.reading("a", at(0, 13.5));
    bench.meddle((methods) => (methods.includes("eth_sendRawTransaction") ? "lose" : "pass"));
    await bench.parts().anchoring.step();
    expect(bench.errors).toHaveLength(1);
    expect(await bench.parts().chain.correctionsOf(D0)).toEqual([]);
    bench.meddle(() => "pass");
    if (killed) bench.restart();
    bench.to(at(1, 5.1));
    await bench.settle();
    expect(await bench.parts().chain.correctionsOf(D0)).toHaveLength(1);
    bench.to(at(1, 6));
    bench.reading("b", at(0, 13.5));
    await bench.settle();
    expect(bench.errors).toHaveLength(1);
    const roots =
      bench
        .farm()
        .ledger.days.get(D0)
        ?.anchors.map(({ root }) => root) ?? [];
    expect((await bench.parts().chain.correctionsOf(D0)).map(({ root }) => root)).toEqual(roots.slice(1));
    expect(roots).toHaveLength(3);
    expect(await verdictOf(1)).toEqual({ verdict: "verified", wrong: [] });
  });
});

describe("a tree that was made too early", () => {
  test("is made anew with the machine that came onto the chain that day, and the days go on", async () => {
    await firstDay();
    bench.meddle((methods) => (methods.includes("eth_estimateGas") ? "lose" : "pass"));
    bench.to(at(1, 0.3));
    await bench.parts().anchoring.step();
    expect(bench.errors).toHaveLength(1);
    bench.meddle(() => "pass");
    // The clock was ahead: it is still the evening before, and another machine comes.
    bench.to(at(0, 23.8));
    bench.birth("c");
    await bench.parts().records.step();
    bench.to(at(1, 0.5));
    await bench.settle();
    expect(bench.farm().ledger.days.get(D0)?.anchors).toMatchObject([{ treeSize: 3, readings: 24 }]);
    bench.to(at(2, 0.3));
    await bench.settle();
    expect(await bench.parts().chain.lastAnchoredDay()).toBe(D0 + 1);
    expect(bench.errors).toHaveLength(1);
    for (const token of [1, 3]) expect(await verdictOf(token)).toEqual({ verdict: "verified", wrong: [] });
  });
});

describe("blocks that were taken back", () => {
  test("an anchor and its correction are sent again, the same ones, and the days go on", async () => {
    await firstDay();
    bench.to(at(1, 0.3));
    await bench.settle();
    bench.reading("b", at(0, 14.2));
    bench.to(at(1, 0.4));
    await bench.settle();
    const before = bench
      .farm()
      .ledger.days.get(D0)
      ?.anchors.map(({ root }) => root);
    expect(before).toHaveLength(2);
    await bench.rewind(1);
    expect(await bench.parts().chain.correctionsOf(D0)).toEqual([]);
    await bench.settle();
    expect((await bench.parts().chain.correctionsOf(D0)).map(({ root }) => root)).toEqual(before?.slice(1));
    await bench.rewind(2);
    expect(await bench.parts().chain.lastAnchoredDay()).toBeNull();
    bench.to(at(2, 0.3));
    await bench.settle();
    expect(bench.errors).toEqual([]);
    expect(await bench.parts().chain.lastAnchoredDay()).toBe(D0 + 1);
    expect((await bench.parts().chain.anchorOf(D0))?.root).toBe(before?.[0]);
    expect(await verdictOf(1)).toEqual({ verdict: "verified", wrong: [] });
  });
});

describe("another chain", () => {
  test("gets every machine and every day again, rebuilt from the rows on disk", async () => {
    await firstDay();
    bench.to(at(1, 0.3));
    await bench.settle();
    const before = leafOf(1, D0);
    bench.to(at(3, 1));
    await bench.reset();
    await bench.settle();
    const days = bench.farm().ledger.days;
    expect(days.get(D0)?.anchors).toMatchObject([{ treeSize: 0 }, { number: 1, treeSize: 2, readings: 24 }]);
    const after = leafOf(1, D0);
    expect(after.root).toBe(before.root);
    expect({ ...after, contract: "" }).toEqual({ ...before, contract: "" });
    expect(await bench.parts().chain.lastAnchoredDay()).toBe(D0 + 2);
    expect(await verdictOf(1)).toEqual({ verdict: "verified", wrong: [] });
  });
});

describe("killed at every step", () => {
  test.each([false, true])(
    "never two roots for one day (after the effect: %s)",
    async (after) => {
      await firstDay();
      bench.to(at(1, 8));
      bench.reading("b", at(0, 14.2));
      bench.to(at(2, 0.3));
      const roots = new Map<string, string>();
      let kills = 0;
      for (let k = 0; k < 200; k++) {
        const fuse = { left: k % 9, after };
        bench.restart(fuse);
        await bench.parts().anchoring.step();
        if (fuse.left < 0) kills += 1;
        for (const day of [D0, D0 + 1]) {
          const anchor = await bench.parts().chain.anchorOf(day);
          const all = [...(anchor === null ? [] : [anchor]), ...(anchor === null ? [] : await bench.parts().chain.correctionsOf(day))];
          for (const [number, { root }] of all.entries()) {
            const name = `${day}/${number}`;
            expect(roots.get(name) ?? root).toBe(root);
            roots.set(name, root);
          }
        }
        if (fuse.left >= 0 && bench.farm().ledger.days.get(D0 + 1)?.anchors.length === 1) break;
      }
      bench.restart();
      await bench.settle();
      expect(kills).toBeGreaterThan(7);
      expect(roots.size).toBeGreaterThanOrEqual(2);
      expect(await bench.parts().chain.lastAnchoredDay()).toBe(D0 + 1);
      for (const token of [1, 2]) expect(await verdictOf(token)).toEqual({ verdict: "verified", wrong: [] });
    },
    300_000,
  );
});
