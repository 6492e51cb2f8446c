/** Steps put together by what they look at. */
import type { Result, Step } from "../../server/twin/verify.ts";

export interface Group {
  readonly subject: string;
  readonly isDay: boolean;
  readonly result: Result;
  readonly steps: readonly Step[];
}

/** The worst of the steps: one that failed, else one that was not checked; what is stated alone counts where there is nothing else. */
export const resultOf = (steps: readonly Step[]): Result =>
  (["failed", "not-checked", "passed", "stated"] as const).find((result) => steps.some((step) => step.result === result)) ?? "not-checked";

/** In the order in which the subjects came. */
export const groupsOf = (steps: readonly Step[]): Group[] => {
  const bySubject = new Map<string, Step[]>();
  for (const step of steps) {
    const before = bySubject.get(step.subject);
    if (before === undefined) bySubject.set(step.subject, [step]);
    else before.push(step);
  }
  return [...bySubject].map(([subject, own]) => ({ subject, isDay: /^\d{4}-/.test(subject), result: resultOf(own), steps: own }));
};

export const countOf = (steps: readonly { readonly result: Result }[], result: Result): number =>
  steps.filter((step) => step.result === result).length;
