/** What a series store does to a batch before it writes: refuses what can never be kept, brings values into steps, drops doubles. */
import { MEASURES, stepsOf, type Field, type MeasureName } from "./measures.ts";
import { NO_PART, type RejectedPoint, type Rows, type SeriesBatch } from "./series.ts";

/** Which series points belong to: one rig, one board of a rig, or one energy source. */
export interface SeriesName {
  readonly site: string;
  readonly name: string;
  readonly part: number;
  readonly model: string;
}
/** The points of a measure that are kept, in columns, each key once. */
export interface Points {
  readonly measure: MeasureName;
  readonly series: readonly SeriesName[];
  /** Of each point, its place in `series`. */
  readonly of: readonly number[];
  readonly ts: readonly number[];
  /** Whole steps of each field's decimals, as many a point as the measure has fields; NaN where nothing was told. */
  readonly steps: readonly number[];
}
export interface Sifted {
  readonly points: Readonly<Record<MeasureName, Points>>;
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

const seriesFault = (measure: MeasureName, { site, name, part, model }: SeriesName): string | null =>
  nameFault("site", site) ??
  nameFault("name", name) ??
  (model === "" ? null : nameFault("model", model)) ??
  (measure === "board" && !(Number.isInteger(part) && part >= 0 && part < MOST_BOARDS) ? "board is not 0 to 255" : null);

const timeFault = (ts: number, rawFromTs: number): string | null =>
  !(Number.isInteger(ts) && ts >= 0 && ts < TIME_END)
    ? "ts is not a whole ms between 1970 and 2100"
    : ts < rawFromTs
      ? "older than the raw rows that are kept"
      : null;

/** What is known of a series within the batch. */
interface Place {
  readonly index: number;
  readonly fault: string | null;
  newestTs: number;
  /** Points by time, once one came that is not the newest of its series. */
  byTs: Map<number, number> | null;
}

const pointsOf = (measure: MeasureName, rows: Rows, rawFromTs: number, rejected: RejectedPoint[]): Points => {
  const { fields } = MEASURES[measure];
  const width = fields.length;
  const series: SeriesName[] = [];
  const of: number[] = [];
  const times: number[] = [];
  const steps: number[] = [];
  const sites = new Map<string, Map<string, Place[]>>();

  const partsOf = (site: string, name: string): Place[] => {
    let names = sites.get(site);
    if (names === undefined) sites.set(site, (names = new Map<string, Place[]>()));
    let parts = names.get(name);
    if (parts === undefined) names.set(name, (parts = []));
    return parts;
  };
  const placeOf = (parts: Place[], row: number): Place => {
    const name = { site: rows.site[row] ?? "", name: rows.name[row] ?? "", part: rows.part[row] ?? NO_PART, model: rows.model[row] ?? "" };
    const fault = seriesFault(measure, name);
    const place: Place = { index: series.length, fault, newestTs: -1, byTs: null };
    series.push(name.model === "" ? { ...name, model: "unknown" } : name);
    // A part that is none has no place to be kept at.
    if (fault === null) parts[name.part + 1] = place;
    return place;
  };
  const labelOf = (row: number): string =>
    `${measure} ${rows.site[row]}/${rows.name[row]}${rows.part[row] === NO_PART ? "" : `/${rows.part[row]}`} @${rows.ts[row]}`;
  /** Where a point of this time stands already, or -1. */
  const doubleOf = (place: Place, ts: number): number => {
    if (place.byTs === null) {
      place.byTs = new Map();
      for (let at = 0; at < of.length; at++) if (of[at] === place.index) place.byTs.set(times[at] ?? 0, at);
    }
    return place.byTs.get(ts) ?? -1;
  };

  let lastSite = "";
  let lastName = "";
  let parts: Place[] = [];
  for (let row = 0; row < rows.ts.length; row++) {
    const site = rows.site[row] ?? "";
    const name = rows.name[row] ?? "";
    if (row === 0 || name !== lastName || site !== lastSite) parts = partsOf(site, name);
    lastSite = site;
    lastName = name;
    const place = parts[(rows.part[row] ?? NO_PART) + 1] ?? placeOf(parts, row);
    const ts = rows.ts[row] ?? NaN;
    const fault = place.fault ?? timeFault(ts, rawFromTs);
    if (fault !== null) {
      rejected.push({ point: labelOf(row), reason: fault });
      continue;
    }
    let at = ts > place.newestTs ? -1 : doubleOf(place, ts);
    if (at < 0) {
      at = of.length;
      of.push(place.index);
      times.push(ts);
      place.byTs?.set(ts, at);
    }
    if (ts > place.newestTs) place.newestTs = ts;
    for (let i = 0; i < width; i++) {
      const value = rows.values[row * width + i] ?? NaN;
      const step = Number.isNaN(value) ? NaN : stepsOf(fields[i] as Field, value);
      if (step === null)
        rejected.push({
          point: `${labelOf(row)} ${fields[i]?.name}`,
          reason: `${value} is not finite or out of range; the other fields are kept`,
        });
      steps[at * width + i] = step ?? NaN;
    }
  }
  return { measure, series, of, ts: times, steps };
};

/** `rawFromTs`: raw rows before it are gone, so that a window there cannot be computed again. */
export const sift = ({ rows }: SeriesBatch, rawFromTs: number): Sifted => {
  const rejected: RejectedPoint[] = [];
  const of = (measure: MeasureName): Points => pointsOf(measure, rows[measure], rawFromTs, rejected);
  return { points: { rig: of("rig"), board: of("board"), site_energy: of("site_energy") }, rejected };
};
