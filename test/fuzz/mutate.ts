/** What damaged memory, other firmware, other languages and other units make of an answer. The same draw gives the same answer. */
import { mix, unit } from "../../simulators/plant/chance.ts";

/** What stands where a value should be. */
export const ODD: readonly unknown[] = [
  null,
  "",
  "nan",
  "NaN",
  "-inf",
  "1e999",
  "abc",
  "483k",
  "0x1F",
  "12,5",
  "N/A",
  "--",
  -1,
  0,
  255,
  -273,
  -40,
  127,
  65_535,
  4_294_967_295,
  1e308,
  -1e308,
  1e-320,
  2 ** 53,
  0.5,
  true,
  false,
  [],
  {},
  [[]],
  [null],
  [{}],
  ["1-2-3"],
  { a: {} },
  "-1--2--3",
  "\u0000",
  "🔥",
  "x".repeat(5_000),
  "Ver[",
  "PVT_T0[1 2",
  "}{",
  "[",
  "'20210322.22.REL'",
  "0-0-0-0",
  "255-255-255-255",
  "2015-01-01T00:00:37Z",
  "__proto__",
];
/** GH/s where MH/s stood, millivolts where volts stood, Fahrenheit where Celsius stood. */
const SCALES = [1e-6, 1e-3, 1e3, 1e6, 1e9, 1e12, -1, 1.8];

const changed = (value: unknown, draw: number): unknown => {
  const kind = Math.floor(unit(draw, 11) * 6);
  if (kind === 0) return ODD[Math.floor(unit(draw, 12) * ODD.length)];
  if (kind === 1 && typeof value === "number") return value * (SCALES[Math.floor(unit(draw, 13) * SCALES.length)] ?? 1);
  if (kind === 2)
    return typeof value === "number"
      ? String(value)
      : typeof value === "string"
        ? Number(value)
        : ODD[Math.floor(unit(draw, 14) * ODD.length)];
  if (kind === 3 && Array.isArray(value)) return (value as unknown[]).concat(value as unknown[]);
  if (kind === 4 && Array.isArray(value)) return (value as unknown[]).slice(0, Math.floor(unit(draw, 15) * value.length));
  if (kind === 5 && typeof value === "string") return value.slice(0, Math.floor(unit(draw, 16) * value.length));
  return ODD[Math.floor(unit(draw, 17) * ODD.length)];
};

const misspelt = (name: string, draw: number): string => {
  const at = Math.floor(unit(draw, 21) * name.length);
  return (
    [`${name.slice(0, at)}${name.slice(at + 1)}`, name.toLowerCase(), name.replaceAll(" ", "_"), `${name}%`][
      Math.floor(unit(draw, 22) * 4)
    ] ?? name
  );
};

/** Walks down at random and changes what it ends at; copies what it passes. */
const hit = (value: unknown, draw: number, depth: number): unknown => {
  const stop = depth > 1 && unit(draw, 3) < 0.25;
  if (stop || typeof value !== "object" || value === null) return changed(value, draw);
  const next = mix(draw, 7);
  if (Array.isArray(value)) {
    if (value.length === 0) return changed(value, draw);
    const at = Math.floor(unit(draw, 4) * value.length);
    return (value as unknown[]).map((item, i) => (i === at ? hit(item, next, depth + 1) : item));
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return changed(value, draw);
  const at = Math.floor(unit(draw, 5) * entries.length);
  const how = unit(draw, 6);
  return Object.fromEntries(
    entries.flatMap(([name, item], i): [string, unknown][] => {
      if (i !== at) return [[name, item]];
      if (how < 0.08) return [];
      if (how < 0.16) return [[misspelt(name, draw), item]];
      return [[name, hit(item, next, depth + 1)]];
    }),
  );
};

/** Text as it may really come: cut off, doubled commas, missing ones, bytes that flipped. */
const broken = (value: unknown, draw: number): string => {
  const text = JSON.stringify(value) ?? "";
  const at = Math.floor(unit(draw, 31) * text.length);
  const kinds = [
    () => text.slice(0, at),
    () => text.replace("},{", "}{"),
    () => `${text}\0`,
    () => `${text.slice(0, at)}${String.fromCharCode(32 + Math.floor(unit(draw, 32) * 95))}${text.slice(at + 1)}`,
    () => `${text.slice(0, at)},,${text.slice(at)}`,
    () => text + text,
    () => text.replaceAll('"', "'"),
  ];
  return kinds[Math.floor(unit(draw, 33) * kinds.length)]?.() ?? text;
};

/** One to four changes in a machine's answers; now and then one is lost, or comes as broken text. */
export const mutated = (answers: Readonly<Record<string, unknown>>, draw: number): Readonly<Record<string, unknown>> => {
  let now: unknown = answers;
  const times = 1 + Math.floor(unit(draw, 41) * 4);
  for (let i = 0; i < times; i++) now = hit(now, mix(draw, 100 + i), 0);
  if (typeof now !== "object" || now === null || Array.isArray(now)) return { answer: now };
  return Object.fromEntries(
    Object.entries(now).flatMap(([name, answer], i): [string, unknown][] => {
      const luck = unit(draw, 50 + i);
      if (luck < 0.05) return [];
      return [[name, luck < 0.15 ? broken(answer, mix(draw, 60 + i)) : answer]];
    }),
  );
};
