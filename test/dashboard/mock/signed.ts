/** What the mock's gateway signed of a day: real lines under real heads, one real signature, of the rows that the day has. */
import { generateKeyPairSync, sign } from "node:crypto";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import type { SignedPart } from "../../../server/twin/bundle.ts";
import type { DigestRow } from "../../../server/twin/digest.ts";
import { SLOT_MS } from "../../../server/twin/rig-day.ts";
import { headBytes, headText, lineLeaves, nextHead, type Head } from "../../../server/twin/gateway.ts";
import { lineText } from "../../../server/twin/line.ts";
import { inclusionProof } from "../../../server/twin/merkle.ts";
import { packHashes } from "../../../server/twin/packed.ts";

export const GATEWAY = "gw-01";
const key = generateKeyPairSync("ed25519");
/** Public keys, 0x and 64 hex digits: the gateway's own, and one that signed nothing. */
const publicOf = ({ publicKey }: typeof key): `0x${string}` =>
  `0x${publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex")}`;
export const GATEWAY_KEY = publicOf(key);
export const OTHER_KEY = publicOf(generateKeyPairSync("ed25519"));

/** The lines of a row's readings, all alike, so that they give this row and no other. */
const linesOf = (
  rig: string,
  { ts, n, paused, hashrateGhs, powerW, boardMaxDc, chipMaxDc, intakeMaxDc }: DigestRow,
  before: number,
): string[] =>
  Array.from({ length: n }, (_, i) =>
    lineText({
      rig,
      boot: "4f1c",
      seq: before + i + 1,
      ts: ts + Math.floor((i * SLOT_MS) / n),
      paused: i < paused,
      hashrateGhs,
      powerW,
      boardDc: boardMaxDc,
      chipDc: chipMaxDc,
      intakeDc: intakeMaxDc,
    }),
  );

/** A batch for each row in which something came. */
export const signedPartOf = (day: number, rig: string, rows: readonly DigestRow[]): SignedPart => {
  const lines: SignedPart["lines"] = [];
  const heads: [number, string][] = [];
  let head: Head | null = null;
  for (const row of rows.filter(({ n }) => n > 0)) {
    const texts = linesOf(rig, row, head?.last ?? 0);
    const leaves = lineLeaves(texts);
    head = nextHead({ gateway: GATEWAY, boot: "g1" }, head, `[${row.ts}]`, texts);
    for (const [place, text] of texts.entries()) lines.push([0, heads.length, place, text, packHashes(inclusionProof(leaves, place))]);
    heads.push([texts.length, packHashes([hexToBytes(head.root), hexToBytes(head.body)])]);
  }
  if (head === null) return { day, runs: [], lines: [] };
  const sig = bytesToHex(sign(null, headBytes(headText(head)), key.privateKey));
  return { day, runs: [{ gateway: GATEWAY, boot: "g1", n: 1, first: 1, prev: null, heads, sig }], lines };
};
