/** A twin's sealed days as the server would give them: real rows, real trees, real proofs, and what the contract has of them. */
import type { DayLine, DayTree, ProvenDay } from "../../../server/twin/bundle.ts";
import { canonicalText } from "../../../server/twin/canonical.ts";
import { dateOf, leafOf, proofIn, treeOf, type DayLeaf, type Deployment, type Tree } from "../../../server/twin/day.ts";
import { DAY_MS } from "../../../server/twin/days.ts";
import type { DigestRow } from "../../../server/twin/digest.ts";
import { SLOT_MS, SLOT_S, SLOTS } from "../../../server/twin/rig-day.ts";
import { hashOf, type Hex } from "../../../server/twin/seal.ts";
import type { RecordBody } from "../../../server/twin/record.ts";
import { dayTotals } from "../../../server/twin/uptime.ts";
import { chance } from "./plant.ts";

/** Tokens whose machines serve; the one that is looked at is among them. */
const TOKENS = [21, 22, 23, 24, 25, 26] as const;
export const ACTIVE = TOKENS.length;
const NAMEPLATE_GHS = 200_000;
const READINGS = 10;
const LATE_REASON = "readings came after the day was sealed";

export interface OnContract {
  readonly root: Hex;
  readonly manifestHash: Hex;
  readonly readings: number;
}
export interface MockDay {
  readonly line: DayLine;
  readonly proven: ProvenDay;
  readonly anchor: OnContract;
  readonly corrections: readonly (OnContract & { readonly reasonHash: Hex })[];
}

/** What is odd about a day, counted back from the newest. */
type Mood = "plain" | "gap" | "paused" | "silent" | "late";
const moodOf = (ago: number): Mood => (ago === 4 ? "gap" : ago === 9 ? "paused" : ago === 12 ? "silent" : ago === 6 ? "late" : "plain");

const rowOf = (day: number, slot: number, mood: Mood, isFirst: boolean): DigestRow => {
  const ts = day * DAY_MS + slot * SLOT_MS;
  const nothing = mood === "silent" || (mood === "gap" && slot >= 100 && slot < 118) || (isFirst && slot >= 280);
  if (nothing)
    return {
      ts,
      n: 0,
      paused: 0,
      signed: 0,
      hashrateGhs: null,
      powerW: null,
      boardMaxDc: null,
      chipMaxDc: null,
      intakeMaxDc: null,
      deliveredGh: 0,
      energyJ: 0,
    };
  const isPaused = mood === "paused" && slot >= 60 && slot < 96;
  const share = isPaused ? 0 : 0.93 + 0.06 * chance(day, Math.floor(slot / 12)) + 0.02 * chance(day * 7, slot);
  const hashrateGhs = Math.round(NAMEPLATE_GHS * share);
  const powerW = isPaused ? 46 : Math.round(3_390 + 120 * chance(slot, day));
  return {
    ts,
    n: READINGS,
    paused: isPaused ? READINGS : 0,
    signed: 0,
    hashrateGhs,
    powerW,
    boardMaxDc: 600 + Math.round(60 * chance(day, slot)),
    chipMaxDc: 780,
    intakeMaxDc: 210,
    deliveredGh: hashrateGhs * SLOT_S,
    energyJ: powerW * SLOT_S,
  };
};

const rowsOf = (day: number, mood: Mood, isFirst = false): DigestRow[] =>
  Array.from({ length: SLOTS }, (_, slot) => rowOf(day, slot, mood, isFirst));
const SILENT = (day: number): DigestRow[] => rowsOf(day, "silent");

const leafWith = (where: Deployment, site: string, day: number, tokenId: number, rig: string, rows: readonly DigestRow[]): DayLeaf => {
  const n = rows.reduce((sum, row) => sum + row.n, 0);
  const first = day * 2_880;
  return leafOf(where, site, day, {
    tokenId,
    rig,
    firstSeenTs: 0,
    nameplateGhs: NAMEPLATE_GHS,
    spans: n === 0 ? [] : [["4f1c", first, first + n + (n % 7) - 1, n]],
    rows,
  });
};

export interface Place {
  readonly where: Deployment;
  readonly site: string;
  readonly rig: string;
  readonly tokenId: number;
  readonly works: readonly Pick<RecordBody, "kind" | "performedTs">[];
}

const treeWith = (
  { where, site, rig, tokenId }: Place,
  day: number,
  number: number,
  rows: readonly DigestRow[],
): { readonly tree: Tree; readonly leaf: DayLeaf } => {
  const own = leafWith(where, site, day, tokenId, rig, rows);
  const leaves = TOKENS.map((token) => {
    const leaf = token === tokenId ? own : leafWith(where, site, day, token, `rig-${token}`, SILENT(day));
    return { tokenId: token, n: leaf.n, text: canonicalText(leaf) };
  });
  return { tree: treeOf(where, day, number, number + 1, leaves, number === 0 ? null : LATE_REASON), leaf: own };
};

const givenTree = (tree: Tree, tokenId: number, blockNumber: number): DayTree => ({
  number: tree.number,
  ...proofIn(tree, TOKENS.indexOf(tokenId as (typeof TOKENS)[number])),
  proof: [...proofIn(tree, TOKENS.indexOf(tokenId as (typeof TOKENS)[number])).proof],
  root: tree.root,
  manifest: tree.manifest,
  txHash: hashOf(`tx ${tree.root}`),
  blockNumber,
  anchoredTs: (tree.day + 1) * DAY_MS + 16 * 60_000 + tree.number * 3_600_000,
});
const onContract = ({ root, manifestHash, readings }: Tree): OnContract => ({ root, manifestHash, readings });

/** One day. `rows`: put other rows in the place of the day's own, with everything that follows from them. */
export const mockDay = (
  place: Place,
  day: number,
  ago: number,
  isAnchored: boolean,
  other: readonly DigestRow[] | null = null,
  isSigned = false,
): MockDay => {
  const mood = moodOf(ago);
  const rows = (other ?? rowsOf(day, mood)).map((row) => (isSigned ? { ...row, signed: row.n } : row));
  const first = treeWith(place, day, 0, mood === "late" ? rowsOf(day, mood, true) : rows);
  const later = mood === "late" ? treeWith(place, day, 1, rows) : null;
  const { leaf } = later ?? first;
  const totals = dayTotals(leaf, rows, place.works);
  const newest = givenTree((later ?? first).tree, place.tokenId, 1_000 + day);
  const state = !isAnchored ? "sealed" : later === null ? "anchored" : "corrected";
  const tree = isAnchored ? newest : null;
  return {
    line: {
      day,
      date: dateOf(day),
      state,
      tier: leaf.tier,
      n: leaf.n,
      expected: leaf.expected,
      gaps: leaf.gaps.length,
      totals,
      root: tree?.root ?? null,
      number: tree?.number ?? null,
      txHash: tree?.txHash ?? null,
      blockNumber: tree?.blockNumber ?? null,
      anchoredTs: tree?.anchoredTs ?? null,
    },
    proven: {
      day,
      date: dateOf(day),
      state,
      totals,
      rows: [...rows],
      tree,
      earlier:
        later === null || !isAnchored ? [] : [{ ...givenTree(first.tree, place.tokenId, 1_000 + day), rows: rowsOf(day, mood, true) }],
    },
    anchor: onContract(first.tree),
    corrections: later === null ? [] : [{ ...onContract(later.tree), reasonHash: hashOf(LATE_REASON) }],
  };
};
