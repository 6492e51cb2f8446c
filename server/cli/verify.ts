/** `npm run verify -- FILE [--rpc URL] [--contract 0x…] [--token N] [--chain N]`: checks a bundle without any server of the farm. */
import { readFileSync, statSync } from "node:fs";
import { readerOf } from "../edge/chain/reader.ts";
import type { Hex } from "../twin/seal.ts";
import { verifyBundle, type Expected, type Verification } from "../twin/verify.ts";

const MOST_BYTES = 64 * 1024 * 1024;
const EXIT = { verified: 0, failed: 1, incomplete: 2 } as const;
const UNUSABLE = 3;
const USAGE = "Usage: npm run verify -- FILE [--rpc URL] [--contract 0x…] [--token N] [--chain N]";

/** What cannot be checked at all, in a sentence for the person at the terminal. */
class Unusable extends Error {}

interface Wish {
  readonly file: string;
  readonly rpc: string | null;
  readonly expected: Expected;
}

const whole = (given: string, flag: string): number => {
  if (!/^[0-9]{1,15}$/.test(given)) throw new Unusable(`${flag} must be a whole number.\n${USAGE}`);
  return Number(given);
};

const readArguments = (argv: readonly string[]): Wish => {
  let file: string | null = null;
  let rpc: string | null = null;
  const expected: { chainId?: number; contract?: string; tokenId?: number } = {};
  for (let i = 0; i < argv.length; i++) {
    const given = argv[i] ?? "";
    if (!given.startsWith("--")) {
      if (file !== null) throw new Unusable(`One file at a time.\n${USAGE}`);
      file = given;
      continue;
    }
    const value = argv[++i];
    if (value === undefined) throw new Unusable(`${given} needs a value.\n${USAGE}`);
    if (given === "--rpc") {
      if (!/^https?:\/\/\S+$/.test(value)) throw new Unusable("--rpc must be an http:// or https:// address.");
      rpc = value;
    } else if (given === "--contract") {
      if (!/^0x[0-9a-fA-F]{40}$/.test(value)) throw new Unusable("--contract must be 0x and 40 hex digits.");
      expected.contract = value;
    } else if (given === "--token") expected.tokenId = whole(value, given);
    else if (given === "--chain") expected.chainId = whole(value, given);
    else throw new Unusable(`${given} is not known.\n${USAGE}`);
  }
  if (file === null) throw new Unusable(USAGE);
  return { file, rpc, expected };
};

const readBundle = (file: string): unknown => {
  let text: string;
  try {
    const { size } = statSync(file);
    if (size > MOST_BYTES)
      throw new Unusable(`${file} has ${Math.round(size / 1_048_576)} MB; a bundle has at most 64. Ask for fewer days.`);
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof Unusable) throw cause;
    throw new Unusable(`${file} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}.`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Unusable(`${file} is no JSON${text.trimStart().startsWith("{") ? "; was it cut off?" : "."}`, { cause });
  }
};

const MARKS = { passed: "✓", failed: "✗", "not-checked": "?", stated: "·" } as const;
const CLOSING = {
  verified:
    "VERIFIED: every step passed (what is marked · is somebody's word and not part of it). It proves that these figures were written down then and not changed since; not that the machine told the truth.",
  failed: "FAILED: at least one step contradicts the bundle.",
  incomplete: "NOT VERIFIED: nothing contradicts the bundle, but not everything could be checked.",
} as const;

/** A file's own words may be told, and never obeyed by the terminal. */
const plain = (text: string): string => text.replace(/\p{C}/gu, (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`);

const lines = ({ steps, verdict }: Verification): string[] => [
  ...steps.map(({ subject, result, says }) => `${MARKS[result]} ${subject.padEnd(10)}  ${plain(says)}`),
  "",
  CLOSING[verdict],
];

const contractIn = (given: unknown): Hex | null => {
  const contract = (given as { chain?: { contract?: unknown } } | null)?.chain?.contract;
  return typeof contract === "string" && /^0x[0-9a-f]{40}$/.test(contract) ? (contract as Hex) : null;
};

const main = async (): Promise<number> => {
  const { file, rpc, expected } = readArguments(process.argv.slice(2));
  const given = readBundle(file);
  const contract = contractIn(given);
  const verification = await verifyBundle(given, rpc === null || contract === null ? null : readerOf(rpc, contract), expected);
  console.log(lines(verification).join("\n"));
  if (rpc === null) console.log("No --rpc was given: no chain was asked.");
  if ((given as { chain?: { local?: unknown } } | null)?.chain?.local === true)
    console.log("This chain is run by the farm itself: whoever runs a chain can write it anew. It proves nothing to outsiders.");
  if (expected.contract === undefined && contract !== null)
    console.log(`The contract is the one the file names, ${contract}: compare it with the one you know, or give --contract.`);
  return EXIT[verification.verdict];
};

try {
  process.exitCode = await main();
} catch (error) {
  console.error(
    error instanceof Unusable ? error.message : `The check broke off: ${error instanceof Error ? error.message : String(error)}`,
  );
  process.exitCode = UNUSABLE;
}
