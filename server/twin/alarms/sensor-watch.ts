/** Temperature sensors as they behave: whether one stands still, and whether several say the very same. */
import type { Twin } from "../twin.ts";

export interface SensorWatch {
  /** They tell fractions of a degree. Whole degrees may stand still for hours under a good fan control, fractions may not. */
  fine: boolean;
  /** Intake first, then board and chip of each board: value, since when it stands, in how many readings; n 0: never a value. */
  slots: { v: number | null; sinceTs: number; n: number }[];
  /** Readings in a row in which all boards, or all their chips, said the very same. */
  equal: number;
  equalSinceTs: number;
}

const note = (sensors: SensorWatch, at: number, value: number | null, nowTs: number): void => {
  const slot = sensors.slots[at];
  if (slot === undefined) {
    while (sensors.slots.length <= at) sensors.slots.push({ v: null, sinceTs: nowTs, n: 0 });
    return note(sensors, at, value, nowTs);
  }
  if (value === null) return;
  if (value === slot.v) {
    slot.n += 1;
    return;
  }
  if (value % 1 !== 0) sensors.fine = true;
  slot.v = value;
  slot.sinceTs = nowTs;
  slot.n = 1;
};

const allEqual = (boards: Twin["latest"]["boards"], field: "boardC" | "chipC"): boolean => {
  const first = boards[0]?.[field] ?? null;
  if (first === null || boards.length < 2) return false;
  for (const board of boards) if (board[field] !== first) return false;
  return true;
};

/** Takes a reading. Changes `sensors`. */
export const lookAtSensors = (sensors: SensorWatch, { latest }: Twin, nowTs: number): void => {
  const { boards } = latest;
  note(sensors, 0, latest.intakeC, nowTs);
  for (let i = 0; i < boards.length && i < 8; i++) {
    note(sensors, 1 + 2 * i, boards[i]?.boardC ?? null, nowTs);
    note(sensors, 2 + 2 * i, boards[i]?.chipC ?? null, nowTs);
  }
  if (allEqual(boards, "boardC") || allEqual(boards, "chipC")) {
    if (sensors.equal === 0) sensors.equalSinceTs = nowTs;
    sensors.equal += 1;
  } else sensors.equal = 0;
};
