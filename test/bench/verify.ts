/**
 * A stranger's check in Chromium: a rig-day, a rig-day whose every ten seconds a gateway signed, and a year; the chain's answers are at
 * hand, so that what is measured is the check. The limit is one SHA-256 over the same text by the same library in the same page.
 */
import { generateKeyPairSync, sign } from "node:crypto";
import { join } from "node:path";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { chromium } from "playwright-core";
import { build } from "vite";
import { BUNDLE_CONTEXT, type Bundle, type ProvenDay, type SignedPart } from "../../server/twin/bundle.ts";
import { canonicalText } from "../../server/twin/canonical.ts";
import { dateOf, leafOf, proofIn, treeOf, type Deployment } from "../../server/twin/day.ts";
import { DAY_MS } from "../../server/twin/days.ts";
import { digestLine, rowsOf, type Digest } from "../../server/twin/digest.ts";
import { headBytes, headText, lineLeaves, linkLines, nextHead, type Head } from "../../server/twin/gateway.ts";
import { lineText, unlinked, type Line } from "../../server/twin/line.ts";
import { inclusionProof } from "../../server/twin/merkle.ts";
import { NO_IDENTITY } from "../../server/twin/reading.ts";
import { machineHash } from "../../server/twin/seal.ts";
import { dayTotals } from "../../server/twin/uptime.ts";
import { packHashes } from "../../server/twin/packed.ts";
import { figure, median, type Emit } from "./report.ts";
import type { Answers, Times } from "./verify-page.ts";

const DAY = 20_700;
const RIG = "rig-0007";
/** Rigs behind a gateway; each batch has a line of each. */
const BATCH = 20;
/** Machines with a token on the day. */
const TOKENS = 200;
const TOKEN = 8;
const WHERE: Deployment = { chainId: 8_453, contract: `0x${"5f".repeat(20)}` };
const ROUNDS = 5;
const key = generateKeyPairSync("ed25519");
const publicKey = key.publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex");

const lineAt = (rig: string, day: number, i: number, everyS: number): Line => ({
  rig,
  boot: "b4f1",
  seq: (day % 1_000) * 10_000 + i + 1,
  ts: day * DAY_MS + i * everyS * 1_000,
  paused: false,
  hashrateGhs: 198_000 + ((i * 37) % 4_000),
  powerW: 3_400 + (i % 90),
  boardDc: 610 + (i % 40),
  chipDc: 720 + (i % 50),
  intakeDc: 240 + (i % 9),
});
const rigNamed = (i: number): string => `rig-${String(i).padStart(4, "0")}`;

/** The day's batches with the lines of all rigs in them, as the gateway signed them. */
function* batchesOf(day: number, everyS: number, areLinked: boolean) {
  const newest = new Map<string, string>();
  let head: Head | null = null;
  for (let i = 0; i < 86_400 / everyS; i++) {
    const rigs = Array.from({ length: BATCH }, (_, rig) => ({ rig: rigNamed(rig), line: lineText(lineAt(rigNamed(rig), day, i, everyS)) }));
    const texts = areLinked ? linkLines(newest, rigs) : rigs.map(({ line }) => line);
    head = nextHead({ gateway: "gw-01", boot: "g1" }, head, `[${i}]`, texts);
    yield { head, texts };
  }
}
const PLACE = Number(RIG.slice(4));
const signatureOf = (head: Head): string => bytesToHex(sign(null, headBytes(headText(head)), key.privateKey));

/** For a stranger, each line naming the one before it. */
const threadOf = (day: number, everyS: number): SignedPart => {
  const lines: string[] = [];
  let end: { head: Head; texts: readonly string[] } | null = null;
  for (const batch of batchesOf(day, everyS, true)) {
    lines.push(unlinked(batch.texts[PLACE] ?? "").line);
    end = batch;
  }
  if (end === null) throw new Error("there are no batches");
  const { head, texts } = end;
  const proof = packHashes(inclusionProof(lineLeaves(texts), PLACE));
  return { day, runs: [], lines: [], threads: [{ prev: "", lines, head: headText(head), place: PLACE, proof, sig: signatureOf(head) }] };
};

/** … and of a gateway that does not link them: a proof for each line. */
const looseOf = (day: number, everyS: number): SignedPart => {
  const lines: SignedPart["lines"] = [];
  const heads: [number, string][] = [];
  let last: Head | null = null;
  for (const { head, texts } of batchesOf(day, everyS, false)) {
    lines.push([0, heads.length, PLACE, texts[PLACE] ?? "", packHashes(inclusionProof(lineLeaves(texts), PLACE))]);
    heads.push([BATCH, packHashes([hexToBytes(head.root), hexToBytes(head.body)])]);
    last = head;
  }
  if (last === null) throw new Error("there are no batches");
  return { day, runs: [{ gateway: "gw-01", boot: "g1", n: 1, first: 1, prev: null, heads, sig: signatureOf(last) }], lines };
};

const dayOf = (day: number, everyS: number, isSigned: boolean) => {
  const digest: Digest = new Map();
  for (let i = 0; i < 86_400 / everyS; i++) digestLine(digest, lineAt(RIG, day, i, everyS), isSigned);
  const rigDay = digest.get(`${day}/1/${RIG}`);
  if (rigDay === undefined) throw new Error("there are no rows");
  const rows = rowsOf(rigDay);
  const leaf = leafOf(WHERE, "farm", day, {
    tokenId: TOKEN,
    rig: RIG,
    firstSeenTs: (day - 9) * DAY_MS,
    nameplateGhs: 200_000,
    spans: [...rigDay.spans.values()],
    rows,
  });
  const text = canonicalText(leaf);
  const leaves = Array.from({ length: TOKENS }, (_, i) =>
    i + 1 === TOKEN ? { tokenId: TOKEN, n: leaf.n, text } : { tokenId: i + 1, n: 1, text: `{"token":${i + 1}}` },
  );
  const tree = treeOf(WHERE, day, 0, 1, leaves, null);
  const proven: ProvenDay = {
    day,
    date: dateOf(day),
    state: "anchored",
    totals: dayTotals(leaf, rows, []),
    rows,
    tree: {
      number: 0,
      ...proofIn(tree, TOKEN - 1),
      root: tree.root,
      manifest: tree.manifest,
      txHash: null,
      blockNumber: 1,
      anchoredTs: (day + 1) * DAY_MS,
    },
    earlier: [],
  };
  const anchor = { root: tree.root, manifestHash: tree.manifestHash, treeSize: TOKENS, readings: tree.readings };
  return { proven, anchor };
};

type Signed = "no" | "linked" | "loose";
const made = (days: number, everyS: number, signed: Signed): { readonly text: string; readonly answers: Answers } => {
  const all = Array.from({ length: days }, (_, i) => dayOf(DAY + i, everyS, signed !== "no"));
  const identity = { ...NO_IDENTITY, serial: "S21410851", boardSerials: [] };
  const bundle: Bundle = {
    context: BUNDLE_CONTEXT,
    madeTs: 0,
    site: "farm",
    rig: RIG,
    tokenId: TOKEN,
    chain: { ...WHERE, genesis: `0x${"9c".repeat(32)}`, local: false },
    identity,
    records: [],
    days: all.map(({ proven }) => proven),
    ...(signed === "no" ? {} : { signed: all.map(({ proven }) => (signed === "linked" ? threadOf : looseOf)(proven.day, everyS)) }),
  };
  return {
    text: JSON.stringify(bundle),
    answers: {
      chainId: WHERE.chainId,
      active: TOKENS,
      key: publicKey,
      serialHash: machineHash("farm", RIG, identity).hash,
      anchors: Object.fromEntries(all.map(({ proven, anchor }) => [proven.day, anchor])),
    },
  };
};

const scriptOf = async (): Promise<string> => {
  const built = await build({
    configFile: false,
    root: process.cwd(),
    logLevel: "error",
    build: {
      write: false,
      target: "es2022",
      modulePreload: false,
      rollupOptions: { input: join(process.cwd(), "test/bench/verify-page.ts"), output: { format: "iife", codeSplitting: false } },
    },
  });
  const chunk = (Array.isArray(built) ? built : [built])
    .flatMap((one) => ("output" in one ? one.output : []))
    .find((file) => file.type === "chunk");
  if (chunk?.type !== "chunk") throw new Error("the page's script was not built");
  return chunk.code;
};

const CASES = [
  ["verify a day", 1, 10, "no", 200],
  ["verify a day, signed each 10 s", 1, 10, "linked", 200],
  ["verify a day of unlinked lines", 1, 10, "loose", 500],
  ["verify 365 days", 365, 60, "no", 10_000],
] as const;

export const run = async (emit: Emit): Promise<void> => {
  const script = await scriptOf();
  const browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  try {
    for (const [bench, days, everyS, signed, promisedMs] of CASES) {
      const { text, answers } = made(days, everyS, signed);
      const rounds: Times[] = [];
      let firstMs = 0;
      for (let round = 0; round < ROUNDS; round++) {
        // A page of its own each time: a stranger's has nothing compiled yet.
        const page = await browser.newPage();
        await page.addScriptTag({ content: script });
        const times = (await page.evaluate(
          ([given, told]) =>
            (globalThis as unknown as { verifyOnce: (text: string, answers: unknown) => Promise<unknown> }).verifyOnce(given, told),
          [text, answers] as const,
        )) as Times;
        await page.close();
        if (times.wrong.length > 0 || times.verdict !== "verified")
          throw new Error(`${bench} came out ${times.verdict}: ${times.wrong[0]?.says}`);
        rounds.push(times);
        firstMs = Math.max(firstMs, times.ms);
      }
      const ms = median(rounds.map((times) => times.ms));
      emit(
        figure({
          bench,
          ours: ms,
          limit: median(rounds.map((times) => times.sha256Ms)),
          unit: "ms in Chromium",
          against: "SHA-256 of the same text",
          promisedMs,
          slowestMs: firstMs,
          kb: (rounds[0]?.bytes ?? 0) / 1_024,
          breaths: rounds[0]?.breaths ?? 0,
          longestWithoutMs: Math.max(...rounds.map(({ longestMs }) => longestMs)),
        }),
      );
    }
  } finally {
    await browser.close();
  }
};
