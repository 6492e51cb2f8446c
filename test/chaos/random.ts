/** Chance with a seed: the same seed gives the same numbers (mulberry32). */
export interface Random {
  /** 0 inclusive to 1 exclusive. */
  readonly part: () => number;
  /** Whole number from `least` to `most`, both inclusive. */
  readonly whole: (least: number, most: number) => number;
  readonly chance: (probability: number) => boolean;
  readonly pick: <T>(from: readonly T[]) => T;
}

export const randomOf = (seed: number): Random => {
  let state = seed >>> 0;
  const part = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (least: number, most: number): number => least + Math.floor(part() * (most - least + 1));
  return {
    part,
    whole,
    chance: (probability) => part() < probability,
    pick: <T>(from: readonly T[]): T => {
      const one = from[whole(0, from.length - 1)];
      if (one === undefined) throw new RangeError("nothing to pick from");
      return one;
    },
  };
};
