/** One figure, always beside the limit that was measured in the same run. */
export interface Figure {
  readonly bench: string;
  /** ours / limit. */
  readonly ratio: number;
  readonly limit: number;
  readonly ours: number;
  readonly unit: string;
  /** What the limit is. */
  readonly against: string;
  readonly [more: string]: string | number;
}
export type Emit = (figure: Figure) => void;

const round = (value: number): number => (Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)));

/** A figure with its numbers cut to what a noisy machine can mean. */
export const figure = (given: Omit<Figure, "ratio">): Figure => {
  const rounded = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, typeof value === "number" ? round(value) : value]),
  );
  return { ...(rounded as Omit<Figure, "ratio">), ratio: Number((Number(given["ours"]) / Number(given["limit"])).toFixed(3)) } as Figure;
};

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};

/** A number given as `--name N` on the command line. */
export const optionOf = (name: string, fallback: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
};
