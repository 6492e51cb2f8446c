/**
 * A reading of our own dialect as numbers, so that one thread can parse for another: handed over in one piece of memory it costs a
 * fraction of what parsing costs. What does not fit (qualities, errors, chips one by one) is not packed, and parsed by who gets the bytes.
 */
import { NO_TEXT, pack, packed, unpack } from "./packed-measured.ts";
import type { Quality, Reading } from "./reading.ts";

export const NO_QUALITY: Readonly<Record<string, Quality>> = Object.freeze({});

/** Gives the number of a text. */
export type NumberOfText = (text: string) => number;

const isPlain = ({ format, tier, identity, seq, boot, quality }: Reading): boolean => {
  if (format !== "native" || tier !== "self-reported" || identity !== null || seq === null || boot === null) return false;
  for (const _ in quality) return false;
  return true;
};

/** Adds the reading's numbers to `to`; gives false, and adds nothing, where it does not fit. */
export const packReading = (reading: Reading, numberOf: NumberOfText, to: number[]): boolean => {
  if (!isPlain(reading)) return false;
  const measured = packed(reading.measured);
  if (measured.errors.length > 0 || measured.chipMaps.length > 0) return false;
  const { rig, deviceTs, seq, boot } = reading;
  to.push(numberOf(rig), deviceTs, seq ?? NaN, boot === null ? NO_TEXT : numberOf(boot));
  pack(measured, numberOf, to);
  return true;
};

/** Reads numbers one after the other. */
export interface Numbers {
  readonly values: Float64Array;
  readonly texts: readonly string[];
  at: number;
}

/** The next number. */
export const nextOf = (from: Numbers): number => from.values[from.at++] as number;

/** The next reading, as parse.ts would have made it for that site and time of receipt (ms UTC). */
export const unpackReading = (from: Numbers, site: string, receivedTs: number): Reading => {
  const { texts } = from;
  const rig = texts[nextOf(from)] ?? "";
  const deviceTs = nextOf(from);
  const told = nextOf(from);
  const seq = Number.isNaN(told) ? null : told;
  const boot = texts[nextOf(from)] ?? null;
  const { measured, end } = unpack(from.values, from.at, texts);
  from.at = end;
  const [tier, format] = ["self-reported", "native"] as const;
  return { site, rig, deviceTs, receivedTs, seq, boot, tier, format, measured, quality: NO_QUALITY, identity: null };
};
