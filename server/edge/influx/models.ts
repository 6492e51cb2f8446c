/**
 * A point's key is site, rig (board) and time, but InfluxDB's has the model tag in it too: a row that comes again after its rig's
 * model became known would stand beside the first and count twice. So the first is taken out.
 */
import type { MeasureName } from "../../twin/measures.ts";
import { NO_PART, type SeriesName } from "../../twin/series.ts";
import type { Sifted } from "../../twin/sift.ts";
import { WINDOW_MS, type Window } from "../../twin/tiers.ts";
import type { Ask, Table } from "./ask.ts";
import { measurementOf } from "./lines.ts";
import { ofSite, within } from "./select.ts";

const TAGGED: readonly MeasureName[] = ["rig", "board"];
/** DELETE statements in one request. */
const MOST = 100;

/** Newest time of each model of a rig or board. */
export type Models = Map<string, Map<string, number>>;

/** Rows of one series that are to go; half-open. */
export interface Stale extends SeriesName {
  readonly measurement: string;
  readonly from: number;
  readonly to: number;
}

const keyOf = (measure: MeasureName, site: string, name: string, part: number): string => `${measure}\n${site}\n${name}\n${part}`;

const byModel = (measure: MeasureName): string => `GROUP BY "site", "rig", "model"${measure === "board" ? ', "board"' : ""}`;
const nameOf = ({ tags: { site = "", rig = "", model = "", board } }: Table): SeriesName => ({
  site,
  name: rig,
  part: board === undefined ? NO_PART : Number(board),
  model,
});

export const loadModels = async (ask: Ask): Promise<Models> => {
  const models: Models = new Map();
  for (const measure of TAGGED) {
    const [tables = []] = await ask([`SELECT last("readings") FROM "${measure}" ${byModel(measure)}`]);
    for (const table of tables) {
      const { site, name, part, model } = nameOf(table);
      note(models, keyOf(measure, site, name, part), model, Number(table.values[0]?.[0] ?? 0));
    }
  }
  return models;
};

const note = (models: Models, key: string, model: string, ts: number): void => {
  const known = models.get(key);
  if (known === undefined) models.set(key, new Map([[model, ts]]));
  else if (ts > (known.get(model) ?? -1)) known.set(model, ts);
};

/** What these points replace under another model's name; their models are remembered. */
export const replacedBy = (models: Models, points: Sifted["points"]): Stale[] => {
  const stale: Stale[] = [];
  for (const measure of TAGGED) {
    const { series, of, ts: times } = points[measure];
    const keys = series.map(({ site, name, part }) => keyOf(measure, site, name, part));
    of.forEach((place, at) => {
      const { site = "", name = "", part = NO_PART, model = "" } = series[place] ?? {};
      const [key, ts] = [keys[place] ?? "", times[at] ?? 0];
      for (const [other, newestTs] of models.get(key) ?? [])
        if (other !== model && newestTs >= ts) stale.push({ measurement: measure, site, name, part, model: other, from: ts, to: ts + 1 });
      note(models, key, model, ts);
    });
  }
  return stale;
};

/** Whether a rig or board has rows from `fromTs` on under more than one name. */
const hasSeveral = (models: Models, measure: MeasureName, fromTs: number): boolean => {
  for (const [key, newestTs] of models) {
    if (newestTs.size < 2 || !key.startsWith(`${measure}\n`)) continue;
    let names = 0;
    for (const ts of newestTs.values()) if (ts >= fromTs) names += 1;
    if (names > 1) return true;
  }
  return false;
};

/**
 * Rows of a window under names that none of the finer rows has any more, where those of the same rig or board have another; `rows` are
 * the names of the finer ones. `isKnown`: the models know of all that was replaced in the window since it was rolled up.
 */
export const replacedIn = async (
  { ask, models, site: of }: { readonly ask: Ask; readonly models: Models; readonly site: string | null },
  measure: MeasureName,
  window: Window,
  start: number,
  rows: readonly SeriesName[],
  isKnown: boolean,
): Promise<Stale[]> => {
  if (!TAGGED.includes(measure) || (isKnown && !hasSeveral(models, measure, start))) return [];
  const range = { from: start, to: start + WINDOW_MS[window] };
  const measurement = measurementOf(measure, window);
  const { where, bound } = ofSite(of);
  const [tables = []] = await ask([`SELECT "readings" FROM "${measurement}" WHERE ${within(range)}${where} ${byModel(measure)}`], bound);
  const now = new Map<string, Set<string>>();
  for (const { site, name, part, model } of rows) {
    const key = keyOf(measure, site, name, part);
    const names = now.get(key);
    if (names === undefined) now.set(key, new Set([model]));
    else names.add(model);
  }
  return tables
    .map(nameOf)
    .filter(({ site, name, part, model }) => now.get(keyOf(measure, site, name, part))?.has(model) === false)
    .map((name) => ({ ...name, measurement, ...range }));
};

/** Takes them out. */
export const takeOut = async (ask: Ask, stale: readonly Stale[]): Promise<void> => {
  for (let from = 0; from < stale.length; from += MOST) {
    const some = stale.slice(from, from + MOST);
    await ask(
      some.map(
        ({ measurement, part, ...range }, i) =>
          `DELETE FROM "${measurement}" WHERE "site" = $s${i} AND "rig" = $r${i} AND "model" = $m${i}${part === NO_PART ? "" : ` AND "board" = '${part}'`} AND ${within(range)}`,
      ),
      Object.fromEntries(
        some.flatMap(({ site, name, model }, i) => [
          [`s${i}`, site],
          [`r${i}`, name],
          [`m${i}`, model],
        ]),
      ),
    );
  }
};
