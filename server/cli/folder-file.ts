/** The arguments of backup and restore: one file, one folder, quiet or not. */
import { parseArgs } from "node:util";

export interface FolderAndFile {
  readonly file: string;
  /** As it was given; null where it was not. */
  readonly dataDir: string | null;
  readonly quiet: boolean;
}

const OPTIONS = {
  "data-dir": { type: "string" },
  quiet: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** Gives them, or the exit code with which to end: help was asked for and printed (0), or they are unusable and it was said why (3). */
export const folderAndFile = (help: string, needsFolder: boolean): FolderAndFile | number => {
  const refuse = (why: string): number => {
    process.stderr.write(`${why}\n\n${help}`);
    return 3;
  };
  let parsed;
  try {
    parsed = parseArgs({ allowPositionals: true, options: OPTIONS });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const [file, ...more] = positionals;
  const dataDir = values["data-dir"] ?? null;
  if (file === undefined || more.length > 0 || (needsFolder && dataDir === null))
    return refuse(needsFolder ? "Name one file, and the folder with --data-dir." : "Name one file.");
  return { file, dataDir, quiet: values.quiet };
};
