/**
 * A point's key is site, rig (board) and time, but InfluxDB's has the model tag in it too: a row that comes again after its rig's
 * model became known would stand beside the first and count twice. So the first is taken out.
 */
import type { MeasureName } from "../../twin/measures.ts";
import { NO_PART } from "../../twin/series.ts";
import type { Sifted } from "../../twin/sift.ts";
import type { Ask } from "./ask.ts";

const TAGGED: readonly MeasureName[] = ["rig", "board"];
/** DELETE statements in one request. */
const MOST = 100;

/** Newest time of each model of a rig or board. */
export type Models = Map<string, Map<string, number>>;

const keyOf = (measure: MeasureName, site: string, name: string, part: number): string => `${measure}\n${site}\n${name}\n${part}`;

export const loadModels = async (ask: Ask): Promise<Models> => {
  const models: Models = new Map();
  for (const measure of TAGGED) {
    const [tables = []] = await ask([
      `SELECT last("readings") FROM "${measure}" GROUP BY "site", "rig", "model"${measure === "board" ? ', "board"' : ""}`,
    ]);
    for (const { tags, values } of tables) {
      const { site = "", rig = "", model = "", board } = tags;
      note(models, keyOf(measure, site, rig, board === undefined ? NO_PART : Number(board)), model, Number(values[0]?.[0] ?? 0));
    }
  }
  return models;
};

const note = (models: Models, key: string, model: string, ts: number): void => {
  const known = models.get(key);
  if (known === undefined) models.set(key, new Map([[model, ts]]));
  else if (ts > (known.get(model) ?? -1)) known.set(model, ts);
};

/** Takes out what these points replace under another model's name, and remembers their models. */
export const replaceModels = async (ask: Ask, models: Models, points: Sifted["points"]): Promise<void> => {
  const stale: { readonly where: (i: number) => string; readonly bound: (i: number) => Record<string, string> }[] = [];
  for (const measure of TAGGED) {
    const { series, of, ts: times } = points[measure];
    const keys = series.map(({ site, name, part }) => keyOf(measure, site, name, part));
    of.forEach((place, at) => {
      const { site = "", name = "", part = NO_PART, model = "" } = series[place] ?? {};
      const [key, ts] = [keys[place] ?? "", times[at] ?? 0];
      for (const [other, newestTs] of models.get(key) ?? [])
        if (other !== model && newestTs >= ts)
          stale.push({
            where: (i) =>
              `DELETE FROM "${measure}" WHERE "site" = $s${i} AND "rig" = $r${i} AND "model" = $m${i}${part === NO_PART ? "" : ` AND "board" = '${part}'`} AND time >= ${ts}ms AND time <= ${ts}ms`,
            bound: (i) => ({ [`s${i}`]: site, [`r${i}`]: name, [`m${i}`]: other }),
          });
      note(models, key, model, ts);
    });
  }
  for (let from = 0; from < stale.length; from += MOST) {
    const some = stale.slice(from, from + MOST);
    await ask(
      some.map(({ where }, i) => where(i)),
      Object.assign({}, ...some.map(({ bound }, i) => bound(i))) as Record<string, string>,
    );
  }
};
