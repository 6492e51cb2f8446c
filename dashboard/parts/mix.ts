import { ENERGY_SOURCES } from "../../server/twin/reading.ts";
import type { EnergyAnswer } from "../../server/twin/series.ts";
import { say } from "../texts.ts";
import type { Line } from "./plot.ts";

/** The mix as stacked areas: what each source gives above zero; what a charging battery takes below it. */
export const mixLines = (energy: EnergyAnswer | null): Line[] =>
  ENERGY_SOURCES.flatMap((source): Line[] => {
    const y = energy?.sourcesW[source] ?? [];
    const common = { quantity: "power", tone: `src-${source}`, x: energy?.ts ?? [] } as const;
    const label = say.sources[source] ?? source;
    const gives = y.some((w) => w !== null && w > 0);
    const takes = y.some((w) => w !== null && w < 0);
    return [
      ...(gives ? [{ ...common, label, y: y.map((w) => (w === null ? null : Math.max(0, w))), stack: "gives" } as const] : []),
      ...(takes
        ? [{ ...common, label: say.charging(label), y: y.map((w) => (w === null ? null : Math.min(0, w))), stack: "takes" } as const]
        : []),
    ];
  });
