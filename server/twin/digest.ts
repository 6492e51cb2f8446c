/**
 * Five-minute rows of each rig and UTC day, as scaled integers: sums are of integers, so the order of arrival cannot change
 * them. Units: hashrate GH/s, power W, temperatures tenths of °C.
 */
import type { Measured } from "./reading.ts";

export const DAY_MS = 86_400_000;
export const SLOT_MS = 300_000;
export const SLOTS = DAY_MS / SLOT_MS;

// Columns of a cell.
const N = 0;
const HASH_N = 1;
const HASH_SUM = 2;
const POWER_N = 3;
const POWER_SUM = 4;
const BOARD_MAX = 5;
const CHIP_MAX = 6;
const INTAKE_MAX = 7;
export const CELL = 8;
const NO_TEMPERATURE = -32_768;

/** One rig, one UTC day: SLOTS × CELL integers. */
export interface RigDay {
  readonly rig: string;
  /** Days since 1970-01-01 UTC. */
  readonly day: number;
  readonly cells: Int32Array;
  /** Slots changed since they were last written away. */
  readonly dirty: Set<number>;
}
/** Keyed `{day}/{rig}`. */
export type Digest = Map<string, RigDay>;

/** A row as it is sealed and shown; a slot in which nothing came has n = 0. */
export interface DigestRow {
  /** Start of the five minutes, ms UTC. */
  readonly ts: number;
  /** Readings counted. */
  readonly n: number;
  readonly hashrateGhs: number | null;
  readonly powerW: number | null;
  readonly boardMaxDc: number | null;
  readonly chipMaxDc: number | null;
  readonly intakeMaxDc: number | null;
}

export const dayOf = (ts: number): number => Math.floor(ts / DAY_MS);

export const rigDayOf = (digest: Digest, rig: string, day: number): RigDay => {
  const key = `${day}/${rig}`;
  let rigDay = digest.get(key);
  if (rigDay === undefined) {
    const cells = new Int32Array(SLOTS * CELL);
    for (let slot = 0; slot < SLOTS; slot++) cells.fill(NO_TEMPERATURE, slot * CELL + BOARD_MAX, slot * CELL + CELL);
    rigDay = { rig, day, cells, dirty: new Set() };
    digest.set(key, rigDay);
  }
  return rigDay;
};

/** Counts one reading into its five minutes, by device time. Changes `digest`. */
export const digestReading = (digest: Digest, rig: string, deviceTs: number, measured: Measured): void => {
  const rigDay = rigDayOf(digest, rig, dayOf(deviceTs));
  const slot = Math.floor((deviceTs % DAY_MS) / SLOT_MS);
  const { cells } = rigDay;
  const at = slot * CELL;
  const add = (column: number, value: number): void => {
    cells[at + column] = (cells[at + column] ?? 0) + value;
  };
  const raise = (column: number, tempC: number | null): void => {
    if (tempC !== null) cells[at + column] = Math.max(cells[at + column] ?? NO_TEMPERATURE, Math.round(tempC * 10));
  };
  add(N, 1);
  if (measured.hashrateThs !== null) {
    add(HASH_N, 1);
    add(HASH_SUM, Math.round(measured.hashrateThs * 1_000));
  }
  if (measured.powerW !== null) {
    add(POWER_N, 1);
    add(POWER_SUM, Math.round(measured.powerW));
  }
  raise(BOARD_MAX, measured.boardC);
  raise(CHIP_MAX, measured.chipC);
  raise(INTAKE_MAX, measured.intakeC);
  rigDay.dirty.add(slot);
};

/** The day's rows, all SLOTS of them. Means are rounded half up to the integer unit. */
export const rowsOf = (rigDay: RigDay): DigestRow[] =>
  Array.from({ length: SLOTS }, (_, slot) => {
    const cell = rigDay.cells.subarray(slot * CELL, slot * CELL + CELL);
    const mean = (n: number, sum: number): number | null => ((cell[n] ?? 0) === 0 ? null : Math.round((cell[sum] ?? 0) / (cell[n] ?? 1)));
    const most = (column: number): number | null => (cell[column] === NO_TEMPERATURE ? null : (cell[column] ?? null));
    return {
      ts: rigDay.day * DAY_MS + slot * SLOT_MS,
      n: cell[N] ?? 0,
      hashrateGhs: mean(HASH_N, HASH_SUM),
      powerW: mean(POWER_N, POWER_SUM),
      boardMaxDc: most(BOARD_MAX),
      chipMaxDc: most(CHIP_MAX),
      intakeMaxDc: most(INTAKE_MAX),
    };
  });

/** Forgets days before `day`. Changes `digest`. */
export const forgetBefore = (digest: Digest, day: number): void => {
  for (const [key, rigDay] of digest) if (rigDay.day < day) digest.delete(key);
};
