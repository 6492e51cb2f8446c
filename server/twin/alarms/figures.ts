/**
 * What of a rig's recent past changes with each reading: plain numbers in one list, since a thousand readings a second come from ten
 * thousand rigs, and what lies together costs a tenth of the same numbers in two dozen objects. A list of numbers without holes and
 * without null stays unboxed; where there is no value yet, it is NONE. Times are journal ms.
 */
export type Figures = number[];
export const NONE = -1;

/** Shares: start of the window and the counters then; of the last full window the rejected part and shares a minute; since when none was accepted. */
export const WINDOW_TS = 0;
export const WINDOW_ACCEPTED = 1;
export const WINDOW_REJECTED = 2;
export const REJECTED_PART = 3;
export const SHARES_A_MINUTE = 4;
export const QUIET_SINCE_TS = 5;
export const LAST_ACCEPTED = 6;

/** What it usually gives: the half hour that is being gathered, the median of those of a day, the mean of the newest minutes. */
export const OWN_SLOT = 7;
export const OWN_SUM = 8;
export const OWN_COUNT = 9;
export const OWN_MEDIAN = 10;
export const OWN_MEAN = 11;
export const OWN_MEAN_TS = 12;

/** The minute that is being gathered for the model: how many readings, sums of what is measured, then of up to MOST_FANS fans. */
export const MINUTE_NOW = 13;
export const MINUTE_COUNT = 14;
export const SUM_HASH = 15;
export const SUM_POWER = 16;
export const SUM_BOARD = 17;
export const SUM_INTAKE = 18;
export const SUM_DRIVE = 19;
export const SUM_TARGET = 20;
export const FAN_COUNT = 21;
export const SUM_FANS = 22;
export const MOST_FANS = 8;
/** Since when it works at its present set-point: nothing is judged while it settles there. */
export const STEADY_SINCE_TS = 30;

/** Readings in a row in which all boards, or all their chips, said the very same, and since when. */
export const EQUAL_COUNT = 31;
export const EQUAL_SINCE_TS = 32;
/** For each sensor its value, °C; since when it stands; in how many readings, 0: there never was one. Grows with the boards. */
export const SENSORS = 33;
export const SENSOR_VALUE = 0;
export const SENSOR_SINCE_TS = 1;
export const SENSOR_COUNT = 2;
export const SENSOR_SIZE = 3;

/** Nothing is known yet. */
export const noFigures = (): Figures => {
  const figures = Array.from({ length: SENSORS }, () => 0);
  figures[WINDOW_ACCEPTED] = NONE;
  figures[REJECTED_PART] = NONE;
  figures[SHARES_A_MINUTE] = NONE;
  figures[OWN_MEDIAN] = NONE;
  figures[OWN_MEAN] = NONE;
  return figures;
};
