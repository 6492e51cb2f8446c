/** Which messages of one device have been counted, so that redelivery, replay and a second gateway change nothing. */
import type { Reading } from "./reading.ts";

/** Sequence numbers seen, as closed intervals in rising order: one interval while nothing is missing. */
export type Intervals = [from: number, to: number][];

export type Boot = [boot: string, intervals: Intervals, lowestTs?: number];

/** A boot seen after the present one, of which all that came seems to be older (newest.ts). */
export interface Waiting {
  /** Its newest, by number. */
  reading: Reading;
  /** The highest device time of those that wait. */
  highTs: number;
}

export interface Seen {
  /** Newest boot last; a device that restarts often forgets its oldest. */
  readonly boots: Boot[];
  /** Device times of the newest readings, for dialects without sequence numbers and for two gateways on one device. */
  readonly times: number[];
  /** The highest of all that ever stood there: what is above it need not be looked for. Absent in older snapshots. */
  highTs?: number;
  /** The last newest reading of another boot than the present one, by which its pace is known; absent where none came. */
  pace?: Pick<Reading, "boot" | "deviceTs" | "receivedTs"> | undefined;
  /** Absent where none waits. */
  waiting?: Waiting[] | undefined;
}

const MOST_BOOTS = 4;
const MOST_INTERVALS = 256;
const MOST_TIMES = 64;

export const nothingSeen = (): Seen => ({ boots: [], times: [], highTs: 0 });

/** Adds a number; gives false where it was there. The interval list stays bounded: the two oldest are joined over their hole. */
export const addNumber = (intervals: Intervals, n: number): boolean => {
  let i = intervals.length - 1;
  while (i >= 0 && (intervals[i]?.[0] ?? 0) > n) i--;
  const here = intervals[i];
  const next = intervals[i + 1];
  if (here !== undefined && n <= here[1]) return false;
  const joinsHere = here !== undefined && here[1] === n - 1;
  const joinsNext = next !== undefined && next[0] === n + 1;
  if (joinsHere && joinsNext) {
    here[1] = next[1];
    intervals.splice(i + 1, 1);
  } else if (joinsHere) here[1] = n;
  else if (joinsNext) next[0] = n;
  else intervals.splice(i + 1, 0, [n, n]);
  const [first, second] = intervals;
  if (intervals.length > MOST_INTERVALS && first !== undefined && second !== undefined) {
    first[1] = second[1];
    intervals.splice(1, 1);
  }
  return true;
};

/** How many numbers are missing between the first and the last seen. */
export const missingIn = (intervals: Intervals): number => {
  let missing = 0;
  for (let i = 1; i < intervals.length; i++) missing += (intervals[i]?.[0] ?? 0) - (intervals[i - 1]?.[1] ?? 0) - 1;
  return missing;
};

const addTime = (seen: Seen, ts: number): boolean => {
  const { times, highTs = Infinity } = seen;
  if (ts <= highTs && times.includes(ts)) return false;
  seen.highTs = highTs === Infinity ? Math.max(ts, ...times) : Math.max(ts, highTs);
  times.push(ts);
  if (times.length > MOST_TIMES) times.shift();
  return true;
};

/**
 * Notes a message by boot and sequence, and by device time; gives whether it is new. Changes `seen`. A time that has fallen
 * out of the window counts as new only with a sequence number that was not seen. `present`: the boot that is not forgotten for others.
 */
export const note = (seen: Seen, boot: string | null, seq: number | null, deviceTs: number, present: string | null = null): boolean => {
  if (seq !== null) {
    const name = boot ?? "";
    let known = seen.boots.at(-1);
    if (known?.[0] !== name) known = seen.boots.findLast((boot) => boot[0] === name);
    if (known === undefined) {
      known = [name, [], deviceTs];
      seen.boots.push(known);
      if (seen.boots.length > MOST_BOOTS) seen.boots.splice(seen.boots[0]?.[0] === (present ?? "") ? 1 : 0, 1);
    }
    if (!addNumber(known[1], seq)) return false;
    if (known[2] === undefined || deviceTs < known[2]) known[2] = deviceTs;
  }
  return addTime(seen, deviceTs);
};

/** Where a boot stands among those remembered; -1 where it does not. */
export const placeOf = (boots: readonly Boot[], boot: string | null): number => boots.findIndex(([name]) => name === (boot ?? ""));

/** The lowest device time of a boot's readings, where that is known. */
export const lowestTs = (boots: readonly Boot[], boot: string | null): number | undefined => boots[placeOf(boots, boot)]?.[2];

/** Sequence numbers that never came, over the boots remembered. */
export const missed = ({ boots }: Seen): number => {
  let sum = 0;
  for (const boot of boots) sum += missingIn(boot[1]);
  return sum;
};
