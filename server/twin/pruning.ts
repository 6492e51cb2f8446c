/** How much of what is old may go: of the journal by what still needs it, of the series by the time that the rigs tell. */
import { DAY_MS } from "./days.ts";
import type { Twin } from "./twin.ts";

export interface Prunable {
  readonly nowTs: number;
  /** The time that the rigs tell (usualDeviceTs): a clock that is far ahead must not cost the journal. */
  readonly toldTs: number;
  /** Longer than that it is not kept. */
  readonly days: number;
  /** Before which entries must go for the journal to be no larger than it may be; 0 where it is not. */
  readonly bySizeTs: number;
  /** Days before it are sealed: their rows can be counted only from the messages. */
  readonly sealedTs: number;
  /** Before which the series store lacks nothing: it is filled from the journal. */
  readonly storedTs: number;
  /** Of the newest snapshot of the farm, 0 where there is none: a start folds what came after it. */
  readonly savedTs: number;
}

/** Time before which the journal's entries may be dropped. What is still needed stays, whatever its age and size. */
export const prunableBeforeTs = ({ nowTs, toldTs, days, bySizeTs, sealedTs, storedTs, savedTs }: Prunable): number =>
  Math.min(Math.max(Math.min(nowTs, toldTs) - days * DAY_MS, bySizeTs), sealedTs, storedTs, savedTs);

const UPPER = 0.75;

/**
 * The device time which three quarters of the rigs heard in the last day have told at the most: not what a few say whose clocks are as
 * wrong as this machine's may be, nor what rigs said that were taken away long ago. 0 where nothing was told.
 */
export const usualDeviceTs = (twins: Iterable<Twin>, asOfTs: number): number => {
  const told = [...twins].flatMap(({ lastDeviceTs, lastSeenTs }) =>
    lastDeviceTs === null || lastSeenTs === null ? [] : [{ lastDeviceTs, isLately: lastSeenTs > asOfTs - DAY_MS }],
  );
  const lately = told.filter(({ isLately }) => isLately);
  const times = (lately.length > 0 ? lately : told).map(({ lastDeviceTs }) => lastDeviceTs).toSorted((a, b) => a - b);
  return times[Math.floor(times.length * UPPER)] ?? 0;
};
