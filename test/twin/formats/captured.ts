import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readAnswers } from "../../../server/twin/formats/index.ts";
import type { Refusal } from "../../../server/twin/refusal.ts";

type Read = Exclude<ReturnType<typeof readAnswers>, Refusal>;

const ROOT = join(import.meta.dirname, "../../vectors/captures");

export const CAPTURES: readonly string[] = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

/** The answers of one captured machine by file name without ".json". */
export const answersOf = (folder: string): Record<string, unknown> =>
  Object.fromEntries(
    readdirSync(join(ROOT, folder)).map((file) => [
      file.replace(/\.json$/, ""),
      JSON.parse(readFileSync(join(ROOT, folder, file), "utf8")) as unknown,
    ]),
  );

const SHAPES = join(import.meta.dirname, "../../vectors/shapes");
/** Machines whose answers were made for the tests, one file each. */
export const SHAPE_NAMES: readonly string[] = readdirSync(SHAPES).map((file) => file.replace(/\.json$/, ""));
export const shapeOf = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(SHAPES, `${name}.json`), "utf8")) as Record<string, unknown>;

/** Reads answers that must be understood. */
export const read = (answers: Readonly<Record<string, unknown>>): Read => {
  const found = readAnswers(answers);
  if ("code" in found) throw new Error(`${found.code}: ${found.detail}`);
  return found;
};

/** Every number in a value, with its path. */
export const numbersIn = (value: unknown, path = ""): readonly (readonly [string, number])[] => {
  if (typeof value === "number") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, path === "" ? key : `${path}.${key}`));
};
