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

/** Counts the time since the reading before, where the newer one hashes. Late readings change nothing. Changes `book`. */
export const foldRunning = (
  book: ServiceBook,
  before: Pick<Twin, "lastDeviceTs">,
  after: Pick<Twin, "rig" | "lastDeviceTs" | "latest">,
): void => {
  if (before.lastDeviceTs === null || after.lastDeviceTs === null || !((after.latest.hashrateThs ?? 0) > 0)) return;
  const ms = Math.min(MOST_BETWEEN_MS, after.lastDeviceTs - before.lastDeviceTs);
  if (ms > 0) book.ranMs.set(after.rig, (book.ranMs.get(after.rig) ?? 0) + ms);
};

/** Notes that work of a kind was sealed at journal time `ts`. Changes `book`. */
export const foldServed = (book: ServiceBook, rig: string, kind: RecordKind, ts: number): void =>
  void book.served.set(`${rig}/${kind}`, { ts, ranMs: book.ranMs.get(rig) ?? 0 });
