/** `npm run restore -- FILE --data-dir DIR`: a backup becomes a data folder again, whole or not at all. */
import { existsSync, rmdirSync, renameSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { BackupBroken, isEmpty, unpack } from "../edge/backup/archive.ts";
import { bytesTold, createStages } from "./stages.ts";

const HELP = `Makes a data folder of a backup (docs/backup.md).

  npm run restore -- FILE --data-dir DIR      DIR: not there yet, or empty

  --quiet          no progress

Every part is compared with its SHA-256. Then start the server with the same --data-dir, --site and settings as before.
Exit code 0: restored; 1: the backup is damaged or the disk refused, and the folder is as it was; 3: unusable arguments.
`;

const main = async (): Promise<number> => {
  let parsed;
  try {
    parsed = parseArgs({
      allowPositionals: true,
      options: {
        "data-dir": { type: "string" },
        quiet: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 3;
  }
  const { values, positionals } = parsed;
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [file, ...more] = positionals;
  const wanted = values["data-dir"];
  if (file === undefined || more.length > 0 || wanted === undefined) {
    process.stderr.write(`Name one file, and the folder with --data-dir.\n\n${HELP}`);
    return 3;
  }
  const folder = resolve(wanted);
  if (!existsSync(file) || !statSync(file).isFile()) {
    process.stderr.write(`There is no file ${file}.\n`);
    return 3;
  }
  if (!(await isEmpty(folder).catch(() => false))) {
    process.stderr.write(`${folder} is not empty. A backup goes into a new or empty folder only.\n`);
    return 3;
  }
  const draft = `${folder}.restoring-${process.pid}`;
  const stages = createStages(values.quiet);
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      rmSync(draft, { recursive: true, force: true });
      process.exit(1);
    });
  try {
    stages.say("unpacking");
    const { parts, headPos, takenTs, version } = await unpack(resolve(file), draft, stages.part);
    if (existsSync(folder)) rmdirSync(folder);
    renameSync(draft, folder);
    stages.done();
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    process.stdout.write(
      `Restored: ${folder}, ${parts.length} parts, ${bytesTold(bytes)}, all as hashed; of ${new Date(takenTs).toISOString()}, version ${version}, the journal up to entry ${headPos.toLocaleString("en")}.\n`,
    );
    return 0;
  } catch (error) {
    stages.done();
    rmSync(draft, { recursive: true, force: true });
    const why = error instanceof Error ? error.message : String(error);
    process.stderr.write(error instanceof BackupBroken ? `The backup cannot be used: ${why}.\n` : `Nothing was restored: ${why}\n`);
    return 1;
  }
};

process.exitCode = await main();
