/** `npm run score -- SCENARIO`: what the alarm rules find of a scenario's faults, how soon, and what they raise without a cause. */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { createGzip } from "node:zlib";
import type { Link } from "../server/twin/recording.ts";
import type { Alarm } from "../server/twin/twin.ts";
import { NAME_PATTERN } from "../server/twin/wire.ts";
import { durationOf } from "./duration.ts";
import type { MessageOptions } from "./messages.ts";
import { recordingOf } from "./recording.ts";
import { loadScenario, scenarioNames } from "./scenario-files.ts";
import { ScenarioInvalid, type Scenario } from "./scenario.ts";
import { ANSWERS, findIn, scoreAlarms, shortcomings, truthIn, type FamilyScore, type Score } from "./scoring.ts";
import { compareWear, WEAR, wearShortcomings, type WearScore } from "./wear.ts";

/** What "all" plays. */
const MOST_RIGS = 100;

const HELP = `Scores the alarm rules against what a scenario injects.

  npm run score -- SCENARIO|FILE.json|all [options]

  --rigs N          number of rigs (the scenario's own: 60 where it does not say)
  --hours H         simulated time (the scenario's own: 1)
  --interval TIME   between two readings of a rig (the scenario's own: 10s)
  --seed N          the same seed gives the same farm (1)
  --start TIME      begin, ISO 8601 (2026-11-21T09:00:00Z)
  --site NAME       site in the topics (farm)
  --record FILE     write the messages as a recording too (FILE.mfrec, gzip'd), to be replayed
  --floor PART      exit code 1 where a family has less recall or precision; a cause of more than one incident, and any alarm of a calm
                    farm, give it always
  --json            print as JSON

recall: faults found ÷ faults; precision: right alarms ÷ right and false ones of the same kinds. Where silence is right there is no recall.
incidents: the most in which one cause was told. "all" leaves out those of more than ${MOST_RIGS} rigs, which take minutes: name them.
`;

const link: Link = (before, line) => createHash("sha256").update(before).update(line, "utf8").digest();

class Unusable extends Error {}

const OPTIONS = {
  rigs: { type: "string" },
  hours: { type: "string" },
  seed: { type: "string", default: "1" },
  interval: { type: "string" },
  start: { type: "string", default: "2026-11-21T09:00:00Z" },
  site: { type: "string", default: "farm" },
  record: { type: "string" },
  floor: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

interface Wish {
  readonly scenarios: readonly Scenario[];
  readonly spanOf: (scenario: Scenario) => MessageOptions;
  readonly record: string | null;
  readonly floor: number | null;
  readonly json: boolean;
}

const readArguments = (args: readonly string[]): Wish | null => {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: true });
  } catch (error) {
    throw new Unusable(error instanceof Error ? error.message : String(error), { cause: error });
  }
  const { values, positionals } = parsed;
  if (values.help) return null;
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) throw new Unusable(`Name one scenario: ${scenarioNames().join(", ")}, or all.\n\n${HELP}`);
  const told = <T>(flag: "rigs" | "seed" | "hours" | "interval" | "floor", read: (text: string) => T | null, ought: string): T | null => {
    const text = values[flag];
    if (text === undefined) return null;
    const value = read(text);
    if (value === null) throw new Unusable(`--${flag}: must be ${ought}, is "${text}".`);
    return value;
  };
  const number =
    (least: number, most: number, whole: boolean) =>
    (text: string): number | null => {
      const value = Number(text);
      return text.trim() !== "" && value >= least && value <= most && (!whole || Number.isInteger(value)) ? value : null;
    };
  const rigs = told("rigs", number(1, 100_000, true), "a whole number from 1 to 100000");
  const seed = told("seed", number(0, 0xffff_ffff, true), "a whole number from 0 to 4294967295") ?? 1;
  const hours = told("hours", number(1 / 3_600, 24 * 366, false), `above 0 and at most ${24 * 366}`);
  const floor = told("floor", number(0, 1, false), "from 0 to 1");
  const intervalMs = told(
    "interval",
    (text) => {
      const ms = durationOf(text);
      return ms === null || ms < 100 ? null : ms;
    },
    "a time of at least 100ms, such as 5s",
  );
  const fromTs = Date.parse(values.start);
  if (!Number.isFinite(fromTs)) throw new Unusable(`--start: "${values.start}" is no time; write 2026-11-21T09:00:00Z.`);
  if (!NAME_PATTERN.test(values.site)) throw new Unusable(`--site: "${values.site}" is not a name.`);
  if (name === "all" && values.record !== undefined) throw new Unusable("--record goes with one scenario.");
  return {
    scenarios:
      name === "all"
        ? scenarioNames()
            .map(loadScenario)
            .filter(({ score }) => score.rigs <= MOST_RIGS)
        : [loadScenario(name)],
    spanOf: (scenario) => ({
      scenario,
      rigs: rigs ?? scenario.score.rigs,
      seed,
      site: values.site,
      intervalMs: intervalMs ?? scenario.score.intervalMs,
      fromTs,
      toTs: fromTs + (hours === null ? scenario.score.forMs : Math.round(hours * 3_600_000)),
    }),
    record: values.record ?? null,
    floor,
    json: values.json,
  };
};

const MOST_FALSE = 10;
const COLUMNS = [18, 7, 6, 8, 10, 12, 11, 7, 10] as const;
const columns = (cells: readonly string[]): string =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(COLUMNS[0]) : cell.padStart(COLUMNS[i] ?? 0))).join(" ");
const percent = (part: number | null): string => (part === null ? "–" : `${(100 * part).toFixed(0)} %`);
const time = (ms: number | null): string =>
  ms === null
    ? "–"
    : ms < 600_000
      ? `${Math.round(ms / 1_000)} s`
      : ms < 36_000_000
        ? `${Math.round(ms / 60_000)} min`
        : `${Math.round(ms / 3_600_000)} h`;

const lineOf = ({ family, faults, found, recall, precision, medianMs, worstMs, causes, mostIncidents, kinds }: FamilyScore): string => {
  const answers = ANSWERS[family];
  const remark = answers === null ? "no rule looks for it" : answers.length === 0 ? "silence is right" : kinds.join(", ") || "not found";
  const figures = [faults, found].map(String).concat(percent(recall), percent(precision), time(medianMs), time(worstMs));
  return `${columns([family, ...figures, String(causes), String(mostIncidents)])}  ${remark}`;
};

const falseLine = ({ rig, kind, raisedTs, message }: Alarm): string =>
  `  false: ${new Date(raisedTs).toISOString().slice(0, 19)}Z ${rig} ${kind}: ${message}`;

const textOf = ({ scenario, rigs, fromTs, toTs, intervalMs, seed }: MessageOptions, score: Score): string => {
  const { families, kinds, falseAlarms, precision, recall } = score;
  const raised = kinds.filter((each) => each.raised > 0);
  return [
    `${scenario.name}: ${scenario.says}`,
    `  ${rigs} rigs over ${time(toTs - fromTs)}, a reading each ${intervalMs / 1_000} s, seed ${seed}`,
    ...(families.length === 0
      ? ["  nothing is injected"]
      : [columns(["family", "faults", "found", "recall", "precision", "median time", "worst time", "causes", "incidents"])]),
    ...families.map(lineOf),
    `alarms: ${raised.map(({ kind, raised: n, wrong }) => `${n} ${kind}${wrong > 0 ? ` (${wrong} false)` : ""}`).join(", ") || "none"}; false: ${falseAlarms.length}; precision ${percent(precision)}, recall ${percent(recall)}`,
    ...falseAlarms.slice(0, MOST_FALSE).map(falseLine),
    "",
  ].join("\n");
};

const WEAR_COLUMNS = [24, 7, 10, 12, 11] as const;
const wearLine = (cells: readonly string[], set: string): string =>
  `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(WEAR_COLUMNS[0]) : cell.padStart(WEAR_COLUMNS[i] ?? 0))).join(" ")}${set === "" ? "" : `  ${set}`}`;
/** Who finds wear how soon; what is never found counts as later than all the rest. */
const wearText = ({ faults, detectors }: WearScore): string =>
  [
    `time to detect, of ${faults} faults:`,
    wearLine(["", "found", "precision", "median time", "worst time"], ""),
    ...detectors.map(({ name, found, precision, medianMs, worstMs, set }) =>
      wearLine([name, String(found), percent(precision), time(medianMs), time(worstMs)], set),
    ),
    "",
  ].join("\n");

/** A line on the terminal that says how far it is; nothing where no one watches. */
const progressOf = ({ fromTs, toTs }: MessageOptions): { told: (ts: number, n: number) => void; done: () => void } => {
  const startedMs = performance.now();
  let shownMs = 0;
  return {
    told: (ts, n) => {
      const nowMs = performance.now();
      if (!process.stderr.isTTY || nowMs - shownMs < 500) return;
      shownMs = nowMs;
      const share = Math.min(1, Math.max(0, (ts - fromTs) / (toTs - fromTs)));
      const leftS = share > 0 ? (((nowMs - startedMs) / share) * (1 - share)) / 1_000 : 0;
      process.stderr.write(
        `\r\u001b[K${Math.floor(100 * share)} %  ${Math.round((n / (nowMs - startedMs)) * 1_000)} messages/s  ${Math.ceil(leftS)} s left`,
      );
    },
    done: () => void (process.stderr.isTTY && process.stderr.write("\r\u001b[K")),
  };
};

const main = async (wish: Wish): Promise<void> => {
  const short: string[] = [];
  for (const scenario of wish.scenarios) {
    const options = wish.spanOf(scenario);
    if (wish.record !== null)
      await pipeline(Readable.from(recordingOf(options, link)), createGzip({ level: 9 }), createWriteStream(wish.record, { flags: "wx" }));
    const progress = progressOf(options);
    const isWear = scenario.faults.length > 0 && scenario.faults.every(({ family }) => WEAR.has(family));
    const { found, wear } = isWear ? compareWear(options, progress.told) : { found: findIn(options, progress.told), wear: null };
    progress.done();
    const score = scoreAlarms(truthIn(options), found.alarms, found.incidentOf);
    if (wish.json) process.stdout.write(`${JSON.stringify({ scenario: scenario.name, ...score, ...(wear === null ? {} : { wear }) })}\n`);
    else process.stdout.write(`${textOf(options, score)}${wear === null ? "" : wearText(wear)}\n`);
    const lacks = [...shortcomings(score, wish.floor ?? 0), ...(wear === null ? [] : wearShortcomings(wear))];
    short.push(...lacks.map((what) => `${scenario.name}, ${what}`));
  }
  if (short.length === 0) return;
  process.stderr.write(
    `Not as it should be${wish.floor === null ? "" : `, with a floor of ${wish.floor}`}:\n${short.map((line) => `  ${line}\n`).join("")}`,
  );
  process.exitCode = 1;
};

try {
  const wish = readArguments(process.argv.slice(2));
  if (wish === null) process.stdout.write(HELP);
  else await main(wish);
} catch (error) {
  if (!(error instanceof Unusable || error instanceof ScenarioInvalid || (error as NodeJS.ErrnoException).code === "EEXIST")) throw error;
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}
