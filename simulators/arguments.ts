/** The simulator's command line. */
import { parseArgs } from "node:util";
import { NAME_PATTERN } from "../server/twin/wire.ts";
import { durationOf } from "./duration.ts";

export interface Arguments {
  readonly url: string;
  readonly site: string;
  readonly rigs: number;
  readonly intervalMs: number;
  readonly seed: number;
  readonly scenario: string;
  /** Infinity: as fast as it is acknowledged. */
  readonly speed: number;
  readonly durationMs: number | null;
  readonly backfillMs: number;
  readonly backfillIntervalMs: number;
  /** Only the past, as lines of JSON on the standard output, up to this time, ms UTC; null: publish. */
  readonly stdoutUntilTs: number | null;
  readonly truth: string | null;
  readonly stats: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly username: string | null;
  /** Readings go out in batches, signed by their gateways. */
  readonly sign: boolean;
  /** Between two readings of each rig's socket on its PDU, ms; null: PDUs measure nothing. */
  readonly pduMs: number | null;
  /** Only the gateways' public keys, as a line of JSON. */
  readonly gatewayKeys: boolean;
  readonly help: boolean;
}

export const HELP = `Simulates a mining farm over MQTT.

  npm run simulate -- [options]

  --url URL              broker (mqtt://127.0.0.1:1883)
  --site NAME            site in the topics (demo)
  --rigs N               number of rigs, 20 to a container (60)
  --interval TIME        between two readings of a rig (5s)
  --seed N               the same seed gives the same farm (1)
  --scenario NAME|FILE   what goes wrong (demo)
  --speed N|max          so many times as fast; max: as fast as it is acknowledged (1)
  --duration TIME        end after so much simulated time (none; 10m with a speed other than 1)
  --backfill TIME        tell so much of the past first (0)
  --backfill-interval TIME  between two readings of a rig in it (30s)
  --stdout               print the messages of the past, {ts, topic, retain, payload} each on a line, instead of publishing;
                         one reading of a rig each --interval, for --backfill long, up to --until
  --until MS             end of that past, ms since 1970 UTC (now)
  --truth FILE           write which faults are injected when, as JSON
  --quiet                do not print a line each second with rate, lag and CPU
  --stats                print it also where another program started this one
  --json                 print it as JSON
  --sign                 gateways send their readings in signed batches
  --pdu TIME|none        between two readings of each rig's socket on its PDU (1m)
  --gateway-keys         print the gateways' public keys, {name: hex}, instead of publishing
  --username NAME        MQTT user; the password comes from MQTT_PASSWORD

With a speed other than 1 simulated time ends at the present, so that no reading is in the future.
`;

/** Options that cannot be used; every complaint at once, each beginning with the option. */
export class ArgumentsInvalid extends Error {
  constructor(complaints: readonly string[]) {
    super(complaints.join("\n"));
    this.name = "ArgumentsInvalid";
  }
}

const OPTIONS = {
  url: { type: "string", default: "mqtt://127.0.0.1:1883" },
  site: { type: "string", default: "demo" },
  rigs: { type: "string", default: "60" },
  interval: { type: "string", default: "5s" },
  seed: { type: "string", default: "1" },
  scenario: { type: "string", default: "demo" },
  speed: { type: "string", default: "1" },
  duration: { type: "string" },
  backfill: { type: "string", default: "0" },
  "backfill-interval": { type: "string", default: "30s" },
  stdout: { type: "boolean", default: false },
  until: { type: "string" },
  truth: { type: "string" },
  stats: { type: "boolean", default: false },
  quiet: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  username: { type: "string" },
  sign: { type: "boolean", default: false },
  pdu: { type: "string", default: "1m" },
  "gateway-keys": { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

const read = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new ArgumentsInvalid([error instanceof Error ? error.message : String(error)]);
  }
};

/** Reads the options; `nowTs` (ms UTC) is where a past ends that is not told otherwise. Throws ArgumentsInvalid. */
export const argumentsOf = (args: readonly string[], nowTs: number): Arguments => {
  const values = read(args);
  const complaints: string[] = [];
  const whole = (name: "rigs" | "seed", least: number, most: number): number => {
    const number = Number(values[name]);
    if (!Number.isInteger(number) || number < least || number > most)
      complaints.push(`--${name}: must be a whole number from ${least} to ${most}, is "${values[name]}"`);
    return number;
  };
  const time = (name: "interval" | "pdu" | "duration" | "backfill" | "backfill-interval", least: number): number => {
    const text = values[name] ?? "";
    const ms = durationOf(text);
    if (ms === null || ms < least)
      complaints.push(`--${name}: must be a time such as "5s", "10m" or "6h"${least > 1 ? ` of at least ${least} ms` : ""}, is "${text}"`);
    return ms ?? 0;
  };
  const speed = values.speed === "max" ? Infinity : Number(values.speed);
  if (!(speed > 0)) complaints.push(`--speed: must be a number above 0, or max, is "${values.speed}"`);
  if (!NAME_PATTERN.test(values.site))
    complaints.push(`--site: must be letters, digits, dots, dashes and underscores, is "${values.site}"`);
  if (!/^(mqtts?|wss?):\/\/.+/.test(values.url))
    complaints.push(`--url: must begin with mqtt://, mqtts://, ws:// or wss://, is "${values.url}"`);
  const untilTs = values.until === undefined ? nowTs : Number(values.until);
  if (!Number.isSafeInteger(untilTs) || untilTs < 0) complaints.push(`--until: must be ms since 1970 UTC, is "${values.until}"`);
  if (values.until !== undefined && !values.stdout) complaints.push("--until: goes with --stdout only");
  const answer: Arguments = {
    url: values.url,
    site: values.site,
    rigs: whole("rigs", 1, 100_000),
    intervalMs: time("interval", 100),
    seed: whole("seed", 0, 4_294_967_295),
    scenario: values.scenario,
    speed,
    durationMs: values.duration === undefined ? (speed === 1 ? null : 600_000) : time("duration", 1),
    backfillMs: time("backfill", 0),
    backfillIntervalMs: time("backfill-interval", 100),
    stdoutUntilTs: values.stdout ? untilTs : null,
    truth: values.truth ?? null,
    stats: values.stats,
    quiet: values.quiet,
    json: values.json,
    username: values.username ?? null,
    sign: values.sign,
    pduMs: values.pdu === "none" ? null : time("pdu", 100),
    gatewayKeys: values["gateway-keys"],
    help: values.help,
  };
  if (values.stdout && answer.backfillMs === 0) complaints.push("--backfill: must be told with --stdout");
  if (complaints.length > 0) throw new ArgumentsInvalid(complaints);
  return answer;
};
