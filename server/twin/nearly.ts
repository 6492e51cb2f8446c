/** What was looked up last, by what it was looked up for: for a farm that is nearly always the same, and a weak map is asked for the others. */
export const nearly = <K extends object, V>(make: (key: K) => V): ((key: K) => V) => {
  const known = new WeakMap<K, V>();
  let lastKey: K | null = null;
  let last: V;
  return (key) => {
    if (key === lastKey) return last;
    let value = known.get(key);
    if (value === undefined) known.set(key, (value = make(key)));
    lastKey = key;
    return (last = value);
  };
};
