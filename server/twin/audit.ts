/** One line of the audit, its bytes (RFC 8785), and the check of a whole export. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { canonicalText } from "./canonical.ts";

export interface AuditLine {
  /** From 1, without gaps. */
  readonly n: number;
  /** SHA-256 (hex) of the bytes of the line before; NO_LINE for the first. */
  readonly prev: string;
  readonly ts: number;
  /** A pseudonym, `rigtwin` for the server itself. */
  readonly who: string;
  readonly what: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Of the socket's other end; "" where it was the server. */
  readonly address: string;
}
export const NO_LINE = "0".repeat(64);

/** The exact text that is hashed. */
export const auditBytes = (line: AuditLine): string => canonicalText(line);

/** The number of the first line that does not follow from the one before it; null where all do. */
export const firstBroken = (texts: Iterable<string>): number | null => {
  let prev = NO_LINE;
  let n = 0;
  for (const text of texts) {
    n += 1;
    let line: Partial<AuditLine>;
    try {
      line = JSON.parse(text) as Partial<AuditLine>;
    } catch {
      return n;
    }
    if (line.n !== n || line.prev !== prev) return n;
    prev = bytesToHex(sha256(utf8ToBytes(text)));
  }
  return null;
};
