/** Twins as the live feed and the API show them. */
import { activeAlarms, gravestOf } from "./alarms/book.ts";
import type { LiveRow, RosterRow } from "./delta.ts";
import { energyNow, isDayOn } from "./energy.ts";
import { targetThs } from "./fold.ts";
import type { Farm } from "./farm.ts";
import { meanRpm, orNull, packed } from "./packed-measured.ts";
import { RIG_STATES, SEVERITIES, type BareTotals, type RigState, type Severity, type Twin } from "./twin.ts";

/** A rig that is offline shows no figures: its last ones are history. */
export const liveRowOf = (farm: Farm, twin: Twin): LiveRow => {
  const { latest } = twin;
  const gone = twin.state === "offline";
  return {
    index: twin.index,
    numbers: {
      hashrateThs: gone ? 0 : latest.hashrateThs,
      powerW: gone ? null : latest.powerW,
      boardC: gone ? null : latest.boardC,
      chipC: gone ? null : latest.chipC,
      intakeC: gone ? null : latest.intakeC,
      fanRpm: gone ? null : orNull(meanRpm(packed(latest).numbers)),
    },
    lastSeenTs: twin.lastSeenTs,
    state: twin.state,
    alarm: gravestOf(farm.alarms, twin.rig),
  };
};

export const rosterRowOf = (twin: Twin): RosterRow => ({
  index: twin.index,
  site: twin.site,
  rig: twin.rig,
  make: twin.identity.make,
  model: twin.identity.model,
  nameplateThs: twin.nameplate?.hashrateThs ?? null,
  nameplateW: twin.nameplate?.powerW ?? null,
  position: twin.position,
  tokenId: twin.tokenId,
  tier: twin.tier,
  serial: twin.identity.serial,
  mac: twin.identity.mac,
  ip: twin.identity.ip,
  firmware: twin.identity.firmware,
});

const zeros = <K extends string>(names: readonly K[]): Record<K, number> =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<K, number>;

const hotter = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.max(a, b));

/** The site's figures as of the newest entry folded, as the journal alone has them. */
export const totalsOf = (farm: Farm): BareTotals => {
  const byState = zeros<RigState>(RIG_STATES);
  const alarms = zeros<Severity>(SEVERITIES);
  let hashrateThs = 0;
  let nameplateThs = 0;
  let wishedThs = 0;
  let reportedW = 0;
  let hottestBoardC: number | null = null;
  let hottestChipC: number | null = null;
  for (const twin of farm.twins.values()) {
    byState[twin.state] += 1;
    nameplateThs += twin.nameplate?.hashrateThs ?? 0;
    // What stands still on purpose is not asked for anything.
    if (twin.state !== "paused") wishedThs += targetThs(twin) ?? 0;
    if (twin.state === "offline") continue;
    hashrateThs += twin.latest.hashrateThs ?? 0;
    reportedW += twin.latest.powerW ?? 0;
    hottestBoardC = hotter(hottestBoardC, twin.latest.boardC);
    hottestChipC = hotter(hottestChipC, twin.latest.chipC);
  }
  for (const alarm of activeAlarms(farm.alarms)) alarms[alarm.severity] += 1;
  const now = energyNow(farm.energy, farm.asOfTs);
  const wallW = now?.meteredW ?? reportedW;
  const { energy } = farm;
  const isToday = isDayOn(energy, farm.asOfTs);
  return {
    site: farm.site,
    rigs: farm.twins.size,
    byState,
    hashrateThs,
    nameplateThs,
    targetThs: wishedThs,
    reportedW,
    meteredW: now?.meteredW ?? null,
    meteredTs: now?.meteredTs ?? null,
    sourcesW: now?.sourcesW ?? {},
    gco2ePerKwh: now?.gco2ePerKwh ?? null,
    pricePerKwh: now?.pricePerKwh ?? null,
    currency: now?.currency ?? null,
    ambientC: now?.ambientC ?? null,
    efficiencyJTh: hashrateThs > 0 ? wallW / hashrateThs : null,
    hottestBoardC,
    hottestChipC,
    activeAlarms: alarms,
    todayKwh: isToday ? energy.kwh : 0,
    todayCost: isToday && energy.priced ? energy.cost : null,
    todayKgco2e: isToday && energy.carbon ? energy.kgco2e : null,
    asOfTs: farm.asOfTs,
  };
};
