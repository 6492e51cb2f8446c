/** Days as bars and lines; the part that needs Chart.js, a chunk of its own. */
import annotation from "chartjs-plugin-annotation";
import { BarController, BarElement, CategoryScale, Chart, LinearScale, LineController, LineElement, PointElement } from "chart.js";
import { useEffect, useRef, type ReactNode } from "react";
import { fixed } from "../format.ts";
import type { DaySeries } from "./day-series.ts";

Chart.register(BarController, BarElement, CategoryScale, LinearScale, LineController, LineElement, PointElement, annotation);

const tone = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const veiled = (colour: string, share: number): string => `color-mix(in srgb, ${colour} ${Math.round(share * 100)}%, transparent)`;

interface CanvasProps {
  readonly dates: readonly string[];
  readonly series: readonly DaySeries[];
  readonly unit: string;
  readonly most: number | null;
  readonly gapLabel: string;
  readonly height: number;
  readonly onHover: (index: number | null) => void;
}

const isGap = (series: readonly DaySeries[], i: number): boolean => series[0]?.values[i] === null;

/** Stretches in which nothing is sealed, as hatched as a canvas makes cheap: tinted, framed and named. */
const gapsOf = (dates: readonly string[], series: readonly DaySeries[], label: string): Record<string, object> => {
  const boxes: Record<string, object> = {};
  for (let i = 0; i < dates.length; i++) {
    if (!isGap(series, i)) continue;
    let last = i;
    while (last + 1 < dates.length && isGap(series, last + 1)) last += 1;
    const wide = last - i + 1 >= dates.length / 8;
    boxes[`gap${i}`] = {
      type: "box",
      xMin: i - 0.5,
      xMax: last + 0.5,
      backgroundColor: veiled(tone("state-low"), 0.16),
      borderColor: tone("state-low"),
      borderWidth: 1,
      borderDash: [3, 3],
      label: { display: wide, content: label, color: tone("ink"), font: { size: 11, weight: "normal" } },
    };
    i = last;
  }
  return boxes;
};

const DayCanvas = ({ dates, series, unit, most, gapLabel, height, onHover }: CanvasProps): ReactNode => {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current === null) return;
    const ticks = { color: tone("ink-2"), font: { size: 11 }, padding: 4 };
    const chart: Chart = new Chart(canvas.current, {
      data: {
        labels: [...dates],
        datasets: series.map((one) =>
          one.as === "bar"
            ? {
                type: "bar" as const,
                label: one.label,
                data: [...one.values],
                backgroundColor: veiled(tone(one.tone), 0.78),
                hoverBackgroundColor: tone(one.tone),
                barPercentage: 0.92,
                categoryPercentage: 0.92,
                maxBarThickness: 28,
                order: 2,
              }
            : {
                type: "line" as const,
                label: one.label,
                data: [...one.values],
                borderColor: tone(one.tone),
                borderWidth: 1.8,
                borderDash: one.dashed === true ? [5, 4] : [],
                stepped: one.stepped === true ? ("middle" as const) : false,
                pointRadius: dates.length < 3 ? 3 : 0,
                pointBackgroundColor: tone(one.tone),
                spanGaps: false,
                // A line along the upper edge keeps its whole width.
                clip: 3,
                order: 1,
              },
        ),
      },
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        events: ["mousemove", "mouseout", "touchstart", "touchmove"],
        interaction: { mode: "index", intersect: false },
        onHover: (_, active) => onHover(active[0]?.index ?? null),
        plugins: { annotation: { annotations: gapsOf(dates, series, gapLabel) } },
        scales: {
          x: {
            grid: { display: false },
            border: { color: tone("line") },
            ticks: { ...ticks, maxRotation: 0, autoSkipPadding: 22, callback: (_, i) => dates[i]?.slice(5) ?? "" },
          },
          y: {
            beginAtZero: true,
            ...(most === null ? { grace: "6%" as const } : { max: most }),
            border: { display: false },
            grid: { color: tone("line") },
            ticks: {
              ...ticks,
              maxTicksLimit: 5,
              callback: (tick, i, all) => `${fixed(Number(tick), Number(tick) % 1 === 0 ? 0 : 1)}${i === all.length - 1 ? ` ${unit}` : ""}`,
            },
          },
        },
      },
    });
    const left = (): void => onHover(null);
    const element = canvas.current;
    element.addEventListener("mouseleave", left);
    return () => {
      element.removeEventListener("mouseleave", left);
      chart.destroy();
    };
  }, [dates, series, unit, most, gapLabel, onHover]);
  return <canvas ref={canvas} height={height} />;
};
export default DayCanvas;
