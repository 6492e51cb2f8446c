/** `npm run replay -- FILE`: plays a recording through the fold and says what came of it, or sends it to a broker. */
import { statSync } from "node:fs";
import { GzipBroken } from "../edge/recordings/file.ts";
import { RecordingBroken } from "../flows/refold.ts";
import { HELP, readArguments } from "./replay/arguments.ts";
import { EXIT } from "./replay/carry.ts";
import { exportCsv } from "./replay/export-csv.ts";
import { fold, foldAll } from "./replay/fold.ts";
import { send } from "./replay/send.ts";
import { show } from "./replay/show.ts";
import { Unusable } from "./unusable.ts";

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

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
