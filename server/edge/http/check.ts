/** Requests against their schemas. */
import { z } from "zod";
import { Refused } from "../../twin/refusal.ts";

const MOST_FAULTS = 5;
const RANGE = new Set(["from", "to", "points"]);

type Issue = z.core.$ZodIssue;

const sentence = (where: string, issue: Issue): string => `${[where, ...issue.path.map(String)].join(".")}: ${issue.message}`;

/** A range that is out of bounds has a code of its own; a word instead of a number has not. */
const outOfRange = ({ code, path }: Issue): boolean => RANGE.has(String(path[0])) && (code === "too_big" || code === "too_small");

/** Gives `value` as the schema reads it. Throws Refused REQUEST_INVALID or RANGE_INVALID that names each wrong place. */
export const checked = <S extends z.ZodType>(schema: S, value: unknown, where: "query" | "body" | "path"): z.output<S> => {
  const exact = schema instanceof z.ZodObject ? schema.strict() : schema;
  const result = exact.safeParse(value);
  if (result.success) return result.data as z.output<S>;
  const { issues } = result.error;
  const code = where === "query" && issues.every(outOfRange) ? "RANGE_INVALID" : "REQUEST_INVALID";
  throw new Refused(
    code,
    issues
      .slice(0, MOST_FAULTS)
      .map((issue) => sentence(where, issue))
      .join("; "),
  );
};

/** A query without its empty values: `from=` says nothing, and must not be read as the year 1970. */
export const saidIn = (query: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(query).filter(([, value]) => typeof value !== "string" || value.trim() !== ""));

/** Refuses a range that is empty, reversed or longer than `mostMs`. */
export const checkRange = (query: unknown, mostMs: number): void => {
  if (typeof query !== "object" || query === null || !("from" in query) || !("to" in query)) return;
  const { from, to } = query as { readonly from: number; readonly to: number };
  if (from >= to) throw new Refused("RANGE_INVALID", "query.from must be before query.to.");
  if (to - from > mostMs) throw new Refused("RANGE_INVALID", `query.from to query.to must be at most ${mostMs / 86_400_000} days.`);
};
