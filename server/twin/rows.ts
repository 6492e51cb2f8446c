/** Readings as the series store keeps them. */
import type { EnergyReading, FanReading, Measured, Reading } from "./reading.ts";
import { NO_PART, type Rows, type RowSet } from "./series.ts";

const none = (): Rows => ({ site: [], name: [], part: [], model: [], ts: [], values: [] });
export const noRows = (): RowSet => ({ rig: none(), board: none(), site_energy: none() });

/** How many points there are in all. */
export const countOf = ({ rig, board, site_energy }: RowSet): number => rig.ts.length + board.ts.length + site_energy.ts.length;

const append = <T>(to: T[], from: readonly T[]): void => {
  for (const value of from) to.push(value);
};
const appendTo = (to: Rows, from: Rows): void => {
  append(to.site, from.site);
  append(to.name, from.name);
  append(to.part, from.part);
  append(to.model, from.model);
  append(to.ts, from.ts);
  append(to.values, from.values);
};
/** Adds the points of `from` behind those of `to`, which changes. */
export const appendRows = (to: RowSet, from: RowSet): void => {
  appendTo(to.rig, from.rig);
  appendTo(to.board, from.board);
  appendTo(to.site_energy, from.site_energy);
};

const key = (rows: Rows, site: string, name: string, part: number, model: string, ts: number): void => {
  rows.site.push(site);
  rows.name.push(name);
  rows.part.push(part);
  rows.model.push(model);
  rows.ts.push(ts);
};

const fanRpmOf = (fans: readonly FanReading[]): number => {
  let sum = 0;
  let n = 0;
  for (const { rpm } of fans)
    if (rpm !== null) {
      sum += rpm;
      n += 1;
    }
  return n === 0 ? NaN : Math.round(sum / n);
};

const efficiencyOf = ({ powerW, hashrateThs }: Measured): number =>
  powerW === null || hashrateThs === null || hashrateThs <= 0 ? NaN : powerW / hashrateThs;

const NO_MODEL = "unknown";

/**
 * Adds a reading's points to `rows`: one of the rig, one of each board. `model` is the catalogue id or the name the machine gives
 * itself; `rig` is the reading's, as one string for all readings of the rig.
 */
export const addReading = (rows: RowSet, reading: Reading, rig: string, model: string | null): void => {
  const { site, deviceTs: ts, measured: m } = reading;
  const modelName = model ?? NO_MODEL;
  key(rows.rig, site, rig, NO_PART, modelName, ts);
  // In the order of RIG_FIELDS.
  rows.rig.values.push(
    m.hashrateThs ?? NaN,
    m.averageThs ?? NaN,
    m.expectedThs ?? NaN,
    m.powerW ?? NaN,
    m.intakeC ?? NaN,
    m.outletC ?? NaN,
    m.boardC ?? NaN,
    m.chipC ?? NaN,
    m.psuC ?? NaN,
    fanRpmOf(m.fans),
    m.fanPct ?? NaN,
    m.frequencyMhz ?? NaN,
    m.voltageV ?? NaN,
    efficiencyOf(m),
    m.accepted ?? NaN,
    m.rejected ?? NaN,
    m.stale ?? NaN,
    m.hwErrors ?? NaN,
    m.uptimeS ?? NaN,
    reading.receivedTs - ts,
  );
  for (const board of m.boards) {
    key(rows.board, site, rig, board.index, modelName, ts);
    // In the order of BOARD_FIELDS.
    rows.board.values.push(
      board.hashrateThs ?? NaN,
      board.boardC ?? NaN,
      board.chipC ?? NaN,
      board.chips ?? NaN,
      board.frequencyMhz ?? NaN,
      board.voltageV ?? NaN,
      board.hwErrors ?? NaN,
    );
  }
};

/** Adds one point a source, and one for the meter itself. */
export const addEnergy = ({ site_energy: rows }: RowSet, reading: EnergyReading): void => {
  const { site, deviceTs: ts } = reading;
  key(rows, site, "meter", NO_PART, "", ts);
  // In the order of ENERGY_FIELDS.
  rows.values.push(reading.meteredW, reading.gridGco2ePerKwh ?? NaN, reading.pricePerKwh ?? NaN, reading.ambientC ?? NaN);
  for (const [source, watts] of Object.entries(reading.sourcesW)) {
    key(rows, site, source, NO_PART, "", ts);
    rows.values.push(watts, NaN, NaN, NaN);
  }
};
