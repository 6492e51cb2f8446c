/** Which rigs of a floor plan a drawn line or a name in its head takes. Pure. */
import { columnX, type Measures, type Plan, type Spot } from "./floor-plan.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Whether a point lies within a closed line, by the even-odd rule. */
const isWithin = (path: readonly Point[], x: number, y: number): boolean => {
  let inside = false;
  for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
    const [a, b] = [path[i], path[j]];
    if (a === undefined || b === undefined) continue;
    if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
};

/** Rigs whose cell's middle lies within the line; points as the plan counts. */
export const rigsWithin = (spots: ReadonlyMap<number, Spot>, { cellW, cellH }: Measures, path: readonly Point[]): number[] => {
  if (path.length < 3) return [];
  const [left, right] = [Math.min(...path.map(({ x }) => x)), Math.max(...path.map(({ x }) => x))];
  return [...spots.values()]
    .filter(({ x, y }) => x + cellW / 2 >= left && x + cellW / 2 <= right && isWithin(path, x + cellW / 2, y + cellH / 2))
    .map(({ index }) => index);
};

/** Rigs of the rack whose name stands under a point, else of the container's; none where no head is there. */
export const headUnder = ({ placed, measures }: Plan, x: number, y: number): number[] => {
  const at = placed.find((each) => x >= each.x && x < each.x + each.width && y >= each.y && y < each.y + measures.headH);
  if (at === undefined) return [];
  const { block } = at;
  const rack =
    y < at.y + measures.headH / 2
      ? undefined
      : block.racks.find(({ column, columns }) => {
          const left = at.x + columnX(block, column, measures);
          return x >= left && x < left + columns * measures.cellW;
        });
  return block.cells
    .filter(({ column }) => rack === undefined || (column >= rack.column && column < rack.column + rack.columns))
    .map(({ index }) => index);
};

/** `before` with `more` put in, or taken out where all of them are in it already. */
export const toggled = (before: ReadonlySet<number>, more: readonly number[]): ReadonlySet<number> => {
  const next = new Set(before);
  const all = more.length > 0 && more.every((index) => next.has(index));
  for (const index of more) {
    if (all) next.delete(index);
    else next.add(index);
  }
  return next;
};
