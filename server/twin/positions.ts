/** Where rigs stand, as a table: read with every fault named by its line, and written. What a person says outranks what a device was told. */
import { cellsOf, csvOf, separatorOf } from "./csv.ts";
import type { Position } from "./reading.ts";

/** What a table may know a rig by, and where it stands now. */
export interface Standing {
  readonly rig: string;
  readonly serial: string | null;
  readonly mac: string | null;
  readonly position: Position | null;
}
export interface Placed {
  readonly rig: string;
  /** null: nobody knows. */
  readonly position: Position | null;
}
export interface PositionFault {
  /** As a spreadsheet counts, the heading is line 1. */
  readonly line: number;
  readonly says: string;
}
export interface PositionsRead {
  readonly changes: readonly Placed[];
  /** Lines that say what is so already. */
  readonly same: number;
  readonly faults: readonly PositionFault[];
}

export const MOST_LINES = 50_000;
const MOST_NAME = 64;
const NAMES = ["rig", "serial", "mac"] as const;
const PLACES = ["container", "rack", "slot"] as const;
export const POSITION_HEAD = [...NAMES, ...PLACES] as const;

/** Letters and digits alone, upper case: how a serial or a MAC is compared. */
const bare = (code: string): string => code.replaceAll(/[^A-Za-z0-9]/g, "").toUpperCase();
const LEAST_WITHIN = 6;

/** Finds rigs by name, serial or MAC. */
export const rigFinder = (rigs: Iterable<Standing>): ((code: string) => readonly string[]) => {
  const byName = new Map<string, string>();
  const byCode = new Map<string, Set<string>>();
  for (const { rig, serial, mac } of rigs) {
    byName.set(rig.toLowerCase(), rig);
    for (const code of [serial, mac])
      if (code !== null && bare(code) !== "") byCode.set(bare(code), (byCode.get(bare(code)) ?? new Set()).add(rig));
  }
  return (code) => {
    const named = byName.get(code.trim().toLowerCase());
    if (named !== undefined) return [named];
    const exact = byCode.get(bare(code));
    if (exact !== undefined) return [...exact];
    // A label's code often has more in it: an address, a model, "SN:".
    const within = new Set<string>();
    for (const [known, owners] of byCode)
      if (known.length >= LEAST_WITHIN && bare(code).includes(known)) for (const rig of owners) within.add(rig);
    return [...within];
  };
};

export const placeKey = ({ container, rack, slot }: Position): string => JSON.stringify([container, rack, slot]);
export const samePlace = (a: Position | null, b: Position | null): boolean =>
  a === null || b === null ? a === b : placeKey(a) === placeKey(b);

const hasControl = (text: string): boolean => [...text].some((letter) => letter < " " || letter === "\u007f");

type Row = { readonly line: number; readonly position: Position | null; readonly rig: string };

const rowOf = (cells: readonly string[], columns: readonly string[], line: number, find: ReturnType<typeof rigFinder>): Row | string => {
  const cell = (name: string): string => cells[columns.indexOf(name)] ?? "";
  const name = NAMES.map(cell).find((text) => text !== "");
  if (name === undefined) return "names no rig: rig, serial and mac are empty";
  const rigs = find(name);
  if (rigs.length > 1) return `"${name.slice(0, MOST_NAME)}" is ${rigs.length} rigs: ${rigs.slice(0, 3).join(", ")}`;
  const [rig] = rigs;
  if (rig === undefined) return `no rig "${name.slice(0, MOST_NAME)}" is known`;
  const [container = "", rack = "", slot = ""] = PLACES.map(cell);
  const told = [container, rack, slot];
  if (told.every((text) => text === "")) return { line, rig, position: null };
  if (told.some((text) => text === ""))
    return "a place needs container, rack and slot; leave all three empty for a place that nobody knows";
  if (told.some((text) => text.length > MOST_NAME || hasControl(text))) return `a name of a place has at most ${MOST_NAME} plain letters`;
  return { line, rig, position: { container, rack, slot } };
};

/** Reads a table. Nothing of it should be applied where it has faults. */
export const readPositions = (text: string, rigs: readonly Standing[]): PositionsRead => {
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/);
  const nothing = (line: number, says: string): PositionsRead => ({ changes: [], same: 0, faults: [{ line, says }] });
  const separator = separatorOf(lines[0] ?? "");
  const columns = (cellsOf(lines[0] ?? "", separator) ?? []).map((name) => name.toLowerCase());
  if (!NAMES.some((name) => columns.includes(name)) || !PLACES.every((name) => columns.includes(name)))
    return nothing(1, `the first line must name the columns: rig (or serial, or mac), ${PLACES.join(", ")}`);
  if (lines.length > MOST_LINES) return nothing(MOST_LINES + 1, `at most ${MOST_LINES} lines are read`);
  const find = rigFinder(rigs);
  const faults: PositionFault[] = [];
  const rows = new Map<string, Row>();
  for (const [i, content] of lines.entries()) {
    const line = i + 1;
    if (i === 0 || content.trim() === "") continue;
    const cells = cellsOf(content, separator);
    const row = cells === null ? "a quote is not closed" : rowOf(cells, columns, line, find);
    const before = typeof row === "string" ? undefined : rows.get(row.rig);
    if (typeof row === "string") faults.push({ line, says: row });
    else if (before !== undefined) faults.push({ line, says: `${row.rig} stands in line ${before.line} as well` });
    else rows.set(row.rig, row);
  }
  const standing = new Map<string, { readonly rig: string; readonly line: number | null }>();
  for (const { rig, position } of rigs) if (position !== null && !rows.has(rig)) standing.set(placeKey(position), { rig, line: null });
  for (const { rig, position, line } of rows.values()) {
    if (position === null) continue;
    const other = standing.get(placeKey(position));
    const place = `${position.container} / ${position.rack} / ${position.slot}`;
    if (other === undefined) standing.set(placeKey(position), { rig, line });
    else faults.push({ line, says: `${place} is ${other.line === null ? `${other.rig}'s` : `${other.rig}'s in line ${other.line}`}` });
  }
  const now = new Map(rigs.map(({ rig, position }) => [rig, position]));
  const all = [...rows.values()];
  const changes = all
    .filter(({ rig, position }) => !samePlace(position, now.get(rig) ?? null))
    .map(({ rig, position }) => ({ rig, position }));
  return { changes, same: all.length - changes.length, faults: faults.toSorted((a, b) => a.line - b.line) };
};

/** The same table, to be changed and read again. */
export const positionsCsv = (rigs: readonly Standing[]): string =>
  csvOf(
    POSITION_HEAD,
    rigs.map(({ rig, serial, mac, position }) => [
      rig,
      serial,
      mac,
      position?.container ?? null,
      position?.rack ?? null,
      position?.slot ?? null,
    ]),
  );

/** A table of one change or a few, as the same route takes it. */
export const placesCsv = (places: readonly Placed[]): string =>
  csvOf(
    ["rig", ...PLACES],
    places.map(({ rig, position }) => [rig, position?.container ?? null, position?.rack ?? null, position?.slot ?? null]),
  );

/** The slot after one: its last number one higher, as many digits; the same where it has no number. */
export const nextSlot = (slot: string): string =>
  slot.replace(/\d+(?!.*\d)/, (digits) => String(Number(digits) + 1).padStart(digits.length, "0"));
