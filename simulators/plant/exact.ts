/**
 * exp, powers and the sine made of additions, multiplications and divisions alone. IEEE 754 says to the last bit what those give, and
 * leaves Math.exp, Math.pow, Math.sin to whoever builds the engine: with them the same seed would give other bytes on another machine.
 * Good to about 1e-15, over the ranges a plant needs.
 */
const LN2_HIGH = 0.69314718036912381649;
const LN2_LOW = 1.90821492927058770002e-10;

/** 2 to a whole power, by doubling and halving; exact. */
const twoTo = (n: number): number => {
  let value = 1;
  for (let i = 0; i < n; i++) value *= 2;
  for (let i = 0; i > n; i--) value /= 2;
  return value;
};

/** e to the power of x, for |x| below 700. */
export const exp = (x: number): number => {
  if (x === 0) return 1;
  const n = Math.round(x / (LN2_HIGH + LN2_LOW));
  const r = x - n * LN2_HIGH - n * LN2_LOW;
  // |r| is below 0.35: the fourteenth term is below 1e-17.
  let sum = 1;
  for (let i = 13; i > 0; i--) sum = 1 + (r * sum) / i;
  return sum * twoTo(n);
};

/** Natural logarithm of x above 0. */
export const ln = (x: number): number => {
  let n = 0;
  let m = x;
  for (; m > Math.SQRT2; m /= 2) n++;
  for (; m < Math.SQRT1_2; m *= 2) n--;
  const s = (m - 1) / (m + 1);
  const square = s * s;
  // |s| is below 0.172: artanh by its odd powers.
  let sum = 0;
  for (let i = 21; i > 0; i -= 2) sum = 1 / i + square * sum;
  return n * LN2_HIGH + (2 * s * sum + n * LN2_LOW);
};

/** x above 0 to any power. */
export const power = (x: number, y: number): number => exp(y * ln(x));

/** Cosine of so many whole turns: 0 gives 1, 0.5 gives -1. */
export const cosTurns = (turns: number): number => {
  const part = Math.abs(turns - Math.round(turns));
  // Folded into an eighth of a turn, where the series is short.
  if (part > 0.25) return -cosTurns(0.5 - part);
  return part > 0.125 ? sinSmall((0.25 - part) * 2 * Math.PI) : cosSmall(part * 2 * Math.PI);
};
/** Sine of so many whole turns. */
export const sinTurns = (turns: number): number => cosTurns(turns - 0.25);

const cosSmall = (x: number): number => {
  const square = x * x;
  let sum = 1;
  for (let i = 16; i > 0; i -= 2) sum = 1 - (square * sum) / (i * (i - 1));
  return sum;
};
const sinSmall = (x: number): number => {
  const square = x * x;
  let sum = 1;
  for (let i = 17; i > 1; i -= 2) sum = 1 - (square * sum) / (i * (i - 1));
  return x * sum;
};
