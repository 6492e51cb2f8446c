/**
 * Whom a notification may go to. What an admin enters in a browser must not make this server call what only this server can reach:
 * a name is resolved once, every address of it is judged, and the connection is made to the address that was judged.
 */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";

/** Why nothing was sent; `says` names the address, never the rest of the URL. */
export class Unreachable extends Error {}

/** IANA's special-purpose registries: this host, private, shared, link-local, documentation, benchmarking, multicast, reserved; and ways round by IPv6. */
const CLOSED: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];
const CLOSED6: readonly (readonly [string, number])[] = [
  ["::", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
];
/** Where clouds keep the keys of a machine: no list opens these. */
const METADATA: readonly string[] = ["169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200"];

const listOf = (v4: readonly (readonly [string, number])[], v6: readonly (readonly [string, number])[]): BlockList => {
  const list = new BlockList();
  for (const [net, bits] of v4) list.addSubnet(net, bits, "ipv4");
  for (const [net, bits] of v6) list.addSubnet(net, bits, "ipv6");
  return list;
};
const closed = listOf(CLOSED, CLOSED6);
const metadata = new BlockList();
for (const address of METADATA) metadata.addAddress(address, isIP(address) === 6 ? "ipv6" : "ipv4");

/** ::ffff:a.b.c.d as a.b.c.d, whatever way it is written; anything else as it is. */
const plainAddress = (address: string): string => {
  if (isIP(address) !== 6) return address;
  const spelled = new URL(`http://[${address.split("%")[0]}]/`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(spelled) ?? [];
  if (high === undefined || low === undefined) return spelled;
  const [a, b] = [parseInt(high, 16), parseInt(low, 16)];
  return `${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`;
};

export interface Allowed {
  readonly hosts: ReadonlySet<string>;
  readonly nets: BlockList;
}
/** `192.168.1.20`, `10.0.0.0/8`, `mail.lan`, commas between. Gives null where a part is none of these. */
export const readAllowed = (text: string): Allowed | null => {
  const hosts = new Set<string>();
  const nets = new BlockList();
  for (const part of text.split(",").map((each) => each.trim().toLowerCase())) {
    if (part === "") continue;
    const [address = "", bits] = part.split("/");
    const family = isIP(address);
    if (family === 0) {
      if (bits !== undefined || !/^[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?$/.test(part)) return null;
      hosts.add(part);
      continue;
    }
    const most = family === 6 ? 128 : 32;
    const length = bits === undefined ? most : Number(bits);
    if (!Number.isInteger(length) || length < 0 || length > most || bits === "") return null;
    nets.addSubnet(address, length, family === 6 ? "ipv6" : "ipv4");
  }
  return { hosts, nets };
};

/** Why that address of `host` is not called; null where it may be. */
export const closedTo = (host: string, given: string, allowed: Allowed): string | null => {
  const address = plainAddress(given);
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  if (metadata.check(address, family)) return `${address} is a machine's metadata service; it is never called.`;
  if (!closed.check(address, family)) return null;
  if (allowed.hosts.has(host.toLowerCase()) || allowed.nets.check(address, family)) return null;
  return `${host}${host === address ? "" : ` (${address})`} is not in the public network; NOTIFY_ALLOW names the private addresses that may be called.`;
};

export interface Pinned {
  readonly address: string;
  readonly family: 4 | 6;
}
/** Resolves a name once and judges every address of it. Throws Unreachable. */
export const pin = async (host: string, allowed: Allowed): Promise<Pinned> => {
  const bare = host.replace(/^\[|\]$/g, "");
  let found: { address: string; family: number }[];
  try {
    found = isIP(bare) === 0 ? await lookup(bare, { all: true }) : [{ address: bare, family: isIP(bare) }];
  } catch (error) {
    throw new Unreachable(`The name ${bare} is not found (${(error as NodeJS.ErrnoException).code ?? "no answer"}).`);
  }
  for (const { address } of found) {
    const why = closedTo(bare, address, allowed);
    if (why !== null) throw new Unreachable(why);
  }
  const [first] = found;
  if (first === undefined) throw new Unreachable(`The name ${bare} has no address.`);
  return { address: first.address, family: first.family === 6 ? 6 : 4 };
};
