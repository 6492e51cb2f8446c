/** The farm with which a recording begins: into its lines, and back. */
import type { Digest } from "./digest.ts";
import { filledCells } from "./rig-day.ts";
import { newFarm, type Farm } from "./farm.ts";
import type { Opening, RecordingFault, RecordingHeader } from "./recording.ts";
import { farmHash, farmOfLines, restoreCells, SNAPSHOT_VERSION, snapshotLines, type CellLine } from "./snapshot.ts";

const CELLS_A_LINE = 200;

/** Every cell in which something was counted and every span, in one order whatever the order of arrival was. */
const cellsOf = (digest: Digest): CellLine[] =>
  [...digest]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, rigDay]): CellLine[] => {
      const { rig, day, version, spans } = rigDay;
      return [
        ...filledCells(rigDay).map(([slot, ...cell]): CellLine => [rig, day, version, slot, ...cell]),
        ...[...spans.values()].map((span): CellLine => [rig, day, version, span]),
      ];
    });

/** The farm as the opening of a recording has it. */
export const openingFarmOf = (farm: Farm): NonNullable<Opening["farm"]> => {
  const all = cellsOf(farm.digest);
  const cells = Array.from({ length: Math.ceil(all.length / CELLS_A_LINE) }, (_, i) => all.slice(i * CELLS_A_LINE, (i + 1) * CELLS_A_LINE));
  return { snapshot: SNAPSHOT_VERSION, lines: [...snapshotLines(farm)], cells, sha256: farmHash(farm) };
};

/** Builds the farm at the start; a fault where this program cannot, or where it is not the one that was recorded. */
export const farmOfOpening = (
  header: RecordingHeader,
  lines: readonly string[],
  cells: readonly (readonly CellLine[])[],
): Farm | RecordingFault => {
  if (header.farm === null) return newFarm(header.site);
  const fault = (detail: string): RecordingFault => ({ code: "START_UNREADABLE", row: 0, detail });
  if (header.farm.snapshot !== SNAPSHOT_VERSION)
    return fault(
      `the farm at the start is a snapshot of version ${header.farm.snapshot}, read is version ${SNAPSHOT_VERSION}; the rows can still be sent to a broker`,
    );
  try {
    const farm = farmOfLines(lines);
    for (const line of cells) restoreCells(farm, line);
    const hash = farmHash(farm);
    return hash === header.farm.sha256 ? farm : fault(`its hash is ${hash}, recorded was ${header.farm.sha256}`);
  } catch (error) {
    return fault(error instanceof Error ? error.message : String(error));
  }
};
