/**
 * The values of a map as they were at one moment, written down slowly while they are changed in place: whoever is about to change one says so
 * before, and only of those that are changed meanwhile the text is made at once.
 */
export interface Hold<V extends object> {
  /** The value as JSON, as it was when the hold began; each is asked for once. */
  readonly textOf: (value: V) => string;
  /** Nothing more will be asked for. */
  readonly release: () => void;
}

interface Held {
  /** Of which nobody has a text yet. */
  readonly left: Set<object>;
  readonly early: Map<object, string>;
}

const holds = new WeakMap<object, Held[]>();
/** Of all maps: most of the time there are none, and nothing else is asked. */
let standing = 0;

/** Begins a hold on the values that `map` has now. It costs memory until it is released. */
export const holdValues = <V extends object>(map: ReadonlyMap<string, V>): Hold<V> => {
  const own: Held = { left: new Set(map.values()), early: new Map() };
  const others = holds.get(map);
  if (others === undefined) holds.set(map, [own]);
  else others.push(own);
  standing += 1;
  return {
    textOf(value) {
      own.left.delete(value);
      const text = own.early.get(value);
      own.early.delete(value);
      return text ?? JSON.stringify(value);
    },
    release() {
      const all = holds.get(map) ?? [];
      const at = all.indexOf(own);
      if (at < 0) return;
      all.splice(at, 1);
      standing -= 1;
    },
  };
};

/** Call it before a value of `map` is changed in place. */
export const beforeChange = (map: ReadonlyMap<string, object>, value: object): void => {
  if (standing === 0) return;
  for (const { left, early } of holds.get(map) ?? []) if (left.delete(value)) early.set(value, JSON.stringify(value));
};
