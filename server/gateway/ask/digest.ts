/** HTTP Digest access authentication (RFC 7616), as far as miners ask for it: MD5 or SHA-256, qop auth or none. */
import { createHash } from "node:crypto";

export interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | null;
  readonly qop: "auth" | null;
  readonly algorithm: "MD5" | "SHA-256" | "MD5-sess" | "SHA-256-sess";
}

const PART = /([a-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/gi;
const ALGORITHMS = ["MD5", "SHA-256", "MD5-sess", "SHA-256-sess"] as const;

/** Reads a WWW-Authenticate header; null where it is none of Digest or asks for what is not known here. */
export const challengeOf = (header: string | undefined): Challenge | null => {
  const text = /^\s*Digest\s+(.*)$/is.exec(header ?? "")?.[1];
  if (text === undefined) return null;
  const parts = new Map([...text.matchAll(PART)].map(([, name = "", quoted, bare]) => [name.toLowerCase(), quoted ?? bare ?? ""]));
  const [realm, nonce] = [parts.get("realm"), parts.get("nonce")];
  const algorithm = ALGORITHMS.find((known) => known.toLowerCase() === (parts.get("algorithm") ?? "MD5").toLowerCase());
  const offered = parts
    .get("qop")
    ?.split(",")
    .map((qop) => qop.trim());
  if (realm === undefined || nonce === undefined || algorithm === undefined) return null;
  if (offered !== undefined && !offered.includes("auth")) return null;
  return { realm, nonce, opaque: parts.get("opaque") ?? null, qop: offered === undefined ? null : "auth", algorithm };
};

/** The Authorization header's value. `nc` counts the uses of this nonce from 1; `cnonce` is the caller's chance. */
export const authorizationOf = (
  { realm, nonce, opaque, qop, algorithm }: Challenge,
  of: { readonly method: string; readonly uri: string; readonly username: string; readonly password: string },
  nc: number,
  cnonce: string,
): string => {
  const hash = (text: string): string =>
    createHash(algorithm.startsWith("MD5") ? "md5" : "sha256")
      .update(text)
      .digest("hex");
  const secret = hash(`${of.username}:${realm}:${of.password}`);
  const a1 = algorithm.endsWith("-sess") ? hash(`${secret}:${nonce}:${cnonce}`) : secret;
  const a2 = hash(`${of.method}:${of.uri}`);
  const count = nc.toString(16).padStart(8, "0");
  const response = qop === null ? hash(`${a1}:${nonce}:${a2}`) : hash(`${a1}:${nonce}:${count}:${cnonce}:${qop}:${a2}`);
  const quoted = { username: of.username, realm, nonce, uri: of.uri, response, ...(opaque === null ? {} : { opaque }) };
  const parts = Object.entries(quoted).map(([name, value]) => `${name}="${value}"`);
  parts.push(`algorithm=${algorithm}`);
  if (qop !== null) parts.push(`qop=${qop}`, `nc=${count}`, `cnonce="${cnonce}"`);
  return `Digest ${parts.join(", ")}`;
};
