/** The energy's truth of this moment, out of what is folded. */
import { energyNow } from "../twin/energy.ts";
import type { EnergyTruthAnswer } from "../twin/api.ts";
import { tariffAt } from "../twin/energy-fill.ts";
import type { EnergyKnown } from "../twin/energy-settings.ts";
import { energyTruth, lately, meteredMix, plannedMix, socketOf, type RigPower } from "../twin/energy-truth.ts";
import type { Farm } from "../twin/farm.ts";

/** `known`: what stands in where no meter tells. */
export const truthNow = (farm: Farm, known: EnergyKnown): EnergyTruthAnswer => {
  const { settings, feed } = known;
  const nowTs = farm.asOfTs;
  const site = energyNow(farm.energy, nowTs);
  const rigs = [...farm.twins.values()].map(({ rig, state, position, latest, nameplate, modelId }): RigPower => {
    const isDark = state === "offline" || state === "new";
    return {
      rig,
      said: {
        meter: lately(farm.foreign.meters, rig, nowTs),
        pdu: lately(farm.foreign.meters, position === null ? null : socketOf(position), nowTs),
        // a machine that is silent takes nothing that anybody knows of
        miner: isDark ? null : latest.powerW,
        custom: isDark ? null : (settings.rigsW[rig] ?? (modelId === null ? undefined : settings.modelsW[modelId]) ?? null),
        nameplate: isDark ? null : (nameplate?.powerW ?? null),
      },
      hashrateThs: isDark ? null : latest.hashrateThs,
    };
  });
  const grid = [...farm.energy.meters.values()]
    .toSorted((a, b) => b.deviceTs - a.deviceTs)
    .find(({ gridGco2ePerKwh }) => gridGco2ePerKwh !== null);
  const metered = site === null ? null : meteredMix(site.sourcesW);
  const mix = metered ?? plannedMix(settings.plan, nowTs);
  const tariff = tariffAt(known, farm.quotes);
  const [carbon, price] = [tariff.grid(nowTs), tariff.price(nowTs)];
  return {
    asOfTs: nowTs,
    ...energyTruth(
      {
        meteredW: site?.meteredW ?? null,
        mix,
        gridGco2ePerKwh: grid?.gridGco2ePerKwh ?? carbon.value,
        pricePerKwh: site?.pricePerKwh ?? price.value,
      },
      rigs,
    ),
    from: {
      mix: metered !== null ? "meter" : mix !== null ? "plan" : null,
      carbon: grid !== undefined ? "meter" : carbon.by,
      price: (site?.pricePerKwh ?? null) !== null ? "meter" : price.by,
    },
    settings: {
      ...settings,
      plan: settings.plan.map(({ fromMinute, shares }) => ({ fromMinute, shares: { ...shares } })),
      feed: feed.length === 0 ? null : { values: feed.length, fromTs: feed[0]?.ts ?? 0, toTs: feed.at(-1)?.ts ?? 0 },
    },
  };
};
