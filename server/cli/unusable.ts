/** What cannot be done at all, in a sentence for the person at the terminal. */
export class Unusable extends Error {}

/** The code of an error of the system ("ENOENT"), or its words. */
export const reasonOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : String(error));
