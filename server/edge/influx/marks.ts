/** What the store remembers in the database itself: the journal position, where raw rows begin, and which windows are dirty. */
import type { Window } from "../../twin/tiers.ts";
import type { Ask } from "./ask.ts";

export interface Marks {
  upTo: number;
  rawFromTs: number;
  minuteFromTs: number;
  readonly dirty: Record<Window, Set<number>>;
}

export const loadMarks = async (ask: Ask, keeper: string): Promise<Marks> => {
  const [cursor = [], dirty = []] = await ask(
    [
      'SELECT "upTo", "rawFromTs", "minuteFromTs" FROM "rigtwin_cursor" WHERE "keeper" = $keeper',
      'SELECT "dirty" FROM "rigtwin_dirty" WHERE "keeper" = $keeper AND "dirty" > 0 GROUP BY "window"',
    ],
    { keeper },
  );
  const [, upTo, rawFromTs, minuteFromTs] = cursor[0]?.values.at(-1) ?? [];
  const starts = (window: Window): Set<number> =>
    new Set(dirty.filter(({ tags }) => tags["window"] === window).flatMap(({ values }) => values.map(([ts]) => Number(ts))));
  return {
    upTo: Number(upTo ?? 0),
    rawFromTs: Number(rawFromTs ?? 0),
    minuteFromTs: Number(minuteFromTs ?? 0),
    dirty: { "1m": starts("1m"), "1h": starts("1h") },
  };
};
