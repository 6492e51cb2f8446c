import { useComputedColorScheme } from "@mantine/core";
import { lazy, Suspense, useMemo, useState, type ReactNode } from "react";
import { dayMinute, lasting, time } from "../format.ts";
import { say } from "../texts.ts";
import type { Happening, Line, Span } from "./plot.ts";
import { onScale, scaleOf, type Scale } from "./quantity.ts";
import { Panel } from "./panel.tsx";
import { ScrollX } from "./scroll-x.tsx";
import { toned } from "./value.tsx";

const ChartCanvas = lazy(() => import("./chart-canvas.tsx"));

interface ChartProps {
  readonly title: string;
  readonly note?: string | undefined;
  readonly lines: readonly Line[];
  readonly span: Span | null;
  readonly happenings?: readonly Happening[];
  readonly height?: number;
  /** The left axis begins at zero. */
  readonly fromZero?: boolean;
  /** The reader drew another range. */
  readonly onSpan?: (span: Span) => void;
  readonly tools?: ReactNode;
  readonly instead?: ReactNode;
}

const numbersOf = (lines: readonly Line[]): number[] =>
  lines.flatMap(({ y }) => y.filter((value): value is number => value !== null && Number.isFinite(value)));
const lastOf = (line: Line): number | null => line.y.findLast((value) => value !== null && Number.isFinite(value)) ?? null;
const TABLE_ROWS = 24;
/** The same at each drawing: another list would have the chart built anew. */
const NOTHING: readonly Happening[] = [];

const Figures = ({ lines, scales }: { readonly lines: readonly Line[]; readonly scales: readonly Scale[] }): ReactNode => {
  const ts = lines[0]?.x ?? [];
  const every = Math.max(1, Math.ceil(ts.length / TABLE_ROWS));
  return (
    <ScrollX label={say.chart.table}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{say.chart.time}</th>
            {lines.map((line, k) => (
              <th key={line.label} scope="col" className="num">
                {line.label} ({scales[k]?.unit})
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ts.map((at, i) =>
            i % every !== 0 ? null : (
              <tr key={at}>
                <th scope="row">{dayMinute(at)}</th>
                {lines.map((line, k) => {
                  const scale = scales[k];
                  return (
                    <td key={line.label} className="num">
                      {scale === undefined ? "" : onScale(line.y[i], { ...scale, unit: "" })}
                    </td>
                  );
                })}
              </tr>
            ),
          )}
        </tbody>
      </table>
    </ScrollX>
  );
};

/** Lines or stacked areas over time. The legend tells the values under the pointer, else the newest. */
export const Chart = ({
  title,
  note,
  lines,
  span,
  happenings = NOTHING,
  height = 190,
  fromZero = false,
  onSpan,
  tools,
  instead,
}: ChartProps): ReactNode => {
  const scheme = useComputedColorScheme("dark");
  const [hovered, setHovered] = useState<number | null>(null);
  const [table, setTable] = useState(false);
  // One unit for each axis, so that two lines on it can be compared.
  const scales = useMemo(() => {
    const most = (side: string): number =>
      numbersOf(lines.filter((line) => (line.side ?? "left") === side)).reduce((high, value) => Math.max(high, Math.abs(value)), 0);
    const sides = { left: most("left"), right: most("right") };
    return lines.map((line) => scaleOf(line.quantity, sides[line.side ?? "left"]));
  }, [lines]);
  const bare = numbersOf(lines).length === 0;
  const summary = useMemo(
    () =>
      say.chart.summary(
        title,
        lines
          .map((line, k) => {
            const values = numbersOf([line]);
            const scale = scales[k];
            if (scale === undefined || values.length === 0) return "";
            return say.chart.lineSummary(
              line.label,
              onScale(lastOf(line), scale),
              onScale(
                values.reduce((a, b) => Math.min(a, b)),
                scale,
              ),
              onScale(
                values.reduce((a, b) => Math.max(a, b)),
                scale,
              ),
            );
          })
          .join(" "),
      ),
    [title, lines, scales],
  );
  const xs = lines[0]?.x ?? [];
  const at = hovered === null ? null : (xs[hovered] ?? null);
  const width = xs.length > 1 ? (xs[1] ?? 0) - (xs[0] ?? 0) : 0;
  return (
    <Panel
      title={title}
      note={note ?? (width > 0 ? `${say.chart.resolution(lasting(width))} · ${say.chart.store}` : undefined)}
      tools={
        <>
          {tools}
          {instead === undefined && !bare ? (
            <button type="button" className="text-button" aria-pressed={table} onClick={() => setTable(!table)}>
              {table ? say.chart.chart : say.chart.table}
            </button>
          ) : null}
        </>
      }
    >
      {instead ?? (
        <>
          <div className="chart-legend">
            {lines.map((line, k) => {
              const scale = scales[k];
              const value = hovered === null ? lastOf(line) : (line.y[hovered] ?? null);
              return (
                <span key={line.label} className="mark" style={toned(line.tone)}>
                  <i className={line.stack !== undefined ? "key area" : line.dashed === true ? "key dashed" : "key"} aria-hidden />
                  {line.label} <b>{scale === undefined ? "" : onScale(value, scale)}</b>
                </span>
              );
            })}
            <span className="when">{at === null ? (bare ? "" : say.chart.latest) : width >= 60_000 ? dayMinute(at) : time(at)}</span>
          </div>
          {table ? (
            <Figures lines={lines} scales={scales} />
          ) : (
            <div className="chart-box" style={{ height }} role="img" aria-label={summary}>
              <Suspense fallback={<div className="skeleton" style={{ height }} />}>
                {span === null || bare ? null : (
                  <ChartCanvas
                    key={scheme}
                    lines={lines}
                    scales={scales}
                    span={span}
                    happenings={happenings}
                    height={height}
                    fromZero={fromZero}
                    onHover={setHovered}
                    onSpan={onSpan ?? null}
                  />
                )}
              </Suspense>
              {bare ? <div className="chart-none">{say.chart.none}</div> : null}
            </div>
          )}
        </>
      )}
    </Panel>
  );
};
