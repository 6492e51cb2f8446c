/** Fewer points that look the same: Largest Triangle Three Buckets (Steinarsson, "Downsampling Time Series for Visual Representation", 2013, 4.2). */
export interface Drawn {
  readonly ts: number[];
  /** null: the line is broken here. */
  readonly values: (number | null)[];
}

/** Places of at most `most` (3 or more) of the points that keep the line's shape, the first and the last among them. */
const chosen = (ts: readonly number[], values: readonly number[], most: number): number[] => {
  const n = ts.length;
  if (n <= most) return ts.map((_, i) => i);
  const out = [0];
  /** First point of a bucket; whole numbers first, so that the last bucket ends at the last point but one. */
  const startOf = (bucket: number): number => Math.floor((bucket * (n - 2)) / (most - 2)) + 1;
  let last = 0;
  for (let bucket = 0; bucket < most - 2; bucket++) {
    const from = startOf(bucket);
    const to = startOf(bucket + 1);
    const end = Math.min(startOf(bucket + 2), n);
    let [meanTs, mean] = [0, 0];
    for (let i = to; i < end; i++) [meanTs, mean] = [meanTs + (ts[i] ?? 0), mean + (values[i] ?? 0)];
    [meanTs, mean] = [meanTs / (end - to), mean / (end - to)];
    const [atTs, at] = [ts[last] ?? 0, values[last] ?? 0];
    let [largest, place] = [-1, from];
    for (let i = from; i < to; i++) {
      const area = Math.abs((atTs - meanTs) * ((values[i] ?? 0) - at) - (atTs - (ts[i] ?? 0)) * (mean - at));
      if (area > largest) [largest, place] = [area, i];
    }
    out.push(place);
    last = place;
  }
  return [...out, n - 1];
};

/**
 * At most `most` (3 or more) points of a column with gaps. Each stretch without a gap gets its share and is broken off by one null;
 * where there are too many gaps for that, the line is drawn across them.
 */
export const drawn = (ts: readonly number[], column: readonly (number | null)[], most: number): Drawn => {
  const stretches: { readonly ts: number[]; readonly values: number[] }[] = [];
  let isOpen = false;
  column.forEach((value, i) => {
    if (value === null) return void (isOpen = false);
    if (!isOpen) stretches.push({ ts: [], values: [] });
    isOpen = true;
    stretches.at(-1)?.ts.push(ts[i] ?? 0);
    stretches.at(-1)?.values.push(value);
  });
  const total = stretches.reduce((sum, stretch) => sum + stretch.ts.length, 0);
  const breaks = stretches.length - 1;
  const whole = total + breaks <= most || breaks * 4 + 3 <= most;
  const parts = whole ? stretches : [{ ts: stretches.flatMap((one) => one.ts), values: stretches.flatMap((one) => one.values) }];
  // Every stretch may take three points and its break; what is left is shared by length.
  const spare = Math.max(0, most - breaks - 3 * stretches.length);
  const out: Drawn = { ts: [], values: [] };
  parts.forEach((part, i) => {
    if (i > 0) {
      out.ts.push((parts[i - 1]?.ts.at(-1) ?? 0) + 1);
      out.values.push(null);
    }
    const share = !whole ? most : total + breaks <= most ? part.ts.length : 3 + Math.floor((spare * part.ts.length) / total);
    for (const place of chosen(part.ts, part.values, share)) {
      out.ts.push(part.ts[place] ?? 0);
      out.values.push(part.values[place] ?? null);
    }
  });
  return out;
};
