/** What an operator said an unknown topic means: which rig, and which field stands where in the payload. */
import { refusal, type Refusal } from "../refusal.ts";
import { NAME_PATTERN } from "../wire.ts";
import { isObject, keptOf, rigNameFrom, timeOf, type Heard, type Memory, type Told } from "./dialect.ts";
import { FIELDS, readFields, scaled, type Meaning } from "./fields.ts";
import { readingOf } from "./reading-of.ts";

/** `path` is a JSON path of names and numbers ("$.miner.hr", "$.boards[0].temp"), "$" for the payload itself. */
export interface MappedField {
  readonly path: string;
  readonly field: string;
  /** One unit of the payload's is so many of the field's: 0.001 for GH/s in TH/s. */
  readonly factor: number;
}
export interface Mapping {
  /** An MQTT filter; what stands at its first `+` may be used in `rig` as `{1}`, at its second as `{2}`. */
  readonly topic: string;
  /** A rig's name, or a meter's where the only field is powerW and `as` says so. */
  readonly rig: string;
  readonly as: "rig" | "meter";
  readonly fields: readonly MappedField[];
}
/** A mapping in force, and who made it when; both unknown of those made before this was kept. */
export interface KeptMapping extends Mapping {
  readonly by?: string;
  /** ms UTC. */
  readonly atTs?: number;
}

const PATH = /^\$(?:\.[A-Za-z0-9_ %:-]{1,64}|\[\d{1,4}\]|\['[^']{1,64}'\])*$/;
const FIELD = /^(?:fans\.\d{1,2}\.rpm|boards\.(?:\d|1[0-5])\.[A-Za-z]+)$/;
const MOST_FIELDS = 100;

/** Checks a mapping: PAYLOAD_INVALID with the field's name where it cannot be used. */
export const mappingFault = (mapping: Mapping): Refusal | null => {
  const wrong = (what: string): Refusal => refusal("REQUEST_INVALID", what);
  const { topic, rig, fields } = mapping;
  if (topic === "" || topic.length > 300 || /^(?:\$|rigtwin\/)/.test(topic) || /#./.test(topic) || /[^/]#|[^/]\+|\+[^/]/.test(topic))
    return wrong("topic: must be an MQTT filter of somebody else's topics.");
  if (!NAME_PATTERN.test(rig.replace(/\{\d\}/g, "x"))) return wrong("rig: must be a name; {1} stands for the first + of the topic.");
  if (fields.length === 0 || fields.length > MOST_FIELDS) return wrong(`fields: 1 to ${MOST_FIELDS} of them.`);
  for (const [i, { path, field, factor }] of fields.entries()) {
    if (!PATH.test(path)) return wrong(`fields[${i}].path: must be like $.miner.hashrate or $.boards[0].temp.`);
    if (FIELDS[field] === undefined && !FIELD.test(field)) return wrong(`fields[${i}].field: there is no "${field.slice(0, 40)}".`);
    if (!Number.isFinite(factor) || factor === 0) return wrong(`fields[${i}].factor: must be a number other than 0.`);
  }
  if (mapping.as === "meter" && !fields.some(({ field }) => field === "powerW")) return wrong("fields: a meter needs powerW.");
  return null;
};

/** What stands at the filter's wildcards, null where the topic does not fit. */
export const matchOf = (filter: string, levels: readonly string[]): readonly string[] | null => {
  const wanted = filter.split("/");
  const caught: string[] = [];
  for (const [i, level] of wanted.entries()) {
    if (level === "#") return caught;
    const is = levels[i];
    if (is === undefined || (level !== "+" && level !== is)) return null;
    if (level === "+") caught.push(is);
  }
  return wanted.length === levels.length ? caught : null;
};

/** What stands at a JSON path, undefined where nothing does. */
export const valueAt = (json: unknown, path: string): unknown => {
  let at: unknown = json;
  for (const [, name, index, quoted] of path.matchAll(/\.([^.[]+)|\[(\d+)\]|\['([^']*)'\]/g)) {
    const key = name ?? quoted;
    if (index !== undefined) at = Array.isArray(at) ? (at as readonly unknown[])[Number(index)] : undefined;
    else at = isObject(at) && key !== undefined && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return at;
};

/** Reads a message by the first mapping that fits; null where none does. Changes `memory`. */
export const hearMapped = (heard: Heard, mappings: readonly Mapping[], memory: Memory): readonly Told[] | null => {
  for (const mapping of mappings) {
    const caught = matchOf(mapping.topic, heard.levels);
    if (caught === null) continue;
    const rig = rigNameFrom(mapping.rig.replace(/\{(\d)\}/g, (_, n: string) => caught[Number(n) - 1] ?? ""));
    if (rig === null) return [];
    const kept = keptOf(memory, `mapped ${mapping.as} ${rig}`);
    let says = false;
    for (const { path, field, factor } of mapping.fields) {
      const value = valueAt(heard.json === undefined ? heard.text : heard.json, path);
      if (value === undefined || (typeof value === "object" && value !== null)) continue;
      const meaning: Meaning = { field, factor, offset: 0 };
      kept.values[field] = scaled(meaning, value);
      says = true;
    }
    if (!says) return [];
    const ts = timeOf(kept, heard.receivedTs);
    const read = readFields(new Map(Object.entries(kept.values)));
    if (mapping.as === "rig") return [readingOf(heard.site, rig, "mapped", ts, heard.receivedTs, read)];
    const { powerW } = read.measured;
    return powerW === null ? [] : [{ kind: "meter", meter: { meter: rig, ts, powerW, totalKwh: null, format: "mapped" } }];
  }
  return null;
};
