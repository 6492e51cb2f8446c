/** What the store remembers in the database itself: the journal position, where raw rows begin, and which windows are dirty. */
import type { Window } from "../../twin/tiers.ts";
import type { Ask } from "./ask.ts";

export interface Marks {
  upTo: number;
  rawFromTs: number;
  minuteFromTs: number;
  readonly dirty: Record<Window, Set<number>>;
}

const DIRTY = 'SELECT "dirty" FROM "rigtwin_dirty" WHERE "dirty" > 0';
const BY_WINDOW = 'GROUP BY "window"';

/**
 * The marks of a keeper. One of whom nothing is there yet takes over what all others have not rolled up: they may be gone. Old rows are
 * dropped from the whole database, whoever does it.
 */
export const loadMarks = async (ask: Ask, keeper: string): Promise<Marks> => {
  const [cursors = [], own = []] = await ask(
    ['SELECT "upTo", "rawFromTs", "minuteFromTs" FROM "rigtwin_cursor" GROUP BY "keeper"', `${DIRTY} AND "keeper" = $keeper ${BY_WINDOW}`],
    { keeper },
  );
  const mine = cursors.find(({ tags }) => tags["keeper"] === keeper)?.values.at(-1);
  const [dirty = []] = mine === undefined ? await ask([`${DIRTY} ${BY_WINDOW}`]) : [own];
  const highest = (column: number): number =>
    Math.max(0, ...cursors.flatMap(({ values }) => values.map((row) => Number(row[column] ?? 0))));
  const starts = (window: Window): Set<number> =>
    new Set(dirty.filter(({ tags }) => tags["window"] === window).flatMap(({ values }) => values.map(([ts]) => Number(ts))));
  return {
    upTo: Number(mine?.[1] ?? 0),
    rawFromTs: highest(2),
    minuteFromTs: highest(3),
    dirty: { "1m": starts("1m"), "1h": starts("1h") },
  };
};
