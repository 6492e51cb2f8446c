/**
 * Raw rows, one-minute rows and one-hour rows of the series. A window (minute or hour) is dirty from the moment a row is written
 * into it until it has been computed again; a query takes clean windows from the coarse rows and dirty ones from the finer, so
 * that its answer never depends on when the windows were computed.
 */
import { Refused } from "./refusal.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

export type Tier = "raw" | "1m" | "1h";
export type Window = "1m" | "1h";
export const WINDOW_MS: Readonly<Record<Window, number>> = { "1m": MINUTE_MS, "1h": HOUR_MS };

export interface TierState {
  /** Starts of the dirty windows. */
  readonly dirty: Readonly<Record<Window, ReadonlySet<number>>>;
  /** Raw rows before it are gone, ms; a multiple of HOUR_MS. */
  readonly rawFromTs: number;
  /** One-minute rows before it are gone, ms; a multiple of HOUR_MS. */
  readonly minuteFromTs: number;
}

/** A part of a range and the rows that answer for it; half-open. */
export interface Span {
  readonly tier: Tier;
  readonly from: number;
  readonly to: number;
}

const floor = (ts: number, widthMs: number): number => Math.floor(ts / widthMs) * widthMs;
const ceil = (ts: number, widthMs: number): number => Math.ceil(ts / widthMs) * widthMs;

/** The windows of a width which hold these instants. */
export const windowsOf = (times: Iterable<number>, window: Window): Set<number> => {
  const starts = new Set<number>();
  // Neighbours mostly lie in the same window.
  let last = NaN;
  for (const ts of times) {
    const start = floor(ts, WINDOW_MS[window]);
    if (start !== last) starts.add(start);
    last = start;
  }
  return starts;
};

/** The narrowest bucket that rows kept from `from` on can fill. */
export const leastBucketMs = (from: number, state: TierState): number =>
  from < state.minuteFromTs ? HOUR_MS : from < state.rawFromTs ? MINUTE_MS : 1;

/** Throws Refused RANGE_INVALID where rows of the tier are gone at `from`, or `from` is not the start of a window. */
export const checkKept = ({ tier, from }: { readonly tier: Tier; readonly from: number }, state: TierState): void => {
  const keptFrom = tier === "raw" ? state.rawFromTs : tier === "1m" ? state.minuteFromTs : 0;
  if (from < keptFrom)
    throw new Refused(
      "RANGE_INVALID",
      `Rows of tier ${tier} are kept from ${new Date(keptFrom).toISOString()} on; ask for a coarser tier.`,
    );
  if (tier !== "raw" && from % WINDOW_MS[tier] !== 0)
    throw new Refused("RANGE_INVALID", `from is a multiple of ${WINDOW_MS[tier]} ms for tier ${tier}.`);
};

const joined = (spans: readonly Span[]): Span[] => {
  const out: Span[] = [];
  for (const span of spans) {
    const last = out.at(-1);
    if (span.to <= span.from) continue;
    if (last?.tier === span.tier && last.to >= span.from) out[out.length - 1] = { ...last, to: Math.max(last.to, span.to) };
    else out.push(span);
  }
  return out;
};

/** Where the raw rows of a part are gone, its minutes answer, rounded outwards; where those are gone, its hours. */
const stillKept = (span: Span, state: TierState): readonly Span[] => {
  const floorTs = span.tier === "raw" ? state.rawFromTs : span.tier === "1m" ? state.minuteFromTs : 0;
  if (span.from >= floorTs) return [span];
  const coarser: Window = span.tier === "raw" ? "1m" : "1h";
  const width = WINDOW_MS[coarser];
  const older = { tier: coarser, from: floor(span.from, width), to: ceil(Math.min(span.to, floorTs), width) };
  return [...stillKept(older, state), { ...span, from: Math.min(span.to, floorTs) }];
};

const minutesOf = (from: number, to: number, state: TierState): Span[] => {
  const first = Math.min(ceil(from, MINUTE_MS), to);
  const end = Math.max(first, floor(to, MINUTE_MS));
  const spans: Span[] = [{ tier: "raw", from, to: first }];
  for (let at = first; at < end; at += MINUTE_MS)
    spans.push({ tier: state.dirty["1m"].has(at) ? "raw" : "1m", from: at, to: at + MINUTE_MS });
  return joined([...spans, { tier: "raw", from: end, to }]);
};

const hoursOf = (from: number, to: number, state: TierState): Span[] => {
  const first = Math.min(ceil(from, HOUR_MS), to);
  const end = Math.max(first, floor(to, HOUR_MS));
  const spans: Span[] = minutesOf(from, first, state);
  for (let at = first; at < end; at += HOUR_MS)
    spans.push(...(state.dirty["1h"].has(at) ? minutesOf(at, at + HOUR_MS, state) : [{ tier: "1h" as const, from: at, to: at + HOUR_MS }]));
  return joined([...spans, ...minutesOf(end, to, state)]);
};

/**
 * Cuts [from, to) into parts by the coarsest rows that are exact for buckets of `bucketMs`. With many scattered dirty windows
 * short coarse parts are read raw too, so that there are at most `most` parts where raw rows reach.
 */
export const spansOf = (from: number, to: number, bucketMs: number, state: TierState, most = 24): readonly Span[] => {
  const exact =
    bucketMs % HOUR_MS === 0
      ? hoursOf(from, to, state)
      : bucketMs % MINUTE_MS === 0
        ? minutesOf(from, to, state)
        : [{ tier: "raw" as const, from, to }];
  let spans = joined(exact.flatMap((span) => stillKept(span, state)));
  for (let short = 2 * MINUTE_MS; spans.length > most && short < to - from; short *= 2) {
    spans = joined(spans.map((span) => (span.to - span.from <= short && span.from >= state.rawFromTs ? { ...span, tier: "raw" } : span)));
  }
  return spans;
};

/** Dirty windows that ended by `endedByTs`, oldest first, at most `most` of them, neighbours joined. */
export const dueWindows = (
  dirty: ReadonlySet<number>,
  window: Window,
  endedByTs: number,
  most: number,
): readonly { from: number; to: number }[] => {
  const width = WINDOW_MS[window];
  const starts = [...dirty]
    .filter((start) => start + width <= endedByTs)
    .sort((a, b) => a - b)
    .slice(0, most);
  return joined(starts.map((start) => ({ tier: window, from: start, to: start + width }))).map(({ from, to }) => ({ from, to }));
};
