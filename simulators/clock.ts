/** The simulator's clocks. The model never looks at one: it is the publisher that waits until a message is due. */

export interface Clock {
  /** Simulated time, ms UTC. */
  readonly now: () => number;
  /** Resolves when `ts` has come, or as soon as `signal` aborts. */
  readonly until: (ts: number, signal: AbortSignal) => Promise<void>;
}

/** Timers of Node fire at once beyond this. */
const LONGEST_MS = 2 ** 31 - 1;

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, Math.min(ms, LONGEST_MS));
    signal.addEventListener("abort", done);
  });

/** The wall clock; with a `speed` other than 1 a clock that shows `startTs` now and runs so many times as fast. */
export const wallClock = (speed = 1, startTs = Date.now()): Clock => {
  const zero = Date.now();
  const now = (): number => (speed === 1 ? Date.now() - zero + startTs : startTs + (Date.now() - zero) * speed);
  return { now, until: (ts, signal) => (ts <= now() ? Promise.resolve() : sleep((ts - now()) / speed, signal)) };
};

/** A clock that is never early: everything up to any time is due at once. */
export const noClock = (startTs: number): Clock => {
  let reached = startTs;
  return {
    now: () => reached,
    until: (ts) => {
      reached = Math.max(reached, ts);
      return Promise.resolve();
    },
  };
};
