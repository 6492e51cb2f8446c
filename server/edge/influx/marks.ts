/** What the store remembers in the database itself: the journal position, where raw rows begin, and which windows are dirty. */
import type { Window } from "../../twin/tiers.ts";
import type { Ask, Table } from "./ask.ts";
import { noRefusals, type Refusals } from "./refusals.ts";

export interface Marks {
  upTo: number;
  rawFromTs: number;
  minuteFromTs: number;
  readonly dirty: Record<Window, Set<number>>;
  /** Of those the ones that were so when this was read: what was written into them before is not in memory. */
  readonly found: Record<Window, Set<number>>;
  /** Those that stand under other keepers' names only. */
  taken: Readonly<Record<Window, readonly number[]>>;
  readonly refused: Refusals;
}

export const NONE_TAKEN: Marks["taken"] = { "1m": [], "1h": [] };

/** The position as it stands in the database now; 0 where there is none. */
export const askPosition = async (ask: Ask, keeper: string): Promise<number> => {
  const [cursor = []] = await ask(['SELECT "upTo" FROM "rigtwin_cursor" WHERE "keeper" = $keeper'], { keeper });
  return positionIn(cursor[0]?.values.at(-1)?.[1]);
};

/** What is no position is none: a word of somebody else's in our marks costs a repetition. */
const positionIn = (cell: unknown): number => (Number.isSafeInteger(cell) ? (cell as number) : 0);

const DIRTY = 'SELECT "dirty" FROM "rigtwin_dirty" WHERE "dirty" > 0';
const BY_WINDOW = 'GROUP BY "window", "keeper"';

/**
 * The marks of a keeper. One of whom nothing is there yet takes over what others of the site have not rolled up: they may be gone. Whoever
 * of them drops a site's old rows drops them for all.
 */
export const loadMarks = async (ask: Ask, keeper: string, site: string | null): Promise<Marks> => {
  const isOfSite = ({ tags: { keeper: name = "" } }: Table): boolean => site === null || name === site || name.startsWith(`${site}/`);
  const [all = [], own = []] = await ask(
    ['SELECT "upTo", "rawFromTs", "minuteFromTs" FROM "rigtwin_cursor" GROUP BY "keeper"', `${DIRTY} AND "keeper" = $keeper ${BY_WINDOW}`],
    { keeper },
  );
  const cursors = all.filter(isOfSite);
  const mine = all.find(({ tags }) => tags["keeper"] === keeper)?.values.at(-1);
  const [others = []] = mine === undefined ? await ask([`${DIRTY} ${BY_WINDOW}`]) : [];
  const highest = (column: number): number =>
    Math.max(0, ...cursors.flatMap(({ values }) => values.map((row) => Number(row[column] ?? 0))));
  const startsIn = (tables: readonly Table[], window: Window): Set<number> =>
    new Set(tables.filter(({ tags }) => tags["window"] === window).flatMap(({ values }) => values.map(([ts]) => Number(ts))));
  const dirty = { "1m": startsIn(own, "1m"), "1h": startsIn(own, "1h") };
  const takenOf = (window: Window): number[] => [...startsIn(others.filter(isOfSite), window)].filter((start) => !dirty[window].has(start));
  const taken = { "1m": takenOf("1m"), "1h": takenOf("1h") };
  for (const window of ["1m", "1h"] as const) for (const start of taken[window]) dirty[window].add(start);
  const found = { "1m": new Set(dirty["1m"]), "1h": new Set(dirty["1h"]) };
  return { upTo: positionIn(mine?.[1]), rawFromTs: highest(2), minuteFromTs: highest(3), dirty, found, taken, refused: noRefusals() };
};
