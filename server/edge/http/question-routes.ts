/** Lines of the table of routes about the history of the whole site, and the export. */
import { z } from "zod";
import * as questions from "../../twin/questions.ts";
import { NAME_PATTERN, ROUTES } from "../../twin/wire.ts";
import { route, type Route } from "./route.ts";
import { stream } from "./stream.ts";

export const rigParams = z.object({ rig: z.string().regex(NAME_PATTERN).describe("name of the rig, as in its topic") });

const DAY = { from: "1762819200000", to: "1762905600000" };
const SLOTS =
  "From slots of ten minutes: a slot hashes where its mean hashrate is at least a tenth of the nameplate. At most 31 days at a time.";
const about = {
  params: null,
  query: null,
  body: null,
  method: "get",
  group: "Site",

  status: 200,
  refuses: ["RANGE_INVALID", "STORE_UNAVAILABLE"],
  example: { query: DAY },
} as const;
/** Of those that read slots of many days. */
const aboutSlots = { ...about, heavy: true, refuses: [...about.refuses, "TOO_MANY_REQUESTS"] } as const;

export const QUESTIONS: readonly Route[] = [
  route({
    ...about,
    id: "latest",
    path: ROUTES.latest,
    refuses: ["STORE_UNAVAILABLE"],
    example: { query: { tempAbovePct: "90" } },
    summary: "The newest stored values of every rig",
    more: "Or of those that hash too little or run too hot. Straight from the series store; `/api/v1/rigs` is what the twins say.",
    query: questions.latestQuery,
    answer: questions.latestAnswer,
    run: (handlers, { query }) => handlers.questions.latest(query),
  }),
  route({
    ...about,
    id: "top",
    path: ROUTES.top,
    example: { query: { ...DAY, field: "chipC", limit: "20" } },
    summary: "Rigs by the mean of a field",
    query: questions.topQuery,
    answer: questions.topAnswer,
    run: (handlers, { query }) => handlers.questions.top(query),
  }),
  route({
    ...aboutSlots,
    id: "stopped",
    path: ROUTES.stopped,
    summary: "Rigs that spoke and did not hash for the whole range",
    more: "The range is ten minutes or longer. " + SLOTS,
    query: questions.spanQuery,
    answer: questions.stoppedAnswer,
    run: (handlers, { query }, { signal }) => handlers.questions.stopped(query, signal),
  }),
  route({
    ...aboutSlots,
    id: "uptime",
    path: ROUTES.uptime,
    refuses: ["RIG_UNKNOWN", ...aboutSlots.refuses],
    example: { query: { ...DAY, leastMs: "14400000", limit: "50" } },
    summary: "How long each rig hashed, and the longest runs without a stop",
    more: SLOTS,
    query: questions.uptimeQuery,
    answer: questions.uptimeAnswer,
    run: (handlers, { query }, { signal }) => handlers.questions.uptime(query, signal),
  }),
  route({
    ...aboutSlots,
    id: "performance",
    path: ROUTES.performance,
    summary: "Load, J/TH against the nameplate, and how often machines break down, by model or by rig",
    more: "Actual J/TH is mean W over mean TH/s, idle time included. " + SLOTS,
    query: questions.performanceQuery,
    answer: questions.performanceAnswer,
    run: (handlers, { query }, { signal }) => handlers.questions.performance(query, signal),
  }),
  route({
    ...aboutSlots,
    id: "activity",
    path: ROUTES.activity,
    summary: "Each day of each model: rigs that spoke, hours hashed, runs",
    more: SLOTS,
    query: questions.spanQuery,
    answer: questions.activityAnswer,
    run: (handlers, { query }, { signal }) => handlers.questions.activity(query, signal),
  }),
  route({
    ...about,
    id: "drawn",
    path: ROUTES.drawn,
    group: "Rigs",
    refuses: ["RIG_UNKNOWN", "RANGE_INVALID", "STORE_UNAVAILABLE"],
    example: { params: { rig: "rig-0001" }, query: { ...DAY, points: "300", fields: "hashrateThs,boardC" } },
    summary: "Measurements of one rig as lines to draw",
    more: "Points chosen by Largest Triangle Three Buckets, so that peaks and dips stay; each field has its own times.",
    params: rigParams,
    query: questions.drawnQuery,
    answer: questions.drawnAnswer,
    run: (handlers, { params, query }) => handlers.questions.drawn({ ...query, rig: params.rig }),
  }),
  route({
    ...about,
    id: "export",
    path: ROUTES.export,
    refuses: ["RIG_UNKNOWN", "RANGE_INVALID", "STORE_UNAVAILABLE", "FORMAT_UNSUPPORTED", "TOO_MANY_REQUESTS"],
    example: { query: { ...DAY, format: "csv", tier: "1m", rigs: "rig-0001", fields: "hashrateThs,powerW" } },
    media: ["text/csv", "application/x-ndjson", "application/vnd.apache.parquet"],
    summary: "Rows of the series as CSV, NDJSON or Parquet",
    more: "Streamed at the reader's pace, by time, then by rig. Of tiers 1m and 1h each field has `_n`, `_min`, `_mean` and `_max`, and the range is widened to whole windows. Parquet comes from the embedded store only.",
    query: questions.exportQuery,
    answer: null,
    run: (handlers, { query }, around) => stream(around, (signal) => handlers.questions.exported(query, signal)),
  }),
];
