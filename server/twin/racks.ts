/** What the rigs of each rack do together, for whoever watches racks: Prometheus, Home Assistant. */
import type { Twin } from "./twin.ts";

export interface RackNow {
  readonly container: string;
  readonly rack: string;
  readonly rigs: number;
  /** Those that are not offline and were heard of. */
  readonly online: number;
  readonly hashing: number;
  readonly hashrateThs: number;
  /** Sum of what they report, W; null where none of them tells. */
  readonly reportedW: number | null;
  readonly hottestBoardC: number | null;
  readonly hottestChipC: number | null;
}

const hotter = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.max(a, b));

/** Racks in the order of their names, at most `most`; rigs without a place are in none. Figures of a rig that is offline are history. */
export const racksOf = (twins: Iterable<Pick<Twin, "position" | "state" | "latest">>, most: number): readonly RackNow[] => {
  const racks = new Map<string, { -readonly [Key in keyof RackNow]: RackNow[Key] }>();
  for (const { position, state, latest } of twins) {
    if (position === null) continue;
    const key = `${position.container}\n${position.rack}`;
    let rack = racks.get(key);
    if (rack === undefined) {
      rack = {
        container: position.container,
        rack: position.rack,
        rigs: 0,
        online: 0,
        hashing: 0,
        hashrateThs: 0,
        reportedW: null,
        hottestBoardC: null,
        hottestChipC: null,
      };
      racks.set(key, rack);
    }
    rack.rigs += 1;
    if (state === "offline" || state === "new") continue;
    rack.online += 1;
    rack.hashing += state === "hashing" || state === "low" ? 1 : 0;
    rack.hashrateThs += latest.hashrateThs ?? 0;
    if (latest.powerW !== null) rack.reportedW = (rack.reportedW ?? 0) + latest.powerW;
    rack.hottestBoardC = hotter(rack.hottestBoardC, latest.boardC);
    rack.hottestChipC = hotter(rack.hottestChipC, latest.chipC);
  }
  return [...racks]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, most)
    .map(([, rack]) => rack);
};
