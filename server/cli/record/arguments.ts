/** What `npm run record` was asked for. */
import { parseArgs } from "node:util";
import { NAME_PATTERN } from "../../twin/wire.ts";
import { Unusable } from "../unusable.ts";

export const HELP = `Makes a recording (docs/recordings.md).

  npm run record -- [--data-dir DIR | --mqtt-url URL | --csv FILE] -o FILE.mfrec [options]

  --data-dir DIR    from the journal in this folder, of a server that runs or does not (data)
  --from TIME       begin: 2026-11-21T09:00:00Z, ms since 1970, or how long ago: 2h (the journal's begin)
  --to TIME         end, the same way (the journal's end)

  --hashes          print the SHA-256 of the farm at its end too, as replay --hashes does

  --mqtt-url URL    from this broker as it happens, until Ctrl-C; the password comes from MQTT_PASSWORD
  --for TIME        … or for so long: 10m
  --topic FILTER    what to record, again for more ("#")
  --username NAME   MQTT user

  --csv FILE        from a CSV with timestamp,topic,payload,qos,retain

  -o, --output FILE the recording
  --plain           not gzip'd
  --force           write over a file that is there
  --site NAME       site of the recording (farm; of a journal: its own)
  --quiet           no progress

Exit code 0: recorded; 3: could not be; 130: Ctrl-C before anything was recorded.
`;

const OPTIONS = {
  "data-dir": { type: "string" },
  "mqtt-url": { type: "string" },
  csv: { type: "string" },
  from: { type: "string" },
  to: { type: "string" },
  hashes: { type: "boolean", default: false },
  for: { type: "string" },
  topic: { type: "string", multiple: true },
  username: { type: "string" },
  output: { type: "string", short: "o" },
  plain: { type: "boolean", default: false },
  force: { type: "boolean", default: false },
  site: { type: "string" },
  quiet: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** Reads the command line. Throws Unusable. */
export const read = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new Unusable(error instanceof Error ? error.message : String(error), { cause: error });
  }
};
/** The options as they were given. */
export type Values = ReturnType<typeof read>;

/** The path to write to. Throws Unusable where the options do not go together. */
export const checked = (values: Values): string => {
  const sources = (["data-dir", "mqtt-url", "csv"] as const).filter((name) => values[name] !== undefined);
  if (sources.length > 1) throw new Unusable(`One source at a time, not ${sources.map((name) => `--${name}`).join(" and ")}.`);
  const live = values["mqtt-url"] !== undefined;
  if (live && (values.from ?? values.to) !== undefined)
    throw new Unusable("--from and --to go with a journal; a broker knows no past. Say how long with --for.");
  if (values.csv !== undefined && (values.from ?? values.to) !== undefined)
    throw new Unusable("--from and --to go with a journal; a CSV is taken whole.");
  if (values.hashes && (live || values.csv !== undefined)) throw new Unusable("--hashes goes with a journal: nothing else has a farm.");
  if (!live && (values.for ?? values.topic ?? values.username) !== undefined)
    throw new Unusable("--for, --topic and --username go with --mqtt-url.");
  if (live && !/^(mqtts?|wss?):\/\/.+/.test(values["mqtt-url"] ?? ""))
    throw new Unusable("--mqtt-url must begin with mqtt://, mqtts://, ws:// or wss://.");
  if (values.site !== undefined && !NAME_PATTERN.test(values.site)) throw new Unusable(`--site: "${values.site}" is not a name.`);
  if (values.output === undefined) throw new Unusable(`Say with -o into which file.\n\n${HELP}`);
  return values.output;
};
