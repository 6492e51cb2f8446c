import { beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { BUNDLE_CONTEXT, type Bundle, type ProvenDay } from "../../server/twin/bundle.ts";
import { canonicalText } from "../../server/twin/canonical.ts";
import { dateOf, rowText, treeOf, type DayLeaf, type TokenDay } from "../../server/twin/day.ts";
import { type Hex } from "../../server/twin/seal.ts";
import { verifyBundle, type ChainReader, type Verification } from "../../server/twin/verify.ts";
import { DAY, WHERE, dayTree, make, tokens, treeFor, type Case } from "./proven.ts";

let good: Case;
beforeAll(() => {
  good = make();
});
const check = (bundle: unknown, chain: ChainReader | null = good.chain, expected = {}): Promise<Verification> =>
  verifyBundle(bundle, chain, expected);
const copy = (): Bundle => structuredClone(good.bundle);
/** A copy in which something was changed. */
const but = (change: (bundle: Bundle) => void): Bundle => {
  const bundle = copy();
  change(bundle);
  return bundle;
};
const day = (bundle: Bundle, i = 0): ProvenDay => bundle.days[i] as ProvenDay;

describe("a whole bundle", () => {
  test("is verified, step by step", async () => {
    const { verdict, steps } = await check(good.bundle, good.chain, { chainId: 31_337, contract: WHERE.contract, tokenId: 2 });
    expect(steps.filter(({ result }) => result === "failed" || result === "not-checked")).toEqual([]);
    expect(verdict).toBe("verified");
    expect(steps.filter(({ subject }) => subject === dateOf(DAY)).map((step) => step.check)).toEqual([
      "rows",
      "leaf",
      "proof",
      "place",
      "figures",
      "tier",
      "anchored",
      "tree size",
      "root",
      "newest",
    ]);
  });
  test("is excused for its repair and its pauses, by figures that follow from rows and records", () => {
    const { totals } = day(good.bundle);
    expect(totals.excusedSlots).toBeGreaterThan(0);
    expect(totals.uptimeExcusedPct ?? 0).toBeGreaterThan(totals.uptimePct ?? 0);
  });
  test("without a chain is never verified", async () => {
    expect((await check(good.bundle, null)).verdict).toBe("incomplete");
  });
  test("with a chain that does not answer is never verified", async () => {
    const away = async (): Promise<never> => {
      throw new Error("away");
    };
    // Keys and technicians are asked for where there are signatures: vouched.test.ts, verify-signers.test.ts.
    for (const name of Object.keys(good.chain).filter((one) => one !== "gatewayKeyAt" && one !== "wasTechnician")) {
      const { verdict, steps } = await check(good.bundle, { ...good.chain, [name]: away });
      expect([name, verdict]).toEqual([name, "incomplete"]);
      expect(steps.some(({ result, says }) => result === "not-checked" && says.includes("away"))).toBe(true);
    }
  });
});

test("a day that came onto the chain long after its end is told as such, and is no less verified", async () => {
  const written = (days: number): ChainReader => ({
    ...good.chain,
    anchorOf: async (on) => {
      const anchor = await good.chain.anchorOf(on);
      return anchor === null ? null : { ...anchor, writtenTs: (on + 1) * 86_400_000 + days * 86_400_000 };
    },
  });
  const lateIn = async (days: number) => {
    const { verdict, steps } = await check(good.bundle, written(days));
    return { verdict, late: steps.filter(({ check: what }) => what === "late") };
  };
  expect(await lateIn(0.1)).toEqual({ verdict: "verified", late: [] });
  const { verdict, late } = await lateIn(5);
  expect(verdict).toBe("verified");
  expect(late[0]).toMatchObject({ result: "stated", says: expect.stringContaining("nothing changed since then") });
});

describe("fails", () => {
  test("another manifest than the one whose hash the contract has", async () => {
    const anchorOf: ChainReader["anchorOf"] = async (on) => {
      const anchor = await good.chain.anchorOf(on);
      return anchor === null ? null : { ...anchor, manifestHash: `0x${"ee".repeat(32)}` };
    };
    const { verdict, steps } = await check(good.bundle, { ...good.chain, anchorOf });
    expect(verdict).toBe("failed");
    expect(steps.filter(({ result }) => result === "failed").map((step) => step.check)).toContain("root");
  });
  test("a leaf that was anchored with this day and speaks of another", async () => {
    const leaf = JSON.parse(day(good.bundle).tree?.leaf ?? "") as DayLeaf;
    const text = canonicalText({ ...leaf, day: DAY + 1 });
    const leaves = [1, 2, 3].map((tokenId) => ({ tokenId, n: leaf.n, text: tokenId === 2 ? text : "{}" }));
    const tree = treeOf(WHERE, DAY, 0, 1, leaves, null);
    const { root, manifestHash, treeSize, readings } = tree;
    const anchorOf: ChainReader["anchorOf"] = async (on) =>
      on === DAY ? { root, manifestHash, treeSize, readings } : good.chain.anchorOf(on);
    const { steps } = await check(
      but((b) => void (b.days[0] = { ...day(b), tree: dayTree(tree, 1) })),
      { ...good.chain, anchorOf },
    );
    expect(steps.filter(({ result }) => result === "failed").map(({ says }) => says)).toContain("The leaf is of another day.");
  });
  test.each<[string, (bundle: Bundle) => void]>([
    ["a dropped row", (b) => day(b).rows.splice(100, 1)],
    ["two rows changed in their order", (b) => day(b).rows.splice(10, 2, ...day(b).rows.slice(10, 12).toReversed())],
    ["rows of another day", (b) => (b.days[0] = { ...day(b), rows: day(b, 1).rows })],
    [
      "swapped days",
      (b) => (b.days = [{ ...day(b, 1), day: DAY, date: dateOf(DAY) }, { ...day(b), day: DAY + 1, date: dateOf(DAY + 1) }, day(b, 2)]),
    ],
    ["a day left out", (b) => b.days.splice(1, 1)],
    ["a day twice", (b) => b.days.splice(1, 0, day(b))],
    ["days out of order", (b) => b.days.reverse()],
    ["a better figure shown", (b) => (b.days[0] = { ...day(b), totals: { ...day(b).totals, uptimePct: 100 } })],
    [
      "the corrected day shown as it was before",
      (b) => {
        const { tree: _tree, earlier, ...rest } = day(b, 2);
        const [{ rows, ...tree } = { rows: [] }] = earlier;
        b.days[2] = { ...rest, rows, tree: tree as NonNullable<ProvenDay["tree"]>, earlier: [] };
      },
    ],
    ["another token", (b) => (b.tokenId = 3)],
    ["another chain id", (b) => (b.chain.chainId = 1)],
    ["another contract", (b) => (b.chain.contract = `0x${"2b".repeat(20)}`)],
    ["another rig's name", (b) => (b.rig = "rig-1")],
    ["another machine", (b) => (b.identity = { ...b.identity, serial: "SN-9" })],
    ["a record left out", (b) => b.records.splice(1, 1)],
    ["the last record left out", (b) => b.records.pop()],
    ["a leaf at another index", (b) => (b.days[0] = { ...day(b), tree: { ...(day(b).tree as NonNullable<ProvenDay["tree"]>), index: 0 } })],
    ["another size", (b) => (b.days[0] = { ...day(b), tree: { ...(day(b).tree as NonNullable<ProvenDay["tree"]>), size: 4 } })],
  ])("%s", async (_name, change) => {
    const { verdict, steps } = await check(but(change));
    expect(verdict).toBe("failed");
    expect(steps.filter(({ result }) => result === "failed").every(({ says }) => says.length > 10)).toBe(true);
  });

  test("a rig dropped from the day, all the rest made to fit", async () => {
    const without = treeFor(
      DAY,
      0,
      tokens(DAY, false, 3, 0).filter(({ tokenId }) => tokenId !== 3),
      null,
    );
    const bundle = but((b) => (b.days[0] = { ...day(b), tree: dayTree(without, 1) }));
    expect((await check(bundle)).verdict).toBe("failed");
    const forged: ChainReader = { ...good.chain, anchorOf: async (on) => (on === DAY ? { ...without } : good.chain.anchorOf(on)) };
    expect((await check(bundle, forged)).steps.find(({ result }) => result === "failed")).toMatchObject({
      subject: dateOf(DAY),
      check: "tree size",
    });
  });
  test("two leaves for one token", async () => {
    const all = tokens(DAY, false, 3, 0);
    const twice = treeFor(DAY, 0, [all[0], all[1], { ...(all[1] as TokenDay) }] as TokenDay[], null);
    const bundle = but((b) => (b.days[0] = { ...day(b), tree: dayTree(twice, 1) }));
    const forged: ChainReader = { ...good.chain, anchorOf: async (on) => (on === DAY ? { ...twice } : good.chain.anchorOf(on)) };
    expect((await check(bundle, forged)).steps.find(({ result }) => result === "failed")).toMatchObject({ check: "place" });
  });
  test.each([
    ["chain", { chainId: 1 }],
    ["contract", { contract: `0x${"2b".repeat(20)}` }],
    ["token", { tokenId: 1 }],
  ])("where the stranger knows of another %s", async (_name, expected) => {
    expect((await check(good.bundle, good.chain, expected)).verdict).toBe("failed");
  });
  test("where the chain asked is another one", async () => {
    expect((await check(good.bundle, { ...good.chain, chainId: async () => 5 })).verdict).toBe("failed");
    expect((await check(good.bundle, { ...good.chain, hasContract: async () => false })).verdict).toBe("failed");
  });

  test("any changed number in any row", async () => {
    const names = [
      "n",
      "paused",
      "signed",
      "hashrateGhs",
      "powerW",
      "boardMaxDc",
      "chipMaxDc",
      "intakeMaxDc",
      "deliveredGh",
      "energyJ",
      "ts",
    ] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2 }),
        fc.integer({ min: 0, max: 287 }),
        fc.constantFrom(...names),
        fc.integer({ min: 1, max: 1_000_000 }),
        async (i, slot, name, by) => {
          const bundle = but((b) => {
            const row = day(b, i).rows[slot] as Record<string, number | null>;
            row[name] = (row[name] ?? 0) + by;
          });
          expect((await check(bundle)).verdict).toBe("failed");
        },
      ),
      { numRuns: 60 },
    );
  });

  test("any changed byte of what is hashed", async () => {
    const texts: ((bundle: Bundle) => { get: () => string; set: (text: string) => void })[] = [
      ...[0, 1, 2].flatMap((i) =>
        (["leaf", "manifest", "root"] as const).map((name) => (b: Bundle) => {
          const tree = day(b, i).tree as { leaf: string; manifest: string; root: string };
          return { get: () => tree[name], set: (text: string) => void (tree[name] = text) };
        }),
      ),
      ...[0, 1, 2].flatMap((i) =>
        (["bytes", "hash"] as const).map((name) => (b: Bundle) => {
          const one = b.records[i] as { bytes: string; hash: string };
          return { get: () => one[name], set: (text: string) => void (one[name] = text) };
        }),
      ),
      (b: Bundle) => {
        const tree = day(b).tree as { proof: string[] };
        return { get: () => tree.proof[0] ?? "", set: (text: string) => void (tree.proof[0] = text) };
      },
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...texts), fc.nat(), fc.integer({ min: 1, max: 9 }), async (place, where, by) => {
        const bundle = but((b) => {
          const { get, set } = place(b);
          const at = where % get().length;
          set(get().slice(0, at) + String.fromCharCode(get().charCodeAt(at) ^ by) + get().slice(at + 1));
        });
        expect((await check(bundle)).verdict).toBe("failed");
      }),
      { numRuns: 120 },
    );
  });

  test.each([null, 5, "bundle", [], {}, { context: BUNDLE_CONTEXT }, { days: [{}] }])("nonsense: %j", async (nonsense) => {
    const { verdict, steps } = await check(nonsense);
    expect([verdict, steps.length]).toEqual(["failed", 1]);
  });
  test("a leaf whose members are nonsense", async () => {
    for (const leaf of ["{}", "[]", "null", "5", '{"spans":[1]}', '{"fromTs":"x"}', '{"spans":5}'])
      expect(
        (await check(but((b) => (b.days[0] = { ...day(b), tree: { ...(day(b).tree as NonNullable<ProvenDay["tree"]>), leaf } })))).verdict,
      ).toBe("failed");
  });
});

test("a row's text is its canonical form", () => {
  for (const row of day(good.bundle).rows) expect(rowText(row)).toBe(canonicalText(row));
});
test("every hash is written as the contract has it", () => {
  expect(day(good.bundle).tree?.root).toMatch(/^0x[0-9a-f]{64}$/ satisfies RegExp);
  expect((good.bundle.chain.contract as Hex).length).toBe(42);
});
