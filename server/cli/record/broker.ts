/** Records a broker as it happens. */
import type { FileWriter } from "../../edge/recordings/file.ts";
import { openTap } from "../../edge/mqtt/tap.ts";
import type { RecordingWriter, Told } from "../../twin/recording.ts";
import { durationOf } from "../moments.ts";
import { createProgress } from "../progress.ts";
import { Unusable } from "../unusable.ts";
import type { Values } from "./arguments.ts";
import { begin, finish, type Made } from "./begin.ts";

/** Retained messages come in one go after the subscription. */
const SETTLE_MS = 500;
const FLUSH_MS = 1_000;

/** A broker as it happens. What is retained there is the start; everything after it is a row. */
export const recordBroker = async (path: string, values: Values, signal: AbortSignal): Promise<Made> => {
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
