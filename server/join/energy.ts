/** What the settings and the carbon feed say of the site's energy; the feed is read again whenever it has changed. */
import { createWatchedFile, readText } from "../edge/energy-files.ts";
import { createTotals } from "../flows/site-totals.ts";
import { NO_ENERGY_SETTINGS, readEnergySettings, type EnergyKnown } from "../twin/energy-settings.ts";
import { readIntensities, type Intensity } from "../twin/energy-truth.ts";
import type { Farm } from "../twin/farm.ts";
import { Refused } from "../twin/refusal.ts";
import type { SiteTotals } from "../twin/twin.ts";
import { complain, type House } from "./house.ts";

const LOOK_MS = 60_000;

const wrong = (variable: string, file: string, error: unknown): Refused =>
  new Refused("CONFIG_INVALID", `${variable} ${file}: ${error instanceof Error ? error.message : String(error)}`);

export interface Energy {
  readonly known: () => EnergyKnown;
  readonly totals: (farm: Farm) => SiteTotals;
}

/** Throws Refused CONFIG_INVALID where a file cannot be read or says what cannot be. */
export const openEnergy = async ({ config, clock, status, runs }: House): Promise<Energy> => {
  const { energyFile, carbonFeed } = config;
  const settings =
    energyFile === null
      ? NO_ENERGY_SETTINGS
      : await readText(energyFile)
          .then(readEnergySettings)
          .catch((error: unknown) => {
            throw wrong("ENERGY_FILE", energyFile, error);
          });
  let feed: readonly Intensity[] = [];
  if (carbonFeed !== null) {
    const changed = createWatchedFile(carbonFeed);
    const look = async (): Promise<void> => {
      const text = await changed();
      if (text !== null) feed = readIntensities(text);
    };
    await look().catch((error: unknown) => {
      throw wrong("CARBON_FEED", carbonFeed, error);
    });
    const say = (away: string | null): void => status.say("carbon", "file", `${feed.length} values, read again when it changes`, away);
    say(null);
    runs(
      "the carbon feed",
      clock.every(LOOK_MS, () =>
        look().then(
          () => say(null),
          (error: unknown) => {
            // what was read last goes on to hold, as long as a value does
            say(error instanceof Error ? error.message : String(error));
            complain("the carbon feed cannot be read", error);
          },
        ),
      ),
    );
  }
  const known = (): EnergyKnown => ({ settings, feed });
  return { known, totals: createTotals(known) };
};
