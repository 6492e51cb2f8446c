/** Prices that people enter: hashprice, and the tariff and carbon where no meter tells them. Each with its source and from when it holds. */
import { plainText } from "../api.ts";
import { z } from "zod";

export const QUOTE_KINDS = ["hashprice", "power", "carbon"] as const;
export type QuoteKind = (typeof QUOTE_KINDS)[number];

const ms = z.int().min(0).describe("ms since 1970 UTC");
const quoteLine = z.strictObject({
  fromTs: ms.describe("it holds from then until the next of its kind"),
  value: z.number().min(0).max(1e9),
});
/** hashprice: currency per PH/s and day. power: currency per kWh. carbon: gCO2e per kWh (no currency). */
export const newQuotes = z.strictObject({
  of: z.enum(QUOTE_KINDS),
  currency: z
    .string()
    .regex(/^[A-Z]{3,5}$/)
    .nullable()
    .default(null),
  source: plainText(120).describe("where the figure is from, as a person would look it up"),
  by: plainText(64).describe("a pseudonym"),
  lines: z.array(quoteLine).min(1).max(2_000),
});
export type NewQuotes = z.output<typeof newQuotes>;
export const quote = z.object({
  of: z.enum(QUOTE_KINDS),
  fromTs: ms,
  value: z.number(),
  currency: z.string().nullable(),
  source: z.string(),
  by: z.string(),
  enteredTs: ms,
});
export type Quote = z.infer<typeof quote>;
export const quotes = z.object({ quotes: z.array(quote) });

/** By `{of}/{fromTs}`: what is entered later for the same moment replaces it. */
export type QuoteBook = Map<string, Quote>;

/** Folds what was entered at journal time `ts`. Changes `book`. */
export const foldQuotes = (book: QuoteBook, { of, currency, source, by, lines }: NewQuotes, ts: number): void => {
  for (const { fromTs, value } of lines) book.set(`${of}/${fromTs}`, { of, fromTs, value, currency, source, by, enteredTs: ts });
};

/** Those of a kind, oldest first. */
export const quotesOf = (book: QuoteBook, of: QuoteKind): Quote[] =>
  [...book.values()].filter((one) => one.of === of).toSorted((a, b) => a.fromTs - b.fromTs);

/** What held at `ts`; null before the first. `list` is of one kind, oldest first. */
export const quoteAt = (list: readonly Quote[], ts: number): Quote | null => list.findLast(({ fromTs }) => fromTs <= ts) ?? null;

/** Mean over [from, to) of what held, weighted by time; null unless something held all the while, or where the currency changed. */
export const meanQuote = (
  list: readonly Quote[],
  from: number,
  to: number,
): { readonly value: number; readonly currency: string | null } | null => {
  const first = quoteAt(list, from);
  if (first === null || to <= from) return null;
  const steps = [first, ...list.filter(({ fromTs }) => fromTs > from && fromTs < to)];
  if (steps.some(({ currency }) => currency !== first.currency)) return null;
  const sum = steps.reduce((all, { value, fromTs }, i) => all + value * ((steps[i + 1]?.fromTs ?? to) - Math.max(from, fromTs)), 0);
  return { value: sum / (to - from), currency: first.currency };
};
