/**
 * What gateways signed of a rig's day, found in the journal a part at a time. A batch that fails its own signature is passed over; what
 * else is to be believed the reader decides with the keys of the contract.
 */
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import type { SignedPage, SignedThread } from "../twin/bundle.ts";
import { DAY_MS } from "../twin/days.ts";
import { headBytes, headHash, keyAt, lineLeaves, readHead, type GatewayKeys, type Head, type Verify } from "../twin/gateway.ts";
import { readLine, unlinked } from "../twin/line.ts";
import { inclusionProof, leafHashOfText } from "../twin/merkle.ts";
import { packHashes } from "../twin/packed.ts";
import { MOST_AHEAD_MS } from "../twin/parse.ts";
import { Refused } from "../twin/refusal.ts";
import type { Entry } from "../twin/twin.ts";
import { CHANNELS, ROOT } from "../twin/wire.ts";

export interface SignedDaysNeeds {
  readonly site: string;
  readonly keys: () => GatewayKeys;
  readonly verify: Verify;
  readonly journal: {
    readonly positionAt: (ts: number) => Promise<number>;
    readonly read: (fromPos: number) => AsyncIterable<readonly Entry[]>;
    readonly oldestTs: () => number | null;
  };
  readonly breathe: () => Promise<void>;
}

/** Of the journal, in one part. */
const MOST_BYTES = 32 << 20;
const MOST_BATCHES = 5_000;
/** How long after its day a reading may come and still be looked for, ms; where the day was anchored later, until then. */
const LATE_MS = 6 * 3_600_000;

interface Batch {
  readonly head: Head;
  readonly text: string;
  readonly sig: string;
  readonly lines: readonly string[];
}

const BEFORE_MESSAGES = new TextEncoder().encode(',"messages":"');
const startOf = (bytes: Uint8Array, part: Uint8Array): number => {
  for (let at = bytes.indexOf(part[0] ?? 0); at >= 0; at = bytes.indexOf(part[0] ?? 0, at + 1))
    if (part.every((byte, i) => bytes[at + i] === byte)) return at;
  return -1;
};

/** An envelope without its messages, which are many times the rest; the sequence looked for cannot stand within a JSON text. */
const envelopeOf = (payload: Uint8Array): Record<string, unknown> | null => {
  const decoder = new TextDecoder();
  const end = startOf(payload, BEFORE_MESSAGES);
  try {
    return JSON.parse(end < 0 ? decoder.decode(payload) : `${decoder.decode(payload.subarray(0, end))}}`) as Record<string, unknown>;
  } catch {
    return null;
  }
};

const batchOf = (payload: Uint8Array): Batch | null => {
  const { v, signed, sig, lines } = envelopeOf(payload) ?? {};
  if (v !== 2 || typeof signed !== "string" || typeof sig !== "string" || !/^[0-9a-f]{128}$/.test(sig) || !Array.isArray(lines))
    return null;
  const head = readHead(signed);
  return head === null || lines.length !== head.last - head.first + 1 ? null : { head, text: signed, sig, lines: lines as string[] };
};

type Runs = SignedPage["runs"];
type Lines = SignedPage["lines"];

/** Without those that were sent again, and without one of before a restart that came late: it has been shown, or has no place in its row. */
const inOrder = (batches: readonly Batch[]): Batch[] => {
  const ordered: Batch[] = [];
  for (const batch of batches) {
    const before = ordered.at(-1)?.head;
    if (before === undefined || batch.head.boot !== before.boot || batch.head.n > before.n) ordered.push(batch);
  }
  return ordered;
};

interface Spinning {
  readonly prev: string;
  readonly lines: string[];
  /** Leaf hash of the newest line. */
  newest: string;
  /** Lines that belong to it if a wanted one follows. */
  between: string[];
  end: { readonly batch: Batch; readonly place: number };
}

/** A gateway's lines of these machines as threads; each begins and ends with one that is wanted. */
const threadsOf = (batches: readonly Batch[], names: ReadonlySet<string>, isWanted: (line: string) => boolean): SignedThread[] => {
  const all: Spinning[] = [];
  const newest = new Map<string, Spinning>();
  for (const batch of batches)
    for (const [place, text] of batch.lines.entries()) {
      const { line, before } = unlinked(text);
      const rig = before === null ? undefined : readLine(line)?.rig;
      if (before === null || rig === undefined || !names.has(rig)) continue;
      const wanted = isWanted(text);
      let of = newest.get(rig);
      if (of?.newest !== before || of.end.batch.head.boot !== batch.head.boot) {
        if (!wanted) continue;
        of = { prev: before, lines: [], newest: "", between: [], end: { batch, place } };
        all.push(of);
        newest.set(rig, of);
      }
      of.newest = bytesToHex(leafHashOfText(text));
      of.between.push(line);
      if (!wanted) continue;
      of.lines.push(...of.between);
      of.between = [];
      of.end = { batch, place };
    }
  return all.map(({ prev, lines, end: { batch, place } }) => ({
    prev,
    lines,
    head: batch.text,
    place,
    proof: packHashes(inclusionProof(lineLeaves(batch.lines), place)),
    sig: batch.sig,
  }));
};

/** Adds a gateway's batches as rows of heads, with the lines that are wanted. */
const addRuns = (runs: Runs, lines: Lines, batches: readonly Batch[], isWanted: (line: string) => boolean): void => {
  let before: Batch | null = null;
  let leads = "";
  for (const batch of batches) {
    const { head, text, sig } = batch;
    const goesOn = before !== null && head.boot === before.head.boot && head.n === before.head.n + 1 && head.prev === leads;
    const packed = packHashes([hexToBytes(head.root), hexToBytes(head.body)]);
    let run = runs.at(-1);
    if (!goesOn || run === undefined) {
      run = { gateway: head.gateway, boot: head.boot, n: head.n, first: head.first, prev: head.prev, heads: [], sig };
      runs.push(run);
    }
    run.heads.push([batch.lines.length, packed]);
    run.sig = sig;
    let leaves: ReturnType<typeof lineLeaves> | null = null;
    for (const [place, line] of batch.lines.entries()) {
      if (!isWanted(line)) continue;
      leaves ??= lineLeaves(batch.lines);
      lines.push([runs.length - 1, run.heads.length - 1, place, line, packHashes(inclusionProof(leaves, place))]);
    }
    before = batch;
    leads = headHash(text);
  }
};

export const createSignedDays = ({ site, keys, verify, journal, breathe }: SignedDaysNeeds) => {
  const prefix = `${ROOT}/${site}/`;
  const suffix = `/${CHANNELS.signed}`;
  const isSound = ({ head, text, sig }: Batch, receivedTs: number): boolean => {
    const key = keyAt(keys(), head.gateway, receivedTs);
    return key !== null && verify(hexToBytes(sig), headBytes(text), hexToBytes(key));
  };

  return {
    /**
     * One part. `names`: of the machine. `after`: position of the part before, 0 for the first. `anchoredTs`: of the day's newest tree, ms
     * UTC. Throws Refused NOT_FOUND where the journal does not reach back so far.
     */
    async part(names: ReadonlySet<string>, day: number, after: number, anchoredTs: number): Promise<SignedPage> {
      const startTs = day * DAY_MS;
      const endTs = Math.max(startTs + DAY_MS + LATE_MS, anchoredTs);
      const oldestTs = journal.oldestTs();
      if (oldestTs === null || oldestTs >= startTs + DAY_MS)
        throw new Refused("NOT_FOUND", "The signed readings of that day are no longer in the farm's journal; their rows and proofs are.");
      const isWanted = (text: string): boolean => {
        const line = readLine(unlinked(text).line);
        return line !== null && names.has(line.rig) && line.ts >= startTs && line.ts < startTs + DAY_MS;
      };
      const found = new Map<string, { batch: Batch; receivedTs: number }[]>();
      let batches = 0;
      let bytes = 0;
      let next: number | null = null;
      const take = (entry: Entry): void => {
        bytes += entry.payload.length;
        if (!entry.topic.startsWith(prefix) || !entry.topic.endsWith(suffix)) return;
        const batch = batchOf(entry.payload);
        if (batch === null || entry.topic !== `${prefix}${batch.head.gateway}${suffix}`) return;
        batches += 1;
        const before = found.get(batch.head.gateway);
        if (before === undefined) found.set(batch.head.gateway, [{ batch, receivedTs: entry.receivedTs }]);
        else before.push({ batch, receivedTs: entry.receivedTs });
      };
      const from = after > 0 ? after : await journal.positionAt(startTs - MOST_AHEAD_MS);
      reading: for await (const entries of journal.read(from)) {
        for (const entry of entries) {
          if (entry.receivedTs >= endTs) break reading;
          if (bytes >= MOST_BYTES || batches >= MOST_BATCHES) {
            next = entry.pos;
            break reading;
          }
          take(entry);
        }
        await breathe();
      }
      const runs: Runs = [];
      const lines: Lines = [];
      const threads: SignedThread[] = [];
      const isLoose = (text: string): boolean => unlinked(text).before === null && isWanted(text);
      for (const of of found.values()) {
        if (!of.some(({ batch }) => batch.lines.some(isWanted))) continue;
        const sound: Batch[] = [];
        for (const [i, { batch, receivedTs }] of of.entries()) {
          if (isSound(batch, receivedTs)) sound.push(batch);
          if (i % 100 === 99) await breathe();
        }
        const ordered = inOrder(sound);
        threads.push(...threadsOf(ordered, names, isWanted));
        if (ordered.some((batch) => batch.lines.some(isLoose))) addRuns(runs, lines, ordered, isLoose);
        await breathe();
      }
      return { day, runs, lines, threads, next };
    },
  };
};
