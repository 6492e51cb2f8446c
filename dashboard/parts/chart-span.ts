/** The stretch of time that a page's charts show. It stands in the page's address, so that a link opens exactly this. */
import { useMemo } from "react";
import { useSpan, useViewClock } from "../site.tsx";
import { useAddress } from "./address.ts";
import type { Span } from "./plot.ts";
import { isRange, RANGES, type RangeName } from "./segments.tsx";

export interface ChartSpan {
  readonly range: RangeName;
  readonly span: Span | null;
  /** It stands still instead of following now. */
  readonly held: boolean;
  /** Names what is asked for: while only a moving range moves on, it is the same. */
  readonly name: string;
  readonly hold: (span: Span) => void;
  readonly release: () => void;
  readonly setRange: (range: RangeName) => void;
}

const readTs = (text: string): number | null => (/^\d{12,14}$/.test(text) ? Number(text) : null);

export const useChartSpan = (points: number, usual: RangeName): ChartSpan => {
  const { get, put } = useAddress();
  const asked = get("range");
  const range = isRange(asked) ? asked : usual;
  const view = useViewClock()?.view ?? "live";
  const moving = useSpan(RANGES[range], points);
  const [from, to] = [readTs(get("from")), readTs(get("to"))];
  const still = useMemo(() => (from === null || to === null || to <= from ? null : { from, to }), [from, to]);
  return {
    range,
    span: still ?? moving,
    held: still !== null,
    name: `${still === null ? range : "held"} ${view}`,
    hold: (span) => put({ from: String(Math.floor(span.from)), to: String(Math.ceil(span.to)) }),
    release: () => put({ from: "", to: "" }),
    setRange: (next) => put({ range: next, from: "", to: "" }),
  };
};
