import type { ReactNode } from "react";
import { say } from "../texts.ts";
import type { ChartSpan } from "./chart-span.ts";
import { RANGE_OPTIONS, Segments } from "./segments.tsx";
import { SpanTools } from "./span-tools.tsx";

/** Earlier, later, nearer, farther, and the ranges that end now. */
export const ChartSpanTools = ({ of: { span, held, hold, release, range, setRange } }: { readonly of: ChartSpan }): ReactNode => (
  <>
    <SpanTools span={span} held={held} onHold={hold} onRelease={release} />
    <Segments label={say.rangeLabel} value={held ? ("" as typeof range) : range} options={RANGE_OPTIONS} onChange={setRange} />
  </>
);
