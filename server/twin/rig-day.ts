/**
 * One rig's five-minute cells of a UTC day: those of the last hours as they are counted, the hours before packed, until something
 * comes for one of them.
 */
import { DAY_MS } from "./days.ts";
import { blockEnd, packBlock, unpackBlock, unpackColumn, type Shape } from "./packed-cells.ts";

export const SLOT_MS = 300_000;
export const SLOT_S = SLOT_MS / 1_000;
export const SLOTS = DAY_MS / SLOT_MS;

// Columns of a cell.
export const N = 0;
export const HASH_N = 1;
export const HASH_SUM = 2;
export const POWER_N = 3;
export const POWER_SUM = 4;
export const BOARD_MAX = 5;
export const CHIP_MAX = 6;
export const INTAKE_MAX = 7;
export const PAUSED_N = 8;
export const SIGNED_N = 9;
export const CELL = 10;
export const NO_TEMPERATURE = -32_768;

/** Sequence numbers of one boot within a day: the first and last that came, and how many came. */
export type Span = readonly [boot: string, seqFirst: number, seqLast: number, n: number];

/** One rig, one UTC day, one version of it. */
export interface RigDay {
  readonly rig: string;
  /** Days since 1970-01-01 UTC. */
  readonly day: number;
  /** 1 until the day is sealed; what comes late goes into the next. */
  readonly version: number;
  /** CELL integers a slot, for the whole hours from `fromSlot` to the last in which something came. */
  cells: Int32Array;
  fromSlot: number;
  /** The hours from `packedFrom` to `fromSlot`, one block behind the other. */
  packed: Uint8Array;
  packedFrom: number;
  readonly spans: Map<string, Span>;
  /** Slots and boots changed since they were last written away. */
  readonly dirty: Set<number | string>;
}

export const emptyCells = (slots = SLOTS): Int32Array => {
  const cells = new Int32Array(slots * CELL);
  for (let slot = 0; slot < slots; slot++) cells.fill(NO_TEMPERATURE, slot * CELL + BOARD_MAX, slot * CELL + INTAKE_MAX + 1);
  return cells;
};

const HOUR_SLOTS = 12;
const HOUR: Shape = { rows: HOUR_SLOTS, columns: CELL };
const NO_CELLS = new Int32Array(0);
const NO_BYTES = new Uint8Array(0);

/** All cells from `packedFrom` on; where nothing is packed, those of the day themselves. */
export const plainCells = ({ cells, fromSlot, packed, packedFrom }: RigDay): Int32Array => {
  if (packed.length === 0) return cells;
  const plain = new Int32Array((fromSlot - packedFrom) * CELL + cells.length);
  for (let [at, offset] = [0, 0]; at < packed.length; at = blockEnd(packed, at, HOUR), offset += HOUR_SLOTS * CELL)
    unpackBlock(packed, at, HOUR, plain, offset);
  plain.set(cells, (fromSlot - packedFrom) * CELL);
  return plain;
};

/** Packs the hours before `slot`. Changes `rigDay`. */
const packBefore = (rigDay: RigDay, slot: number): void => {
  const blocks = [rigDay.packed];
  const hours = (slot - rigDay.fromSlot) / HOUR_SLOTS;
  for (let hour = 0; hour < hours; hour++)
    blocks.push(packBlock(rigDay.cells.subarray(hour * HOUR_SLOTS * CELL, (hour + 1) * HOUR_SLOTS * CELL), HOUR));
  const packed = new Uint8Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    packed.set(block, at);
    at += block.length;
  }
  rigDay.packed = packed;
  rigDay.cells = rigDay.cells.slice((slot - rigDay.fromSlot) * CELL);
  rigDay.fromSlot = slot;
};

/**
 * Makes room for a slot's hour. With each later hour those before the last are packed; what comes for one of them, or for an hour
 * before them, unpacks them until the next. Changes `rigDay`.
 */
const makeRoom = (rigDay: RigDay, slot: number): void => {
  const hour = slot - (slot % HOUR_SLOTS);
  if (rigDay.cells.length === 0) {
    rigDay.cells = emptyCells(HOUR_SLOTS);
    rigDay.fromSlot = rigDay.packedFrom = hour;
    return;
  }
  const isLate = hour < rigDay.fromSlot;
  const [plain, from] = isLate ? [plainCells(rigDay), rigDay.packedFrom] : [rigDay.cells, rigDay.fromSlot];
  const first = Math.min(hour, from);
  const end = Math.max(hour + HOUR_SLOTS, from + plain.length / CELL);
  const cells = emptyCells(end - first);
  cells.set(plain, (from - first) * CELL);
  rigDay.cells = cells;
  rigDay.fromSlot = first;
  if (isLate) {
    rigDay.packed = NO_BYTES;
    rigDay.packedFrom = first;
  } else if (hour - HOUR_SLOTS > first) packBefore(rigDay, hour - HOUR_SLOTS);
};

/** Where a slot's cell stands in `rigDay.cells`, which has room for it after this. */
export const placeOf = (rigDay: RigDay, slot: number): number => {
  const { cells, fromSlot } = rigDay;
  const at = (slot - fromSlot) * CELL;
  if (at >= 0 && at < cells.length) return at;
  makeRoom(rigDay, slot);
  return (slot - rigDay.fromSlot) * CELL;
};

/** The CELL integers of a slot, null where nothing came in its hour. To be read only. */
export const cellOf = (rigDay: RigDay, slot: number): Int32Array | null => {
  const from = slot < rigDay.fromSlot ? rigDay.packedFrom : rigDay.fromSlot;
  const cells = slot < rigDay.fromSlot ? plainCells(rigDay) : rigDay.cells;
  const at = (slot - from) * CELL;
  return at >= 0 && at < cells.length ? cells.subarray(at, at + CELL) : null;
};

/** Puts a slot's CELL integers in their place. Changes `rigDay`. */
export const putCell = (rigDay: RigDay, slot: number, cell: ArrayLike<number>): void => {
  const at = placeOf(rigDay, slot);
  rigDay.cells.set(cell, at);
};

/** Slots in which something came, in order, each with its integers. */
export const filledCells = (rigDay: RigDay): [slot: number, ...cell: number[]][] => {
  const filled: [number, ...number[]][] = [];
  const cells = plainCells(rigDay);
  for (let at = 0; at < cells.length; at += CELL)
    if ((cells[at + N] ?? 0) > 0) filled.push([rigDay.packedFrom + at / CELL, ...cells.subarray(at, at + CELL)]);
  return filled;
};

/** A rig's day of which nothing has come yet. */
export const newRigDay = (rig: string, day: number, version: number): RigDay => ({
  rig,
  day,
  version,
  cells: NO_CELLS,
  fromSlot: 0,
  packed: NO_BYTES,
  packedFrom: 0,
  spans: new Map(),
  dirty: new Set(),
});

/** Hands two columns of all slots to `take`; nothing else of what is packed is read. */
export const eachPair = (rigDay: RigDay, a: number, b: number, take: (slot: number, a: number, b: number) => void): void => {
  const { cells, fromSlot, packed, packedFrom } = rigDay;
  const [as, bs] = [new Int32Array(HOUR_SLOTS), new Int32Array(HOUR_SLOTS)];
  for (let [at, hour] = [0, packedFrom]; at < packed.length; at = blockEnd(packed, at, HOUR), hour += HOUR_SLOTS) {
    unpackColumn(packed, at, HOUR, a, as);
    unpackColumn(packed, at, HOUR, b, bs);
    for (let i = 0; i < HOUR_SLOTS; i++) take(hour + i, as[i] ?? 0, bs[i] ?? 0);
  }
  for (let at = 0; at < cells.length; at += CELL) take(fromSlot + at / CELL, cells[at + a] ?? 0, cells[at + b] ?? 0);
};
