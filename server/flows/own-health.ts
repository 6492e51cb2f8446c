/**
 * What this system says of its own parts, for the alarms: a part that ceases to work, or works again, is one entry of the journal, so that
 * a replay raises the same alarms at the same moments. The fold's memory of it outlives a restart.
 */
import { DAY_MS } from "../twin/days.ts";
import type { PartHealth, SystemPart } from "../twin/alarms/system.ts";
import type { Farm } from "../twin/farm.ts";
import { OWN } from "../twin/wire.ts";
import type { Clock } from "./clock.ts";

/** Why a part does not work; null: it does; undefined: nothing is known. */
type Probe = () => string | null | undefined | Promise<string | null | undefined>;

export interface OwnHealthNeeds {
  readonly clock: Clock;
  readonly farm: () => Pick<Farm, "health">;
  readonly write: (topic: string, payload: Uint8Array) => Promise<void>;
  readonly probes: Readonly<Partial<Record<SystemPart, Probe>>>;
  readonly onError: (what: string, error: unknown) => void;
}
const STEP_MS = 5_000;

/** Looks at every part each five seconds; gives what stops it. */
export const startOwnHealth = ({ clock, farm, write, probes, onError }: OwnHealthNeeds): (() => Promise<void>) => {
  const look = async (part: string, probe: Probe): Promise<void> => {
    try {
      const away = await probe();
      if (away === undefined || (away === null) === (farm().health.get(part)?.ok ?? true)) return;
      const health: PartHealth = { ok: away === null, detail: away ?? "works again" };
      await write(OWN.part, new TextEncoder().encode(JSON.stringify({ part, ...health })));
    } catch (error) {
      onError(`nothing is known of the part "${part}"`, error);
    }
  };
  let running: Promise<unknown> = Promise.resolve();
  const stop = clock.every(STEP_MS, async () => {
    running = Promise.all(Object.entries(probes).map(([part, probe]) => look(part, probe)));
    await running;
  });
  return async () => {
    stop();
    await running;
  };
};

const GB = 1e9;
/** A tenth of the disk, but no more than this: that is days of a large farm's journal. */
const MOST_NEEDED_BYTES = 10 * GB;
const NEEDED_PART = 0.1;
/** Once it was called filling it is called so until there is a fifth more than needed. */
const RELIEVED = 1.2;

/** Says why a disk is filling, null where it is not. */
export const diskProbe = (
  space: () => Promise<{ readonly freeBytes: number; readonly totalBytes: number }>,
  isFilling: () => boolean,
): Probe => {
  return async () => {
    const { freeBytes, totalBytes } = await space();
    const neededBytes = Math.min(MOST_NEEDED_BYTES, totalBytes * NEEDED_PART) * (isFilling() ? RELIEVED : 1);
    if (freeBytes >= neededBytes) return null;
    const percent = ((100 * freeBytes) / totalBytes).toFixed(1);
    return `The disk of the data folder has ${(freeBytes / GB).toFixed(1)} GB left, ${percent} % of it.`;
  };
};

/** After the end of the day and its grace; an outside chain may be slow for an hour. */
const LATE_MS = 2 * 3_600_000;
/** Days that were sealed at the start are on their way by then. */
const FIRST_MS = 10 * 60_000;

/** Says which day's anchor is late, null where none is. `waiting` is the oldest sealed day (since 1970 UTC) that is not on the chain. */
export const anchorProbe = (
  now: () => number,
  graceMs: number,
  waiting: () => { readonly day: number | null; readonly away: string | null },
): Probe => {
  const startedTs = now();
  return () => {
    const { day, away } = waiting();
    if (day === null) return null;
    if (now() - startedTs < FIRST_MS) return undefined;
    const date = new Date(day * DAY_MS).toISOString().slice(0, 10);
    return now() < (day + 1) * DAY_MS + graceMs + LATE_MS
      ? null
      : `${date} is sealed and not on the chain${away === null ? "." : `: ${away}`}`;
  };
};
