import { useComputedColorScheme, useMantineTheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { lasting } from "../format.ts";
import { useFarm, useNow } from "../site.tsx";
import { rigAt, type RigNow } from "../state.ts";
import { say } from "../texts.ts";
import { draw, inksOf } from "./floor-draw.ts";
import { EDGE, useHand, type Taking, type Tool } from "./floor-hand.ts";
import { fittingCell, planOf, spotsOf, type Block, type Spot } from "./floor-plan.ts";
import { rigsWithin, toggled, type Point } from "./floor-select.ts";
import { FloorTip } from "./floor-tip.tsx";
import { rampOf, shownIn, type MapMode } from "./scales.ts";

interface FloorProps {
  readonly blocks: readonly Block[];
  readonly mode: MapMode;
  /** 1 = all of it fits, where that leaves cells of a legible size. */
  readonly zoom: number;
  readonly found: ReadonlySet<number> | null;
  readonly onOpen: (index: number) => void;
  readonly tool: Tool;
  readonly selected: ReadonlySet<number>;
  readonly onSelect: (selected: ReadonlySet<number>) => void;
}
const LEAST_CELL = 5;
const MOST_CELL = 44;
const MOST_CELL_NARROW = 22;
const ROOM_H = 640;
const firstOf = (spots: ReadonlyMap<number, Spot>): number => spots.keys().next().value ?? -1;

/** The canvas map: hover tells, arrows walk, Enter opens. */
export const Floor = ({ blocks, mode, zoom, found, onOpen, tool, selected, onSelect }: FloorProps): ReactNode => {
  const { farm, version } = useFarm();
  const now = useNow() ?? 0;
  // What is drawn grows old by itself in one mode only.
  const drawnAt = mode === "age" ? now : 0;
  const scheme = useComputedColorScheme("dark");
  const { fontFamily } = useMantineTheme();
  const { ref: sizer, width } = useElementSize();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [hovered, setHovered] = useState(-1);
  const [focused, setFocused] = useState(-1);
  const [inside, setInside] = useState(false);
  const [tip, setTip] = useState({ x: 0, y: 0 });
  const [scrolled, setScrolled] = useState(0);
  const [lasso, setLasso] = useState<readonly Point[]>([]);
  const [sought, setSought] = useState<ReadonlySet<number> | null>(null);
  const plan = useMemo(() => {
    if (width === 0) return null;
    const fit = fittingCell(blocks, width - 2 * EDGE, ROOM_H, LEAST_CELL, width < 600 ? MOST_CELL_NARROW : MOST_CELL);
    return planOf(blocks, Math.max(LEAST_CELL, Math.round(fit * zoom)), width - 2 * EDGE);
  }, [blocks, width, zoom]);
  const spots = useMemo(() => (plan === null ? new Map<number, Spot>() : spotsOf(plan)), [plan]);
  const ramp = useMemo(() => rampOf(scheme), [scheme]);
  const boxH = plan === null ? 320 : Math.min(plan.height + 2 * EDGE, ROOM_H) + (plan.width + 2 * EDGE > width ? 14 : 0);

  // A search moves the ring to what it found first.
  if (found !== sought) {
    setSought(found);
    const [first] = found ?? [];
    if (first !== undefined) setFocused(first);
  }
  const show = useCallback(
    (index: number): void => {
      const [spot, element] = [spots.get(index), box.current];
      if (spot === undefined || element === null || plan === null) return;
      const { cellW, cellH } = plan.measures;
      if (spot.y < element.scrollTop || spot.y + cellH > element.scrollTop + element.clientHeight)
        element.scrollTop = spot.y - element.clientHeight / 2;
      if (spot.x < element.scrollLeft || spot.x + cellW > element.scrollLeft + element.clientWidth)
        element.scrollLeft = spot.x - element.clientWidth / 2;
    },
    [spots, plan],
  );
  useEffect(() => {
    const [first] = sought ?? [];
    if (first !== undefined) show(first);
  }, [sought, show]);

  useEffect(() => {
    const [element, outer] = [canvas.current, box.current];
    const context = element?.getContext("2d");
    if (plan === null || element === null || outer === null || !context) return;
    const density = Math.min(2, devicePixelRatio || 1);
    const [w, h] = [outer.clientWidth, outer.clientHeight];
    if (element.width !== Math.round(w * density) || element.height !== Math.round(h * density)) {
      element.width = Math.round(w * density);
      element.height = Math.round(h * density);
      element.style.width = `${w}px`;
      element.style.height = `${h}px`;
    }
    const scene = {
      plan,
      spots,
      farm,
      mode,
      ramp,
      inks: inksOf(outer, scheme, fontFamily),
      now: drawnAt,
      hovered,
      focused: inside || found !== null ? focused : -1,
      found,
      selected,
      lasso,
    };
    const frame = requestAnimationFrame(() => draw(context, scene, outer.scrollLeft - EDGE, outer.scrollTop - EDGE, w, h, density));
    return () => cancelAnimationFrame(frame);
  }, [
    plan,
    spots,
    farm,
    version,
    mode,
    ramp,
    scheme,
    fontFamily,
    drawnAt,
    hovered,
    focused,
    inside,
    found,
    scrolled,
    boxH,
    selected,
    lasso,
  ]);

  const taken = (path: readonly Point[], taking: Taking): void => {
    if (plan === null) return;
    const within = rigsWithin(spots, plan.measures, path);
    if (taking === "anew") return onSelect(new Set(within));
    const next = new Set(selected);
    for (const index of within) {
      if (taking === "add") next.add(index);
      else next.delete(index);
    }
    onSelect(next);
  };
  const rackOf = (index: number): number[] => {
    const at = farm.roster[index]?.position ?? null;
    if (at === null) return [index];
    return farm.roster.flatMap((row) => (row?.position?.container === at.container && row.position.rack === at.rack ? [row.index] : []));
  };
  useHand(box, {
    tool,
    onToggle: (indexes) => onSelect(toggled(selected, indexes)),
    onRackOf: (index) => onSelect(toggled(selected, rackOf(index))),
    onDraw: setLasso,
    onDrawn: taken,
    onClear: () => onSelect(new Set()),
    plan,
    spots,
    focused,
    onOpen,
    onHover: (index, at) => {
      setHovered(index);
      setTip(at);
    },
    onWalk: (index) => {
      setFocused(index);
      show(index);
      const [spot, element] = [spots.get(index), box.current];
      if (spot !== undefined && element !== null && plan !== null)
        setTip({ x: spot.x - element.scrollLeft + plan.measures.cellW, y: spot.y - element.scrollTop + plan.measures.cellH });
    },
    onInside: (is) => {
      setInside(is);
      if (is && focused < 0) setFocused(firstOf(spots));
    },
    onScroll: () => setScrolled((before) => before + 1),
  });

  const told = hovered >= 0 ? hovered : inside ? focused : -1;
  const rig = told < 0 ? null : rigAt(farm, told);
  const spoken = inside && focused >= 0 ? rigAt(farm, focused) : null;
  const inWords = ({ roster, state, index, lastSeenTs }: RigNow): string => {
    const { text, unit } = shownIn(mode, farm, index, now);
    return say.map.spoken(
      roster.rig,
      say.states[state],
      mode === "state" ? "" : `${text} ${unit}`.trim(),
      `${lastSeenTs === null ? say.never : say.ago(lasting(now - lastSeenTs))}${selected.has(index) ? `, ${say.map.isSelected}` : ""}`,
    );
  };
  return (
    <div ref={sizer} style={{ position: "relative" }}>
      <div
        ref={box}
        className="floor"
        data-tool={tool}
        style={{ height: boxH }}
        role="application"
        aria-roledescription={say.map.role}
        aria-label={say.map.canvas}
        aria-describedby="floor-help"
      >
        <div style={{ width: plan === null ? 0 : plan.width + 2 * EDGE, height: plan === null ? 0 : plan.height + 2 * EDGE }}>
          <canvas ref={canvas} aria-hidden />
        </div>
      </div>
      {rig === null ? null : <FloorTip rig={rig} now={now} x={tip.x} y={tip.y} width={width} />}
      <p className="unseen" aria-live="polite">
        {spoken === null ? "" : inWords(spoken)}
      </p>
    </div>
  );
};
