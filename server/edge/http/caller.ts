/** Where a request comes from, judged by what a stranger cannot forge. */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { refusal, type Refusal } from "../../twin/refusal.ts";

/** What of a request is looked at; a WebSocket upgrade has the same. */
export interface Caller {
  readonly headers: IncomingMessage["headers"];
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** What proxies add. Any of them says that the socket's other end speaks for somebody else. */
const FORWARDED = [
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-forwarded-server",
  "x-real-ip",
  "x-client-ip",
  "x-original-host",
  "true-client-ip",
  "cf-connecting-ip",
  "fly-client-ip",
] as const;

/** True for 127.0.0.0/8 and ::1, also as an IPv4-mapped address. */
export const isLoopback = (address: string): boolean => {
  const plain = address.toLowerCase().replace(/^::ffff:/, "");
  return plain === "::1" || (isIP(plain) === 4 && plain.startsWith("127."));
};

/** True where the other end of the socket is this machine and does not speak for somebody else. */
export const isFromHere = ({ headers, socket }: Caller): boolean =>
  isLoopback(socket.remoteAddress ?? "") && FORWARDED.every((name) => headers[name] === undefined);

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i;

/** The name in a Host header, lower case, without port, brackets and closing dot; null where it is not one. */
export const nameIn = (host: string | undefined): string | null => {
  const name = HOST.exec(host ?? "")?.[1];
  return name === undefined ? null : name.toLowerCase().replace(/^\[|\]$|\.$/g, "");
};

/**
 * Refuses a Host that is neither this machine, an address, nor a configured name. A page of a stranger can have its name point
 * to this machine (DNS rebinding) but cannot choose the Host its visitor's browser sends; an address has no name to rebind.
 */
export const hostRefusal = ({ headers }: Caller, allowed: ReadonlySet<string>): Refusal | null => {
  const name = nameIn(headers.host);
  if (name === null) return refusal("FORBIDDEN", "The request has no valid Host header.");
  if (name === "localhost" || isIP(name) !== 0 || allowed.has(name)) return null;
  return refusal("FORBIDDEN", `This server does not answer for the name ${name}. Name it in --allowed-hosts.`);
};

/** Refuses a request that a browser sends on behalf of another site. Programs send no Origin. */
export const originRefusal = ({ headers }: Caller): Refusal | null => {
  const { origin, host } = headers;
  if (origin === undefined) return null;
  const wrong = refusal("ORIGIN_REFUSED", `A page of ${origin.slice(0, 100)} may not do this.`);
  if (!URL.canParse(origin)) return wrong;
  const from = new URL(origin);
  const own = `${from.protocol}//${host ?? ""}`;
  return /^https?:$/.test(from.protocol) && URL.canParse(own) && new URL(own).host === from.host ? null : wrong;
};
