/** `npm run restore -- FILE --data-dir DIR`: a backup becomes a data folder again, whole or not at all. */
import { existsSync, rmdirSync, renameSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { BackupBroken, isEmpty, unpack } from "../edge/backup/archive.ts";
import { folderAndFile } from "./folder-file.ts";
import { bytesTold, createStages } from "./stages.ts";

const HELP = `Makes a data folder of a backup (docs/backup.md).

  npm run restore -- FILE --data-dir DIR      DIR: not there yet, or empty

  --quiet          no progress

Every part is compared with its SHA-256. Then start the server with the same --data-dir, --site and settings as before.
Exit code 0: restored; 1: the backup is damaged or the disk refused, and the folder is as it was; 3: unusable arguments.
`;

const main = async (): Promise<number> => {
  const given = folderAndFile(HELP, true);
  if (typeof given === "number") return given;
  const { file } = given;
  const folder = resolve(given.dataDir ?? "");
  if (!existsSync(file) || !statSync(file).isFile()) {
    process.stderr.write(`There is no file ${file}.\n`);
    return 3;
  }
  if (!(await isEmpty(folder).catch(() => false))) {
    process.stderr.write(`${folder} is not empty. A backup goes into a new or empty folder only.\n`);
    return 3;
  }
  const draft = `${folder}.restoring-${process.pid}`;
  const stages = createStages(given.quiet);
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
