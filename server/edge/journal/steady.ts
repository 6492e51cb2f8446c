/** ms that have passed, by a clock that nobody sets. */
export type PassedMs = () => number;

/** While this machine's clock is behind the journal, of the time that passes so much passes in the journal: it goes on, and is caught up with. */
const PACE = 0.5;

/**
 * The journal's time: this machine's clock, for as long as that does not go back. Where it was set back, time goes on from the newest entry at half
 * its pace, in whole ms, until the clock has come up: what waits for time comes to its end all the same, and no time is given before an earlier one.
 */
export const createSteadyTime = (passedMs: PassedMs = () => performance.now()) => {
  let newestTs = 0;
  /** The journal's time when the clock was found behind, and what had passed by then; null while it is not. */
  let behind: { readonly fromTs: number; readonly fromMs: number } | null = null;
  const raise = (ts: number): number => {
    behind = null;
    return (newestTs = ts);
  };
  return {
    /** The time of what happens now, at `nowTs` by this machine's clock. */
    now(nowTs: number): number {
      if (nowTs >= newestTs) return raise(nowTs);
      behind ??= { fromTs: newestTs, fromMs: passedMs() };
      newestTs = Math.max(newestTs, Math.floor(behind.fromTs + PACE * (passedMs() - behind.fromMs)));
      return newestTs;
    },
    /** The time of what happened at `atTs` and is entered now. */
    at: (atTs: number): number => (atTs > newestTs ? raise(atTs) : newestTs),
  };
};
