/** The inbox of topics nobody could read: each with its newest messages, so that nothing is dropped unseen and a mapping loses nothing. */
import { num } from "../formats/answers.ts";
import { isObject, type Heard } from "./dialect.ts";
import { meaningOf } from "./fields.ts";
import { matchOf, type MappedField } from "./mapping.ts";

export interface Sample {
  readonly receivedTs: number;
  readonly payload: Uint8Array;
}
export interface Stranger {
  readonly topic: string;
  readonly firstTs: number;
  lastTs: number;
  count: number;
  /** Newest last. */
  samples: Sample[];
}
export type Strangers = Map<string, Stranger>;

const MOST_TOPICS = 500;
const MOST_SAMPLES = 50;
const MOST_BYTES = 8_192;

/** Notes a message nobody could read; of a payload too long its beginning. The topic silent for longest is forgotten first. */
export const noteStranger = (strangers: Strangers, { topic, payload, receivedTs }: Heard): void => {
  const known = strangers.get(topic);
  strangers.delete(topic);
  const stranger: Stranger = known ?? { topic, firstTs: receivedTs, lastTs: receivedTs, count: 0, samples: [] };
  stranger.count += 1;
  stranger.lastTs = receivedTs;
  stranger.samples.push({ receivedTs, payload: payload.slice(0, MOST_BYTES) });
  if (stranger.samples.length > MOST_SAMPLES) stranger.samples = stranger.samples.slice(-MOST_SAMPLES);
  strangers.set(topic, stranger);
  for (const oldest of strangers.keys()) {
    if (strangers.size <= MOST_TOPICS) break;
    strangers.delete(oldest);
  }
};

/** Takes out what fits a filter, oldest message first, so that it can be read by a new mapping. Changes `strangers`. */
export const takeStrangers = (strangers: Strangers, filter: string): readonly (Sample & { readonly topic: string })[] => {
  const taken: (Sample & { readonly topic: string })[] = [];
  for (const { topic, samples } of strangers.values()) {
    if (matchOf(filter, topic.split("/")) === null) continue;
    strangers.delete(topic);
    taken.push(...samples.map((sample) => ({ ...sample, topic })));
  }
  return taken.sort((a, b) => a.receivedTs - b.receivedTs);
};

const MOST_LEAVES = 200;

/** Every single value of a payload with its path. */
const leavesOf = (json: unknown, path = "$", depth = 0): readonly (readonly [path: string, name: string, value: unknown])[] => {
  if (depth > 6) return [];
  if (Array.isArray(json)) return json.slice(0, 16).flatMap((value, i) => leavesOf(value, `${path}[${i}]`, depth + 1));
  if (isObject(json))
    return Object.entries(json)
      .filter(([key]) => /^[A-Za-z0-9_ %:-]{1,64}$/.test(key))
      .slice(0, MOST_LEAVES)
      .flatMap(([key, value]) => leavesOf(value, `${path}.${key}`, depth + 1));
  return [[path, path.replace(/^\$\.?/, ""), json]];
};

export interface Guess {
  readonly path: string;
  readonly value: string | number | boolean | null;
  /** What it may mean, null where nothing comes to mind. */
  readonly meaning: MappedField | null;
}

/** What stands in a payload and what it may mean, for whoever maps it. `topic` names a payload that is a value alone. */
export const guessesOf = (topic: string, json: unknown, text: string | null): readonly Guess[] => {
  const leaves = json === undefined ? ([["$", topic.split("/").at(-1) ?? "", text]] as const) : leavesOf(json);
  return leaves.slice(0, MOST_LEAVES).map(([path, name, value]) => {
    const plain =
      typeof value === "number" || typeof value === "boolean"
        ? value
        : value === null
          ? null
          : (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).slice(0, 100);
    const told = meaningOf(name === "" ? (topic.split("/").at(-1) ?? "") : name);
    const isNumber = typeof value === "number" || (typeof value === "string" && num(value) !== null && !Number.isNaN(num(value)));
    const fits = told !== null && (isNumber || /^(?:mode|model|make|firmware|serial|mac|worker|poolUrl)$/.test(told.field));
    return { path, value: plain, meaning: fits && told.offset === 0 ? { path, field: told.field, factor: told.factor } : null };
  });
};
