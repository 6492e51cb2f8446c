/**
 * What a rig measured, as numbers in one list. A farm remembers the newest reading of each of ten thousand rigs for ten seconds: as
 * objects that is seventy things a rig, half of them numbers in boxes, which a collector copies twice and looks at ever again; and what
 * is asked of every reading is asked of numbers that lie side by side. Null is NaN, a text is its place in a list of texts.
 */
import type { BoardReading, ChipReading, DeviceError, FanReading, Measured, Mode, PoolReading } from "./reading.ts";

export const MODES: readonly Mode[] = ["unknown", "mining", "tuning", "paused", "fault"];
/** Stands for a text that is null. */
export const NO_TEXT = -1;
const NOTHING: readonly never[] = Object.freeze([]);

/** Places of the values, in the order of `Measured`; behind them fans, boards and pools, each list behind its length. */
export const PLACE = {
  mode: 0,
  hashrateThs: 1,
  averageThs: 2,
  expectedThs: 3,
  powerW: 4,
  powerLimitW: 5,
  intakeC: 6,
  outletC: 7,
  boardC: 8,
  chipC: 9,
  psuC: 10,
  voltageV: 11,
  frequencyMhz: 12,
  fanPct: 13,
  accepted: 14,
  rejected: 15,
  stale: 16,
  hwErrors: 17,
  hwErrorPct: 18,
  uptimeS: 19,
} as const;
/** How many fans; the first begins behind it. */
export const FANS = 20;

/** How long a row is, and the places in it. A row begins with its index. */
export const FAN = { width: 2, rpm: 1 } as const;
export const BOARD = {
  width: 13,
  hashrateThs: 1,
  expectedThs: 2,
  boardC: 3,
  chipC: 4,
  inletC: 5,
  outletC: 6,
  chips: 7,
  expectedChips: 8,
  frequencyMhz: 9,
  voltageV: 10,
  hwErrors: 11,
  serial: 12,
} as const;
export const POOL = { width: 8, url: 1, worker: 2, active: 3, alive: 4, accepted: 5, rejected: 6, stale: 7 } as const;

export type PackedNumbers = Readonly<ArrayLike<number>>;
const countAt = (numbers: PackedNumbers, at: number): number => numbers[at] as number;
/** Where the number of boards stands; the first begins behind it. */
export const boardsAt = (numbers: PackedNumbers): number => FANS + 1 + FAN.width * countAt(numbers, FANS);
/** Where the number of pools stands; the first begins behind it. */
export const poolsAt = (numbers: PackedNumbers): number => {
  const at = boardsAt(numbers);
  return at + 1 + BOARD.width * countAt(numbers, at);
};
/** NaN is null. */
export const orNull = (value: number | undefined): number | null => (value === undefined || Number.isNaN(value) ? null : value);
const orNaN = (value: number | null): number => value ?? NaN;
const flagOf = (value: boolean | null): number => (value === null ? NaN : value ? 1 : 0);
const truthOf = (value: number | undefined): boolean | null => (value === undefined || Number.isNaN(value) ? null : value === 1);

/** `make` gives the row that begins at a place. */
const rowsAt = <Row>(numbers: PackedNumbers, at: number, width: number, make: (at: number, place: number) => Row): readonly Row[] => {
  const count = countAt(numbers, at);
  if (count === 0) return NOTHING;
  const rows: Row[] = [];
  for (let place = 0; place < count; place++) rows.push(make(at + 1 + place * width, place));
  // As long as it is: one that has grown keeps room for seventeen.
  return rows.slice();
};

/** Lists that were made of a reading: who asks for them asks several times while it is folded, and seldom again. */
const made = {
  of: null as PackedMeasured | null,
  fans: null as readonly FanReading[] | null,
  boards: null as readonly BoardReading[] | null,
  pools: null as readonly PoolReading[] | null,
};
const madeOf = (of: PackedMeasured): typeof made => {
  if (made.of !== of) {
    made.of = of;
    made.fans = made.boards = made.pools = null;
  }
  return made;
};

/** `Measured` by getters. JSON writes it like any other; who spreads it or looks for its own fields makes it plain first (`toJSON`). */
export class PackedMeasured implements Measured {
  readonly numbers: readonly number[];
  readonly texts: readonly string[];
  readonly errors: readonly DeviceError[];
  /** By place of the board; empty where no board tells its chips. */
  readonly chipMaps: readonly (readonly ChipReading[])[];

  constructor(
    numbers: readonly number[],
    texts: readonly string[],
    errors: readonly DeviceError[] = NOTHING,
    chipMaps: readonly (readonly ChipReading[])[] = NOTHING,
  ) {
    this.numbers = numbers;
    this.texts = texts;
    this.errors = errors;
    this.chipMaps = chipMaps;
  }
  get mode(): Mode {
    return MODES[countAt(this.numbers, PLACE.mode)] ?? "unknown";
  }
  get hashrateThs(): number | null {
    return orNull(this.numbers[PLACE.hashrateThs]);
  }
  get averageThs(): number | null {
    return orNull(this.numbers[PLACE.averageThs]);
  }
  get expectedThs(): number | null {
    return orNull(this.numbers[PLACE.expectedThs]);
  }
  get powerW(): number | null {
    return orNull(this.numbers[PLACE.powerW]);
  }
  get powerLimitW(): number | null {
    return orNull(this.numbers[PLACE.powerLimitW]);
  }
  get intakeC(): number | null {
    return orNull(this.numbers[PLACE.intakeC]);
  }
  get outletC(): number | null {
    return orNull(this.numbers[PLACE.outletC]);
  }
  get boardC(): number | null {
    return orNull(this.numbers[PLACE.boardC]);
  }
  get chipC(): number | null {
    return orNull(this.numbers[PLACE.chipC]);
  }
  get psuC(): number | null {
    return orNull(this.numbers[PLACE.psuC]);
  }
  get voltageV(): number | null {
    return orNull(this.numbers[PLACE.voltageV]);
  }
  get frequencyMhz(): number | null {
    return orNull(this.numbers[PLACE.frequencyMhz]);
  }
  get fanPct(): number | null {
    return orNull(this.numbers[PLACE.fanPct]);
  }
  get accepted(): number | null {
    return orNull(this.numbers[PLACE.accepted]);
  }
  get rejected(): number | null {
    return orNull(this.numbers[PLACE.rejected]);
  }
  get stale(): number | null {
    return orNull(this.numbers[PLACE.stale]);
  }
  get hwErrors(): number | null {
    return orNull(this.numbers[PLACE.hwErrors]);
  }
  get hwErrorPct(): number | null {
    return orNull(this.numbers[PLACE.hwErrorPct]);
  }
  get uptimeS(): number | null {
    return orNull(this.numbers[PLACE.uptimeS]);
  }
  get fans(): readonly FanReading[] {
    return (madeOf(this).fans ??= fansOf(this));
  }
  get boards(): readonly BoardReading[] {
    return (madeOf(this).boards ??= boardsOf(this));
  }
  get pools(): readonly PoolReading[] {
    return (madeOf(this).pools ??= poolsOf(this));
  }
  toJSON(): Measured {
    // In the order in which parse.ts makes them: a farm's snapshot lists them so.
    return {
      mode: this.mode,
      hashrateThs: this.hashrateThs,
      averageThs: this.averageThs,
      expectedThs: this.expectedThs,
      powerW: this.powerW,
      powerLimitW: this.powerLimitW,
      intakeC: this.intakeC,
      outletC: this.outletC,
      boardC: this.boardC,
      chipC: this.chipC,
      psuC: this.psuC,
      voltageV: this.voltageV,
      frequencyMhz: this.frequencyMhz,
      fanPct: this.fanPct,
      accepted: this.accepted,
      rejected: this.rejected,
      stale: this.stale,
      hwErrors: this.hwErrors,
      hwErrorPct: this.hwErrorPct,
      uptimeS: this.uptimeS,
      fans: fansOf(this),
      boards: boardsOf(this),
      pools: poolsOf(this),
      errors: this.errors,
    };
  }
}

const fansOf = ({ numbers }: PackedMeasured): readonly FanReading[] =>
  rowsAt(numbers, FANS, FAN.width, (at) => ({ index: countAt(numbers, at), rpm: orNull(numbers[at + FAN.rpm]) }));

const boardsOf = ({ numbers, texts, chipMaps }: PackedMeasured): readonly BoardReading[] =>
  rowsAt(numbers, boardsAt(numbers), BOARD.width, (at, place) => ({
    index: countAt(numbers, at),
    hashrateThs: orNull(numbers[at + BOARD.hashrateThs]),
    expectedThs: orNull(numbers[at + BOARD.expectedThs]),
    boardC: orNull(numbers[at + BOARD.boardC]),
    chipC: orNull(numbers[at + BOARD.chipC]),
    inletC: orNull(numbers[at + BOARD.inletC]),
    outletC: orNull(numbers[at + BOARD.outletC]),
    chips: orNull(numbers[at + BOARD.chips]),
    expectedChips: orNull(numbers[at + BOARD.expectedChips]),
    frequencyMhz: orNull(numbers[at + BOARD.frequencyMhz]),
    voltageV: orNull(numbers[at + BOARD.voltageV]),
    hwErrors: orNull(numbers[at + BOARD.hwErrors]),
    serial: textAt(numbers, texts, at + BOARD.serial),
    chipMap: chipMaps[place] ?? NOTHING,
  }));

const poolsOf = ({ numbers, texts }: PackedMeasured): readonly PoolReading[] =>
  rowsAt(numbers, poolsAt(numbers), POOL.width, (at) => ({
    index: countAt(numbers, at),
    url: textAt(numbers, texts, at + POOL.url) ?? "",
    worker: textAt(numbers, texts, at + POOL.worker),
    active: truthOf(numbers[at + POOL.active]) ?? false,
    alive: truthOf(numbers[at + POOL.alive]),
    accepted: orNull(numbers[at + POOL.accepted]),
    rejected: orNull(numbers[at + POOL.rejected]),
    stale: orNull(numbers[at + POOL.stale]),
  }));

/** The text whose place stands there, null where none does. */
export const textAt = (numbers: PackedNumbers, texts: readonly string[], at: number): string | null => {
  const place = numbers[at] as number;
  return place < 0 ? null : (texts[place] ?? null);
};

/** Mean of the fans that tell their speed, NaN where none does. */
export const meanRpm = (numbers: PackedNumbers): number => {
  let sum = 0;
  let n = 0;
  const end = boardsAt(numbers);
  for (let at = FANS + 1 + FAN.rpm; at < end; at += FAN.width) {
    const rpm = numbers[at] as number;
    if (Number.isNaN(rpm)) continue;
    sum += rpm;
    n += 1;
  }
  return n === 0 ? NaN : sum / n;
};

type NamesOf<Places> = Exclude<keyof Places, "mode" | "width" | "serial">;
const VALUES = Object.keys(PLACE).slice(1) as NamesOf<typeof PLACE>[];
const BOARD_VALUES = Object.keys(BOARD).slice(1, -1) as NamesOf<typeof BOARD>[];

const packedAnew = (m: Measured): PackedMeasured => {
  const texts: string[] = [];
  const text = (value: string | null): number => (value === null ? NO_TEXT : texts.push(value) - 1);
  const numbers = [MODES.indexOf(m.mode)];
  for (const name of VALUES) numbers.push(orNaN(m[name]));
  numbers.push(m.fans.length);
  for (const { index, rpm } of m.fans) numbers.push(index, orNaN(rpm));
  numbers.push(m.boards.length);
  for (const board of m.boards) {
    numbers.push(board.index);
    for (const name of BOARD_VALUES) numbers.push(orNaN(board[name]));
    numbers.push(text(board.serial));
  }
  numbers.push(m.pools.length);
  for (const { index, url, worker, active, alive, accepted, rejected, stale } of m.pools)
    numbers.push(index, text(url), text(worker), flagOf(active), flagOf(alive), orNaN(accepted), orNaN(rejected), orNaN(stale));
  const hasChips = m.boards.some(({ chipMap }) => chipMap.length > 0);
  return new PackedMeasured(numbers.slice(), texts, m.errors, hasChips ? m.boards.map(({ chipMap }) => chipMap) : NOTHING);
};

/** The last that was packed: what is folded is asked for several times. */
let lastPlain: Measured | null = null;
let lastPacked: PackedMeasured = new PackedMeasured([0], NOTHING);

/** The same in numbers. */
export const packed = (measured: Measured): PackedMeasured => {
  if (measured instanceof PackedMeasured) return measured;
  if (measured !== lastPlain) {
    lastPacked = packedAnew(measured);
    lastPlain = measured;
  }
  return lastPacked;
};

/** The same as an object of its own. */
export const plainMeasured = (measured: Measured): Measured => (measured instanceof PackedMeasured ? measured.toJSON() : measured);
