/** Stretches of whole UTC days that accounts are made of. */
import { moneyText } from "../texts-money.ts";

const DAY = 86_400_000;
const text = moneyText.spans;
export type DaySpan = keyof typeof text;
export const isDaySpan = (name: string): name is DaySpan => Object.hasOwn(text, name);
export const SPAN_OPTIONS = (Object.keys(text) as DaySpan[]).map((value) => ({ value, label: text[value] }));

/** From the first day's begin to the last one's end, ms UTC, half-open. */
export const daysOf = (name: DaySpan, now: number): { readonly from: number; readonly to: number } => {
  const today = Math.floor(now / DAY) * DAY;
  const date = new Date(now);
  const month = (back: number): number => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - back, 1);
  switch (name) {
    case "today":
      return { from: today, to: today + DAY };
    case "7d":
      return { from: today - 6 * DAY, to: today + DAY };
    case "30d":
      return { from: today - 29 * DAY, to: today + DAY };
    case "month":
      return { from: month(0), to: today + DAY };
    case "last":
      return { from: month(1), to: month(0) };
  }
};
