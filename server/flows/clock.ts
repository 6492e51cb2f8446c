/** The clock that a flow is given: the system's when live, a recording's in a replay, a test's own in a test. */
export interface Clock {
  /** ms since 1970 UTC. */
  readonly now: () => number;
  /** Calls `work` every `ms` of this clock until the function it gives is called. A call is left out while the last one runs. */
  readonly every: (ms: number, work: () => void | Promise<void>) => () => void;
}

/**
 * Now, ms UTC, for what compares it with times out of the journal: those are the journal's, which this machine's clock is behind after it was set
 * back. `farm` is the state as it is now.
 */
export const journalNow = (clock: Pick<Clock, "now">, farm: { readonly asOfTs: number }): number => Math.max(clock.now(), farm.asOfTs);
