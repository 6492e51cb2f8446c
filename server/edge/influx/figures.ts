/** Sums in whole steps: exact whatever the order, and the same as the embedded store's. */
import { rounded, stepsIn, valueOf, type Field } from "../../twin/measures.ts";

export interface Figure {
  n: number;
  min: number;
  max: number;
  sum: number;
}
/** Figures of some fields over some rows. */
export interface Figures {
  readings: number;
  readonly each: Figure[];
}

export const noFigures = (fields: readonly Field[]): Figures => ({
  readings: 0,
  each: fields.map(() => ({ n: 0, min: Infinity, max: -Infinity, sum: 0 })),
});

/** Adds `n` values that lie between min and max and sum to sum, all in the field's unit. */
export const add = (
  figure: Figure | undefined,
  field: Field,
  given: { n: number | null; min: number | null; max: number | null; sum: number | null },
): void => {
  if (figure === undefined || given.n === null || given.min === null || given.max === null || given.sum === null || given.n === 0) return;
  figure.n += given.n;
  figure.min = Math.min(figure.min, stepsIn(field, given.min));
  figure.max = Math.max(figure.max, stepsIn(field, given.max));
  figure.sum += stepsIn(field, given.sum);
};

/** A site over one bucket: sum of each rig's mean, the hottest board, the mean of the rigs' mean boards, how many spoke. */
export interface SiteFigures {
  readonly hashrateThs: number | null;
  readonly powerW: number | null;
  readonly boardMaxC: number | null;
  readonly boardMeanC: number | null;
  readonly rigs: number;
}

/** From the figures of each rig; fields are hashrateThs, powerW and boardC. */
export const siteOf = (fields: readonly Field[], rigs: Iterable<Figures>): SiteFigures => {
  const sums = fields.map(() => ({ sum: 0, n: 0 }));
  let hottest = -Infinity;
  let count = 0;
  for (const { each } of rigs) {
    count += 1;
    each.forEach((figure, i) => {
      const sum = sums[i];
      if (sum === undefined || figure.n === 0) return;
      // In whole 2^-20 steps, so that the order of the rigs does not matter.
      sum.sum += Math.round((figure.sum / figure.n) * 1_048_576);
      sum.n += 1;
    });
    hottest = Math.max(hottest, each[2]?.max ?? -Infinity);
  }
  const [hash, power, board] = fields;
  const total = (field: Field | undefined, i: number): number | null => {
    const sum = sums[i];
    return field === undefined || sum === undefined || sum.n === 0
      ? null
      : rounded(valueOf(field, sum.sum / 1_048_576), field.decimals + 2);
  };
  const boards = sums[2];
  return {
    hashrateThs: total(hash, 0),
    powerW: total(power, 1),
    boardMaxC: board === undefined || hottest === -Infinity ? null : valueOf(board, hottest),
    boardMeanC:
      board === undefined || boards === undefined || boards.n === 0
        ? null
        : rounded(valueOf(board, boards.sum / 1_048_576) / boards.n, board.decimals + 2),
    rigs: count,
  };
};
