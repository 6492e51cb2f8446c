/** Where each rig stands on the map: containers as blocks, racks as columns, slots from the top down. Pure. */
import type { RosterRow } from "../../server/twin/delta.ts";
import { natural } from "./search.ts";

export interface Cell {
  readonly index: number;
  /** In cells from the block's corner. */
  readonly column: number;
  readonly line: number;
}
export interface Block {
  readonly name: string;
  readonly columns: number;
  readonly lines: number;
  readonly racks: readonly { readonly name: string; readonly column: number; readonly columns: number }[];
  readonly cells: readonly Cell[];
  /** Cell at line × columns + column, -1 where nothing stands. */
  readonly grid: Int32Array;
}
/** Slots beyond this are not kept at their number: somebody numbers them otherwise. */
const MOST_LINES = 200;
const UNPLACED_COLUMNS = 12;

const grouped = <T>(items: readonly T[], keyOf: (item: T) => string): [string, T[]][] => {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups].sort(([a], [b]) => natural(a, b));
};

/** "3" is the third from the top; "2-4" is shelf 2, fourth from the left; anything else stands in the order of its name. */
const placed = (rigs: readonly RosterRow[]): { readonly index: number; readonly column: number; readonly line: number }[] => {
  const slots = rigs.map((rig) => ({
    rig,
    shelf: /^\D*(\d+)[-./](\d+)$/.exec(rig.position?.slot ?? ""),
    single: /^\D*(\d+)$/.exec(rig.position?.slot ?? ""),
  }));
  if (slots.every(({ shelf }) => shelf !== null))
    return slots.map(({ rig, shelf }) => ({
      index: rig.index,
      line: Math.max(0, Number(shelf?.[1]) - 1),
      column: Math.max(0, Number(shelf?.[2]) - 1),
    }));
  const numbers = slots.map(({ single }) => (single === null ? Number.NaN : Number(single[1])));
  const apart = new Set(numbers).size === numbers.length && numbers.every((n) => n >= 0 && n <= MOST_LINES);
  if (apart) {
    const first = numbers.includes(0) ? 0 : 1;
    return slots.map(({ rig }, k) => ({ index: rig.index, line: (numbers[k] ?? 0) - first, column: 0 }));
  }
  return [...rigs]
    .sort((a, b) => natural(a.position?.slot ?? "", b.position?.slot ?? ""))
    .map((rig, line) => ({ index: rig.index, line, column: 0 }));
};

const blockOf = (
  name: string,
  racks: readonly (readonly [string, readonly { index: number; column: number; line: number }[]])[],
): Block => {
  const cells: Cell[] = [];
  const named: Block["racks"][number][] = [];
  let column = 0;
  for (const [rack, standing] of racks) {
    const columns = standing.reduce((most, cell) => Math.max(most, cell.column + 1), 1);
    named.push({ name: rack, column, columns });
    for (const cell of standing) cells.push({ ...cell, column: cell.column + column });
    column += columns;
  }
  const lines = cells.reduce((most, cell) => Math.max(most, cell.line + 1), 1);
  const grid = new Int32Array(column * lines).fill(-1);
  for (const cell of cells) grid[cell.line * column + cell.column] = cell.index;
  return { name, columns: column, lines, racks: named, cells, grid };
};

/** Groups the roster into blocks; `unplaced` names the block of rigs whose place nobody told. */
export const blocksOf = (roster: readonly (RosterRow | undefined)[], unplaced: string): readonly Block[] => {
  const rows = roster.filter((row) => row !== undefined);
  const standing = rows.filter(({ position }) => position !== null);
  const lost = rows.filter(({ position }) => position === null).sort((a, b) => natural(a.rig, b.rig));
  const blocks = grouped(standing, ({ position }) => position?.container ?? "").map(([container, inside]) =>
    blockOf(
      container,
      grouped(inside, ({ position }) => position?.rack ?? "").map(([rack, rigs]) => [rack, placed(rigs)] as const),
    ),
  );
  if (lost.length === 0) return blocks;
  return [
    ...blocks,
    blockOf(unplaced, [
      ["", lost.map(({ index }, k) => ({ index, column: k % UNPLACED_COLUMNS, line: Math.floor(k / UNPLACED_COLUMNS) }))],
    ]),
  ];
};

/** Pixels of one cell and what is around it. */
export interface Measures {
  readonly cellW: number;
  readonly cellH: number;
  readonly rackGap: number;
  readonly headH: number;
  readonly blockGap: number;
}
export const measuresFor = (cellH: number): Measures => ({
  cellH,
  cellW: Math.max(cellH, Math.round(cellH * 1.55)),
  rackGap: cellH < 8 ? 0 : Math.max(2, Math.round(cellH / 6)),
  headH: cellH < 12 ? 18 : 36,
  blockGap: cellH < 12 ? 12 : 20,
});

export interface Placed {
  readonly block: Block;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
export interface Plan {
  readonly placed: readonly Placed[];
  readonly measures: Measures;
  readonly width: number;
  readonly height: number;
}
/** Room for a name in the head, px. */
const LEAST_BLOCK_W = { small: 64, large: 96 };

/** Flows the blocks into rows no wider than `width` px. */
export const planOf = (blocks: readonly Block[], cellH: number, width: number): Plan => {
  const measures = measuresFor(cellH);
  const placedBlocks: Placed[] = [];
  let [x, y, rowH, wide] = [0, 0, 0, 0];
  for (const block of blocks) {
    const w = Math.max(
      cellH < 12 ? LEAST_BLOCK_W.small : LEAST_BLOCK_W.large,
      block.columns * measures.cellW + Math.max(0, block.racks.length - 1) * measures.rackGap,
    );
    const h = measures.headH + block.lines * measures.cellH;
    if (x > 0 && x + w > width) {
      x = 0;
      y += rowH + measures.blockGap;
      rowH = 0;
    }
    placedBlocks.push({ block, x, y, width: w, height: h });
    wide = Math.max(wide, x + w);
    x += w + measures.blockGap;
    rowH = Math.max(rowH, h);
  }
  return { placed: placedBlocks, measures, width: wide, height: y + rowH };
};

/** The largest cell height between `least` and `most` px with which all fits into width × height. */
export const fittingCell = (blocks: readonly Block[], width: number, height: number, least: number, most: number): number => {
  for (let cellH = most; cellH > least; cellH -= 1) {
    const plan = planOf(blocks, cellH, width);
    if (plan.height <= height && plan.width <= width) return cellH;
  }
  return least;
};

/** Left edge of a column inside its block, px: racks stand a gap apart. */
export const columnX = (block: Block, column: number, { cellW, rackGap }: Measures): number => {
  let racksBefore = 0;
  for (const rack of block.racks) if (rack.column + rack.columns <= column) racksBefore += 1;
  return column * cellW + racksBefore * rackGap;
};

/** The rig under a point of the plan, -1 for none. */
export const rigUnder = ({ placed: all, measures }: Plan, x: number, y: number): number => {
  const at = all.find((each) => x >= each.x && x < each.x + each.width && y >= each.y + measures.headH && y < each.y + each.height);
  if (at === undefined) return -1;
  const line = Math.floor((y - at.y - measures.headH) / measures.cellH);
  const cell = at.block.cells.find((each) => {
    const left = columnX(at.block, each.column, measures);
    return each.line === line && x - at.x >= left && x - at.x < left + measures.cellW;
  });
  return cell?.index ?? -1;
};

export interface Spot {
  readonly index: number;
  readonly x: number;
  readonly y: number;
}
/** Corner of every rig's cell on the plan. */
export const spotsOf = ({ placed: all, measures }: Plan): Map<number, Spot> => {
  const spots = new Map<number, Spot>();
  for (const { block, x, y } of all)
    for (const cell of block.cells)
      spots.set(cell.index, {
        index: cell.index,
        x: x + columnX(block, cell.column, measures),
        y: y + measures.headH + cell.line * measures.cellH,
      });
  return spots;
};

export type Direction = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown";
/** The nearest rig in a direction; going straight is worth more than being near. */
export const nextIn = (spots: ReadonlyMap<number, Spot>, from: number, direction: Direction): number => {
  const start = spots.get(from);
  if (start === undefined) return spots.keys().next().value ?? -1;
  let best = from;
  let least = Infinity;
  const [horizontal, sign] =
    direction === "ArrowLeft" ? [true, -1] : direction === "ArrowRight" ? [true, 1] : direction === "ArrowUp" ? [false, -1] : [false, 1];
  for (const spot of spots.values()) {
    const along = sign * (horizontal ? spot.x - start.x : spot.y - start.y);
    if (along <= 0) continue;
    const cost = along + 4 * Math.abs(horizontal ? spot.y - start.y : spot.x - start.x);
    if (cost < least) [least, best] = [cost, spot.index];
  }
  return best;
};
