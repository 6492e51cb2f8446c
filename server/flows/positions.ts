/** Where rigs stand, as people say it: a table → all of it or nothing → journal. */
import type { Farm } from "../twin/farm.ts";
import { readPositions, type Standing } from "../twin/positions.ts";
import type { Act } from "../twin/record.ts";
import { Refused } from "../twin/refusal.ts";
import { OWN } from "../twin/wire.ts";

export interface PositionsNeeds {
  readonly farm: () => Farm;
  /** Resolves when the entry is on disk and folded. */
  readonly write: (topic: string, payload: Uint8Array) => Promise<void>;
}
const FAULTS_TOLD = 20;

export const createPositions = ({ farm, write }: PositionsNeeds) => ({
  /** Applies a table, or checks it alone. Throws Refused REQUEST_INVALID with the faults by line, JOURNAL_UNAVAILABLE, DISK_FULL. */
  setPositions: async (csv: string, by: string, checkOnly: boolean): Promise<{ changed: number; same: number }> => {
    const rigs = [...farm().twins.values()].map(({ rig, identity, position }): Standing => ({
      rig,
      serial: identity.serial,
      mac: identity.mac,
      position,
    }));
    const { changes, same, faults } = readPositions(csv, rigs);
    if (faults.length > 0) {
      const told = faults.slice(0, FAULTS_TOLD).map(({ line, says }) => `line ${line}: ${says}`);
      throw new Refused(
        "REQUEST_INVALID",
        `${told.join("; ")}${faults.length > FAULTS_TOLD ? `; and ${faults.length - FAULTS_TOLD} more` : ""}.`,
      );
    }
    if (changes.length > 0 && !checkOnly) {
      const act: Act = { what: "places", places: changes, by };
      await write(OWN.act, new TextEncoder().encode(JSON.stringify(act)));
    }
    return { changed: changes.length, same };
  },
});
