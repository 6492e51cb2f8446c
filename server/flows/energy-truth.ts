/** The energy's truth of this moment, out of what is folded. */
import { energyNow } from "../twin/energy.ts";
import { energyTruth, lately, meteredMix, socketOf, type EnergyTruth, type RigPower } from "../twin/energy-truth.ts";
import type { Farm } from "../twin/farm.ts";

export const truthNow = (farm: Farm): EnergyTruth & { readonly asOfTs: number } => {
  const nowTs = farm.asOfTs;
  const site = energyNow(farm.energy, nowTs);
  const rigs = [...farm.twins.values()].map(({ rig, state, position, latest, nameplate }): RigPower => {
    const isDark = state === "offline" || state === "new";
    return {
      rig,
      said: {
        meter: lately(farm.foreign.meters, rig, nowTs),
        pdu: lately(farm.foreign.meters, position === null ? null : socketOf(position), nowTs),
        // a machine that is silent takes nothing that anybody knows of
        miner: isDark ? null : latest.powerW,
        custom: null,
        nameplate: isDark ? null : (nameplate?.powerW ?? null),
      },
      hashrateThs: isDark ? null : latest.hashrateThs,
    };
  });
  const grid = [...farm.energy.meters.values()]
    .toSorted((a, b) => b.deviceTs - a.deviceTs)
    .find(({ gridGco2ePerKwh }) => gridGco2ePerKwh !== null);
  return {
    asOfTs: nowTs,
    ...energyTruth(
      {
        meteredW: site?.meteredW ?? null,
        mix: site === null ? null : meteredMix(site.sourcesW),
        gridGco2ePerKwh: grid?.gridGco2ePerKwh ?? null,
        pricePerKwh: site?.pricePerKwh ?? null,
      },
      rigs,
    ),
  };
};
