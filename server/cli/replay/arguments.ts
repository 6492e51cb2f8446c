/** What `npm run replay` was asked for. */
import { parseArgs } from "node:util";
import { STDIN } from "../../edge/recordings/file.ts";
import { MOST_SPEED } from "../../flows/replay.ts";
import { networkFaultsOf, type NetworkFaults } from "../../twin/recording-faults.ts";
import { durationOf } from "../moments.ts";
import { Unusable } from "../unusable.ts";

export const HELP = `Plays a recording (docs/recordings.md) through the fold, and says what came of it.

  npm run replay -- FILE [options]      (FILE -: the standard input; a folder: every recording in it)

  --speed N|max     so many times as fast; max: as fast as it goes (max; with --to mqtt:// 1)
  --from TIME       paced, or sent, from here: 5m after its start, 2026-11-21T09:05:00Z, or ms since 1970
  --to TIME         until here
  --faults LIST     a network that misbehaves: seed:7,loss:0.01,dup:0.02,reorder:0.02,hold:5s,skew:2s
  --expect FILE     compare with this expectation; exit code 1 where it differs (of a folder: the folder of the expectations)
  --write-expected  write it instead (FILE.expected.json, or the file of --expect)
  --exact           with the farm's hash in it
  --json            print everything as JSON
  --hashes          print only the SHA-256 of twins, alarms, digest and the whole, as one line of JSON

  --to mqtt://…     send it to a broker instead; the password comes from MQTT_PASSWORD
  --username NAME   MQTT user
  --rewrite-time    move the times in the payloads to now
  --loop            again and again, until Ctrl-C

  --into-dashboard  show it in a dashboard of its own, in a folder of its own, until Ctrl-C
  --port N          of that dashboard (any free one)

  --csv FILE        write it as timestamp,topic,payload,qos,retain instead
  --quiet           no progress

Exit code 0: played; 1: not as expected; 2: the recording was cut short, played up to there; 3: unusable; 130: Ctrl-C.
`;

const OPTIONS = {
  speed: { type: "string" },
  from: { type: "string" },
  to: { type: "string", multiple: true },
  faults: { type: "string" },
  expect: { type: "string" },
  "write-expected": { type: "boolean", default: false },
  exact: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  hashes: { type: "boolean", default: false },
  username: { type: "string" },
  "rewrite-time": { type: "boolean", default: false },
  loop: { type: "boolean", default: false },
  csv: { type: "string" },
  "into-dashboard": { type: "boolean", default: false },
  port: { type: "string" },
  quiet: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

export interface Wish {
  readonly file: string;
  readonly speed: number;
  readonly from: string | null;
  readonly to: string | null;
  readonly url: string | null;
  readonly username: string | null;
  readonly rewriteTime: boolean;
  readonly loop: boolean;
  readonly csv: string | null;
  /** Port of a dashboard of its own, 0 for any free one; null: none. */
  readonly dashboard: number | null;
  readonly faults: NetworkFaults | null;
  readonly expect: string | null;
  readonly writeExpected: string | null;
  readonly exact: boolean;
  readonly json: boolean;
  readonly hashes: boolean;
  readonly quiet: boolean;
}

const isUrl = (text: string): boolean => /^(mqtts?|wss?):\/\//.test(text);

/** Reads the command line; null: help was asked for. Throws Unusable. */
export const readArguments = (args: readonly string[]): Wish | null => {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: true });
  } catch (error) {
    throw new Unusable(error instanceof Error ? error.message : String(error), { cause: error });
  }
  const { values, positionals } = parsed;
  if (values.help) return null;
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new Unusable(`Name one recording.\n\n${HELP}`);
  const ends = values.to ?? [];
  const url = ends.find(isUrl) ?? null;
  const to = ends.find((text) => !isUrl(text)) ?? null;
  if (ends.length > (url === null ? 0 : 1) + (to === null ? 0 : 1)) throw new Unusable("--to: one time and one broker at most.");
  const speed = values.speed === undefined ? (url === null ? Infinity : 1) : values.speed === "max" ? Infinity : Number(values.speed);
  if (values.speed !== "max" && speed !== Infinity && !(speed > 0 && speed <= MOST_SPEED))
    throw new Unusable(`--speed: must be above 0 and at most ${MOST_SPEED}, or max, is "${values.speed}".`);
  if (values.speed === "Infinity") throw new Unusable('--speed: write "max".');
  if (url === null && (values.loop || values["rewrite-time"] || values.username !== undefined))
    throw new Unusable("--loop, --rewrite-time and --username go with --to mqtt://….");
  if (url !== null && (!URL.canParse(url) || new URL(url).hostname === "")) throw new Unusable(`--to: "${url}" is no address.`);
  if (file === STDIN && (values.loop || (values["rewrite-time"] && speed !== 1)))
    throw new Unusable("The standard input can be read once: --loop, and --rewrite-time at another speed than 1, need a file.");
  const compares = values.expect !== undefined || values["write-expected"];
  if ((url ?? values.csv) !== undefined && (url ?? values.csv) !== null && compares)
    throw new Unusable("--expect and --write-expected need the fold; leave --to mqtt:// and --csv out.");
  if (url !== null && values.csv !== undefined) throw new Unusable("--csv and --to mqtt:// are two things; do one at a time.");
  if (values["into-dashboard"] && (url !== null || values.csv !== undefined || compares))
    throw new Unusable("--into-dashboard goes by itself: leave --to mqtt://, --csv, --expect and --write-expected out.");
  if (values.port !== undefined && !values["into-dashboard"]) throw new Unusable("--port goes with --into-dashboard.");
  const port = Number(values.port ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Unusable(`--port: must be from 0 to 65535, is "${values.port}".`);
  const faults = values.faults === undefined ? null : networkFaultsOf(values.faults, durationOf);
  if (typeof faults === "string") throw new Unusable(`--faults: ${faults}.`);
  return {
    file,
    speed,
    from: values.from ?? null,
    to,
    url,
    username: values.username ?? null,
    rewriteTime: values["rewrite-time"],
    loop: values.loop,
    csv: values.csv ?? null,
    dashboard: values["into-dashboard"] ? port : null,
    faults,
    expect: values["write-expected"] ? null : (values.expect ?? null),
    writeExpected: values["write-expected"]
      ? (values.expect ?? `${file.replace(/\.gz$/, "").replace(/\.mfrec$/, "")}.expected.json`)
      : null,
    exact: values.exact,
    json: values.json,
    hashes: values.hashes,
    quiet: values.quiet || values.json || values.hashes,
  };
};
