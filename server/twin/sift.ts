/** What a series store does to a batch before it writes: refuses what can never be kept, brings values into steps, drops doubles. */
import { MEASURES, stepsOf, type Field, type MeasureName } from "./measures.ts";
import type { RejectedPoint, SeriesBatch } from "./series.ts";

/** A row of any measure in whole steps. `name` is the rig or the energy source; `part` the board, or NO_PART. */
export interface Point {
  readonly site: string;
  readonly name: string;
  readonly part: number;
  readonly model: string;
  readonly ts: number;
  readonly steps: readonly (number | null)[];
}
export const NO_PART = -1;

export interface Sifted {
  readonly points: Readonly<Record<MeasureName, readonly Point[]>>;
  readonly rejected: readonly RejectedPoint[];
}

/** First instant that a series store does not take: 2100. */
export const TIME_END = 4_102_444_800_000;
/** Influx ends a tag at a newline and cannot keep a backslash before a separator. */
const FORBIDDEN = /[\u0000-\u001f\u007f\\]/;
const MOST_BOARDS = 256;

const nameFault = (what: string, name: string): string | null =>
  name === ""
    ? `${what} is empty`
    : name.length > 256
      ? `${what} is longer than 256 characters`
      : FORBIDDEN.test(name)
        ? `${what} has a control character or a backslash`
        : null;

type Head = Omit<Point, "steps">;

const headFault = (measure: MeasureName, head: Head, rawFromTs: number): string | null =>
  nameFault("site", head.site) ??
  nameFault("name", head.name) ??
  nameFault("model", head.model) ??
  (measure === "board" && !(Number.isInteger(head.part) && head.part >= 0 && head.part < MOST_BOARDS) ? "board is not 0 to 255" : null) ??
  (!(Number.isInteger(head.ts) && head.ts >= 0 && head.ts < TIME_END) ? "ts is not a whole ms between 1970 and 2100" : null) ??
  (head.ts < rawFromTs ? "older than the raw rows that are kept" : null);

const labelOf = (measure: MeasureName, { site, name, part, ts }: Head): string =>
  `${measure} ${site}/${name}${part === NO_PART ? "" : `/${part}`} @${ts}`;

/** Steps of each field; a value that cannot be kept is told of, and null. */
const stepsIn = (
  fields: readonly Field[],
  values: readonly (number | null)[],
  onBad: (field: Field, value: number) => void,
): (number | null)[] => {
  const steps: (number | null)[] = [];
  for (let i = 0; i < fields.length; i++) {
    const [field, value] = [fields[i] as Field, values[i] ?? null];
    const kept = value === null ? null : stepsOf(field, value);
    if (value !== null && kept === null) onBad(field, value);
    steps.push(kept);
  }
  return steps;
};

/** `rawFromTs`: raw rows before it are gone, so that a window there cannot be computed again. */
export const sift = (batch: SeriesBatch, rawFromTs: number): Sifted => {
  const rejected: RejectedPoint[] = [];
  const kept = <Row extends { readonly values: readonly (number | null)[] }>(
    measure: MeasureName,
    rows: readonly Row[],
    headOf: (row: Row) => Head,
  ): readonly Point[] => {
    const { fields } = MEASURES[measure];
    const byKey = new Map<string, Point>();
    for (const row of rows) {
      const head = headOf(row);
      const fault = headFault(measure, head, rawFromTs);
      if (fault !== null) {
        rejected.push({ point: labelOf(measure, head), reason: fault });
        continue;
      }
      const steps = stepsIn(fields, row.values, (field, value) =>
        rejected.push({
          point: `${labelOf(measure, head)} ${field.name}`,
          reason: `${value} is not finite or out of range; the other fields are kept`,
        }),
      );
      byKey.set(`${head.site}\n${head.name}\n${head.part}\n${head.ts}`, { ...head, steps });
    }
    return [...byKey.values()];
  };
  const named = (model: string): string => (model === "" ? "unknown" : model);
  const points = {
    rig: kept("rig", batch.rigs, ({ site, rig, model, ts }) => ({ site, name: rig, part: NO_PART, model: named(model), ts })),
    board: kept("board", batch.boards, ({ site, rig, board, model, ts }) => ({ site, name: rig, part: board, model: named(model), ts })),
    site_energy: kept("site_energy", batch.energy, ({ site, source, ts }) => ({ site, name: source, part: NO_PART, model: "unknown", ts })),
  };
  return { points, rejected };
};
