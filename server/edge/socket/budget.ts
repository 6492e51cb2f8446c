/** How many events a viewer may send: a bucket that fills steadily and holds a burst. */
const PER_S = 20;
const BURST = 100;

/** Gives a function that takes one event's leave at `nowMs`; false where the bucket is empty. */
export const createBudget = (startMs: number): ((nowMs: number) => boolean) => {
  let left = BURST;
  let atMs = startMs;
  return (nowMs) => {
    left = Math.min(BURST, left + (Math.max(0, nowMs - atMs) / 1_000) * PER_S);
    atMs = nowMs;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
};
