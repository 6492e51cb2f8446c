/** Points written down one by one, and as columns. */
import { addPoint } from "../server/twin/rows.ts";
import type { Rows } from "../server/twin/series.ts";

export interface Row {
  readonly site: string;
  readonly name: string;
  readonly part: number;
  readonly model: string;
  readonly ts: number;
  readonly values: readonly number[];
}

export const columns = (rows: readonly Row[] = []): Rows => {
  const to: Rows = {
    width: rows[0]?.values.length ?? 0,
    series: [],
    places: new Map(),
    before: [],
    count: 0,
    of: new Int32Array(0),
    ts: new Float64Array(0),
    values: new Float64Array(0),
  };
  for (const { site, name, part, model, ts, values } of rows) {
    const at = addPoint(to, site, name, part, model, ts);
    to.values.set(values, at);
  }
  return to;
};

export const rowsIn = ({ series, count, of, ts, values, width }: Rows): Row[] =>
  Array.from({ length: count }, (_, i) => {
    const name = series[of[i] ?? -1];
    if (name === undefined) throw new Error(`point ${i} is of no series`);
    return { ...name, ts: ts[i] ?? NaN, values: [...values.subarray(i * width, (i + 1) * width)] };
  });
