/** Readings as the series store keeps them. */
import { energyName, TOTAL } from "./energy-series.ts";
import { BOARD, boardsAt, meanRpm, packed, PLACE, poolsAt } from "./packed-measured.ts";
import type { EnergyReading, Reading } from "./reading.ts";
import { BOARD_FIELDS, ENERGY_FIELDS, NO_PART, RIG_FIELDS, type Rows, type RowSet } from "./series.ts";

const none = (fields: readonly string[]): Rows => ({
  width: fields.length,
  series: [],
  places: new Map(),
  before: [],
  count: 0,
  of: new Int32Array(0),
  ts: new Float64Array(0),
  values: new Float64Array(0),
});
export const noRows = (): RowSet => ({ rig: none(RIG_FIELDS), board: none(BOARD_FIELDS), site_energy: none(ENERGY_FIELDS) });

/** Bytes of columns that are kept for further rows. */
const MOST_KEPT = 2 << 20;
/** Empties `rows` for further ones, in the same columns unless a burst has made them long: new ones each second would live long enough to become old. */
export const emptied = (rows: RowSet): RowSet => {
  const all = [rows.rig, rows.board, rows.site_energy];
  if (all.some(({ values }) => values.byteLength > MOST_KEPT)) return noRows();
  for (const one of all) {
    one.count = 0;
    one.series.length = 0;
    one.before.length = 0;
    one.places.clear();
  }
  return rows;
};

/** How many points there are in all. */
export const countOf = ({ rig, board, site_energy }: RowSet): number => rig.count + board.count + site_energy.count;

/**
 * The place of a series, given to it where it is new. The few parts of a name are looked through one after the other: a list for each
 * name would be made anew for each batch, and lives long enough in it to become old.
 */
const placeOf = (rows: Rows, site: string, name: string, part: number, model: string): number => {
  let names = rows.places.get(site);
  if (names === undefined) rows.places.set(site, (names = new Map<string, number>()));
  const last = names.get(name) ?? -1;
  for (let place = last; place >= 0; place = rows.before[place] ?? -1) if (rows.series[place]?.part === part) return place;
  const place = rows.series.length;
  rows.series.push({ site, name, part, model });
  rows.before.push(last);
  names.set(name, place);
  return place;
};

const FIRST_ROOM = 64;
const doubled = <Column extends Int32Array | Float64Array>(column: Column, room: number): Column => {
  const grown = new (column.constructor as new (room: number) => Column)(room);
  grown.set(column);
  return grown;
};

/** Adds a point to `rows`; gives where its values go, `rows.width` of them. */
export const addPoint = (rows: Rows, site: string, name: string, part: number, model: string, ts: number): number => {
  const at = rows.count;
  if (at === rows.ts.length) {
    const room = Math.max(FIRST_ROOM, 2 * at);
    rows.of = doubled(rows.of, room);
    rows.ts = doubled(rows.ts, room);
    rows.values = doubled(rows.values, room * rows.width);
  }
  rows.of[at] = placeOf(rows, site, name, part, model);
  rows.ts[at] = ts;
  rows.count = at + 1;
  return at * rows.width;
};

/** No machine that works needs as much; beyond, one that comes to a stop tells the last of its hashes, and no store has room for it. */
const MOST_J_TH = 1_000_000;
const efficiencyOf = (powerW: number, hashrateThs: number): number =>
  hashrateThs > 0 && powerW <= MOST_J_TH * hashrateThs ? powerW / hashrateThs : NaN;

/** Where each field stands in the numbers of a reading; -1 where it is not measured but worked out. */
const RIG_PLACES = Int32Array.from(RIG_FIELDS, (field) => (PLACE as Partial<Record<string, number>>)[field] ?? -1);
const BOARD_PLACES = Int32Array.from(BOARD_FIELDS, (field) => BOARD[field]);
const [FAN_RPM, EFFICIENCY, SKEW] = (["fanRpm", "efficiencyJTh", "skewMs"] as const).map((field) => RIG_FIELDS.indexOf(field)) as [
  number,
  number,
  number,
];

const NO_MODEL = "unknown";

/**
 * Adds a reading's points to `rows`: one of the rig, one of each board. `model` is the catalogue id or the name the machine gives
 * itself; `rig` is the reading's, as one string for all readings of the rig.
 */
export const addReading = (rows: RowSet, reading: Reading, rig: string, model: string | null): void => {
  const { site, deviceTs: ts } = reading;
  const { numbers } = packed(reading.measured);
  const modelName = model ?? NO_MODEL;
  const to = addPoint(rows.rig, site, rig, NO_PART, modelName, ts);
  const rigs = rows.rig.values;
  for (let i = 0; i < RIG_PLACES.length; i++) {
    const place = RIG_PLACES[i] as number;
    if (place >= 0) rigs[to + i] = numbers[place] as number;
  }
  rigs[to + FAN_RPM] = Math.round(meanRpm(numbers));
  rigs[to + EFFICIENCY] = efficiencyOf(numbers[PLACE.powerW] as number, numbers[PLACE.hashrateThs] as number);
  rigs[to + SKEW] = reading.receivedTs - ts;
  const end = poolsAt(numbers);
  for (let at = boardsAt(numbers) + 1; at < end; at += BOARD.width) {
    const boardTo = addPoint(rows.board, site, rig, numbers[at] as number, modelName, ts);
    const boards = rows.board.values;
    for (let i = 0; i < BOARD_PLACES.length; i++) boards[boardTo + i] = numbers[at + (BOARD_PLACES[i] as number)] as number;
  }
};

/** Adds a point for each source of the meter, and one for its total. */
export const addEnergy = ({ site_energy: rows }: RowSet, reading: EnergyReading): void => {
  const { site, deviceTs: ts } = reading;
  const { meter, meteredW, gridGco2ePerKwh, pricePerKwh, ambientC } = reading;
  // In the order of ENERGY_FIELDS.
  const total = addPoint(rows, site, energyName(meter, TOTAL), NO_PART, "", ts);
  rows.values.set([meteredW, gridGco2ePerKwh ?? NaN, pricePerKwh ?? NaN, ambientC ?? NaN], total);
  for (const [source, watts] of Object.entries(reading.sourcesW)) {
    const at = addPoint(rows, site, energyName(meter, source), NO_PART, "", ts);
    rows.values.set([watts, NaN, NaN, NaN], at);
  }
};
