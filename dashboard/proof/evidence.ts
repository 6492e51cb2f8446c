/** Fetches a twin's evidence a month at a time and puts it together: a year in one answer would keep server and reader waiting. */
import type { Bundle, SignedPage, SignedPart } from "../../server/twin/bundle.ts";
import { canonicalText } from "../../server/twin/canonical.ts";

const DAY_MS = 86_400_000;
const DAYS_AT_ONCE = 31;

export type FetchBundle = (from: number, to: number, signal: AbortSignal) => Promise<Bundle>;

/** What must be the same in every part. */
const headOf = ({ site, rig, tokenId, chain, identity }: Bundle): string => canonicalText({ site, rig, tokenId, chain, identity });

/** Days since 1970, both included. Throws where the parts do not belong together. */
export const fetchEvidence = async (
  fetchBundle: FetchBundle,
  firstDay: number,
  lastDay: number,
  tell: (done: number, of: number) => void,
  signal: AbortSignal,
): Promise<Bundle> => {
  const of = lastDay - firstDay + 1;
  let whole: Bundle | null = null;
  for (let day = firstDay; day <= lastDay; day += DAYS_AT_ONCE) {
    tell(day - firstDay, of);
    const end = Math.min(lastDay, day + DAYS_AT_ONCE - 1);
    const part = await fetchBundle(day * DAY_MS, (end + 1) * DAY_MS, signal);
    if (whole !== null && headOf(whole) !== headOf(part))
      throw new Error("The farm's answers do not belong together: something changed meanwhile. Try again.");
    whole = whole === null ? part : { ...part, days: [...whole.days, ...part.days] };
  }
  if (whole === null) throw new Error("There are no days to fetch.");
  return whole;
};

export type FetchSigned = (day: number, after: number, signal: AbortSignal) => Promise<SignedPage | null>;

/** Adds what gateways signed on these days. `fetchSigned` gives null where the farm no longer has it. */
export const withSigned = async (
  bundle: Bundle,
  days: readonly number[],
  fetchSigned: FetchSigned,
  tell: (done: number, of: number) => void,
  signal: AbortSignal,
): Promise<Bundle> => {
  const signed: SignedPart[] = [];
  for (const [i, day] of days.entries()) {
    let after: number | null = 0;
    while (after !== null) {
      tell(i, days.length);
      const page: SignedPage | null = await fetchSigned(day, after, signal);
      after = page?.next ?? null;
      if (page === null) continue;
      const { next: _next, ...part } = page;
      if (part.runs.length > 0 || (part.threads ?? []).length > 0) signed.push(part);
    }
  }
  return { ...bundle, signed };
};
