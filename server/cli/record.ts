/** `npm run record`: makes a recording of a past window of a journal, of a broker as it happens, or of another recorder's CSV. */
import { once } from "node:events";
import { told } from "./moments.ts";
import { checked, HELP, read } from "./record/arguments.ts";
import { recordBroker } from "./record/broker.ts";
import { recordCsv } from "./record/csv.ts";
import { recordJournal } from "./record/journal.ts";
import { Unusable } from "./unusable.ts";

const UNUSABLE = 3;

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
  const said = `${path}: ${made.rows.toLocaleString("en")} rows over ${told(made.toTs - made.fromTs)} from ${new Date(made.fromTs).toISOString()}, ${kb} KiB.\n`;
  const hashes = made.hashes === undefined ? "" : `${JSON.stringify(made.hashes)}\n`;
  if (!process.stdout.write(said + hashes)) await once(process.stdout, "drain");
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
