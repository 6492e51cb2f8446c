/** Temperature sensors as they behave: whether one stands still, and whether several say the very same. */
import { BOARD, boardsAt, packed, PLACE } from "../packed-measured.ts";
import type { Twin } from "../twin.ts";
import { EQUAL_COUNT, EQUAL_SINCE_TS, SENSORS, SENSOR_COUNT, SENSOR_SINCE_TS, SENSOR_SIZE, SENSOR_VALUE, type Figures } from "./figures.ts";

/** Where the figures of a sensor stand: intake first, then board and chip of each board. */
export const sensorAt = (sensor: number): number => SENSORS + sensor * SENSOR_SIZE;
export const sensorCount = (figures: Figures): number => (figures.length - SENSORS) / SENSOR_SIZE;
const MOST_BOARDS = 8;

/** Gives whether it tells fractions of a degree where it did not stand still. */
const note = (figures: Figures, sensor: number, value: number, nowTs: number): boolean => {
  const at = sensorAt(sensor);
  while (figures.length <= at) figures.push(0, nowTs, 0);
  if (Number.isNaN(value)) return false;
  const n = figures[at + SENSOR_COUNT] as number;
  if (n > 0 && value === figures[at + SENSOR_VALUE]) {
    figures[at + SENSOR_COUNT] = n + 1;
    return false;
  }
  figures[at + SENSOR_VALUE] = value;
  figures[at + SENSOR_SINCE_TS] = nowTs;
  figures[at + SENSOR_COUNT] = 1;
  return value % 1 !== 0;
};

/** Takes a reading. Changes `figures`; gives whether a sensor of it was found to tell fractions of a degree. */
export const lookAtSensors = (figures: Figures, { latest }: Twin, nowTs: number): boolean => {
  const { numbers } = packed(latest);
  const from = boardsAt(numbers);
  const count = numbers[from] as number;
  const firstBoardC = numbers[from + 1 + BOARD.boardC] as number;
  const firstChipC = numbers[from + 1 + BOARD.chipC] as number;
  let isFine = note(figures, 0, numbers[PLACE.intakeC] as number, nowTs);
  let sameBoards = count > 1;
  let sameChips = count > 1;
  for (let i = 0; i < count; i++) {
    const at = from + 1 + i * BOARD.width;
    const boardC = numbers[at + BOARD.boardC] as number;
    const chipC = numbers[at + BOARD.chipC] as number;
    if (i < MOST_BOARDS) {
      if (note(figures, 1 + 2 * i, boardC, nowTs)) isFine = true;
      if (note(figures, 2 + 2 * i, chipC, nowTs)) isFine = true;
    }
    // What nobody told is NaN, and not the same as anything.
    sameBoards &&= boardC === firstBoardC;
    sameChips &&= chipC === firstChipC;
  }
  if (sameBoards || sameChips) {
    if (figures[EQUAL_COUNT] === 0) figures[EQUAL_SINCE_TS] = nowTs;
    figures[EQUAL_COUNT] = (figures[EQUAL_COUNT] as number) + 1;
  } else figures[EQUAL_COUNT] = 0;
  return isFine;
};
