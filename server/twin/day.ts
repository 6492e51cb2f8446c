/**
 * A day as it is anchored: five-minute rows → inner tree → one leaf a rig → outer tree → root and manifest. Both trees are those of
 * RFC 9162 over SHA-256 (merkle.ts); a row, a leaf and a manifest are hashed as their RFC 8785 bytes (canonical.ts).
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { canonicalText } from "./canonical.ts";
import { DAY_MS } from "./days.ts";
import { addCells, joinSpans, rowsOfCells, UNNUMBERED, type DigestRow } from "./digest.ts";
import { CELL, emptyCells, SLOT_MS, SLOTS, type Span } from "./rig-day.ts";
import { inclusionProof, leafHashOfText, rootOf, type Hash } from "./merkle.ts";
import type { TrustTier } from "./reading.ts";
import { hashOf, type Hex } from "./seal.ts";
import type { SealedRig } from "./sealing.ts";

export const LEAF_CONTEXT = "rigtwin/day/v1";
export const MANIFEST_CONTEXT = "rigtwin/manifest/v1";

/** Which deployment a tree is for: a proof for one says nothing under another. */
export interface Deployment {
  readonly chainId: number;
  /** Lower case. */
  readonly contract: Hex;
}

/** What the outer tree says of one rig's day. All numbers are integers. */
export interface DayLeaf extends Deployment {
  readonly ctx: typeof LEAF_CONTEXT;
  /** Days since 1970-01-01 UTC. */
  readonly day: number;
  readonly tokenId: number;
  readonly site: string;
  /** The rig's name; null where the site has never heard of the token's machine. */
  readonly rig: string | null;
  /** Readings counted. */
  readonly n: number;
  /** Readings that the rig itself had numbered: more than `n` where some never came. */
  readonly expected: number;
  /** What `expected` is made of. */
  readonly spans: readonly Span[];
  /** Runs of five-minute slots after `fromTs` in which nothing came, half-open. */
  readonly gaps: readonly (readonly [fromSlot: number, toSlot: number])[];
  /** When the rig began to serve, at the earliest the start of the day, ms UTC. */
  readonly fromTs: number;
  readonly nameplateGhs: number | null;
  readonly deliveredGh: number;
  readonly energyJ: number;
  readonly tier: TrustTier;
  /** Number of rows, and the root of the inner tree over them. */
  readonly rows: number;
  readonly root: Hex;
}

/** What the contract keeps the hash of beside a day's root. */
export interface Manifest extends Deployment {
  readonly ctx: typeof MANIFEST_CONTEXT;
  readonly day: number;
  /** 0: the anchor; from 1 on its corrections. */
  readonly number: number;
  readonly root: Hex;
  readonly treeSize: number;
  readonly readings: number;
  /** The leaves' tokens in their order, as closed ranges: a token's place in the tree follows from it. */
  readonly tokens: readonly (readonly [first: number, last: number])[];
  /** Why there is a correction; null for the anchor. */
  readonly reason: string | null;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
export const hexOf = (hash: Hash): Hex => `0x${bytesToHex(hash)}`;
export const bytesOfHex = (hex: string): Hash => hexToBytes(hex.slice(2));

/** The RFC 8785 text of a row: all members are integers or null, so their order is all there is to it. */
export const rowText = (row: DigestRow): string =>
  `{"boardMaxDc":${row.boardMaxDc},"chipMaxDc":${row.chipMaxDc},"deliveredGh":${row.deliveredGh},"energyJ":${row.energyJ},"hashrateGhs":${row.hashrateGhs},"intakeMaxDc":${row.intakeMaxDc},"n":${row.n},"paused":${row.paused},"powerW":${row.powerW},"signed":${row.signed},"ts":${row.ts}}`;

export const innerRoot = (rows: readonly DigestRow[]): Hex => hexOf(rootOf(rows.map((row) => leafHashOfText(rowText(row)))));

const sum = (rows: readonly DigestRow[], of: (row: DigestRow) => number): number => rows.reduce((total, row) => total + of(row), 0);

/** First slot in which the rig served. */
export const firstSlot = (day: number, fromTs: number): number =>
  Math.min(SLOTS, Math.max(0, Math.floor((fromTs - day * DAY_MS) / SLOT_MS)));

export const gapsOf = (rows: readonly DigestRow[], from: number): [number, number][] => {
  const gaps: [number, number][] = [];
  for (let slot = from; slot < rows.length; slot++) {
    if (rows[slot]?.n !== 0) continue;
    const last = gaps.at(-1);
    if (last !== undefined && last[1] === slot) last[1] = slot + 1;
    else gaps.push([slot, slot + 1]);
  }
  return gaps;
};

export const expectedOf = (spans: readonly Span[]): number =>
  spans.reduce((total, [boot, first, last, n]) => total + (boot === UNNUMBERED ? n : last - first + 1), 0);

/** What is known of a token's machine on a day, of all names it had. */
export interface TokenDay {
  readonly tokenId: number;
  readonly rig: string | null;
  readonly firstSeenTs: number | null;
  readonly nameplateGhs: number | null;
  readonly spans: readonly Span[];
  readonly rows: readonly DigestRow[];
}

/** Puts together what was sealed for a token: versions of the day, and other names of the same machine. */
export const tokenDayOf = (day: number, tokenId: number, rig: string | null, parts: readonly SealedRig[]): TokenDay => {
  const cells = emptyCells();
  for (const part of parts) {
    const more = emptyCells();
    for (const [slot = 0, ...cell] of part.cells) more.set(cell, slot * CELL);
    addCells(cells, more);
  }
  const seen = parts.map(({ firstSeenTs }) => firstSeenTs);
  return {
    tokenId,
    rig,
    firstSeenTs: seen.length === 0 ? null : Math.min(...seen),
    nameplateGhs: parts.find(({ nameplateGhs }) => nameplateGhs !== null)?.nameplateGhs ?? null,
    spans: joinSpans(...parts.map(({ spans }) => spans)),
    rows: rowsOfCells(day, cells),
  };
};

/** The members of a leaf that follow from the rows. */
export const summaryOf = (day: number, rows: readonly DigestRow[], fromTs: number) => {
  const n = sum(rows, (row) => row.n);
  const tier: TrustTier = n > 0 && sum(rows, (row) => row.signed) === n ? "gateway-signed" : "self-reported";
  return {
    n,
    gaps: gapsOf(rows, firstSlot(day, fromTs)),
    deliveredGh: sum(rows, (row) => row.deliveredGh),
    energyJ: sum(rows, (row) => row.energyJ),
    tier,
    rows: rows.length,
    root: innerRoot(rows),
  };
};

/** A rig that was silent has a leaf as well, with n = 0 and one gap. */
export const leafOf = (where: Deployment, site: string, day: number, token: TokenDay): DayLeaf => {
  const startTs = day * DAY_MS;
  const firstRowTs = token.rows.find(({ n }) => n > 0)?.ts ?? startTs + DAY_MS;
  const fromTs = Math.max(startTs, Math.min(token.firstSeenTs ?? startTs, firstRowTs));
  return {
    ctx: LEAF_CONTEXT,
    chainId: where.chainId,
    contract: where.contract.toLowerCase() as Hex,
    day,
    tokenId: token.tokenId,
    site,
    rig: token.rig,
    expected: expectedOf(token.spans),
    spans: token.spans,
    fromTs,
    nameplateGhs: token.nameplateGhs,
    ...summaryOf(day, token.rows, fromTs),
  };
};

/** Rising token numbers as closed ranges. */
export const rangesOf = (tokens: readonly number[]): [number, number][] => {
  const ranges: [number, number][] = [];
  for (const token of tokens) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] + 1 === token) last[1] = token;
    else ranges.push([token, token]);
  }
  return ranges;
};

/** The place of a token among such ranges, null where it is not there or they do not rise. */
export const placeIn = (ranges: Manifest["tokens"], tokenId: number): number | null => {
  let before = 0;
  let last = -1;
  let place: number | null = null;
  for (const [from, to] of ranges) {
    if (from <= last || to < from) return null;
    if (tokenId >= from && tokenId <= to) place = before + tokenId - from;
    before += to - from + 1;
    last = to;
  }
  return place;
};
export const countIn = (ranges: Manifest["tokens"]): number => ranges.reduce((count, [from, to]) => count + to - from + 1, 0);

/** A tree ready to be anchored; `leaves` are the exact texts that were hashed, in token order. */
export interface Tree {
  readonly day: number;
  readonly number: number;
  /** Newest version of the day whose rows are in it. */
  readonly version: number;
  readonly root: Hex;
  readonly treeSize: number;
  readonly readings: number;
  readonly manifest: string;
  readonly manifestHash: Hex;
  readonly leaves: readonly string[];
}

const hashesOf = (leaves: readonly string[]): Hash[] => leaves.map((leaf) => leafHashOfText(leaf));

/** Builds the outer tree over leaves that stand in token order. */
export const treeOf = (
  where: Deployment,
  day: number,
  number: number,
  version: number,
  leaves: readonly { readonly tokenId: number; readonly n: number; readonly text: string }[],
  reason: string | null,
): Tree => {
  const texts = leaves.map(({ text }) => text);
  const root = hexOf(rootOf(hashesOf(texts)));
  const readings = leaves.reduce((total, { n }) => total + n, 0);
  const manifest: Manifest = {
    ctx: MANIFEST_CONTEXT,
    chainId: where.chainId,
    contract: where.contract.toLowerCase() as Hex,
    day,
    number,
    root,
    treeSize: texts.length,
    readings,
    tokens: rangesOf(leaves.map(({ tokenId }) => tokenId)),
    reason,
  };
  const text = canonicalText(manifest);
  return { day, number, version, root, treeSize: texts.length, readings, manifest: text, manifestHash: hashOf(text), leaves: texts };
};

/** The leaf's place in the tree with what shows it. Throws RangeError where there is no such leaf. */
export const proofIn = (
  tree: Pick<Tree, "leaves">,
  index: number,
): { readonly leaf: string; readonly index: number; readonly size: number; readonly proof: Hex[] } => ({
  leaf: tree.leaves[index] ?? "",
  index,
  size: tree.leaves.length,
  proof: inclusionProof(hashesOf(tree.leaves), index).map(hexOf),
});

/** SHA-256 over a version's lines as they are kept, so that the journal can name them. */
export const keptHash = (rigs: readonly SealedRig[]): Hex => {
  const hash = sha256.create();
  for (const rig of rigs) hash.update(utf8(`${canonicalText(rig)}\n`));
  return hexOf(hash.digest());
};

/** `2026-11-20` of a day since 1970, UTC. */
export const dateOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);
