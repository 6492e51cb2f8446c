/** A machine's answers laid out for the formats: found by what is in them, never by what their file or command was called. */
import { parseAnswerText } from "./text.ts";

export type Json = Readonly<Record<string, unknown>>;

export interface Answers {
  /** Every object that is an answer, or stands where answers stand. */
  readonly parts: readonly Json[];
  /** Arrays that are an answer of their own. */
  readonly lists: readonly (readonly unknown[])[];
  /** What is neither JSON nor to be mended, e.g. "miner power:5432". */
  readonly texts: readonly string[];
}

export const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

const MOST_PARTS = 500;
/** No machine has so many boards, chips or pools; what is longer was not written by one. */
const MOST_ITEMS = 4_096;

/** Lays out answers: text is parsed (and mended), arrays and joined commands (`{"summary": [{…}]}`) are opened. */
export const layOut = (answers: Readonly<Record<string, unknown>>): Answers => {
  const parts: Json[] = [];
  const lists: (readonly unknown[])[] = [];
  const texts: string[] = [];
  const take = (value: unknown, depth: number): void => {
    if (parts.length >= MOST_PARTS || depth > 3) return;
    if (typeof value === "string") {
      const parsed = parseAnswerText(value);
      if (typeof parsed === "object" && parsed !== null) take(parsed, depth + 1);
      else texts.push(value.slice(0, 10_000));
    } else if (Array.isArray(value)) {
      lists.push(value);
      for (const item of value as readonly unknown[]) if (isObject(item)) take(item, depth + 1);
    } else if (isObject(value)) {
      parts.push(value);
      for (const inner of Object.values(value)) {
        if (Array.isArray(inner) && inner.some((item) => isObject(item) && ("STATUS" in item || "desc" in item))) take(inner, depth + 1);
      }
    }
  };
  for (const value of Object.values(answers)) take(value, 0);
  // the answers may themselves be one answer, sent without a command's name
  if (parts.length < MOST_PARTS) parts.push(answers);
  return { parts, lists, texts };
};

/** All rows of a cgminer section ("SUMMARY", "STATS", …), whatever answer they came in. */
export const rowsOf = (answers: Answers, section: string): readonly Json[] => {
  const rows: Json[] = [];
  for (const part of answers.parts) {
    const value = part[section];
    if (Array.isArray(value)) rows.push(...objects(value));
    else if (isObject(value)) rows.push(value);
  }
  return rows.slice(0, MOST_ITEMS);
};

/** The first part for which `fits` holds. */
export const partWhere = (answers: Answers, fits: (part: Json) => boolean): Json | null => answers.parts.find(fits) ?? null;

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");
const indexes = new WeakMap<Json, ReadonlyMap<string, unknown>>();
const indexOf = (row: Json): ReadonlyMap<string, unknown> => {
  let index = indexes.get(row);
  if (index === undefined) {
    const made = new Map<string, unknown>();
    for (const [name, value] of Object.entries(row)) if (!made.has(plain(name))) made.set(plain(name), value);
    indexes.set(row, made);
    index = made;
  }
  return index;
};

/** The first of these fields that is there; spelt exactly, else without case, spaces and signs ("Chip Temp Max" = "chip-temp-max"). */
export const get = (row: Json | null | undefined, ...names: readonly string[]): unknown => {
  if (row === null || row === undefined) return undefined;
  for (const name of names) if (Object.hasOwn(row, name)) return row[name];
  const index = indexOf(row);
  for (const name of names) {
    const value = index.get(plain(name));
    if (value !== undefined) return value;
  }
  return undefined;
};

/** Follows field names inwards; undefined where one is missing. */
export const dig = (value: unknown, ...names: readonly string[]): unknown => {
  let at: unknown = value;
  for (const name of names) {
    if (!isObject(at)) return undefined;
    at = get(at, name);
  }
  return at;
};

export const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as readonly unknown[]).slice(0, MOST_ITEMS) : [];
export const objects = (value: unknown): readonly Json[] => list(value).filter(isObject);

const NUMBER_TEXT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/;
const SCALE: Readonly<Record<string, number>> = { k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 };

/**
 * A number as machines write it: 12, "12", "72%", "5000 W", " 11.8 V", "483k". Null where nothing is said (absent, null, "", "N/A",
 * "-"), NaN where something is said that is no number.
 */
export const num = (value: unknown): number | null => {
  if (typeof value === "number") return Number.isFinite(value) ? value : Number.NaN;
  if (typeof value !== "string") return value === undefined || value === null ? null : Number.NaN;
  const text = value.trim().replace(/^['"]|['"]$/g, "");
  if (text === "" || /^(?:n\/?a|null|none|unknown|-+)$/i.test(text)) return null;
  const found = NUMBER_TEXT.exec(text)?.[0];
  if (found === undefined) return Number.NaN;
  const rest = text.slice(found.length).trim();
  const scale = rest.length === 1 ? (SCALE[rest] ?? 1) : 1;
  const number = Number(found) * scale;
  return Number.isFinite(number) ? number : Number.NaN;
};

/** The numbers of an array, or of a text that lists them: "47-34--2-47", "66  65 63". */
export const nums = (value: unknown): readonly number[] => {
  if (Array.isArray(value)) return list(value).map((item) => num(item) ?? Number.NaN);
  if (typeof value === "number") return [value];
  if (typeof value !== "string") return [];
  const text = value.trim();
  if (text === "") return [];
  const apart = /\s/.test(text) ? text.split(/\s+/) : (text.match(/(?:^-|(?<=-)-)?[^-]+/g) ?? []);
  return apart.slice(0, MOST_ITEMS).map((item) => num(item) ?? Number.NaN);
};

/** A short text without quotes and NULs; null for what is empty or only says that there is nothing. */
export const txt = (value: unknown, most = 128): string | null => {
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  if (typeof value !== "string") return null;
  const text = value
    .replace(/[\u0000-\u001f]/g, "")
    .trim()
    .replace(/^(['"])(.*)\1$/, "$2")
    .trim()
    .slice(0, most);
  return text === "" || /^(?:null|none|n\/a|unknown|undefined|<.*>)$/i.test(text) ? null : text;
};

/** true/false as machines write it: true, "true", 1, "1", "Y"; null where it is not said. */
export const truth = (value: unknown): boolean | null => {
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return value !== 0;
  if (typeof value !== "string" || value.trim() === "") return null;
  if (/^(?:true|y|yes|1|on|enabled?|alive)$/i.test(value.trim())) return true;
  return /^(?:false|n|no|0|off|disabled?|dead)$/i.test(value.trim()) ? false : null;
};

const MAC = /^(?:[0-9a-f]{2}([:-]?))(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i;
/** "aabbccddeeff", "AA-BB-…" → "AA:BB:CC:DD:EE:FF"; null where it is none. */
export const mac = (value: unknown): string | null => {
  const text = txt(value);
  return text === null || !MAC.test(text) ? null : (text.replace(/[:-]/g, "").toUpperCase().match(/../g) ?? []).join(":");
};

/** How many TH/s one of this unit is: "GH", "GH/s", "MHS 5s"; null where the text names none. */
export const inThs = (unit: unknown): number | null => {
  const found = /([kKMGTPE]?)H(?:\/?s|S)?(?:ash)?/i.exec(typeof unit === "string" ? unit : "")?.[1];
  if (found === undefined) return null;
  return { "": 1e-12, K: 1e-9, M: 1e-6, G: 1e-3, T: 1, P: 1e3, E: 1e6 }[found.toUpperCase()] ?? null;
};

/** The hash rate in TH/s of the first field that is there; the unit is the field's first letters ("GHS av", "MHS 5s"). */
export const rate = (row: Json | null | undefined, ...names: readonly string[]): number | null => {
  for (const name of names) {
    const value = num(get(row, name));
    if (value !== null) return value * (inThs(name) ?? Number.NaN);
  }
  return null;
};
