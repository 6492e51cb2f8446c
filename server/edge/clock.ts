/** The system's clock in the shape that flows are given. */
export const systemClock = {
  now: (): number => Date.now(),
  /** Lets whatever else is waiting have its turn. */
  breathe: (): Promise<void> => new Promise((resolve) => setImmediate(resolve)),
  /** Calls `work` every `ms`; a call is left out while the last one runs. Gives the function that ends it. */
  every(ms: number, work: () => void | Promise<void>): () => void {
    let running = false;
    const timer = setInterval(() => {
      if (running) return;
      running = true;
      void Promise.resolve(work()).finally(() => {
        running = false;
      });
    }, ms);
    return () => clearInterval(timer);
  },
};
