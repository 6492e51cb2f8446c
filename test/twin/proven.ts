/** A twin with three proven days of three rigs, and the chain that says so: for whoever checks what a stranger would. */
import { BUNDLE_CONTEXT, type Bundle, type ProvenDay } from "../../server/twin/bundle.ts";
import { canonicalText } from "../../server/twin/canonical.ts";
import { dateOf, leafOf, proofIn, tokenDayOf, treeOf, type Deployment, type TokenDay, type Tree } from "../../server/twin/day.ts";
import { DAY_MS } from "../../server/twin/days.ts";
import { digestReading, type Digest } from "../../server/twin/digest.ts";
import { NO_IDENTITY, NOTHING_MEASURED } from "../../server/twin/reading.ts";
import { RECORD_KINDS } from "../../server/twin/record.ts";
import { hashOf, machineHash, sealRecord, type Sealed } from "../../server/twin/seal.ts";
import { sealedRigOf, type SealedRig } from "../../server/twin/sealing.ts";
import { dayTotals } from "../../server/twin/uptime.ts";
import { type ChainReader } from "../../server/twin/verify.ts";

export const DAY = 20_700;
export const WHERE: Deployment = { chainId: 31_337, contract: `0x${"1a".repeat(20)}` };
const IDENTITY = { ...NO_IDENTITY, make: "Bitmain", model: "Antminer S19 Pro", serial: "SN-2", boardSerials: [] };

/** What a day of a rig left behind: every `stepMin` minutes a reading, with holes. */
const sealed = (rig: string, day: number, stepMin: number): SealedRig => {
  const digest: Digest = new Map();
  for (let i = 0, seq = 0; i * stepMin < 1_440; i++) {
    seq += 1;
    if (i % 7 === 3) continue;
    const measured = {
      ...NOTHING_MEASURED,
      mode: i % 11 === 5 ? ("paused" as const) : ("mining" as const),
      hashrateThs: i % 11 === 5 ? 0 : 95 + (i % 5),
      powerW: 3_000 + i,
      boardC: 60 + (i % 9),
    };
    digestReading(digest, { rig, deviceTs: day * DAY_MS + i * stepMin * 60_000, boot: "b", seq, signed: false }, measured);
  }
  return sealedRigOf({ rig, firstSeenTs: (day - 5) * DAY_MS, nameplateGhs: 110_000 }, digest.get(`${day}/1/${rig}`));
};

export const tokens = (day: number, silent: boolean, count: number, more: number): TokenDay[] =>
  Array.from({ length: count }, (_, i) =>
    tokenDayOf(day, i + 1, `rig-${i + 1}`, silent && i === 1 ? [] : [sealed(`rig-${i + 1}`, day, 4 + i + more)]),
  );
export const treeFor = (day: number, number: number, all: readonly TokenDay[], reason: string | null): Tree =>
  treeOf(
    WHERE,
    day,
    number,
    number + 1,
    all
      .map((token) => ({ token, leaf: leafOf(WHERE, "farm", day, token) }))
      .map(({ token, leaf }) => ({ tokenId: token.tokenId, n: leaf.n, text: canonicalText(leaf) })),
    reason,
  );
export const dayTree = (tree: Tree, index: number) => ({
  number: tree.number,
  ...proofIn(tree, index),
  root: tree.root,
  manifest: tree.manifest,
  txHash: null,
  blockNumber: null,
  anchoredTs: (tree.day + 1) * DAY_MS,
});

const record = (fields: { readonly kind: (typeof RECORD_KINDS)[number]; readonly performedTs: number }, previous: Sealed | null): Sealed =>
  sealRecord(
    {
      site: "farm",
      rig: "rig-2",
      serial: "SN-2",
      technician: "badge-1",
      summary: "Done.",
      parts: [],
      sealedTs: fields.performedTs,
      ...fields,
    },
    previous,
  );

export interface Case {
  readonly bundle: Bundle;
  readonly chain: ChainReader;
}

/** Three days of three rigs, the second of them in the bundle; the last day was corrected. */
export const make = (): Case => {
  const first = record({ kind: "registration", performedTs: (DAY - 5) * DAY_MS }, null);
  const second = record({ kind: "repair-sent", performedTs: DAY * DAY_MS + 6 * 3_600_000 }, first);
  const third = record({ kind: "repair-returned", performedTs: DAY * DAY_MS + 9 * 3_600_000 }, second);
  const records = [first, second, third];
  const anchors = new Map<number, Tree>();
  const corrections = new Map<number, Tree[]>();
  const days = [DAY, DAY + 1, DAY + 2].map((day): ProvenDay => {
    const all = tokens(day, day === DAY + 1, 3, 0);
    const tree = treeFor(day, 0, all, null);
    anchors.set(day, tree);
    const corrected = day === DAY + 2 ? { all: tokens(day, false, 4, 1), number: 1 } : null;
    const newest = corrected === null ? tree : treeFor(day, 1, corrected.all, "readings came late");
    if (corrected !== null) corrections.set(day, [newest]);
    const rows = (corrected?.all ?? all)[1]?.rows ?? [];
    const leaf = JSON.parse(newest.leaves[1] ?? "null") as ReturnType<typeof leafOf>;
    return {
      day,
      date: dateOf(day),
      state: corrected === null ? "anchored" : "corrected",
      totals: dayTotals(
        leaf,
        rows,
        records.map(({ body }) => body),
      ),
      rows: [...rows],
      tree: dayTree(newest, 1),
      earlier: corrected === null ? [] : [{ ...dayTree(tree, 1), rows: [...(all[1]?.rows ?? [])] }],
    };
  });
  const bundle: Bundle = {
    context: BUNDLE_CONTEXT,
    madeTs: (DAY + 4) * DAY_MS,
    site: "farm",
    rig: "rig-2",
    tokenId: 2,
    chain: { chainId: WHERE.chainId, genesis: `0x${"00".repeat(32)}`, contract: WHERE.contract, local: true },
    identity: IDENTITY,
    records: records.map(({ hash, bytes }) => ({ hash, bytes, signature: null })),
    days,
  };
  const onChain = ({ root, manifestHash, treeSize, readings }: Tree) => ({ root, manifestHash, treeSize, readings });
  const chain: ChainReader = {
    chainId: async () => WHERE.chainId,
    hasContract: async () => true,
    anchorOf: async (day) => {
      const tree = anchors.get(day);
      return tree === undefined ? null : onChain(tree);
    },
    correctionsOf: async (day) =>
      (corrections.get(day) ?? []).map((tree) => ({ ...onChain(tree), reasonHash: hashOf("readings came late") })),
    activeOn: async () => 3,
    maintenanceOf: async (hash) => {
      const found = records.find((one) => one.hash === hash);
      return found === undefined ? null : { tokenId: 2, kind: RECORD_KINDS.indexOf(found.body.kind), blockNumber: 9 };
    },
    wasTechnician: async () => true,
    gatewayKeyAt: async () => null,
    rigOf: async (tokenId) => (tokenId === 2 ? { serialHash: machineHash("farm", "rig-2", IDENTITY).hash, maintenanceCount: 2 } : null),
  };
  return { bundle, chain };
};
