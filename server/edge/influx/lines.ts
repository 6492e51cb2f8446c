/** Rows as InfluxDB line protocol, precision ms. Every field is a float, also counters: one integer would fix the field's type for good. */
import { meterAndSource } from "../../twin/energy-series.ts";
import { MEASURES, valueOf, type Field, type MeasureName } from "../../twin/measures.ts";
import { NO_PART, type SeriesName } from "../../twin/series.ts";
import { TIME_END, type Points } from "../../twin/sift.ts";
import type { Tier, Window } from "../../twin/tiers.ts";
import type { Figures } from "./figures.ts";

export interface Line {
  readonly text: string;
  /** What a rejected point is called; null for our own marks. */
  readonly label: string | null;
}

/** Comma, space and equals sign are escaped in a tag; control characters and backslashes never come here (sift.ts). */
const tag = (value: string): string => value.replace(/[, =]/g, "\\$&");

export const measurementOf = (measure: MeasureName, tier: Tier): string => (tier === "raw" ? measure : `${measure}_${tier}`);

const energyTags = (site: string, name: string): string => {
  const { meter, source } = meterAndSource(name);
  return `${meter === "" ? "" : `meter=${tag(meter)},`}site=${tag(site)},source=${tag(source)}`;
};

const tagsOf = (measure: MeasureName, { site, name, part, model }: SeriesName): string =>
  measure === "site_energy"
    ? energyTags(site, name)
    : `${part === NO_PART ? "" : `board=${part},`}model=${tag(model)},rig=${tag(name)},site=${tag(site)}`;

/** `readings` is 1 in every raw row, so that rows can be counted whatever a device leaves out. */
export const rawLines = ({ measure, series, of, ts, steps }: Points): Line[] => {
  const { fields } = MEASURES[measure];
  const heads = series.map((key) => ({
    tags: `${measure},${tagsOf(measure, key)} readings=1`,
    label: `${measure} ${key.site}/${key.name}${key.part === NO_PART ? "" : `/${key.part}`}`,
  }));
  return Array.from(of, (place, at) => {
    const head = heads[place];
    let text = head?.tags ?? "";
    fields.forEach((field, i) => {
      const step = steps[at * fields.length + i] ?? NaN;
      if (!Number.isNaN(step)) text += `,${field.name}=${valueOf(field, step)}`;
    });
    return { text: `${text} ${ts[at]}`, label: `${head?.label} @${ts[at]}` };
  });
};

export const tierLine = (
  measure: MeasureName,
  window: Window,
  key: SeriesName,
  ts: number,
  fields: readonly Field[],
  row: Figures,
): Line => ({
  text: `${measurementOf(measure, window)},${tagsOf(measure, key)} ${[
    `readings=${row.readings}`,
    ...fields.flatMap((field, i) => {
      const figure = row.each[i];
      return figure === undefined || figure.n === 0
        ? []
        : [
            `${field.name}_n=${figure.n},${field.name}_min=${valueOf(field, figure.min)},${field.name}_max=${valueOf(field, figure.max)},${field.name}_sum=${valueOf(field, figure.sum)}`,
          ];
    }),
  ].join(",")} ${ts}`,
  label: null,
});

export const siteLine = (site: string, widthMs: number, ts: number, fields: Readonly<Record<string, number | null>>): Line => ({
  text: `site,site=${tag(site)},width=${widthMs} ${Object.entries(fields)
    .flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]))
    .join(",")} ${ts}`,
  label: null,
});

export const dirtyLine = (keeper: string, window: Window, start: number, dirty: boolean): Line => ({
  text: `rigtwin_dirty,keeper=${tag(keeper)},window=${window} dirty=${dirty ? 1 : 0} ${start}`,
  label: null,
});

/** One point for each keeper, at an instant that no retention reaches. */
export const marksLine = (keeper: string, marks: Readonly<Record<string, number>>): Line => ({
  text: `rigtwin_cursor,keeper=${tag(keeper)} ${Object.entries(marks)
    .map(([name, value]) => `${name}=${value}`)
    .join(",")} ${TIME_END}`,
  label: null,
});
