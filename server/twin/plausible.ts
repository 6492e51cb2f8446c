import type { Quality } from "./reading.ts";

/** What a quantity can be in a mining farm; outside it the sensor, the unit or the parser is wrong. */
export interface Range {
  readonly lo: number;
  readonly hi: number;
  /** Degrees, speeds and counters that firmware sends in place of "I do not know". */
  readonly sentinels: readonly number[];
  readonly integer: boolean;
}

const range = (lo: number, hi: number, sentinels: readonly number[] = [], integer = false): Range => ({ lo, hi, sentinels, integer });

/** No reading (absolute zero), unplugged (−127, −64), a sensor's floor (−40), all bits set (127, 255, 65535), AxeOS' "cannot read" (−1). */
const NO_TEMPERATURE = [-273.15, -273, -128, -127, -64, -40, -1, 127, 128, 255, 32767, 65535];
const ALL_BITS = [-1, 65535, 4294967295];

/** Units as in the field names: TH/s, W, °C, RPM, V, MHz, %, s. */
export const RANGES = {
  rigThs: range(0, 2_000, [-1]),
  boardThs: range(0, 1_000, [-1]),
  chipGhs: range(0, 20_000, [-1]),
  powerW: range(0, 20_000, ALL_BITS),
  /** Of the air or the coolant: 0 °C and −1 °C are weather. */
  airC: range(
    -50,
    110,
    NO_TEMPERATURE.filter((value) => value !== -1),
  ),
  /** Of a board, a chip or a regulator: exactly 0 °C is what an unread register says. */
  partC: range(-50, 150, [...NO_TEMPERATURE, 0]),
  voltageV: range(0, 600, ALL_BITS),
  boardV: range(0, 100, ALL_BITS),
  chipV: range(0, 10, ALL_BITS),
  frequencyMhz: range(0, 3_000, ALL_BITS),
  percent: range(0, 100, ALL_BITS),
  rpm: range(0, 30_000, ALL_BITS, true),
  chips: range(0, 1_000, ALL_BITS, true),
  count: range(0, 1e15, [-1], true),
  /** Ten years. */
  uptimeS: range(0, 315_360_000, [-1]),
  place: range(0, 999, [-1], true),
} as const satisfies Record<string, Range>;

/** "ok", or why this value of that range must not be used. NaN and infinities are implausible. */
export const verdictOf = (of: Range, value: number): "ok" | Extract<Quality, "sentinel" | "implausible"> => {
  if (of.sentinels.includes(value)) return "sentinel";
  return value >= of.lo && value <= of.hi && (!of.integer || Number.isInteger(value)) ? "ok" : "implausible";
};
