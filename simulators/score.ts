/** `npm run score -- SCENARIO`: what the alarm rules find of a scenario's faults, how soon, and what they raise without a cause. */
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { createGzip } from "node:zlib";
import { NAME_PATTERN } from "../server/twin/wire.ts";
import { durationOf } from "./duration.ts";
import type { MessageOptions } from "./messages.ts";
import { recordingOf } from "./recording.ts";
import { loadScenario, scenarioNames } from "./scenario-files.ts";
import { ScenarioInvalid } from "./scenario.ts";
import { alarmsOf, ANSWERS, scoreAlarms, truthIn, type FamilyScore, type Score } from "./scoring.ts";

const HELP = `Scores the alarm rules against what a scenario injects.

  npm run score -- SCENARIO|FILE.json|all [options]

  --rigs N          number of rigs (60)
  --hours H         simulated time (1)
  --seed N          the same seed gives the same farm (1)
  --interval TIME   between two readings of a rig (5s)
  --start TIME      begin, ISO 8601 (2026-11-21T09:00:00Z)
  --site NAME       site in the topics (farm)
  --record FILE     write the messages as a recording too (FILE.mfrec, gzip'd), to be replayed
  --json            print as JSON

recall: faults found ÷ faults; precision: right alarms ÷ right and false ones of the same kinds. Where silence is right there is no recall.
`;

class Unusable extends Error {}

const OPTIONS = {
  rigs: { type: "string", default: "60" },
  hours: { type: "string", default: "1" },
  seed: { type: "string", default: "1" },
  interval: { type: "string", default: "5s" },
  start: { type: "string", default: "2026-11-21T09:00:00Z" },
  site: { type: "string", default: "farm" },
  record: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

interface Wish {
  readonly names: readonly string[];
  readonly span: Omit<MessageOptions, "scenario">;
  readonly record: string | null;
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
  const number = (flag: "rigs" | "seed", least: number, most: number): number => {
    const value = Number(values[flag]);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new Unusable(`--${flag}: must be a whole number from ${least} to ${most}, is "${values[flag]}".`);
  };
  const hours = Number(values.hours);
  if (!(hours > 0 && hours <= 24 * 31)) throw new Unusable(`--hours: must be above 0 and at most ${24 * 31}, is "${values.hours}".`);
  const intervalMs = durationOf(values.interval);
  if (intervalMs === null || intervalMs < 100)
    throw new Unusable(`--interval: must be a time of at least 100ms, such as 5s, is "${values.interval}".`);
  const fromTs = Date.parse(values.start);
  if (!Number.isFinite(fromTs)) throw new Unusable(`--start: "${values.start}" is no time; write 2026-11-21T09:00:00Z.`);
  if (!NAME_PATTERN.test(values.site)) throw new Unusable(`--site: "${values.site}" is not a name.`);
  if (name === "all" && values.record !== undefined) throw new Unusable("--record goes with one scenario.");
  return {
    names: name === "all" ? scenarioNames() : [name],
    span: {
      rigs: number("rigs", 1, 100_000),
      seed: number("seed", 0, 0xffff_ffff),
      site: values.site,
      intervalMs,
      fromTs,
      toTs: fromTs + Math.round(hours * 3_600_000),
    },
    record: values.record ?? null,
    json: values.json,
  };
};

const COLUMNS = [18, 7, 6, 8, 10, 12, 11] as const;
const columns = (cells: readonly string[]): string =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(COLUMNS[0]) : cell.padStart(COLUMNS[i] ?? 0))).join(" ");
const percent = (part: number | null): string => (part === null ? "–" : `${(100 * part).toFixed(0)} %`);
const seconds = (ms: number | null): string => (ms === null ? "–" : `${Math.round(ms / 1_000)} s`);

const lineOf = ({ family, faults, found, recall, precision, medianMs, worstMs, kinds }: FamilyScore): string => {
  const answers = ANSWERS[family];
  const remark = answers === null ? "no rule looks for it" : answers.length === 0 ? "silence is right" : kinds.join(", ") || "not found";
  return `${columns([family, String(faults), String(found), percent(recall), percent(precision), seconds(medianMs), seconds(worstMs)])}  ${remark}`;
};

const textOf = (name: string, says: string, { families, kinds, falseAlarms }: Score): string =>
  [
    `${name}: ${says}`,
    ...(families.length === 0
      ? ["  nothing is injected"]
      : [columns(["family", "faults", "found", "recall", "precision", "median time", "worst time"])]),
    ...families.map(lineOf),
    `alarms: ${kinds.map(({ kind, raised, wrong }) => `${raised} ${kind}${wrong > 0 ? ` (${wrong} false)` : ""}`).join(", ")}; false: ${falseAlarms.length}`,
    "",
  ].join("\n");

const main = async (wish: Wish): Promise<void> => {
  for (const name of wish.names) {
    const scenario = loadScenario(name);
    const options = { ...wish.span, scenario };
    if (wish.record !== null)
      await pipeline(Readable.from(recordingOf(options)), createGzip({ level: 9 }), createWriteStream(wish.record, { flags: "wx" }));
    const score = scoreAlarms(truthIn(options), alarmsOf(options));
    process.stdout.write(
      wish.json ? `${JSON.stringify({ scenario: scenario.name, ...score })}\n` : `${textOf(scenario.name, scenario.says, score)}\n`,
    );
  }
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
