/** Temperature sensors as they behave: whether one stands still, and whether several say the very same. */
import type { Twin } from "../twin.ts";

/** Slots are intake first, then board and chip of each board. Lists of plain numbers stay unboxed, and cost next to nothing to change. */
export interface SensorWatch {
  /** They tell fractions of a degree. Whole degrees may stand still for hours under a good fan control, fractions may not. */
  fine: boolean;
  /** The value, °C; since when it stands; in how many readings, 0: there never was one. */
  values: number[];
  sinceTs: number[];
  counts: number[];
  /** Readings in a row in which all boards, or all their chips, said the very same. */
  equal: number;
  equalSinceTs: number;
}

export const noSensors = (): SensorWatch => ({ fine: false, values: [], sinceTs: [], counts: [], equal: 0, equalSinceTs: 0 });

const note = (sensors: SensorWatch, at: number, value: number | null, nowTs: number): void => {
  const { values, sinceTs, counts } = sensors;
  while (values.length <= at) {
    values.push(0);
    sinceTs.push(nowTs);
    counts.push(0);
  }
  if (value === null) return;
  const n = counts[at] as number;
  if (n > 0 && value === values[at]) {
    counts[at] = n + 1;
    return;
  }
  if (value % 1 !== 0) sensors.fine = true;
  values[at] = value;
  sinceTs[at] = nowTs;
  counts[at] = 1;
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
