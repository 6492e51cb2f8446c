/** The site's meters folded: what flows now, and what the day has taken so far. */
import type { EnergyReading } from "./reading.ts";
import { DAY_MS } from "./days.ts";

/** IPCC 2006 Guidelines vol. 2 table 2.2: natural gas 56.1 kgCO2/GJ; at 40 % electrical efficiency of a gas engine. */
export const GAS_GCO2E_PER_KWH = 505;
/** A meter that is silent for longer is left out of "now", and the gap is not filled by its last value. */
export const METER_STALE_MS = 300_000;

/** What is left of a silence stays open down to so little: few meters tell anything in between. */
const LEAST_OPEN_MS = 15_000;

/** A time of the day for which a meter may yet tell something: from what it had told last (null: nothing yet) to when it told next. */
interface Stretch {
  readonly from: EnergyReading | null;
  readonly toTs: number;
}

export interface EnergyState {
  /** Newest reading of each meter. */
  readonly meters: Map<string, EnergyReading>;
  /** UTC day the totals below are of (days since 1970). */
  day: number;
  kwh: number;
  cost: number;
  kgco2e: number;
  /** Of each meter, where it was silent for longer than METER_STALE_MS today, and what is left of such silences. Absent in older snapshots. */
  open?: Map<string, Stretch[]>;
  /** False while no meter has told a price. */
  priced: boolean;
  /** False while no meter has told a carbon intensity. */
  carbon: boolean;
}

export const noEnergy = (): EnergyState => ({ meters: new Map(), day: 0, kwh: 0, cost: 0, kgco2e: 0, priced: false, carbon: false });

/** Power-weighted gCO2e/kWh of what flows in: the grid's own figure, gas by combustion, the rest 0; null where the grid's part is unknown. */
export const intensityOf = (sourcesW: EnergyReading["sourcesW"], gridGco2ePerKwh: number | null): number | null => {
  let total = 0;
  let weighted = 0;
  for (const [source, watts] of Object.entries(sourcesW)) {
    if (watts <= 0) continue;
    total += watts;
    if (source === "gas") weighted += watts * GAS_GCO2E_PER_KWH;
    if (source === "grid") {
      if (gridGco2ePerKwh === null) return null;
      weighted += watts * gridGco2ePerKwh;
    }
  }
  return total > 0 ? weighted / total : null;
};

const startDay = (energy: EnergyState, day: number): void => {
  energy.day = day;
  energy.kwh = 0;
  energy.cost = 0;
  energy.kgco2e = 0;
  energy.open?.clear();
};

/** Adds what flowed from a reading on until `toTs`, as far as that is of the day; `sign` -1 takes it out again. */
const addFlow = (energy: EnergyState, from: EnergyReading, toTs: number, sign: 1 | -1): void => {
  const kwh = (sign * from.meteredW * (toTs - Math.max(from.deviceTs, energy.day * DAY_MS))) / 3.6e9;
  energy.kwh += kwh;
  if (from.pricePerKwh !== null) {
    energy.priced = true;
    energy.cost += kwh * shareOfGrid(from) * from.pricePerKwh;
  }
  const intensity = intensityOf(from.sourcesW, from.gridGco2ePerKwh);
  if (intensity !== null) {
    energy.carbon = true;
    energy.kgco2e += (kwh * intensity) / 1_000;
  }
};

const isHeld = ({ from, toTs }: Stretch): boolean => from !== null && toTs - from.deviceTs <= METER_STALE_MS;

/** Counts a stretch of a meter's day where the earlier power can be held so long. It stays open where not, or where it is `late` and long enough. */
const addStretch = (energy: EnergyState, meter: string, stretch: Stretch, late: boolean): void => {
  const { from, toTs } = stretch;
  if (toTs <= energy.day * DAY_MS) return;
  if (from !== null && isHeld(stretch)) {
    addFlow(energy, from, toTs, 1);
    if (!late || toTs - from.deviceTs <= LEAST_OPEN_MS) return;
  }
  const all = (energy.open ??= new Map<string, Stretch[]>());
  const open = all.get(meter);
  if (open === undefined) all.set(meter, [stretch]);
  else open.push(stretch);
};

/** What a meter tells late parts the silence in which it falls in two; of a time that is counted it changes nothing. */
const addLate = (energy: EnergyState, reading: EnergyReading): void => {
  const { meter, deviceTs } = reading;
  const open = energy.open?.get(meter) ?? [];
  const stretch = open.find(({ from, toTs }) => deviceTs < toTs && (from === null || deviceTs > from.deviceTs));
  if (stretch === undefined) return;
  open.splice(open.indexOf(stretch), 1);
  if (stretch.from !== null && isHeld(stretch)) addFlow(energy, stretch.from, stretch.toTs, -1);
  addStretch(energy, meter, { from: stretch.from, toTs: deviceTs }, true);
  addStretch(energy, meter, { from: reading, toTs: stretch.toTs }, true);
};

/** Within a boot the number says which of two readings is the later one, however the clock was set; else the time. */
const isLater = (reading: EnergyReading, than: EnergyReading): boolean =>
  reading.boot === than.boot && reading.seq !== null && than.seq !== null ? reading.seq > than.seq : reading.deviceTs > than.deviceTs;

/** Whether a reading is what a meter says now. */
const isNewest = ({ meters }: EnergyState, reading: EnergyReading): boolean => {
  const before = meters.get(reading.meter);
  return before === undefined || isLater(reading, before);
};

/**
 * Whether a reading whose time was told before is what its meter says now all the same: its clock was set back since it started. Of another boot
 * it is one that is sent again.
 */
export const isSetBack = (energy: EnergyState, reading: EnergyReading): boolean =>
  energy.meters.get(reading.meter)?.boot === reading.boot && isNewest(energy, reading);

/**
 * Adds the energy between a meter's previous reading and this one: the earlier power held, as long as the gap is short; split at
 * UTC midnight. A longer gap is filled by what comes late for it while it is still that day, in whatever order. Gives false for a reading that is not
 * newer than the last. Changes `energy`.
 */
export const foldEnergy = (energy: EnergyState, reading: EnergyReading): boolean => {
  const before = energy.meters.get(reading.meter);
  if (!isNewest(energy, reading)) {
    addLate(energy, reading);
    return false;
  }
  energy.meters.set(reading.meter, reading);
  const day = Math.floor(reading.deviceTs / DAY_MS);
  if (day > energy.day) startDay(energy, day);
  // Nothing lies between them where its clock was set back.
  if (before === undefined || reading.deviceTs > before.deviceTs)
    addStretch(energy, reading.meter, { from: before ?? null, toTs: reading.deviceTs }, false);
  return true;
};

/**
 * Whether the day of the totals goes on at `nowTs`, by the meters' own clocks: it is over for one that was last heard on it and has been silent past
 * its midnight. The journal's time alone does not say so: where a clock was once ahead, that is ahead of all who tell.
 */
export const isDayOn = ({ meters, day }: EnergyState, nowTs: number): boolean =>
  [...meters.values()].some(({ deviceTs, receivedTs }) => deviceTs + nowTs - receivedTs < (day + 1) * DAY_MS);

/** The part of the inflow that is bought from the grid, 0 to 1; 1 where the sources are not told. */
const shareOfGrid = (reading: EnergyReading): number => {
  const inflow = Object.values(reading.sourcesW).reduce((sum, watts) => sum + Math.max(0, watts), 0);
  return inflow > 0 ? Math.max(0, reading.sourcesW.grid ?? 0) / inflow : 1;
};

/** What flows now over all meters that are not stale at `nowTs`; null where there is none. */
export const energyNow = (energy: EnergyState, nowTs: number) => {
  const fresh = [...energy.meters.values()].filter((reading) => nowTs - reading.receivedTs <= METER_STALE_MS);
  const newest = fresh.toSorted((a, b) => b.deviceTs - a.deviceTs)[0];
  if (newest === undefined) return null;
  const sourcesW: Record<string, number> = {};
  for (const reading of fresh)
    for (const [source, watts] of Object.entries(reading.sourcesW)) sourcesW[source] = (sourcesW[source] ?? 0) + watts;
  return {
    meteredW: fresh.reduce((sum, reading) => sum + reading.meteredW, 0),
    meteredTs: newest.deviceTs,
    sourcesW,
    gco2ePerKwh: intensityOf(sourcesW, newest.gridGco2ePerKwh),
    pricePerKwh: newest.pricePerKwh,
    currency: newest.currency,
    ambientC: newest.ambientC,
  };
};
