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
    const timer = setInterval(() => void round(), ms);
    return () => clearInterval(timer);
  },
};
