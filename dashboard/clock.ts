/** A view's time: the server says what "now" is, the browser's monotonic clock only carries it on. */
import type { ViewClock } from "../server/twin/delta.ts";

export interface RunningClock {
  readonly clock: ViewClock;
  /** performance.now() at which `clock.nowTs` was true. */
  readonly setAtMs: number;
}

/** "Now" of the view, ms UTC, at the monotonic time `atMs`. A replay stands still while it is paused and at its end. */
export const nowOf = ({ clock, setAtMs }: RunningClock, atMs: number): number => {
  if (clock.view === "live") return clock.nowTs + Math.max(0, atMs - setAtMs);
  if (!clock.playing) return clock.nowTs;
  const now = clock.nowTs + Math.max(0, atMs - setAtMs) * clock.speed;
  return clock.to === null ? now : Math.min(now, clock.to);
};
