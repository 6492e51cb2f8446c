/** Pointer and keyboard on the floor map. A canvas has no elements to bind to, so the box around it listens for all of them. */
import { useEffect, useRef, type RefObject } from "react";
import { nextIn, rigUnder, type Direction, type Plan, type Spot } from "./floor-plan.ts";

/** Px between the box's edge and the plan's. */
export const EDGE = 2;

export interface Hand {
  readonly plan: Plan | null;
  readonly spots: ReadonlyMap<number, Spot>;
  readonly focused: number;
  readonly onHover: (index: number, at: { readonly x: number; readonly y: number }) => void;
  readonly onWalk: (index: number) => void;
  readonly onOpen: (index: number) => void;
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
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Enter") return open(latest.current.focused);
      const next = walked(event.key, latest.current);
      if (next === null) return;
      event.preventDefault();
      latest.current.onWalk(next);
    };
    const aborter = new AbortController();
    const on = <K extends keyof HTMLElementEventMap>(name: K, listener: (event: HTMLElementEventMap[K]) => void): void =>
      element.addEventListener(name, listener, { signal: aborter.signal, passive: name === "scroll" });
    on("pointermove", (event) => void under(event));
    on("pointerleave", () => latest.current.onHover(-1, { x: 0, y: 0 }));
    on("click", (event) => open(under(event)));
    on("keydown", onKey);
    on("focus", () => latest.current.onInside(true));
    on("blur", () => latest.current.onInside(false));
    on("scroll", () => latest.current.onScroll());
    return () => aborter.abort();
  }, [box]);
};
