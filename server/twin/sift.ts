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

interface Row {
  readonly site: string;
  readonly name: string;
  readonly part: number;
  readonly model: string;
  readonly ts: number;
  readonly values: readonly (number | null)[];
}

const rowFault = (row: Row, rawFromTs: number): string | null =>
  nameFault("site", row.site) ??
  nameFault("name", row.name) ??
  (row.model === "" ? null : nameFault("model", row.model)) ??
  (row.part !== NO_PART && !(Number.isInteger(row.part) && row.part >= 0 && row.part < MOST_BOARDS) ? "board is not 0 to 255" : null) ??
  (!(Number.isInteger(row.ts) && row.ts >= 0 && row.ts < TIME_END) ? "ts is not a whole ms between 1970 and 2100" : null) ??
  (row.ts < rawFromTs ? "older than the raw rows that are kept" : null);

/** `rawFromTs`: raw rows before it are gone, so that a window there cannot be computed again. */
export const sift = (batch: SeriesBatch, rawFromTs: number): Sifted => {
  const rejected: RejectedPoint[] = [];
  const kept = (measure: MeasureName, rows: readonly Row[]): readonly Point[] => {
    const fields = MEASURES[measure].fields;
    const byKey = new Map<string, Point>();
    for (const row of rows) {
      const part = row.part === NO_PART ? "" : `/${row.part}`;
      const label = `${measure} ${row.site}/${row.name}${part} @${row.ts}`;
      const fault = rowFault(row, rawFromTs);
      if (fault !== null) {
        rejected.push({ point: label, reason: fault });
        continue;
      }
      const steps = fields.map((field: Field, i) => {
        const value = row.values[i] ?? null;
        if (value === null) return null;
        const kept = stepsOf(field, value);
        if (kept === null)
          rejected.push({ point: `${label} ${field.name}`, reason: `${value} is not finite or out of range; the other fields are kept` });
        return kept;
      });
      byKey.set(`${row.site}\n${row.name}\n${row.part}\n${row.ts}`, {
        site: row.site,
        name: row.name,
        part: row.part,
        model: row.model === "" ? "unknown" : row.model,
        ts: row.ts,
        steps,
      });
    }
    return [...byKey.values()];
  };
  const points = {
    rig: kept(
      "rig",
      batch.rigs.map((row) => ({ ...row, name: row.rig, part: NO_PART })),
    ),
    board: kept(
      "board",
      batch.boards.map((row) => ({ ...row, name: row.rig, part: row.board })),
    ),
    site_energy: kept(
      "site_energy",
      batch.energy.map((row) => ({ ...row, name: row.source, part: NO_PART, model: "" })),
    ),
  };
  return { points, rejected };
};
