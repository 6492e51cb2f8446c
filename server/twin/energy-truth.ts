/**
 * Which figure of a power is in force, how far what is reported is from what is metered, and what each rig has of the site's own meter.
 * In force is the best there is: meter > PDU > miner > custom > nameplate. Amounts are shared out in whole milliwatts (or any other small
 * whole unit) by largest remainder, so that the rigs' sum is the site's meter to the last one.
 */
import { GAS_GCO2E_PER_KWH, METER_STALE_MS } from "./energy.ts";
import { ENERGY_SOURCES, type EnergySource, type Position } from "./reading.ts";

/** Best first. */
export const POWER_SOURCES = ["meter", "pdu", "miner", "custom", "nameplate"] as const;
export type PowerSource = (typeof POWER_SOURCES)[number];

/** What each source says of one rig, W; null where it says nothing. */
export type Said = Readonly<Record<PowerSource, number | null>>;

export interface InForce {
  readonly powerW: number;
  readonly source: PowerSource;
  /** What the miner itself reports, W. */
  readonly reportedW: number | null;
  /** Metered (meter or PDU) less reported, W and % of the metered; null where one of the two is missing. */
  readonly gapW: number | null;
  readonly gapPct: number | null;
}

const isPower = (value: number | null): value is number => value !== null && Number.isFinite(value) && value >= 0;

/** The figure in force, null where nobody says anything that can be a power. */
export const inForce = (said: Said): InForce | null => {
  const source = POWER_SOURCES.find((name) => isPower(said[name]));
  if (source === undefined) return null;
  const powerW = said[source] ?? 0;
  const reportedW = isPower(said.miner) ? said.miner : null;
  const isMetered = source === "meter" || source === "pdu";
  const gapW = isMetered && reportedW !== null ? powerW - reportedW : null;
  return { powerW, source, reportedW, gapW, gapPct: gapW !== null && powerW > 0 ? (100 * gapW) / powerW : null };
};

/**
 * `total` (a whole number, of either sign) shared out by weight in whole numbers whose sum is `total` exactly (largest remainder; of equal
 * remainders the earlier is first). Without any weight it is shared evenly. Throws RangeError for a total that is not a safe integer.
 */
export const shareOut = (total: number, weights: readonly number[]): readonly number[] => {
  if (!Number.isSafeInteger(total)) throw new RangeError(`${total} is no whole number`);
  if (weights.length === 0) return [];
  const sign = total < 0 ? -1n : 1n;
  const amount = BigInt(Math.abs(total));
  // weights to a thousandth: what is finer is noise, and whole numbers have no rounding
  const whole = weights.map((weight) => (Number.isFinite(weight) && weight > 0 ? BigInt(Math.round(Math.min(weight, 1e12) * 1_000)) : 0n));
  const sum = whole.reduce((all, weight) => all + weight, 0n);
  const by = sum > 0n ? whole : whole.map(() => 1n);
  const over = sum > 0n ? sum : BigInt(by.length);
  const parts = by.map((weight, index) => ({ index, share: (amount * weight) / over, rest: (amount * weight) % over }));
  let left = amount - parts.reduce((all, { share }) => all + share, 0n);
  const shares = parts.map(({ share }) => share);
  for (const { index } of parts.toSorted((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest < b.rest ? 1 : -1))) {
    if (left === 0n) break;
    shares[index] = (shares[index] ?? 0n) + 1n;
    left -= 1n;
  }
  return shares.map((share) => Number(sign * share));
};

/** Where the energy of a moment comes from, as shares that sum to 1. */
export type Mix = Readonly<Partial<Record<EnergySource, number>>>;

const mixOf = (amounts: Readonly<Partial<Record<string, number>>>): Mix | null => {
  const told = ENERGY_SOURCES.map((source) => [source, Math.max(0, amounts[source] ?? 0)] as const).filter(
    ([, amount]) => Number.isFinite(amount) && amount > 0,
  );
  const sum = told.reduce((all, [, amount]) => all + amount, 0);
  return sum > 0 ? Object.fromEntries(told.map(([source, amount]) => [source, amount / sum])) : null;
};

/** One line of a plan for sites whose sources nobody meters: from that minute of the UTC day on. */
export interface Planned {
  readonly fromMinute: number;
  readonly shares: Readonly<Partial<Record<EnergySource, number>>>;
}
/** The plan's mix at a time; the last line of the day before holds until the first. null of an empty plan. */
export const plannedMix = (plan: readonly Planned[], ts: number): Mix | null => {
  const minute = Math.floor((ts % 86_400_000) / 60_000);
  const lines = plan.toSorted((a, b) => a.fromMinute - b.fromMinute);
  const line = lines.findLast(({ fromMinute }) => fromMinute <= minute) ?? lines.at(-1);
  return line === undefined ? null : mixOf(line.shares);
};

/** One value of a feed of the grid's carbon intensity: from that time on. */
export interface Intensity {
  readonly ts: number;
  readonly gco2ePerKwh: number;
}
/**
 * Reads a feed as CSV: a line each of an ISO time with its zone (or ms since 1970) and gCO2e/kWh; a head line is passed over. Gives it
 * in the order of time. Throws RangeError with the number of the line that is wrong.
 */
export const readIntensities = (csv: string): readonly Intensity[] => {
  const found = csv.split(/\r?\n/).flatMap((line, at): Intensity[] => {
    const [time = "", value = ""] = line.split(/[,;]/).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
    if (line.trim() === "" || (at === 0 && !/^\d/.test(time))) return [];
    const ts = /^\d{12,14}$/.test(time)
      ? Number(time)
      : /^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:\d\d)$/.test(time)
        ? Date.parse(time)
        : Number.NaN;
    const gco2ePerKwh = value === "" ? Number.NaN : Number(value);
    if (!Number.isFinite(ts)) throw new RangeError(`line ${at + 1}: "${time.slice(0, 40)}" is no time with a zone`);
    if (!(gco2ePerKwh >= 0 && gco2ePerKwh <= 3_000))
      throw new RangeError(`line ${at + 1}: "${value.slice(0, 40)}" is no gCO2e/kWh from 0 to 3000`);
    return [{ ts, gco2ePerKwh }];
  });
  return found.toSorted((a, b) => a.ts - b.ts);
};
/** A value of a feed holds for a day at most: an old one is none. */
const MOST_AGE_MS = 86_400_000;
export const intensityAt = (feed: readonly Intensity[], ts: number): number | null => {
  const found = feed.findLast((value) => value.ts <= ts);
  return found === undefined || ts - found.ts > MOST_AGE_MS ? null : found.gco2ePerKwh;
};

/** gCO2e/kWh of a mix: the grid's own figure, gas by combustion, the rest 0; null where the grid's part is unknown. */
export const mixIntensity = (mix: Mix, gridGco2ePerKwh: number | null): number | null => {
  const grid = mix.grid ?? 0;
  if (grid > 0 && gridGco2ePerKwh === null) return null;
  return grid * (gridGco2ePerKwh ?? 0) + (mix.gas ?? 0) * GAS_GCO2E_PER_KWH;
};

/** What is known of one rig. */
export interface RigPower {
  readonly rig: string;
  readonly said: Said;
  readonly hashrateThs: number | null;
}
export interface SitePower {
  /** The site's own meter, W; null where there is none. */
  readonly meteredW: number | null;
  /** From meters, a plan, or nothing. */
  readonly mix: Mix | null;
  readonly gridGco2ePerKwh: number | null;
  /** Of bought energy. */
  readonly pricePerKwh: number | null;
}

export interface RigTruth extends InForce {
  readonly rig: string;
  /** Its part of the site's meter, cooling and losses included, mW; its power in force where the site has no meter. */
  readonly attributedMw: number;
  /** J/TH at the wall, by what is attributed; null where it does not hash. */
  readonly efficiencyJTh: number | null;
}
/** Per terahash a second held for an hour: kWh, cost in the price's currency, kgCO2e. */
export interface PerThh {
  readonly kwh: number;
  readonly cost: number | null;
  readonly kgco2e: number | null;
}
export interface EnergyTruth {
  /** What the site takes: its meter's word, else the sum of what is in force. */
  readonly siteMw: number;
  readonly siteSource: "meter" | "sum";
  /** Sum of what the miners report, W, of those that do. */
  readonly reportedW: number;
  /** Metered at the site less reported by its miners: cooling, losses and lies; null without a meter. */
  readonly gapW: number | null;
  readonly gapPct: number | null;
  /** How many rigs each source is in force for. */
  readonly bySource: Readonly<Record<PowerSource, number>>;
  readonly mix: Mix | null;
  readonly gco2ePerKwh: number | null;
  readonly hashrateThs: number;
  readonly efficiencyJTh: number | null;
  readonly perThh: PerThh | null;
  readonly rigs: RigTruth[];
  /** Rigs of which nobody says a power; nothing is attributed to them. */
  readonly unknown: string[];
}

const milli = (watts: number): number => Math.round(watts * 1_000);

/** Puts it all together for one moment. The sum of `attributedMw` is `siteMw` wherever there is a rig to attribute to. */
export const energyTruth = (site: SitePower, rigs: readonly RigPower[]): EnergyTruth => {
  const known = rigs.flatMap(({ rig, said, hashrateThs }) => {
    const force = inForce(said);
    return force === null ? [] : [{ rig, force, hashrateThs: hashrateThs ?? 0 }];
  });
  const isMetered = site.meteredW !== null && Number.isFinite(site.meteredW);
  const sumMw = known.reduce((sum, { force }) => sum + milli(force.powerW), 0);
  const siteMw = isMetered ? milli(site.meteredW ?? 0) : sumMw;
  const shares = isMetered
    ? shareOut(
        siteMw,
        known.map(({ force }) => force.powerW),
      )
    : known.map(({ force }) => milli(force.powerW));
  const reportedW = known.reduce((sum, { force }) => sum + (force.reportedW ?? 0), 0);
  const hashrateThs = known.reduce((sum, rig) => sum + rig.hashrateThs, 0);
  const gapW = isMetered ? (site.meteredW ?? 0) - reportedW : null;
  const gco2ePerKwh = site.mix === null ? null : mixIntensity(site.mix, site.gridGco2ePerKwh);
  const bought = site.mix === null ? 1 : (site.mix.grid ?? 0);
  const kwh = hashrateThs > 0 ? siteMw / 1e6 / hashrateThs : null;
  const efficiency = (mw: number, ths: number): number | null => (ths > 0 ? mw / 1_000 / ths : null);
  return {
    siteMw,
    siteSource: isMetered ? "meter" : "sum",
    reportedW,
    gapW,
    gapPct: gapW !== null && siteMw > 0 ? (100_000 * gapW) / siteMw : null,
    bySource: Object.fromEntries(POWER_SOURCES.map((name) => [name, known.filter(({ force }) => force.source === name).length])) as Record<
      PowerSource,
      number
    >,
    mix: site.mix,
    gco2ePerKwh,
    hashrateThs,
    efficiencyJTh: efficiency(siteMw, hashrateThs),
    perThh:
      kwh === null
        ? null
        : {
            kwh,
            cost: site.pricePerKwh === null ? null : kwh * bought * site.pricePerKwh,
            kgco2e: gco2ePerKwh === null ? null : (kwh * gco2ePerKwh) / 1_000,
          },
    rigs: known.map(({ rig, force, hashrateThs: ths }, i) => ({
      rig,
      ...force,
      attributedMw: shares[i] ?? 0,
      efficiencyJTh: efficiency(shares[i] ?? 0, ths),
    })),
    unknown: rigs.filter(({ said }) => inForce(said) === null).map(({ rig }) => rig),
  };
};

/** The name of the meter that is a PDU's socket at a place. */
export const socketOf = ({ container, rack, slot }: Position): string => `${container}.${rack}.${slot}`;

/** What a meter of that name said lately, W; null where it is silent. */
export const lately = (
  meters: ReadonlyMap<string, { readonly powerW: number; readonly ts: number }>,
  name: string | null,
  nowTs: number,
): number | null => {
  const told = name === null ? undefined : meters.get(name);
  return told === undefined || nowTs - told.ts > METER_STALE_MS || told.powerW < 0 ? null : told.powerW;
};

/** A mix out of what meters tell, W of each source. */
export const meteredMix = (sourcesW: Readonly<Record<string, number>>): Mix | null => mixOf(sourcesW);
