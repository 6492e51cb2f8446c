/**
 * When the next round of `ms` is due after the one of `dueMs`, at `nowMs`: that much later, and where that is over already (the machine slept), at
 * the next whole step. Rounds stay in step with each other for as long as the program runs; setInterval adds up by how much each one was late.
 */
export const nextDue = (dueMs: number, ms: number, nowMs: number): number => dueMs + ms * Math.max(1, Math.ceil((nowMs - dueMs) / ms));

/** The system's clock in the shape that flows are given. */
export const systemClock = {
  now: (): number => Date.now(),
  /** Lets whatever else is waiting have its turn. */
  breathe: (): Promise<void> => new Promise((resolve) => setImmediate(resolve)),
  /**
   * Calls `work` every `ms`; a call is left out while the last one runs. What it throws is printed, and it is called again: one round that
   * fails must not end the program. Gives the function that ends it.
   */
  every(ms: number, work: () => void | Promise<void>): () => void {
    let running = false;
    const round = async (): Promise<void> => {
      if (running) return;
      running = true;
      try {
        await work();
      } catch (error) {
        console.error(`${new Date().toISOString()} a round failed and is tried again:`, error);
      } finally {
        running = false;
      }
    };
    let dueMs = performance.now() + ms;
    let timer: NodeJS.Timeout;
    const wait = (): void => {
      timer = setTimeout(() => {
        dueMs = nextDue(dueMs, ms, performance.now());
        wait();
        void round();
      }, dueMs - performance.now());
    };
    wait();
    return () => clearTimeout(timer);
  },
};
