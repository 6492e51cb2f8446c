/** Who is here and on which page, as the live feed tells it. Kept in memory only. */

export interface Person {
  /** The pseudonym of the account; callers of this machine without one share theirs. */
  readonly name: string;
  /** Paths of the pages open, each once. */
  readonly pages: readonly string[];
  /** ms UTC at which the first of them came. */
  readonly sinceTs: number;
}
export interface People {
  /** By name; the first hundred. */
  readonly people: readonly Person[];
  /** Names beyond those. */
  readonly more: number;
  /** What people told each other so far, marks of what was seen included: another number, and something is new. */
  readonly notes: number;
}

const MOST_PEOPLE = 100;
const MOST_PAGES = 5;
export const MOST_PAGE = 200;

/** One window of somebody. */
export interface Window {
  readonly name: string;
  /** null: not told yet. */
  readonly page: string | null;
  readonly sinceTs: number;
}

/** True for a path of this dashboard: nothing that leads elsewhere, no control characters, no longer than 200. */
export const isPage = (page: string): boolean => page.length <= MOST_PAGE && /^\/(?!\/)[\x21-\x7e]*$/.test(page);

/** Puts windows together by name. */
export const peopleOf = (windows: Iterable<Window>, notes: number): People => {
  const byName = new Map<string, { pages: Set<string>; sinceTs: number }>();
  for (const { name, page, sinceTs } of windows) {
    const known = byName.get(name) ?? { pages: new Set(), sinceTs };
    if (page !== null) known.pages.add(page);
    byName.set(name, { pages: known.pages, sinceTs: Math.min(known.sinceTs, sinceTs) });
  }
  const people = [...byName]
    .map(([name, { pages, sinceTs }]): Person => ({ name, pages: [...pages].slice(0, MOST_PAGES), sinceTs }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { people: people.slice(0, MOST_PEOPLE), more: Math.max(0, people.length - MOST_PEOPLE), notes };
};
