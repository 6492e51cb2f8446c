/** Questions about the whole site's history, answered from the series store and what the twins say of each rig. */
import {
  activityOf,
  checkActivityRange,
  dayLines,
  performanceLines,
  SLOT_MS,
  stoppedLines,
  uptimeLines,
  type Known,
} from "../twin/activity.ts";
import { DEFAULT_LIMITS } from "../twin/alarms/rule.ts";
import type { Farm } from "../twin/farm.ts";
import { drawn } from "../twin/lttb.ts";
import { rounded } from "../twin/measures.ts";
import { modelById } from "../twin/models.ts";
import type { Questions, Streamed } from "../twin/questions.ts";
import { Refused } from "../twin/refusal.ts";
import type { LatestRow, RowsQuery, SeriesStore } from "../twin/series.ts";
import { twinOf } from "./answers.ts";
import { textPieces, wholeWindows } from "./export.ts";

export interface QuestionsNeeds {
  readonly site: string;
  readonly farm: () => Farm;
  readonly store: Pick<SeriesStore, "latest" | "top" | "slots" | "count" | "rows" | "parquet" | "rigSeries">;
}

/** Exports at once. */
const MOST_EXPORTS = 4;
/** Means that a drawn line is chosen from. */
const MOST_DRAWN_FROM = 16_000;
const UNKNOWN = "unknown";
const MEDIA = { csv: "text/csv; charset=utf-8", ndjson: "application/x-ndjson; charset=utf-8", parquet: "application/vnd.apache.parquet" };

/** What the twin says of a rig; nothing where the series are older than the twins. */
const knownOf =
  (farm: Farm) =>
  (rig: string): Known => {
    const twin = farm.twins.get(rig);
    return {
      model: twin?.modelId ?? twin?.identity.model ?? UNKNOWN,
      nameplateThs: twin?.nameplate?.hashrateThs ?? null,
      nameplateW: twin?.nameplate?.powerW ?? null,
    };
  };

const pct = (value: number | null, of: number | null): number | null =>
  value === null || of === null || of <= 0 ? null : rounded((100 * value) / of, 2);

const latestLine = (farm: Farm, { rig, ts, values }: LatestRow) => {
  const known = knownOf(farm)(rig);
  const limits = modelById(farm.twins.get(rig)?.modelId ?? "")?.limits ?? DEFAULT_LIMITS;
  const temps = [pct(values.boardC, limits.boardC), pct(values.chipC, limits.chipC)].filter((share) => share !== null);
  return {
    rig,
    model: known.model,
    ts,
    hashratePct: pct(values.hashrateThs, known.nameplateThs),
    tempPct: temps.length === 0 ? null : Math.max(...temps),
    values,
  };
};

/** Ends between two parts where nobody waits any longer. */
async function* whileWanted<T>(parts: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  for await (const part of parts) {
    signal.throwIfAborted();
    yield part;
  }
}

export const createQuestions = ({ site, farm, store }: QuestionsNeeds): Questions => {
  let exports = 0;

  /** What is still to come is no silence. */
  const pastOf = (to: number): number => Math.min(to, farm().asOfTs);

  const activity = async (
    query: { readonly from: number; readonly to: number; readonly rig?: string | undefined },
    signal: AbortSignal,
    wish?: Parameters<typeof activityOf>[3],
  ) => {
    checkActivityRange(query);
    const range = { from: query.from, to: Math.max(query.from + 1, pastOf(query.to)) };
    const slots = whileWanted(store.slots({ site, rig: query.rig ?? null, ...range }), signal);
    return activityOf(range, slots, knownOf(farm()), wish);
  };

  /** Counts an export while it is read. */
  async function* counted<T>(pieces: AsyncIterable<T>): AsyncIterable<T> {
    if (exports >= MOST_EXPORTS) throw new Refused("TOO_MANY_REQUESTS", `${exports} exports are running; wait until one is done.`);
    exports += 1;
    try {
      yield* pieces;
    } finally {
      exports -= 1;
    }
  }

  return {
    async latest({ hashrateBelowPct, tempAbovePct, limit }) {
      const lines = (await store.latest(site)).map((row) => latestLine(farm(), row));
      const found = lines.filter(
        ({ hashratePct, tempPct }) =>
          (hashrateBelowPct === undefined || (hashratePct !== null && hashratePct < hashrateBelowPct)) &&
          (tempAbovePct === undefined || (tempPct !== null && tempPct > tempAbovePct)),
      );
      return { total: found.length, rigs: found.slice(0, limit) };
    },
    top: async (query) => ({ rigs: [...(await store.top({ ...query, site }))] }),
    async stopped(query, signal) {
      if (pastOf(query.to) - query.from < SLOT_MS)
        throw new Refused("RANGE_INVALID", `from to to is at least ${SLOT_MS / 60_000} minutes: less is no sign that a rig has stopped.`);
      const found = await activity(query, signal);
      return { ...query, slotMs: found.slotMs, rigs: stoppedLines(found) };
    },
    async uptime({ from, to, rig, leastMs, limit }, signal) {
      if (rig !== undefined) twinOf(farm(), rig);
      const found = await activity({ from, to, rig }, signal, { leastMs, limit });
      return { from, to, slotMs: found.slotMs, rigs: uptimeLines(found), runs: found.runs };
    },
    async performance({ from, to, by }, signal) {
      const found = await activity({ from, to }, signal);
      return { from, to, slotMs: found.slotMs, site, lines: performanceLines(found, by) };
    },
    async activity(query, signal) {
      const found = await activity(query, signal);
      return { ...query, slotMs: found.slotMs, days: dayLines(found) };
    },
    async drawn({ rig, from, to, points, fields }) {
      const answer = await store.rigSeries({
        site,
        rig: twinOf(farm(), rig).rig,
        from,
        to,
        fields,
        points: Math.min(MOST_DRAWN_FROM, points * 8),
      });
      return {
        bucketMs: answer.bucketMs,
        fields: Object.fromEntries(Object.entries(answer.fields).map(([name, { mean }]) => [name, drawn(answer.ts, mean, points)])),
      };
    },
    exported({ from, to, format, tier, rigs, fields }, signal): Streamed {
      for (const rig of rigs ?? []) twinOf(farm(), rig);
      const query: RowsQuery = { site, rigs: rigs ?? null, tier, from, to, fields };
      return {
        media: MEDIA[format],
        name: `rigtwin-${site}-${tier}-${from}-${to}.${format}`,
        pieces: counted<string | Uint8Array>(
          format === "parquet" ? store.parquet(wholeWindows(query), signal) : textPieces(query, format, store, signal),
        ),
      };
    },
  };
};
