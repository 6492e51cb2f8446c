/** Pointer and keyboard on the floor map. A canvas has no elements to bind to, so the box around it listens for all of them. */
import { useEffect, useRef, type RefObject } from "react";
import { headUnder, type Point } from "./floor-select.ts";
import { nextIn, rigUnder, type Direction, type Plan, type Spot } from "./floor-plan.ts";

/** Px between the box's edge and the plan's. */
export const EDGE = 2;

export type Tool = "point" | "lasso";
/** Put to what is selected, taken from it, or in its place. */
export type Taking = "add" | "take" | "anew";
export interface Hand {
  readonly tool: Tool;
  readonly plan: Plan | null;
  readonly spots: ReadonlyMap<number, Spot>;
  readonly focused: number;
  readonly onHover: (index: number, at: { readonly x: number; readonly y: number }) => void;
  readonly onWalk: (index: number) => void;
  readonly onOpen: (index: number) => void;
  /** These were pointed at: selected, or no longer where all of them are. */
  readonly onToggle: (indexes: readonly number[]) => void;
  /** The line as it grows, in the plan's measures. */
  readonly onDraw: (path: readonly Point[]) => void;
  /** The line is closed. */
  readonly onDrawn: (path: readonly Point[], taking: Taking) => void;
  readonly onRackOf: (index: number) => void;
  readonly onClear: () => void;
  readonly onInside: (inside: boolean) => void;
  readonly onScroll: () => void;
}

const walked = (key: string, { spots, focused }: Hand): number | null => {
  if (key === "ArrowLeft" || key === "ArrowRight" || key === "ArrowUp" || key === "ArrowDown")
    return nextIn(spots, focused, key as Direction);
  const all = [...spots.keys()];
  if (key === "Home") return all[0] ?? -1;
  return key === "End" ? (all.at(-1) ?? -1) : null;
};

const LEAST_DRAWN_PX = 6;
const isDrawn = (path: readonly Point[]): boolean => {
  const [first] = path;
  return first !== undefined && path.some(({ x, y }) => Math.hypot(x - first.x, y - first.y) > LEAST_DRAWN_PX);
};

/** Binds a hand to the box. */
export const useHand = (box: RefObject<HTMLElement | null>, hand: Hand): void => {
  const latest = useRef(hand);
  useEffect(() => {
    latest.current = hand;
  });
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    element.setAttribute("tabindex", "0");
    const under = (event: MouseEvent): number => {
      const { plan } = latest.current;
      const bounds = element.getBoundingClientRect();
      const at = { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
      const index = plan === null ? -1 : rigUnder(plan, at.x + element.scrollLeft - EDGE, at.y + element.scrollTop - EDGE);
      latest.current.onHover(index, at);
      return index;
    };
    const open = (index: number): void => {
      if (index >= 0) latest.current.onOpen(index);
    };
    const onPlan = (event: MouseEvent): Point => {
      const bounds = element.getBoundingClientRect();
      return { x: event.clientX - bounds.left + element.scrollLeft - EDGE, y: event.clientY - bounds.top + element.scrollTop - EDGE };
    };
    const head = (event: MouseEvent): number[] => {
      const { plan } = latest.current;
      const { x, y } = onPlan(event);
      return plan === null ? [] : headUnder(plan, x, y);
    };
    let path: Point[] | null = null;
    const onDown = (event: PointerEvent): void => {
      if (latest.current.tool !== "lasso" || event.button !== 0) return;
      path = [onPlan(event)];
      element.setPointerCapture(event.pointerId);
    };
    const onMove = (event: PointerEvent): void => {
      under(event);
      if (path === null) return;
      path.push(onPlan(event));
      if (path.length > 2) latest.current.onDraw(path.slice());
    };
    const onUp = (event: PointerEvent): void => {
      const drawn = path;
      path = null;
      if (drawn === null) return;
      latest.current.onDraw([]);
      if (isDrawn(drawn)) latest.current.onDrawn(drawn, event.altKey ? "take" : event.shiftKey ? "add" : "anew");
      else pick(event);
    };
    const pick = (event: MouseEvent): void => {
      const index = under(event);
      const many = index >= 0 ? [index] : head(event);
      if (many.length > 0) latest.current.onToggle(many);
    };
    const onClick = (event: MouseEvent): void => {
      // With the lasso the click is the end of a line, and was heard as such.
      if (latest.current.tool === "lasso") return;
      const index = under(event);
      if (index < 0 || event.ctrlKey || event.metaKey || event.shiftKey) return pick(event);
      open(index);
    };
    const onKey = (event: KeyboardEvent): void => {
      const { focused, onToggle, onRackOf, onClear } = latest.current;
      if (event.key === "Enter") return open(focused);
      if (event.key === "Escape") return onClear();
      if (event.key === " " || event.key.toLowerCase() === "r") {
        if (focused < 0 || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        return event.key === " " ? onToggle([focused]) : onRackOf(focused);
      }
      const next = walked(event.key, latest.current);
      if (next === null) return;
      event.preventDefault();
      latest.current.onWalk(next);
    };
    const aborter = new AbortController();
    const on = <K extends keyof HTMLElementEventMap>(name: K, listener: (event: HTMLElementEventMap[K]) => void): void =>
      element.addEventListener(name, listener, { signal: aborter.signal, passive: name === "scroll" });
    on("pointerdown", onDown);
    on("pointermove", onMove);
    on("pointerup", onUp);
    on("pointercancel", () => {
      path = null;
      latest.current.onDraw([]);
    });
    on("pointerleave", () => latest.current.onHover(-1, { x: 0, y: 0 }));
    on("click", onClick);
    on("keydown", onKey);
    on("focus", () => latest.current.onInside(true));
    on("blur", () => latest.current.onInside(false));
    on("scroll", () => latest.current.onScroll());
    return () => aborter.abort();
  }, [box]);
};
