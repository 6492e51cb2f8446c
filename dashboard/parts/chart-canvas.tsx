/** The part that needs Chart.js; a chunk of its own. */
import annotation from "chartjs-plugin-annotation";
import zoom from "chartjs-plugin-zoom";
import {
  Chart,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  type ChartConfiguration,
  type ChartDataset,
  type Plugin,
} from "chart.js";
import { useEffect, useRef, type ReactNode } from "react";
import { aheadMs, dayAndMonth, fixed, minute, time } from "../format.ts";
import { digitsFor, reachOf, timeTicks } from "./axis.ts";
import type { Happening, Line, Span } from "./plot.ts";
import type { Scale } from "./quantity.ts";

/** A hairline at the pointed time, on every chart of the page at once. */
const pointed: { ts: number | null } = { ts: null };
const canvases = new Set<Chart>();
const hairline: Plugin<"line"> = {
  id: "hairline",
  afterDatasetsDraw: (chart) => {
    const scale = chart.scales["x"];
    if (pointed.ts === null || scale === undefined) return;
    const x = scale.getPixelForValue(pointed.ts);
    if (!(x >= chart.chartArea.left && x <= chart.chartArea.right)) return;
    chart.ctx.save();
    chart.ctx.strokeStyle = tone("ink-3");
    chart.ctx.setLineDash([3, 3]);
    chart.ctx.beginPath();
    chart.ctx.moveTo(x, chart.chartArea.top);
    chart.ctx.lineTo(x, chart.chartArea.bottom);
    chart.ctx.stroke();
    chart.ctx.restore();
  },
};
Chart.register(LineController, LineElement, PointElement, LinearScale, Filler, zoom, annotation, hairline);

const tone = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const veiled = (colour: string, share: number): string => `color-mix(in srgb, ${colour} ${Math.round(share * 100)}%, transparent)`;

interface CanvasProps {
  readonly lines: readonly Line[];
  readonly scales: readonly Scale[];
  readonly span: Span;
  readonly happenings: readonly Happening[];
  readonly height: number;
  readonly fromZero: boolean;
  readonly onHover: (index: number | null) => void;
  readonly onSpan: ((span: Span) => void) | null;
}

const datasetsOf = (lines: readonly Line[], scales: readonly Scale[]): ChartDataset<"line">[] =>
  lines.map((line, k) => {
    const colour = tone(line.tone);
    const { by, plus } = scales[k] ?? { by: 1, plus: 0 };
    const side = line.side ?? "left";
    return {
      label: line.label,
      data: line.x.map((x, i) => ({ x, y: (line.y[i] ?? Number.NaN) * by + plus })),
      yAxisID: side,
      borderColor: line.stack !== undefined ? veiled(colour, 0.9) : colour,
      backgroundColor: line.stack !== undefined ? veiled(colour, 0.62) : veiled(colour, 0.13),
      borderWidth: line.stack !== undefined ? 1 : 1.6,
      borderDash: line.dashed === true ? [5, 4] : [],
      fill: line.stack === "gives" && k > 0 ? "stack" : line.stack !== undefined ? "origin" : line.fill === true ? "origin" : false,
      stack: line.stack ?? line.label,
      order: line.stack !== undefined ? 2 : 1,
      spanGaps: false,
    };
  });

/** A moment is a dashed line with its name, a lasting thing a tinted stretch that begins with a line. */
const annotationsOf = (happenings: readonly Happening[], span: Span): Record<string, object> =>
  Object.fromEntries(
    happenings
      .filter(({ ts, untilTs }) => ts <= span.to && (untilTs === undefined ? ts : (untilTs ?? span.to)) >= span.from)
      .flatMap((each, k): [string, object][] => {
        const colour = tone(each.tone);
        const label = {
          display: true,
          content: each.label,
          position: "end",
          backgroundColor: tone("raised"),
          color: tone("ink"),
          font: { size: 10, weight: "normal" },
          padding: 3,
        };
        if (each.untilTs === undefined)
          return [
            [`at${k}`, { type: "line", xMin: each.ts, xMax: each.ts, borderColor: colour, borderWidth: 1.5, borderDash: [2, 3], label }],
          ];
        const begins: [string, object] = [
          `from${k}`,
          { type: "line", xMin: each.ts, xMax: each.ts, borderColor: colour, borderWidth: 1.5, label },
        ];
        const lasts: [string, object] = [
          `over${k}`,
          {
            type: "box",
            xMin: Math.max(span.from, each.ts),
            xMax: Math.min(span.to, each.untilTs ?? span.to),
            backgroundColor: veiled(colour, 0.1),
            borderWidth: 0,
          },
        ];
        return each.ts >= span.from ? [lasts, begins] : [lasts];
      }),
  );

const PX_PER_TICK = 92;
/** The shortest that tells it: a day at midnight, seconds only where there are some. */
const timeLabel = (ts: number): string =>
  minute(ts) === "00:00" && ts % 60_000 === 0 ? dayAndMonth(ts) : ts % 60_000 === 0 ? minute(ts) : time(ts);
const axesOf = (
  lines: readonly Line[],
  scales: readonly Scale[],
  span: Span,
  fromZero: boolean,
): NonNullable<NonNullable<ChartConfiguration<"line">["options"]>["scales"]> => {
  const grid = tone("line");
  const ticks = { color: tone("ink-2"), font: { size: 11 }, padding: 4 };
  const unitOf = (side: string): string => scales[lines.findIndex((line) => (line.side ?? "left") === side)]?.unit ?? "";
  const value = (side: "left" | "right", most: number) => ({
    type: "linear" as const,
    position: side,
    stacked: lines.some((line) => line.stack !== undefined && (line.side ?? "left") === side),
    beginAtZero: side === "right" ? unitOf(side) === "%" : fromZero,
    grace: "6%" as const,
    ...reachOf(
      lines.filter((line) => (line.side ?? "left") === side).map(({ y }) => y),
      scales[lines.findIndex((line) => (line.side ?? "left") === side)] ?? { by: 1, plus: 0 },
    ),
    border: { display: false },
    grid: side === "left" ? { color: grid } : { display: false },
    // The unit stands at the uppermost tick.
    ticks: {
      ...ticks,
      maxTicksLimit: most,
      callback: (tick: number | string, i: number, all: readonly { readonly value: number }[]): string => {
        const shown = fixed(Number(tick), digitsFor((all[1]?.value ?? 0) - (all[0]?.value ?? 0)));
        return i === all.length - 1 ? `${shown} ${unitOf(side)}` : shown;
      },
    },
  });
  return {
    x: {
      type: "linear",
      min: span.from,
      max: span.to,
      grid: { display: false },
      border: { color: grid },
      ticks: { ...ticks, maxRotation: 0, autoSkip: false, callback: (tick) => timeLabel(Number(tick)) },
      afterBuildTicks: (scale) => {
        const offsetMs = aheadMs(span.from);
        scale.ticks = timeTicks(scale.min, scale.max, Math.max(2, Math.floor(scale.chart.width / PX_PER_TICK)), offsetMs).ts.map(
          (value) => ({ value }),
        );
      },
    },
    left: value("left", 5),
    ...(lines.some((line) => line.side === "right") ? { right: value("right", 5) } : {}),
  };
};

const ChartCanvas = (props: CanvasProps): ReactNode => {
  const {
    lines,
    scales,
    happenings,
    fromZero,
    span: { from, to },
  } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const chart = useRef<Chart<"line"> | null>(null);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    if (canvas.current === null) return;
    const spanned = ({ chart: { scales } }: { chart: Chart }): void => {
      const x = scales["x"];
      if (x !== undefined) latest.current.onSpan?.({ from: Math.round(x.min), to: Math.round(x.max) });
    };
    const first = latest.current;
    const able = first.onSpan !== null;
    const made: Chart<"line"> = new Chart<"line">(canvas.current, {
      type: "line",
      data: { datasets: [] },
      options: {
        animation: false,
        parsing: false,
        normalized: true,
        maintainAspectRatio: false,
        responsive: true,
        elements: { point: { radius: 0, hoverRadius: 0, hitRadius: 0 }, line: { tension: 0 } },
        events: ["mousemove", "mouseout", "click", "touchstart", "touchmove"],
        onHover: (event) => {
          const x = made.scales["x"];
          if (x === undefined || event.x === null) return;
          pointed.ts = x.getValueForPixel(event.x) ?? null;
          const xs = latest.current.lines[0]?.x ?? [];
          const width = (xs[1] ?? 0) - (xs[0] ?? 0) || 1;
          const at = pointed.ts === null ? -1 : Math.floor((pointed.ts - (xs[0] ?? 0)) / width);
          latest.current.onHover(at >= 0 && at < xs.length ? at : null);
          for (const each of canvases) each.draw();
        },
        plugins: {
          annotation: { annotations: {}, clip: true },
          zoom: able
            ? {
                zoom: {
                  mode: "x",
                  drag: { enabled: true, backgroundColor: veiled(tone("accent"), 0.18), threshold: 8 },
                  pinch: { enabled: true },
                  wheel: { enabled: true, modifierKey: "ctrl" },
                  onZoomComplete: spanned,
                },
                pan: { enabled: true, mode: "x", modifierKey: "shift", onPanComplete: spanned },
              }
            : {},
        },
      },
    });
    const left = (): void => {
      pointed.ts = null;
      latest.current.onHover(null);
      for (const each of canvases) each.draw();
    };
    const element = canvas.current;
    element.addEventListener("mouseleave", left);
    chart.current = made;
    canvases.add(made as unknown as Chart);
    return () => {
      element.removeEventListener("mouseleave", left);
      canvases.delete(made as unknown as Chart);
      made.destroy();
      chart.current = null;
    };
  }, []);
  useEffect(() => {
    const made = chart.current;
    if (made === null) return;
    const shown = { from, to };
    made.data.datasets = datasetsOf(lines, scales);
    made.options.scales = axesOf(lines, scales, shown, fromZero);
    if (made.options.plugins?.annotation) made.options.plugins.annotation.annotations = annotationsOf(happenings, shown);
    made.update("none");
  }, [lines, scales, from, to, happenings, fromZero]);
  return <canvas ref={canvas} height={props.height} />;
};
export default ChartCanvas;
