/**
 * Whether a stranger's JSON has the shape of `signedPart` (bundle.ts). By hand: a day of one rig has some seventeen thousand small arrays,
 * over which a general checker takes longer than everything that is checked afterwards. A test holds the two to the same answers.
 */
import type { SignedPart } from "./bundle.ts";

const MOST_RUNS = 100_000;
const MOST_NAME = 64;
const MOST_LINE = 300;
const MOST_THREAD_LINE = 400;
const MOST_THREAD_HEAD = 1_000;
/** Characters of base64 for 2 and for 16 hashes. */
const MOST_HEAD = 88;
const MOST_PROOF = 684;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const hasOnly = (value: Record<string, unknown>, names: readonly string[]): boolean => {
  const own = Object.keys(value);
  return own.length === names.length && names.every((name) => Object.hasOwn(value, name));
};
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isNumber = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 1;
const isText = (value: unknown, most: number): boolean => typeof value === "string" && value.length <= most;
const isHex = (value: unknown, digits: number): boolean =>
  typeof value === "string" && value.length === digits && /^[0-9a-f]*$/.test(value);

const isHead = (head: unknown): boolean => Array.isArray(head) && head.length === 2 && isNumber(head[0]) && isText(head[1], MOST_HEAD);

const isRun = (run: unknown): boolean =>
  isRecord(run) &&
  hasOnly(run, ["gateway", "boot", "n", "first", "prev", "heads", "sig"]) &&
  isText(run["gateway"], MOST_NAME) &&
  isText(run["boot"], MOST_NAME) &&
  isNumber(run["n"]) &&
  isNumber(run["first"]) &&
  (run["prev"] === null || isHex(run["prev"], 64)) &&
  Array.isArray(run["heads"]) &&
  run["heads"].length > 0 &&
  run["heads"].every(isHead) &&
  isHex(run["sig"], 128);

const isLine = (line: unknown): boolean =>
  Array.isArray(line) &&
  line.length === 5 &&
  isCount(line[0]) &&
  isCount(line[1]) &&
  isCount(line[2]) &&
  isText(line[3], MOST_LINE) &&
  isText(line[4], MOST_PROOF);

const isThread = (thread: unknown): boolean =>
  isRecord(thread) &&
  hasOnly(thread, ["prev", "lines", "head", "place", "proof", "sig"]) &&
  (thread["prev"] === "" || isHex(thread["prev"], 64)) &&
  Array.isArray(thread["lines"]) &&
  thread["lines"].length > 0 &&
  thread["lines"].every((line) => isText(line, MOST_THREAD_LINE)) &&
  isText(thread["head"], MOST_THREAD_HEAD) &&
  isCount(thread["place"]) &&
  isText(thread["proof"], MOST_PROOF) &&
  isHex(thread["sig"], 128);

const areThreads = (threads: unknown): boolean =>
  threads === undefined || (Array.isArray(threads) && threads.length <= MOST_RUNS && threads.every(isThread));

/** Never throws. */
export const isSignedPart = (value: unknown): value is SignedPart =>
  isRecord(value) &&
  hasOnly(value, ["day", "runs", "lines", ...("threads" in value ? ["threads"] : [])]) &&
  isCount(value["day"]) &&
  Array.isArray(value["runs"]) &&
  value["runs"].length <= MOST_RUNS &&
  value["runs"].every(isRun) &&
  Array.isArray(value["lines"]) &&
  value["lines"].every(isLine) &&
  areThreads(value["threads"]);
