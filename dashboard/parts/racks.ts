/** How each rack is doing, from the live columns. Pure. */
import { RIG_STATES, SEVERITIES, type RigState, type Severity } from "../../server/twin/twin.ts";
import type { Farm } from "../state.ts";

export interface RackNow {
  /** `container / rack`, as the accounts name it. */
  readonly name: string;
  readonly container: string;
  readonly rack: string;
  readonly rigs: readonly number[];
  readonly hashrateThs: number;
  readonly nameplateThs: number;
  /** Of the nameplate, %; null where none is known. */
  readonly pct: number | null;
  readonly states: Readonly<Partial<Record<RigState, number>>>;
  /** The gravest alarm in it. */
  readonly alarm: Severity | null;
}

/** Name of the rack at a place, as it stands in addresses. */
export const rackName = (container: string, rack: string): string => `${container} / ${rack}`;

/** Every rack with at least one rig, the one that misses most of its nameplate first. */
export const racksOf = (farm: Farm): RackNow[] => {
  const racks = new Map<string, { container: string; rack: string; rigs: number[] }>();
  for (const row of farm.roster) {
    if (row === undefined || row.position === null) continue;
    const { container, rack } = row.position;
    const name = rackName(container, rack);
    const own = racks.get(name);
    if (own === undefined) racks.set(name, { container, rack, rigs: [row.index] });
    else own.rigs.push(row.index);
  }
  return [...racks]
    .map(([name, { container, rack, rigs }]): RackNow => {
      let [hashrateThs, nameplateThs, told, alarm] = [0, 0, 0, 0];
      const states: Partial<Record<RigState, number>> = {};
      for (const index of rigs) {
        const state = RIG_STATES[farm.state[index] ?? 0] ?? "new";
        const ths = state === "offline" ? 0 : (farm.numbers.hashrateThs[index] ?? Number.NaN);
        const plate = farm.roster[index]?.nameplateThs ?? 0;
        nameplateThs += plate;
        if (Number.isFinite(ths)) hashrateThs += ths;
        if (Number.isFinite(ths) && plate > 0) told += ths;
        states[state] = (states[state] ?? 0) + 1;
        alarm = Math.max(alarm, farm.alarm[index] ?? 0);
      }
      const pct = nameplateThs > 0 ? (100 * told) / nameplateThs : null;
      return { name, container, rack, rigs, hashrateThs, nameplateThs, pct, states, alarm: SEVERITIES[alarm - 1] ?? null };
    })
    .toSorted((a, b) => (a.pct ?? Infinity) - (b.pct ?? Infinity) || (a.name < b.name ? -1 : 1));
};
