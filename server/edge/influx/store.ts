/**
 * The series in InfluxDB through its v1 API: 1.x, and 2.x and 3.x at their v1 addresses. Nothing here needs what those lack
 * (SELECT INTO, continuous queries); where a database cannot be made or rows not be deleted, that is left to its owner.
 */
import { MEASURE_NAMES } from "../../twin/measures.ts";
import { Refused } from "../../twin/refusal.ts";
import type { RejectedPoint, SeriesBatch, SeriesStore } from "../../twin/series.ts";
import { lacks, sift } from "../../twin/sift.ts";
import { windowsOf, type Window } from "../../twin/tiers.ts";
import { addressOf } from "./address.ts";
import { away, createAsk, messageOf } from "./ask.ts";
import { retain, rollup } from "./compute.ts";
import { dirtyLine, marksLine, rawLines } from "./lines.ts";
import { askPosition, loadMarks, NONE_TAKEN, type Marks } from "./marks.ts";
import { loadModels, replacedBy, takeOut, type Models, type Stale } from "./models.ts";
import { createPost } from "./post.ts";
import { createReader } from "./read.ts";
import { countOf, tryAgain, type Refusals } from "./refusals.ts";
import { createRowReader } from "./rows.ts";
import { createSiteSeries } from "./site.ts";

export interface InfluxStoreOptions {
  /** http://user:password@host:8086/database; the database is made where that is possible. */
  readonly url: string;
  /** Whose journal position this is. Servers that share a database need different ones; those of a site `site`, or `site/…`. */
  readonly keeper?: string;
  /** Whose rows are rolled up and dropped; null for all that are in the database. */
  readonly site?: string | null;
  readonly writeTimeoutMs?: number;
  readonly queryTimeoutMs?: number;
  /** After a failed write, doubled with each more. */
  readonly backoffMs?: number;
  readonly mostBackoffMs?: number;
}

interface Open {
  readonly marks: Marks;
  readonly models: Models;
  readonly reader: ReturnType<typeof createReader>;
  readonly siteSeries: ReturnType<typeof createSiteSeries>;
  readonly rows: ReturnType<typeof createRowReader>;
}

/** Throws Refused CONFIG_INVALID for an address that is none. */
export const createInfluxStore = (options: InfluxStoreOptions): SeriesStore => {
  const address = addressOf(options.url);
  const keeper = options.keeper ?? "rigtwin";
  const site = options.site ?? null;
  const ask = createAsk(address, options.queryTimeoutMs ?? 30_000);
  const post = createPost({ address, timeoutMs: options.writeTimeoutMs ?? 15_000 });
  let started = false;
  let opened: Promise<Open> | null = null;
  /** Those of what is open now. What a database applied and did not answer is not in them: with any error they are read again. */
  let current: Marks | null = null;
  let failures = 0;
  let notBefore = 0;
  let undeletable: string | null = null;
  let last: Promise<unknown> = Promise.resolve();

  /** Writes and roll-ups one after the other: a window is never read while a batch goes into it. */
  const alone = <T>(step: () => Promise<T>): Promise<T> => {
    const run = last.then(step, step);
    last = run.catch(() => undefined);
    return run;
  };

  const open = async (): Promise<Open> => {
    // 2.x and 3.x have no such statement, a user without rights may not: the first query tells whether the database is there.
    await ask([`CREATE DATABASE "${address.database}" WITH DURATION INF SHARD DURATION 1d NAME "rigtwin"`]).catch(() => undefined);
    const marks = await loadMarks(ask, keeper, site);
    current = marks;
    return {
      marks,
      models: await loadModels(ask),
      reader: createReader(ask, marks),
      siteSeries: createSiteSeries(ask, marks),
      rows: createRowReader(ask, marks),
    };
  };
  const forget = (): void => {
    opened = null;
    current = null;
  };
  const ready = (): Promise<Open> => {
    if (!started) return Promise.reject(new Refused("STORE_UNAVAILABLE", "The series store is not started."));
    opened ??= open().catch((cause: unknown) => {
      forget();
      throw cause;
    });
    return opened;
  };

  /** Where a database cannot delete, its owner sees both rows; nothing is held up for that. One that is away has a cause. */
  const takeOutIfPossible = (stale: readonly Stale[]): Promise<void> =>
    takeOut(ask, stale).catch((cause: unknown) => {
      if (cause instanceof Error && cause.cause !== undefined) throw cause;
      undeletable = messageOf(cause);
    });

  /** Writes marks under this name. From the first on only what is dirty under it is read again: what was taken over comes before. */
  const mark = async (marks: Marks, said: Readonly<Record<string, number>>): Promise<void> => {
    const left = (window: Window): number[] => marks.taken[window].filter((start) => marks.dirty[window].has(start));
    await post((["1m", "1h"] as const).flatMap((window) => left(window).map((start) => dirtyLine(keeper, window, start, true))));
    marks.taken = NONE_TAKEN;
    await post([marksLine(keeper, said)]);
  };

  const keep = async ({ marks, models }: Open, batch: SeriesBatch): Promise<readonly RejectedPoint[]> => {
    if (marks.upTo < (batch.after ?? 0)) throw lacks(batch.after ?? 0, marks.upTo);
    const { points, rejected } = sift(batch, marks.rawFromTs);
    const times = MEASURE_NAMES.flatMap((measure) => [...points[measure].ts]);
    const dirtied = (["1m", "1h"] as const).map((window): [Window, number[]] => [
      window,
      [...windowsOf(times, window)].filter((start) => !marks.dirty[window].has(start)),
    ]);
    for (const [window, starts] of dirtied) for (const start of starts) marks.dirty[window].add(start);
    await takeOutIfPossible(replacedBy(models, points));
    const refused = await post([
      ...dirtied.flatMap(([window, starts]) => starts.map((start) => dirtyLine(keeper, window, start, true))),
      ...MEASURE_NAMES.flatMap((measure) => rawLines(points[measure])),
    ]);
    // The position after the rows, in a request of its own: whatever happens between, it is not ahead of them.
    if (batch.upTo > marks.upTo) {
      // Not over a hole: since the last one the database may have been dropped, or put back from a copy.
      const upTo = await askPosition(ask, keeper);
      if (upTo < marks.upTo) throw lacks(marks.upTo, upTo);
      await mark(marks, { upTo: batch.upTo });
      marks.upTo = batch.upTo;
    }
    return [...rejected, ...refused];
  };

  /** A step of keeping the tiers. What was begun with marks that were read anew since would overwrite what those know. */
  const stepOf =
    (marks: Marks) =>
    <T>(step: () => Promise<T>): Promise<T> =>
      alone(async () => {
        if (marks !== current) throw away(address, "failed a write meanwhile; what is rolled up is read again.");
        try {
          return await step();
        } catch (cause) {
          forget();
          throw cause;
        }
      });
  const refusedOf = (refused: Refusals): string =>
    `refuses the rows of ${countOf(refused)} minutes or hours, for which raw rows answer and are kept: ${refused.reason}`;
  const keeperNow = async () => {
    const { marks, models } = await ready();
    const say = (said: Readonly<Record<string, number>>): Promise<void> => mark(marks, said);
    return { ask, post, mark: say, marks, models, takeOut: takeOutIfPossible, keeper, site, alone: stepOf(marks) };
  };

  return {
    start: async () => {
      started = true;
      await ready();
    },
    stop: async () => {
      started = false;
      await last;
      forget();
    },
    write: (batch) =>
      alone(async () => {
        const waitMs = notBefore - performance.now();
        if (waitMs > 0) throw away(address, `failed ${failures} times in a row; it is tried again in ${Math.ceil(waitMs)} ms.`);
        try {
          const rejected = await keep(await ready(), batch);
          failures = 0;
          return rejected;
        } catch (cause) {
          failures += 1;
          notBefore = performance.now() + Math.min(options.mostBackoffMs ?? 15_000, (options.backoffMs ?? 500) * 2 ** (failures - 1));
          forget();
          throw cause;
        }
      }),
    rewind: (upTo) =>
      alone(async () => {
        const { marks } = await ready();
        await mark(marks, { upTo });
        marks.upTo = upTo;
      }),
    cursor: async () => (await ready()).marks.upTo,
    latest: async (site) => (await ready()).reader.latest(site),
    rigSeries: async (query) => (await ready()).reader.rigSeries(query),
    boardSeries: async (query) => (await ready()).reader.boardSeries(query),
    siteSeries: async (query) => (await ready()).siteSeries(query),
    energySeries: async (query) => (await ready()).reader.energySeries(query),
    top: async (query) => (await ready()).reader.top(query),
    async *slots(query) {
      yield* (await ready()).rows.slots(query);
    },
    count: async (query) => (await ready()).rows.count(query),
    rows: async (query) => (await ready()).rows.rows(query),
    async *parquet() {
      yield* (await ready()).rows.parquet();
    },
    rollup: async (nowTs) => {
      const kept = await keeperNow();
      const { refused } = kept.marks;
      const tried = await rollup(kept, nowTs);
      // Said once all the others are done.
      if (tried > 0 || !refused.isNews) return tried;
      refused.isNews = false;
      throw away(address, refusedOf(refused));
    },
    // It is in no memory of ours.
    letGo: async () => undefined,
    retain: async (rawBeforeTs, minuteBeforeTs) => {
      const kept = await keeperNow();
      tryAgain(kept.marks.refused);
      while ((await rollup(kept, rawBeforeTs)) > 0);
      undeletable = await kept.alone(() => retain(kept, rawBeforeTs, minuteBeforeTs));
    },
    health: async () => {
      const kind = "InfluxDB";
      if (!started) return { status: "away", kind, detail: "not started" };
      try {
        const answer = await fetch(`${address.base}/ping`, { signal: AbortSignal.timeout(3_000) });
        const { marks } = await ready();
        const version = answer.headers.get("x-influxdb-version") ?? "version not said";
        const deletes = undeletable === null ? "" : `; old rows are left to its own retention (${undeletable.slice(0, 120)})`;
        const refused = countOf(marks.refused) === 0 ? "" : `; it ${refusedOf(marks.refused)}`;
        return {
          status: "ok",
          kind,
          detail: `${version} at ${address.base}, database ${address.database}, journal position ${marks.upTo}, ${marks.dirty["1m"].size} minutes to roll up${deletes}${refused}`,
        };
      } catch (cause) {
        return { status: "away", kind, detail: messageOf(cause) };
      }
    },
  };
};
