/**
 * Recursive least squares with forgetting (Ljung, System Identification, 2nd ed., eq. 11.12) of three coefficients: constant size, one
 * pass. Kept as plain arrays for the snapshot.
 */
export interface Line {
  /** Coefficients. */
  b: [number, number, number];
  /** Their covariance in units of the noise's variance: xx, xy, xz, yy, yz, zz. */
  p: [number, number, number, number, number, number];
  /** Variance of the residual (exponentially weighted). */
  s2: number;
  n: number;
}
export type Features = readonly [number, number, number];

/** `trust`: prior variance of each coefficient, in units of the noise's variance. */
export const newLine = (b: Features, trust: Features, noise: number): Line => ({
  b: [...b],
  p: [trust[0], 0, 0, trust[1], 0, trust[2]],
  s2: noise * noise,
  n: 0,
});

export const predict = ({ b }: Line, [x, y, z]: Features): number => b[0] * x + b[1] * y + b[2] * z;

/** xᵀPx: how little is known of this place, in units of the noise's variance. */
export const ignorance = ({ p }: Line, [x, y, z]: Features): number =>
  p[0] * x * x + p[3] * y * y + p[5] * z * z + 2 * (p[1] * x * y + p[2] * x * z + p[4] * y * z);

/** Covariance is not let grow beyond this where an input stands still for days. */
const MOST_P = 1e4;
const NOISE_MEMORY = 1 / 240;

/** Learns one pair. `keep`: share of the old that is kept (forgetting factor). Changes `line`. */
export const learn = (line: Line, features: Features, value: number, keep: number, leastNoise: number): void => {
  const [x, y, z] = features;
  const { p, b } = line;
  const kx = p[0] * x + p[1] * y + p[2] * z;
  const ky = p[1] * x + p[3] * y + p[4] * z;
  const kz = p[2] * x + p[4] * y + p[5] * z;
  const scale = keep + x * kx + y * ky + z * kz;
  const residual = value - predict(line, features);
  b[0] += (kx / scale) * residual;
  b[1] += (ky / scale) * residual;
  b[2] += (kz / scale) * residual;
  const grow = p[0] + p[3] + p[5] < MOST_P ? 1 / keep : 1;
  p[0] = (p[0] - (kx * kx) / scale) * grow;
  p[1] = (p[1] - (kx * ky) / scale) * grow;
  p[2] = (p[2] - (kx * kz) / scale) * grow;
  p[3] = (p[3] - (ky * ky) / scale) * grow;
  p[4] = (p[4] - (ky * kz) / scale) * grow;
  p[5] = (p[5] - (kz * kz) / scale) * grow;
  // The early minutes settle quickly; later ones move the noise slowly.
  const share = Math.max(NOISE_MEMORY, 1 / (line.n + 10));
  line.s2 = Math.max(leastNoise * leastNoise, line.s2 + (Math.min(residual * residual, 16 * line.s2) - line.s2) * share);
  line.n += 1;
};
