/** `npm run record`: makes a recording of a past window of a journal, of a broker as it happens, or of another recorder's CSV. */
import { once } from "node:events";
import { parseArgs } from "node:util";
import { verifyNative } from "../edge/ed25519.ts";
import { openPast, type Past } from "../edge/journal/past.ts";
import { linkNative } from "../edge/sha256.ts";
import { openTap } from "../edge/mqtt/tap.ts";
import { createFile, openFile, type FileWriter } from "../edge/recordings/file.ts";
import { durationOf, momentOf, told } from "./moments.ts";
import { createProgress } from "./progress.ts";
import { restoreFarm } from "../flows/telemetry.ts";
import { foldEntry, nothingYet, type Farm } from "../twin/farm.ts";
import { createRecording, type Opening, type RecordingWriter, type Told } from "../twin/recording.ts";
import { readCsv, type CsvPiece } from "../twin/recording-csv.ts";
import { openingFarmOf } from "../twin/recording-start.ts";
import { farmOfLines } from "../twin/snapshot.ts";
import { NAME_PATTERN } from "../twin/wire.ts";

const HELP = `Makes a recording (docs/recordings.md).

  npm run record -- [--data-dir DIR | --mqtt-url URL | --csv FILE] -o FILE.mfrec [options]

  --data-dir DIR    from the journal in this folder, of a server that runs or does not (data)
  --from TIME       begin: 2026-11-21T09:00:00Z, ms since 1970, or how long ago: 2h (the journal's begin)
  --to TIME         end, the same way (the journal's end)

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
const UNUSABLE = 3;
/** Retained messages come in one go after the subscription. */
const SETTLE_MS = 500;
const FLUSH_MS = 1_000;

/** What cannot be done at all, in a sentence for the person at the terminal. */
class Unusable extends Error {}

const OPTIONS = {
  "data-dir": { type: "string" },
  "mqtt-url": { type: "string" },
  csv: { type: "string" },
  from: { type: "string" },
  to: { type: "string" },
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

const read = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new Unusable(error instanceof Error ? error.message : String(error), { cause: error });
  }
};
type Values = ReturnType<typeof read>;

const checked = (values: Values): string => {
  const sources = (["data-dir", "mqtt-url", "csv"] as const).filter((name) => values[name] !== undefined);
  if (sources.length > 1) throw new Unusable(`One source at a time, not ${sources.map((name) => `--${name}`).join(" and ")}.`);
  const live = values["mqtt-url"] !== undefined;
  if (live && (values.from ?? values.to) !== undefined)
    throw new Unusable("--from and --to go with a journal; a broker knows no past. Say how long with --for.");
  if (values.csv !== undefined && (values.from ?? values.to) !== undefined)
    throw new Unusable("--from and --to go with a journal; a CSV is taken whole.");
  if (!live && (values.for ?? values.topic ?? values.username) !== undefined)
    throw new Unusable("--for, --topic and --username go with --mqtt-url.");
  if (live && !/^(mqtts?|wss?):\/\/.+/.test(values["mqtt-url"] ?? ""))
    throw new Unusable("--mqtt-url must begin with mqtt://, mqtts://, ws:// or wss://.");
  if (values.site !== undefined && !NAME_PATTERN.test(values.site)) throw new Unusable(`--site: "${values.site}" is not a name.`);
  if (values.output === undefined) throw new Unusable(`Say with -o into which file.\n\n${HELP}`);
  return values.output;
};

const create = async (path: string, { plain, force }: Values): Promise<FileWriter> => {
  try {
    return await createFile(path, { gzip: !plain, overwrite: force });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Unusable(
      code === "EEXIST" ? `${path} is there already; --force writes over it.` : `${path} cannot be written: ${code ?? String(error)}.`,
      { cause: error },
    );
  }
};

/** Begins the file; nothing is made before there is something to write. */
const begin = async (path: string, values: Values, opening: Opening): Promise<{ file: FileWriter; recording: RecordingWriter }> => {
  const file = await create(path, values);
  const recording = createRecording(opening, linkNative);
  for (const line of recording.opening()) await file.line(line);
  return { file, recording };
};

interface Made {
  readonly rows: number;
  readonly fromTs: number;
  readonly toTs: number;
  readonly bytes: number;
}
const finish = async (file: FileWriter, recording: RecordingWriter, fromTs: number, toTs: number): Promise<Made> => {
  await file.line(recording.end(toTs));
  await file.close();
  return { rows: recording.rows(), fromTs, toTs, bytes: file.bytes() };
};

const moment = (text: string, flag: string): number => {
  const ts = momentOf(text, (ms) => Date.now() - ms);
  if (ts === null) throw new Unusable(`${flag}: "${text}" is no time; write 2026-11-21T09:00:00Z, ms since 1970, or how long ago: 2h.`);
  return ts;
};

/** A window of a journal: the farm at its begin from the nearest snapshot before, then everything received in it. */
const recordJournal = async (path: string, values: Values, signal: AbortSignal): Promise<Made> => {
  const folder = values["data-dir"] ?? process.env["DATA_DIR"] ?? "data";
  const wishedTs = values.from === undefined ? null : moment(values.from, "--from");
  const toTs = values.to === undefined ? Infinity : moment(values.to, "--to");
  const past = openPast(folder, (pos, count) =>
    process.stderr.write(`${count} entries from position ${pos} on are damaged or lost; they are missing in the recording.\n`),
  );
  if (past === null) throw new Unusable(`There is no journal in ${folder}; name the server's data folder with --data-dir.`);
  try {
    const oldest = await past.oldest();
    if (oldest === null) throw new Unusable(`The journal in ${folder} is empty.`);
    const fromTs = Math.floor(wishedTs ?? oldest.ts);
    if (fromTs >= toTs) throw new Unusable("--from must be before --to.");
    if (fromTs < Math.floor(oldest.ts))
      throw new Unusable(`The journal in ${folder} begins at ${new Date(oldest.ts).toISOString()}; --from is before.`);
    const saved = past.loadSnapshot(fromTs - 1);
    const progress = createProgress(values.quiet);
    const site = saved === null ? (values.site ?? siteOf(past) ?? "farm") : null;
    const farm = restoreFarm(site ?? "", saved);
    let made: Awaited<ReturnType<typeof begin>> | null = null;
    let lastTs = fromTs;
    let over = false;
    for await (const entries of past.read(farm.asOfPos + 1)) {
      for (const entry of entries) {
        over = entry.receivedTs > toTs;
        if (over || signal.aborted) break;
        lastTs = Math.max(lastTs, entry.receivedTs);
        if (entry.receivedTs < fromTs) {
          foldEntry(farm, entry, nothingYet(), verifyNative);
          continue;
        }
        made ??= await beginJournal(path, values, farm, fromTs, folder);
        await made.file.line(made.recording.row({ ...entry, properties: null }, entry.receivedTs));
        const { rows } = made.recording;
        progress.show(() => ({ part: null, rows: rows(), ts: entry.receivedTs }));
      }
      if (over || signal.aborted) break;
      if (made === null) progress.show(() => ({ part: null, rows: 0, ts: lastTs }));
    }
    progress.done();
    if (made === null)
      throw new Unusable(
        `Nothing was received between ${new Date(fromTs).toISOString()} and ${toTs === Infinity ? "now" : new Date(toTs).toISOString()}; the journal's newest entry is of ${new Date(lastTs).toISOString()}.`,
      );
    return await finish(made.file, made.recording, fromTs, over ? toTs : lastTs);
  } finally {
    past.close();
  }
};
/** Whose journal it is, as its newest snapshot says. */
const siteOf = (past: Past): string | null => {
  const [first] = past.loadSnapshot(Number.MAX_SAFE_INTEGER)?.lines ?? [];
  return first === undefined ? null : farmOfLines([first]).site;
};
const beginJournal = (path: string, values: Values, farm: Farm, startTs: number, folder: string) =>
  begin(path, values, {
    site: farm.site,
    startTs,
    source: `journal ${folder}`,
    ticks: true,
    farm: farm.asOfPos === 0 ? null : openingFarmOf(farm),
    retained: [...farm.retained].map(([topic, payload]) => ({
      topic,
      payload,
      qos: 1 as const,
      retain: true,
      dup: false,
      client: "",
      properties: null,
    })),
  });

/** A broker as it happens. What is retained there is the start; everything after it is a row. */
const recordBroker = async (path: string, values: Values, signal: AbortSignal): Promise<Made> => {
  const forMs = values.for === undefined ? Infinity : durationOf(values.for);
  if (forMs === null || forMs <= 0) throw new Unusable(`--for: "${values.for}" is no time; write 30s or 2h.`);
  const url = values["mqtt-url"] ?? "";
  const startTs = Date.now();
  const retained: Told[] = [];
  let waiting: { readonly message: Told; readonly ts: number }[] = [];
  let settled = false;
  let file: FileWriter | null = null;
  let recording: RecordingWriter | null = null;
  let wake: () => void = () => undefined;
  const credentials = values.username === undefined ? {} : { username: values.username, password: process.env["MQTT_PASSWORD"] ?? "" };
  const tap = await openTap(
    { url, clientId: `rigtwin-record-${process.pid}`, topics: values.topic ?? ["#"], credentials },
    (message) => {
      if (!settled && message.retain) retained.push(message);
      else waiting.push({ message, ts: Date.now() });
      wake();
    },
    (what) => process.stderr.write(`${what}\n`),
  ).catch((error: unknown) => {
    throw new Unusable(error instanceof Error ? error.message : String(error), { cause: error });
  });
  const progress = createProgress(values.quiet);
  const until = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      wake = () => void (settled && done());
      signal.addEventListener("abort", done);
    });
  try {
    await until(SETTLE_MS);
    settled = true;
    ({ file, recording } = await begin(path, values, {
      site: values.site ?? "farm",
      startTs,
      source: `broker ${new URL(url).host}`,
      ticks: false,
      farm: null,
      retained,
    }));
    let flushedMs = performance.now();
    for (;;) {
      const batch = waiting;
      waiting = [];
      for (const { message, ts } of batch) await file.line(recording.row(message, ts));
      if (performance.now() - flushedMs > FLUSH_MS) {
        file.flush();
        flushedMs = performance.now();
      }
      const { rows } = recording;
      progress.show(() => ({
        part: forMs === Infinity ? null : Math.min(1, (Date.now() - startTs) / forMs),
        rows: rows(),
        ts: Date.now(),
      }));
      const leftMs = startTs + forMs - Date.now();
      if (signal.aborted || leftMs <= 0) break;
      if (waiting.length === 0) await until(Math.min(FLUSH_MS, leftMs));
    }
  } finally {
    progress.done();
    await tap.stop().catch(() => undefined);
  }
  for (const { message, ts } of waiting) await file.line(recording.row(message, ts));
  return finish(file, recording, startTs, Date.now());
};

/** Another recorder's CSV; its first line's time is the start. */
const recordCsv = async (path: string, values: Values, signal: AbortSignal): Promise<Made> => {
  const source = values.csv ?? "";
  const reading = await openFile(source).catch((error: unknown) => {
    throw new Unusable(`${source} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`, { cause: error });
  });
  const csv = readCsv();
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const progress = createProgress(values.quiet);
  let made: Awaited<ReturnType<typeof begin>> | null = null;
  let startTs = 0;
  let lastTs = 0;
  const take = async (pieces: readonly CsvPiece[]): Promise<void> => {
    for (const piece of pieces) {
      if (piece.kind === "fault") throw new Unusable(`${source}: CSV_INVALID at row ${piece.fault.row}: ${piece.fault.detail}.`);
      const { ts, message } = piece.read;
      if (made === null) {
        startTs = lastTs = Math.floor(ts);
        made = await begin(path, values, {
          site: values.site ?? "farm",
          startTs,
          source: `CSV ${source}`,
          ticks: false,
          farm: null,
          retained: [],
        });
      }
      if (ts < lastTs)
        throw new Unusable(`${source}: CSV_INVALID at row ${made.recording.rows() + 1}: its time is before the row before it.`);
      lastTs = ts;
      await made.file.line(made.recording.row(message, ts));
    }
  };
  for await (const chunk of reading.chunks) {
    await take(csv.text(decoder.decode(chunk, { stream: true })));
    progress.show(() => ({ part: reading.readBytes() / reading.totalBytes, rows: made?.recording.rows() ?? 0, ts: lastTs }));
    if (signal.aborted) break;
  }
  await take(csv.end());
  progress.done();
  const { file, recording } =
    made ??
    (await begin(path, values, {
      site: values.site ?? "farm",
      startTs: 0,
      source: `CSV ${source}`,
      ticks: false,
      farm: null,
      retained: [],
    }));
  return finish(file, recording, startTs, lastTs);
};

const main = async (args: readonly string[]): Promise<number> => {
  const values = read(args);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const path = checked(values);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const record = values["mqtt-url"] !== undefined ? recordBroker : values.csv !== undefined ? recordCsv : recordJournal;
  const made = await record(path, values, stop.signal);
  const kb = Math.max(1, Math.round(made.bytes / 1_024)).toLocaleString("en");
  if (
    !process.stdout.write(
      `${path}: ${made.rows.toLocaleString("en")} rows over ${told(made.toTs - made.fromTs)} from ${new Date(made.fromTs).toISOString()}, ${kb} KiB.\n`,
    )
  )
    await once(process.stdout, "drain");
  return 0;
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(
    `${error instanceof Unusable ? error.message : `The recording broke off: ${error instanceof Error ? error.message : String(error)}`}\n`,
  );
  process.exitCode = UNUSABLE;
}
