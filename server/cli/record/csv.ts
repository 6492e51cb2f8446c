/** Makes a recording of another recorder's CSV. */
import { openFile } from "../../edge/recordings/file.ts";
import { readCsv, type CsvPiece } from "../../twin/recording-csv.ts";
import { createProgress } from "../progress.ts";
import { reasonOf, Unusable } from "../unusable.ts";
import type { Values } from "./arguments.ts";
import { begin, finish, type Made } from "./begin.ts";

/** Another recorder's CSV; its first line's time is the start. */
export const recordCsv = async (path: string, values: Values, signal: AbortSignal): Promise<Made> => {
  const source = values.csv ?? "";
  const reading = await openFile(source).catch((error: unknown) => {
    throw new Unusable(`${source} cannot be read: ${reasonOf(error)}.`, { cause: error });
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
  if (made === null) throw new Unusable(`${source}: CSV_INVALID at row 0: there is no message in it.`);
  const { file, recording } = made;
  return finish(file, recording, startTs, lastTs);
};
