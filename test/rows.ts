/** Points written down one by one, as columns. */
import type { Rows } from "../server/twin/series.ts";

export interface Row {
  readonly site: string;
  readonly name: string;
  readonly part: number;
  readonly model: string;
  readonly ts: number;
  readonly values: readonly number[];
}

export const columns = (rows: readonly Row[] = []): Rows => ({
  site: rows.map((row) => row.site),
  name: rows.map((row) => row.name),
  part: rows.map((row) => row.part),
  model: rows.map((row) => row.model),
  ts: rows.map((row) => row.ts),
  values: rows.flatMap((row) => row.values),
});
