/**
 * Chance without state: every number is a hash of a seed and a counter, so that it does not depend on who asked before.
 * Not for secrets.
 */
import { exp } from "./exact.ts";

/** Mixes two 32-bit integers into one (the finaliser of MurmurHash3). */
export const mix = (seed: number, n: number): number => {
  let h = (seed ^ Math.imul(n, 0x9e3779b1)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

/** A seed for a name under another seed (FNV-1a). */
export const seedOf = (seed: number, name: string): number => {
  let h = mix(seed, 0x811c9dc5);
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  return mix(h, name.length);
};

/** Uniform in [0, 1). */
export const unit = (seed: number, n: number): number => mix(seed, n) / 4_294_967_296;

/** Near to normal, mean 0, deviation 1, never beyond ±3 (sum of three uniforms). */
export const spread = (seed: number, n: number): number => 2 * (unit(seed, n * 3) + unit(seed, n * 3 + 1) + unit(seed, n * 3 + 2) - 1.5);

/** One of a list. */
export const pick = <T>(seed: number, n: number, list: readonly T[]): T => {
  const chosen = list[Math.floor(unit(seed, n) * list.length)];
  if (chosen === undefined) throw new RangeError("nothing to pick from");
  return chosen;
};

/** A smooth wander through [0, 1) which at any time depends on the seed and the time alone; `periodMs` between its knots. */
export const drift = (seed: number, ts: number, periodMs: number): number => {
  const at = ts / periodMs;
  const knot = Math.floor(at);
  const t = at - knot;
  const from = unit(seed, knot | 0);
  return from + (unit(seed, (knot + 1) | 0) - from) * t * t * (3 - 2 * t);
};

/** How many of a rare thing happened where `mean` were to be expected (Poisson; normal above 30). */
export const poisson = (mean: number, seed: number, n: number): number => {
  if (mean <= 0) return 0;
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * spread(seed, n)));
  const own = mix(seed, n);
  const limit = exp(-mean);
  let product = unit(own, 0);
  let count = 0;
  while (product > limit) product *= unit(own, ++count);
  return count;
};

/** Eight hexadecimal digits of a 32-bit integer. */
export const hex8 = (n: number): string => (n >>> 0).toString(16).padStart(8, "0");
