/** Sealing a record: its canonical bytes, their SHA-256, and the link to the rig's record before it. The same check runs everywhere. */
import { sha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { canonicalText } from "./canonical.ts";
import type { Identity } from "./reading.ts";
import { PARTS, RECORD_CONTEXT, RECORD_KINDS, type RecordBody } from "./record.ts";
import { Refused } from "./refusal.ts";

export type Hex = `0x${string}`;

/** A record as it is written down: `bytes` is the exact text that was hashed (JCS is UTF-8). */
export interface Sealed {
  readonly hash: Hex;
  readonly bytes: string;
  readonly body: RecordBody;
}

/** What the sealer knows of the rig's newest record. */
export type Previous = { readonly hash: Hex; readonly body: { readonly number: number } } | null;

/** What is told about the work; number, link, version and context are the seal's. */
export type RecordFields = Omit<RecordBody, "v" | "context" | "number" | "prev">;

export type Verdict = { readonly ok: true; readonly body: RecordBody } | { readonly ok: false; readonly reason: string };

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** SHA-256 over the UTF-8 of `bytes`, as on the chain. */
export const hashOf = (bytes: string): Hex => `0x${bytesToHex(sha256(utf8(bytes)))}`;

const isText = (value: unknown): value is string => typeof value === "string";
const isTextOrNull = (value: unknown): boolean => value === null || isText(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isHash = (value: unknown): boolean => isText(value) && /^0x[0-9a-f]{64}$/.test(value);
const isOneOf =
  (list: readonly string[]) =>
  (value: unknown): boolean =>
    isText(value) && list.includes(value);
const isPart = (value: unknown): boolean => faultOf(value, PART_MEMBERS) === null;

const PART_MEMBERS: Record<string, (value: unknown) => boolean> = {
  part: isOneOf(PARTS),
  index: (value) => value === null || isCount(value),
  oldSerial: isTextOrNull,
  newSerial: isTextOrNull,
};
const MEMBERS: Record<Exclude<keyof RecordBody, "signer">, (value: unknown) => boolean> = {
  v: (value) => value === 1,
  context: (value) => value === RECORD_CONTEXT,
  site: isText,
  rig: isText,
  serial: isTextOrNull,
  number: (value) => isCount(value) && value > 0,
  prev: (value) => value === null || isHash(value),
  kind: isOneOf(RECORD_KINDS),
  performedTs: isCount,
  sealedTs: isCount,
  technician: isText,
  summary: isText,
  parts: (value) => Array.isArray(value) && value.every(isPart),
};

/** The signer came later: a record without one has the same bytes as ever. */
const isSigner = (value: unknown): boolean => isText(value) && /^0x[0-9a-f]{40}$/.test(value);
const membersOf = (value: unknown): Record<string, (value: unknown) => boolean> =>
  typeof value === "object" && value !== null && Object.hasOwn(value, "signer") ? { ...MEMBERS, signer: isSigner } : MEMBERS;

/** Names the first member that is missing, wrong or unknown; null where all are as record.ts says. */
const faultOf = (value: unknown, members: Record<string, (value: unknown) => boolean>): string | null => {
  if (typeof value !== "object" || value === null) return "the whole";
  const wrong = Object.entries(members).find(
    ([name, fits]) => !Object.hasOwn(value, name) || !fits((value as Record<string, unknown>)[name]),
  );
  if (wrong !== undefined) return wrong[0];
  return Object.keys(value).find((name) => !Object.hasOwn(members, name)) ?? null;
};

const linkFault = (body: RecordBody): string | null => {
  if (body.number === 1 && body.prev !== null) return "the first record names one before it";
  return body.number > 1 && body.prev === null ? `record ${body.number} does not name the one before it` : null;
};

/**
 * Seals what was told about a rig after the rig's newest record (null where this is its first). Throws Refused
 * PAYLOAD_INVALID naming the member that is missing, unknown, not a string, or not an integer within ±(2^53 - 1).
 */
export const sealRecord = (fields: RecordFields, previous: Previous): Sealed => {
  const { site, rig, serial, kind, performedTs, sealedTs, technician, summary, parts, signer } = fields;
  const body: RecordBody = {
    v: 1,
    context: RECORD_CONTEXT,
    site,
    rig,
    serial,
    number: (previous?.body.number ?? 0) + 1,
    prev: previous?.hash ?? null,
    kind,
    performedTs,
    sealedTs,
    technician,
    summary,
    parts,
    ...(signer === undefined ? {} : { signer }),
  };
  const fault = faultOf(body, membersOf(body));
  if (fault !== null) throw new Refused("PAYLOAD_INVALID", `record: ${fault} is missing or wrong`);
  const bytes = canonicalText(body);
  return { hash: hashOf(bytes), bytes, body };
};

/** Whether `bytes` are a record, written in the one canonical way, under this hash. Never throws. */
export const verifyRecord = (bytes: string, hash: string): Verdict => {
  if (hashOf(bytes) !== hash) return { ok: false, reason: "the bytes do not give this hash" };
  try {
    const body = JSON.parse(bytes) as RecordBody;
    const fault = faultOf(body, membersOf(body));
    if (fault !== null) return { ok: false, reason: `${fault} is missing, wrong or unknown` };
    if (canonicalText(body) !== bytes) return { ok: false, reason: "the bytes are not in canonical form" };
    const link = linkFault(body);
    return link === null ? { ok: true, body } : { ok: false, reason: link };
  } catch (error) {
    return { ok: false, reason: error instanceof Refused ? error.detail : "the bytes are not JSON" };
  }
};

/** Whether these are one rig's records from its first on, each naming the one before it. Never throws. */
export const verifyChainOfRecords = (
  records: readonly { readonly hash: string; readonly bytes: string }[],
): { ok: boolean; reason: string | null } => {
  let before: { hash: string; body: RecordBody } | null = null;
  for (const [i, { hash, bytes }] of records.entries()) {
    const verdict = verifyRecord(bytes, hash);
    if (!verdict.ok) return { ok: false, reason: `record ${i + 1}: ${verdict.reason}` };
    const { body } = verdict;
    if (body.number !== i + 1) return { ok: false, reason: `record ${i + 1} carries the number ${body.number}` };
    if (body.prev !== (before?.hash ?? null)) return { ok: false, reason: `record ${i + 1} does not name the record before it` };
    if (before !== null && (before.body.rig !== body.rig || before.body.site !== body.site))
      return { ok: false, reason: `record ${i + 1} is of another rig` };
    before = { hash, body };
  }
  return { ok: true, reason: null };
};

/**
 * keccak256 over UTF-8 `lower(maker)|model|serial`, under which the contract knows a machine. It makes machines unique; it
 * hides nothing, because serial numbers can be guessed.
 */
export const serialHash = (maker: string, model: string, serial: string): Hex =>
  `0x${bytesToHex(keccak_256(utf8(`${maker.toLowerCase()}|${model}|${serial}`)))}`;

const PLACEHOLDER = /^(0+|f+|x+|n\/?a|none|null|unknown|default|1234567890?|-+)$/i;

/** A serial number that tells one machine from another, trimmed, or null. */
export const usableSerial = (serial: string | null): string | null => {
  const trimmed = serial?.trim() ?? "";
  return trimmed === "" || PLACEHOLDER.test(trimmed) ? null : trimmed;
};

const usableMac = (mac: string | null): string | null => {
  const digits = (mac ?? "").toLowerCase().replace(/[^0-9a-f]/g, "");
  return digits.length !== 12 || /^(0+|f+)$/.test(digits) ? null : digits;
};

/** By what a machine is known: its serial number, lacking it its MAC, else its name in the site. */
export type KnownBy = "serial" | "mac" | "name";

/** The hash that stands for the machine on the chain, and by what it is known. */
export const machineHash = (site: string, rig: string, identity: Identity): { readonly hash: Hex; readonly by: KnownBy } => {
  const of = (by: KnownBy, value: string) => ({ hash: serialHash(identity.make ?? "", identity.model ?? "", value), by });
  const serial = usableSerial(identity.serial);
  if (serial !== null) return of("serial", serial);
  const mac = usableMac(identity.mac);
  // Make and model may be learnt later; a MAC or a name is unique without them.
  return mac !== null ? { hash: serialHash("", "mac", mac), by: "mac" } : { hash: serialHash("", "name", `${site}/${rig}`), by: "name" };
};
