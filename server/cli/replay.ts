/** `npm run replay -- FILE`: plays a recording through the fold and says what came of it, or sends it to a broker. */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "../edge/clock.ts";
import { verifyNative } from "../edge/ed25519.ts";
import { linkNative } from "../edge/sha256.ts";
import { openPlayer } from "../edge/mqtt/tap.ts";
import { createFile, GzipBroken, linesOf, openFile, STDIN } from "../edge/recordings/file.ts";
import { MOST_SPEED } from "../flows/replay.ts";
import { createRefold, openRecording, paced, RecordingBroken, through, type Opened } from "../flows/refold.ts";
import { createEntering, newFolder, showFolder } from "./into-dashboard.ts";
import { durationOf, momentOf, told } from "./moments.ts";
import { createProgress } from "./progress.ts";
import { movedMessages } from "../twin/moved.ts";
import { playedApart, type Played } from "../twin/played.ts";
import type { Row, Told } from "../twin/recording.ts";
import { CSV_HEAD, csvLineOf } from "../twin/recording-csv.ts";
import { networkFaultsOf, type NetworkFaults } from "../twin/recording-faults.ts";

const HELP = `Plays a recording (docs/recordings.md) through the fold, and says what came of it.

  npm run replay -- FILE [options]      (FILE -: the standard input; a folder: every recording in it)

  --speed N|max     so many times as fast; max: as fast as it goes (max; with --to mqtt:// 1)
  --from TIME       paced, or sent, from here: 5m after its start, 2026-11-21T09:05:00Z, or ms since 1970
  --to TIME         until here
  --faults LIST     a network that misbehaves: seed:7,loss:0.01,dup:0.02,reorder:0.02,hold:5s,skew:2s
  --expect FILE     compare with this expectation; exit code 1 where it differs (of a folder: the folder of the expectations)
  --write-expected  write it instead (FILE.expected.json, or the file of --expect)
  --exact           with the farm's hash in it
  --json            print everything as JSON

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
const EXIT = { played: 0, apart: 1, cut: 2, unusable: 3, interrupted: 130 } as const;
/** Rows between two turns of the event loop, so that Ctrl-C is heard. */
const TURN = 500;
const MOST_SHOWN = 20;

class Unusable extends Error {}

const OPTIONS = {
  speed: { type: "string" },
  from: { type: "string" },
  to: { type: "string", multiple: true },
  faults: { type: "string" },
  expect: { type: "string" },
  "write-expected": { type: "boolean", default: false },
  exact: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  username: { type: "string" },
  "rewrite-time": { type: "boolean", default: false },
  loop: { type: "boolean", default: false },
  csv: { type: "string" },
  "into-dashboard": { type: "boolean", default: false },
  port: { type: "string" },
  quiet: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

interface Wish {
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
  readonly quiet: boolean;
}

const isUrl = (text: string): boolean => /^(mqtts?|wss?):\/\//.test(text);

const readArguments = (args: readonly string[]): Wish | null => {
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
  if (url !== null && !URL.canParse(url)) throw new Unusable(`--to: "${url}" is no address.`);
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
    quiet: values.quiet || values.json,
  };
};

interface Source extends Opened {
  /** How much of it has been read, 0 to 1; null where nobody knows its size. */
  readonly part: () => number | null;
}
const open = async (file: string): Promise<Source> => {
  const reading = await openFile(file).catch((error: unknown) => {
    throw new Unusable(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`, { cause: error });
  });
  return {
    ...(await openRecording(linesOf(reading.chunks), linkNative)),
    part: () => (reading.totalBytes === 0 ? null : Math.min(1, reading.readBytes() / reading.totalBytes)),
  };
};

const windowOf = ({ from, to }: Wish, startTs: number): { fromUs: number; toUs: number } => {
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

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Ended {
  readonly rows: number;
  readonly endUs: number;
}
/** Hands every row to `take`, at its time, until the end, the window's end, or Ctrl-C. */
const carry = async (wish: Wish, source: Source, signal: AbortSignal, take: (row: Row) => Promise<void> | void): Promise<Ended> => {
  const { startTs } = source.beginning.header;
  const window = windowOf(wish, startTs);
  const rows = wish.faults === null ? source.rows : through(source, wish.faults);
  const progress = createProgress(wish.quiet);
  let count = 0;
  let us = 0;
  try {
    for await (const row of paced(rows, { clock: systemClock, speed: wish.speed, ...window, signal })) {
      const taken = take(row);
      if (taken !== undefined) await taken;
      count += 1;
      ({ us } = row);
      if (count % TURN === 0) await turn();
      progress.show(() => ({ part: source.part(), rows: count, ts: startTs + us / 1_000 }));
    }
  } finally {
    progress.done();
  }
  return { rows: count, endUs: signal.aborted ? us : Math.min(window.toUs, Math.max(us, source.endUs())) };
};

/** How the reading of it ended, as exit code; said on stderr. */
const endOf = (source: Source, signal: AbortSignal, { rows }: Ended): number => {
  if (signal.aborted) {
    process.stderr.write(`Stopped after ${rows.toLocaleString("en")} rows.\n`);
    return EXIT.interrupted;
  }
  const cut = source.cut();
  if (cut === null) return EXIT.played;
  process.stderr.write(`CUT_SHORT at row ${cut.row}: ${cut.detail}. Everything before was played.\n`);
  return EXIT.cut;
};

const count = (word: string, n: number): string => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
const summaryOf = (played: Played, rows: number, tookMs: number): string => {
  const states = new Map<string, number>();
  for (const { state } of Object.values(played.twins)) states.set(String(state), (states.get(String(state)) ?? 0) + 1);
  const alarm = ({ raised, cleared, rig, kind, message }: Played["alarms"][number]): string =>
    `  ${raised.slice(0, 19)}Z  ${cleared === null ? "still on" : `until ${cleared.slice(11, 19)}Z`}  ${rig}  ${kind}  ${message}`;
  const more = played.alarms.length - MOST_SHOWN;
  return [
    `Site ${played.site}, ${played.from} to ${played.to}: ${count("row", rows)} in ${told(tookMs)}`,
    `Readings   ${played.accepted.toLocaleString("en")} accepted, ${count("duplicate", played.duplicates)}, ${played.late.toLocaleString("en")} late`,
    `Refused    ${
      Object.entries(played.refused)
        .map(([code, n]) => `${n.toLocaleString("en")} ${code}`)
        .join(", ") || "none"
    }`,
    `Twins      ${Object.keys(played.twins).length.toLocaleString("en")}: ${[...states].map(([state, n]) => `${n} ${state}`).join(", ") || "none"}`,
    ...played.energy.map(
      ({ day, kwh, cost, kgco2e }) =>
        `Energy     ${day}: ${kwh.toFixed(1)} kWh, cost ${cost === null ? "unknown" : cost.toFixed(2)}, ${kgco2e === null ? "unknown" : kgco2e.toFixed(1)} kgCO2e`,
    ),
    `Alarms     ${played.alarms.length === 0 ? "none" : played.alarms.length.toLocaleString("en")}`,
    ...played.alarms.slice(0, MOST_SHOWN).map(alarm),
    ...(more > 0 ? [`  and ${more.toLocaleString("en")} more; --json prints all`] : []),
    `Farm hash  ${played.farmHash ?? ""}`,
    "",
  ].join("\n");
};

const expectationOf = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Unusable(
      `${file} cannot be read as JSON: ${(error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : String(error))}.`,
      { cause: error },
    );
  }
};

const fold = async (wish: Wish, signal: AbortSignal): Promise<number> => {
  const expected = wish.expect === null ? null : expectationOf(wish.expect);
  const source = await open(wish.file);
  const startedMs = performance.now();
  const refold = createRefold(source.beginning, verifyNative);
  const ended = await carry(wish, source, signal, refold.row);
  refold.until(ended.endUs);
  const { farmHash, ...told } = refold.played(true);
  const whole: Played = { ...told, ...(farmHash === undefined ? {} : { farmHash }) };
  process.stdout.write(wish.json ? `${JSON.stringify(whole, null, 1)}\n` : summaryOf(whole, ended.rows, performance.now() - startedMs));
  const code = endOf(source, signal, ended);
  if (code !== EXIT.played) return code;
  if (wish.writeExpected !== null) {
    writeFileSync(wish.writeExpected, `${JSON.stringify(wish.exact ? whole : told, null, 1)}\n`);
    process.stderr.write(`Written: ${wish.writeExpected}\n`);
  }
  if (expected === null) return code;
  const apart = playedApart(whole, expected);
  process.stderr.write(
    apart.length === 0
      ? `As expected in ${wish.expect}.\n`
      : `Not as expected in ${wish.expect}, ${count("difference", apart.length)}:\n${apart.map((line) => `  ${line}\n`).join("")}`,
  );
  return apart.length === 0 ? EXIT.played : EXIT.apart;
};

/** How far the recording reaches, ms UTC; reads it once. */
const endTsOf = async (wish: Wish): Promise<number> => {
  const source = await open(wish.file);
  const { startTs } = source.beginning.header;
  for await (const row of source.rows) void row;
  return startTs + Math.min(windowOf(wish, startTs).toUs, source.endUs()) / 1_000;
};

const send = async (wish: Wish, signal: AbortSignal): Promise<number> => {
  const credentials = wish.username === null ? {} : { username: wish.username, password: process.env["MQTT_PASSWORD"] ?? "" };
  const player = await openPlayer({ url: wish.url ?? "", clientId: `rigtwin-replay-${process.pid}`, credentials }).catch(
    (error: unknown) => {
      throw new Unusable(error instanceof Error ? error.message : String(error), { cause: error });
    },
  );
  let rows = 0;
  let code: number = EXIT.played;
  try {
    for (let round = 0; (round === 0 || wish.loop) && code === EXIT.played; round++) {
      const source = await open(wish.file);
      const { header, retained } = source.beginning;
      const window = windowOf(wish, header.startTs);
      const endTs = wish.rewriteTime && wish.speed !== 1 ? await endTsOf(wish) : 0;
      // Live, the moment of sending; at another speed so that the recording ends now, because nothing may be in the future.
      const shiftMs = wish.speed === 1 ? Date.now() - header.startTs - window.fromUs / 1_000 : Date.now() - endTs;
      const mark = round === 0 ? "" : `-r${round}`;
      const sent = async (message: Told): Promise<void> => {
        for (const one of wish.rewriteTime ? movedMessages(message, shiftMs, mark) : [message]) await player.publish(one);
      };
      // What a new subscriber would have been told at that moment.
      const standing = new Map(retained.map((message) => [message.topic, message]));
      let begun = false;
      const begin = async (): Promise<void> => {
        begun = true;
        for (const message of standing.values()) await sent(message);
      };
      const ended = await carry(wish, source, signal, async (row) => {
        if (row.topic.startsWith("$")) return;
        if (row.us < window.fromUs) {
          if (row.retain) standing.set(row.topic, row);
          return;
        }
        if (!begun) await begin();
        rows += 1;
        await sent(row);
      });
      code = endOf(source, signal, ended);
      if (ended.rows === 0) break;
    }
  } finally {
    const lost = await player.close();
    process.stdout.write(
      `${count("row", rows)} sent to ${new URL(wish.url ?? "").host}, ${player.acknowledged().toLocaleString("en")} messages acknowledged${lost > 0 ? `, ${lost} NOT` : ""}.\n`,
    );
    if (lost > 0) code = EXIT.unusable;
  }
  return code;
};

const exportCsv = async (wish: Wish, path: string, signal: AbortSignal): Promise<number> => {
  const source = await open(wish.file);
  const file = await createFile(path, { gzip: path.endsWith(".gz"), overwrite: false }).catch((error: unknown) => {
    throw new Unusable(`${path} cannot be written: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`, { cause: error });
  });
  await file.line(CSV_HEAD);
  const { startTs } = source.beginning.header;
  const { fromUs } = windowOf(wish, startTs);
  for (const message of source.beginning.retained) await file.line(csvLineOf(message, startTs));
  const ended = await carry({ ...wish, speed: Infinity }, source, signal, (row) =>
    row.topic.startsWith("$") || row.us < fromUs ? undefined : file.line(csvLineOf(row, startTs + row.us / 1_000)),
  );
  await file.close();
  return endOf(source, signal, ended);
};

/** Every recording of a folder, one after the other; gives the first exit code that is not 0. */
const foldAll = async (wish: Wish, signal: AbortSignal): Promise<number> => {
  const files = readdirSync(wish.file).filter((name) => /\.mfrec(\.gz)?$/.test(name));
  if (files.length === 0) throw new Unusable(`There is no recording in ${wish.file}.`);
  let code: number = EXIT.played;
  for (const name of files.toSorted()) {
    if (signal.aborted) break;
    const expectation = `${name.replace(/\.mfrec(\.gz)?$/, "")}.expected.json`;
    if (!wish.quiet) process.stdout.write(`${name}\n`);
    const one = await fold(
      {
        ...wish,
        file: join(wish.file, name),
        expect: wish.expect === null ? null : join(wish.expect, expectation),
        writeExpected: wish.writeExpected === null ? null : join(wish.file, expectation),
      },
      signal,
    );
    if (code === EXIT.played) code = one;
  }
  return code;
};
const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const MOST_SHOWN_SPEED = 100;

const show = async (wish: Wish, port: number, stop: AbortController): Promise<number> => {
  const { signal } = stop;
  const source = await open(wish.file);
  const { header } = source.beginning;
  const { folder, remove } = newFolder();
  try {
    const entering = await createEntering(folder, source.beginning);
    if ("code" in entering) throw new RecordingBroken(entering);
    const ended = await carry({ ...wish, speed: Infinity, from: null }, source, signal, entering.row);
    await entering.end(ended.endUs);
    const code = endOf(source, signal, ended);
    if (signal.aborted) return code;
    const fromTs = header.startTs + windowOf(wish, header.startTs).fromUs / 1_000;
    const toTs = header.startTs + ended.endUs / 1_000;
    const speed = Math.min(MOST_SHOWN_SPEED, wish.speed === Infinity ? 10 : wish.speed);
    const shown = await showFolder({ folder, site: header.site, port }, { fromTs, toTs, speed });
    process.stdout.write(
      `${count("row", ended.rows)} of ${header.site}, ${told(toTs - fromTs)}, in a dashboard of its own:\n  ${shown.address}\nCtrl-C ends it and leaves nothing behind.\n`,
    );
    signal.addEventListener("abort", shown.stop);
    await shown.ended;
    return signal.aborted ? code : EXIT.unusable;
  } finally {
    remove();
  }
};

const main = async (args: readonly string[]): Promise<number> => {
  const wish = readArguments(args);
  if (wish === null) {
    process.stdout.write(HELP);
    return EXIT.played;
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  if (isFolder(wish.file)) {
    if (wish.dashboard !== null || wish.url !== null || wish.csv !== null)
      throw new Unusable("A folder can be folded only: leave --into-dashboard, --to mqtt:// and --csv out.");
    return foldAll(wish, stop.signal);
  }
  if (wish.dashboard !== null) return show(wish, wish.dashboard, stop);
  if (wish.url !== null) return send(wish, stop.signal);
  return wish.csv === null ? fold(wish, stop.signal) : exportCsv(wish, wish.csv, stop.signal);
};

const said = (error: unknown): string => {
  if (error instanceof RecordingBroken) return `${error.message}.`;
  if (error instanceof GzipBroken) return `GZIP_BROKEN: ${error.message}.`;
  if (error instanceof Unusable) return error.message;
  return `The replay broke off: ${error instanceof Error ? error.message : String(error)}`;
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${said(error)}\n`);
  process.exitCode = EXIT.unusable;
}
