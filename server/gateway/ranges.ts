/** Which addresses to look at: networks, ranges, single ones, and the table of a CSV file. */
import { NAME_PATTERN } from "../twin/wire.ts";

/** A /16: more is a mistake, or the work of another gateway. */
export const MOST_ADDRESSES = 65_536;

const numberOf = (text: string): number | null => {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return null;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
};
const textOf = (address: number): string => [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");

const boundsOf = (text: string): readonly [from: number, to: number] | null => {
  const [network, bits, more] = text.split("/");
  if (bits !== undefined) {
    const base = numberOf(network ?? "");
    const prefix = Number(bits);
    if (base === null || more !== undefined || !/^\d{1,2}$/.test(bits) || prefix > 32) return null;
    const size = 2 ** (32 - prefix);
    const from = Math.floor(base / size) * size;
    // the first and the last address of a network are nobody's (RFC 950), but of a /31 and a /32 (RFC 3021)
    return prefix >= 31 ? [from, from + size - 1] : [from + 1, from + size - 2];
  }
  const [first = "", last = first, rest] = text.split("-");
  const from = numberOf(first);
  const to = /^\d{1,3}$/.test(last) ? numberOf(first.replace(/\d+$/, last)) : numberOf(last);
  return from === null || to === null || rest !== undefined || to < from ? null : [from, to];
};

/** "10.0.0.0/24", "10.0.0.10-10.0.1.20", "10.0.0.10-40", "10.0.0.7", with commas between them → addresses, each once. Throws RangeError in words. */
export const addressesIn = (text: string): readonly string[] => {
  const found = new Set<number>();
  for (const range of text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")) {
    const bounds = boundsOf(range);
    if (bounds === null) throw new RangeError(`"${range}" is neither a network (10.0.0.0/24), a range (10.0.0.10-40) nor an IPv4 address`);
    const [from, to] = bounds;
    if (to - from + 1 + found.size > MOST_ADDRESSES) throw new RangeError(`"${range}": more than ${MOST_ADDRESSES} addresses`);
    for (let address = from; address <= to; address++) found.add(address);
  }
  return [...found].map(textOf);
};

/** What a line of the CSV says of a machine; null where it leaves a column out. */
export interface Listed {
  readonly host: string;
  readonly rig: string | null;
  readonly position: { readonly container: string; readonly rack: string; readonly slot: string } | null;
  /** The driver's name, where it need not be found out. */
  readonly format: string | null;
}

const HOST = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/;

/** Reads the lines of a CSV with the columns `host` (or `ip`), `rig`, `container`, `rack`, `slot`, `format`, by their names. Throws RangeError with the line's number. */
export const machinesOf = (csv: string): readonly Listed[] => {
  const lines = csv.replace(/^\ufeff/, "").split(/\r?\n/);
  const separator = (lines[0] ?? "").includes(";") ? ";" : ",";
  const cellsOf = (line: string): string[] => line.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
  const header = cellsOf(lines[0] ?? "").map((name) => name.toLowerCase());
  const hostAt = header.findIndex((name) => name === "host" || name === "ip" || name === "address");
  if (hostAt < 0) throw new RangeError('line 1: no column is called "host" or "ip"');
  const rigs = new Set<string>();
  return lines.slice(1).flatMap((line, at): Listed[] => {
    if (line.trim() === "" || line.startsWith("#")) return [];
    const cells = cellsOf(line);
    const cell = (name: string): string | null => cells[header.indexOf(name)] || null;
    const host = cells[hostAt] ?? "";
    const rig = cell("rig");
    const [container, rack, slot] = [cell("container"), cell("rack"), cell("slot")];
    if (!HOST.test(host)) throw new RangeError(`line ${at + 2}: "${host.slice(0, 80)}" is no host`);
    if (rig !== null && !NAME_PATTERN.test(rig)) throw new RangeError(`line ${at + 2}: "${rig.slice(0, 80)}" is no rig's name`);
    if (rig !== null && rigs.has(rig)) throw new RangeError(`line ${at + 2}: ${rig} stands there twice`);
    if (rig !== null) rigs.add(rig);
    const position = container !== null && rack !== null && slot !== null ? { container, rack, slot } : null;
    return [{ host, rig, position, format: cell("format") }];
  });
};
