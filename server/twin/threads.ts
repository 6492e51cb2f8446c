/**
 * Lines of one rig of which each names the one before it (line.ts): one signed head, which has the last of them, vouches for the whole
 * thread. Nothing can be changed, taken out or put between them without another hash at its end.
 */
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import type { SignedThread } from "./bundle.ts";
import { headBytes, readHead } from "./gateway.ts";
import { linkedText, readLine, type Line } from "./line.ts";
import { leafHashOfText, verifyInclusion, type Hash } from "./merkle.ts";
import { unpackHashes } from "./packed.ts";

/** A thread whose last line stands under its head; the head's signature is still to be looked at. */
export interface Thread {
  readonly gateway: string;
  readonly boot: string;
  readonly rig: string;
  /** What the first line names, and what a next one would: leaf hashes, hex; `prev` is empty for the first of a boot. */
  readonly prev: string;
  readonly last: string;
  readonly lines: readonly Line[];
  readonly signed: Uint8Array;
  readonly sig: string;
}

/** Hashes each line into the next and finds the last in its batch. Gives a sentence where they do not lead there. */
export const openThread = async (
  { prev, lines: texts, head: headText, place, proof, sig }: SignedThread,
  pace: () => Promise<void> | void,
): Promise<Thread | string> => {
  const head = readHead(headText);
  const path = unpackHashes(proof);
  if (head === null || path === null) return "The head of a gateway's batch cannot be read.";
  const lines: Line[] = [];
  let before = prev;
  let leaf: Hash | null = null;
  for (const text of texts) {
    const paused = pace();
    if (paused !== undefined) await paused;
    const line = readLine(text);
    if (line === null) return "A line of a reading cannot be read.";
    lines.push(line);
    leaf = leafHashOfText(linkedText(text, before));
    before = bytesToHex(leaf);
  }
  const [first] = lines;
  if (first === undefined || leaf === null || lines.some(({ rig }) => rig !== first.rig)) return "A row of lines is not one machine's.";
  if (!verifyInclusion({ leaf, index: place, size: head.last - head.first + 1, proof: path, root: hexToBytes(head.root) }))
    return "A row of lines does not lead to the batch that it is said to lead to.";
  return { gateway: head.gateway, boot: head.boot, rig: first.rig, prev, last: before, lines, signed: headBytes(headText), sig };
};
