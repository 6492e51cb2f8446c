/** How long each rig has run, and when work of each kind was last sealed for it: what plans fall due by. Folded, never estimated. */
import type { RecordKind } from "../record.ts";
import type { Twin } from "../twin.ts";

export interface Served {
  /** Journal time of the sealing, ms UTC. */
  readonly ts: number;
  /** Running time of the rig at that moment, ms. */
  readonly ranMs: number;
}
export interface ServiceBook {
  /** Running time since first sight, ms; by rig. What a used machine ran before is not in it. */
  readonly ranMs: Map<string, number>;
  /** By `{rig}/{kind}`. */
  readonly served: Map<string, Served>;
}
export const noService = (): ServiceBook => ({ ranMs: new Map(), served: new Map() });

/** Between two readings no longer time is counted: what a rig did in a longer silence nobody knows. */
export const MOST_BETWEEN_MS = 900_000;

/**
 * Counts the time since the reading before, where the newer one hashes: by the device's clock, and from one boot to another, whose clocks
 * may differ (two gateways, a restart), by the journal's. Late readings change nothing. Changes `book`.
 */
export const foldRunning = (
  book: ServiceBook,
  before: Pick<Twin, "lastDeviceTs" | "lastSeenTs" | "boot">,
  after: Pick<Twin, "rig" | "lastDeviceTs" | "lastSeenTs" | "boot" | "latest">,
): void => {
  const clock = before.boot === after.boot ? "lastDeviceTs" : "lastSeenTs";
  const [fromTs, toTs] = [before[clock], after[clock]];
  if (fromTs === null || toTs === null || !((after.latest.hashrateThs ?? 0) > 0)) return;
  const ms = Math.min(MOST_BETWEEN_MS, toTs - fromTs);
  if (ms > 0) book.ranMs.set(after.rig, (book.ranMs.get(after.rig) ?? 0) + ms);
};

/** Notes that work of a kind was sealed at journal time `ts`. Changes `book`. */
export const foldServed = (book: ServiceBook, rig: string, kind: RecordKind, ts: number): void =>
  void book.served.set(`${rig}/${kind}`, { ts, ranMs: book.ranMs.get(rig) ?? 0 });
