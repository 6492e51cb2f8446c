import { useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { lasting } from "../format.ts";
import { useFarm, useNow } from "../site.tsx";
import { rigAt } from "../state.ts";
import { say } from "../texts.ts";
import { draw, inksOf } from "./floor-draw.ts";
import { fittingCell, nextIn, planOf, rigUnder, spotsOf, type Block, type Direction } from "./floor-plan.ts";
import { FloorTip } from "./floor-tip.tsx";
import { rampOf, shownIn, type MapMode } from "./scales.ts";

interface FloorProps {
  readonly blocks: readonly Block[];
  readonly mode: MapMode;
  /** 1 = all of it fits, where that leaves cells of a legible size. */
  readonly zoom: number;
  readonly found: ReadonlySet<number> | null;
  readonly onOpen: (index: number) => void;
}
const LEAST_CELL = 5;
const MOST_CELL = 34;
const ROOM_H = 640;
const ARROWS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);

/** The canvas map: hover tells, arrows walk, Enter opens. */
export const Floor = ({ blocks, mode, zoom, found, onOpen }: FloorProps): ReactNode => {
  const { farm, version } = useFarm();
  const now = useNow() ?? 0;
  const scheme = useComputedColorScheme("dark");
  const { ref: sizer, width } = useElementSize();
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [hovered, setHovered] = useState(-1);
  const [focused, setFocused] = useState(-1);
  const [inside, setInside] = useState(false);
  const [tip, setTip] = useState({ x: 0, y: 0 });
  const [scrolled, setScrolled] = useState(0);
  const plan = useMemo(() => {
    if (width === 0) return null;
    const fit = fittingCell(blocks, width, ROOM_H, LEAST_CELL, width < 600 ? 22 : MOST_CELL);
    return planOf(blocks, Math.max(LEAST_CELL, Math.round(fit * zoom)), width);
  }, [blocks, width, zoom]);
  const spots = useMemo(() => (plan === null ? new Map() : spotsOf(plan)), [plan]);
  const ramp = useMemo(() => rampOf(scheme), [scheme]);
  const boxH = plan === null ? 320 : Math.min(plan.height + 4, Math.max(ROOM_H, 320)) + (plan.width > width ? 14 : 0);
  useEffect(() => {
    const [element, box] = [canvas.current, scroller.current];
    const context = element?.getContext("2d");
    if (plan === null || element === null || box === null || !context) return;
    const density = Math.min(2, devicePixelRatio || 1);
    const [w, h] = [box.clientWidth, Math.min(plan.height + 4, box.clientHeight)];
    if (element.width !== Math.round(w * density) || element.height !== Math.round(h * density)) {
      element.width = Math.round(w * density);
      element.height = Math.round(h * density);
      element.style.width = `${w}px`;
      element.style.height = `${h}px`;
    }
    const frame = requestAnimationFrame(() => draw(context, { plan, spots, farm, mode, ramp, inks: inksOf(box), now, hovered, focused: inside ? focused : -1, found }, box.scrollLeft - 2, box.scrollTop - 2, w, h, density));
    return () => cancelAnimationFrame(frame);
  }, [plan, spots, farm, version, mode, ramp, now, hovered, focused, inside, found, scrolled, boxH]);
  const show = (index: number): void => {
    const [spot, box] = [spots.get(index), scroller.current];
    if (spot === undefined || box === null || plan === null) return;
    const { cellW, cellH } = plan.measures;
    if (spot.y < box.scrollTop || spot.y + cellH > box.scrollTop + box.clientHeight) box.scrollTop = spot.y - box.clientHeight / 2;
    if (spot.x < box.scrollLeft || spot.x + cellW > box.scrollLeft + box.clientWidth) box.scrollLeft = spot.x - box.clientWidth / 2;
    setTip({ x: spot.x - box.scrollLeft + cellW, y: spot.y - box.scrollTop + cellH });
  };
  // A search moves the map to what it found first.
  useEffect(() => {
    const [first] = found ?? [];
    if (first === undefined) return;
    setFocused(first);
    show(first);
  }, [found, plan]);
  const under = (event: PointerEvent): number => {
    const box = scroller.current;
    if (plan === null || box === null) return -1;
    const bounds = box.getBoundingClientRect();
    const [x, y] = [event.clientX - bounds.left, event.clientY - bounds.top];
    setTip({ x, y });
    return rigUnder(plan, x + box.scrollLeft - 2, y + box.scrollTop - 2);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (ARROWS.has(event.key)) {
      event.preventDefault();
      const next = nextIn(spots, focused, event.key as Direction);
      setFocused(next);
      show(next);
    } else if (event.key === "Home" || event.key === "End") {
      event.preventDefault();
      const all = [...spots.keys()];
      const next = (event.key === "Home" ? all[0] : all.at(-1)) ?? -1;
      setFocused(next);
      show(next);
    } else if (event.key === "Enter" && focused >= 0) onOpen(focused);
  };
  const told = hovered >= 0 ? hovered : inside ? focused : -1;
  const rig = told < 0 ? null : rigAt(farm, told);
  const spoken = focused < 0 ? null : rigAt(farm, focused);
  return (
    <div ref={sizer} style={{ position: "relative" }}>
      <div
        ref={scroller} className="floor" style={{ height: boxH }} tabIndex={0} role="application" aria-roledescription={say.map.role} aria-label={say.map.canvas} aria-describedby="floor-help"
        onScroll={() => setScrolled((before) => before + 1)} onKeyDown={onKey} onPointerMove={(event) => setHovered(under(event))} onPointerLeave={() => setHovered(-1)}
        onFocus={() => { setInside(true); if (focused < 0) setFocused(spots.keys().next().value ?? -1); }} onBlur={() => setInside(false)}
        onClick={(event) => { const index = under(event as unknown as PointerEvent); if (index >= 0) onOpen(index); }}
      >
        <div style={{ width: plan?.width ?? 0, height: plan?.height ?? 0 }}>
          <canvas ref={canvas} aria-hidden />
        </div>
      </div>
      {rig === null ? null : <FloorTip rig={rig} now={now} x={tip.x} y={tip.y} width={width} />}
      <p className="unseen" aria-live="polite">{inside && spoken !== null ? say.map.spoken(spoken.roster.rig, say.states[spoken.state], mode === "state" ? "" : `${shownIn(mode, farm, spoken.index, now).text} ${shownIn(mode, farm, spoken.index, now).unit}`, spoken.lastSeenTs === null ? say.never : say.ago(lasting(now - spoken.lastSeenTs))) : ""}</p>
    </div>
  );
};
