/**
 * Whether a wait until `untilTs`, that was to take `mostMs` at most, goes on at `nowTs` (ms UTC). Where more is left, the clock was set back
 * meanwhile, and the wait is over: otherwise it would last as long as the clock was set back by.
 */
export const isWaiting = (nowTs: number, untilTs: number, mostMs: number): boolean => untilTs > nowTs && untilTs - nowTs <= mostMs;
