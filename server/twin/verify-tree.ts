/** What a day's tree must show: its leaf out of the rows, its place, and the root and manifest that the contract has. */
import type { Bundle, DayTree } from "./bundle.ts";
import { canonicalText } from "./canonical.ts";
import {
  bytesOfHex,
  countIn,
  dateOf,
  expectedOf,
  LEAF_CONTEXT,
  MANIFEST_CONTEXT,
  placeIn,
  summaryOf,
  type DayLeaf,
  type Manifest,
} from "./day.ts";
import { DAY_MS } from "./days.ts";
import { dayOf, type DigestRow } from "./digest.ts";
import { SLOT_MS } from "./rig-day.ts";
import { leafHashOfText, verifyInclusion } from "./merkle.ts";
import { hashOf } from "./seal.ts";
import type { ChainReader, Notes } from "./steps.ts";

/** A day that comes onto the chain so long after its end was told afterwards: before a first start, or to another chain. */
const LATE_MS = 2 * DAY_MS;

export const same = (a: unknown, b: unknown): boolean => canonicalText(a) === canonicalText(b);

/** A statement's text as its value, if that is how the value is written canonically. */
export const stated = <T>(text: string): T | null => {
  try {
    const value = JSON.parse(text) as T;
    return typeof value === "object" && value !== null && canonicalText(value) === text ? value : null;
  } catch {
    return null;
  }
};

const leafFault = (bundle: Bundle, day: number, leaf: DayLeaf | null, rows: readonly DigestRow[]): string | null => {
  if (leaf === null) return "The leaf is not a statement in canonical form.";
  if (leaf.ctx !== LEAF_CONTEXT) return "The leaf is a statement about something else.";
  if (leaf.chainId !== bundle.chain.chainId || leaf.contract !== bundle.chain.contract)
    return "The leaf was made for another chain or another contract.";
  if (leaf.day !== day) return "The leaf is of another day.";
  if (leaf.tokenId !== bundle.tokenId) return "The leaf is of another token.";
  if (leaf.site !== bundle.site || leaf.rig !== bundle.rig) return "The leaf is of another rig.";
  const start = day * DAY_MS;
  if (!Number.isSafeInteger(leaf.fromTs) || leaf.fromTs < start || leaf.fromTs > start + DAY_MS)
    return "The leaf says that the rig began to serve on another day.";
  const first = rows.find(({ n }) => n > 0);
  if (first !== undefined && first.ts + SLOT_MS <= leaf.fromTs)
    return "The leaf says that the rig began to serve later than its rows show.";
  for (const [member, computed] of Object.entries(summaryOf(day, rows, leaf.fromTs)))
    if (!same(computed, leaf[member as keyof DayLeaf] ?? null))
      return member === "root" ? "The rows do not give the root in the leaf." : `The leaf's ${member} is not what the rows give.`;
  if (!Array.isArray(leaf.spans) || leaf.expected !== expectedOf(leaf.spans))
    return "The leaf's number of expected readings is not what its sequence numbers give.";
  return leaf.spans.reduce((sum, [, , , n]) => sum + n, 0) === leaf.n ? null : "The leaf's sequence numbers do not add up to its readings.";
};

const manifestFault = (bundle: Bundle, day: number, tree: DayTree, manifest: Manifest | null): string | null => {
  if (manifest === null || !Array.isArray(manifest.tokens)) return "The manifest is not a statement in canonical form.";
  if (manifest.ctx !== MANIFEST_CONTEXT || manifest.day !== day || manifest.number !== tree.number)
    return "The manifest is of another day or another tree.";
  if (manifest.chainId !== bundle.chain.chainId || manifest.contract !== bundle.chain.contract)
    return "The manifest was made for another chain or another contract.";
  if (manifest.root !== tree.root) return "The manifest names another root.";
  if (manifest.treeSize !== tree.size || countIn(manifest.tokens) !== tree.size)
    return "The manifest does not have as many tokens as the tree has leaves.";
  return placeIn(manifest.tokens, bundle.tokenId) === tree.index ? null : "The leaf does not stand at the place of its token.";
};

/** What a tree must show by itself, without any chain. */
export const checkTree = (notes: Notes, bundle: Bundle, day: number, tree: DayTree, rows: readonly DigestRow[]): void => {
  const leaf = stated<DayLeaf>(tree.leaf);
  const fault = leafFault(bundle, day, leaf, rows);
  notes.say(
    "leaf",
    fault === null,
    `Its ${rows.length} rows give the leaf: ${leaf?.n} readings of ${leaf?.expected} that were numbered.`,
    fault ?? "",
  );
  const included = verifyInclusion({
    leaf: leafHashOfText(tree.leaf),
    index: tree.index,
    size: tree.size,
    proof: tree.proof.map(bytesOfHex),
    root: bytesOfHex(tree.root),
  });
  notes.say(
    "proof",
    included,
    `The leaf is number ${tree.index + 1} of ${tree.size} under the day's root.`,
    "The proof does not lead from the leaf to the day's root.",
  );
  const wrong = manifestFault(bundle, day, tree, stated<Manifest>(tree.manifest));
  notes.say("place", wrong === null, "Its place in the tree is that of its token, and the tree has a leaf for each token.", wrong ?? "");
};

export const checkTreeOnChain = async (notes: Notes, day: number, tree: DayTree, isNewest: boolean, chain: ChainReader): Promise<void> => {
  const manifest = stated<Manifest>(tree.manifest);
  const [anchor, corrections, active] = await Promise.all([chain.anchorOf(day), chain.correctionsOf(day), chain.activeOn(day)]);
  if (
    !notes.say("anchored", anchor !== null, "The contract has an anchor of this day.", "The contract has no anchor of this day.") ||
    anchor === null
  )
    return;
  notes.say(
    "tree size",
    anchor.treeSize === active,
    `The anchor has ${anchor.treeSize} leaves, as many as machines served.`,
    `The anchor has ${anchor.treeSize} leaves; by the contract ${active} machines served.`,
  );
  const there = tree.number === 0 ? anchor : corrections[tree.number - 1];
  const fits =
    there !== undefined &&
    there.root === tree.root &&
    there.manifestHash === hashOf(tree.manifest) &&
    there.readings === manifest?.readings &&
    (tree.number > 0 || anchor.treeSize === tree.size);
  notes.say(
    "root",
    fits,
    tree.number === 0
      ? "The contract has this root and this manifest."
      : `The contract has this root and this manifest, as correction ${tree.number}.`,
    "The contract has another root or another manifest.",
  );
  const correction = corrections[tree.number - 1];
  if (tree.number > 0)
    notes.say(
      "reason",
      correction?.reasonHash === hashOf(manifest?.reason ?? ""),
      `The reason on the chain is the one given: ${manifest?.reason}.`,
      "The reason on the chain is another one.",
    );
  const writtenTs = there?.writtenTs ?? 0;
  if (isNewest && fits && writtenTs >= (day + 1) * DAY_MS + LATE_MS)
    notes.state(
      "late",
      `It came onto the chain only on ${dateOf(dayOf(writtenTs))}: that proves that nothing changed since then, and not what was written down on the day itself.`,
    );
  if (isNewest)
    notes.say(
      "newest",
      corrections.length === tree.number,
      "Nothing newer was said about this day.",
      `The contract has ${corrections.length} corrections of this day; this is number ${tree.number}.`,
    );
};
