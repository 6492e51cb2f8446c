/** What the system tells of its own parts, for the alarms. */
import { spaceOf } from "../edge/disk.ts";
import { anchorProbe, diskProbe, startOwnHealth } from "../flows/own-health.ts";
import type { Data } from "./data.ts";
import type { Fold } from "./fold.ts";
import { complain, type House } from "./house.ts";
import type { Ledger } from "./ledger.ts";

export const watchOwnHealth = (
  { config, clock, runs }: House,
  { journal }: Data,
  { farm, series }: Fold,
  { records, waiting }: Ledger,
): void => {
  const isFilling = (): boolean => farm().health.get("disk")?.ok === false;
  runs(
    "the system's own alarms",
    startOwnHealth({
      clock,
      farm,
      write: journal.write,
      probes: {
        store: () => series.away(),
        chain: () => {
          const { away, detail } = records.status();
          return away ? detail : null;
        },
        anchor: anchorProbe(clock.now, config.anchorGrace * 60_000, waiting),
        disk: diskProbe(() => spaceOf(config.dataDir), isFilling),
      },
      onError: complain,
    }),
  );
};
