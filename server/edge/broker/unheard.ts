/**
 * Topics that nobody hears. aedes looks for the listeners of each message in two tries of all filters, and with ten thousand rigs that each
 * hear their own orders that is a twentieth of all work; what rigs tell goes to the journal, and mostly to nobody else, and the
 * same topics come again every few seconds. test/edge/broker-unheard.test.ts holds the pinned libraries to this.
 */

/** Many more than a farm has; beyond, it is begun anew. */
const MOST_TOPICS = 100_000;
/** Longer than any of our own: a stranger's may have 65,535 bytes. */
const LONGEST_TOPIC = 256;

/** Remembers topics for which nothing was found. A filter that is added makes all of them unknown again; one that is taken away changes nothing. */
export const createUnheard = () => {
  const topics = new Set<string>();
  /** How often a filter was added: what was looked up before one is not noted after it. */
  let additions = 0;
  return {
    has: (topic: string): boolean => topics.has(topic),
    additions: (): number => additions,
    note: (topic: string, since: number): void => {
      if (since !== additions || topic.length > LONGEST_TOPIC) return;
      if (topics.size >= MOST_TOPICS) topics.clear();
      topics.add(topic);
    },
    added: (): void => {
      additions += 1;
      topics.clear();
    },
  };
};

/** The part of a Qlobber that finds a topic's listeners. */
export interface Matcher {
  match(topic: string): unknown[];
  add(filter: string, listener: unknown): unknown;
}

/** Has a matcher look for each topic that nobody hears once. Changes `matcher`. */
export const rememberUnheard = (matcher: Matcher): void => {
  const unheard = createUnheard();
  const match = matcher.match.bind(matcher);
  const add = matcher.add.bind(matcher);
  matcher.match = (topic) => {
    if (unheard.has(topic)) return [];
    const found = match(topic);
    if (found.length === 0) unheard.note(topic, unheard.additions());
    return found;
  };
  matcher.add = (filter, listener) => {
    unheard.added();
    return add(filter, listener);
  };
};
