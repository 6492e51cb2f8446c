/** What a series store does to a batch before it writes: refuses what can never be kept, brings values into steps, drops doubles. */
import { MEASURES, stepsOf, type Field, type MeasureName } from "./measures.ts";
import { Refused } from "./refusal.ts";
import { NO_PART, type RejectedPoint, type Rows, type SeriesBatch, type SeriesName } from "./series.ts";

/** The points of a measure that are kept, in columns, each key once. */
export interface Points {
  readonly measure: MeasureName;
  readonly series: readonly SeriesName[];
  /** Of each point, its place in `series`. */
  readonly of: Int32Array;
  readonly ts: Float64Array;
  /** Whole steps of each field's decimals, as many a point as the measure has fields; NaN where nothing was told. */
  readonly steps: Float64Array;
}
export interface Sifted {
  readonly points: Readonly<Record<MeasureName, Points>>;
  readonly rejected: readonly RejectedPoint[];
}

/** Where a batch follows on a position that the store has not got to: whoever sent it asks where it stands. */
export const lacks = (after: number, upTo: number): Refused =>
  new Refused(
    "STORE_UNAVAILABLE",
    `The series store was at position ${after} and is at ${upTo}: what it lacks is read again from the journal.`,
  );

/** First instant that a series store does not take: 2100. */
export const TIME_END = 4_102_444_800_000;
/** Influx ends a tag at a newline and cannot keep a backslash before a separator. */
const FORBIDDEN = /[\u0000-\u001f\u007f\\]/g;
const MOST_NAME = 256;
const MOST_BOARDS = 256;

const nameFault = (what: string, name: string): string | null =>
  name === ""
    ? `${what} is empty`
    : name.length > MOST_NAME
      ? `${what} is longer than ${MOST_NAME} characters`
      : name.search(FORBIDDEN) >= 0
        ? `${what} has a control character or a backslash`
        : null;

/** A model is what a machine calls itself: whatever that is, it is no reason to lose its readings. */
const plainModel = (model: string): string => model.replace(FORBIDDEN, " ").slice(0, MOST_NAME).trim() || "unknown";

const seriesFault = (measure: MeasureName, { site, name, part }: SeriesName): string | null =>
  nameFault("site", site) ??
  nameFault("name", name) ??
  (measure === "board" && !(Number.isInteger(part) && part >= 0 && part < MOST_BOARDS) ? "board is not 0 to 255" : null);

const timeFault = (ts: number, rawFromTs: number): string | null =>
  !(Number.isInteger(ts) && ts >= 0 && ts < TIME_END)
    ? "ts is not a whole ms between 1970 and 2100"
    : ts < rawFromTs
      ? "older than the raw rows that are kept"
      : null;

const pointsOf = (measure: MeasureName, rows: Rows, rawFromTs: number, rejected: RejectedPoint[]): Points => {
  const { fields } = MEASURES[measure];
  const { series, count } = rows;
  const width = fields.length;
  const of = new Int32Array(count);
  const times = new Float64Array(count);
  const steps = new Float64Array(count * width);
  const faults = series.map((name) => seriesFault(measure, name));
  const newestTs = new Float64Array(series.length).fill(-1);
  /** Of each series, points by time, once one came that is not its newest. */
  const byTs: (Map<number, number> | undefined)[] = [];
  let kept = 0;

  const labelOf = (place: number, ts: number): string => {
    const { site, name, part } = series[place] as SeriesName;
    return `${measure} ${site}/${name}${part === NO_PART ? "" : `/${part}`} @${ts}`;
  };
  /** Where a point of this time stands already, or -1. */
  const doubleOf = (place: number, ts: number): number => {
    let known = byTs[place];
    if (known === undefined) {
      known = new Map();
      for (let at = 0; at < kept; at++) if (of[at] === place) known.set(times[at] ?? 0, at);
      byTs[place] = known;
    }
    return known.get(ts) ?? -1;
  };

  for (let row = 0; row < count; row++) {
    const place = rows.of[row] ?? 0;
    const ts = rows.ts[row] ?? NaN;
    const fault = faults[place] ?? timeFault(ts, rawFromTs);
    if (fault !== null) {
      rejected.push({ point: labelOf(place, ts), reason: fault });
      continue;
    }
    const isNewest = ts > (newestTs[place] ?? -1);
    let at = isNewest ? -1 : doubleOf(place, ts);
    if (at < 0) {
      at = kept++;
      of[at] = place;
      times[at] = ts;
      byTs[place]?.set(ts, at);
    }
    if (isNewest) newestTs[place] = ts;
    for (let i = 0; i < width; i++) {
      const field = fields[i] as Field;
      const value = rows.values[row * width + i] ?? NaN;
      const step = Number.isNaN(value) ? NaN : stepsOf(field, value);
      if (step === null)
        rejected.push({
          point: `${labelOf(place, ts)} ${field.name}`,
          reason: `${value} is not finite or out of range; the other fields are kept`,
        });
      steps[at * width + i] = step ?? NaN;
    }
  }
  return {
    measure,
    series: series.map((name) => {
      const model = plainModel(name.model);
      return model === name.model ? name : { ...name, model };
    }),
    of: of.subarray(0, kept),
    ts: times.subarray(0, kept),
    steps: steps.subarray(0, kept * width),
  };
};

/** `rawFromTs`: raw rows before it are gone, so that a window there cannot be computed again. */
export const sift = ({ rows }: SeriesBatch, rawFromTs: number): Sifted => {
  const rejected: RejectedPoint[] = [];
  const of = (measure: MeasureName): Points => pointsOf(measure, rows[measure], rawFromTs, rejected);
  return { points: { rig: of("rig"), board: of("board"), site_energy: of("site_energy") }, rejected };
};
