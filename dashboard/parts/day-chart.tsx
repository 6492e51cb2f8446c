/** A figure of every day: bars and lines over the calendar, with the values in the legend and in words. */
import { useComputedColorScheme } from "@mantine/core";
import { lazy, Suspense, useState, type ReactNode } from "react";
import { fixed, MISSING } from "../format.ts";
import { twinText as text } from "../texts-twin.ts";
import type { DaySeries } from "./day-series.ts";
import { Panel } from "./panel.tsx";
import { toned } from "./value.tsx";

const DayCanvas = lazy(() => import("./day-canvas.tsx"));

interface DayChartProps {
  readonly title: string;
  readonly note: ReactNode;
  readonly dates: readonly string[];
  /** The first says where there is a gap. Must keep its identity while its values do. */
  readonly series: readonly DaySeries[];
  readonly unit: string;
  readonly digits: number;
  /** Upper end of the axis, null: as the values want it. */
  readonly most?: number | null;
  readonly height?: number;
}

export const DayChart = ({ title, note, dates, series, unit, digits, most = null, height = 190 }: DayChartProps): ReactNode => {
  const scheme = useComputedColorScheme("dark");
  const [hovered, setHovered] = useState<number | null>(null);
  const shown = (value: number | null | undefined): string =>
    value === null || value === undefined ? MISSING : `${fixed(value, digits)}\u202f${unit}`;
  const at = hovered ?? dates.length - 1;
  const spoken = series.flatMap(({ label, values }) => {
    const known = values.filter((value): value is number => value !== null);
    if (known.length === 0) return [];
    return [
      text.seriesSummary(
        label,
        shown(known.at(-1)),
        shown(known.reduce((a, b) => Math.min(a, b))),
        shown(known.reduce((a, b) => Math.max(a, b))),
      ),
    ];
  });
  return (
    <Panel title={title} note={note}>
      <div className="chart-legend">
        {series.map(({ label, as, tone, dashed, values }) => (
          <span key={label} className="mark" style={toned(tone)}>
            <i className={as === "bar" ? "key area" : dashed === true ? "key dashed" : "key"} aria-hidden />
            {label} <b>{shown(values[at])}</b>
          </span>
        ))}
        <span className="when">{dates[at] ?? ""}</span>
      </div>
      <div
        className="chart-box"
        style={{ height }}
        role="img"
        aria-label={text.chartSummary(title, dates[0] ?? "", dates.at(-1) ?? "", spoken.join(" "))}
      >
        <Suspense fallback={<div className="skeleton" style={{ height }} />}>
          <DayCanvas
            key={scheme}
            dates={dates}
            series={series}
            unit={unit}
            most={most}
            gapLabel={text.gap}
            height={height}
            onHover={setHovered}
          />
        </Suspense>
      </div>
    </Panel>
  );
};
