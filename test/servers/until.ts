/** Asks again until it holds; throws after the limit. An error of the question counts as "not yet" and is told at the end. */
export const until = async (holds: () => unknown, what: string | (() => string), limitMs = 30_000): Promise<void> => {
  const deadline = Date.now() + limitMs;
  let last: unknown = null;
  for (;;) {
    try {
      if (await holds()) return;
      last = null;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      const why = last instanceof Error ? ` (${last.message})` : "";
      throw new Error(`waited in vain until ${typeof what === "string" ? what : what()}${why}`);
    }
    await new Promise((done) => setTimeout(done, 25));
  }
};
