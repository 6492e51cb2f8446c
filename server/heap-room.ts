/** Garbage at most, about, until the whole heap is looked at again. By default it may be more than all that is in use. */
const ROOM_BYTES = 20 << 20;
/** Less, and a large heap would be looked at all the time. */
const LEAST_PERCENT = 10;

/** By how many per cent a heap with so many bytes in use may grow until it is collected: 10 to 100. */
export const growingPercent = (inUseBytes: number): number =>
  Math.min(100, Math.max(LEAST_PERCENT, Math.round((100 * ROOM_BYTES) / Math.max(1, inUseBytes))));
