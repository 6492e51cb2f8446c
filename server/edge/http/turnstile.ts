/** Heavy work for strangers, a few at a time: whoever comes when many wait is told to come again. */
import { Refused } from "../../twin/refusal.ts";

export interface Turnstile {
  /** Gives what lets the next one in; it may be called more than once. Rejects with Refused TOO_MANY_REQUESTS. */
  readonly enter: () => Promise<() => void>;
}

export const createTurnstile = (atOnce: number, mostWaiting: number): Turnstile => {
  let inside = 0;
  const waiting: (() => void)[] = [];
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) inside -= 1;
    else next();
  };
  const once = (work: () => void): (() => void) => {
    let done = false;
    return () => {
      if (!done) work();
      done = true;
    };
  };
  return {
    async enter() {
      if (inside < atOnce) inside += 1;
      else if (waiting.length >= mostWaiting)
        throw new Refused("TOO_MANY_REQUESTS", "Many are asking for histories just now; try again in some seconds.");
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return once(leave);
    },
  };
};
