/** Folders of captured answers on disk: one folder a machine, one file an answer. Knows nothing of what is in them. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";

export interface Machine {
  /** Folder's name made safe for a topic. */
  readonly rig: string;
  readonly answers: Readonly<Record<string, unknown>>;
}

const ANSWER = /\.(?:json|txt|log)$/i;
/** Deeper than a machine's own few subfolders nothing is looked for. */
const DEEPEST = 3;

/** "S19 (rack 3)" → "S19-rack-3". */
export const rigNameOf = (folder: string): string => {
  const name = folder
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .replace(/-+$/, "")
    .slice(0, 64);
  return name === "" ? "rig" : name;
};

/** JSON where it is JSON; else the text, which the server mends or refuses. */
const answerOf = (file: string): unknown => {
  const text = readFileSync(file, "utf8").replace(/^\ufeff/, "");
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};

const visible = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => !name.startsWith("."))
    .sort();

/** Path below the machine's folder → answer; the path is the answer's name. */
const answersIn = (folder: string, before = "", depth = 0): Record<string, unknown> => {
  const answers: Record<string, unknown> = {};
  for (const name of visible(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) {
      if (depth < DEEPEST) Object.assign(answers, answersIn(path, `${before}${name}/`, depth + 1));
    } else if (ANSWER.test(name)) answers[`${before}${name.replace(ANSWER, "")}`] = answerOf(path);
  }
  return answers;
};

const holdsAnswers = (folder: string): boolean => Object.keys(answersIn(folder)).length > 0;

/** The machines of a folder: the folder itself where it holds answers, else each folder in it that does. Throws what the disk throws. */
export const machinesIn = (folder: string): readonly Machine[] => {
  const names = visible(folder);
  const own = names.filter((name) => ANSWER.test(name) && !statSync(join(folder, name)).isDirectory());
  const folders =
    own.length > 0
      ? [resolve(folder)]
      : names.map((name) => join(folder, name)).filter((path) => statSync(path).isDirectory() && holdsAnswers(path));
  const taken = new Map<string, number>();
  return folders.map((path): Machine => {
    const name = rigNameOf(basename(path));
    const again = (taken.get(name) ?? 0) + 1;
    taken.set(name, again);
    return { rig: again === 1 ? name : `${name.slice(0, 60)}-${again}`, answers: answersIn(path) };
  });
};
