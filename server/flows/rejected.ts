/** Points that the series store refused for good: shown with the refused messages, the newest of them kept. */
import type { RefusalLine } from "../twin/api.ts";
import type { RejectedPoint } from "../twin/series.ts";

const MOST = 200;

export const createRejected = (now: () => number, position: () => number) => {
  let total = 0;
  const lines: RefusalLine[] = [];
  return {
    add(points: readonly RejectedPoint[]): void {
      total += points.length;
      for (const { point, reason } of points.slice(-MOST))
        lines.push({ pos: position(), receivedTs: now(), topic: point.slice(0, 200), code: "STORE_REJECTED", detail: reason, sample: "" });
      lines.splice(0, Math.max(0, lines.length - MOST));
    },
    /** How many there were since the start. */
    total: (): number => total,
    /** Oldest first. */
    lines: (): readonly RefusalLine[] => lines,
  };
};
export type Rejected = ReturnType<typeof createRejected>;
