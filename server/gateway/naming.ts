import type { Identity } from "../twin/reading.ts";
import { NAME_PATTERN } from "../twin/wire.ts";

const safe = (text: string): string => text.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+|-+$/g, "");

/**
 * A machine's name where the list gives none: its network card's address, which it keeps wherever it is put; else its serial number,
 * else its IP address. Two machines never get the same name from cards or serials; a name from an IP address goes with the socket.
 */
export const rigNameOf = ({ mac, serial }: Identity, host: string): string => {
  if (mac !== null) return `m-${mac.replace(/:/g, "").toLowerCase()}`;
  const named = serial === null ? "" : `s-${safe(serial)}`.slice(0, 64);
  return named.length > 4 && NAME_PATTERN.test(named) ? named : `ip-${safe(host.replaceAll(".", "-"))}`.slice(0, 64);
};
