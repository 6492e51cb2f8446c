/**
 * A network that misbehaves by a seed: messages of a recording lost, given twice, held back, and devices whose clocks are off. The same
 * rows with the same settings come out the same. What the server itself wrote is left alone, and so are the clocks inside what a gateway
 * has signed.
 */
import { fnv1a } from "./fnv.ts";
import { shifted } from "./moved.ts";
import type { Row } from "./recording.ts";

export interface NetworkFaults {
  readonly seed: number;
  /** Shares of the messages, 0 to 1. */
  readonly loss: number;
  readonly dup: number;
  readonly reorder: number;
  /** A message held back comes at most so much later, ms. */
  readonly holdMs: number;
  /** Each device's clock is off by up to so much, either way, ms. */
  readonly skewMs: number;
}

export const NO_NETWORK_FAULTS: NetworkFaults = { seed: 1, loss: 0, dup: 0, reorder: 0, holdMs: 15_000, skewMs: 0 };
const MOST_HELD = 10_000;

/** Reads `seed:7,loss:0.01,dup:0.02,reorder:0.02,hold:5s,skew:2s`; gives a sentence where it is wrong. `duration` gives ms or null. */
export const networkFaultsOf = (text: string, duration: (text: string) => number | null): NetworkFaults | string => {
  let faults = NO_NETWORK_FAULTS;
  for (const part of text.split(",")) {
    const [name = "", value = ""] = part.split(":", 2).map((half) => half.trim());
    const number = name === "hold" || name === "skew" ? (duration(value) ?? Number.NaN) : value === "" ? Number.NaN : Number(value);
    if (name === "seed" && Number.isInteger(number) && number >= 0 && number <= 0xffff_ffff) faults = { ...faults, seed: number };
    else if ((name === "loss" || name === "dup" || name === "reorder") && number >= 0 && number <= 1)
      faults = { ...faults, [name]: number };
    else if (name === "hold" && number >= 1 && number <= 3_600_000) faults = { ...faults, holdMs: number };
    else if (name === "skew" && number >= 0 && number <= 86_400_000) faults = { ...faults, skewMs: number };
    else return `"${part}" is none of seed:N, loss:0 to 1, dup:0 to 1, reorder:0 to 1, hold:TIME, skew:TIME`;
  }
  return faults;
};

/** mulberry32: a 32-bit generator of Tommy Ettinger's, public domain; gives 0 ≤ x < 1. */
const chanceOf = (seed: number) => {
  let state = seed >>> 0;
  return (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};
const encoder = new TextEncoder();

/** Carries rows through the network: each call takes one row and gives those that come out before and with it, in time order. */
export const createNetwork = ({ seed, loss, dup, reorder, holdMs, skewMs }: NetworkFaults) => {
  const chance = chanceOf(seed);
  const skews = new Map<string, number>();
  let held: Row[] = [];

  const skewed = (row: Row): Row => {
    if (skewMs === 0) return row;
    const device = row.topic.slice(0, row.topic.lastIndexOf("/"));
    let by = skews.get(device);
    if (by === undefined) skews.set(device, (by = Math.round((2 * chanceOf(seed ^ fnv1a(encoder.encode(device)))() - 1) * skewMs)));
    return { ...row, payload: shifted(row.payload, by), reading: null };
  };
  const due = (us: number): Row[] => {
    const out = held.filter((row) => row.us <= us);
    if (out.length > 0) held = held.filter((row) => row.us > us);
    return out.toSorted((a, b) => a.us - b.us || a.n - b.n);
  };
  const hold = (row: Row): void => {
    if (held.length < MOST_HELD) held.push({ ...row, us: row.us + Math.ceil(chance() * holdMs * 1_000), reading: null });
  };

  return {
    take(row: Row): Row[] {
      const out = due(row.us);
      if (row.topic.startsWith("$")) return [...out, row];
      // Drawn for every row, so that one setting does not change what another hits.
      const [lost, again, late] = [chance() < loss, chance() < dup, chance() < reorder];
      if (lost) return out;
      const sent = skewed(row);
      if (again) hold({ ...sent, dup: true });
      if (late) {
        hold(sent);
        return out;
      }
      return [...out, sent];
    },
    /** What is still held, when there are no more rows; none of it after `endUs`. */
    rest: (endUs: number): Row[] => due(Infinity).map((row) => ({ ...row, us: Math.min(row.us, endUs), reading: null })),
  };
};
