/** What every part of the server is handed when it is built, and what is stopped in reverse in the end. */
import { fileURLToPath } from "node:url";
import type { Config } from "../config.ts";
import { systemClock } from "../edge/clock.ts";
import { createStatus } from "../flows/status.ts";
import { Refused } from "../twin/refusal.ts";
import type { ShownIn } from "../twin/delta.ts";

export const say = (text: string): void => console.log(text);
export const complain = (what: string, error: unknown): void => {
  console.error(
    `${new Date().toISOString()} ${what}: ${error instanceof Refused ? error.detail : error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
};

const INSIST_MS = 5_000;
/** Does what a start has to write; where a full disk refuses it, again and again behind the start. */
export const insist = async ({ clock, runs }: Pick<House, "clock" | "runs">, what: string, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    complain(`${what} waits for the disk`, error);
    const stop = clock.every(INSIST_MS, async () => {
      try {
        await work();
        stop();
      } catch {
        // Said once.
      }
    });
    runs(what, stop);
  }
};

/** Path of something that was built, from the build's own folder. */
export const builtPath = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** How the site wishes its figures to be shown. */
export const shownIn = ({ siteZone, siteDegrees }: Config): ShownIn => ({
  ...(siteZone === null ? {} : { zone: siteZone }),
  ...(siteDegrees === null ? {} : { degrees: siteDegrees }),
});

export type House = ReturnType<typeof createHouse>;

export const createHouse = (config: Config, version: string) => {
  const started: { readonly name: string; readonly stop: () => Promise<void> | void }[] = [];
  return {
    config,
    version,
    clock: systemClock,
    status: createStatus(version, systemClock.now(), systemClock.now),
    /** Notes how a part that now runs is stopped. */
    runs(name: string, stop: () => Promise<void> | void): void {
      started.push({ name, stop });
    },
    async stopAll(): Promise<void> {
      for (const { name, stop } of started.splice(0).toReversed())
        await Promise.resolve()
          .then(stop)
          .catch((error: unknown) => complain(`${name} did not stop cleanly`, error));
    },
  };
};
