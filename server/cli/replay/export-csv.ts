/** Writes a recording as the CSV that other recorders read. */
import { createFile } from "../../edge/recordings/file.ts";
import { CSV_HEAD, csvLineOf } from "../../twin/recording-csv.ts";
import { reasonOf, Unusable } from "../unusable.ts";
import type { Wish } from "./arguments.ts";
import { carry, endOf, windowOf } from "./carry.ts";
import { openSource } from "./source.ts";

/** Gives the exit code. */
export const exportCsv = async (wish: Wish, path: string, signal: AbortSignal): Promise<number> => {
  const source = await openSource(wish.file, false);
  const file = await createFile(path, { gzip: path.endsWith(".gz"), overwrite: false }).catch((error: unknown) => {
    throw new Unusable(`${path} cannot be written: ${reasonOf(error)}.`, { cause: error });
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
