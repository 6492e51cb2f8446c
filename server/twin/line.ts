/**
 * A reading's line: what the rows of a day are made of, of one reading, in whole numbers. It is what a gateway vouches for towards
 * strangers: short, the same whatever dialect the machine speaks, and without the pools and network names that are the farm's own.
 */
import type { Measured } from "./reading.ts";

/** Units as in the rows (digest.ts): GH/s, W, tenths of °C. */
export interface Line {
  readonly rig: string;
  readonly boot: string | null;
  readonly seq: number | null;
  /** Device clock, ms UTC. */
  readonly ts: number;
  readonly paused: boolean;
  readonly hashrateGhs: number | null;
  readonly powerW: number | null;
  readonly boardDc: number | null;
  readonly chipDc: number | null;
  readonly intakeDc: number | null;
}

/** Who sent it, and its number. */
export interface Said {
  readonly rig: string;
  readonly deviceTs: number;
  readonly boot: string | null;
  readonly seq: number | null;
}

const scaled = (value: number | null, by: number): number | null => (value === null ? null : Math.round(value * by));

export const lineOf = ({ rig, deviceTs, boot, seq }: Said, measured: Measured): Line => ({
  rig,
  boot,
  seq,
  ts: deviceTs,
  paused: measured.mode === "paused",
  hashrateGhs: scaled(measured.hashrateThs, 1_000),
  powerW: scaled(measured.powerW, 1),
  boardDc: scaled(measured.boardC, 10),
  chipDc: scaled(measured.chipC, 10),
  intakeDc: scaled(measured.intakeC, 10),
});

/** The RFC 8785 text that is hashed: an array, in the order of Line. */
export const lineText = (line: Line): string =>
  JSON.stringify([
    line.rig,
    line.boot,
    line.seq,
    line.ts,
    line.paused ? 1 : 0,
    line.hashrateGhs,
    line.powerW,
    line.boardDc,
    line.chipDc,
    line.intakeDc,
  ]);

/**
 * The text with one more member: the leaf's hash (hex) of the line before it of the same rig in the same boot of the gateway, `""` for the
 * first. So the last line of a day names all before it, and a stranger is shown one signed head for the whole row of them.
 */
export const linkedText = (line: string, before: string): string => `${line.slice(0, -1)},"${before}"]`;

// Without a link a line ends in a number or null, so the quote tells.
const LINK = /,"([0-9a-f]{64})?"\]$/;

/** A line's text without its link, and the link; `before` is null where it has none. */
export const unlinked = (text: string): { readonly line: string; readonly before: string | null } => {
  const link = LINK.exec(text);
  return link === null ? { line: text, before: null } : { line: `${text.slice(0, link.index)}]`, before: link[1] ?? "" };
};

// What cannot but be written as `lineText` writes it: plain names, whole numbers without a needless sign or zero.
const PLAIN = /^\["[ !#-[\]-~]*",(?:null|"[ !#-[\]-~]*")(?:,(?:null|0|-?[1-9]\d*)){8}\]$/;

const MEMBERS = 10;
const isWhole = (value: unknown): boolean => Number.isSafeInteger(value);
const isWholeOrNull = (value: unknown): boolean => value === null || isWhole(value);

/** A line out of its text without a link, null where it is none or not written as `lineText` writes it. */
export const readLine = (text: string): Line | null => {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(told) || told.length !== MEMBERS) return null;
  const [rig, boot, seq, ts, paused, ...values] = told as unknown[];
  if (typeof rig !== "string" || !(boot === null || typeof boot === "string") || !isWholeOrNull(seq) || !isWhole(ts)) return null;
  if ((paused !== 0 && paused !== 1) || !values.every(isWholeOrNull)) return null;
  const [hashrateGhs = null, powerW = null, boardDc = null, chipDc = null, intakeDc = null] = values as (number | null)[];
  const line: Line = {
    rig,
    boot,
    seq: seq as number | null,
    ts: ts as number,
    paused: paused === 1,
    hashrateGhs,
    powerW,
    boardDc,
    chipDc,
    intakeDc,
  };
  return PLAIN.test(text) || lineText(line) === text ? line : null;
};
