/**
 * Five-minute rows of each rig and UTC day, as scaled integers: sums are of integers, so the order of arrival cannot change
 * them. Units: hashrate GH/s, power W, temperatures tenths of °C, hashes delivered GH, energy J.
 */
import { DAY_MS } from "./days.ts";
import { lineOf, type Line, type Said } from "./line.ts";
import { nearly } from "./nearly.ts";
import type { Measured } from "./reading.ts";
import {
  BOARD_MAX,
  CELL,
  CHIP_MAX,
  emptyCells,
  eachPair,
  filledCells,
  HASH_N,
  HASH_SUM,
  INTAKE_MAX,
  N,
  newRigDay,
  NO_TEMPERATURE,
  PAUSED_N,
  placeOf,
  plainCells,
  POWER_N,
  POWER_SUM,
  SIGNED_N,
  SLOT_MS,
  SLOT_S,
  SLOTS,
  type RigDay,
  type Span,
} from "./rig-day.ts";

const MOST = 0x7fff_ffff;

/** Readings without a sequence number, and those of boots beyond MOST_BOOTS, stand under this name. */
export const UNNUMBERED = "";
const MOST_BOOTS = 500;

/** Keyed `{day}/{version}/{rig}`. */
export type Digest = Map<string, RigDay>;

/** A row as it is sealed and shown; a slot in which nothing came has n = 0. */
export interface DigestRow {
  /** Start of the five minutes, ms UTC. */
  readonly ts: number;
  /** Readings counted; of these, those in which the rig said it was paused, and those that a gateway had signed. */
  readonly n: number;
  readonly paused: number;
  readonly signed: number;
  /** Means over the readings that told the value. */
  readonly hashrateGhs: number | null;
  readonly powerW: number | null;
  readonly boardMaxDc: number | null;
  readonly chipMaxDc: number | null;
  readonly intakeMaxDc: number | null;
  /** Mean times five minutes; 0 where nothing was told. */
  readonly deliveredGh: number;
  readonly energyJ: number;
}

export const dayOf = (ts: number): number => Math.floor(ts / DAY_MS);

/** All of it is to be written away anew. Changes `rigDay`. */
export const markWhole = (rigDay: RigDay): void => {
  for (const [slot] of filledCells(rigDay)) rigDay.dirty.add(slot);
  for (const boot of rigDay.spans.keys()) rigDay.dirty.add(boot);
};

/** Under which a version of a rig's day stands. */
export const digestKey = (rig: string, day: number, version: number): string => `${day}/${version}/${rig}`;

/** Of each rig, the day that was asked for last: for nearly every reading the same, and making its key costs more than the counting. */
const lastDays = nearly((_digest: Digest) => new Map<string, RigDay>());

export const rigDayOf = (digest: Digest, rig: string, day: number, version = 1): RigDay => {
  const last = lastDays(digest);
  const before = last.get(rig);
  if (before !== undefined && before.day === day && before.version === version) return before;
  const key = digestKey(rig, day, version);
  let rigDay = digest.get(key);
  if (rigDay === undefined) {
    rigDay = newRigDay(rig, day, version);
    digest.set(key, rigDay);
  }
  last.set(rig, rigDay);
  return rigDay;
};

/** A sum that stays at its most: whatever the order, the end is the same. */
const raised = (sum: number, value: number): number => Math.min(MOST, sum + Math.max(0, value));

const countSpan = (rigDay: RigDay, boot: string | null, seq: number | null): void => {
  const { spans } = rigDay;
  let name = seq === null ? UNNUMBERED : (boot ?? "-");
  let before = spans.get(name);
  if (before === undefined && spans.size >= MOST_BOOTS) {
    name = UNNUMBERED;
    before = spans.get(name);
  }
  if (name === UNNUMBERED || seq === null) spans.set(name, [name, 0, 0, (before?.[3] ?? 0) + 1]);
  else spans.set(name, [name, Math.min(before?.[1] ?? seq, seq), Math.max(before?.[2] ?? seq, seq), (before?.[3] ?? 0) + 1]);
  rigDay.dirty.add(name);
};

/** What is counted of a reading besides its values. */
export interface Counted extends Said {
  readonly signed: boolean;
}

/** Counts one reading into its five minutes, by device time. Changes `digest`. */
export const digestReading = (digest: Digest, reading: Counted, measured: Measured, version = 1): void =>
  digestLine(digest, lineOf(reading, measured), reading.signed, version);

/** The same out of a reading's line; whoever has the lines comes to the same rows. Changes `digest`. */
export const digestLine = (digest: Digest, line: Line, signed: boolean, version = 1): void => {
  const rigDay = rigDayOf(digest, line.rig, dayOf(line.ts), version);
  const slot = Math.floor((line.ts % DAY_MS) / SLOT_MS);
  const at = placeOf(rigDay, slot);
  const { cells } = rigDay;
  const add = (column: number, value: number): void => {
    cells[at + column] = raised(cells[at + column] ?? 0, value);
  };
  const raise = (column: number, tempDc: number | null): void => {
    if (tempDc !== null) cells[at + column] = Math.max(cells[at + column] ?? NO_TEMPERATURE, tempDc);
  };
  add(N, 1);
  if (line.hashrateGhs !== null) {
    add(HASH_N, 1);
    add(HASH_SUM, line.hashrateGhs);
  }
  if (line.powerW !== null) {
    add(POWER_N, 1);
    add(POWER_SUM, line.powerW);
  }
  raise(BOARD_MAX, line.boardDc);
  raise(CHIP_MAX, line.chipDc);
  raise(INTAKE_MAX, line.intakeDc);
  if (line.paused) add(PAUSED_N, 1);
  if (signed) add(SIGNED_N, 1);
  rigDay.dirty.add(slot);
  countSpan(rigDay, line.boot, line.seq);
};

/** Adds the counts of `more` to `cells`, which changes: a later version of the same day, or the same machine under another name. */
export const addCells = (cells: Int32Array, more: Int32Array): void => {
  for (let i = 0; i < cells.length; i++) {
    const column = i % CELL;
    const [a, b] = [cells[i] ?? 0, more[i] ?? 0];
    cells[i] = column >= BOARD_MAX && column <= INTAKE_MAX ? Math.max(a, b) : raised(a, b);
  }
};

/** Spans of the same boots put together, in the order of their names. */
export const joinSpans = (...lists: readonly (readonly Span[])[]): Span[] => {
  const joined = new Map<string, Span>();
  for (const [boot, first, last, n] of lists.flat()) {
    const before = joined.get(boot);
    joined.set(
      boot,
      before === undefined ? [boot, first, last, n] : [boot, Math.min(before[1], first), Math.max(before[2], last), before[3] + n],
    );
  }
  return [...joined.values()].toSorted(([a], [b]) => (a < b ? -1 : 1));
};

/** The rows of a day's cells, all SLOTS of them. Means are rounded half up to the integer unit. */
export const rowsOfCells = (day: number, cells: Int32Array): DigestRow[] =>
  Array.from({ length: SLOTS }, (_, slot) => {
    const cell = cells.subarray(slot * CELL, slot * CELL + CELL);
    const mean = (n: number, sum: number): number | null => ((cell[n] ?? 0) === 0 ? null : Math.round((cell[sum] ?? 0) / (cell[n] ?? 1)));
    const whole = (n: number, sum: number): number => ((cell[n] ?? 0) === 0 ? 0 : Math.round(((cell[sum] ?? 0) * SLOT_S) / (cell[n] ?? 1)));
    const most = (column: number): number | null => (cell[column] === NO_TEMPERATURE ? null : (cell[column] ?? null));
    return {
      ts: day * DAY_MS + slot * SLOT_MS,
      n: cell[N] ?? 0,
      paused: cell[PAUSED_N] ?? 0,
      signed: cell[SIGNED_N] ?? 0,
      hashrateGhs: mean(HASH_N, HASH_SUM),
      powerW: mean(POWER_N, POWER_SUM),
      boardMaxDc: most(BOARD_MAX),
      chipMaxDc: most(CHIP_MAX),
      intakeMaxDc: most(INTAKE_MAX),
      deliveredGh: whole(HASH_N, HASH_SUM),
      energyJ: whole(POWER_N, POWER_SUM),
    };
  });

export const rowsOf = (rigDay: RigDay): DigestRow[] => {
  const cells = emptyCells();
  cells.set(plainCells(rigDay), rigDay.packedFrom * CELL);
  return rowsOfCells(rigDay.day, cells);
};

/** J that the rigs report for each slot of a day that is not sealed yet. */
export const reportedJ = (digest: Digest, day: number): Float64Array => {
  const joules = new Float64Array(SLOTS);
  const add = (slot: number, n: number, sum: number): void => {
    if (n > 0) joules[slot] = (joules[slot] ?? 0) + (sum * SLOT_S) / n;
  };
  for (const rigDay of digest.values()) {
    // a later version holds only what came after the day was sealed
    if (rigDay.day === day && rigDay.version === 1) eachPair(rigDay, POWER_N, POWER_SUM, add);
  }
  return joules;
};

/** The versions of days that are still counted, or frozen and not yet on disk. */
export const openVersions = (digest: Digest): [day: number, version: number][] => {
  const open = new Map<string, [number, number]>();
  for (const { day, version } of digest.values()) open.set(`${day}/${version}`, [day, version]);
  return [...open.values()];
};

const forget = (digest: Digest, isOver: (rigDay: RigDay) => boolean): void => {
  let isAny = false;
  for (const [key, rigDay] of digest) if (isOver(rigDay)) isAny = digest.delete(key);
  // What is counted from now on must not go into a day that is no longer there.
  if (isAny) lastDays(digest).clear();
};

/**
 * Forgets all days but the newest `most`. By the days that are there, and not by a clock: one that was once far ahead would have what is counted now
 * forgotten at once, for as long as the journal's time is ahead. Changes `digest`.
 */
export const forgetOldest = (digest: Digest, most: number): void => {
  const days = new Set<number>();
  for (const { day } of digest.values()) days.add(day);
  if (days.size <= most) return;
  const oldest = [...days].toSorted((a, b) => b - a)[most - 1] ?? 0;
  forget(digest, (rigDay) => rigDay.day < oldest);
};

/** Forgets a day's versions up to and with `version`. Changes `digest`. */
export const forgetVersions = (digest: Digest, day: number, version: number): void =>
  forget(digest, (rigDay) => rigDay.day === day && rigDay.version <= version);
