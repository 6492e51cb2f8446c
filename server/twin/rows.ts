/** Readings as the series store keeps them. */
import type { EnergyReading, Reading } from "./reading.ts";
import { BOARD_FIELDS, RIG_FIELDS, type BoardRow, type EnergyRow, type RigField, type RigRow } from "./series.ts";

const fanRpmOf = (reading: Reading): number | null => {
  let sum = 0;
  let n = 0;
  for (const { rpm } of reading.measured.fans)
    if (rpm !== null) {
      sum += rpm;
      n += 1;
    }
  return n === 0 ? null : Math.round(sum / n);
};

const NO_MODEL = "unknown";

const valueOf = (reading: Reading, field: RigField): number | null => {
  const { measured } = reading;
  switch (field) {
    case "fanRpm":
      return fanRpmOf(reading);
    case "efficiencyJTh":
      return measured.powerW === null || measured.hashrateThs === null || measured.hashrateThs <= 0 ? null : measured.powerW / measured.hashrateThs;
    case "skewMs":
      return reading.receivedTs - reading.deviceTs;
    default:
      return measured[field];
  }
};

/** The rig's point of a reading. `model` is the catalogue id or the name the machine gives itself. */
export const rigRowOf = (reading: Reading, model: string | null): RigRow => ({
  site: reading.site,
  rig: reading.rig,
  model: model ?? NO_MODEL,
  ts: reading.deviceTs,
  receivedTs: reading.receivedTs,
  values: RIG_FIELDS.map((field) => valueOf(reading, field)),
});

export const boardRowsOf = (reading: Reading, model: string | null): BoardRow[] =>
  reading.measured.boards.map((board) => ({
    site: reading.site,
    rig: reading.rig,
    model: model ?? NO_MODEL,
    board: board.index,
    ts: reading.deviceTs,
    values: BOARD_FIELDS.map((field) => board[field]),
  }));

/** One point a source, and one for the meter itself. */
export const energyRowsOf = (reading: EnergyReading): EnergyRow[] => {
  const { site, deviceTs: ts } = reading;
  const meter: EnergyRow = { site, source: "meter", ts, values: [reading.meteredW, reading.gridGco2ePerKwh, reading.pricePerKwh, reading.ambientC] };
  const sources = Object.entries(reading.sourcesW).map(
    ([source, watts]): EnergyRow => ({ site, source: source as EnergyRow["source"], ts, values: [watts, null, null, null] }),
  );
  return [meter, ...sources];
};
