/** Chip by chip what a board says: warmer towards the exhaust, one or two weaker than the rest, silent behind a break in the chain. */
import { mix, unit } from "./chance.ts";
import type { RigPlan } from "./layout.ts";
import type { NativeBoard, NativeChip } from "./native.ts";

/** Chips in a row along the air. */
const ROW = 18;
const WEAK_SHARE = 0.72;
const round1 = (value: number): number => Math.round(value * 10) / 10;

/** The chips of one board that answers; `draw` is the reading's chance. */
export const chipMapOf = (plan: RigPlan, board: NativeBoard, draw: number): NativeChip[] => {
  const seed = mix(plan.seed, 0x600d + board.index);
  const weak = mix(seed, 1) % board.expectedChips;
  const boardC = board.boardC ?? 0;
  const rise = (board.chipC ?? boardC) - boardC;
  const meanGhs = board.chips > 0 ? (board.hashrateThs * 1_000) / board.chips : 0;
  return Array.from({ length: board.expectedChips }, (_, index) => {
    const place = { index, row: Math.floor(index / ROW), column: index % ROW };
    if (index >= board.chips) return { ...place, tempC: null, hashrateGhs: 0, working: false };
    const along = place.column / (ROW - 1);
    const own = unit(seed, 100 + index) + 0.3 * unit(draw, 100 + index);
    return {
      ...place,
      tempC: round1(boardC - 4 + (rise + 4) * (0.15 + 0.8 * along) + own - 0.65),
      hashrateGhs: Math.round(meanGhs * (index === weak ? WEAK_SHARE : 0.985 + 0.03 * unit(draw, 600 + index))),
      working: true,
    };
  });
};
