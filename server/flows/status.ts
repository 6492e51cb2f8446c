/** How the parts are doing: one line a port, and whether the whole works. */
import type { z } from "zod";
import type { healthAnswer, Status } from "../twin/api.ts";
import type { Farm } from "../twin/farm.ts";

type Health = z.infer<typeof healthAnswer>;
export type PortHealth = Health["ports"][string];

/** Keeps the newest word of each part. `essential` parts make the whole fail, the others degrade it. */
export const createStatus = (version: string, startedTs: number, now: () => number) => {
  const ports = new Map<string, PortHealth>();
  const essential = new Set<string>();
  const limits = new Map<string, number>();
  return {
    /** Counts something that was turned away or slowed down. */
    count: (what: string): void => void limits.set(what, (limits.get(what) ?? 0) + 1),
    limits: (): Readonly<Record<string, number>> => Object.fromEntries(limits),
    /** `away` is why it does not work, null where it does. */
    say(port: string, kind: string, detail: string, away: string | null, isEssential = false): void {
      if (isEssential) essential.add(port);
      ports.set(port, { status: away === null ? "ok" : isEssential ? "failing" : "away", kind, detail: away ?? detail });
    },
    health(): Health {
      const failing = [...ports].some(([port, { status }]) => status !== "ok" && essential.has(port));
      const away = [...ports.values()].some(({ status }) => status !== "ok");
      return {
        status: failing ? "failing" : away ? "degraded" : "ok",
        version,
        uptimeS: Math.round((now() - startedTs) / 1_000),
        ports: Object.fromEntries(ports),
      };
    },
  };
};

/** Messages a second over the last `WINDOW_S` seconds. */
const WINDOW_S = 10;
export const createRate = (now: () => number) => {
  const counts = new Map<number, number>();
  return {
    add(n: number): void {
      const second = Math.floor(now() / 1_000);
      counts.set(second, (counts.get(second) ?? 0) + n);
      for (const old of counts.keys()) if (old < second - WINDOW_S) counts.delete(old);
    },
    perS(): number {
      const second = Math.floor(now() / 1_000);
      let sum = 0;
      for (const [at, n] of counts) if (at >= second - WINDOW_S && at < second) sum += n;
      return sum / WINDOW_S;
    },
  };
};

export interface IngestFigures {
  readonly messagesPerS: number;
  readonly headPos: number;
  readonly headTs: number;
  readonly storedPos: number;
  readonly journalBytes: number;
  /** Entries found damaged and set aside. */
  readonly damagedEntries: number;
  readonly limits: Readonly<Record<string, number>>;
  readonly viewers: number;
  /** Journal time of the entry at storedPos, where it is known; null: all is stored. */
  readonly storedTs: number | null;
}

export const statusAnswer = (health: Health, farm: Farm, figures: IngestFigures): Status => ({
  ...health,
  site: farm.site,
  ingest: {
    messagesPerS: figures.messagesPerS,
    accepted: farm.accepted,
    refused: [...farm.refusedByCode.values()].reduce((sum, n) => sum + n, 0),
    duplicates: farm.duplicates,
    late: farm.late,
    headPos: figures.headPos,
    foldedPos: farm.asOfPos,
    storedPos: figures.storedPos,
    storeLagS: figures.storedTs === null ? 0 : Math.max(0, (figures.headTs - figures.storedTs) / 1_000),
    journalBytes: figures.journalBytes,
    damagedEntries: figures.damagedEntries,
    lastEntryTs: farm.asOfTs === 0 ? null : farm.asOfTs,
  },
  viewers: figures.viewers,
  refusals: Object.fromEntries(farm.refusedByCode),
  limits: { ...figures.limits },
});
