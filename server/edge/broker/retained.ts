/**
 * What the embedded broker keeps: aedes' own memory, but for what is owed to sessions (owed.ts) and the retained messages. That one tests every kept topic against every filter of
 * a SUBSCRIBE; with ten thousand rigs that each hear their own orders these are a hundred million tests. Here a filter without wildcards is
 * one look into a map, and one with wildcards is told from most topics by the letters before its first wildcard.
 */
import { Readable } from "node:stream";
import memory from "aedes-persistence";
import { createOwed } from "./owed.ts";
import { createUnheard } from "./unheard.ts";

interface Kept {
  readonly topic: string;
  readonly payload: string | Uint8Array;
}

/** Whether a topic name matches a topic filter (MQTT 3.1.1, 4.7). */
export const filterMatcher = (filter: string): ((topic: string) => boolean) => {
  const levels = filter.split("/");
  const open = levels.at(-1) === "#";
  const fixed = open ? levels.slice(0, -1) : levels;
  const wildcard = levels.findIndex((level) => level === "+" || level === "#");
  // Without the slash that follows: `a/#` matches `a` too (4.7.1-2).
  const before = wildcard < 0 ? filter : levels.slice(0, wildcard).join("/");
  return (topic) => {
    if (!topic.startsWith(before)) return false;
    // 4.7.2-1
    if (wildcard === 0 && topic.startsWith("$")) return false;
    const names = topic.split("/");
    if (open ? names.length < fixed.length : names.length !== fixed.length) return false;
    return fixed.every((level, i) => level === "+" || level === names[i]);
  };
};

/** Sessions that outlive their connection: whose filters match a topic. */
interface Sessions {
  addSubscriptions(client: unknown, filters: unknown): Promise<void>;
  subscriptionsByTopic(topic: string): Promise<unknown[]>;
  cleanSubscriptions(client: { readonly id: string }): Promise<unknown>;
}

/** The package exports this function; its typings do not say so. */
const createMemory = memory as unknown as () => Sessions;

/** A persistence for aedes; nothing of it outlives the process, since the journal keeps what must. `onForgotten` is told whose session was owed too much. */
export const createBrokerMemory = (onForgotten: (clientId: string) => void) => {
  const retained = new Map<string, Kept>();
  const found = function* (filters: readonly string[]): Generator<Kept> {
    for (const filter of filters) {
      if (!/[+#]/.test(filter)) {
        const kept = retained.get(filter);
        if (kept !== undefined) yield kept;
        continue;
      }
      const matches = filterMatcher(filter);
      for (const kept of retained.values()) if (matches(kept.topic)) yield kept;
    }
  };
  const theirs = createMemory();
  const addSubscriptions = theirs.addSubscriptions.bind(theirs);
  const subscriptionsByTopic = theirs.subscriptionsByTopic.bind(theirs);
  const unheard = createUnheard();
  const owed = createOwed((clientId) => {
    void theirs.cleanSubscriptions({ id: clientId });
    onForgotten(clientId);
  });
  return Object.assign(theirs, owed, {
    addSubscriptions: (client: unknown, filters: unknown): Promise<void> => {
      unheard.added();
      return addSubscriptions(client, filters);
    },
    async subscriptionsByTopic(topic: string): Promise<unknown[]> {
      if (unheard.has(topic)) return [];
      const since = unheard.additions();
      const found = await subscriptionsByTopic(topic);
      if (found.length === 0) unheard.note(topic, since);
      return found;
    },
    /** An empty payload takes the topic's message away (3.3.1-10). */
    async storeRetained(packet: Kept): Promise<void> {
      if (packet.payload.length === 0) retained.delete(packet.topic);
      else retained.set(packet.topic, { ...packet });
    },
    createRetainedStream: (filter: string): Readable => Readable.from(found([filter])),
    createRetainedStreamCombi: (filters: readonly string[]): Readable => Readable.from(found(filters)),
  });
};
