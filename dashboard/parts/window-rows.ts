import { useEffect, useState, type RefObject } from "react";

export interface RowWindow {
  /** Rows first ≤ i < end are to be drawn. */
  readonly first: number;
  readonly end: number;
}

/** Which of `count` rows of `height` px are in sight of a scrolling box, and a few on either side. */
export const useRowWindow = (box: RefObject<HTMLElement | null>, count: number, height: number, spare: number): RowWindow => {
  const [sight, setSight] = useState({ top: 0, room: 0 });
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const look = (): void =>
      setSight((before) =>
        before.top === element.scrollTop && before.room === element.clientHeight
          ? before
          : { top: element.scrollTop, room: element.clientHeight },
      );
    const watcher = new ResizeObserver(look);
    watcher.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      watcher.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, [box]);
  const first = Math.max(0, Math.floor(sight.top / height) - spare);
  return { first, end: Math.min(count, Math.ceil((sight.top + sight.room) / height) + spare) };
};

/** Scrolls so that row `index` is in sight below a sticky head of `head` px. */
export const showRow = (box: HTMLElement, index: number, height: number, head: number): void => {
  const top = index * height;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + height + head > box.scrollTop + box.clientHeight) box.scrollTop = top + height + head - box.clientHeight;
};
