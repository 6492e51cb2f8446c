/** Rows out of the store in pieces of about the same size: whoever reads sets the pace, and no query is open between two pieces. */
import { exportColumns, exportHead, exportText, type TextFormat } from "../twin/export.ts";
import type { RowsQuery, SeriesStore } from "../twin/series.ts";
import { MINUTE_MS, WINDOW_MS } from "../twin/tiers.ts";

/** Rows of one piece, about: half a megabyte of text. */
const AIM_ROWS = 4_000;
/** Rows of one piece at most, where it can be cut smaller. */
const MOST_ROWS = 8_000;
const HOUR_MS = 3_600_000;
const LONGEST_MS = 30 * 24 * HOUR_MS;

/** `query.from` and `query.to` widened to whole windows of the tier. */
export const wholeWindows = (query: RowsQuery): RowsQuery => {
  if (query.tier === "raw") return query;
  const width = WINDOW_MS[query.tier];
  return { ...query, from: Math.floor(query.from / width) * width, to: Math.ceil(query.to / width) * width };
};

/** The rows as text. Gives up at the next piece where `signal` says so. */
export async function* textPieces(
  query: RowsQuery,
  format: TextFormat,
  store: Pick<SeriesStore, "count" | "rows">,
  signal: AbortSignal,
): AsyncIterable<string> {
  const whole = wholeWindows(query);
  const columns = exportColumns(query.tier, query.fields);
  const width = query.tier === "raw" ? 1 : WINDOW_MS[query.tier];
  let sliceMs = MINUTE_MS;
  // Leaves with the first rows: what the store refuses can be answered as long as nothing has left.
  let head = exportHead(format, columns);
  for (let from = whole.from; from < whole.to;) {
    signal.throwIfAborted();
    sliceMs = Math.max(1, Math.round(Math.min(LONGEST_MS, sliceMs) / width)) * width;
    const part = { ...whole, from, to: Math.min(whole.to, from + sliceMs) };
    const count = await store.count(part);
    if (count > MOST_ROWS && sliceMs > width) {
      sliceMs *= AIM_ROWS / count;
      continue;
    }
    if (count > 0) {
      const text = head + exportText(format, columns, await store.rows(part));
      head = "";
      yield text;
    }
    sliceMs *= Math.min(8, AIM_ROWS / Math.max(1, count));
    from = part.to;
  }
  if (head !== "") yield head;
}
