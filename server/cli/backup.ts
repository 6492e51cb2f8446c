/** `npm run backup -- FILE`: everything of a server that cannot be computed again, in one file, while the server goes on. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { BackupBroken, pack } from "../edge/backup/archive.ts";
import { copyDatabase } from "../edge/backup/database.ts";
import { copyChain } from "../edge/chain/copy.ts";
import { copyJournal } from "../edge/journal/copy.ts";
import { BACKUP_FORMAT } from "../twin/backup.ts";
import { folderAndFile } from "./folder-file.ts";
import { bytesTold, createStages } from "./stages.ts";

const HELP = `Writes a backup of the data folder (docs/backup.md). The server may run meanwhile, and does not notice.

  npm run backup -- FILE [--data-dir DIR]      FILE: a new file, rigtwin-2026-11-24.tar.gz

  --data-dir DIR   the server's data folder (DATA_DIR, or data)
  --quiet          no progress

The file holds the keys of the local chain and the hashes of passwords: it is made readable by its owner alone; keep it so.
Exit code 0: written; 1: it could not be written, and there is no file; 3: unusable arguments.
`;
const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as { version: string };

/** In this order: what was sealed or folded must not be ahead of the journal it came from, but may be behind. */
const BEFORE = ["state.db", "alarms.db", "moments.db"];
/** These are ahead of the journal where a server is killed, too: rows of a day are kept before the journal tells of them. */
const AFTER = ["pruned.db", "days.db", "people.db", "audit.db"];

const copyAll = async (from: string, to: string, say: (what: string) => void): Promise<number> => {
  say("the folded state");
  for (const name of BEFORE) copyDatabase(join(from, name), join(to, name));
  say("the journal");
  const headPos = await copyJournal(from, to, copyDatabase);
  say("records, days, people, audit");
  for (const name of AFTER) copyDatabase(join(from, name), join(to, name));
  say("photos");
  // Not their secrets: whoever gets a backup must not be able to write in our name.
  if (existsSync(join(from, "notify.json"))) cpSync(join(from, "notify.json"), join(to, "notify.json"));
  if (existsSync(join(from, "photos")))
    cpSync(join(from, "photos"), join(to, "photos"), { recursive: true, filter: (path) => !/\.[0-9a-f-]{36}$/.test(path) });
  say("the local chain");
  await copyChain(join(from, "chain"), join(to, "chain"));
  return headPos;
};

const main = async (): Promise<number> => {
  const given = folderAndFile(HELP, false);
  if (typeof given === "number") return given;
  const file = resolve(given.file);
  const from = resolve(given.dataDir ?? process.env["DATA_DIR"] ?? "data");
  if (existsSync(file)) {
    process.stderr.write(`${file} is there already; nothing was written.\n`);
    return 3;
  }
  if (!existsSync(join(from, "journal", "chunks.db"))) {
    process.stderr.write(`${from} is no data folder of Rigtwin: it has no journal. Name it with --data-dir.\n`);
    return 3;
  }
  const stages = createStages(given.quiet);
  mkdirSync(dirname(file), { recursive: true });
  // Beside the file, because that is where there must be room for it.
  const copy = mkdtempSync(join(dirname(file), ".rigtwin-backup-"));
  const end = (): void => rmSync(copy, { recursive: true, force: true });
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      end();
      rmSync(`${file}.partial`, { force: true });
      process.exit(1);
    });
  try {
    const takenTs = Date.now();
    const headPos = await copyAll(from, copy, stages.say);
    stages.say("packing");
    const { parts } = await pack(copy, file, { format: BACKUP_FORMAT, version, takenTs, headPos }, stages.part);
    stages.done();
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    process.stdout.write(
      `Written: ${file}, ${parts.length} parts, ${bytesTold(bytes)}, the journal up to entry ${headPos.toLocaleString("en")}.\n`,
    );
    return 0;
  } catch (error) {
    stages.done();
    process.stderr.write(
      `The backup was not made: ${error instanceof BackupBroken || error instanceof Error ? error.message : String(error)}\n`,
    );
    return 1;
  } finally {
    end();
  }
};

process.exitCode = await main();
