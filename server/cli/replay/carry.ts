/** Carries the rows of a recording to somebody, at their time, until the end, the window's end, or Ctrl-C. */
import { systemClock } from "../../edge/clock.ts";
import { paced, through } from "../../flows/refold.ts";
import type { Row } from "../../twin/recording.ts";
import { momentOf } from "../moments.ts";
import { createProgress } from "../progress.ts";
import { Unusable } from "../unusable.ts";
import type { Wish } from "./arguments.ts";
import type { Source } from "./source.ts";

export const EXIT = { played: 0, apart: 1, cut: 2, unusable: 3, interrupted: 130 } as const;

/** The wished window, µs since the start. Throws Unusable. */
export const windowOf = ({ from, to }: Wish, startTs: number): { fromUs: number; toUs: number } => {
  const us = (text: string | null, flag: string, otherwise: number): number => {
    if (text === null) return otherwise;
    const ts = momentOf(text, (ms) => startTs + ms);
    if (ts === null) throw new Unusable(`${flag}: "${text}" is no time; write 5m, 2026-11-21T09:05:00Z or ms since 1970.`);
    return Math.round((ts - startTs) * 1_000);
  };
  const window = { fromUs: us(from, "--from", 0), toUs: us(to, "--to", Infinity) };
  if (window.fromUs >= window.toUs) throw new Unusable("--from must be before --to.");
  return window;
};

/** Lets a Ctrl-C be heard. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export interface Ended {
  readonly rows: number;
  readonly endUs: number;
}
/** Hands every row to `take`, at its time, until the end, the window's end, or Ctrl-C. */
export const carry = async (wish: Wish, source: Source, signal: AbortSignal, take: (row: Row) => Promise<void> | void): Promise<Ended> => {
  const { startTs } = source.beginning.header;
  const window = windowOf(wish, startTs);
  const batches = wish.faults === null ? source.batches : through(source, wish.faults);
  const progress = createProgress(wish.quiet);
  let count = 0;
  let us = 0;
  try {
    for await (const rows of paced(batches, { clock: systemClock, speed: wish.speed, ...window, signal })) {
      for (const row of rows) {
        if (signal.aborted) break;
        const taken = take(row);
        if (taken !== undefined) await taken;
        count += 1;
        ({ us } = row);
      }
      await turn();
      if (signal.aborted) break;
      progress.show(() => ({ part: source.part(), rows: count, ts: startTs + us / 1_000 }));
    }
  } finally {
    progress.done();
  }
  const reachedUs = Math.max(us, source.endUs());
  if (!signal.aborted && window.fromUs > reachedUs)
    throw new Unusable(`--from: the recording ends before, at ${new Date(startTs + reachedUs / 1_000).toISOString()}.`);
  return { rows: count, endUs: signal.aborted ? us : Math.min(window.toUs, reachedUs) };
};

/** How the reading of it ended, as exit code; said on stderr. */
export const endOf = (source: Source, signal: AbortSignal, { rows }: Ended): number => {
  if (signal.aborted) {
    process.stderr.write(`Stopped after ${rows.toLocaleString("en")} rows.\n`);
    return EXIT.interrupted;
  }
  const cut = source.cut();
  if (cut === null) return EXIT.played;
  process.stderr.write(`CUT_SHORT at row ${cut.row}: ${cut.detail}. Everything before was played.\n`);
  return EXIT.cut;
};

/** "1,000 rows", "1 row". */
export const count = (word: string, n: number): string => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
