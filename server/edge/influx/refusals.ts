/**
 * Windows whose rows InfluxDB refused, as where another program fixed a field's type or no more series are allowed. They stay dirty, so
 * that raw rows answer for them and are not dropped; the others are rolled up past them.
 */
import type { Window } from "../../twin/tiers.ts";

export interface Refusals {
  /** By start; true: not to be tried now. The one that was tried last stands last. */
  readonly of: Readonly<Record<Window, Map<number, boolean>>>;
  /** InfluxDB's words of the last time. */
  reason: string;
  /** Nobody was told of the last one yet. */
  isNews: boolean;
}

/** Tried again at once: thousands of them must not be computed in vain each hour. */
const MOST_TRIED = 20;

export const noRefusals = (): Refusals => ({ of: { "1m": new Map(), "1h": new Map() }, reason: "", isNews: false });

export const countOf = ({ of }: Refusals): number => of["1m"].size + of["1h"].size;

export const noteRefused = (refusals: Refusals, window: Window, start: number, reason: string): void => {
  const own = refusals.of[window];
  if (!own.has(start)) refusals.isNews = true;
  own.delete(start);
  own.set(start, true);
  refusals.reason = reason;
};

/** Where one is taken that was refused before, its cause is gone, and the others may be tried as well. */
export const noteTaken = ({ of }: Refusals, window: Window, start: number): void => {
  if (!of[window].delete(start)) return;
  for (const own of Object.values(of)) for (const other of own.keys()) own.set(other, false);
};

/** Lets some of each be tried again. */
export const tryAgain = ({ of }: Refusals): void => {
  for (const own of Object.values(of)) for (const start of [...own.keys()].slice(0, MOST_TRIED)) own.set(start, false);
};
