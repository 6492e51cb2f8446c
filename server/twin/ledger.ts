/**
 * What is recorded about the rigs and what the chain has said of it, folded from the journal's own entries. Changed in place, like
 * the farm it is part of; the same entries give the same ledger, so a replay shows each record's status as of its moment.
 */
import type { OnChain, RecordSignature, RecordStatus, TwinRecord } from "./record.ts";
import { hashOf, verifyRecord, type Hex, type Sealed } from "./seal.ts";
import { foldDay, type DayNews, type Days } from "./sealing.ts";
import type { Entry } from "./twin.ts";
import { OWN } from "./wire.ts";

/** Which chain and which contract on it; another genesis is another chain, whatever its number. */
export interface ChainIdentity {
  readonly chainId: number;
  readonly genesis: Hex;
  readonly contract: Hex;
}
export interface Token {
  readonly tokenId: number;
  readonly txHash: Hex;
  readonly blockNumber: number;
}
/** Who may sign records, by address; one that was is kept, because their records remain. */
export interface Technician {
  readonly badge: string;
  readonly isActive: boolean;
}
/** Which machine took a machine's place, when (ms UTC), and who said so. */
export interface Substitution {
  readonly rig: string;
  readonly performedTs: number;
  readonly by: string;
}
export interface Ledger {
  /** null until a chain was first reached. */
  chain: ChainIdentity | null;
  /** A rig's records, oldest first, each naming the one before it. */
  readonly records: Map<string, TwinRecord[]>;
  readonly tokens: Map<string, Token>;
  /** The rig that a token stands for; where a machine was renamed, the newest name. */
  readonly rigOfToken: Map<number, string>;
  /** Hash → rig of every record that is neither final nor refused, in the order of sealing. */
  readonly open: Map<Hex, string>;
  /** What became of each day. */
  readonly days: Days;
  readonly technicians: Map<Hex, Technician>;
  /** What took a machine's place, by the name of the machine that was replaced. */
  readonly substitutes: Map<string, Substitution>;
}

export const noLedger = (): Ledger => ({
  chain: null,
  records: new Map(),
  tokens: new Map(),
  rigOfToken: new Map(),
  open: new Map(),
  days: new Map(),
  technicians: new Map(),
  substitutes: new Map(),
});

export const recordsOf = (ledger: Ledger, rig: string): readonly TwinRecord[] => ledger.records.get(rig) ?? [];

const isOpen = (status: RecordStatus): boolean => status === "sealed" || status === "sent";

const asSealed = (record: Sealed & Pick<TwinRecord, "signature">): TwinRecord => ({
  hash: record.hash,
  bytes: record.bytes,
  body: record.body,
  signature: record.signature,
  status: "sealed",
  txHash: null,
  blockNumber: null,
  tokenId: null,
  reason: null,
});

const textOf = (entry: Entry): string => new TextDecoder().decode(entry.payload);

/** Whether the record is what comes next for its rig; a second copy, or one sealed after another record, is not. */
export const continues = (ledger: Ledger, { body }: Sealed): boolean => {
  const last = recordsOf(ledger, body.rig).at(-1);
  return body.number === (last?.body.number ?? 0) + 1 && body.prev === (last?.hash ?? null);
};

/** A record's entry: its canonical text alone, or, where somebody signed it, text and signature. */
export const recordEntry = (bytes: string, signature: RecordSignature | null): string =>
  signature === null ? bytes : JSON.stringify({ record: bytes, signature });
const ofRecordEntry = (text: string): { bytes: string; signature: RecordSignature | null } => {
  // A record has no member of that name, so that a text which was sealed before there were signatures is never mistaken.
  const { record, signature } = JSON.parse(text) as { record?: string; signature?: RecordSignature };
  return record === undefined ? { bytes: text, signature: null } : { bytes: record, signature: signature ?? null };
};

const foldRecord = (ledger: Ledger, entry: Entry): string[] => {
  const { bytes, signature } = ofRecordEntry(textOf(entry));
  const hash = hashOf(bytes);
  const verdict = verifyRecord(bytes, hash);
  if (!verdict.ok) return [];
  const record = { hash, bytes, body: verdict.body, signature };
  if (!continues(ledger, record)) return [];
  const { rig } = verdict.body;
  const before = ledger.records.get(rig);
  if (before === undefined) ledger.records.set(rig, [asSealed(record)]);
  else before.push(asSealed(record));
  ledger.open.set(hash, rig);
  return [rig];
};

const onOneRecord = (ledger: Ledger, told: Extract<OnChain, { what: "record" }>): string[] => {
  const records = ledger.records.get(told.rig);
  const at = records?.findIndex((record) => record.hash === told.hash) ?? -1;
  const before = records?.[at];
  if (records === undefined || before === undefined) return [];
  const { status, txHash, blockNumber, reason } = told;
  const tokenId = status === "sealed" ? null : (ledger.tokens.get(told.rig)?.tokenId ?? null);
  records[at] = { ...before, status, txHash, blockNumber, reason, tokenId };
  if (isOpen(status)) ledger.open.set(told.hash, told.rig);
  else ledger.open.delete(told.hash);
  return [told.rig];
};

const onReset = (ledger: Ledger, { chainId, genesis, contract }: ChainIdentity): string[] => {
  ledger.chain = { chainId, genesis, contract };
  ledger.tokens.clear();
  for (const day of ledger.days.values()) day.anchors = [];
  ledger.rigOfToken.clear();
  for (const [rig, records] of ledger.records) {
    for (const [at, record] of records.entries()) {
      records[at] = asSealed(record);
      ledger.open.set(record.hash, rig);
    }
  }
  return [...ledger.records.keys()];
};

const onToken = (ledger: Ledger, { rig, tokenId, txHash, blockNumber }: Extract<OnChain, { what: "token" }>): string[] => {
  ledger.tokens.set(rig, { tokenId, txHash, blockNumber });
  ledger.rigOfToken.set(tokenId, rig);
  return [rig];
};

const foldOnChain = (ledger: Ledger, told: OnChain): string[] => {
  switch (told.what) {
    case "record":
      return onOneRecord(ledger, told);
    case "token":
      return onToken(ledger, told);
    case "reset":
      return onReset(ledger, told);
  }
};

/** Folds an entry of topic OWN.anchor and gives what it said, null where it changed nothing. */
export const foldAnchor = (ledger: Ledger, entry: Entry): DayNews | null => {
  const news = JSON.parse(textOf(entry)) as DayNews;
  // Said of a chain that is no longer the one that answers.
  if (news.what === "anchored" && (news.chainId !== ledger.chain?.chainId || news.contract !== ledger.chain.contract)) return null;
  return foldDay(ledger.days, news) ? news : null;
};

/** Folds an entry of topic OWN.record or OWN.onChain into `ledger` and gives the rigs it concerned; any other changes nothing. */
export const foldLedger = (ledger: Ledger, entry: Entry): string[] => {
  if (entry.topic === OWN.record) return foldRecord(ledger, entry);
  return entry.topic === OWN.onChain ? foldOnChain(ledger, JSON.parse(textOf(entry)) as OnChain) : [];
};
